//! The primitives in floating point.

use super::blocks::zip;
use super::{Grad, Kernel, Loops, Run, Sweep};
use crate::math::Unary;
use crate::number::{Scalar, View, ViewMut};

impl<F: Loops + Scalar> Kernel for F {
    const KINDS: u128 = u128::MAX;
    const FUSES: bool = true;
    const MOST_SAMPLES: u16 = u16::MAX;
    const MOST_TERMS: u32 = u32::MAX;

    fn higher((): (), (): ()) {}

    fn follow(_: Option<&mut ()>, (): ()) {}

    fn turn(_: &mut [()], _at_once: bool) -> bool {
        false
    }

    fn copy(x: View<'_, F>, y: ViewMut<'_, F>) {
        for (y, x) in y.data.iter_mut().zip(x.data) {
            *y = *x;
        }
    }

    fn spread(x: View<'_, F>, y: ViewMut<'_, F>, run: Run) {
        if run.length == 0 || run.width == 0 {
            return;
        }
        for (y, x) in y
            .data
            .chunks_exact_mut(run.width)
            .zip(x.data.chunks_exact(run.length))
        {
            for (y, x) in y.iter_mut().skip(run.from).zip(x) {
                *y = *x;
            }
        }
    }

    fn scatter(x: View<'_, F>, y: ViewMut<'_, F>, run: Run) {
        if run.length == 0 || run.width == 0 {
            return;
        }
        for (y, x) in y
            .data
            .chunks_exact_mut(run.width)
            .zip(x.data.chunks_exact(run.length))
        {
            if let Some(y) = y.get_mut(run.from..) {
                zip::<F, 4>(y, x, |y, x| y + x);
            }
        }
    }

    fn gather(y: View<'_, F>, x: ViewMut<'_, F>, run: Run) {
        if run.length == 0 || run.width == 0 {
            return;
        }
        for (x, y) in x
            .data
            .chunks_exact_mut(run.length)
            .zip(y.data.chunks_exact(run.width))
        {
            if let Some(y) = y.get(run.from..) {
                zip::<F, 4>(x, y, |x, y| x + y);
            }
        }
    }

    fn affine(w: View<'_, F>, b: &[F], x: View<'_, F>, y: ViewMut<'_, F>, sweep: Sweep) {
        swept(w, x, y, sweep, |y| {
            for (y, b) in y.iter_mut().zip(b) {
                *y = *b;
            }
        });
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
            F::project(dx, w, dy);
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
        let Some(dw) = dw.get_mut(..sweep.length * outputs) else {
            return;
        };
        if sweep.positions == 1 {
            F::outer(dw, x, dy, fresh);
            return;
        }
        for (k, dw) in dw.chunks_exact_mut(outputs).enumerate() {
            if fresh {
                dw.fill(F::ZERO);
            }
            F::combine(dw, x.get(k..).unwrap_or(&[]), sweep.step, dy);
        }
    }

    #[inline(never)]
    fn affine_bias(dy: View<'_, F>, db: Grad<'_, F>, fresh: bool) {
        let db = db.data;
        if db.is_empty() {
            return;
        }
        if fresh {
            db.fill(F::ZERO);
        }
        // A product with one is exact, and the loop is there already.
        const POSITIONS: usize = 16;
        let ones = [F::ONE; POSITIONS];
        for dy in dy.data.chunks((POSITIONS * db.len()).max(1)) {
            F::combine(db, &ones, 1, dy);
        }
    }

    fn unary<U: Unary>(y: ViewMut<'_, F>, (): ()) {
        for y in y.data {
            *y = U::value(*y);
        }
    }

    fn unary_gradient<U: Unary>(y: View<'_, F>, dy: ViewMut<'_, F>, (): ()) {
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

    fn square_sum(gradient: &[F], (): ()) -> F {
        F::square_sum(gradient)
    }

    fn outer_square(x: View<'_, F>, dy: View<'_, F>) -> F {
        F::square_sum(x.data) * F::square_sum(dy.data)
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

    fn clamp_gradient(gradient: &mut [F], (): (), bound: f32) {
        let bound = F::from_f32(bound, ());
        for g in gradient {
            if *g > bound {
                *g = bound;
            } else if *g < -bound {
                *g = -bound;
            }
        }
    }

    fn gradient_scale(_: Option<&()>) {}
}

/// `y += W x` at each position of the sweep, after `begin` has made each `y` ready.
#[inline(always)]
pub(super) fn swept<F: Loops + Scalar>(
    w: View<'_, F>,
    x: View<'_, F>,
    y: ViewMut<'_, F>,
    sweep: Sweep,
    begin: impl Fn(&mut [F]),
) {
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
        begin(y);
        F::combine(y, x, 1, w);
    }
}
