//! Loops over flat vectors, in blocks that fit a register file.
//!
//! A block is loaded whole, worked on, and stored whole: that leaves no bound to check within it,
//! and compilers turn it into SIMD on a desktop.

use super::Moments;
use crate::math::Functions;
use crate::number::Float;

/// `to[i] ← f(to[i], from[i])`, as far as both go.
#[inline]
pub(crate) fn zip<F: Copy, const B: usize>(to: &mut [F], from: &[F], f: impl Fn(F, F) -> F) {
    let length = to.len().min(from.len());
    let (Some(to), Some(from)) = (to.get_mut(..length), from.get(..length)) else {
        return;
    };
    let mut to = to.chunks_exact_mut(B);
    let mut from = from.chunks_exact(B);
    for (to, from) in (&mut to).zip(&mut from) {
        if let (Ok(to), Ok(from)) = (<&mut [F; B]>::try_from(to), <&[F; B]>::try_from(from)) {
            let (mut block, from) = (*to, *from);
            for (to, from) in block.iter_mut().zip(from) {
                *to = f(*to, from);
            }
            *to = block;
        }
    }
    for (to, from) in to.into_remainder().iter_mut().zip(from.remainder()) {
        *to = f(*to, *from);
    }
}

/// `(a[i], b[i]) ← f(a[i], b[i], from[i])`, as far as all go.
#[inline]
pub(crate) fn zip2<F: Copy, const B: usize>(
    a: &mut [F],
    b: &mut [F],
    from: &[F],
    f: impl Fn(F, F, F) -> (F, F),
) {
    let length = a.len().min(b.len()).min(from.len());
    let (Some(a), Some(b), Some(from)) = (a.get_mut(..length), b.get_mut(..length), from.get(..length))
    else {
        return;
    };
    let mut a = a.chunks_exact_mut(B);
    let mut b = b.chunks_exact_mut(B);
    let mut from = from.chunks_exact(B);
    for ((a, b), from) in (&mut a).zip(&mut b).zip(&mut from) {
        let blocks = (
            <&mut [F; B]>::try_from(a),
            <&mut [F; B]>::try_from(b),
            <&[F; B]>::try_from(from),
        );
        if let (Ok(a), Ok(b), Ok(from)) = blocks {
            let (mut block_a, mut block_b, from) = (*a, *b, *from);
            for ((a, b), from) in block_a.iter_mut().zip(&mut block_b).zip(from) {
                (*a, *b) = f(*a, *b, from);
            }
            *a = block_a;
            *b = block_b;
        }
    }
    for ((a, b), from) in a
        .into_remainder()
        .iter_mut()
        .zip(b.into_remainder())
        .zip(from.remainder())
    {
        (*a, *b) = f(*a, *b, *from);
    }
}

/// `y[o] ← y[o] + Σ_k c[k · step] · rows[k][o]`, each sum in the order of `k`.
///
/// `rows` holds rows as long as `y`.
#[inline]
pub(crate) fn combine<F: Float>(y: &mut [F], c: &[F], step: usize, rows: &[F]) {
    if step == 1 {
        combine_lanes(y, c.iter().copied(), rows);
    } else {
        combine_lanes(y, c.iter().step_by(step.max(1)).copied(), rows);
    }
}

#[inline]
fn combine_lanes<F: Float>(y: &mut [F], c: impl Iterator<Item = F> + Clone, rows: &[F]) {
    let from = lanes::<F, 16>(y, &c, rows, 0);
    let from = lanes::<F, 8>(y, &c, rows, from);
    let from = lanes::<F, 4>(y, &c, rows, from);
    let from = lanes::<F, 2>(y, &c, rows, from);
    lanes::<F, 1>(y, &c, rows, from);
}

/// [`combine`] for as many blocks of `B` outputs as are left from `from` on; returns where it stopped.
#[inline]
pub(super) fn lanes<F: Float, const B: usize>(
    y: &mut [F],
    c: &(impl Iterator<Item = F> + Clone),
    rows: &[F],
    mut from: usize,
) -> usize {
    let outputs = y.len();
    while let Some(block) = y.get_mut(from..).and_then(<[F]>::first_chunk_mut::<B>) {
        let mut sums = *block;
        for (c, row) in c.clone().zip(rows.chunks_exact(outputs)) {
            if let Some(row) = row.get(from..).and_then(<[F]>::first_chunk::<B>) {
                for (sum, w) in sums.iter_mut().zip(row) {
                    *sum += c * *w;
                }
            }
        }
        *block = sums;
        from += B;
    }
    from
}

/// `dx[k] ← dx[k] + Σ_o w[k][o] · dy[o]`, each sum in the order of `o`, from zero.
#[inline]
pub(crate) fn project<F: Float>(dx: &mut [F], w: &[F], dy: &[F]) {
    const R: usize = 8;
    let outputs = dy.len();
    if outputs == 0 {
        return;
    }
    // At the edge of a padded convolution fewer rows are used than there are.
    let length = dx.len().min(w.len() / outputs);
    let (Some(dx), Some(w)) = (dx.get_mut(..length), w.get(..length * outputs)) else {
        return;
    };
    let mut blocks = dx.chunks_exact_mut(R);
    let mut rows = w.chunks_exact(R * outputs);
    for (block, rows) in (&mut blocks).zip(&mut rows) {
        project_rows::<F, R>(block, rows, dy);
    }
    for (dx, row) in blocks
        .into_remainder()
        .iter_mut()
        .zip(rows.remainder().chunks_exact(outputs))
    {
        project_rows::<F, 1>(core::slice::from_mut(dx), row, dy);
    }
}

/// [`project`] for `R` rows at once, so that `dy` is read once for all of them and no addition waits for
/// the one before it.
#[inline]
fn project_rows<F: Float, const R: usize>(dx: &mut [F], rows: &[F], dy: &[F]) {
    // Rows that are known to be as long as `dy` need no check of each element.
    let mut all = [dy; R];
    for (row, whole) in all.iter_mut().zip(rows.chunks_exact(dy.len().max(1))) {
        *row = whole;
    }
    let mut sums = [F::ZERO; R];
    for (o, dy) in dy.iter().enumerate() {
        for (sum, row) in sums.iter_mut().zip(&all) {
            if let Some(w) = row.get(o) {
                *sum += *dy * *w;
            }
        }
    }
    for (dx, sum) in dx.iter_mut().zip(sums) {
        *dx += sum;
    }
}

/// `rows[k][o] ← rows[k][o] + x[k] · dy[o]`, or the product alone where `rows` is `fresh`.
#[inline]
pub(crate) fn outer<F: Float>(rows: &mut [F], x: &[F], dy: &[F], fresh: bool) {
    if dy.is_empty() {
        return;
    }
    for (row, x) in rows.chunks_exact_mut(dy.len()).zip(x) {
        if fresh {
            zip::<F, 8>(row, dy, |_, dy| *x * dy);
        } else {
            zip::<F, 8>(row, dy, |dw, dy| dw + *x * dy);
        }
    }
}

/// `g = x[k] · dy[o]`, `v[k][o] ← μ v[k][o] + g`, `w[k][o] ← w[k][o] − η v[k][o]`.
#[inline]
pub(crate) fn momentum_outer<F: Float>(w: &mut [F], v: &mut [F], x: &[F], dy: &[F], rate: F, momentum: F) {
    if dy.is_empty() {
        return;
    }
    let rows = w.chunks_exact_mut(dy.len()).zip(v.chunks_exact_mut(dy.len()));
    for ((w, v), x) in rows.zip(x) {
        zip2::<F, 4>(w, v, dy, |w, v, dy| {
            let v = momentum * v + *x * dy;
            (w - rate * v, v)
        });
    }
}

/// `w[k][o] ← w[k][o] − η x[k] · dy[o]`.
#[inline]
pub(crate) fn descend_outer<F: Float>(w: &mut [F], x: &[F], dy: &[F], rate: F) {
    if dy.is_empty() {
        return;
    }
    for (w, x) in w.chunks_exact_mut(dy.len()).zip(x) {
        zip::<F, 8>(w, dy, |w, dy| w - rate * (*x * dy));
    }
}

/// Lanes of [`square_sum`]: enough that no addition waits for the one before it.
pub(super) const LANES: usize = 16;

/// `Σ g²` in sixteen lanes: element `i` goes to lane `i mod 16`; at the end lanes 8 to 15 are added to
/// 0 to 7, then 4 to 7 to 0 to 3, and so on.
#[inline]
pub(crate) fn square_sum<F: Float>(g: &[F]) -> F {
    let mut lanes = [F::ZERO; LANES];
    let blocks = g.chunks_exact(LANES);
    let rest = blocks.remainder();
    for block in blocks {
        if let Ok(block) = <&[F; LANES]>::try_from(block) {
            for (lane, g) in lanes.iter_mut().zip(block) {
                *lane += *g * *g;
            }
        }
    }
    for (lane, g) in lanes.iter_mut().zip(rest) {
        *lane += *g * *g;
    }
    sum_lanes(lanes)
}

/// The end of [`square_sum`].
#[inline]
pub(super) fn sum_lanes<F: Float>([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]: [F; LANES]) -> F {
    let [a, b, c, d] = [
        (a + i) + (e + m),
        (b + j) + (f + n),
        (c + k) + (g + o),
        (d + l) + (h + p),
    ];
    (a + c) + (b + d)
}

/// `w ← w − η g`
#[inline]
pub(crate) fn descend<F: Float>(w: &mut [F], g: &[F], rate: F) {
    zip::<F, 8>(w, g, |w, g| w - rate * g);
}

/// `v ← μ v + g`, `w ← w − η v`
#[inline]
pub(crate) fn momentum<F: Float>(w: &mut [F], v: &mut [F], g: &[F], rate: F, momentum: F) {
    zip2::<F, 4>(w, v, g, |w, v, g| {
        let v = momentum * v + g;
        (w - rate * v, v)
    });
}

/// The loop of Adam. See [`Moments`].
#[inline]
pub(crate) fn adam<F: Functions>(w: &mut [F], m: &mut [F], v: &mut [F], g: &[F], step: &Moments<F>) {
    for (((w, m), v), g) in w.iter_mut().zip(m).zip(v).zip(g) {
        *m += step.beta1_rest * (*g - *m);
        *v = step.beta2 * *v + step.beta2_rest * *g * *g;
        *w -= step.size * *m / (F::sqrt(*v) / step.correction + step.epsilon);
    }
}

#[cfg(test)]
#[path = "blocks_tests.rs"]
mod tests;
