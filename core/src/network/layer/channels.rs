//! Sparse update: some input channels of a frozen layer learn.

use super::base::Base;
use super::windowed::{sweep, sweep_input, sweep_weights};
use super::{Backward, Forward, Gradient, InPlace, Reads, Room, Visit};
use crate::kernel::{Kernel, Run, Window};
use crate::network::{Param, Params, Shape, Start};
use crate::number::{Number, View, ViewMut, cast, cast_mut};

/// `y = b + W x + V z`, `z` the input channels `a … a + n − 1` of `x`, where `W` and `b` of the base stay
/// frozen, in flash
///
/// The base is a dense layer (whose channels are its inputs), a convolution or (`TRANSPOSED`) a transposed one; `V` moves over `z` as `W`
/// does over `x`. Input and output: those of the base. Parameters: those of the base, then
/// `channels [.., n, O]`, shaped as the base's weight with `n` channels, zero at the start: what the chosen
/// channels' weights have moved by. So learning is that of these weights alone (a weight decay would pull
/// them to where they started). Cost: `n / C` of the base's multiply-accumulates beside them.
/// Keeps `z` for the backward pass, and not its input.
/// Gradients: `dV = z dyᵀ`, `dx = W dy`, and in the chosen channels `V dy` besides.
/// [`merged_weight`](crate::engine::Trainer::merged_weight) gives `W` with `V` added to its channels.
/// Source: Lin et al., On-device training under 256 KB memory, 2022 (sparse update).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels<const TRANSPOSED: bool = false> {
    /// The frozen layer.
    pub base: Base,
    /// First input channel that learns, `a`.
    pub from: u16,
    /// How many learn, `n`.
    pub count: u16,
}

impl<const TRANSPOSED: bool> Channels<TRANSPOSED> {
    pub(crate) const NAME: &'static str = if TRANSPOSED {
        "channels_transposed"
    } else {
        "channels"
    };
    pub(crate) const ROWS: bool = true;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    /// The input's channels: of a dense layer, its elements.
    pub(crate) const fn width(&self, input: Shape) -> usize {
        match self.base {
            Base::Dense(_) => input.len(),
            _ => input.channels(),
        }
    }

    /// The chosen channels alone.
    const fn chosen(&self, input: Shape) -> Shape {
        match self.base {
            Base::Dense(_) => Shape::vector(self.count),
            _ => input.with_dim(input.rank() - 1, self.count),
        }
    }

    const fn window(&self, input: Shape) -> Window {
        self.base.window(self.chosen(input))
    }

    fn run(&self, input: Shape) -> Run {
        Run {
            width: self.width(input),
            from: self.from.into(),
            length: self.count.into(),
        }
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        let z = self.chosen(input).len() * size_of::<N::Elem>();
        Room {
            kept: if visit.trains { z } else { 0 },
            forward: if visit.trains { 0 } else { z },
            backward: if visit.passes { z } else { 0 },
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if self.count == 0 || self.from as usize + self.count as usize > self.width(input) {
            return Err("needs at least one channel, and none beyond the input's");
        }
        self.base.output(input)
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        let chosen = self.base.params(self.chosen(input));
        match chosen.get(0) {
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
            mut y,
            kept,
            scratch,
            visit,
            ..
        } = ports;
        let z = cast_mut::<N::Elem>(if visit.trains { kept } else { scratch });
        N::clear(z);
        N::gather(
            x,
            ViewMut {
                data: &mut *z,
                scale: x.scale,
            },
            self.run(input),
        );
        let z = View {
            data: &*z,
            scale: x.scale,
        };
        let (window, outputs) = (self.base.window(input), self.base.outputs());
        let frozen = sweep::<false, N>(p.weight(0), p.bias(1), x, &mut y, |f| {
            Base::sweeps::<TRANSPOSED>(window, outputs, f)
        });
        let window = self.window(input);
        N::higher(
            frozen,
            sweep::<false, N>(p.weight(2), &[], z, &mut y, |f| {
                Base::sweeps::<TRANSPOSED>(window, outputs, f)
            }),
        )
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let Backward {
            input,
            p,
            dy,
            dx,
            scratch,
            ..
        } = ports;
        let (window, outputs) = (self.window(input), self.base.outputs());
        let Some(mut dx) = dx else {
            return N::Peak::default();
        };
        let dz = cast_mut::<N::Elem>(scratch);
        N::clear(dz);
        let mut dz = ViewMut {
            data: dz,
            scale: dx.scale,
        };
        let chosen = sweep_input(p.weight(2), dy, &mut dz, |f| {
            Base::sweeps::<TRANSPOSED>(window, outputs, f)
        });
        let window = self.base.window(input);
        let frozen = sweep_input(p.weight(0), dy, &mut dx, |f| {
            Base::sweeps::<TRANSPOSED>(window, outputs, f)
        });
        let dz = View {
            data: &*dz.data,
            scale: dz.scale,
        };
        let peak = N::higher(frozen, chosen);
        N::higher(peak, N::scatter(dz, dx, self.run(input)))
    }

    /// Of the chosen channels' weights: nothing else trains.
    pub(crate) fn gradient<N: Kernel>(&self, ports: Gradient<'_, N>) {
        let Gradient {
            input,
            x,
            dy,
            kept,
            rows,
            dw,
            fresh,
            ..
        } = ports;
        let z = View {
            data: cast::<N::Elem>(kept),
            scale: x.scale,
        };
        let (window, outputs) = (self.window(input), self.base.outputs());
        sweep_weights(z, dy, dw, fresh, |f| {
            Base::weights::<TRANSPOSED>(window, outputs, &rows, f)
        });
    }
}
