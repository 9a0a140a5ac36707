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
mod tensors;

pub use layer::{
    Add, Backward, Concat, Conv1d, Dense, For, Forward, GlobalAverage, Gradient, InPlace, Layer, Pass,
    Pointwise, Reads, Room, Visit,
};
pub use model::{Entry, Init, Model, add, concat, conv1d, dense, global_average, relu, sigmoid, tanh};
pub use param::{Gradients, MAX_PARAMS, Param, Parameters, Params, Role, Start};
pub use plan::{Plan, PlanError, PlanOf, Regions, Slot, Span, mode};
pub use shape::Shape;
pub use tensor::{Tensor, TensorMut};
pub use tensors::Tensors;
