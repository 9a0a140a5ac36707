//! What RNN, GRU and LSTM have in common: the shapes, the parameters, and the matrix products.

use super::Gradient;
use super::matrices::Matrices;
use crate::kernel::{Kernel, Sweep};
use crate::network::{Gradients, Param, Parameters, Params, Shape, Start};
use crate::number::{Scale, View, ViewMut};

/// The extents of a recurrent layer: `G` gates of `H` each, over `T` frames of `C` channels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recurrence {
    pub frames: usize,
    pub channels: usize,
    pub hidden: usize,
    /// `G · H`
    pub outputs: usize,
}

impl Recurrence {
    pub(super) const fn new(input: Shape, hidden: u16, gates: usize) -> Self {
        Self {
            frames: input.dim(0),
            channels: input.channels(),
            hidden: hidden as usize,
            outputs: gates * hidden as usize,
        }
    }

    pub(super) const fn output(input: Shape, hidden: u16) -> Result<Shape, &'static str> {
        if input.rank() != 2 {
            return Err("needs a series as its input: Shape::series(channels, length)");
        }
        // Gates of all four kinds are counted in 16 bits.
        if hidden == 0 || hidden > u16::MAX / 4 {
            return Err("needs a hidden state of 1 to 16383");
        }
        Ok(Shape::series(hidden, input.dim(0) as u16))
    }

    /// Each gate is drawn as a matrix of its own.
    pub(super) const fn params(&self) -> Params {
        let (channels, hidden) = (self.channels as u16, self.hidden as u16);
        let outputs = self.outputs as u16;
        let fan = self.hidden as u32;
        Params::NONE
            .with(Param::weight(
                "input_weight",
                Shape::new([channels, outputs]),
                channels as u32,
                fan,
            ))
            .with(Param::weight(
                "state_weight",
                Shape::new([hidden, outputs]),
                fan,
                fan,
            ))
            .with(Param::bias("input_bias", Shape::vector(outputs), Start::Zeros))
            .with(Param::bias("state_bias", Shape::vector(outputs), Start::Zeros))
    }

    /// The first frame has no state to multiply with.
    pub(super) const fn macs(&self) -> usize {
        (self.frames * self.channels + self.frames.saturating_sub(1) * self.hidden) * self.outputs
    }

    /// Frame `t` of the input, into row `row` of the sums.
    pub(super) fn input(&self, t: usize, row: usize) -> Sweep {
        Sweep {
            positions: 1,
            start: t * self.channels,
            step: 0,
            length: self.channels,
            first: 0,
            target: row,
            outputs: self.outputs,
        }
    }

    /// The output of the frame before `t`, into row `row` of the sums. There is none before the first.
    pub(super) fn state(&self, t: usize, row: usize) -> Sweep {
        Sweep {
            positions: 1,
            start: t.saturating_sub(1) * self.hidden,
            step: 0,
            length: if t == 0 { 0 } else { self.hidden },
            first: 0,
            target: row,
            outputs: self.outputs,
        }
    }

    /// The sums of row `row`, of which the state is a part.
    pub(super) fn back(&self, row: usize) -> Sweep {
        Sweep {
            positions: 1,
            start: 0,
            step: 0,
            length: self.hidden,
            first: 0,
            target: row,
            outputs: self.outputs,
        }
    }

    /// All frames of the input, each into its row of the sums.
    fn inputs(&self) -> Sweep {
        Sweep {
            positions: self.frames,
            step: self.channels,
            ..self.input(0, 0)
        }
    }

    /// All outputs that are a state, each into the row of the sums of the frame behind it: the first has none before it.
    fn states(&self) -> Sweep {
        Sweep {
            positions: self.frames.saturating_sub(1),
            step: self.hidden,
            target: 1,
            ..self.back(0)
        }
    }

    /// `dx[t] = W da[t]`, from the gradients `sums` of all sums of the input.
    pub(super) fn input_gradient<N: Kernel>(
        &self,
        m: &mut impl Matrices<N>,
        p: &Parameters<'_, N>,
        sums: View<'_, N>,
        dx: Option<ViewMut<'_, N>>,
    ) -> N::Peak {
        dx.map_or(N::Peak::default(), |dx| {
            m.affine_input(p, 0, sums, dx, self.inputs())
        })
    }

    /// The gradient of what learns beside matrix `matrix`, from those of all sums that it is in.
    pub(super) fn beside<N: Kernel>(
        &self,
        m: &mut impl Matrices<N>,
        p: &Parameters<'_, N>,
        dp: &mut Gradients<'_, N>,
        matrix: usize,
        operands: (View<'_, N>, View<'_, N>),
    ) {
        let sweep = if matrix == 0 { self.inputs() } else { self.states() };
        m.affine_weights(p, dp, matrix, operands, sweep, (false, self.frames));
    }

    /// The gradient of some rows of a matrix, or of a bias, from those of all sums that the tensor is in.
    pub(super) fn gradient<N: Kernel>(&self, sums: View<'_, N>, ports: Gradient<'_, N>) {
        let Gradient {
            x,
            y,
            dw,
            fresh,
            rows,
            ..
        } = ports;
        match ports.tensor {
            0 => N::series_weights(x, sums, dw, self.inputs().rows(&rows), fresh, self.frames),
            1 => N::series_weights(y, sums, dw, self.states().rows(&rows), fresh, self.frames),
            _ => N::affine_bias(sums, dw, fresh),
        }
    }
}

/// Two neighbours of a slice; both empty if it is too short.
pub(super) fn split<E>(data: &mut [E], at: usize) -> (&mut [E], &mut [E]) {
    data.split_at_mut_checked(at).unwrap_or((&mut [], &mut []))
}

/// Row `index` of rows of `length`; empty if there is none.
pub(super) fn row<E>(data: &[E], index: usize, length: usize) -> &[E] {
    let from = index * length;
    data.get(from..from + length).unwrap_or(&[])
}

/// [`row`] to write.
pub(super) fn row_mut<E>(data: &mut [E], index: usize, length: usize) -> &mut [E] {
    let from = index * length;
    data.get_mut(from..from + length).unwrap_or(&mut [])
}

/// Elements of the layer's own, to write.
pub(super) fn own<N: Kernel>(data: &mut [N::Elem], scale: Scale<N>) -> ViewMut<'_, N> {
    ViewMut { data, scale }
}

/// Elements of the layer's own, to read.
pub(super) fn seen<N: Kernel>(data: &[N::Elem], scale: Scale<N>) -> View<'_, N> {
    View { data, scale }
}

/// The scales of the tensors that a layer keeps to itself.
pub(super) fn scales<N: Kernel, const COUNT: usize>(inner: &[N::Track]) -> [Scale<N>; COUNT] {
    core::array::from_fn(|index| N::scale(inner.get(index)))
}

/// Takes note of what a pass has seen of them, from the one with index `from` on.
pub(super) fn follow<N: Kernel, const COUNT: usize>(
    inner: &mut [N::Track],
    from: usize,
    peaks: [N::Peak; COUNT],
) {
    for (index, peak) in peaks.into_iter().enumerate() {
        N::follow(inner.get_mut(from + index), peak);
    }
}

/// `peak ← max(peak, more)`
pub(super) fn raise<N: Kernel>(peak: &mut N::Peak, more: N::Peak) {
    *peak = N::higher(*peak, more);
}

/// Frame `t` of a tensor of frames of `length`.
pub(super) fn frame<N: Kernel>(of: View<'_, N>, t: usize, length: usize) -> View<'_, N> {
    View {
        data: row(of.data, t, length),
        scale: of.scale,
    }
}

/// The frame before frame `t`; empty before the first.
pub(super) fn frame_before<N: Kernel>(of: View<'_, N>, t: usize, length: usize) -> View<'_, N> {
    match t.checked_sub(1) {
        Some(t) => frame(of, t, length),
        None => View {
            data: &[],
            scale: of.scale,
        },
    }
}

/// The frames before frame `t` to read, and frame `t` to write.
pub(super) fn part<'a, N: Kernel>(
    y: &'a mut ViewMut<'_, N>,
    t: usize,
    length: usize,
) -> (View<'a, N>, ViewMut<'a, N>) {
    let (data, now) = split(y.data, t * length);
    let scale = y.scale;
    let data = &*data;
    let now = ViewMut {
        data: row_mut(now, 0, length),
        scale,
    };
    (View { data, scale }, now)
}
