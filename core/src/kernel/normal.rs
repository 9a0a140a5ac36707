//! Primitives of normalisation, and of functions with settings.

use super::blocks::zip;
use super::channels::{self, Channels};
use super::groups::{self, Groups, Running};
use super::{Grad, Loops};
use crate::math::{Curve, Shaped};
use crate::number::random::Pcg;
use crate::number::{Number, Scalar, Scale, View, ViewMut};

/// Primitives of normalisation, and of functions with settings.
///
/// All work in place: an output lies where its input was, a gradient by an input where that by the
/// output was. `from` is the scale at which what is changed is found. Gains and running statistics are stored as biases are: each by itself.
///
/// The bodies here do nothing. A number whose [`KINDS`](super::Kernel::KINDS) name none of these
/// layers keeps them; the planner refuses the layers by name.
pub trait Normal: Number {
    /// `y ← f(y)`, each element where it lies.
    fn shaped<S: Shaped>(setting: f32, y: ViewMut<'_, Self>) -> Self::Peak {
        let _ = (setting, y);
        Self::Peak::default()
    }

    /// `dy ← dy · f′`, from the function's output `y`.
    fn shaped_gradient<S: Shaped>(setting: f32, y: View<'_, Self>, dy: ViewMut<'_, Self>) -> Self::Peak {
        let _ = (setting, y, dy);
        Self::Peak::default()
    }

    /// `y ← f(y)`. `slopes` takes `f′`, unless it is empty.
    fn curve<C: Curve>(y: ViewMut<'_, Self>, from: Scale<Self>, slopes: &mut [Self::Elem]) -> Self::Peak {
        let _ = (y, from, slopes);
        Self::Peak::default()
    }

    /// `y ← y · by`, element by element, for slopes as [`curve`](Self::curve) left them.
    fn multiply(y: ViewMut<'_, Self>, from: Scale<Self>, by: &[Self::Elem]) -> Self::Peak {
        let _ = (y, from, by);
        Self::Peak::default()
    }

    /// `y ← y / (1 − rate)` where a draw of `random` is at least `rate`, else 0; one draw per element.
    fn dropout(y: ViewMut<'_, Self>, rate: f32, random: &mut Pcg) -> Self::Peak {
        let _ = (y, rate, random);
        Self::Peak::default()
    }

    /// `y[c] ← e^y[c] / Σ e^y`, over each `width` elements, shifted by the largest.
    fn softmax(y: ViewMut<'_, Self>, from: Scale<Self>, width: usize) -> Self::Peak {
        let _ = (y, from, width);
        Self::Peak::default()
    }

    /// `dy[c] ← y[c] (dy[c] − Σ dy · y)`, over each `width` elements.
    fn softmax_gradient(
        y: View<'_, Self>,
        dy: ViewMut<'_, Self>,
        from: Scale<Self>,
        width: usize,
    ) -> Self::Peak {
        let _ = (y, dy, from, width);
        Self::Peak::default()
    }

    /// `n = (x − μ) / √(v + ε)` with each group's mean `μ` and variance `v = (1/size) Σ (x − μ)²`, then
    /// `y = gain · n + shift`; `y` holds `x` before. Groups that are not centred have `μ = 0`.
    ///
    /// `kept` takes `n`, and `inverse` each group's `1 / √(v + ε)`, where they are not empty; an empty
    /// `shift` is none. Sums run in the order of memory.
    fn normalise(
        y: ViewMut<'_, Self>,
        from: Scale<Self>,
        (gain, shift): (&[Self::Bias], &[Self::Bias]),
        groups: Groups,
        (kept, inverse): (&mut [Self::Elem], &mut [Self::Elem]),
        running: Option<Running<'_, Self::Bias>>,
    ) -> Self::Peak {
        let _ = (y, from, gain, shift, groups, kept, inverse, running);
        Self::Peak::default()
    }

    /// With `d = gain · dy`: `dy ← inverse · (d − mean(d) − n · mean(d · n))`, the means over each group.
    fn normalise_gradient(
        dy: ViewMut<'_, Self>,
        from: Scale<Self>,
        gain: &[Self::Bias],
        groups: Groups,
        (kept, inverse): (&[Self::Elem], &[Self::Elem]),
    ) -> Self::Peak {
        let _ = (dy, from, gain, groups, kept, inverse);
        Self::Peak::default()
    }

    /// `dgain[c] += Σ_t dy[t][c] · n[t][c]`. With `fresh`, `dgain` holds nothing yet.
    fn gain_gradient(dy: View<'_, Self>, kept: &[Self::Elem], dgain: Grad<'_, Self>, fresh: bool) {
        let _ = (dy, kept, dgain, fresh);
    }

    /// Moves running statistics towards those of the sample `x`: with its mean `x̄` and variance `v` over
    /// the positions, and `δ = x̄ − μ`, `μ ← μ + m δ` and `σ² ← (1 − m) (σ² + m δ²) + m v`.
    fn follow_channels(
        x: View<'_, Self>,
        (mean, variance): (&mut [Self::Bias], &mut [Self::Bias]),
        momentum: f32,
    ) {
        let _ = (x, mean, variance, momentum);
    }

    /// `n = (x − μ) / √(σ² + ε)` for each channel, then `y = gain · n + shift`; `y` holds `x` before. `kept`
    /// takes `n`, where it is not empty.
    fn standardise(
        y: ViewMut<'_, Self>,
        from: Scale<Self>,
        channels: Channels<'_, Self::Bias>,
        kept: &mut [Self::Elem],
    ) -> Self::Peak {
        let _ = (y, from, channels, kept);
        Self::Peak::default()
    }

    /// `dy ← dy · gain / √(σ² + ε)` for each channel.
    fn standardise_gradient(
        dy: ViewMut<'_, Self>,
        from: Scale<Self>,
        gain: &[Self::Bias],
        variance: &[Self::Bias],
    ) -> Self::Peak {
        let _ = (dy, from, gain, variance);
        Self::Peak::default()
    }
}

impl<F: Loops + Scalar> Normal for F {
    fn shaped<S: Shaped>(setting: f32, y: ViewMut<'_, F>) {
        let setting = F::from_f32(setting, ());
        for y in y.data {
            *y = S::value(setting, *y);
        }
    }

    fn shaped_gradient<S: Shaped>(setting: f32, y: View<'_, F>, dy: ViewMut<'_, F>) {
        let setting = F::from_f32(setting, ());
        zip::<F, 4>(dy.data, y.data, |dy, y| dy * S::slope(setting, y));
    }

    fn curve<C: Curve>(y: ViewMut<'_, F>, (): (), slopes: &mut [F]) {
        if slopes.is_empty() {
            for y in y.data {
                *y = C::value(*y);
            }
            return;
        }
        for (y, slope) in y.data.iter_mut().zip(slopes) {
            (*y, *slope) = C::with_slope(*y);
        }
    }

    fn multiply(y: ViewMut<'_, F>, (): (), by: &[F]) {
        zip::<F, 4>(y.data, by, |y, by| y * by);
    }

    fn dropout(y: ViewMut<'_, F>, rate: f32, random: &mut Pcg) {
        let scale = F::ONE / (F::ONE - F::from_f32(rate, ()));
        for y in y.data {
            if random.uniform() < rate {
                *y = F::ZERO;
            } else {
                *y *= scale;
            }
        }
    }

    fn softmax(y: ViewMut<'_, F>, (): (), width: usize) {
        for y in y.data.chunks_exact_mut(width.max(1)) {
            let mut highest = y.first().copied().unwrap_or(F::ZERO);
            for y in &*y {
                if *y > highest {
                    highest = *y;
                }
            }
            let mut sum = F::ZERO;
            for y in &mut *y {
                *y = F::exp(*y - highest);
                sum += *y;
            }
            let scale = F::ONE / sum;
            for y in y {
                *y *= scale;
            }
        }
    }

    fn softmax_gradient(y: View<'_, F>, dy: ViewMut<'_, F>, (): (), width: usize) {
        let width = width.max(1);
        for (dy, y) in dy.data.chunks_exact_mut(width).zip(y.data.chunks_exact(width)) {
            let mut sum = F::ZERO;
            for (dy, y) in dy.iter().zip(y) {
                sum += *dy * *y;
            }
            zip::<F, 4>(dy, y, |dy, y| y * (dy - sum));
        }
    }

    fn normalise(
        y: ViewMut<'_, F>,
        (): (),
        parameters: (&[F], &[F]),
        groups: Groups,
        kept: (&mut [F], &mut [F]),
        running: Option<Running<'_, F>>,
    ) {
        groups::normalise(y.data, parameters, groups, kept, running);
    }

    fn normalise_gradient(dy: ViewMut<'_, F>, (): (), gain: &[F], groups: Groups, kept: (&[F], &[F])) {
        groups::normalise_gradient(dy.data, gain, groups, kept);
    }

    fn gain_gradient(dy: View<'_, F>, kept: &[F], dgain: Grad<'_, F>, fresh: bool) {
        channels::gain_gradient(dy.data, kept, dgain.data, fresh);
    }

    fn follow_channels(x: View<'_, F>, (mean, variance): (&mut [F], &mut [F]), momentum: f32) {
        channels::follow(x.data, mean, variance, momentum);
    }

    fn standardise(y: ViewMut<'_, F>, (): (), channels: Channels<'_, F>, kept: &mut [F]) {
        channels::standardise(y.data, channels, kept);
    }

    fn standardise_gradient(dy: ViewMut<'_, F>, (): (), gain: &[F], variance: &[F]) {
        channels::standardise_gradient(dy.data, gain, variance);
    }
}

#[cfg(test)]
#[path = "normal_tests.rs"]
mod tests;
