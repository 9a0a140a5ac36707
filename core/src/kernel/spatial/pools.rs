//! Pooling in floating point.

use super::Window;
use super::rows::Rows;
use crate::number::Float;

/// Whether `x` takes the place of `best`: it is larger, or NaN, which is to be seen.
#[expect(
    clippy::eq_op,
    reason = "only NaN differs from itself, and a float is a type parameter"
)]
fn takes<F: Float>(x: F, best: F) -> bool {
    x > best || x != x
}

/// One row of a maximum, with the tap of each if `taps` has room.
pub(super) fn max_row<F: Float>(r: usize, rows: Rows<'_, F>, y: &mut [F], taps: &mut [u8], window: &Window) {
    let channels = window.channels.max(1);
    let mut taps = taps.chunks_exact_mut(channels);
    for (column, y) in y.chunks_exact_mut(channels).enumerate() {
        let mut none = [];
        let taps = taps.next().unwrap_or(&mut none);
        let from = max_lanes::<F, 4>((r, column), rows, y, taps, window, 0);
        max_lanes::<F, 1>((r, column), rows, y, taps, window, from);
    }
}

/// The maxima of one pixel, for as many blocks of `B` channels as are left from `from` on; returns where
/// it stopped.
fn max_lanes<F: Float, const B: usize>(
    (r, column): (usize, usize),
    rows: Rows<'_, F>,
    y: &mut [F],
    taps: &mut [u8],
    window: &Window,
    mut from: usize,
) -> usize {
    while let Some(y) = y.get_mut(from..).and_then(<[F]>::first_chunk_mut::<B>) {
        // None yet: the first tap inside takes its place, whatever its value.
        let (mut best, mut which, mut found) = ([F::ZERO; B], [0_u8; B], false);
        each_inside::<F, B>((r, column), rows, window, from, |tap, x| {
            for ((best, which), x) in best.iter_mut().zip(&mut which).zip(x) {
                if !found || takes(*x, *best) {
                    (*best, *which) = (*x, tap as u8);
                }
            }
            found = true;
        });
        *y = best;
        if let Some(taps) = taps.get_mut(from..).and_then(<[u8]>::first_chunk_mut::<B>) {
            *taps = which;
        }
        from += B;
    }
    from
}

/// One row of a mean.
pub(super) fn average_row<F: Float>(r: usize, rows: Rows<'_, F>, y: &mut [F], window: &Window) {
    for (column, y) in y.chunks_exact_mut(window.channels.max(1)).enumerate() {
        let from = average_lanes::<F, 8>((r, column), rows, y, window, 0);
        average_lanes::<F, 1>((r, column), rows, y, window, from);
    }
}

/// The means of one pixel, in blocks of `B` channels.
fn average_lanes<F: Float, const B: usize>(
    (r, column): (usize, usize),
    rows: Rows<'_, F>,
    y: &mut [F],
    window: &Window,
    mut from: usize,
) -> usize {
    let count = F::from_count(window.taps().max(1) as u32);
    while let Some(y) = y.get_mut(from..).and_then(<[F]>::first_chunk_mut::<B>) {
        let mut sums = [F::ZERO; B];
        each_inside::<F, B>((r, column), rows, window, from, |_, x| {
            for (sum, x) in sums.iter_mut().zip(x) {
                *sum += *x;
            }
        });
        *y = sums.map(|sum| sum / count);
        from += B;
    }
    from
}

/// Calls `f` with each tap of a pixel that lies inside, in order: its number, and a block of its channels.
#[inline]
fn each_inside<F: Float, const B: usize>(
    (r, column): (usize, usize),
    rows: Rows<'_, F>,
    window: &Window,
    from: usize,
    mut f: impl FnMut(usize, &[F; B]),
) {
    let columns = window.columns.taps(column);
    for i in window.rows.taps(r) {
        let row = rows.row(window.rows.at(r, i));
        for j in columns.clone() {
            let x = row.get(window.columns.at(column, j) * window.channels + from..);
            if let Some(x) = x.and_then(<[F]>::first_chunk::<B>) {
                f(i * window.columns.kernel + j, x);
            }
        }
    }
}

/// Adds each element of `dy` to the input that was the largest.
pub(super) fn max_gradient<F: Float>(dy: &[F], taps: &[u8], dx: &mut [F], window: &Window) {
    let (rows, columns, channels) = (&window.rows, &window.columns, window.channels.max(1));
    let kernel = columns.kernel.max(1);
    let mut pixels = dy.chunks_exact(channels).zip(taps.chunks_exact(channels));
    for r in 0..rows.output {
        for (column, (dy, taps)) in (0..columns.output).zip(&mut pixels) {
            for (c, (dy, tap)) in dy.iter().zip(taps).enumerate() {
                let (i, j) = (usize::from(*tap) / kernel, usize::from(*tap) % kernel);
                let at = rows.at(r, i) * columns.input + columns.at(column, j);
                if let Some(dx) = dx.get_mut(at * channels + c) {
                    *dx += *dy;
                }
            }
        }
    }
}

/// The maximum over all positions, and where it was.
pub(super) fn global_max<F: Float>(x: &[F], y: &mut [F], places: &mut [u8]) {
    let channels = y.len();
    let (low, high) = places.split_at_mut(channels.min(places.len()));
    for (t, x) in x.chunks_exact(channels.max(1)).enumerate() {
        for (c, (y, x)) in y.iter_mut().zip(x).enumerate() {
            if t == 0 || takes(*x, *y) {
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
}

/// Adds each element of `dy` where the maximum was.
pub(super) fn global_max_gradient<F: Float>(dy: &[F], places: &[u8], dx: &mut [F]) {
    let channels = dy.len();
    for (c, dy) in dy.iter().enumerate() {
        let byte = |at: usize| usize::from(places.get(at).copied().unwrap_or(0));
        let place = byte(c) | byte(channels + c) << 8;
        if let Some(dx) = dx.get_mut(place * channels + c) {
            *dx += *dy;
        }
    }
}
