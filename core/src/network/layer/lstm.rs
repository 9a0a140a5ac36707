//! Long short-term memory.

use super::matrices::{Alone, Matrices};
use super::recurrence::{
    Recurrence, follow, frame, frame_before, own, part, raise, row, row_mut, scales, seen, split,
};
use super::{Backward, For, Forward, Gradient, InPlace, NO_SETTINGS, Pass, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::{Number, cast_mut};

/// `i, f, o = σ(a_i), σ(a_f), σ(a_o)`, `g = tanh a_g`, `c[t] = f c[t−1] + i g`, `y[t] = o tanh c[t]`
///
/// with `a[t] = Wᵀ x[t] + b + Uᵀ y[t−1] + b′` for each gate, and `y[−1] = c[−1] = 0`.
/// Input: series of `T` frames of `C` channels. Output: series of `T` frames of `H`.
/// Parameters: `input_weight [C, 4H]`, `state_weight [H, 4H]`, `input_bias [4H]`, `state_bias [4H]`,
/// gates in the order i, f, g, o, as in PyTorch.
/// Cost: `4H (T C + (T − 1) H)` multiply-accumulates forward, twice as many backward.
/// Bytes kept for backward: `5 T H` elements (i, f, g, o and c of each frame), and its input and output.
/// Where no backward pass comes, one frame's `5 H` are enough.
///
/// Gradients, from the last frame to the first: `dh = dy[t] + U da[t+1]`,
/// `dc = f[t+1] dc[t+1] + dh o (1 − tanh² c)`, `da_i = dc g i (1 − i)`, `da_f = dc c[t−1] f (1 − f)`,
/// `da_g = dc i (1 − g²)`, `da_o = dh tanh(c) o (1 − o)`, written over the gates. Then, over all frames,
/// `dW = Σ x[t] da[t]ᵀ`, `dU = Σ y[t−1] da[t]ᵀ`, `db = db′ = Σ da[t]`, `dx[t] = W da[t]`.
/// Sources: Hochreiter and Schmidhuber, Long short-term memory, 1997; Gers, Schmidhuber and Cummins,
/// Learning to forget, 2000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lstm {
    /// Length of the state, `H`.
    pub hidden: u16,
}

impl Lstm {
    pub(crate) const NAME: &'static str = "lstm";
    pub(crate) const ROWS: bool = true;
    /// Scales of its own: of the sums, of the cell, of the sums' gradient, of the output's, and of the cell's.
    /// Gates need none.
    pub(crate) const INNER: usize = 5;

    const fn recurrence(&self, input: Shape) -> Recurrence {
        Recurrence::new(input, self.hidden, 4)
    }

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads {
            input: For::Parameters,
            output: For::Parameters,
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        Recurrence::output(input, self.hidden)
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        self.recurrence(input).params()
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        let frame = 5 * self.hidden as usize * size_of::<N::Elem>();
        if visit.any() {
            Room {
                kept: input.dim(0) * frame,
                forward: 0,
                backward: 2 * self.hidden as usize * size_of::<N::Elem>(),
            }
        } else {
            Room {
                forward: frame,
                ..Room::NONE
            }
        }
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        self.recurrence(input).macs()
    }

    pub(crate) const fn settings(&self) -> u64 {
        NO_SETTINGS
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        self.forward_by(&mut Alone, ports)
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        self.backward_by(&mut Alone, ports)
    }

    pub(super) fn forward_by<N: Kernel, M: Matrices<N>>(&self, m: &mut M, ports: Forward<'_, N>) -> N::Peak {
        let Forward {
            input,
            p,
            x,
            mut y,
            kept,
            scratch,
            inner,
            pass,
            visit,
            ..
        } = ports;
        let size = self.recurrence(input);
        let hidden = size.hidden;
        let keeps = visit.any();
        let [of_sums, of_cell] = scales::<N, 2>(inner);
        let [mut sums, mut states, mut peak] = [N::Peak::default(); 3];
        let room = cast_mut::<N::Elem>(if keeps { kept } else { scratch });
        let rows = if keeps { size.frames } else { 1 };
        let (gates, cells) = split(room, rows * size.outputs);
        N::clear(row_mut(cells, 0, hidden));
        for t in 0..size.frames {
            let index = if keeps { t } else { 0 };
            let (before, y_now) = part(&mut y, t, hidden);
            let rows = own::<N>(gates, of_sums);
            raise::<N>(
                &mut sums,
                m.affine(&p, 0, p.bias(2), x, rows, size.input(t, index)),
            );
            let (rows, sweep) = (own::<N>(gates, of_sums), size.state(t, index));
            raise::<N>(&mut sums, m.affine_more(&p, 1, p.bias(3), before, rows, sweep));
            // The cell starts as that of the frame before, which lies in front of it or in its place.
            let (past, cell) = split(cells, index * hidden);
            let cell = row_mut(cell, 0, hidden);
            if let Some(last) = index.checked_sub(1) {
                N::copy(seen(row(past, last, hidden), of_cell), own::<N>(cell, of_cell));
            }
            let gates = own(row_mut(gates, index, size.outputs), of_sums);
            let [cell, output] = N::lstm(gates, own(cell, of_cell), y_now);
            raise::<N>(&mut states, cell);
            raise::<N>(&mut peak, output);
        }
        if pass != Pass::Infer {
            follow::<N, 2>(inner, 0, [sums, states]);
        }
        peak
    }

    pub(super) fn backward_by<N: Kernel, M: Matrices<N>>(
        &self,
        m: &mut M,
        ports: Backward<'_, N>,
    ) -> N::Peak {
        let Backward {
            input,
            p,
            mut dp,
            x,
            y,
            dy,
            dx,
            kept,
            scratch,
            inner,
            ..
        } = ports;
        let size = self.recurrence(input);
        let hidden = size.hidden;
        let [_, at_cell, of_sums, of_output, of_cell] = scales::<N, 5>(inner);
        let [mut sums, mut outputs, mut states] = [N::Peak::default(); 3];
        let (gates, cells) = split(cast_mut::<N::Elem>(kept), size.frames * size.outputs);
        let (dh, dc) = split(cast_mut::<N::Elem>(scratch), hidden);
        let dc = row_mut(dc, 0, hidden);
        N::clear(dc);
        for t in (0..size.frames).rev() {
            raise::<N>(&mut outputs, N::copy(frame(dy, t, hidden), own(dh, of_output)));
            if t + 1 < size.frames {
                let behind = seen(gates, of_sums);
                raise::<N>(
                    &mut outputs,
                    m.affine_input(&p, 1, behind, own(dh, of_output), size.back(t + 1)),
                );
            }
            let cells = seen(cells, at_cell);
            let (cell, before) = (frame(cells, t, hidden), frame_before(cells, t, hidden));
            let gates = own(row_mut(gates, t, size.outputs), of_sums);
            let [delta, state] = N::lstm_gradient(gates, cell, before, seen(dh, of_output), own(dc, of_cell));
            raise::<N>(&mut sums, delta);
            raise::<N>(&mut states, state);
        }
        follow::<N, 3>(inner, 2, [sums, outputs, states]);
        let gates = seen(gates, of_sums);
        let peak = size.input_gradient(m, &p, gates, dx);
        if M::BESIDE {
            size.beside(m, &p, &mut dp, 0, (x, gates));
            size.beside(m, &p, &mut dp, 1, (y, gates));
        }
        peak
    }

    pub(crate) fn gradient<N: Kernel>(&self, mut ports: Gradient<'_, N>) {
        let size = self.recurrence(ports.input);
        let kept = cast_mut::<N::Elem>(core::mem::take(&mut ports.kept));
        let (gates, _) = split(kept, size.frames * size.outputs);
        let [_, _, of_sums] = scales::<N, 3>(ports.inner);
        size.gradient::<N>(seen(gates, of_sums), ports);
    }
}
