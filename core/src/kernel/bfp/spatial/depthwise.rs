//! Convolution of each channel by itself, in block fixed point. Channels are the lanes.

use super::lanes;
use crate::kernel::Window;
use crate::kernel::bfp::limit::Limiter;
use crate::kernel::bfp::products::{Block, BlockMut, End, GROUP, GROUP_SHIFT, Sums};
use crate::kernel::bfp::rescale::Rescale;
use crate::kernel::spatial::Rows;
use crate::number::bfp::Peak;
use core::num::Saturating;

/// Channels whose sums advance together.
const LANES: usize = 4;

/// One row of the output.
pub(super) fn row(
    w: &[i16],
    b: &[Saturating<i32>],
    (r, rows): (usize, Rows<'_, i16>),
    y: &mut [i16],
    end: &mut End,
    window: &Window,
) {
    for (column, y) in y.chunks_exact_mut(window.channels.max(1)).enumerate() {
        let mut from = 0;
        let mut blocks = y.chunks_exact_mut(LANES);
        for y in &mut blocks {
            end.put(
                y,
                b.get(from..),
                pixel::<LANES>(w, (r, column), rows, window, from),
            );
            from += LANES;
        }
        for y in blocks.into_remainder().chunks_exact_mut(1) {
            end.put(y, b.get(from..), pixel::<1>(w, (r, column), rows, window, from));
            from += 1;
        }
    }
}

/// The sums of `B` channels of a pixel.
#[inline]
fn pixel<const B: usize>(
    w: &[i16],
    (r, column): (usize, usize),
    rows: Rows<'_, i16>,
    window: &Window,
    from: usize,
) -> [i32; B] {
    let columns = window.columns.taps(column);
    let mut sums = Sums::<B>::new();
    for i in window.rows.taps(r) {
        let row = rows.row(window.rows.at(r, i));
        for j in columns.clone() {
            let x = lanes(row, window.columns.at(column, j), window, from);
            let w = lanes(w, i * window.columns.kernel + j, window, from);
            if let (Some(x), Some(w)) = (x, w) {
                sums.add_one(x, w);
            }
        }
    }
    sums.end()
}

/// `dx[o, k, c] += w[k, c] · dy[o, c]`: for each pixel of the input one sum over the taps that saw it.
pub(super) fn input(w: Block<'_>, dy: Block<'_>, dx: BlockMut<'_>, window: &Window) -> Peak {
    let out = Rescale::by(dx.1 - (w.1 + dy.1 + GROUP_SHIFT));
    let mut limiter = Limiter::new();
    let mut pixels = dx.0.chunks_exact_mut(window.channels.max(1));
    for r in 0..window.rows.input {
        for (column, dx) in (0..window.columns.input).zip(&mut pixels) {
            let mut from = 0;
            let mut blocks = dx.chunks_exact_mut(LANES);
            for dx in &mut blocks {
                let sums = seen::<LANES>(w.0, dy.0, (r, column), window, from);
                add(dx, sums, out, &mut limiter);
                from += LANES;
            }
            for dx in blocks.into_remainder().chunks_exact_mut(1) {
                add(
                    dx,
                    seen::<1>(w.0, dy.0, (r, column), window, from),
                    out,
                    &mut limiter,
                );
                from += 1;
            }
        }
    }
    limiter.peak()
}

/// The sums of `B` channels of a pixel of the input over the outputs that saw it.
#[inline]
fn seen<const B: usize>(
    w: &[i16],
    dy: &[i16],
    (r, column): (usize, usize),
    window: &Window,
    from: usize,
) -> [i32; B] {
    let across = window.columns.seen(column);
    let mut sums = Sums::<B>::new();
    for (i, r) in window.rows.seen(r) {
        for (j, column) in across.clone() {
            let w = lanes(w, i * window.columns.kernel + j, window, from);
            let dy = lanes(dy, r * window.columns.output + column, window, from);
            if let (Some(w), Some(dy)) = (w, dy) {
                sums.add_one(dy, w);
            }
        }
    }
    sums.end()
}

/// `dx += sums` at the scale of `dx`.
#[inline]
pub(super) fn add<const B: usize>(dx: &mut [i16], sums: [i32; B], out: Rescale, limiter: &mut Limiter) {
    for (dx, sum) in dx.iter_mut().zip(sums) {
        *dx = limiter.limit(i32::from(*dx).saturating_add(out.of(sum)));
    }
}

/// `dw[k, c] += Σ_o x[o, k, c] · dy[o, c]`, in groups divided by `2^by`.
pub(super) fn weights(x: &[i16], dy: &[i16], dw: &mut [i32], by: i32, window: &Window, fresh: bool) {
    let by = Rescale::by(by);
    for (tap, dw) in dw
        .chunks_exact_mut(window.channels.max(1))
        .take(window.taps())
        .enumerate()
    {
        if fresh {
            dw.fill(0);
        }
        let mut from = 0;
        while let Some(dw) = dw.get_mut(from..).and_then(<[i32]>::first_chunk_mut::<LANES>) {
            add_tap(dw, x, dy, tap, by, window, from);
            from += LANES;
        }
        while let Some(dw) = dw.get_mut(from..).and_then(<[i32]>::first_chunk_mut::<1>) {
            add_tap(dw, x, dy, tap, by, window, from);
            from += 1;
        }
    }
}

/// The sums of one tap for `B` channels. Groups go on from one row to the next.
#[inline]
fn add_tap<const B: usize>(
    dw: &mut [i32; B],
    x: &[i16],
    dy: &[i16],
    tap: usize,
    by: Rescale,
    window: &Window,
    from: usize,
) {
    let (rows, columns) = (&window.rows, &window.columns);
    let (i, j) = (tap / columns.kernel.max(1), tap % columns.kernel.max(1));
    let across = columns.outputs(j);
    let (mut inner, mut room) = ([0_i32; B], GROUP);
    for r in rows.outputs(i) {
        let mut at = rows.at(r, i) * columns.input + columns.at(across.start, j);
        for to in r * columns.output + across.start..r * columns.output + across.end {
            if let (Some(x), Some(dy)) = (lanes::<B>(x, at, window, from), lanes::<B>(dy, to, window, from)) {
                for ((inner, x), dy) in inner.iter_mut().zip(x).zip(dy) {
                    *inner += i32::from(*x) * i32::from(*dy);
                }
            }
            at += columns.stride;
            room -= 1;
            if room == 0 {
                flush(dw, &mut inner, by);
                room = GROUP;
            }
        }
    }
    flush(dw, &mut inner, by);
}

#[inline]
fn flush<const B: usize>(dw: &mut [i32; B], inner: &mut [i32; B], by: Rescale) {
    for (dw, inner) in dw.iter_mut().zip(inner) {
        *dw = dw.saturating_add(by.of(*inner));
        *inner = 0;
    }
}
