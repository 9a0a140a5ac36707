//! Bits of slopes in block fixed point.

use super::limit::{Limiter, bits as exponent};
use crate::kernel::Gate;
use crate::kernel::gate::{pack, unpack};
use crate::math::Unary;
use crate::number::bfp::{Bfp14, Master, Peak};
use crate::number::{View, ViewMut};

impl<M: Master> Gate for Bfp14<M> {
    fn gate<U: Unary>(y: View<'_, Self>, bits: &mut [u8]) {
        let scale = exponent(y.scale);
        pack(y.data, bits, |y| U::integer_slope((*y).into(), scale, 1, 0) != 0);
    }

    fn gate_gradient(bits: &[u8], dy: ViewMut<'_, Self>) -> Peak {
        let mut limiter = Limiter::new();
        unpack(bits, dy.data, |dy, open| {
            *dy = limiter.limit(if open { (*dy).into() } else { 0 });
        });
        limiter.peak()
    }
}
