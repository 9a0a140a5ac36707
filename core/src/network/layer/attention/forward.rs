//! Attention forward: projection, then one frame after the other.

use super::super::matrices::Matrices;
use super::super::recurrence::{follow, own, raise, row, row_mut, scales, seen, split};
use super::super::{Forward, Pass};
use super::Attention;
use super::size::copy;
use crate::kernel::{Kernel, Sweep};
use crate::number::{ViewMut, cast_mut};

impl Attention {
    pub(in super::super) fn forward_by<N: Kernel, M: Matrices<N>>(
        &self,
        m: &mut M,
        ports: Forward<'_, N>,
    ) -> N::Peak {
        let Forward {
            input,
            p,
            x,
            y,
            kept,
            scratch,
            inner,
            pass,
            visit,
            ..
        } = ports;
        let size = self.size(input);
        let (frames, channels, width) = (size.frames, size.channels, size.width);
        let (line, scratch) = split(cast_mut::<N::Elem>(scratch), 3 * channels);
        let (scores, scratch) = split(scratch, frames);
        // Without a backward pass nothing but k and v of all frames is there; the rest is empty.
        let (q, room) = if visit.any() {
            split(cast_mut::<N::Elem>(kept), size.plane())
        } else {
            (&mut [][..], scratch)
        };
        let (k, room) = split(room, size.plane());
        let (v, room) = if q.is_empty() {
            (row_mut(room, 0, size.plane()), &mut [][..])
        } else {
            split(room, size.plane())
        };
        let (o, probabilities) = split(room, size.outputs());
        let [of_line, of_score, of_mixed] = scales::<N, 3>(inner);
        let [mut lines, mut products, mut mixtures, mut peak] = [N::Peak::default(); 4];

        let project = |t: usize, outputs: usize| Sweep {
            start: t * channels,
            outputs,
            ..size.sweep(0, channels, 0)
        };
        for t in 0..frames {
            let (sums, sweep) = (own::<N>(line, of_line), project(t, 3 * channels));
            raise::<N>(&mut lines, m.affine(&p, 0, p.bias(1), x, sums, sweep));
            copy(row(line, 0, channels), row_mut(y.data, t, channels));
            size.spread(row(line, 0, channels), q, t);
            size.spread(row(line, 1, channels), k, t);
            size.spread(row(line, 2, channels), v, t);
        }
        let (query, line) = split(line, channels);
        let (mixed, _) = split(line, channels);
        for i in 0..frames {
            copy(row(y.data, i, channels), query);
            N::clear(mixed);
            let scores = row_mut(scores, 0, size.seen(i));
            for head in 0..size.heads {
                let rows = size.sweep(head * frames, size.seen(i), head);
                N::clear(scores);
                let (k, query) = (seen(k, of_line), seen(query, of_line));
                raise::<N>(
                    &mut products,
                    N::affine_input(k, query, own(scores, of_score), rows),
                );
                N::attend(own(scores, of_score), width);
                let (v, shares) = (seen(v, of_line), seen(scores, N::unit()));
                raise::<N>(
                    &mut mixtures,
                    N::affine_more(v, &[], shares, own(mixed, of_mixed), rows),
                );
                for (j, score) in scores.iter().enumerate() {
                    let place = size.column(head, j) + i - size.first(j);
                    copy(core::slice::from_ref(score), row_mut(probabilities, place, 1));
                }
            }
            size.spread(mixed, o, i);
            let y = ViewMut {
                data: row_mut(y.data, i, channels),
                scale: y.scale,
            };
            let (mixed, sweep) = (seen(mixed, of_mixed), project(0, channels));
            raise::<N>(&mut peak, m.affine(&p, 2, p.bias(3), mixed, y, sweep));
        }
        if pass != Pass::Infer {
            follow::<N, 3>(inner, 0, [lines, products, mixtures]);
        }
        peak
    }
}
