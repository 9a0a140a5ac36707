//! Join with the channels of an earlier output.

use super::{Backward, Forward, Gradient, InPlace, NO_SETTINGS, Reads, Room, Visit};
use crate::kernel::{Kernel, Run};
use crate::network::{Params, Shape};
use crate::number::{Number, ViewMut};

/// `y[t, c] = x[t, c]` for `c < C`, `y[t, C + d] = e[t, d]`, where `e` is the output of the layer `back`
/// places above this one
///
/// Input and earlier output: series or images of the same positions, or vectors. Output: the same
/// positions, with the channels of both. No parameters; nothing is kept for the backward pass.
/// Gradients: `dx[t, c] = dy[t, c]`, `de[t, d] = dy[t, C + d]`.
/// Source: Ronneberger, Fischer and Brox, U-Net, 2015; Huang et al., Densely connected networks, 2017.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concat {
    /// How many places above this layer the other part is; at least 2.
    pub back: u8,
}

impl Concat {
    pub(crate) const NAME: &'static str = "concat";
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Never
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    pub(crate) const fn room<N: Number>(&self, _input: Shape, _visit: Visit) -> Room {
        Room::NONE
    }

    /// The shape follows from the earlier output too: see [`joined`](Self::joined).
    pub(crate) const fn output(&self, _input: Shape) -> Result<Shape, &'static str> {
        Err("needs an earlier output: its shape follows from both")
    }

    pub(crate) const fn joined(&self, input: Shape, earlier: Shape) -> Result<Shape, &'static str> {
        if input.rank() != earlier.rank() {
            return Err("needs an earlier output with as many dimensions as its input");
        }
        let mut outer = 0;
        while outer + 1 < input.rank() {
            if input.dim(outer) != earlier.dim(outer) {
                return Err("needs an earlier output with the same frames or pixels as its input");
            }
            outer += 1;
        }
        let channels = input.dim(outer) + earlier.dim(outer);
        if channels > u16::MAX as usize {
            return Err("has more than 65535 channels");
        }
        Ok(input.with_dim(outer, channels as u16))
    }

    pub(crate) const fn params(&self, _input: Shape) -> Params {
        Params::NONE
    }

    pub(crate) const fn macs(&self, _input: Shape) -> usize {
        0
    }

    pub(crate) const fn settings(&self) -> u64 {
        self.back as u64 + NO_SETTINGS
    }

    pub(crate) fn forward<N: Kernel>(&self, Forward { input, x, e, y, .. }: Forward<'_, N>) -> N::Peak {
        let first = inner(input);
        let width = first + e.data.len() / (input.len() / first.max(1)).max(1);
        let y_scale = y.scale;
        let a = N::spread(
            x,
            ViewMut {
                data: &mut *y.data,
                scale: y_scale,
            },
            Run {
                width,
                from: 0,
                length: first,
            },
        );
        let b = N::spread(
            e,
            y,
            Run {
                width,
                from: first,
                length: width - first,
            },
        );
        N::higher(a, b)
    }

    pub(crate) fn backward<N: Kernel>(&self, ports: Backward<'_, N>) -> N::Peak {
        let Backward {
            input,
            dy,
            dx,
            de,
            de_peak,
            ..
        } = ports;
        let first = inner(input);
        let width = dy.data.len() / (input.len() / first.max(1)).max(1);
        if let Some(de) = de {
            *de_peak = N::gather(
                dy,
                de,
                Run {
                    width,
                    from: first,
                    length: width - first,
                },
            );
        }
        match dx {
            Some(dx) => N::gather(
                dy,
                dx,
                Run {
                    width,
                    from: 0,
                    length: first,
                },
            ),
            None => N::Peak::default(),
        }
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}

/// The innermost extent, along which the two are joined.
fn inner(input: Shape) -> usize {
    match input.rank() {
        1 => input.len(),
        _ => input.channels(),
    }
}
