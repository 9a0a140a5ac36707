//! The loss of a text in block fixed point.

use super::limit::{Limiter, bits};
use crate::math::fixed::{self, shift};
use crate::number::bfp::{Bfp14, Master, Peak, Q32};
use crate::number::{View, ViewMut};

/// Exponentials in Q15 from differences in Q12; two reciprocals, of the sum of each frame and of the frames.
/// A probability less its target has 15 bits below the point, as many as the exponentials.
pub(super) fn next_token<M: Master>(
    z: View<'_, Bfp14<M>>,
    vocabulary: usize,
    frames: usize,
    token: impl Fn(usize) -> Option<usize>,
    dz: ViewMut<'_, Bfp14<M>>,
) -> (Q32, Peak) {
    let by = -12 - bits(z.scale);
    let (share, exponent) = fixed::reciprocal(u32::try_from(frames).unwrap_or(u32::MAX));
    let to_delta = bits(dz.scale) + 15 - exponent;
    let mut limiter = Limiter::new();
    let mut loss = 0_i64;
    let rows = z.data.chunks_exact(vocabulary.max(1)).take(frames);
    let mut deltas = dz.data.chunks_exact_mut(vocabulary.max(1));
    for ((t, z), dz) in rows.enumerate().zip(&mut deltas) {
        let highest = i32::from(z.iter().copied().max().unwrap_or(0));
        let below = |z: i16| shift(highest - i32::from(z), by).unsigned_abs();
        let power = |z: i16| fixed::exp_negative(below(z));
        let sum = z.iter().map(|z| power(*z)).fold(0, u32::saturating_add);
        let (part, of_sum) = fixed::reciprocal(sum);
        let class = token(t);
        for (o, (dz, z)) in dz.iter_mut().zip(z).enumerate() {
            // Both have 16 bits, so that no product is above 2³⁰.
            let probability = shift((power(*z) * part as u32) as i32, -15 - of_sum);
            let target = if class == Some(o) { 1 << 15 } else { 0 };
            *dz = limiter.limit(shift((probability - target) * share, to_delta));
        }
        let distance = class
            .and_then(|class| z.get(class))
            .map_or(0, |z| i64::from(below(*z)));
        loss = loss.saturating_add((i64::from(fixed::ln(sum)) << 16) + (distance << 20));
    }
    for dz in deltas {
        dz.fill(0);
    }
    let mean = loss.max(0).checked_div(frames as i64).unwrap_or(0);
    (Q32(mean), limiter.peak())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Judge;
    use crate::number::bfp::Exponent;

    #[test]
    fn a_text_is_judged_as_in_floats() {
        let tokens = [3, 0, 4];
        for scale in [-13, -10, -9] {
            let z: [i16; 20] = core::array::from_fn(|k| ((k as i32 * 7919) % 16381 - 8190) as i16);
            let values = z.map(|z| f64::from(z) * libm::exp2(scale.into()));
            let (mut exact, mut dz) = ([9.0; 20], [99; 20]);
            let token = |t: usize| tokens.get(t).copied();
            let view = ViewMut {
                data: &mut exact,
                scale: (),
            };
            let (loss, ()) = f64::next_token(View::plain(&values), 5, 3, token, view);
            let z = View {
                data: &z,
                scale: Exponent(scale),
            };
            let view = ViewMut {
                data: &mut dz,
                scale: Exponent(-14),
            };
            let (found, peak) = <Bfp14>::next_token(z, 5, 3, token, view);
            let found = found.0 as f64 / 4_294_967_296.0;
            assert!((found - loss).abs() <= 3e-4 * (1.0 + loss), "{found} and {loss}");
            assert!(peak.largest > 0 && peak.saturated == 0);
            for (found, exact) in dz.iter().zip(exact) {
                let found = f64::from(*found) / 16384.0;
                assert!((found - exact).abs() <= 1.2e-4, "{found} and {exact}");
            }
            assert_eq!(dz[15..], [0; 5]);
        }
    }
}
