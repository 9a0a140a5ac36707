//! Group and instance normalisation.

use super::{Backward, Forward, Gradient, InPlace, Reads, Room, Visit, grouped};
use crate::kernel::{Groups, Kernel};
use crate::network::{Params, Shape};
use crate::number::Number;

/// `n[t, c] = (x[t, c] − μ[g]) / √(v[g] + 10⁻⁵)`, `y[t, c] = weight[c] n[t, c] + bias[c]`, with the mean `μ[g]` and
/// the variance `v[g]` of the group `g = ⌊c G / C⌋`: `C/G` channels over all positions
///
/// Input and output: any shape, the same, of `T` positions of `C` channels; a vector is one position. One channel
/// to a group is instance normalisation. Parameters: `weight [C]` (starts at 1), `bias [C]` (at 0). Cost: `2 T C`
/// multiply-accumulates (squares; gain and shift). Works in place. Keeps `n` for the backward pass, which is as
/// large as the input, and `1 / √(v + ε)` of each group where the gradient of the input is needed: `T C + G`
/// elements. Gradients: `dweight[c] = Σ_t dy n`, `dbias[c] = Σ_t dy`, and with `d = weight · dy` and means over the
/// group `dx = (d − mean(d) − n mean(d n)) / √(v + ε)`.
/// Sources: Wu and He, Group normalization, 2018; Ulyanov, Vedaldi and Lempitsky, Instance normalization, 2016.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupNorm {
    /// Number of groups, `G`; `None` for as many as there are channels.
    pub groups: Option<u16>,
}

impl GroupNorm {
    pub(crate) const NAME: &'static str = "group_norm";
    pub(crate) const ROWS: bool = false;

    /// Channels of a group; 0 where they do not go into the groups.
    const fn width(&self, input: Shape) -> usize {
        let channels = grouped::channels(input);
        match self.groups {
            None => 1,
            Some(0) => 0,
            Some(groups) if channels.is_multiple_of(groups as usize) => {
                grouped::ratio(channels, groups as usize)
            }
            Some(_) => 0,
        }
    }

    const fn groups(&self, input: Shape) -> Groups {
        match self.width(input) {
            0 => grouped::spans(input, 1),
            width => grouped::spans(input, width),
        }
    }

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Rescaled
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        grouped::room::<N>(input, self.groups(input).count, visit)
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if self.width(input) == 0 {
            return Err("needs a number of groups that divides the channels");
        }
        if self.width(input) * grouped::positions_of(input) < 2 {
            return Err("needs at least 2 values in a group: one alone is its own mean");
        }
        Ok(input)
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        grouped::gain_and_shift(input)
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        2 * input.len()
    }

    /// The number of groups; all ones for as many as there are channels.
    pub(crate) const fn settings(&self) -> u64 {
        match self.groups {
            Some(groups) => groups as u64,
            None => u64::MAX,
        }
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        let groups = self.groups(ports.input);
        grouped::forward(ports, groups, None)
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let groups = self.groups(ports.input);
        grouped::backward(ports, groups)
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
