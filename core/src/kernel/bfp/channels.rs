//! Tensors moved between scales, whole or some channels of each position.

use super::limit::Limiter;
use super::products::{Block, BlockMut};
use super::rescale::Rescale;
use crate::kernel::Run;
use crate::number::bfp::Peak;

/// `y = x`
pub(super) fn copy(x: Block<'_>, y: BlockMut<'_>) -> Peak {
    let out = Rescale::by(y.1 - x.1);
    let mut limiter = Limiter::new();
    for (y, x) in y.0.iter_mut().zip(x.0) {
        *y = limiter.limit(out.of((*x).into()));
    }
    limiter.peak()
}

/// `y += x`
pub(super) fn add(x: Block<'_>, y: BlockMut<'_>) -> Peak {
    let out = Rescale::by(y.1 - x.1);
    let mut limiter = Limiter::new();
    for (y, x) in y.0.iter_mut().zip(x.0) {
        *y = limiter.limit(i32::from(*y).saturating_add(out.of((*x).into())));
    }
    limiter.peak()
}

/// Calls `f` with the channels of a run at each position, in the wider tensor and in the narrower one.
fn each<W, N>(
    wide: impl Iterator<Item = W>,
    narrow: impl Iterator<Item = N>,
    mut f: impl FnMut(W, N) -> Peak,
) -> Peak {
    wide.zip(narrow).fold(Peak::default(), |peak, (wide, narrow)| {
        super::limit::higher(peak, f(wide, narrow))
    })
}

/// The run's channels of a position.
const fn window(run: Run) -> core::ops::Range<usize> {
    run.from..run.from + run.length
}

/// `y[p·width + from + c] = x[p·length + c]`
pub(super) fn spread(x: Block<'_>, y: BlockMut<'_>, run: Run) -> Peak {
    let (wide, narrow) = (
        y.0.chunks_exact_mut(run.width.max(1)),
        x.0.chunks_exact(run.length.max(1)),
    );
    each(wide, narrow, |wide, narrow| {
        copy((narrow, x.1), (wide.get_mut(window(run)).unwrap_or(&mut []), y.1))
    })
}

/// `y[p·width + from + c] += x[p·length + c]`
pub(super) fn scatter(x: Block<'_>, y: BlockMut<'_>, run: Run) -> Peak {
    let (wide, narrow) = (
        y.0.chunks_exact_mut(run.width.max(1)),
        x.0.chunks_exact(run.length.max(1)),
    );
    each(wide, narrow, |wide, narrow| {
        add((narrow, x.1), (wide.get_mut(window(run)).unwrap_or(&mut []), y.1))
    })
}

/// `x[p·length + c] += y[p·width + from + c]`
pub(super) fn gather(y: Block<'_>, x: BlockMut<'_>, run: Run) -> Peak {
    let (wide, narrow) = (
        y.0.chunks_exact(run.width.max(1)),
        x.0.chunks_exact_mut(run.length.max(1)),
    );
    each(wide, narrow, |wide, narrow| {
        add((wide.get(window(run)).unwrap_or(&[]), y.1), (narrow, x.1))
    })
}
