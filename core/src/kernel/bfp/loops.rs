//! The loops in which products are summed.
//!
//! Terms are summed in groups of 32, as [`super`] says: each group, rounded by 8 bits, goes into the outer sum. That is
//! what a result is made of, on every machine; within a group the order is free. Sums wrap, which mantissas cannot make
//! happen and other numbers must not make panic.

use super::{GROUP, GROUP_SHIFT};

/// What rounds a group to nearest: it begins with this.
const HALF: i32 = 1 << (GROUP_SHIFT - 1);

/// Hands over `Σ_k x[k] w[k][o]`, divided by 256, for each output `o`; `w` holds rows of `outputs`.
///
/// Blocks of outputs at a time, so that `x` is read once for all of a block, and a zero in it, as a relu leaves half of
/// the time, costs nothing more.
#[inline]
pub(super) fn columns(x: &[i16], w: &[i16], outputs: usize, mut each: impl FnMut(usize, &[i32])) {
    let mut first = 0;
    while first < outputs {
        match outputs - first {
            16.. => block::<16>(x, w, outputs, &mut first, &mut each),
            8.. => block::<8>(x, w, outputs, &mut first, &mut each),
            4.. => block::<4>(x, w, outputs, &mut first, &mut each),
            _ => block::<1>(x, w, outputs, &mut first, &mut each),
        }
    }
}

#[inline]
fn block<const N: usize>(
    x: &[i16],
    w: &[i16],
    outputs: usize,
    first: &mut usize,
    each: &mut impl FnMut(usize, &[i32]),
) {
    each(*first, &sums::<N>(x, w, outputs, *first));
    *first += N;
}

/// `N` outputs from `first` on.
#[inline(never)]
fn sums<const N: usize>(x: &[i16], w: &[i16], outputs: usize, first: usize) -> [i32; N] {
    let mut outer = [0; N];
    let mut rows = w.chunks_exact(outputs);
    for x in x.chunks(GROUP) {
        let mut inner = [HALF; N];
        for (x, row) in x.iter().zip(&mut rows) {
            let Some(row) = row.get(first..).and_then(|row| row.first_chunk::<N>()) else {
                break;
            };
            let x = i32::from(*x);
            if x != 0 {
                for (sum, w) in inner.iter_mut().zip(row) {
                    *sum = x.wrapping_mul(i32::from(*w)).wrapping_add(*sum);
                }
            }
        }
        for (sum, group) in outer.iter_mut().zip(inner) {
            *sum = group.wrapping_shr(GROUP_SHIFT as u32).wrapping_add(*sum);
        }
    }
    outer
}

/// `Σ_o w[o] dy[o]`, divided by 256.
#[inline]
pub(super) fn row(w: &[i16], dy: &[i16]) -> i32 {
    let mut outer = 0_i32;
    for (w, dy) in w.chunks(GROUP).zip(dy.chunks(GROUP)) {
        outer = (group(w, dy) >> GROUP_SHIFT).wrapping_add(outer);
    }
    outer
}

#[inline]
fn group(w: &[i16], dy: &[i16]) -> i32 {
    let ((w, last), (dy, last_dy)) = (w.as_chunks::<8>(), dy.as_chunks::<8>());
    let mut sum = HALF;
    let mut add = |w: &i16, dy: &i16| sum = i32::from(*w).wrapping_mul(i32::from(*dy)).wrapping_add(sum);
    for (w, dy) in w.iter().zip(dy) {
        for (w, dy) in w.iter().zip(dy) {
            add(w, dy);
        }
    }
    for (w, dy) in last.iter().zip(last_dy) {
        add(w, dy);
    }
    sum
}

/// [`shift`](crate::math::fixed::shift) by the same number of bits, many times.
#[derive(Clone, Copy)]
pub(super) struct Shift {
    /// Down by this and by one more, with the last bit for rounding; or, if `up` is not 1, by nothing.
    down: u32,
    rounds: i32,
    up: i32,
}

impl Shift {
    pub(super) fn by(bits: i32) -> Self {
        let down = bits.clamp(0, 31);
        Self {
            down: (down - 1).max(0) as u32,
            rounds: down.min(1),
            up: match bits {
                32.. => 0,
                0.. => 1,
                -30.. => 1 << -bits,
                _ => i32::MAX,
            },
        }
    }

    #[inline]
    pub(super) fn of(&self, value: i32) -> i32 {
        let down = value >> self.down;
        // Halves go up, as with the half added before the shift; this cannot overflow.
        let down = (down >> self.rounds) + (down & self.rounds);
        if self.up == 1 {
            down
        } else {
            down.saturating_mul(self.up)
        }
    }
}
