//! What a number is: how a tensor's elements, parameters and gradients are stored.
//!
//! A [`Number`] is a type parameter of the whole house. It fixes storage only; what is computed
//! with it stands in [`math`](crate::math) and [`kernel`](crate::kernel).

pub mod bfp;
mod element;
mod float;
mod nearest;
mod q;
pub mod random;
mod scalar;
mod shape;

pub use bfp::Bfp14;
pub use element::Element;
pub use float::Float;
pub(crate) use nearest::nearest;
pub use q::{Q, Word};
pub use scalar::Scalar;
pub use shape::Shape;

use bytemuck::Pod;
use core::fmt::Debug;
use core::ops::Range;

/// The scale that all elements of one activation tensor share.
pub type Scale<N> = <<N as Number>::Elem as Element>::Scale;

/// A number format: the storage of activations, weights, gradients and optimizer state.
pub trait Number: Copy + Debug + 'static {
    /// The format's name in run files and reports.
    const NAME: &'static str;
    /// The format's number in a checkpoint's fingerprint.
    const CODE: u8;

    /// Activations and their gradients ("deltas").
    type Elem: Element;
    /// Biases and other parameters that are added, not multiplied.
    type Bias: Element<Scale = ()>;
    /// Gradients of parameters, summed over a batch.
    type Gradient: Element;
    /// Losses and norms.
    type Scalar: Scalar;
    /// What is kept per tensor to choose its scale. Nothing for floats, so that it takes no byte of
    /// an arena; that is why a track is optional wherever it is passed.
    type Track: Pod + Default + Debug;
    /// The largest magnitude that a primitive produced, before it was saturated to the storage.
    /// The scale of the next window follows from it. Nothing for floats.
    type Peak: Copy + Default;

    /// A weight tensor to update: every plane.
    type WeightsMut<'a>;

    /// Bytes of one weight, all planes together.
    const WEIGHT_BYTES: usize;
    /// Bytes of one value of optimizer state.
    const STATE_BYTES: usize;
    /// Bytes of tracking per tensor: the size of [`Track`](Self::Track).
    const TRACK_BYTES: usize = size_of::<Self::Track>();
    /// Whether the first sample is run twice, the first time only to choose scales.
    const CALIBRATES: bool;

    /// Whether a weight has a form of one byte, in which a frozen one may lie in flash.
    const BYTES: bool = false;

    /// Views stored bytes as `count` weights to multiply by: one plane for floats, the high plane and its
    /// scale for block fixed point, which the bytes begin with. Empty if they are misaligned or too few.
    fn weights<'a>(bytes: &'a [u8], count: usize, track: Option<&Self::Track>) -> View<'a, Self> {
        View {
            data: cast(bytes.get(..count * size_of::<Self::Elem>()).unwrap_or(&[])),
            scale: Self::scale(track),
        }
    }

    /// The weight that a byte stands for in a channel of that gain.
    fn unpacked(_byte: i8, _gain: u8) -> Self::Elem {
        Self::Elem::default()
    }

    /// Writes weights, whose last dimension is `channels`, as a byte each, and behind them the gain of each channel.
    fn pack(_weights: &[Self::Elem], _channels: usize, _packed: &mut [u8]) {}

    /// Views stored bytes as weights that can be updated: elements `window` of the tensor.
    fn weights_mut(bytes: &mut [u8], window: Range<usize>) -> Self::WeightsMut<'_>;

    /// Writes `values` as weights, choosing their scale.
    fn store_weights(
        bytes: &mut [u8],
        track: Option<&mut Self::Track>,
        values: impl Iterator<Item = f32> + Clone,
    );

    /// `bound · (2 u − 1)` for a uniform `u`: a weight to start from.
    fn draw(random: &mut random::Pcg, bound: f32) -> f32 {
        bound * (2.0 * random.uniform() - 1.0)
    }

    /// The scale of the activations that `track` follows.
    fn scale(track: Option<&Self::Track>) -> Scale<Self>;
}

/// Elements and the scale that they share: a tensor as kernels see it.
#[derive(Debug, Clone, Copy)]
pub struct View<'a, N: Number> {
    /// The elements.
    pub data: &'a [N::Elem],
    /// Nothing for floats, the exponent for block fixed point.
    pub scale: Scale<N>,
}

impl<'a, N: Number> View<'a, N> {
    /// Elements at the default scale (a float has no other).
    pub fn plain(data: &'a [N::Elem]) -> Self {
        Self {
            data,
            scale: Scale::<N>::default(),
        }
    }
}

/// A [`View`] that can be written.
#[derive(Debug)]
pub struct ViewMut<'a, N: Number> {
    /// The elements.
    pub data: &'a mut [N::Elem],
    /// Nothing for floats, the exponent for block fixed point.
    pub scale: Scale<N>,
}

/// Views bytes as a slice of `T`; empty if they are misaligned or of a wrong length, which the
/// planner rules out.
pub(crate) fn cast<T: Pod>(bytes: &[u8]) -> &[T] {
    bytemuck::try_cast_slice(bytes).unwrap_or(&[])
}

/// [`cast`] for writing.
pub(crate) fn cast_mut<T: Pod>(bytes: &mut [u8]) -> &mut [T] {
    bytemuck::try_cast_slice_mut(bytes).unwrap_or(&mut [])
}

impl<F: Float + Scalar> Number for F {
    const NAME: &'static str = <F as Float>::NAME;
    const CODE: u8 = <F as Float>::CODE;

    type Elem = F;
    type Bias = F;
    type Gradient = F;
    type Scalar = F;
    type Track = ();
    type Peak = ();
    type WeightsMut<'a> = &'a mut [F];

    const WEIGHT_BYTES: usize = size_of::<F>();
    const STATE_BYTES: usize = size_of::<F>();
    const CALIBRATES: bool = false;

    fn weights_mut(bytes: &mut [u8], window: Range<usize>) -> &mut [F] {
        cast_mut(bytes).get_mut(window).unwrap_or(&mut [])
    }

    fn store_weights(bytes: &mut [u8], _: Option<&mut ()>, values: impl Iterator<Item = f32> + Clone) {
        for (to, value) in cast_mut::<F>(bytes).iter_mut().zip(values) {
            *to = F::from_f32(value, ());
        }
    }

    fn scale(_: Option<&()>) {}
}
