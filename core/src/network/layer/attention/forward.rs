//! Attention forward: projection, then one frame after the other.

use super::super::Forward;
use super::super::matrices::Matrices;
use super::super::recurrence::{own, row, row_mut, split};
use super::Attention;
use super::size::copy;
use crate::kernel::{Kernel, Sweep};
use crate::number::{View, ViewMut, cast_mut};

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

        let project = |t: usize, outputs: usize| Sweep {
            start: t * channels,
            outputs,
            ..size.sweep(0, channels, 0)
        };
        for t in 0..frames {
            m.affine(&p, 0, p.bias(1), x, own::<N>(line), project(t, 3 * channels));
            copy(row(line, 0, channels), row_mut(y.data, t, channels));
            size.spread(row(line, 0, channels), q, t);
            size.spread(row(line, 1, channels), k, t);
            size.spread(row(line, 2, channels), v, t);
        }
        let (query, line) = split(line, channels);
        let (mixed, _) = split(line, channels);
        let mut peak = N::Peak::default();
        for i in 0..frames {
            copy(row(y.data, i, channels), query);
            N::clear(mixed);
            let scores = row_mut(scores, 0, size.seen(i));
            for head in 0..size.heads {
                let rows = size.sweep(head * frames, size.seen(i), head);
                N::clear(scores);
                N::affine_input(View::plain(k), View::plain(query), own::<N>(scores), rows);
                N::attend(own(scores), width);
                N::affine_more(View::plain(v), &[], View::plain(scores), own::<N>(mixed), rows);
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
            let sweep = project(0, channels);
            peak = N::higher(peak, m.affine(&p, 2, p.bias(3), View::plain(mixed), y, sweep));
        }
        peak
    }
}
