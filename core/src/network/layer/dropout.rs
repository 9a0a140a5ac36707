//! Dropout.

use super::{Backward, Forward, Gradient, InPlace, Pass, Reads, Room, Visit};
use crate::kernel::Kernel;
use crate::network::{Params, Shape};
use crate::number::Number;
use crate::number::random::Pcg;

/// Learning: `y[i] = x[i] m[i] / (1 − rate)`, where `m[i]` is 0 with probability `rate` and 1 otherwise, drawn
/// for each sample; inference: `y = x`
///
/// Input and output: any shape, the same. No parameters. Works in place. No mask is kept: the 16 bytes of
/// the generator's state before the first draw are, and the mask is drawn again in the backward pass.
/// Gradient: `dx[i] = dy[i] m[i] / (1 − rate)`.
/// Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014 (inverted,
/// as in PyTorch).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The share that is dropped, at least 0 and below 1.
    pub rate: f32,
}

impl Dropout {
    pub(crate) const NAME: &'static str = "dropout";
    pub(crate) const ROWS: bool = false;

    pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
        InPlace::Always
    }

    pub(crate) const fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    /// It drops below the first layer that trains too, so the state is there whether or not the backward pass
    /// comes: the output may have to be computed again.
    pub(crate) const fn room<N: Number>(&self, _input: Shape, _visit: Visit) -> Room {
        Room {
            kept: 2 * size_of::<u64>(),
            ..Room::NONE
        }
    }

    pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
        if self.rate >= 0.0 && self.rate < 1.0 {
            Ok(input)
        } else {
            Err("needs a rate of at least 0 and below 1")
        }
    }

    pub(crate) const fn params(&self, _input: Shape) -> Params {
        Params::NONE
    }

    pub(crate) const fn macs(&self, _input: Shape) -> usize {
        0
    }

    pub(crate) const fn settings(&self) -> u64 {
        self.rate.to_bits() as u64
    }

    pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
        let Forward {
            y,
            kept,
            pass,
            random,
            ..
        } = ports;
        match pass {
            Pass::Infer => N::Peak::default(),
            Pass::Learn | Pass::Trial => {
                let (state, increment) = random.state();
                for (kept, word) in kept.chunks_exact_mut(8).zip([state, increment]) {
                    kept.copy_from_slice(&word.to_le_bytes());
                }
                if pass == Pass::Trial {
                    // The generator goes on from where it stood, as if the sample had not been tried.
                    return N::dropout(y, self.rate, &mut random.clone());
                }
                N::dropout(y, self.rate, random)
            }
            Pass::Again => N::dropout(y, self.rate, &mut before(kept)),
        }
    }

    pub(crate) fn backward<N: Kernel>(&self, Backward { dx, kept, .. }: Backward<'_, N>) -> N::Peak {
        dx.map_or_else(N::Peak::default, |dx| {
            N::dropout(dx, self.rate, &mut before(kept))
        })
    }

    pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
}

/// The generator as it stood before the mask was drawn.
fn before(kept: &[u8]) -> Pcg {
    let word = |at: usize| {
        let bytes = kept.get(at..).and_then(<[u8]>::first_chunk::<8>);
        u64::from_le_bytes(bytes.copied().unwrap_or_default())
    };
    Pcg::from_state((word(0), word(8)))
}
