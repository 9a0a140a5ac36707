//! Adam and `AdamW` in block fixed point.

use super::root::Root;
use super::{
    Dither, Factor, Scaled, Tally, decayed, halve, rescale, shift_signed, shift_unsigned, state_exponent,
    unit,
};
use crate::kernel::{Grad, Kernel};
use crate::math::fixed;
use crate::number::bfp::{self, Bfp14, Field, Master, Peak, Planes, Track};
use crate::number::cast_mut;
use crate::number::random::Pcg;
use crate::optim::{Adam, AdamW, Optimizer, ParamMut, State};

/// What is the same for every parameter of one update.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// `η √(1 − β₂ᵗ) / (1 − β₁ᵗ)`
    rate: Factor,
    /// λ of Adam, at the gradient; of `AdamW` η λ, at the weight.
    decay: Factor,
    apart: bool,
    /// β₁ of 2¹⁵.
    beta1: i32,
    /// `1 − β₁` of 2¹⁴.
    rest: i32,
    root: Root,
    /// `ε √(1 − β₂ᵗ)`
    epsilon: Factor,
    first: bool,
}

/// The bits of a ratio `m / s`, which lies within ±8.
const RATIO: i32 = 12;

impl Step {
    fn new(settings: &Adam, count: u32) -> Self {
        let gap1 = Factor::gap(settings.beta1);
        let gap2 = Factor::gap(settings.beta2);
        let correction = Factor::from_fraction(fixed::root(one_minus_power(gap2, count) << 32));
        let rate = Factor::new(settings.learning_rate)
            .times(correction)
            .over(Factor::from_fraction(one_minus_power(gap1, count)));
        Self {
            rate,
            decay: Factor::new(settings.weight_decay),
            apart: false,
            beta1: (1 << 15) - (gap1 >> 17) as i32,
            rest: (gap1 >> 18) as i32,
            root: Root::new(gap2),
            epsilon: Factor::new(settings.epsilon).times(correction),
            first: count <= 1,
        }
    }
}

/// `1 − (1 − gap)^exponent` with 32 fraction bits, by repeated squaring, as
/// [`one_minus_power`](crate::math::one_minus_power) does it.
fn one_minus_power(mut gap: u64, mut exponent: u32) -> u64 {
    const ONE: u64 = 1 << 32;
    let mut result = 0;
    gap = gap.min(ONE - 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = gap + ((result * (ONE - gap)) >> 32);
        }
        gap += (gap * (ONE - gap)) >> 32;
        exponent >>= 1;
    }
    result.min(ONE - 1)
}

/// What changes with the tensor.
#[derive(Debug, Clone, Copy)]
struct Moments {
    step: Step,
    /// Bits by which a gradient is brought to half the state's unit.
    by: i32,
    /// ε in half the state's unit.
    epsilon: u32,
    rate: Scaled,
}

impl Moments {
    fn new(step: &Step, gradient: i32, state: i32, unit: i32) -> Self {
        Self {
            step: *step,
            by: state - 1 - gradient,
            epsilon: Scaled::of_narrow(step.epsilon, 0, state - 1)
                .narrow(1)
                .clamp(0, 0xffff) as u32,
            rate: Scaled::of_narrow(step.rate, -RATIO, unit),
        }
    }

    /// Moves both moments by a gradient, and returns what the parameter moves by.
    #[inline]
    fn of(&self, m: &mut i16, s: &mut u16, g: i32, bits: u32, tally: &mut Tally) -> i32 {
        let h = fixed::shift(g, self.by).clamp(-0xffff, 0xffff);
        // A mean of values of 16 bits, the halves of `h` among them, has no more.
        let mean = (i32::from(*m) * self.step.beta1 + h * self.step.rest + (bits & 0x7fff) as i32) >> 15;
        *m = mean.clamp(-32767, 32767) as i16;
        *s = self.step.root.of(*s, h.unsigned_abs(), bits >> 3);
        // The next gradients must fit too, and they are larger than their mean.
        tally.state = tally.state.max(h.unsigned_abs() >> 1).max(u32::from(*s) >> 1);
        let size = (u32::from(m.unsigned_abs()) << (RATIO + 1))
            .checked_div(u32::from(*s) + self.epsilon)
            .unwrap_or(0)
            .min(0x7fff) as i32;
        let delta = self.rate.narrow(if *m < 0 { -size } else { size });
        tally.stall(delta, g);
        delta
    }
}

fn update<M: Master>(
    step: &Step,
    param: ParamMut<'_, Bfp14<M>>,
    gradient: Grad<'_, Bfp14<M>>,
    state: State<'_>,
    random: &mut Pcg,
) -> [Peak; 2] {
    let Grad { data, mut track } = gradient;
    let elements = state.elements;
    let window = state.window.clone();
    let (means, roots) = state.bytes.split_at_mut_checked(2 * elements).unwrap_or_default();
    let means = cast_mut::<i16>(means).get_mut(window.clone()).unwrap_or(&mut []);
    let roots = cast_mut::<u16>(roots).get_mut(window).unwrap_or(&mut []);
    let unit = unit(&param, track.as_deref());
    let exponent = state_exponent(track.as_deref_mut(), step.first, 1);
    let scale = i32::from(Bfp14::<M>::gradient_scale(track.as_deref()).0);
    let moments = Moments::new(step, scale, exponent, unit);
    let (at_gradient, at_weight) = if step.apart {
        (Factor::ZERO, step.decay)
    } else {
        (step.decay, Factor::ZERO)
    };
    let pull = Scaled::of_wide(at_gradient, unit, scale);
    let shrink = Scaled::of_wide(at_weight, unit, unit);
    let mut tally = Tally::default();
    let mut dither = Dither::new(random);
    let state = means.iter_mut().zip(roots).zip(data);
    match param {
        ParamMut::Bias(bias) => {
            for (b, ((m, s), g)) in bias.iter_mut().zip(state) {
                let g = decayed(*g, b.0, at_gradient, &pull);
                let delta = moments.of(m, s, g, dither.next(), &mut tally);
                b.0 = b.0.saturating_sub(delta).saturating_sub(shrink.wide(b.0));
            }
        }
        ParamMut::Weight(Planes { high, low }) => {
            for ((high, below), ((m, s), g)) in high.iter_mut().zip(low).zip(state) {
                let fine = M::load(*high, &below);
                let bits = dither.next();
                let g = decayed(*g, fine, at_gradient, &pull);
                let delta = moments.of(m, s, g, bits, &mut tally) + shrink.wide(fine);
                *high = tally.weight::<M>(*high, below, delta, bits >> 16);
            }
        }
    }
    tally.moved(track)
}

/// Halves weights that have outgrown their mantissas, and rescales both moments.
fn settle<M: Master>(
    param: ParamMut<'_, Bfp14<M>>,
    mut track: Option<&mut Track>,
    state: State<'_>,
    [weights, vectors]: [Peak; 2],
) {
    halve(param, track.as_deref_mut(), weights);
    let by = rescale(vectors.largest);
    if by != 0 {
        let (means, roots) = state
            .bytes
            .split_at_mut_checked(2 * state.elements)
            .unwrap_or_default();
        shift_signed(means, by);
        shift_unsigned(roots, by);
        let exponent = i32::from(bfp::get(track.as_deref(), Field::Window));
        bfp::set(track, Field::Window, exponent + by);
    }
}

/// The second moment is kept as its root, which is followed without one.
impl<M: Master> Optimizer<Bfp14<M>> for Adam {
    type Step = Step;

    fn step(&self, count: u32) -> Step {
        Step::new(self, count)
    }

    fn update(
        step: &Step,
        param: ParamMut<'_, Bfp14<M>>,
        gradient: Grad<'_, Bfp14<M>>,
        state: State<'_>,
        random: &mut Pcg,
    ) -> [Peak; 2] {
        update(step, param, gradient, state, random)
    }

    fn settle(param: ParamMut<'_, Bfp14<M>>, track: Option<&mut Track>, state: State<'_>, moved: [Peak; 2]) {
        settle(param, track, state, moved);
    }
}

/// [`Adam`], with the decay at the weight.
impl<M: Master> Optimizer<Bfp14<M>> for AdamW {
    type Step = Step;

    fn step(&self, count: u32) -> Step {
        let adam = Adam {
            learning_rate: self.learning_rate,
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            weight_decay: 0.0,
        };
        Step {
            decay: Factor::new(self.learning_rate).times(Factor::new(self.weight_decay)),
            apart: true,
            ..Step::new(&adam, count)
        }
    }

    fn update(
        step: &Step,
        param: ParamMut<'_, Bfp14<M>>,
        gradient: Grad<'_, Bfp14<M>>,
        state: State<'_>,
        random: &mut Pcg,
    ) -> [Peak; 2] {
        update(step, param, gradient, state, random)
    }

    fn settle(param: ParamMut<'_, Bfp14<M>>, track: Option<&mut Track>, state: State<'_>, moved: [Peak; 2]) {
        settle(param, track, state, moved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_correction_is_exact_to_nine_digits() {
        for beta in [0.9_f32, 0.999, 0.5, 0.9999] {
            for count in [1, 2, 3, 10, 100, 5_000, 1_000_000] {
                let exact = 1.0 - libm::pow(f64::from(beta), f64::from(count));
                let got = one_minus_power(Factor::gap(beta), count) as f64 / 4_294_967_296.0;
                assert!(
                    (got - exact).abs() < 2e-9 * f64::from(count).min(100.0),
                    "{beta} {count}: {got} {exact}"
                );
            }
        }
    }
}
