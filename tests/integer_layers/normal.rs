//! Functions of one variable, softmax, normalisation, dropout.

use crate::harness::{Bounds, Case, USUAL, compare};
use kilograd::network::*;

/// The layer between two dense ones.
fn between(what: &str, layer: Entry) {
    let layers = [dense(24), layer, dense(3)];
    compare(what, &Case::new(Shape::vector(16), &layers), USUAL);
}

/// The layer between others with parameters, over a series of 12 frames of 6 channels.
fn over_series(what: &str, layer: Entry) {
    let layers = [layer_norm(), gelu(), layer, tanh(), dense(3)];
    let bounds = Bounds {
        gradient: 0.03,
        ..USUAL
    };
    compare(what, &Case::new(Shape::series(6, 12), &layers), bounds);
}

#[test]
fn rectifiers() {
    between("relu", relu());
    let layers = [dense(24), relu6(), dense(3)];
    let wide = Case {
        scale: -8,
        ..Case::new(Shape::vector(16), &layers)
    };
    compare("relu6 of values within 16", &wide, USUAL);
    between("leaky_relu", leaky_relu(0.1));
}

#[test]
fn exponentials() {
    between("tanh", tanh());
    between("sigmoid", sigmoid());
    between("elu", elu(0.7));
    between("gelu", gelu());
    between("silu", silu());
    let steep = [dense(24), batch_norm(), softmax(), rms_norm(), dense(3)];
    compare("softmax", &Case::new(Shape::vector(16), &steep), USUAL);
    let frames = [layer_norm(), softmax(), rms_norm(), dense(3)];
    compare(
        "softmax of frames",
        &Case::new(Shape::series(6, 12), &frames),
        USUAL,
    );
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
}

/// The mask of the first sample is that of f32. Later ones are not: what rounds weights draws too.
#[test]
fn dropped_elements_are_those_of_float() {
    let layers = [dense(24), dropout(0.25), dense(12), dropout(0.1), dense(3)];
    let bounds = Bounds {
        later: f32::INFINITY,
        loss: f32::INFINITY,
        ..USUAL
    };
    let [float, fixed] = compare("dropout", &Case::new(Shape::vector(16), &layers), bounds);
    assert!((float - fixed).abs() <= 0.25 * float, "{float} and {fixed}");
}
