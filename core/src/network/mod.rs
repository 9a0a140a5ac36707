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
mod spatial;
mod tensor;
mod tensors;

pub use layer::{
    Add, AveragePool, Backward, Concat, Conv1d, Conv2d, Dense, Depthwise, Flatten, For, Forward,
    GlobalAverage, GlobalMax, Gradient, InPlace, Last, Layer, MaxPool, Pass, Pointwise, Reads, Reshape, Room,
    Transposed, Upsample, Visit,
};
pub use model::{Entry, Init, Model, add, concat, dense, relu, sigmoid, tanh};
pub use param::{Gradients, MAX_PARAMS, Param, Parameters, Params, Role, Start};
pub use plan::{Plan, PlanError, PlanOf, Regions, Slot, Span, mode};
pub use shape::Shape;
pub use spatial::{
    average_pool, conv1d, conv2d, depthwise1d, depthwise2d, flatten, global_average, global_max, last,
    max_pool, reshape, transposed1d, transposed2d, upsample,
};
pub use tensor::{Tensor, TensorMut};
pub use tensors::Tensors;
