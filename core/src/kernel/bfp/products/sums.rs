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
#[inline]
pub(super) fn dot(a: &[i16], b: &[i16]) -> i32 {
    if let (Ok(a), Ok(b)) = (<&[i16; 16]>::try_from(a), <&[i16; 16]>::try_from(b)) {
        return divided(dot_of(a, b));
    }
    if let (Ok(a), Ok(b)) = (<&[i16; 8]>::try_from(a), <&[i16; 8]>::try_from(b)) {
        return divided(dot_of(a, b));
    }
    if a.len() <= GROUP {
        return divided(dot_group(a, b));
    }
    let mut outer = 0_i32;
    for (a, b) in a.chunks(GROUP).zip(b.chunks(GROUP)) {
        outer += divided(dot_group(a, b));
    }
    outer
}

/// `Σ a[k] b[k]` of a group.
#[inline]
fn dot_group(a: &[i16], b: &[i16]) -> i32 {
    let mut sum = 0;
    let ((blocks, a), (blocks_b, b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in blocks.iter().zip(blocks_b) {
        sum += dot_of(a, b);
    }
    for (a, b) in a.iter().zip(b) {
        sum += i32::from(*a) * i32::from(*b);
    }
    sum
}

/// `Σ a[k] b[k]` of a length that is known.
#[inline(always)]
fn dot_of<const N: usize>(a: &[i16; N], b: &[i16; N]) -> i32 {
    let mut sum = 0;
    for (a, b) in a.iter().zip(b) {
        sum += i32::from(*a) * i32::from(*b);
    }
    sum
}

/// A matrix whose rows are `width` wide, and the column from which a block of it begins.
#[derive(Clone, Copy)]
pub(super) struct Columns<'a> {
    pub rows: &'a [i16],
    pub width: usize,
    pub from: usize,
}

impl Columns<'_> {
    /// The rows behind the first `count`.
    #[inline]
    fn behind(self, count: usize) -> Self {
        Self {
            rows: self.rows.get(count * self.width..).unwrap_or(&[]),
            ..self
        }
    }
}

/// `sums[o] ← sums[o] + Σ_k x[k] rows[k · width + from + o]`. A row whose `x` is 0, as a relu leaves half of them, is passed
/// over.
#[inline(always)]
fn add_rows<'a, const B: usize>(sums: &mut [i32; B], x: impl Iterator<Item = &'a i16>, columns: Columns<'_>) {
    let Columns {
        mut rows,
        width,
        from,
    } = columns;
    if width < from + B {
        return;
    }
    let mut own = *sums;
    for x in x {
        let Some((row, later)) = rows.split_at_checked(width) else {
            break;
        };
        rows = later;
        let x = i32::from(*x);
        if x != 0
            && let Some(row) = row.get(from..).and_then(<[i16]>::first_chunk::<B>)
        {
            for (sum, w) in own.iter_mut().zip(row) {
                *sum += x * i32::from(*w);
            }
        }
    }
    *sums = own;
}

/// [`add_rows`] of inputs that lie together.
#[inline(never)]
fn add_near<const B: usize>(sums: &mut [i32; B], x: &[i16], columns: Columns<'_>) {
    if B.is_multiple_of(8) && by_eights(sums, x, columns).is_some() {
        return;
    }
    add_rows(sums, x.iter(), columns);
}

/// [`add_near`] in a chip's own way; `None`, with nothing done, if it has none for these.
#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
fn by_eights(sums: &mut [i32], x: &[i16], columns: Columns<'_>) -> Option<()> {
    let Columns { rows, width, from } = columns;
    let mut rows = rows.get(from..)?;
    for sums in sums.as_chunks_mut::<8>().0 {
        // All of them or none: what decides is the same for each.
        crate::kernel::cortex_m4::add_eight(sums, x, rows, width)?;
        rows = rows.get(8..).unwrap_or(&[]);
    }
    Some(())
}

/// [`add_near`] in a chip's own way: this one has none.
#[cfg(not(all(target_arch = "arm", target_abi = "eabihf")))]
fn by_eights(_: &mut [i32], _: &[i16], _: Columns<'_>) -> Option<()> {
    None
}

/// [`add_rows`] of inputs that are `step` apart.
#[inline(never)]
fn add_far<const B: usize>(sums: &mut [i32; B], x: &[i16], step: usize, columns: Columns<'_>) {
    add_rows(sums, x.iter().step_by(step), columns);
}

/// `B` sums side by side, whose terms come in several runs. Groups go on from one run to the next.
pub(in super::super) struct Sums<const B: usize> {
    outer: [i32; B],
    inner: [i32; B],
    /// Products that the group has room for.
    room: usize,
}

impl<const B: usize> Sums<B> {
    pub(in super::super) const fn new() -> Self {
        Self {
            outer: [0; B],
            inner: [0; B],
            room: GROUP,
        }
    }

    /// Adds `Σ_k x[k] · rows[k · width + from + o]` to sum `o`.
    #[inline]
    pub(super) fn add(&mut self, mut x: &[i16], mut columns: Columns<'_>) {
        while let Some((now, later)) = x.split_at_checked(x.len().min(self.room)) {
            add_near(&mut self.inner, now, columns);
            self.room -= now.len();
            if self.room == 0 {
                self.flush();
            }
            if later.is_empty() {
                return;
            }
            columns = columns.behind(now.len());
            x = later;
        }
    }

    /// Adds a product to each sum.
    #[inline]
    pub(in super::super) fn add_one(&mut self, x: &[i16; B], w: &[i16; B]) {
        for ((inner, x), w) in self.inner.iter_mut().zip(x).zip(w) {
            *inner += i32::from(*x) * i32::from(*w);
        }
        self.room -= 1;
        if self.room == 0 {
            self.flush();
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
    pub(in super::super) fn end(mut self) -> [i32; B] {
        if self.room < GROUP {
            self.flush();
        }
        self.outer
    }
}

/// Adds `Σ_p x[p · step] · rows[p · width + from + o]` to `dw[o]` over `positions`, in groups of at most 32 that are
/// divided.
#[inline]
pub(super) fn add_groups<const B: usize>(
    dw: &mut [i32; B],
    (mut x, step): (&[i16], usize),
    mut columns: Columns<'_>,
    positions: usize,
    by: Rescale,
) {
    let mut left = positions;
    while left > 0 {
        let count = left.min(GROUP);
        let mut inner = [0; B];
        let now = x.get(..(count - 1) * step + 1).unwrap_or(x);
        add_far(&mut inner, now, step.max(1), columns);
        for (dw, inner) in dw.iter_mut().zip(inner) {
            *dw = dw.saturating_add(by.of(inner));
        }
        x = x.get(count * step..).unwrap_or(&[]);
        columns = columns.behind(count);
        left -= count;
    }
}

/// `Σ_o dy[o] w[k][o]` for each row `k`, divided by 256 as [`dot`] is. What meets a 0 in `dy` is passed over.
#[inline(never)]
pub(super) fn down<const B: usize, const N: usize>(w: &[[i16; N]; B], dy: &[i16; N]) -> [i32; B] {
    const { assert!(N <= GROUP) };
    let mut sums = [0; B];
    for (o, dy) in dy.iter().enumerate() {
        let dy = i32::from(*dy);
        if dy != 0 {
            for (sum, row) in sums.iter_mut().zip(w) {
                *sum += dy * row.get(o).map_or(0, |w| i32::from(*w));
            }
        }
    }
    sums.map(divided)
}
