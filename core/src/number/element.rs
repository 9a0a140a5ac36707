//! One element of a tensor, as it lies in memory.

use bytemuck::Pod;
use core::fmt::Debug;

/// An element as stored, together with the scale that a whole tensor shares.
///
/// For floats the scale is `()`; for block fixed point it is the power-of-two exponent:
/// `value = element · 2^exponent`.
pub trait Element: Pod + Default + PartialOrd + Debug {
    /// What all elements of one tensor share beside their mantissas.
    type Scale: Copy + Default + PartialEq + Debug;

    /// The element's value as `f32` (rounded where it does not fit).
    fn to_f32(self, scale: Self::Scale) -> f32;

    /// The nearest element to `value` at this scale, saturating.
    fn from_f32(value: f32, scale: Self::Scale) -> Self;
}

impl Element for f32 {
    type Scale = ();

    fn to_f32(self, (): ()) -> f32 {
        self
    }

    fn from_f32(value: f32, (): ()) -> Self {
        value
    }
}

impl Element for f64 {
    type Scale = ();

    fn to_f32(self, (): ()) -> f32 {
        self as f32
    }

    fn from_f32(value: f32, (): ()) -> Self {
        f64::from(value)
    }
}
