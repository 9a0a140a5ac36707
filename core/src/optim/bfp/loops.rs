//! The loops in which an update spends its time, once over the state and once over the weights: two short
//! loops fit the registers of a Cortex-M0, one long loop does not.
//!
//! Both take the short way where nothing can leave its range, which is known before they begin, and the
//! general one elsewhere; the bits are the same.

use super::momentum::Mix;
use super::{Dither, Scaled, Tally};
use crate::number::bfp::{Master, Planes};

/// The largest magnitude of the state.
const MOST: i32 = i16::MAX as i32;

/// What is left of a state that outgrew its 16 bits. Rare, so it stays out of the loops.
#[cold]
#[inline(never)]
fn limit(new: i32) -> i32 {
    new.clamp(-MOST, MOST)
}

/// New state as it is stored. `seen` collects magnitudes by `or`, which keeps the highest bit: that is all
/// that is asked of the largest.
#[inline(always)]
fn keep(v: &mut i16, new: i32, seen: &mut u32) {
    let magnitude = new.unsigned_abs();
    *seen |= magnitude;
    let new = if magnitude > MOST as u32 { limit(new) } else { new };
    *v = new as i16;
}

/// `v ← μ v + x dy` for each element of a row.
#[inline(never)]
pub(super) fn mix_row(
    mix: &Mix,
    v: &mut [i16],
    x: i32,
    dy: &[i16],
    largest: i32,
    from: Dither,
    tally: &mut Tally,
) -> Dither {
    let (mut dither, mut seen) = (from, tally.state);
    match mix.short(x, largest) {
        Some(x) => {
            let momentum = mix.momentum;
            for (v, dy) in v.iter_mut().zip(dy) {
                let random = (dither.next() & 0x7fff) as i32;
                let g = i32::from(*dy).wrapping_mul(x);
                let new = i32::from(*v)
                    .wrapping_mul(momentum)
                    .wrapping_add(g)
                    .wrapping_add(random)
                    >> 15;
                keep(v, new, &mut seen);
            }
        }
        None => {
            for (v, dy) in v.iter_mut().zip(dy) {
                keep(v, mix.of(*v, x * i32::from(*dy), dither.next()), &mut seen);
            }
        }
    }
    tally.state = seen;
    dither
}

/// `v ← μ v + g` for each element.
#[inline(never)]
pub(super) fn mix(mix: &Mix, v: &mut [i16], g: &[i32], mut dither: Dither, tally: &mut Tally) {
    let mut seen = tally.state;
    for (v, g) in v.iter_mut().zip(g) {
        keep(v, mix.of(*v, *g, dither.next()), &mut seen);
    }
    tally.state = seen;
}

/// `w ← w − η v` for each weight. `dither` is where the state's began: a weight is rounded by the other half
/// of its state's random bits.
#[inline(never)]
pub(super) fn apply<M: Master>(
    rate: &Scaled,
    weights: Planes<'_, M>,
    v: &[i16],
    mut dither: Dither,
    tally: &mut Tally,
) {
    let Planes { high, low } = weights;
    let (mut seen, mut stalled) = (tally.weights, tally.stalled);
    let mut random = || if M::RANDOM { dither.next() >> 16 } else { 0 };
    if let Some((mantissa, half, by)) = rate.short() {
        for ((high, below), v) in high.iter_mut().zip(low).zip(v) {
            let v = i32::from(*v);
            let delta = v.wrapping_mul(mantissa).wrapping_add(half) >> by;
            if delta == 0 && v != 0 {
                stalled += 1;
            }
            let fine = M::load(*high, &below).wrapping_sub(delta);
            *high = M::store(fine, random(), below);
            seen |= u32::from(high.unsigned_abs());
        }
        (tally.weights, tally.stalled) = (seen, stalled);
    } else {
        for ((high, below), v) in high.iter_mut().zip(low).zip(v) {
            let delta = rate.narrow((*v).into());
            tally.stall(delta, (*v).into());
            *high = tally.weight::<M>(*high, below, delta, random());
        }
    }
}
