//! Sparse update of a depthwise convolution: the kernels of some channels learn.

use super::matrices::again;
use super::{Backward, Depthwise, Forward, Gradient, InPlace, Reads, Room, Visit};
use crate::kernel::{Kernel, Run, Window};
use crate::network::{Param, Params, Shape, Start};
use crate::number::{Number, View, ViewMut, cast, cast_mut};

/// [`Channels`](super::Channels) of a depthwise convolution: `y[t, c] = b[c] + Σ_k (w + v)[k, c] · x[s·t + d·k − p, c]`,
/// `v` zero but in the channels `a … a + n − 1`, where `w` and `b` of the base stay frozen, in flash
///
/// Input and output: those of the base. Parameters: those of the base, then `channels [K…, n]`, zero at the start. Cost:
/// `n / C` of the base's multiply-accumulates beside them. Keeps the chosen channels of its input for the backward
/// pass, and not the others. Gradients: those of the base.
/// [`merged_weight`](crate::engine::Trainer::merged_weight) gives `w + v`.
/// Source: Lin et al., On-device training under 256 KB memory, 2022 (sparse update).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelsDepthwise<const D: usize> {
    /// The frozen layer.
    pub base: Depthwise<D>,
    /// First channel that learns, `a`.
    pub from: u16,
    /// How many learn, `n`.
    pub count: u16,
}

impl<const D: usize> ChannelsDepthwise<D> {
    pub(crate) const NAME: &'static str = if D == 1 {
        "channels_depthwise1d"
    } else {
        "channels_depthwise2d"
    };
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    /// The chosen channels alone.
    const fn chosen(&self, shape: Shape) -> Shape {
        shape.with_dim(D, self.count)
    }

    const fn window(&self, input: Shape) -> Window {
        self.base.window(self.chosen(input))
    }

    const fn run(&self, input: Shape) -> Run {
        Run {
            width: input.channels(),
            from: self.from as usize,
            length: self.count as usize,
        }
    }

    /// Bytes of the chosen channels of input and output.
    const fn bytes<N: Number>(&self, input: Shape) -> (usize, usize) {
        let output = match self.base.output(input) {
            Ok(output) => self.chosen(output).len(),
            Err(_) => 0,
        };
        let element = size_of::<N::Elem>();
        (self.chosen(input).len() * element, output * element)
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        let (z, u) = self.bytes::<N>(input);
        Room {
            kept: if visit.trains { z } else { 0 },
            forward: if visit.trains { u } else { z + u },
            backward: match (visit.trains, visit.passes) {
                (_, true) => u + z,
                (true, false) => u,
                (false, false) => 0,
            },
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        match self.base.output(input) {
            Ok(output) if self.count > 0 && self.from as usize + self.count as usize <= input.channels() => {
                Ok(output)
            }
            Ok(_) => Err("needs at least one channel, and none beyond the input's"),
            Err(fault) => Err(fault),
        }
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        match self.base.params(self.chosen(input)).get(0) {
            Some(weight) => self.base.params(input).with(Param {
                name: "channels",
                start: Start::Zeros,
                ..weight
            }),
            None => Params::NONE,
        }
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        self.base.macs(input) + self.base.macs(self.chosen(input))
    }

    pub(crate) const fn settings(&self) -> u64 {
        self.base.settings() ^ ((self.from as u64) << 46 | (self.count as u64) << 30)
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
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
        let (bytes, _) = self.bytes::<N>(input);
        let (z, u) = if visit.trains {
            (kept, scratch)
        } else {
            scratch.split_at_mut_checked(bytes).unwrap_or_default()
        };
        let z = gathered(x, z, self.run(input));
        let all = ViewMut {
            data: &mut *y.data,
            scale: y.scale,
        };
        let frozen = N::depthwise(p.weight(0), p.bias(1), x, all, &mut [], &self.base.window(input));
        let (data, scale) = (cast_mut::<N::Elem>(u), y.scale);
        N::clear(data);
        let u = ViewMut {
            data: &mut *data,
            scale,
        };
        let chosen = N::depthwise(p.weight(2), &[], z, u, &mut [], &self.window(input));
        let (run, frozen) = (self.run(input), N::higher(frozen, chosen));
        N::higher(frozen, N::scatter(View { data, scale }, y, run))
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let Backward {
            input,
            p,
            mut dp,
            x,
            dy,
            dx,
            kept,
            scratch,
            ..
        } = ports;
        let (_, bytes) = self.bytes::<N>(input);
        let (du, dz) = scratch.split_at_mut_checked(bytes).unwrap_or_default();
        let du = gathered(dy, du, self.run(input));
        let (window, fresh) = (self.window(input), dp.fresh);
        if let Some(dw) = dp.tensor(2) {
            let z = View {
                data: cast::<N::Elem>(kept),
                scale: x.scale,
            };
            N::depthwise_weights(z, du, dw, &window, fresh);
        }
        let Some(mut dx) = dx else {
            return N::Peak::default();
        };
        let all = ViewMut {
            data: &mut *dx.data,
            scale: dx.scale,
        };
        let frozen = N::depthwise_input(p.weight(0), dy, all, &self.base.window(input));
        let (data, scale) = (cast_mut::<N::Elem>(dz), dx.scale);
        N::clear(data);
        let dz = ViewMut {
            data: &mut *data,
            scale,
        };
        let chosen = N::depthwise_input(p.weight(2), du, dz, &window);
        let (run, frozen) = (self.run(input), N::higher(frozen, chosen));
        N::higher(frozen, N::scatter(View { data, scale }, again(&mut dx), run))
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}

/// The chosen channels of `x`, in `room`.
fn gathered<'a, N: Kernel>(x: View<'_, N>, room: &'a mut [u8], run: Run) -> View<'a, N> {
    let data = cast_mut::<N::Elem>(room);
    N::clear(data);
    let scale = x.scale;
    let z = ViewMut {
        data: &mut *data,
        scale,
    };
    N::gather(x, z, run);
    View { data, scale }
}
