//! `Spatial` in block fixed point.

mod depthwise;
mod pools;
#[cfg(test)]
mod tests;

use super::products::weight_bits;
use super::{block, block_mut, products};
use crate::kernel::spatial::each_row;
use crate::kernel::{Grad, Runs, Spatial, Window};
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

    fn depthwise(
        w: View<'_, Self>,
        b: &[Saturating<i32>],
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        saved: &mut [i16],
        window: &Window,
    ) -> Peak {
        let (w, x, (y, scale)) = (block(w), block(x), block_mut(y));
        let mut end = products::End::new(w.1 + x.1, scale);
        each_row(x.0, y, saved, window, |r, rows, y| {
            depthwise::row(w.0, b, (r, rows), y, &mut end, window);
        });
        end.peak()
    }

    fn depthwise_input(
        w: View<'_, Self>,
        dy: View<'_, Self>,
        dx: ViewMut<'_, Self>,
        window: &Window,
    ) -> Peak {
        depthwise::input(block(w), block(dy), block_mut(dx), window)
    }

    fn depthwise_weights(
        x: View<'_, Self>,
        dy: View<'_, Self>,
        dw: Grad<'_, Self>,
        window: &Window,
        fresh: bool,
    ) {
        let by = weight_bits(window.rows.output * window.columns.output);
        super::set_gradient_scale(dw.track, block(x).1 + block(dy).1 + by);
        depthwise::weights(x.data, dy.data, dw.data, by, window, fresh);
    }

    fn max_pool(
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        taps: &mut [u8],
        saved: &mut [i16],
        window: &Window,
    ) -> Peak {
        pools::max(block(x), block_mut(y), taps, saved, window)
    }

    fn max_pool_gradient(dy: View<'_, Self>, taps: &[u8], dx: ViewMut<'_, Self>, window: &Window) -> Peak {
        pools::max_gradient(block(dy), taps, block_mut(dx), window)
    }

    fn average_pool(x: View<'_, Self>, y: ViewMut<'_, Self>, saved: &mut [i16], window: &Window) -> Peak {
        pools::average(block(x), block_mut(y), saved, window)
    }

    fn average_pool_gradient(dy: View<'_, Self>, dx: ViewMut<'_, Self>, window: &Window) -> Peak {
        pools::average_gradient(block(dy), block_mut(dx), window)
    }

    fn global_max(x: View<'_, Self>, y: ViewMut<'_, Self>, places: &mut [u8]) -> Peak {
        pools::global_max(block(x), block_mut(y), places)
    }

    fn global_max_gradient(dy: View<'_, Self>, places: &[u8], dx: ViewMut<'_, Self>) -> Peak {
        pools::global_max_gradient(block(dy), places, block_mut(dx))
    }
}

/// The channels of a pixel from `from` on.
#[inline]
fn lanes<'p, const B: usize>(
    pixels: &'p [i16],
    pixel: usize,
    window: &Window,
    from: usize,
) -> Option<&'p [i16; B]> {
    pixels.get(pixel * window.channels + from..)?.first_chunk::<B>()
}
