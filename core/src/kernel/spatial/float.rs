//! Windows in floating point. Channels are the lanes: a block of them stays in registers while the taps
//! go by.

use super::pools;
use super::rows::{Rows, each_row};
use super::{Runs, Spatial, Window};
use crate::kernel::{Grad, Loops, Sweep};
use crate::number::{Float, Scalar, View, ViewMut};

/// The longest window that is gathered for one sum, in elements: a few runs of few channels.
const GATHERED: usize = 64;

impl<F: Loops + Scalar> Spatial for F {
    // Not inlined, as all that only some layers call: its room on the stack is not the caller's.
    #[inline(never)]
    fn affine_runs(w: View<'_, F>, b: &[F], x: View<'_, F>, y: ViewMut<'_, F>, runs: Runs) {
        let Some(y) = begun(b, y.data, &runs) else {
            return;
        };
        // `begun` has asked already, which a compiler for size does not see.
        let outputs = runs.sweep.outputs.max(1);
        runs.each(|run| {
            let Some(w) = w.data.get(run.first * outputs..) else {
                return;
            };
            for (p, y) in y.chunks_exact_mut(outputs).enumerate() {
                let start = run.start + p * run.step;
                let Some(x) = x.data.get(start..start + run.length) else {
                    return;
                };
                F::combine(y, x, 1, w);
            }
        });
    }

    fn affine_window(w: View<'_, F>, b: &[F], x: View<'_, F>, y: ViewMut<'_, F>, runs: Runs) {
        // One run needs nothing brought together, and a long one is worth a call of its own.
        if !runs.adjoin() || runs.terms() > GATHERED || runs.terms() <= runs.sweep.length {
            F::affine_runs(w, b, x, y, runs);
        } else if let Some(y) = begun(b, y.data, &runs) {
            gathered(w.data, x.data, y, &runs);
        }
    }

    fn depthwise(
        w: View<'_, F>,
        b: &[F],
        x: View<'_, F>,
        y: ViewMut<'_, F>,
        saved: &mut [F],
        window: &Window,
    ) {
        each_row(x.data, y.data, saved, window, |r, rows, y| {
            depthwise_row(w.data, b, r, rows, y, window);
        });
    }

    fn depthwise_input(w: View<'_, F>, dy: View<'_, F>, dx: ViewMut<'_, F>, window: &Window) {
        let channels = window.channels;
        each_tap(dy.data, window, |tap, at, dy| {
            let w = w.data.get(tap * channels..(tap + 1) * channels);
            let dx = dx.data.get_mut(at * channels..(at + 1) * channels);
            if let (Some(w), Some(dx)) = (w, dx) {
                let from = add_products::<F, 8>(dx, w, dy, 0);
                add_products::<F, 1>(dx, w, dy, from);
            }
        });
    }

    fn depthwise_weights(x: View<'_, F>, dy: View<'_, F>, dw: Grad<'_, F>, window: &Window, fresh: bool) {
        if window.channels == 0 {
            return;
        }
        for (tap, dw) in dw
            .data
            .chunks_exact_mut(window.channels)
            .take(window.taps())
            .enumerate()
        {
            if fresh {
                dw.fill(F::ZERO);
            }
            let from = tap_lanes::<F, 16>(x.data, dy.data, dw, tap, window, 0);
            let from = tap_lanes::<F, 8>(x.data, dy.data, dw, tap, window, from);
            let from = tap_lanes::<F, 4>(x.data, dy.data, dw, tap, window, from);
            tap_lanes::<F, 1>(x.data, dy.data, dw, tap, window, from);
        }
    }

    fn max_pool(x: View<'_, F>, y: ViewMut<'_, F>, taps: &mut [u8], saved: &mut [F], window: &Window) {
        each_row(x.data, y.data, saved, window, |r, rows, y| {
            let length = window.output_row();
            let taps = taps.get_mut(r * length..(r + 1) * length).unwrap_or(&mut []);
            pools::max_row(r, rows, y, taps, window);
        });
    }

    fn max_pool_gradient(dy: View<'_, F>, taps: &[u8], dx: ViewMut<'_, F>, window: &Window) {
        pools::max_gradient(dy.data, taps, dx.data, window);
    }

    fn average_pool(x: View<'_, F>, y: ViewMut<'_, F>, saved: &mut [F], window: &Window) {
        each_row(x.data, y.data, saved, window, |r, rows, y| {
            pools::average_row(r, rows, y, window);
        });
    }

    fn average_pool_gradient(dy: View<'_, F>, dx: ViewMut<'_, F>, window: &Window) {
        let channels = window.channels;
        let share = F::ONE / F::from_count(window.taps().max(1) as u32);
        each_tap(dy.data, window, |_, at, dy| {
            if let Some(dx) = dx.data.get_mut(at * channels..(at + 1) * channels) {
                crate::kernel::blocks::zip::<F, 4>(dx, dy, |dx, dy| dx + dy * share);
            }
        });
    }

    fn global_max(x: View<'_, F>, y: ViewMut<'_, F>, places: &mut [u8]) {
        pools::global_max(x.data, y.data, places);
    }

    fn global_max_gradient(dy: View<'_, F>, places: &[u8], dx: ViewMut<'_, F>) {
        pools::global_max_gradient(dy.data, places, dx.data);
    }
}

/// The places of the sums, `y = b` so far.
fn begun<'y, F: Loops + Scalar>(b: &[F], y: &'y mut [F], runs: &Runs) -> Option<&'y mut [F]> {
    let Sweep {
        positions,
        target,
        outputs,
        ..
    } = runs.sweep;
    let y = y.get_mut(target * outputs..)?.get_mut(..positions * outputs)?;
    if outputs == 0 {
        return None;
    }
    for y in y.chunks_exact_mut(outputs) {
        for (y, b) in y.iter_mut().zip(b) {
            *y = *b;
        }
    }
    Some(y)
}

/// Adds the sums of each position, whose terms are brought together first: one call and one pass over
/// the outputs in place of one for each run.
#[inline(never)]
fn gathered<F: Loops>(w: &[F], x: &[F], y: &mut [F], runs: &Runs) {
    let Some(w) = w.get(runs.sweep.first * runs.sweep.outputs..) else {
        return;
    };
    let mut terms = [F::ZERO; GATHERED];
    let Some(terms) = terms.get_mut(..runs.terms()) else {
        return;
    };
    let length = runs.sweep.length;
    for (p, y) in y.chunks_exact_mut(runs.sweep.outputs.max(1)).enumerate() {
        let mut places = terms.chunks_exact_mut(length.max(1));
        let mut outer = runs.sweep.start + p * runs.sweep.step;
        for _ in 0..runs.count[0] {
            let mut start = outer;
            for _ in 0..runs.count[1] {
                if let (Some(place), Some(x)) = (places.next(), x.get(start..start.wrapping_add(length))) {
                    for (place, x) in place.iter_mut().zip(x) {
                        *place = *x;
                    }
                }
                start = start.wrapping_add_signed(runs.step[1]);
            }
            outer = outer.wrapping_add_signed(runs.step[0]);
        }
        F::combine(y, terms, 1, w);
    }
}

/// One row of [`depthwise`](Spatial::depthwise).
fn depthwise_row<F: Float>(w: &[F], b: &[F], r: usize, rows: Rows<'_, F>, y: &mut [F], window: &Window) {
    for (column, y) in y.chunks_exact_mut(window.channels.max(1)).enumerate() {
        for (y, b) in y.iter_mut().zip(b) {
            *y = *b;
        }
        let from = pixel_lanes::<F, 16>(w, (r, column), rows, y, window, 0);
        let from = pixel_lanes::<F, 8>(w, (r, column), rows, y, window, from);
        let from = pixel_lanes::<F, 4>(w, (r, column), rows, y, window, from);
        pixel_lanes::<F, 1>(w, (r, column), rows, y, window, from);
    }
}

/// The sums of one pixel, for as many blocks of `B` channels as are left from `from` on; returns where
/// it stopped.
fn pixel_lanes<F: Float, const B: usize>(
    w: &[F],
    (r, column): (usize, usize),
    rows: Rows<'_, F>,
    y: &mut [F],
    window: &Window,
    mut from: usize,
) -> usize {
    let channels = window.channels;
    let columns = window.columns.taps(column);
    while let Some(block) = y.get_mut(from..).and_then(<[F]>::first_chunk_mut::<B>) {
        let mut sums = *block;
        for i in window.rows.taps(r) {
            let row = rows.row(window.rows.at(r, i));
            let mut at = window.columns.at(column, columns.start) * channels + from;
            let mut tap = (i * window.columns.kernel + columns.start) * channels + from;
            for _ in columns.clone() {
                let (x, w) = (row.get(at..), w.get(tap..));
                if let (Some(x), Some(w)) = (
                    x.and_then(<[F]>::first_chunk::<B>),
                    w.and_then(<[F]>::first_chunk::<B>),
                ) {
                    for ((sum, x), w) in sums.iter_mut().zip(x).zip(w) {
                        *sum += *x * *w;
                    }
                }
                at += window.columns.dilation * channels;
                tap += channels;
            }
        }
        *block = sums;
        from += B;
    }
    from
}

/// `dw[c] ← dw[c] + Σ_o x[o, tap, c] · dy[o, c]`, for as many blocks of `B` channels as are left from
/// `from` on; returns where it stopped.
fn tap_lanes<F: Float, const B: usize>(
    x: &[F],
    dy: &[F],
    dw: &mut [F],
    tap: usize,
    window: &Window,
    mut from: usize,
) -> usize {
    let (rows, columns, channels) = (&window.rows, &window.columns, window.channels);
    let (i, j) = (tap / columns.kernel.max(1), tap % columns.kernel.max(1));
    let across = columns.outputs(j);
    while let Some(block) = dw.get_mut(from..).and_then(<[F]>::first_chunk_mut::<B>) {
        let mut sums = *block;
        for r in rows.outputs(i) {
            let mut at = (rows.at(r, i) * columns.input + columns.at(across.start, j)) * channels + from;
            let mut to = (r * columns.output + across.start) * channels + from;
            for _ in across.clone() {
                let (x, dy) = (x.get(at..), dy.get(to..));
                if let (Some(x), Some(dy)) = (
                    x.and_then(<[F]>::first_chunk::<B>),
                    dy.and_then(<[F]>::first_chunk::<B>),
                ) {
                    for ((sum, x), dy) in sums.iter_mut().zip(x).zip(dy) {
                        *sum += *x * *dy;
                    }
                }
                at += columns.stride * channels;
                to += channels;
            }
        }
        *block = sums;
        from += B;
    }
    from
}

/// `dx[c] ← dx[c] + w[c] · dy[c]`, in blocks of `B`.
fn add_products<F: Float, const B: usize>(dx: &mut [F], w: &[F], dy: &[F], mut from: usize) -> usize {
    while let (Some(dx), Some(w), Some(dy)) = (
        dx.get_mut(from..).and_then(<[F]>::first_chunk_mut::<B>),
        w.get(from..).and_then(<[F]>::first_chunk::<B>),
        dy.get(from..).and_then(<[F]>::first_chunk::<B>),
    ) {
        for ((dx, w), dy) in dx.iter_mut().zip(w).zip(dy) {
            *dx += *w * *dy;
        }
        from += B;
    }
    from
}

/// Calls `f` with each tap of each output pixel, in order: the tap's number, the pixel that it sees, and
/// the output's gradient.
fn each_tap<F>(dy: &[F], window: &Window, mut f: impl FnMut(usize, usize, &[F])) {
    let (rows, columns) = (&window.rows, &window.columns);
    let mut pixels = dy.chunks_exact(window.channels.max(1));
    for r in 0..rows.output {
        for (column, dy) in (0..columns.output).zip(&mut pixels) {
            for i in rows.taps(r) {
                for j in columns.taps(column) {
                    let at = rows.at(r, i) * columns.input + columns.at(column, j);
                    f(i * columns.kernel + j, at, dy);
                }
            }
        }
    }
}
