//! Architecture: shapes, layers, the model as a value, and the planner.

mod shape;
mod tensor;

pub use shape::Shape;
pub use tensor::{Tensor, TensorMut};
