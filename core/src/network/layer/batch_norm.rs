//! Batch normalisation, for batches of one.

use super::{Backward, Forward, Gradient, InPlace, Pass, Reads, Room, Visit, grouped};
use crate::kernel::{Channels, Kernel};
use crate::network::{Param, Params, Shape, Start};
use crate::number::{Number, View, cast, cast_mut};

/// `n[t, c] = (x[t, c] − μ[c]) / √(v[c] + 10⁻⁵)`, `y[t, c] = weight[c] n[t, c] + bias[c]`
///
/// Input and output: any shape, the same, of `T` positions of `C` channels; each element of a vector is a channel.
/// Parameters: `weight [C]` (starts at 1), `bias [C]` (at 0), and the running statistics `running_mean [C]` (at 0)
/// and `running_variance [C]` (at 1), which get no gradient and are saved with the others.
///
/// A device learns from one sample at a time, so which mean `μ` and variance `v` are meant is a choice:
///
/// - **By running statistics** (unless set otherwise): each learned sample first moves them, then they normalise it, as
///   constants. With the sample's mean `x̄` and biased variance `s` over its positions, momentum `m` and
///   `δ = x̄ − running_mean`: `running_mean ← running_mean + m δ`,
///   `running_variance ← (1 − m) (running_variance + m δ²) + m s`. That is the exact mixture of what they describe and
///   the sample, so it is defined for one position too, and learning and inference see the same function.
///   Gradients: `dx = weight · dy / √(v + ε)`, `dweight[c] = Σ_t dy n`, `dbias[c] = Σ_t dy`. With a small momentum
///   (0.01) the statistics are steadier.
/// - **`per_sample`**: `μ` and `v` are the sample's own over its positions (PyTorch's training at a batch of 1), and the
///   running statistics follow as in PyTorch: `r ← (1 − m) r + m · own`, with the unbiased variance. The input needs
///   two positions or more. Gradient: with `d = weight · dy` and means over the positions,
///   `dx = (d − mean(d) − n mean(d n)) / √(v + ε)`.
///
/// An inference uses the running statistics. A frozen layer, or one that trains its biases alone, uses them too and
/// never moves them.
///
/// Works in place. Cost: `T C` multiply-accumulates (gain and shift), `T C` more for a variance. Keeps `n` for
/// `dweight`, which is as large as the input (the output would not do, since `weight` may be 0), and, per
/// sample, `1 / √(v + ε)` of each channel; a frozen layer keeps nothing.
/// Before an inference it can be [folded](crate::network::fold) into the layer before it.
/// Sources: Ioffe and Szegedy, Batch normalization, 2015; Chiley et al., Online normalization, 2019, and Finch,
/// Incremental calculation of weighted mean and variance, 2009, for the running statistics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNorm {
    /// Learns by each sample's own mean and variance.
    pub per_sample: bool,
    /// The weight of a sample in the running statistics, above 0 and at most 1.
    pub momentum: f32,
}

impl BatchNorm {
    pub(crate) const NAME: &'static str = "batch_norm";
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Rescaled
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        if !visit.weighs {
            return Room::NONE;
        }
        let scales = if self.per_sample && visit.passes {
            grouped::channels(input)
        } else {
            0
        };
        Room {
            kept: (input.len() + scales) * size_of::<N::Elem>(),
            ..Room::NONE
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if !(self.momentum > 0.0 && self.momentum <= 1.0) {
            return Err("needs a momentum above 0 and at most 1");
        }
        if self.per_sample && grouped::positions_of(input) < 2 {
            return Err("needs two positions or more to learn per sample: one alone is its own mean");
        }
        Ok(input)
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        let shape = Shape::vector(grouped::channels(input) as u16);
        grouped::gain_and_shift(input)
            .with(Param::statistic("running_mean", shape, Start::Zeros))
            .with(Param::statistic("running_variance", shape, Start::Ones))
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        2 * input.len()
    }

    pub(crate) const fn settings(&self) -> u64 {
        (self.momentum.to_bits() as u64) << 1 | self.per_sample as u64
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        let Forward {
            input,
            p,
            statistics,
            x,
            y,
            kept,
            pass,
            ..
        } = ports;
        let channels = grouped::channels(input);
        let moving = !statistics.is_empty() && !matches!(pass, Pass::Infer);
        if moving && self.per_sample {
            let momentum = matches!(pass, Pass::Learn).then_some(self.momentum);
            let ports = Forward {
                input,
                p,
                statistics,
                x,
                y,
                kept,
                pass,
                ..ports
            };
            return grouped::forward(ports, grouped::spans(input, 1), momentum);
        }
        if moving && matches!(pass, Pass::Learn) {
            let x = View {
                data: &*y.data,
                scale: x.scale,
            };
            let running = statistics.split_at_mut_checked(channels).unwrap_or_default();
            N::follow_channels(x, running, self.momentum);
        }
        let (mean, variance) = match statistics.split_at_checked(channels) {
            Some(running) if channels > 0 => running,
            _ => (p.bias(2), p.bias(3)),
        };
        let channels = Channels {
            gain: p.bias(0),
            shift: p.bias(1),
            mean,
            variance,
        };
        N::standardise(y, x.scale, channels, cast_mut(kept))
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let Backward {
            input,
            p,
            mut dp,
            dy,
            dx,
            kept,
            ..
        } = ports;
        // What trains its weight has normalised by its own statistics; see `forward`.
        let trained = dp.tensor(0).is_some();
        if trained && self.per_sample {
            let ports = Backward {
                input,
                p,
                dp,
                dy,
                dx,
                kept,
                ..ports
            };
            return grouped::backward(ports, grouped::spans(input, 1));
        }
        let Some(dx) = dx else {
            return N::Peak::default();
        };
        let found = View {
            data: &*dx.data,
            scale: dy.scale,
        };
        grouped::parameters::<N>(&mut dp, found, cast(kept));
        N::standardise_gradient(dx, dy.scale, p.bias(0), p.bias(3))
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
