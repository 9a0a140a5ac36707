//! Gated recurrent unit.

use super::matrices::{Alone, Matrices};
use super::recurrence::{
    Recurrence, follow, frame, frame_before, own, part, raise, row, row_mut, scales, seen, split,
};
use super::{Backward, For, Forward, Gradient, InPlace, NO_SETTINGS, Pass, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::{Number, cast_mut};

/// `r, z = σ(a_r + s_r), σ(a_z + s_z)`, `n = tanh(a_n + r s_n)`, `y[t] = (1 − z) n + z y[t−1]`
///
/// with `a[t] = Wᵀ x[t] + b` and `s[t] = Uᵀ y[t−1] + b′` for each gate, and `y[−1] = 0`.
/// Input: series of `T` frames of `C` channels. Output: series of `T` frames of `H`.
/// Parameters: `input_weight [C, 3H]`, `state_weight [H, 3H]`, `input_bias [3H]`, `state_bias [3H]`,
/// gates in the order r, z, n, as in PyTorch (where the reset gate is applied behind the product).
/// Cost: `3H (T C + (T − 1) H)` multiply-accumulates forward, twice as many backward.
/// Bytes kept for backward: `4 T H` elements (r, z, n and s_n of each frame), and its input and output.
/// Where no backward pass comes, one frame's `6 H` are enough.
///
/// Gradients, from the last frame to the first: `dh = dy[t] + z[t+1] dh[t+1] + U ds[t+1]`,
/// `da_n = dh (1 − z)(1 − n²)`, `ds_n = da_n r`, `da_r = ds_r = da_n s_n r (1 − r)`,
/// `da_z = ds_z = dh (y[t−1] − n) z (1 − z)`, written over the gates. Then, over all frames,
/// `dW = Σ x[t] da[t]ᵀ`, `db = Σ da[t]`, `dU = Σ y[t−1] ds[t]ᵀ`, `db′ = Σ ds[t]`, `dx[t] = W da[t]`.
/// Source: Cho et al., Learning phrase representations using RNN encoder-decoder, 2014.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gru {
    /// Length of the state, `H`.
    pub hidden: u16,
}

impl Gru {
    pub(crate) const NAME: &'static str = "gru";
    pub(crate) const ROWS: bool = true;
    /// Scales of its own: of the sums of the input, of those of the state, of the gradient of both, and of the
    /// state's. Gates need none.
    pub(crate) const INNER: usize = 4;

    const fn recurrence(&self, input: Shape) -> Recurrence {
        Recurrence::new(input, self.hidden, 3)
    }

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads {
            input: For::Parameters,
            output: For::Both,
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        Recurrence::output(input, self.hidden)
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        self.recurrence(input).params()
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        let state = self.hidden as usize * size_of::<N::Elem>();
        if visit.any() {
            Room {
                kept: input.dim(0) * 4 * state,
                forward: 3 * state,
                backward: state,
            }
        } else {
            Room {
                forward: 6 * state,
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
        let [of_input, of_state] = scales::<N, 2>(inner);
        let [mut sums, mut states, mut peak] = [N::Peak::default(); 3];
        let (state, spare) = split(cast_mut::<N::Elem>(scratch), size.outputs);
        let (gates, terms) = if keeps {
            split(cast_mut::<N::Elem>(kept), size.frames * size.outputs)
        } else {
            (spare, &mut [][..])
        };
        for t in 0..size.frames {
            let index = if keeps { t } else { 0 };
            let (before, y_now) = part(&mut y, t, hidden);
            let rows = own::<N>(gates, of_input);
            raise::<N>(
                &mut sums,
                m.affine(&p, 0, p.bias(2), x, rows, size.input(t, index)),
            );
            let line = own::<N>(state, of_state);
            raise::<N>(
                &mut states,
                m.affine(&p, 1, p.bias(3), before, line, size.state(t, 0)),
            );
            let gates = own(row_mut(gates, index, size.outputs), of_input);
            let before = frame_before(before, t, hidden);
            raise::<N>(&mut peak, N::gru(gates, seen(state, of_state), before, y_now));
            N::copy(
                seen(row(state, 2, hidden), of_state),
                own::<N>(row_mut(terms, index, hidden), of_state),
            );
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
        let [_, of_state, of_sums, of_output] = scales::<N, 4>(inner);
        let [mut sums, mut outputs] = [N::Peak::default(); 2];
        let (gates, terms) = split(cast_mut::<N::Elem>(kept), size.frames * size.outputs);
        let dh = row_mut(cast_mut::<N::Elem>(scratch), 0, hidden);
        N::clear(dh);
        for t in (0..size.frames).rev() {
            raise::<N>(&mut outputs, N::add(own(dh, of_output), frame(dy, t, hidden)));
            if t + 1 < size.frames {
                let behind = seen(gates, of_sums);
                raise::<N>(
                    &mut outputs,
                    m.affine_input(&p, 1, behind, own(dh, of_output), size.back(t + 1)),
                );
            }
            let before = frame_before(y, t, hidden);
            let gates = own(row_mut(gates, t, size.outputs), of_sums);
            let term = own(row_mut(terms, t, hidden), of_sums);
            raise::<N>(
                &mut sums,
                N::gru_gradient(gates, term, of_state, before, own(dh, of_output)),
            );
        }
        follow::<N, 2>(inner, 2, [sums, outputs]);
        self.turn::<N>(size, gates, terms);
        let peak = size.input_gradient(m, &p, seen(gates, of_sums), dx);
        if M::BESIDE {
            size.beside(m, &p, &mut dp, 0, (x, seen(gates, of_sums)));
            self.turn::<N>(size, gates, terms);
            size.beside(m, &p, &mut dp, 1, (y, seen(gates, of_sums)));
        }
        peak
    }

    /// The input's part of n has a gradient of its own, and so has the state's: one lies among the gates, the
    /// other beside them. Changes them over.
    fn turn<N: Kernel>(&self, size: Recurrence, gates: &mut [N::Elem], terms: &mut [N::Elem]) {
        for t in 0..size.frames {
            let n = row_mut(row_mut(gates, t, size.outputs), 2, size.hidden);
            for (of_input, of_state) in n.iter_mut().zip(row_mut(terms, t, size.hidden)) {
                core::mem::swap(of_input, of_state);
            }
        }
    }

    pub(crate) fn gradient<N: Kernel>(&self, mut ports: Gradient<'_, N>) {
        let size = self.recurrence(ports.input);
        let kept = cast_mut::<N::Elem>(core::mem::take(&mut ports.kept));
        let (gates, terms) = split(kept, size.frames * size.outputs);
        let of_state = ports.tensor % 2 == 1;
        if of_state {
            self.turn::<N>(size, gates, terms);
        }
        let [_, _, of_sums] = scales::<N, 3>(ports.inner);
        size.gradient::<N>(seen(gates, of_sums), ports);
        if of_state {
            self.turn::<N>(size, gates, terms);
        }
    }
}
