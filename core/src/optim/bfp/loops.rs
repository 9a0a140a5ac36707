//! The loops in which an update spends its time, once over the state and once over the weights: two short
//! loops fit the registers of a Cortex-M0, one long loop does not.
//!
//! Both take the short way where nothing can leave its range, which is known before they begin, and the
//! general one elsewhere; the bits are the same.

use super::momentum::Mix;
use super::{Dither, Scaled, Tally};
use crate::number::bfp::{MANTISSA, Master, Planes};

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

/// `v ← μ v + x dyᵀ`, row by row.
#[inline(never)]
pub(super) fn mix_rows(
    mix: &Mix,
    v: &mut [i16],
    x: &[i16],
    dy: &[i16],
    mut dither: Dither,
    tally: &mut Tally,
) -> Dither {
    let largest = dy.iter().map(|dy| i32::from(*dy).abs()).max().unwrap_or(0);
    let mut seen = 0;
    for (v, x) in v.chunks_exact_mut(dy.len().max(1)).zip(x) {
        if let Some(x) = mix.short(i32::from(*x), largest) {
            seen |= mix_row(mix.momentum, v, x, dy, &mut dither);
        } else {
            for (v, dy) in v.iter_mut().zip(dy) {
                let g = i32::from(*x) * i32::from(*dy);
                keep(v, mix.of(*v, g, dither.fifteen()), &mut seen);
            }
        }
    }
    tally.state |= seen;
    dither
}

/// A row of [`mix_rows`], the short way: both terms are at most 2¹⁴, since state has been settled. Returns what was seen.
#[inline]
fn mix_row(momentum: i32, v: &mut [i16], x: i32, dy: &[i16], from: &mut Dither) -> u32 {
    let (mut dither, mut largest) = (*from, 0);
    let mut each = |v: &mut i16, dy: &i16| {
        let sum = i32::from(*v).wrapping_mul(momentum);
        let sum = sum.wrapping_add(i32::from(*dy).wrapping_mul(x));
        let sum = sum.wrapping_add(dither.fifteen());
        largest |= sum ^ (sum >> 31);
        *v = (sum >> 15) as i16;
    };
    let ((v, last_v), (dy, last_dy)) = (v.as_chunks_mut::<8>(), dy.as_chunks::<8>());
    for (v, dy) in v.iter_mut().zip(dy) {
        for (v, dy) in v.iter_mut().zip(dy) {
            each(v, dy);
        }
    }
    for (v, dy) in last_v.iter_mut().zip(last_dy) {
        each(v, dy);
    }
    *from = dither;
    largest as u32 >> 15
}

/// `v ← μ v + g` for each element.
#[inline(never)]
pub(super) fn mix(mix: &Mix, v: &mut [i16], g: &[i32], mut dither: Dither, tally: &mut Tally) -> Dither {
    let mut seen = tally.state;
    for (v, g) in v.iter_mut().zip(g) {
        keep(v, mix.of(*v, *g, dither.fifteen()), &mut seen);
    }
    tally.state = seen;
    dither
}

/// `w ← w − η v` for each weight.
#[inline(never)]
pub(super) fn apply<M: Master>(
    rate: &Scaled,
    weights: Planes<'_, M>,
    v: &[i16],
    mut dither: Dither,
    tally: &mut Tally,
) {
    let Planes { high, mut low } = weights;
    let mut random = || if M::RANDOM { dither.next() } else { 0 };
    let Some((mantissa, half, by)) = rate.short() else {
        for ((high, below), v) in high.iter_mut().zip(low).zip(v) {
            let delta = rate.narrow((*v).into());
            tally.stall(delta, (*v).into());
            *high = tally.weight::<M>(*high, below, delta, random());
        }
        return;
    };
    let (mut seen, mut stalled) = (0, 0);
    let mut each = |high: &mut i16, below: M::Below<'_>, v: &i16| {
        let delta = i32::from(*v).wrapping_mul(mantissa).wrapping_add(half) >> by;
        if delta == 0 {
            stalled += stall(v);
        }
        let fine = M::load(*high, &below).wrapping_sub(delta);
        let stored = M::store(fine, random(), below);
        *high = stored;
        // Its sign and the bits below differ where it does not fit 14 bits. A weight of −8192, which does, is one more
        // than a mantissa, and `32 · 8192 · 8191 + 128 < 2³¹` too.
        let stored = i32::from(stored);
        seen |= stored ^ (stored << 1);
    };
    let ((high, last_high), (v, last_v)) = (high.as_chunks_mut::<8>(), v.as_chunks::<8>());
    for (high, v) in high.iter_mut().zip(v) {
        if let Some(low) = M::eight(&mut low) {
            for ((high, below), v) in high.iter_mut().zip(low).zip(v) {
                each(high, below, v);
            }
        }
    }
    for ((high, below), v) in last_high.iter_mut().zip(low).zip(last_v) {
        each(high, below, v);
    }
    if seen & !0x3fff != 0 {
        tally.weights = tally.weights.max(MANTISSA as u32 + 1);
    }
    tally.stalled += stalled;
}

/// 1 for an update that moves nothing although there is something to move by. Rare, so it stays out of the loops.
#[cold]
#[inline(never)]
fn stall(v: &i16) -> u32 {
    u32::from(*v != 0)
}
