//! Architecture: shapes, layers, the model as a value, and the planner.

mod check;
mod layer;
mod lives;
mod model;
pub(crate) mod needs;
mod pack;
mod param;
mod plan;
pub(crate) mod planner;
mod shape;
mod tensor;

pub use layer::{Add, Backward, Conv1d, Dense, Forward, GlobalAverage, Gradient, Layer, Pointwise, Reads};
pub use model::{Entry, Init, Model, add, conv1d, dense, global_average, relu, sigmoid, tanh};
pub use param::{Gradients, MAX_PARAMS, Param, Parameters, Params, Role};
pub use plan::{Plan, PlanError, PlanOf, Regions, Slot, mode};
pub use shape::Shape;
pub use tensor::{Tensor, TensorMut};
