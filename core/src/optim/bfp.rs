//! Optimizers in block fixed point.

use super::{Optimizer, ParamMut, Sgd, State};
use crate::kernel::{Grad, Kernel};
use crate::math::fixed::shift_wide;
use crate::number::Bfp14;
use crate::number::bfp::{BIAS_FRACTION, Exponent, MANTISSA, Planes, exponent, join, split};
use crate::number::random::Pcg;

/// A positive factor as `mantissa · 2^exponent`, with 15 bits of mantissa.
#[derive(Debug, Clone, Copy)]
pub struct Factor {
    mantissa: i64,
    exponent: i32,
}

impl Factor {
    /// The factor nearest below `value`; zero for what is not a positive number. From its bits alone.
    fn new(value: f32) -> Self {
        let bits = value.to_bits();
        let biased = (bits >> 23) as i32;
        if !(1..255).contains(&biased) {
            return Self {
                mantissa: 0,
                exponent: 0,
            };
        }
        let fraction = (bits & 0x7f_ffff) | 0x80_0000;
        Self {
            mantissa: i64::from(fraction >> 9),
            exponent: biased - 127 - 14,
        }
    }

    /// The product, with as many bits.
    fn times(self, other: Self) -> Self {
        Self {
            mantissa: (self.mantissa * other.mantissa) >> 15,
            exponent: self.exponent + other.exponent + 15,
        }
    }
}

/// What is the same for every parameter of one update: η, and η λ.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    rate: Factor,
    decay: Factor,
}

/// `w ← w − η g − η λ w`, on the master planes.
impl Optimizer<Bfp14> for Sgd {
    type Step = Rates;

    fn step(&self, _count: u32) -> Rates {
        let rate = Factor::new(self.learning_rate);
        Rates {
            rate,
            decay: rate.times(Factor::new(self.weight_decay)),
        }
    }

    fn update(
        step: &Rates,
        param: ParamMut<'_, Bfp14>,
        gradient: Grad<'_, Bfp14>,
        _: State<'_>,
        _: &mut Pcg,
    ) {
        let Rates { rate, decay } = step;
        let Exponent(scale) = Bfp14::gradient_scale(gradient.track.as_deref());
        let product = i32::from(scale) + rate.exponent;
        match param {
            ParamMut::Bias(bias) => {
                let by = -i32::from(BIAS_FRACTION) - product;
                for (b, g) in bias.iter_mut().zip(gradient.data) {
                    let shrink = delta(b.0, decay, -decay.exponent);
                    b.0 = b.0.saturating_sub(delta(*g, rate, by)).saturating_sub(shrink);
                }
            }
            ParamMut::Weight(Planes { high, low }) => {
                let Exponent(scale) = exponent(gradient.track.as_deref());
                let by = i32::from(scale) - 16 - product;
                let mut largest = 0;
                for ((high, low), g) in high.iter_mut().zip(low.iter_mut()).zip(gradient.data) {
                    // Twice the range of a mantissa still fits the plane, until all are halved below.
                    let limit = (2 * MANTISSA) << 16;
                    let fine = join(*high, *low);
                    let shrink = delta(fine, decay, -decay.exponent);
                    let fine = fine
                        .saturating_sub(delta(*g, rate, by))
                        .saturating_sub(shrink)
                        .clamp(-limit, limit);
                    (*high, *low) = split(fine);
                    largest = largest.max(i32::from(*high).abs());
                }
                if largest > MANTISSA {
                    // An exponent of zero stands for a track that was never set.
                    let coarser = if scale == -1 { 1 } else { scale + 1 };
                    for (high, low) in high.iter_mut().zip(low) {
                        (*high, *low) = split(join(*high, *low) >> (coarser - scale));
                    }
                    if let Some([scale, ..]) = gradient.track {
                        *scale = coarser;
                    }
                }
            }
        }
    }
}

/// `η g`, in units that are `2^by` times those of the product.
fn delta(g: i32, rate: &Factor, by: i32) -> i32 {
    shift_wide(i64::from(g) * rate.mantissa, by).clamp(i32::MIN.into(), i32::MAX.into()) as i32
}
