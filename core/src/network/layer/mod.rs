//! The layer kinds, one file each, and the dispatch over them.
//!
//! A kind is a struct with inherent functions (functions of a trait cannot be `const`, and the
//! planner runs at build time): `output` and `params` for the planner, `forward`, `gradient` (with
//! respect to the parameters) and `backward` (with respect to the input) for the engine. To add a
//! kind: write its file, and one line in the list below.

mod add;
mod conv1d;
mod dense;
mod global_average;
mod pointwise;

pub use add::Add;
pub use conv1d::Conv1d;
pub use dense::Dense;
pub use global_average::GlobalAverage;
pub use pointwise::Pointwise;

use super::Shape;
use super::param::{Gradients, Parameters, Params};
use crate::kernel::Kernel;
use crate::math::{Relu, Sigmoid, Tanh};
use crate::number::{View, ViewMut};

/// Which tensors a kind's backward functions read. What nobody reads is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reads {
    /// The layer's input, for the gradient of its parameters.
    pub input: bool,
    /// The layer's output, for the gradient of its input.
    pub output: bool,
}

/// What a forward function is given.
///
/// An in-place kind finds its input in `y` already, and `x` holds the earlier output that it reads
/// besides, if it reads one.
#[derive(Debug)]
pub struct Forward<'a, N: Kernel> {
    /// Shape of the input.
    pub input: Shape,
    /// The parameters.
    pub p: Parameters<'a, N>,
    /// The input.
    pub x: View<'a, N>,
    /// The output.
    pub y: ViewMut<'a, N>,
}

/// What a gradient function is given.
#[derive(Debug)]
pub struct Gradient<'a, N: Kernel> {
    /// Shape of the input.
    pub input: Shape,
    /// The input.
    pub x: View<'a, N>,
    /// The gradient of the loss by the output.
    pub dy: View<'a, N>,
    /// The gradients of the parameters, to be summed into.
    pub dp: Gradients<'a, N>,
}

/// What a backward function is given.
///
/// An in-place kind finds `dy` in `dx` already. Others add to `dx`, which the engine has cleared
/// unless another reader of the same output has added to it before.
#[derive(Debug)]
pub struct Backward<'a, N: Kernel> {
    /// Shape of the input.
    pub input: Shape,
    /// The parameters.
    pub p: Parameters<'a, N>,
    /// The output.
    pub y: View<'a, N>,
    /// The gradient of the loss by the output.
    pub dy: View<'a, N>,
    /// The gradient of the loss by the input.
    pub dx: ViewMut<'a, N>,
}

/// Declares the kinds: the enum, the constant questions of the planner, and the masked dispatch.
macro_rules! layers {
    ($($(#[$doc:meta])* $name:ident($kind:ty) = $code:literal,)*) => {
        /// One layer of a model: its kind and its own settings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Layer {
            $($(#[$doc])* $name($kind),)*
        }

        impl Layer {
            /// The kind's bit in a [plan's](super::Plan) mask, and its number in a fingerprint.
            pub const fn code(&self) -> u8 {
                match self { $(Self::$name(_) => $code,)* }
            }

            /// The kind's name in run files and messages.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => <$kind>::NAME,)* }
            }

            /// Whether the output may lie where the input was.
            pub const fn in_place(&self) -> bool {
                match self { $(Self::$name(_) => <$kind>::IN_PLACE,)* }
            }

            /// Which tensors its backward functions read.
            pub const fn reads(&self) -> Reads {
                match self { $(Self::$name(_) => <$kind>::READS,)* }
            }

            /// Shape of the output, or what is wrong with the layer.
            pub const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
                match self { $(Self::$name(layer) => layer.output(input),)* }
            }

            /// The parameter tensors.
            pub const fn params(&self, input: Shape) -> Params {
                match self { $(Self::$name(layer) => layer.params(input),)* }
            }

            /// Multiply-accumulates of a forward pass.
            pub const fn macs(&self, input: Shape) -> usize {
                match self { $(Self::$name(layer) => layer.macs(input),)* }
            }

            /// Settings beside the shapes, for the fingerprint.
            pub const fn settings(&self) -> u64 {
                match self { $(Self::$name(layer) => layer.settings(),)* }
            }

            /// Runs the layer forward. Kinds outside `USES` are not compiled in.
            #[inline]
            pub fn forward<N: Kernel, const USES: u128>(&self, ports: Forward<'_, N>) -> N::Peak {
                match self {
                    $(Self::$name(layer) if USES & N::KINDS & (1 << $code) != 0 => layer.forward(ports),)*
                    _ => N::Peak::default(),
                }
            }

            /// Sums the gradient of the layer's parameters.
            #[inline]
            pub fn gradient<N: Kernel, const USES: u128>(&self, ports: Gradient<'_, N>) {
                match self {
                    $(Self::$name(layer) if USES & N::KINDS & (1 << $code) != 0 => layer.gradient(ports),)*
                    _ => {}
                }
            }

            /// Computes the gradient of the layer's input.
            #[inline]
            pub fn backward<N: Kernel, const USES: u128>(&self, ports: Backward<'_, N>) -> N::Peak {
                match self {
                    $(Self::$name(layer) if USES & N::KINDS & (1 << $code) != 0 => layer.backward(ports),)*
                    _ => N::Peak::default(),
                }
            }
        }
    };
}

layers! {
    /// Fully connected.
    Dense(Dense) = 0,
    /// Convolution over time.
    Conv1d(Conv1d) = 1,
    /// Rectifier.
    Relu(Pointwise<Relu>) = 2,
    /// Hyperbolic tangent.
    Tanh(Pointwise<Tanh>) = 3,
    /// Logistic function.
    Sigmoid(Pointwise<Sigmoid>) = 4,
    /// Mean over time or pixels.
    GlobalAverage(GlobalAverage) = 5,
    /// Sum with an earlier output.
    Add(Add) = 6,
}

/// Most layers take no settings into the fingerprint beyond their shapes.
pub(crate) const NO_SETTINGS: u64 = 0;
