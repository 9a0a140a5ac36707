//! Sums of products that cannot overflow.
//!
//! **Forward sums.** A product of two mantissas is at most `8191² < 2²⁶`. 32 of them plus the rounding addend are
//! at most `32 · 8191² + 128 < 2³¹`: a group. A group of `n` products is divided by 256, which gives at most
//! `n · 2¹⁸`, and goes into an outer sum. So an outer sum of fewer than 8,192 terms is below `8192 · 2¹⁸ = 2³¹`,
//! however they are grouped; and one of 8,192 is, too, since `32 · 8191² / 256` rounds to `32 · 2¹⁸ − 2,048`.
//!
//! **Weight gradients** are sums over the positions of an output, and over up to 32 samples. Groups of at most 32
//! products are divided by `2^kg`; a group of `n` gives at most `n · 2^(26 − kg)`. With `P < 2^kg` positions, 32 samples
//! are at most `32 · P · 2^(26 − kg) < 2³¹`. One position needs no division: `32 · 8191² < 2³¹`.
//!
//! **Bias gradients** are sums of `P` mantissas, divided by `2^kb`: with `P < 2^(13 + kb)` they are at most
//! `2¹³ · 8191 + 1`, 32 times which is below `2³¹`. Before the division `65,535 · 8191 < 2²⁹ · 1.01`.

use super::super::rescale::Rescale;

/// Products that one group sums.
pub(in super::super) const GROUP: usize = 32;
/// Bits by which a group of a forward sum is divided before it goes into the outer sum.
pub(in super::super) const GROUP_SHIFT: i32 = 8;
/// Terms of a forward sum.
pub(in super::super) const MOST_TERMS: u32 = 8192;

/// `kg`: the bits by which the groups of a weight gradient over so many positions are divided.
pub(in super::super) const fn weight_bits(positions: usize) -> i32 {
    if positions <= 1 {
        0
    } else {
        (usize::BITS - positions.leading_zeros()) as i32
    }
}

/// `kb`: the bits by which a bias gradient over so many positions is divided.
pub(in super::super) const fn bias_bits(positions: usize) -> i32 {
    (usize::BITS - positions.leading_zeros()).saturating_sub(13) as i32
}

/// `value / 256`, rounded to nearest.
#[inline]
const fn divided(value: i32) -> i32 {
    (value + (1 << (GROUP_SHIFT - 1))) >> GROUP_SHIFT
}

/// `Σ a[k] b[k]`, divided by 256.
pub(super) fn dot(a: &[i16], b: &[i16]) -> i32 {
    let mut outer = 0_i32;
    for (a, b) in a.chunks(GROUP).zip(b.chunks(GROUP)) {
        outer += divided(dot_group(a, b));
    }
    outer
}

/// `Σ a[k] b[k]` of a group.
#[inline]
fn dot_group(a: &[i16], b: &[i16]) -> i32 {
    let ((a, last_a), (b, last_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sum = 0;
    let mut add = |a: &i16, b: &i16| sum += i32::from(*a) * i32::from(*b);
    for (a, b) in a.iter().zip(b) {
        for (a, b) in a.iter().zip(b) {
            add(a, b);
        }
    }
    for (a, b) in last_a.iter().zip(last_b) {
        add(a, b);
    }
    sum
}

/// `sums[o] ← sums[o] + Σ_k x[k] rows[k · width + o]`; returns the rows behind. A row whose `x` is 0, as a relu leaves
/// half of them, is passed over.
#[inline]
fn add_rows<'w, const B: usize>(
    sums: &mut [i32; B],
    x: &[i16],
    mut rows: &'w [i16],
    width: usize,
) -> &'w [i16] {
    for x in x {
        let x = i32::from(*x);
        if x != 0
            && let Some(row) = rows.first_chunk::<B>()
        {
            for (sum, w) in sums.iter_mut().zip(row) {
                *sum += x * i32::from(*w);
            }
        }
        rows = rows.get(width..).unwrap_or(&[]);
    }
    rows
}

/// `B` sums side by side, whose terms come in several runs. Groups go on from one run to the next.
pub(super) struct Sums<const B: usize> {
    outer: [i32; B],
    inner: [i32; B],
    /// Products that the group has room for.
    room: usize,
}

impl<const B: usize> Sums<B> {
    pub(super) const fn new() -> Self {
        Self {
            outer: [0; B],
            inner: [0; B],
            room: GROUP,
        }
    }

    /// Adds `Σ_k x[k] · rows[k · width + o]` to sum `o`.
    #[inline]
    pub(super) fn add(&mut self, mut x: &[i16], mut rows: &[i16], width: usize) {
        while let Some((now, later)) = x.split_at_checked(x.len().min(self.room)) {
            rows = add_rows(&mut self.inner, now, rows, width);
            self.room -= now.len();
            if self.room == 0 {
                self.flush();
            }
            if later.is_empty() {
                return;
            }
            x = later;
        }
    }

    fn flush(&mut self) {
        for (outer, inner) in self.outer.iter_mut().zip(&mut self.inner) {
            *outer += divided(*inner);
            *inner = 0;
        }
        self.room = GROUP;
    }

    /// The sums, divided by 256.
    #[inline]
    pub(super) fn end(mut self) -> [i32; B] {
        self.flush();
        self.outer
    }
}

/// Adds `Σ_p x[p · step] · rows[p · width + o]` to `dw[o]`, in groups of at most 32 that are divided.
#[inline]
pub(super) fn add_groups<const B: usize>(
    dw: &mut [i32; B],
    (x, step): (&[i16], usize),
    (rows, width): (&[i16], usize),
    by: Rescale,
) {
    let mut rows = rows.chunks(width);
    let mut x = x.iter().step_by(step);
    loop {
        let mut inner = [0; B];
        let mut count = 0;
        for (x, row) in x.by_ref().take(GROUP).zip(&mut rows) {
            if let Some(row) = row.first_chunk::<B>() {
                for (inner, dy) in inner.iter_mut().zip(row) {
                    *inner += i32::from(*x) * i32::from(*dy);
                }
            }
            count += 1;
        }
        for (dw, inner) in dw.iter_mut().zip(inner) {
            *dw = dw.saturating_add(by.of(inner));
        }
        if count < GROUP {
            return;
        }
    }
}
