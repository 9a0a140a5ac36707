//! The optimizers beside those in double precision, on the same gradients.

extern crate std;

use crate::kernel::{Grad, Kernel};
use crate::number::bfp::{Bfp14, Field, High, Low8, Low16, Master, Track, set};
use crate::number::random::Pcg;
use crate::number::{Element, Number};
use crate::optim::*;
use std::vec;
use std::vec::Vec;

const SIZE: usize = 64;

/// Gradients of a bowl, `g = c (w − target) + noise`, seen by both; returns the worst and the mean distance at the end, in
/// units of the way that the exact one went, or of 0.03.
fn race<M: Master, O: Optimizer<f64> + Optimizer<Bfp14<M>>>(
    optimizer: O,
    steps: u32,
    size: f32,
) -> (f64, f64) {
    let mut random = Pcg::new(11);
    let mut draw = |size: f32| -> Vec<f32> { (0..SIZE).map(|_| size * (random.uniform() - 0.5)).collect() };
    let (start, target) = (draw(1.0), draw(1.0));
    let mut exact: Vec<f64> = start.iter().map(|w| f64::from(*w)).collect();
    let mut exact_state = vec![0_u64; SIZE * O::SLOTS];
    let mut bytes = vec![0_u32; SIZE];
    let bytes: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut bytes)[..SIZE * M::BYTES];
    let mut track = Track::default();
    Bfp14::<M>::store_weights(bytes, Some(&mut track), start.iter().copied());
    let mut state = vec![0_u32; SIZE * O::SLOTS / 2 + SIZE];
    let state: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut state)[..2 * SIZE * O::SLOTS];
    let mut dice = Pcg::new(3);
    let mut noise = Pcg::new(4);
    for count in 1..=steps {
        let scale = -24;
        let mut gradient = [0_i32; SIZE];
        for ((g, w), target) in gradient.iter_mut().zip(&exact).zip(&target) {
            let exact = size * (*w as f32 - target + 0.2 * (noise.uniform() - 0.5));
            *g = i32::from_f32(exact, crate::number::bfp::Exponent(scale));
        }
        let mut floats: Vec<f64> = gradient
            .iter()
            .map(|g| f64::from(*g) * libm::exp2(f64::from(scale)))
            .collect();
        let step = Optimizer::<f64>::step(&optimizer, count);
        <O as Optimizer<f64>>::update(
            &step,
            ParamMut::Weight(&mut exact[..]),
            Grad {
                data: &mut floats,
                track: None,
            },
            State {
                bytes: bytemuck::cast_slice_mut(&mut exact_state),
                elements: SIZE,
                window: 0..SIZE,
            },
            &mut dice,
        );
        if count == 1 {
            <Bfp14<M>>::follow_gradient(Some(&mut track), &gradient);
        }
        set(Some(&mut track), Field::Gradient, scale.into());
        let step = Optimizer::<Bfp14<M>>::step(&optimizer, count);
        let moved = <O as Optimizer<Bfp14<M>>>::update(
            &step,
            ParamMut::Weight(Bfp14::<M>::weights_mut(bytes, 0..SIZE)),
            Grad {
                data: &mut gradient,
                track: Some(&mut track),
            },
            State {
                bytes: &mut *state,
                elements: SIZE,
                window: 0..SIZE,
            },
            &mut dice,
        );
        <O as Optimizer<Bfp14<M>>>::settle(
            ParamMut::Weight(Bfp14::<M>::weights_mut(bytes, 0..SIZE)),
            Some(&mut track),
            State {
                bytes: &mut *state,
                elements: SIZE,
                window: 0..SIZE,
            },
            moved,
        );
    }
    let weights = Bfp14::<M>::weights(bytes, bytes.len() / M::BYTES, Some(&track));
    let far = exact
        .iter()
        .zip(&start)
        .map(|(e, s)| (e - f64::from(*s)).abs())
        .fold(0.03, f64::max);
    let gaps = weights
        .data
        .iter()
        .zip(&exact)
        .map(|(w, e)| (f64::from(w.to_f32(weights.scale)) - e).abs() / far);
    (gaps.clone().fold(0.0, f64::max), gaps.sum::<f64>() / SIZE as f64)
}

/// Each master, at an ordinary gradient, a tiny and a large one.
fn follows<O>(name: &str, optimizer: O, bound: f64)
where
    O: Optimizer<f64> + Optimizer<Bfp14<Low16>> + Optimizer<Bfp14<Low8>> + Optimizer<Bfp14<High>>,
{
    for size in [1.0, 1e-3, 20.0] {
        let gaps = [
            race::<Low16, O>(optimizer, 200, size),
            race::<Low8, O>(optimizer, 200, size),
            race::<High, O>(optimizer, 200, size),
        ];
        for (worst, mean) in gaps {
            assert!(worst < bound && mean < 0.35 * bound, "{name} {size}: {gaps:?}");
        }
    }
}

#[test]
fn each_follows_its_like_in_double_precision() {
    let sgd = |learning_rate, weight_decay| Sgd {
        learning_rate,
        weight_decay,
    };
    follows("sgd", sgd(0.02, 0.0), 0.05);
    follows("sgd with decay", sgd(0.02, 0.1), 0.05);
    let momentum = Momentum {
        learning_rate: 0.002,
        ..Momentum::default()
    };
    follows("momentum", momentum, 0.05);
    follows(
        "nesterov",
        Momentum {
            nesterov: true,
            ..momentum
        },
        0.05,
    );
    follows(
        "momentum with all",
        Momentum {
            dampening: 0.3,
            weight_decay: 0.1,
            ..momentum
        },
        0.05,
    );
    follows("adam", Adam::default(), 0.15);
    follows(
        "adam with decay",
        Adam {
            weight_decay: 0.1,
            ..Adam::default()
        },
        0.15,
    );
    follows(
        "adamw",
        AdamW {
            weight_decay: 0.5,
            ..AdamW::default()
        },
        0.15,
    );
    let rms = RmsProp::<false, false> {
        learning_rate: 0.001,
        ..Default::default()
    };
    follows("rmsprop", rms, 0.15);
    follows(
        "rmsprop centered",
        RmsProp::<true, false> {
            learning_rate: 0.001,
            ..Default::default()
        },
        0.15,
    );
    follows(
        "rmsprop with momentum",
        RmsProp::<false, true> {
            learning_rate: 0.0002,
            ..Default::default()
        },
        0.15,
    );
}
