//! Normalisation by the root mean square.

use super::{Backward, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit, grouped};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::Number;

/// `n[t, c] = x[t, c] / √(q[t] + 10⁻⁵)`, `y[t, c] = weight[c] n[t, c]`, with the mean square
/// `q[t] = (1/C) Σ_c x[t, c]²` of each position
///
/// Input and output: any shape, the same, of `T` positions of `C` channels; a vector is one position.
/// Parameters: `weight [C]` (starts at 1). Cost: `2 T C` multiply-accumulates (squares; gain). Works in place. Keeps
/// `n` for the backward pass, which is as large as the input, and `1 / √(q + ε)` of each position where the
/// gradient of the input is needed: `T (C + 1)` elements.
/// Gradients: `dweight[c] = Σ_t dy n`, and with `d = weight · dy` and the mean over the channels
/// `dx = (d − n mean(d n)) / √(q + ε)`.
/// Source: Zhang and Sennrich, Root mean square layer normalization, 2019.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RmsNorm;

impl RmsNorm {
    pub(crate) const NAME: &'static str = "rms_norm";
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Rescaled
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
        grouped::room::<N>(input, grouped::positions(input, false).count, visit)
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if grouped::channels(input) < 2 {
            return Err("needs at least 2 channels: of one value alone only the sign would be left");
        }
        Ok(input)
    }

    pub(crate) const fn params(&self, input: Shape) -> Params {
        grouped::gain(input)
    }

    pub(crate) const fn macs(&self, input: Shape) -> usize {
        2 * input.len()
    }

    pub(crate) const fn settings(&self) -> u64 {
        NO_SETTINGS
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        let groups = grouped::positions(ports.input, false);
        grouped::forward(ports, groups, None)
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let groups = grouped::positions(ports.input, false);
        grouped::backward(ports, groups)
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}
