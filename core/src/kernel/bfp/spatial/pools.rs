//! Pooling in block fixed point.

use super::depthwise::add;
use super::lanes;
use crate::kernel::Window;
use crate::kernel::bfp::limit::Limiter;
use crate::kernel::bfp::products::{Block, BlockMut};
use crate::kernel::bfp::rescale::Rescale;
use crate::kernel::bfp::share::Share;
use crate::kernel::spatial::{Rows, each_row};
use crate::number::bfp::Peak;

/// Channels that advance together.
const LANES: usize = 4;

/// The largest of each window, with its tap if `taps` has room.
pub(super) fn max(
    x: Block<'_>,
    y: BlockMut<'_>,
    taps: &mut [u8],
    saved: &mut [i16],
    window: &Window,
) -> Peak {
    let out = Rescale::by(y.1 - x.1);
    let mut limiter = Limiter::new();
    each_row(x.0, y.0, saved, window, |r, rows, y| {
        let (length, channels) = (window.output_row(), window.channels.max(1));
        let taps = taps.get_mut(r * length..(r + 1) * length).unwrap_or(&mut []);
        let mut taps = taps.chunks_exact_mut(channels);
        for (column, y) in y.chunks_exact_mut(channels).enumerate() {
            let mut none = [];
            let taps = taps.next().unwrap_or(&mut none);
            let mut from = 0;
            while from < channels {
                let (best, which, width) = if from + LANES <= channels {
                    let (best, which) = largest::<LANES>((r, column), rows, window, from);
                    (best, which, LANES)
                } else {
                    let ([best], [which]) = largest::<1>((r, column), rows, window, from);
                    ([best; LANES], [which; LANES], 1)
                };
                let y = y.get_mut(from..from + width).unwrap_or(&mut []);
                for (y, best) in y.iter_mut().zip(best) {
                    *y = limiter.limit(out.of(best.into()));
                }
                let taps = taps.get_mut(from..from + width).unwrap_or(&mut []);
                for (tap, which) in taps.iter_mut().zip(which) {
                    *tap = which;
                }
                from += width;
            }
        }
    });
    limiter.peak()
}

/// The maxima of `B` channels of a pixel, the first of equals.
#[inline]
fn largest<const B: usize>(
    at: (usize, usize),
    rows: Rows<'_, i16>,
    window: &Window,
    from: usize,
) -> ([i16; B], [u8; B]) {
    let (mut best, mut which) = ([i16::MIN; B], [0; B]);
    each_inside::<B>(at, rows, window, from, |tap, x| {
        for ((best, which), x) in best.iter_mut().zip(&mut which).zip(x) {
            if x > best {
                (*best, *which) = (*x, tap as u8);
            }
        }
    });
    (best, which)
}

/// Calls `f` with each tap of a pixel that lies inside, in order: its number, and a block of its channels.
#[inline]
fn each_inside<const B: usize>(
    (r, column): (usize, usize),
    rows: Rows<'_, i16>,
    window: &Window,
    from: usize,
    mut f: impl FnMut(usize, &[i16; B]),
) {
    let columns = window.columns.taps(column);
    for i in window.rows.taps(r) {
        let row = rows.row(window.rows.at(r, i));
        for j in columns.clone() {
            if let Some(x) = lanes(row, window.columns.at(column, j), window, from) {
                f(i * window.columns.kernel + j, x);
            }
        }
    }
}

/// `dx[o, taps[o, c], c] += dy[o, c]`
pub(super) fn max_gradient(dy: Block<'_>, taps: &[u8], dx: BlockMut<'_>, window: &Window) -> Peak {
    let (rows, columns, channels) = (&window.rows, &window.columns, window.channels.max(1));
    let kernel = columns.kernel.max(1);
    let out = Rescale::by(dx.1 - dy.1);
    let mut limiter = Limiter::new();
    let mut pixels = dy.0.chunks_exact(channels).zip(taps.chunks_exact(channels));
    for r in 0..rows.output {
        for (column, (dy, taps)) in (0..columns.output).zip(&mut pixels) {
            for (c, (dy, tap)) in dy.iter().zip(taps).enumerate() {
                let (i, j) = (usize::from(*tap) / kernel, usize::from(*tap) % kernel);
                let at = rows.at(r, i) * columns.input + columns.at(column, j);
                let dx = dx.0.get_mut(at * channels + c..).unwrap_or(&mut []);
                add(dx, [i32::from(*dy)], out, &mut limiter);
            }
        }
    }
    limiter.peak()
}

/// The mean of each window: a sum of at most 65,535 mantissas, whatever lies outside.
pub(super) fn average(x: Block<'_>, y: BlockMut<'_>, saved: &mut [i16], window: &Window) -> Peak {
    let share = Share::new(window.taps());
    let out = Rescale::by(y.1 - x.1 + share.fraction());
    let mut limiter = Limiter::new();
    let mut put = |y: &mut [i16], sums: &[i32]| {
        for (y, sum) in y.iter_mut().zip(sums) {
            *y = limiter.limit(out.of(share.of(*sum)));
        }
    };
    each_row(x.0, y.0, saved, window, |r, rows, y| {
        for (column, y) in y.chunks_exact_mut(window.channels.max(1)).enumerate() {
            let mut from = 0;
            let mut blocks = y.chunks_exact_mut(LANES);
            for y in &mut blocks {
                put(y, &sum_inside::<LANES>((r, column), rows, window, from));
                from += LANES;
            }
            for y in blocks.into_remainder().chunks_exact_mut(1) {
                put(y, &sum_inside::<1>((r, column), rows, window, from));
                from += 1;
            }
        }
    });
    limiter.peak()
}

/// The sums of `B` channels of a pixel over the taps inside.
#[inline]
fn sum_inside<const B: usize>(
    at: (usize, usize),
    rows: Rows<'_, i16>,
    window: &Window,
    from: usize,
) -> [i32; B] {
    let mut sums = [0; B];
    each_inside::<B>(at, rows, window, from, |_, x| {
        for (sum, x) in sums.iter_mut().zip(x) {
            *sum += i32::from(*x);
        }
    });
    sums
}

/// `dx[o, k, c] += dy[o, c] / K`: for each pixel of the input one sum over the windows that it lies in, at most one for
/// each tap.
pub(super) fn average_gradient(dy: Block<'_>, dx: BlockMut<'_>, window: &Window) -> Peak {
    let share = Share::new(window.taps());
    let out = Rescale::by(dx.1 - dy.1 + share.fraction());
    let mut limiter = Limiter::new();
    let mut pixels = dx.0.chunks_exact_mut(window.channels.max(1));
    for r in 0..window.rows.input {
        for (column, dx) in (0..window.columns.input).zip(&mut pixels) {
            for (block, dx) in dx.chunks_mut(LANES).enumerate() {
                let mut sums = [0; LANES];
                for (_, r) in window.rows.seen(r) {
                    for (_, column) in window.columns.seen(column) {
                        let at = (r * window.columns.output + column) * window.channels + block * LANES;
                        for (sum, dy) in sums.iter_mut().zip(dy.0.get(at..).unwrap_or(&[])) {
                            *sum += i32::from(*dy);
                        }
                    }
                }
                // Lanes beyond the last channel are of no pixel.
                let width = dx.len();
                for sum in sums.iter_mut().take(width) {
                    *sum = share.of(*sum);
                }
                add(dx, sums, out, &mut limiter);
            }
        }
    }
    limiter.peak()
}

/// The maximum over all positions, and where it was: the first of equals.
pub(super) fn global_max(x: Block<'_>, y: BlockMut<'_>, places: &mut [u8]) -> Peak {
    let channels = y.0.len();
    let (low, high) = places.split_at_mut(channels.min(places.len()));
    for (t, x) in x.0.chunks_exact(channels.max(1)).enumerate() {
        for (c, (y, x)) in y.0.iter_mut().zip(x).enumerate() {
            if t == 0 || x > y {
                *y = *x;
                if let Some(low) = low.get_mut(c) {
                    *low = t as u8;
                }
                if let Some(high) = high.get_mut(c) {
                    *high = (t >> 8) as u8;
                }
            }
        }
    }
    let out = Rescale::by(y.1 - x.1);
    let mut limiter = Limiter::new();
    for y in y.0 {
        *y = limiter.limit(out.of((*y).into()));
    }
    limiter.peak()
}

/// `dx[places[c], c] += dy[c]`
pub(super) fn global_max_gradient(dy: Block<'_>, places: &[u8], dx: BlockMut<'_>) -> Peak {
    let channels = dy.0.len();
    let out = Rescale::by(dx.1 - dy.1);
    let mut limiter = Limiter::new();
    for (c, dy) in dy.0.iter().enumerate() {
        let byte = |at: usize| usize::from(places.get(at).copied().unwrap_or(0));
        let place = byte(c) | byte(channels + c) << 8;
        let dx = dx.0.get_mut(place * channels + c..).unwrap_or(&mut []);
        add(dx, [i32::from(*dy)], out, &mut limiter);
    }
    limiter.peak()
}
