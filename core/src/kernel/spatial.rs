//! Windows that are moved over a series or an image: what convolution and pooling ask of a number.

mod convolution;
mod float;
mod pools;
mod rows;
mod runs;
#[cfg(test)]
mod tests;
mod window;

pub use runs::Runs;
pub use window::{Axis, Window};

pub(super) use rows::{Rows, each_row};

use super::Grad;
use crate::number::{Number, View, ViewMut};

/// The primitives over windows. What is outside the input is left out of every sum.
///
/// `x[o, k]` stands for the pixel that tap `k` of output pixel `o` sees, with `k` counted row by row;
/// sums over taps go in this order, sums over outputs too. Three primitives can write their output
/// over their input: then `x` is empty, the input lies at the start of `y`, and `saved` has room for the
/// rows of [`Window::overwritten`]. The bits are the same as beside it.
///
/// Slices that do not fit each other give a shorter result and never a panic. A number's
/// [`KINDS`](super::Kernel::KINDS) name the layers that it has; the bodies here belong to one that has
/// none of them.
pub trait Spatial: Number {
    /// `y = b + W x` with the sum over several runs, at each position of the sweep.
    fn affine_runs(
        w: View<'_, Self>,
        b: &[Self::Bias],
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        runs: Runs,
    ) -> Self::Peak {
        let _ = (w, b, x, y, runs);
        Self::Peak::default()
    }

    /// [`affine_runs`](Self::affine_runs), for short runs of one window: a number may bring its terms together
    /// first, in one call for each position. The bits are the same.
    fn affine_window(
        w: View<'_, Self>,
        b: &[Self::Bias],
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        runs: Runs,
    ) -> Self::Peak {
        Self::affine_runs(w, b, x, y, runs)
    }

    /// `y[o, c] = b[c] + Σ_k w[k, c] · x[o, k, c]`
    fn depthwise(
        w: View<'_, Self>,
        b: &[Self::Bias],
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        saved: &mut [Self::Elem],
        window: &Window,
    ) -> Self::Peak {
        let _ = (w, b, x, y, saved, window);
        Self::Peak::default()
    }

    /// `dx[o, k, c] += w[k, c] · dy[o, c]`, the gradient of [`depthwise`](Self::depthwise).
    fn depthwise_input(
        w: View<'_, Self>,
        dy: View<'_, Self>,
        dx: ViewMut<'_, Self>,
        window: &Window,
    ) -> Self::Peak {
        let _ = (w, dy, dx, window);
        Self::Peak::default()
    }

    /// `dw[k, c] += Σ_o x[o, k, c] · dy[o, c]`. With `fresh`, `dw` holds nothing yet.
    fn depthwise_weights(
        x: View<'_, Self>,
        dy: View<'_, Self>,
        dw: Grad<'_, Self>,
        window: &Window,
        fresh: bool,
    ) {
        let _ = (x, dy, dw, window, fresh);
    }

    /// `y[o, c] = max_k x[o, k, c]`. Which tap it was, the first of equals, goes to `taps`, one byte for
    /// each element of `y`, unless `taps` is empty. NaN counts as the largest.
    fn max_pool(
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        taps: &mut [u8],
        saved: &mut [Self::Elem],
        window: &Window,
    ) -> Self::Peak {
        let _ = (x, y, taps, saved, window);
        Self::Peak::default()
    }

    /// `dx[o, taps[o, c], c] += dy[o, c]`, the gradient of [`max_pool`](Self::max_pool).
    fn max_pool_gradient(
        dy: View<'_, Self>,
        taps: &[u8],
        dx: ViewMut<'_, Self>,
        window: &Window,
    ) -> Self::Peak {
        let _ = (dy, taps, dx, window);
        Self::Peak::default()
    }

    /// `y[o, c] = (1/K) Σ_k x[o, k, c]` for a window of `K` taps, those outside included.
    fn average_pool(
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        saved: &mut [Self::Elem],
        window: &Window,
    ) -> Self::Peak {
        let _ = (x, y, saved, window);
        Self::Peak::default()
    }

    /// `dx[o, k, c] += dy[o, c] / K`, the gradient of [`average_pool`](Self::average_pool).
    fn average_pool_gradient(dy: View<'_, Self>, dx: ViewMut<'_, Self>, window: &Window) -> Self::Peak {
        let _ = (dy, dx, window);
        Self::Peak::default()
    }

    /// `y[c] = max_t x[t, c]` for `t` in `0..x.len() / y.len()`. Which `t` it was, the first of equals,
    /// goes to `places` unless that is empty: its low byte to `places[c]`, its high byte to
    /// `places[y.len() + c]` if there is one. NaN counts as the largest.
    fn global_max(x: View<'_, Self>, y: ViewMut<'_, Self>, places: &mut [u8]) -> Self::Peak {
        let _ = (x, y, places);
        Self::Peak::default()
    }

    /// `dx[places[c], c] += dy[c]`, the gradient of [`global_max`](Self::global_max).
    fn global_max_gradient(dy: View<'_, Self>, places: &[u8], dx: ViewMut<'_, Self>) -> Self::Peak {
        let _ = (dy, places, dx);
        Self::Peak::default()
    }
}
