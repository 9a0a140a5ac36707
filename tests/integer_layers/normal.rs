//! Functions of one variable, softmax, normalisation, dropout.

use crate::harness::{Bounds, Case, USUAL, compare};
use kilograd::network::*;

/// The layer between two dense ones.
fn between(what: &str, layer: Entry) {
    let layers = [dense(24), layer, dense(3)];
    compare(what, &Case::new(Shape::vector(16), &layers), USUAL);
}

/// The layer between two others with parameters, over a series of 5 frames of 6 channels.
fn over_series(what: &str, layer: Entry) {
    let layers = [layer_norm(), gelu(), layer, tanh(), dense(3)];
    compare(what, &Case::new(Shape::series(5, 6), &layers), USUAL);
}

#[test]
fn rectifiers() {
    between("relu", relu());
    between("relu6", relu6());
    between("leaky_relu", leaky_relu(0.1));
}

#[test]
fn exponentials() {
    between("tanh", tanh());
    between("sigmoid", sigmoid());
    between("elu", elu(0.7));
    between("gelu", gelu());
    between("silu", silu());
    between("softmax", softmax());
}

#[test]
fn normalisations() {
    between("layer_norm of a vector", layer_norm());
    between("rms_norm of a vector", rms_norm());
    between("group_norm of a vector", group_norm(4));
    between("batch_norm of a vector", batch_norm());
    over_series("layer_norm", layer_norm());
    over_series("rms_norm", rms_norm());
    over_series("group_norm", group_norm(3));
    over_series("instance_norm", instance_norm());
    over_series("batch_norm", batch_norm());
    over_series("batch_norm per sample", batch_norm().per_sample());
    over_series("softmax", softmax());
}

#[test]
fn dropped_elements_are_those_of_float() {
    between("dropout", dropout(0.25));
}
