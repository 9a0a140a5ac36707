//! `RMSprop` in block fixed point.

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
use crate::optim::{Optimizer, ParamMut, RmsProp, State};

/// What is the same for every parameter of one update.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    rate: Factor,
    decay: Factor,
    epsilon: Factor,
    /// μ of 2¹⁵.
    momentum: i32,
    /// α of 2¹⁵.
    alpha: i32,
    /// `1 − α` of 2¹⁴.
    rest: i32,
    root: Root,
    first: bool,
}

/// The bits of a ratio `g / s`, which lies within ±32.
const RATIO: i32 = 10;
/// The bits of a speed, which lies within ±256.
const SPEED: i32 = 7;

/// The vectors of state, over the elements that move; those that there are none of are empty.
struct Vectors<'a> {
    roots: &'a mut [u16],
    means: &'a mut [i16],
    speeds: &'a mut [i16],
}

fn vectors(state: State<'_>, centered: bool) -> Vectors<'_> {
    let State {
        bytes,
        elements,
        window,
    } = state;
    let (roots, rest) = bytes.split_at_mut_checked(2 * elements).unwrap_or_default();
    let (means, speeds) = rest
        .split_at_mut_checked(if centered { 2 * elements } else { 0 })
        .unwrap_or_default();
    Vectors {
        roots: cast_mut::<u16>(roots).get_mut(window.clone()).unwrap_or(&mut []),
        means: cast_mut::<i16>(means).get_mut(window.clone()).unwrap_or(&mut []),
        speeds: cast_mut::<i16>(speeds).get_mut(window).unwrap_or(&mut []),
    }
}

/// The mean square is kept as its root, which is followed without one.
impl<M: Master, const CENTERED: bool, const MOMENTUM: bool> Optimizer<Bfp14<M>>
    for RmsProp<CENTERED, MOMENTUM>
{
    type Step = Step;

    fn step(&self, count: u32) -> Step {
        let gap = Factor::gap(self.alpha);
        Step {
            rate: Factor::new(self.learning_rate),
            decay: Factor::new(self.weight_decay),
            epsilon: Factor::new(self.epsilon),
            momentum: Factor::new(self.momentum).fraction(),
            alpha: (1 << 15) - (gap >> 17) as i32,
            rest: (gap >> 18) as i32,
            root: Root::new(gap),
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
        let unit = unit(&param, track.as_deref());
        let exponent = state_exponent(track.as_deref_mut(), step.first, 1);
        let scale = i32::from(Bfp14::<M>::gradient_scale(track.as_deref()).0);
        let by = exponent - 1 - scale;
        let epsilon = Scaled::of_narrow(step.epsilon, 0, exponent - 1)
            .narrow(1)
            .clamp(0, 0xffff) as u32;
        let fraction = if MOMENTUM { SPEED } else { RATIO };
        let rate = Scaled::of_narrow(step.rate, -fraction, unit);
        let pull = Scaled::of_wide(step.decay, unit, scale);
        let Vectors { roots, means, speeds } = vectors(state, CENTERED);
        let (mut means, mut speeds) = (means.iter_mut(), speeds.iter_mut());
        let mut tally = Tally::default();
        let mut dither = Dither::new(random);
        let mut of = |w: i32, s: &mut u16, g: i32, tally: &mut Tally| {
            let bits = dither.next();
            let g = decayed(g, w, step.decay, &pull);
            let h = fixed::shift(g, by).clamp(-0xffff, 0xffff);
            *s = step.root.of(*s, h.unsigned_abs(), bits >> 3);
            let mut spread = u32::from(*s);
            tally.state = tally.state.max(spread >> 1).max(h.unsigned_abs() >> 1);
            if CENTERED && let Some(a) = means.next() {
                let mean = (i32::from(*a) * step.alpha + h * step.rest + (bits & 0x7fff) as i32) >> 15;
                *a = mean.clamp(-32767, 32767) as i16;
                let twice = 2 * u32::from(a.unsigned_abs());
                spread = (spread * spread).saturating_sub(twice * twice).isqrt();
            }
            let size = (h.unsigned_abs() << RATIO)
                .checked_div(spread + epsilon)
                .unwrap_or(0)
                .min(0x7fff) as i32;
            let mut ratio = if h < 0 { -size } else { size };
            if MOMENTUM && let Some(b) = speeds.next() {
                let taken = ratio << (15 - (RATIO - SPEED));
                let speed = (i32::from(*b) * step.momentum + taken + (bits >> 17) as i32) >> 15;
                *b = speed.clamp(-32767, 32767) as i16;
                ratio = (*b).into();
            }
            let delta = rate.narrow(ratio);
            tally.stall(delta, g);
            (delta, bits)
        };
        match param {
            ParamMut::Bias(bias) => {
                for ((b, s), g) in bias.iter_mut().zip(roots).zip(data) {
                    let (delta, _) = of(b.0, s, *g, &mut tally);
                    b.0 = b.0.saturating_sub(delta);
                }
            }
            ParamMut::Weight(Planes { high, low }) => {
                for (((high, below), s), g) in high.iter_mut().zip(low).zip(roots).zip(data) {
                    let (delta, bits) = of(M::load(*high, &below), s, *g, &mut tally);
                    *high = tally.weight::<M>(*high, below, delta, bits >> 16);
                }
            }
        }
        tally.moved(track)
    }

    fn settle(
        param: ParamMut<'_, Bfp14<M>>,
        mut track: Option<&mut Track>,
        state: State<'_>,
        [weights, moments]: [Peak; 2],
    ) {
        halve(param, track.as_deref_mut(), weights);
        let by = rescale(moments.largest);
        if by != 0 {
            let elements = state.elements;
            let (roots, rest) = state.bytes.split_at_mut_checked(2 * elements).unwrap_or_default();
            shift_unsigned(roots, by);
            if CENTERED {
                shift_signed(rest.get_mut(..2 * elements).unwrap_or(&mut []), by);
            }
            let exponent = i32::from(bfp::get(track.as_deref(), Field::Window));
            bfp::set(track, Field::Window, exponent + by);
        }
    }
}
