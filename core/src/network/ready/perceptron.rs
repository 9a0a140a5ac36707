//! A multilayer perceptron.

use crate::network::{Model, Shape, dense, relu};

/// 64 pixels through 32 hidden values to 10 classes: 2,410 parameters.
///
/// Run file: `digits-mlp.toml`.
pub const PERCEPTRON: Model<'static> = Model::new(Shape::vector(64), &[dense(32), relu(), dense(10)]);
