//! `Spatial` in block fixed point.

use super::{block, block_mut, products};
use crate::kernel::{Runs, Spatial};
use crate::number::bfp::{Bfp14, Master, Peak};
use crate::number::{View, ViewMut};
use core::num::Saturating;

impl<M: Master> Spatial for Bfp14<M> {
    fn affine_runs(
        w: View<'_, Self>,
        b: &[Saturating<i32>],
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        runs: Runs,
    ) -> Peak {
        products::affine(block(w), b, block(x), block_mut(y), &runs)
    }
}
