//! Optimizers against PyTorch's algorithms, written out for one parameter in double precision.

extern crate std;

use super::{AdamW, Method, Momentum, Optimizer, ParamMut, RmsProp, State};
use crate::kernel::Grad;
use crate::number::random::Pcg;
use std::vec::Vec;

const STEPS: usize = 12;
const COUNT: usize = 11;

fn draws(seed: u64, count: usize) -> Vec<f64> {
    let mut random = Pcg::new(seed);
    (0..count)
        .map(|_| f64::from(random.uniform()) * 2.0 - 1.0)
        .collect()
}

/// `STEPS` updates of `COUNT` parameters, against `reference(w, gradients)` of each.
fn holds<O: Optimizer<f64> + core::fmt::Debug>(optimizer: O, reference: impl Fn(f64, &[f64]) -> f64) {
    let start = draws(1, COUNT);
    let gradients: Vec<Vec<f64>> = (0..STEPS).map(|step| draws(10 + step as u64, COUNT)).collect();
    for (is_bias, seed) in [(false, 0), (true, 1)] {
        let mut w = start.clone();
        let mut state = std::vec![0.0_f64; O::SLOTS * COUNT];
        for (count, g) in (1..).zip(&gradients) {
            let mut g = g.clone();
            let step = optimizer.step(count);
            let param = match is_bias {
                true => ParamMut::Bias(&mut w[..]),
                false => ParamMut::Weight(&mut w[..]),
            };
            let gradient = Grad {
                data: &mut g,
                track: None,
            };
            let state = State {
                bytes: bytemuck::cast_slice_mut(&mut state),
                elements: COUNT,
                window: 0..COUNT,
            };
            O::update(&step, param, gradient, state, &mut Pcg::new(seed));
        }
        for (index, w) in w.iter().enumerate() {
            let own: Vec<f64> = gradients.iter().map(|g| g[index]).collect();
            let expected = reference(start[index], &own);
            assert!(
                (w - expected).abs() < 1e-13,
                "{optimizer:?}, {index}: {w} is not {expected}"
            );
        }
    }
}

#[test]
fn adamw_decays_apart_from_the_gradient() {
    let optimizer = AdamW {
        learning_rate: 0.03,
        beta1: 0.8,
        beta2: 0.95,
        epsilon: 1e-6,
        weight_decay: 0.1,
    };
    let [rate, beta1, beta2, epsilon, decay] = [0.03_f32, 0.8, 0.95, 1e-6, 0.1].map(f64::from);
    holds(optimizer, |mut w, gradients| {
        let (mut m, mut v) = (0.0, 0.0);
        for (t, g) in (1..).zip(gradients) {
            w -= rate * decay * w;
            m = beta1 * m + (1.0 - beta1) * g;
            v = beta2 * v + (1.0 - beta2) * g * g;
            let corrected = m / (1.0 - libm::pow(beta1, f64::from(t)));
            let root = libm::sqrt(v / (1.0 - libm::pow(beta2, f64::from(t))));
            w -= rate * corrected / (root + epsilon);
        }
        w
    });
}

fn rms_prop<const CENTERED: bool, const MOMENTUM: bool>() {
    let optimizer = RmsProp::<CENTERED, MOMENTUM> {
        learning_rate: 0.02,
        alpha: 0.9,
        epsilon: 1e-5,
        momentum: 0.7,
        weight_decay: 0.05,
    };
    let [rate, alpha, epsilon, momentum, decay] = [0.02_f32, 0.9, 1e-5, 0.7, 0.05].map(f64::from);
    holds(optimizer, |mut w, gradients| {
        let (mut v, mut a, mut b) = (0.0, 0.0, 0.0);
        for g in gradients {
            let g = g + decay * w;
            v = alpha * v + (1.0 - alpha) * g * g;
            a = alpha * a + (1.0 - alpha) * g;
            let root = libm::sqrt(if CENTERED { v - a * a } else { v }) + epsilon;
            b = momentum * b + g / root;
            w -= rate * if MOMENTUM { b } else { g / root };
        }
        w
    });
}

#[test]
fn rms_prop_with_and_without_its_options() {
    rms_prop::<false, false>();
    rms_prop::<true, false>();
    rms_prop::<false, true>();
    rms_prop::<true, true>();
    let codes = [
        RmsProp::<false, false>::CODE,
        RmsProp::<true, false>::CODE,
        RmsProp::<false, true>::CODE,
        RmsProp::<true, true>::CODE,
    ];
    assert_eq!(codes, [5, 6, 7, 8]);
    assert_eq!(
        (RmsProp::<true, true>::SLOTS, RmsProp::<false, false>::SLOTS),
        (3, 1)
    );
}

/// One gradient over and over: its variance is zero, and rounding must not make it less.
#[test]
fn a_centered_root_is_never_of_less_than_nothing() {
    let optimizer = RmsProp::<true, false> {
        alpha: 0.5,
        ..RmsProp::default()
    };
    let (mut w, mut state) = ([0.0_f32; 64], [0.0_f32; 128]);
    let mut below = 0;
    for _ in 0..100 {
        let mut g: [f32; 64] = core::array::from_fn(|i| 0.1 + i as f32 * 0.013);
        let step = Optimizer::<f32>::step(&optimizer, 1);
        let gradient = Grad {
            data: &mut g,
            track: None,
        };
        let bytes = State {
            bytes: bytemuck::cast_slice_mut(&mut state),
            elements: 64,
            window: 0..64,
        };
        RmsProp::update(
            &step,
            ParamMut::<f32>::Weight(&mut w),
            gradient,
            bytes,
            &mut Pcg::new(0),
        );
        below += (0..64)
            .filter(|i| state[*i] < state[64 + i] * state[64 + i])
            .count();
        assert!(w.iter().all(|w| w.is_finite()));
    }
    assert!(below > 0, "rounding never made a variance negative");
}

#[test]
fn momentum_is_dampened_from_the_second_update_on() {
    for (nesterov, dampening) in [(false, 0.3_f32), (false, 0.0), (true, 0.0)] {
        let optimizer = Momentum {
            learning_rate: 0.05,
            momentum: 0.8,
            dampening,
            nesterov,
            weight_decay: 0.02,
        };
        let [rate, momentum, decay] = [0.05_f32, 0.8, 0.02].map(f64::from);
        holds(optimizer, |mut w, gradients| {
            let mut v = None;
            for g in gradients {
                let g = g + decay * w;
                let next = match v {
                    None => g,
                    Some(v) => momentum * v + (1.0 - f64::from(dampening)) * g,
                };
                w -= rate * if nesterov { g + momentum * next } else { next };
                v = Some(next);
            }
            w
        });
    }
}
