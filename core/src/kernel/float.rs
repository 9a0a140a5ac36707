//! The primitives in floating point.

use super::blocks::zip;
use super::{Grad, Kernel, Sweep};
use crate::math::{Functions, Unary};
use crate::number::{Float, Scalar, View, ViewMut};

/// `y[o] ← y[o] + Σ_k c[k] · rows[k][o]`, each sum in the order of `k`.
///
/// `rows` holds rows as long as `y`. The workhorse: the forward pass of dense and convolution, and
/// the weight gradient of a convolution.
#[inline]
fn combine<F: Float>(y: &mut [F], c: impl Iterator<Item = F> + Clone, rows: &[F]) {
    let from = lanes::<F, 16>(y, &c, rows, 0);
    let from = lanes::<F, 8>(y, &c, rows, from);
    let from = lanes::<F, 4>(y, &c, rows, from);
    let from = lanes::<F, 2>(y, &c, rows, from);
    lanes::<F, 1>(y, &c, rows, from);
}

/// [`combine`] for as many blocks of `B` outputs as are left from `from` on; returns where it stopped.
#[inline]
fn lanes<F: Float, const B: usize>(
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
fn project<F: Float>(dx: &mut [F], w: &[F], dy: &[F]) {
    const R: usize = 4;
    let outputs = dy.len();
    if outputs == 0 {
        return;
    }
    // A padded convolution's edge uses fewer rows than there are.
    let w = w.get(..dx.len() * outputs).unwrap_or(w);
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

/// [`project`] for `R` rows at once, so that `dy` is read once for all of them.
#[inline]
fn project_rows<F: Float, const R: usize>(dx: &mut [F], rows: &[F], dy: &[F]) {
    let outputs = dy.len();
    let rows: [&[F]; R] = core::array::from_fn(|r| rows.get(r * outputs..(r + 1) * outputs).unwrap_or(&[]));
    let mut sums = [F::ZERO; R];
    for (o, dy) in dy.iter().enumerate() {
        for (sum, row) in sums.iter_mut().zip(rows) {
            if let Some(w) = row.get(o) {
                *sum += *dy * *w;
            }
        }
    }
    for (dx, sum) in dx.iter_mut().zip(sums) {
        *dx += sum;
    }
}

impl<F: Functions + Scalar> Kernel for F {
    type Peak = ();

    const KINDS: u128 = u128::MAX;

    fn higher((): (), (): ()) {}

    fn follow(_: Option<&mut ()>, (): ()) {}

    fn turn(_: &mut [()], _at_once: bool) {}

    fn copy(x: View<'_, F>, y: ViewMut<'_, F>) {
        for (y, x) in y.data.iter_mut().zip(x.data) {
            *y = *x;
        }
    }

    fn affine(w: View<'_, F>, b: &[F], x: View<'_, F>, y: ViewMut<'_, F>, sweep: Sweep) {
        let outputs = sweep.outputs;
        let Some(w) = w.data.get(sweep.first * outputs..) else {
            return;
        };
        let Some(y) = y.data.get_mut(sweep.target * outputs..) else {
            return;
        };
        if outputs == 0 {
            return;
        }
        for (p, y) in y.chunks_exact_mut(outputs).take(sweep.positions).enumerate() {
            let start = sweep.start + p * sweep.step;
            let Some(x) = x.data.get(start..start + sweep.length) else {
                return;
            };
            for (y, b) in y.iter_mut().zip(b) {
                *y = *b;
            }
            combine(y, x.iter().copied(), w);
        }
    }

    fn affine_input(w: View<'_, F>, dy: View<'_, F>, dx: ViewMut<'_, F>, sweep: Sweep) {
        let outputs = sweep.outputs;
        let Some(w) = w.data.get(sweep.first * outputs..) else {
            return;
        };
        let Some(dy) = dy.data.get(sweep.target * outputs..) else {
            return;
        };
        if outputs == 0 {
            return;
        }
        for (p, dy) in dy.chunks_exact(outputs).take(sweep.positions).enumerate() {
            let start = sweep.start + p * sweep.step;
            let Some(dx) = dx.data.get_mut(start..start + sweep.length) else {
                return;
            };
            project(dx, w, dy);
        }
    }

    fn affine_weights(x: View<'_, F>, dy: View<'_, F>, dw: Grad<'_, F>, sweep: Sweep, fresh: bool) {
        let outputs = sweep.outputs;
        let Some(x) = x.data.get(sweep.start..) else {
            return;
        };
        let Some(dy) = dy.data.get(sweep.target * outputs..) else {
            return;
        };
        let Some(dy) = dy.get(..sweep.positions * outputs) else {
            return;
        };
        let Some(dw) = dw.data.get_mut(sweep.first * outputs..) else {
            return;
        };
        if outputs == 0 {
            return;
        }
        let rows = dw.chunks_exact_mut(outputs).take(sweep.length);
        if sweep.positions == 1 {
            for (dw, x) in rows.zip(x) {
                if fresh {
                    zip::<F, 8>(dw, dy, |_, dy| *x * dy);
                } else {
                    zip::<F, 8>(dw, dy, |dw, dy| dw + *x * dy);
                }
            }
            return;
        }
        for (k, dw) in rows.enumerate() {
            if fresh {
                dw.fill(F::ZERO);
            }
            let taps = x
                .get(k..)
                .unwrap_or(&[])
                .iter()
                .step_by(sweep.step.max(1))
                .copied();
            combine(dw, taps, dy);
        }
    }

    fn affine_bias(dy: View<'_, F>, db: Grad<'_, F>, fresh: bool) {
        let db = db.data;
        if db.is_empty() {
            return;
        }
        if fresh {
            db.fill(F::ZERO);
        }
        for dy in dy.data.chunks_exact(db.len()) {
            zip::<F, 4>(db, dy, |db, dy| db + dy);
        }
    }

    fn unary<U: Unary>(y: ViewMut<'_, F>) {
        for y in y.data {
            *y = U::value(*y);
        }
    }

    fn unary_gradient<U: Unary>(y: View<'_, F>, dy: ViewMut<'_, F>) {
        zip::<F, 4>(dy.data, y.data, |dy, y| dy * U::slope(y));
    }

    fn add(y: ViewMut<'_, F>, x: View<'_, F>) {
        zip::<F, 4>(y.data, x.data, |y, x| y + x);
    }

    fn mean(x: View<'_, F>, y: ViewMut<'_, F>) {
        let channels = y.data.len();
        if channels == 0 {
            return;
        }
        y.data.fill(F::ZERO);
        for x in x.data.chunks_exact(channels) {
            zip::<F, 4>(y.data, x, |y, x| y + x);
        }
        let positions = F::from_count((x.data.len() / channels) as u32);
        for y in y.data {
            *y = *y / positions;
        }
    }

    fn mean_gradient(dy: View<'_, F>, dx: ViewMut<'_, F>) {
        let channels = dy.data.len();
        if channels == 0 {
            return;
        }
        let share = F::ONE / F::from_count((dx.data.len() / channels) as u32);
        for dx in dx.data.chunks_exact_mut(channels) {
            zip::<F, 4>(dx, dy.data, |dx, dy| dx + dy * share);
        }
    }

    fn softmax_cross_entropy(z: View<'_, F>, class: usize, dz: ViewMut<'_, F>) -> (F, ()) {
        let mut highest = z.data.first().copied().unwrap_or(F::ZERO);
        for z in z.data {
            if *z > highest {
                highest = *z;
            }
        }
        let mut sum = F::ZERO;
        for (dz, z) in dz.data.iter_mut().zip(z.data) {
            *dz = F::exp(*z - highest);
            sum += *dz;
        }
        let logit = z.data.get(class).copied().unwrap_or(F::ZERO);
        let loss = F::ln(sum) - (logit - highest);
        let scale = F::ONE / sum;
        for (o, dz) in dz.data.iter_mut().enumerate() {
            *dz *= scale;
            if o == class {
                *dz -= F::ONE;
            }
        }
        (loss, ())
    }

    fn mean_squared_error(y: View<'_, F>, target: View<'_, F>, dy: ViewMut<'_, F>) -> (F, ()) {
        let count = F::from_count(y.data.len().max(1) as u32);
        let share = (F::ONE + F::ONE) / count;
        let mut sum = F::ZERO;
        for ((dy, y), target) in dy.data.iter_mut().zip(y.data).zip(target.data) {
            let error = *y - *target;
            sum += error * error;
            *dy = error * share;
        }
        (sum / count, ())
    }

    fn square_sum(gradient: &[F], (): ()) -> F {
        let mut lanes = [F::ZERO; 4];
        let blocks = gradient.chunks_exact(8);
        let rest = blocks.remainder();
        for block in blocks {
            if let Ok(&[a, b, c, d, e, f, g, h]) = <&[F; 8]>::try_from(block) {
                for (lane, (g, h)) in lanes.iter_mut().zip([(a, e), (b, f), (c, g), (d, h)]) {
                    *lane += g * g;
                    *lane += h * h;
                }
            }
        }
        for block in rest.chunks(4) {
            for (lane, g) in lanes.iter_mut().zip(block) {
                *lane += *g * *g;
            }
        }
        let [a, b, c, d] = lanes;
        (a + b) + (c + d)
    }

    fn root(square: F) -> F {
        F::sqrt(square)
    }

    fn scale_gradient(gradient: &mut [F], factor: Option<F>, count: u32) {
        let mut scale = F::ONE / F::from_count(count.max(1));
        if let Some(factor) = factor {
            scale *= factor;
        }
        for g in gradient {
            *g *= scale;
        }
    }

    fn clip_factor(norm: F, bound: f32) -> Option<F> {
        let bound = F::from_f32(bound, ());
        (norm > bound).then(|| bound / (norm + F::from_f32(1e-6, ())))
    }

    fn gradient_scale(_: Option<&()>) {}
}
