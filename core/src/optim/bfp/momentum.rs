//! Gradient descent with momentum in block fixed point.

use super::loops::{apply, mix, mix_rows};
use super::{Dither, Factor, Scaled, Tally, settle, state_exponent, unit};
use crate::kernel::{Grad, Kernel};
use crate::number::bfp::{self, Bfp14, FINE, Master, Peak, Planes, Track};
use crate::number::random::Pcg;
use crate::number::{View, cast_mut};
use crate::optim::{Momentum, Optimizer, ParamMut, State};

/// What is the same for every parameter of one update.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    rate: Factor,
    /// λ
    decay: Factor,
    /// μ of 2¹⁵.
    momentum: i32,
    /// `1 − d` of 2¹⁵.
    share: i32,
    nesterov: bool,
    first: bool,
}

/// How gradients become state: `v ← (v μ + g 2^15−s + random) >> 15`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mix {
    pub(super) momentum: i32,
    /// Bits by which a gradient is brought to state with 15 more bits: up, or down.
    up: u32,
    down: u32,
    /// The largest gradient that is taken as it is; a larger one would not fit.
    most: i32,
}

/// The largest gradient, at the state with 15 more bits: half of what state can be.
const LARGEST: i32 = 1 << 29;

impl Mix {
    fn new(momentum: i32, gradient: i32, state: i32) -> Self {
        let up = 15 - (state - gradient);
        Self {
            momentum,
            up: up.clamp(0, 29) as u32,
            down: (-up).clamp(0, 31) as u32,
            most: LARGEST >> up.clamp(0, 30),
        }
    }

    /// The new state, before saturation: at most `1.5 · 2¹⁵`.
    #[inline]
    pub(super) fn of(&self, v: i16, g: i32, random: i32) -> i32 {
        let g = (g.clamp(-self.most, self.most) << self.up) >> self.down;
        (i32::from(v) * self.momentum + g + random) >> 15
    }

    /// For gradients `x dy` with `|dy|` at most `largest`: `x`, so that its product with `dy` is the gradient as state
    /// takes it, if no such gradient is cut off or brought down.
    #[inline]
    pub(super) fn short(&self, x: i32, largest: i32) -> Option<i32> {
        (self.down == 0 && (x * largest).abs() <= self.most).then_some(x << self.up)
    }
}

/// `v ← μ v + g`, `w ← w − η v`, the state rounded stochastically; with decay, dampening and a look-ahead too.
impl<M: Master> Optimizer<Bfp14<M>> for Momentum {
    type Step = Step;
    const OUTER: bool = true;

    fn step(&self, count: u32) -> Step {
        Step {
            rate: Factor::new(self.learning_rate),
            decay: Factor::new(self.weight_decay),
            momentum: Factor::new(self.momentum).fraction(),
            share: if count <= 1 {
                1 << 15
            } else {
                (1 << 15) - Factor::new(self.dampening).fraction()
            },
            nesterov: self.nesterov,
            first: count <= 1,
        }
    }

    fn update(
        step: &Step,
        param: ParamMut<'_, Bfp14<M>>,
        gradient: Grad<'_, Bfp14<M>>,
        state: State<'_>,
        random: &mut Pcg,
    ) -> [Peak; 2] {
        let Grad { data, mut track } = gradient;
        let [vectors] = state.vectors::<i16, 1>();
        let unit = unit(&param, track.as_deref());
        let exponent = state_exponent(track.as_deref_mut(), step.first, 3);
        let scale = i32::from(Bfp14::<M>::gradient_scale(track.as_deref()).0);
        let rate = Scaled::of_narrow(step.rate, exponent, unit);
        let mixing = Mix::new(step.momentum, scale, exponent);
        let plain = step.share == 1 << 15 && step.decay.is_zero() && !step.nesterov;
        let share = Scaled::of_wide(
            Factor {
                mantissa: step.share >> 1,
                exponent: -14,
            },
            0,
            0,
        );
        // λ w, at the gradient's scale.
        let shrink = Scaled::of_wide(step.decay, unit, scale);
        let mut tally = Tally::default();
        let mut dither = Dither::new(random);
        // The gradient as the state takes it, and the step that follows from the new state.
        let mut of = |w: i32, v: &mut i16, g: i32| {
            let bits = dither.fifteen();
            let more = if M::RANDOM { dither.next() } else { 0 };
            let g = if plain {
                g
            } else {
                g.saturating_add(shrink.wide(w))
            };
            let taken = if plain { g } else { share.wide(g) };
            let new = mixing.of(*v, taken, bits);
            tally.state = tally.state.max(new.unsigned_abs());
            *v = new.clamp(-32767, 32767) as i16;
            let ahead = if step.nesterov {
                mixing.of(*v, g, bits).clamp(-32767, 32767)
            } else {
                i32::from(*v)
            };
            (rate.narrow(ahead), more, ahead)
        };
        let mut stalls = Tally::default();
        match param {
            ParamMut::Bias(bias) if plain => {
                mix(&mixing, vectors, data, dither, &mut tally);
                for (b, v) in bias.iter_mut().zip(&*vectors) {
                    let delta = rate.narrow((*v).into());
                    tally.stall(delta, (*v).into());
                    b.0 = b.0.saturating_sub(delta);
                }
                return tally.moved(track);
            }
            ParamMut::Bias(bias) => {
                for ((b, v), g) in bias.iter_mut().zip(vectors).zip(data) {
                    let (delta, _, v) = of(b.0, v, *g);
                    stalls.stall(delta, v);
                    b.0 = b.0.saturating_sub(delta);
                }
            }
            ParamMut::Weight(weights) if plain => {
                let dither = mix(&mixing, vectors, data, dither, &mut tally);
                apply(&rate, weights, vectors, dither, &mut tally);
                return tally.moved(track);
            }
            ParamMut::Weight(Planes { high, low }) => {
                for (((high, below), v), g) in high.iter_mut().zip(low).zip(vectors).zip(data) {
                    let (delta, bits, v) = of(M::load(*high, &below), v, *g);
                    stalls.stall(delta, v);
                    *high = stalls.weight::<M>(*high, below, delta, bits);
                }
            }
        }
        stalls.state = tally.state;
        stalls.moved(track)
    }

    fn update_outer(
        step: &Step,
        weights: Planes<'_, M>,
        mut track: Option<&mut Track>,
        x: View<'_, Bfp14<M>>,
        dy: View<'_, Bfp14<M>>,
        state: &mut [u8],
        random: &mut Pcg,
    ) -> Option<[Peak; 2]> {
        let plain = step.share == 1 << 15 && step.decay.is_zero() && !step.nesterov;
        if !plain || dy.data.is_empty() {
            return None;
        }
        let unit = i32::from(bfp::exponent(track.as_deref()).0) - FINE;
        let exponent = state_exponent(track.as_deref_mut(), step.first, 3);
        let rate = Scaled::of_narrow(step.rate, exponent, unit);
        let mixing = Mix::new(
            step.momentum,
            i32::from(x.scale.0) + i32::from(dy.scale.0),
            exponent,
        );
        let mut tally = Tally::default();
        let dither = Dither::new(random);
        let vectors = cast_mut::<i16>(state);
        let dither = mix_rows(&mixing, vectors, x.data, dy.data, dither, &mut tally);
        apply(&rate, weights, vectors, dither, &mut tally);
        Some(tally.moved(track))
    }

    fn settle(param: ParamMut<'_, Bfp14<M>>, track: Option<&mut Track>, state: State<'_>, moved: [Peak; 2]) {
        settle(param, track, state, moved, 1);
    }
}
