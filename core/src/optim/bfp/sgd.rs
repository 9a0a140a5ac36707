//! Gradient descent in block fixed point.

use super::{Dither, Factor, Scaled, Tally, settle, unit};
use crate::kernel::{Grad, Kernel};
use crate::number::View;
use crate::number::bfp::{self, Bfp14, FINE, Master, Peak, Planes, Track};
use crate::number::random::Pcg;
use crate::optim::{Optimizer, ParamMut, Sgd, State};

/// What is the same for every parameter of one update: η, and η λ.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    rate: Factor,
    decay: Factor,
}

/// `w ← w − η g − η λ w`, on the master weights.
impl<M: Master> Optimizer<Bfp14<M>> for Sgd {
    type Step = Rates;
    const OUTER: bool = true;

    fn step(&self, _count: u32) -> Rates {
        let rate = Factor::new(self.learning_rate);
        Rates {
            rate,
            decay: rate.times(Factor::new(self.weight_decay)),
        }
    }

    fn update(
        step: &Rates,
        param: ParamMut<'_, Bfp14<M>>,
        gradient: Grad<'_, Bfp14<M>>,
        _: State<'_>,
        random: &mut Pcg,
    ) -> [Peak; 2] {
        let Grad { data, track } = gradient;
        let unit = unit(&param, track.as_deref());
        let scale = i32::from(Bfp14::<M>::gradient_scale(track.as_deref()).0);
        let rate = Scaled::of_wide(step.rate, scale, unit);
        let decay = Scaled::of_wide(step.decay, unit, unit);
        let mut tally = Tally::default();
        match param {
            ParamMut::Bias(bias) => {
                for (b, g) in bias.iter_mut().zip(data) {
                    let delta = rate.wide(*g);
                    tally.stall(delta, *g);
                    b.0 = b.0.saturating_sub(delta).saturating_sub(decay.wide(b.0));
                }
            }
            ParamMut::Weight(Planes { high, low }) => {
                let mut dither = Dither::new(random);
                for ((high, below), g) in high.iter_mut().zip(low).zip(data) {
                    let mut delta = rate.wide(*g);
                    tally.stall(delta, *g);
                    if !step.decay.is_zero() {
                        delta += decay.wide(M::load(*high, &below));
                    }
                    let bits = if M::RANDOM { dither.next() } else { 0 };
                    *high = tally.weight::<M>(*high, below, delta, bits);
                }
            }
        }
        tally.moved(track)
    }

    fn update_outer(
        step: &Rates,
        weights: Planes<'_, M>,
        track: Option<&mut Track>,
        x: View<'_, Bfp14<M>>,
        dy: View<'_, Bfp14<M>>,
        _: &mut [u8],
        random: &mut Pcg,
    ) -> Option<[Peak; 2]> {
        if !step.decay.is_zero() || dy.data.is_empty() {
            return None;
        }
        let unit = i32::from(bfp::exponent(track.as_deref()).0) - FINE;
        let rate = Scaled::of_wide(step.rate, i32::from(x.scale.0) + i32::from(dy.scale.0), unit);
        let mut tally = Tally::default();
        let mut dither = Dither::new(random);
        let Planes { high, mut low } = weights;
        for (high, x) in high.chunks_exact_mut(dy.data.len()).zip(x.data) {
            let x = i32::from(*x);
            for ((high, below), dy) in high.iter_mut().zip(&mut low).zip(dy.data) {
                let g = x * i32::from(*dy);
                let delta = rate.wide(g);
                tally.stall(delta, g);
                let bits = if M::RANDOM { dither.next() } else { 0 };
                *high = tally.weight::<M>(*high, below, delta, bits);
            }
        }
        Some(tally.moved(track))
    }

    fn settle(param: ParamMut<'_, Bfp14<M>>, track: Option<&mut Track>, state: State<'_>, moved: [Peak; 2]) {
        settle(param, track, state, moved, 0);
    }
}
