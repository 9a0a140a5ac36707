//! Architecture: shapes, layers, the model as a value, and the planner.

mod adapt;
mod check;
mod fold;
mod layer;
mod layout;
mod links;
mod lives;
mod model;
pub(crate) mod needs;
mod normal;
#[cfg(test)]
mod normal_case;
mod pack;
mod param;
mod parameters;
mod plan;
mod planner;
pub mod ready;
mod sequence;
mod spatial;
mod tensor;
mod tensors;
mod turns;

pub use crate::number::Shape;
pub use adapt::Beside;
pub use fold::{BatchNormParameters, fold};
pub use layer::*;
pub use layout::{Block, Content, Layout};
pub use model::{Entry, Init, Model, add, concat, dense, input, relu, sigmoid, tanh};
pub use normal::{
    batch_norm, dropout, elu, gelu, group_norm, instance_norm, layer_norm, leaky_relu, relu6, rms_norm, silu,
    softmax,
};
pub use param::{MAX_PARAMS, Param, Params, Role, Start};
pub use parameters::{Gradients, Parameters};
pub use plan::{Plan, PlanError, PlanOf, Regions, Slot, Span, mode};
pub use sequence::{attention, embedding, gru, lstm, position, rnn};
pub use spatial::{
    average_pool, conv1d, conv2d, depthwise1d, depthwise2d, flatten, global_average, global_max, last,
    max_pool, reshape, transposed1d, transposed2d, upsample,
};
pub use tensor::{Tensor, TensorMut};
pub use tensors::Tensors;
