//! Attention backward, in the place of what was kept.

use super::super::Backward;
use super::super::matrices::Matrices;
use super::super::recurrence::{follow, own, raise, row, row_mut, scales, seen, split};
use super::Attention;
use super::size::copy;
use crate::kernel::{Kernel, Sweep};
use crate::number::{ViewMut, cast_mut};

impl Attention {
    pub(in super::super) fn backward_by<N: Kernel, M: Matrices<N>>(
        &self,
        m: &mut M,
        ports: Backward<'_, N>,
    ) -> N::Peak {
        let Backward {
            input,
            p,
            mut dp,
            x,
            dy,
            mut dx,
            kept,
            scratch,
            inner,
            ..
        } = ports;
        let size = self.size(input);
        let (frames, channels, width) = (size.frames, size.channels, size.width);
        let (q, room) = split(cast_mut::<N::Elem>(kept), size.plane());
        let (k, room) = split(room, size.plane());
        let (v, room) = split(room, size.plane());
        let (o, probabilities) = split(room, size.outputs());
        let (line, room) = split(cast_mut::<N::Elem>(scratch), width);
        let (product, means) = split(room, frames);
        let fresh = dp.fresh;
        let [of_line, _, of_mixed, of_do, of_dp, of_ds, of_sums] = scales::<N, 7>(inner);
        let [mut outputs, mut products, mut scores, mut sums] = [N::Peak::default(); 4];

        if let Some(db) = dp.tensor(3) {
            N::affine_bias(dy, db, fresh);
        }
        for head in 0..size.heads {
            let base = head * frames;
            let out = Sweep {
                first: head * width,
                outputs: channels,
                ..size.sweep(0, width, 0)
            };
            let sweep = Sweep {
                positions: frames,
                start: base * width,
                step: width,
                ..out
            };
            let operands = (seen(o, of_mixed), dy);
            m.affine_weights(&p, &mut dp, 2, operands, sweep, (fresh, frames));
            // o becomes do, and leaves do · o.
            N::clear(means);
            for i in 0..frames {
                N::clear(line);
                let sweep = Sweep { target: i, ..out };
                raise::<N>(&mut outputs, m.affine_input(&p, 2, dy, own(line, of_do), sweep));
                let sweep = Sweep {
                    start: i,
                    ..size.sweep(base + i, 1, 0)
                };
                let mean = own::<N>(means, of_dp);
                raise::<N>(
                    &mut products,
                    N::affine_input(seen(o, of_mixed), seen(line, of_do), mean, sweep),
                );
                copy(line, row_mut(o, base + i, width));
            }
            // P becomes dS and v becomes dv, a column at a time.
            for j in 0..frames {
                let first = size.first(j);
                let column = row_mut(product, 0, frames - first);
                let rows = size.sweep(base + first, frames - first, base + j);
                N::clear(column);
                raise::<N>(
                    &mut products,
                    N::affine_input(seen(o, of_do), seen(v, of_line), own(column, of_dp), rows),
                );
                N::clear(row_mut(v, base + j, width));
                let start = size.column(head, j);
                let sweep = Sweep { start, ..rows };
                let shares = seen::<N>(probabilities, N::unit());
                raise::<N>(
                    &mut sums,
                    N::affine_more(seen(o, of_do), &[], shares, own(v, of_sums), sweep),
                );
                let (_, p) = split(probabilities, start);
                let means = means.get(first..).unwrap_or(&[]);
                let p = own::<N>(row_mut(p, 0, frames - first), of_ds);
                raise::<N>(
                    &mut scores,
                    N::attend_gradient(p, seen(column, of_dp), seen(means, of_dp), width),
                );
            }
            // do becomes dq, a row at a time, which waits there until dk has been made.
            for i in 0..frames {
                let visible = size.seen(i);
                for (j, ds) in product.iter_mut().take(visible).enumerate() {
                    let place = size.column(head, j) + i - size.first(j);
                    copy(row(probabilities, place, 1), core::slice::from_mut(ds));
                }
                N::clear(row_mut(o, base + i, width));
                let sweep = size.sweep(base, visible, base + i);
                let ds = seen::<N>(product, of_ds);
                raise::<N>(
                    &mut sums,
                    N::affine_more(seen(k, of_line), &[], ds, own(o, of_sums), sweep),
                );
            }
            for j in 0..frames {
                let first = size.first(j);
                N::clear(row_mut(k, base + j, width));
                let sweep = Sweep {
                    start: size.column(head, j),
                    ..size.sweep(base + first, frames - first, base + j)
                };
                let ds = seen::<N>(probabilities, of_ds);
                raise::<N>(
                    &mut sums,
                    N::affine_more(seen(q, of_line), &[], ds, own(k, of_sums), sweep),
                );
            }
            let plane = frames * width;
            copy(row(o, head, plane), row_mut(q, head, plane));
        }
        follow::<N, 4>(inner, 3, [outputs, products, scores, sums]);
        // Whole frames again, as many at a time as o has room for.
        let lines = size.outputs() / (3 * channels).max(1);
        let mut peak = N::Peak::default();
        let mut from = 0;
        while from < frames && lines > 0 {
            let count = lines.min(frames - from);
            let sums = row_mut(o, 0, count * 3 * channels);
            for (t, frame) in sums.chunks_exact_mut((3 * channels).max(1)).enumerate() {
                for (index, plane) in [&*q, &*k, &*v].into_iter().enumerate() {
                    size.collect(plane, row_mut(frame, index, channels), from + t);
                }
            }
            let sums = seen::<N>(sums, of_sums);
            let sweep = Sweep {
                positions: count,
                start: from * channels,
                step: channels,
                outputs: 3 * channels,
                ..size.sweep(0, channels, 0)
            };
            let fresh = fresh && from == 0;
            m.affine_weights(&p, &mut dp, 0, (x, sums), sweep, (fresh, frames));
            if let Some(db) = dp.tensor(1) {
                N::affine_bias(sums, db, fresh);
            }
            if let Some(dx) = &mut dx {
                let dx = ViewMut {
                    data: &mut *dx.data,
                    scale: dx.scale,
                };
                raise::<N>(&mut peak, m.affine_input(&p, 0, sums, dx, sweep));
            }
            from += count;
        }
        peak
    }
}
