//! Functions of one variable, normalisation, dropout.

use crate::harness::{Case, USUAL, compare};
use kilograd::network::*;

/// The layer between two dense ones.
fn between(what: &str, layer: Entry) {
    let layers = [dense(24), layer, dense(3)];
    compare(what, &Case::new(Shape::vector(16), &layers), USUAL);
}

#[test]
fn rectifiers() {
    between("relu", relu());
}
