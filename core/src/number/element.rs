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

    /// The finest scale at which values of magnitude up to `largest` fit: what a whole set of samples is stored at.
    /// What is not a positive number fits any.
    fn fitting(largest: f32) -> Self::Scale;
}

impl Element for f32 {
    type Scale = ();

    fn to_f32(self, (): ()) -> f32 {
        self
    }

    fn from_f32(value: f32, (): ()) -> Self {
        value
    }

    fn fitting(_: f32) {}
}

impl Element for f64 {
    type Scale = ();

    fn to_f32(self, (): ()) -> f32 {
        self as f32
    }

    fn from_f32(value: f32, (): ()) -> Self {
        f64::from(value)
    }

    fn fitting(_: f32) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::random::Pcg;

    /// At its own scale a value is kept to half a step, and the next finer scale would saturate it.
    #[test]
    fn the_fitting_scale_is_the_finest() {
        let mut random = Pcg::new(3);
        let edges = [1.0, 8191.0, 8191.4, 8191.5, 8191.9, 8192.0, 0.1, 1.0e-9];
        let drawn = core::array::from_fn::<f32, 500, _>(|_| {
            let power = random.below(40) as i32 - 30;
            (1.0 + random.uniform()) * libm::exp2f(power as f32)
        });
        for largest in edges.into_iter().chain(drawn) {
            let scale = i16::fitting(largest);
            let step = libm::exp2f(scale.0.into());
            let kept = i16::from_f32(largest, scale).to_f32(scale);
            assert!(
                (kept - largest).abs() <= 0.5 * step,
                "{largest} at {scale:?} is {kept}"
            );
            // The finer scale has half the step, and 8,191 of its steps fall short by half of one or more.
            assert!(largest >= 8191.5 * 0.5 * step, "{largest} at {scale:?}");
        }
        for nothing in [0.0, -0.0, f32::NAN, f32::INFINITY] {
            assert_eq!(i16::fitting(nothing).0, -13);
        }
        assert_eq!(i32::fitting(1.0).0, -30);
        assert_eq!(i32::from_f32(1.0, i32::fitting(1.0)), 1 << 30);
    }
}
