//! Promise: a model that was trained in block fixed point, with its scales as they stand, is an int16 network. A plan for
//! inference has 2 bytes for each weight, and gives the outputs of the trainer, bit for bit.

use kilograd::engine::{Arena, Trainer, Training};
use kilograd::loss::{Loss, Target};
use kilograd::network::*;
use kilograd::number::bfp::{Exponent, High, Low8, Low16, Master};
use kilograd::number::random::Pcg;
use kilograd::number::{Bfp14, View};
use kilograd::optim::{Momentum, Sgd};

const SCALE: Exponent = Exponent(-11);
const NET: Model = Model::new(
    Shape::series(3, 20),
    &[
        conv1d(6, 5).stride(2),
        relu(),
        conv1d(8, 3),
        relu(),
        global_average(),
        dense(4),
    ],
);
const WEIGHTS: usize = 5 * 3 * 6 + 3 * 6 * 8 + 8 * 4;
const BIASES: usize = 6 + 8 + 4;
const INFERENCE: PlanOf<{ NET.len() }> =
    NET.plan(Training::<Bfp14<High>, Sgd>::new(Loss::CrossEntropy).inference());

fn sample(random: &mut Pcg, class: usize) -> [i16; 60] {
    core::array::from_fn(|index| {
        let wave = if index / 3 % (class + 2) == 0 { 3000 } else { -1500 };
        wave + random.below(1600) as i16 - 800
    })
}

/// Trains in `M`, and compares what the trainer infers with what the int16 network does.
fn equal<M: Master>(plan: &Plan) {
    let mut memory = Arena::<16384>::ZERO;
    let momentum = Momentum {
        learning_rate: 0.02,
        momentum: 0.9,
        dampening: 0.0,
        nesterov: false,
        weight_decay: 0.0,
    };
    let mut trainer = Trainer::<Bfp14<M>, Momentum, { u128::MAX }>::new(plan, &mut memory, momentum).unwrap();
    trainer.init(1);
    let mut random = Pcg::new(2);
    for step in 0..400 {
        let data = sample(&mut random, step % 4);
        let view = View {
            data: &data,
            scale: SCALE,
        };
        trainer.learn(view, Target::Class(step % 4)).unwrap();
        trainer.update();
    }
    let mut memory = Arena::<4096>::ZERO;
    let sgd = Sgd {
        learning_rate: 0.0,
        weight_decay: 0.0,
    };
    let mut network =
        Trainer::<Bfp14<High>, Sgd, { INFERENCE.uses() }>::new(&INFERENCE, &mut memory, sgd).unwrap();
    network.init(9);
    assert!(network.adopt(&trainer));
    assert_eq!(INFERENCE.regions.params, 2 * WEIGHTS + 4 * BIASES);
    let mut right = 0;
    for step in 0..200 {
        let data = sample(&mut random, step % 4);
        let expected = trainer.infer(View {
            data: &data,
            scale: SCALE,
        });
        let (answer, scale) = (expected.data.to_vec(), expected.scale);
        let found = network.infer(View {
            data: &data,
            scale: SCALE,
        });
        assert_eq!((found.data, found.scale), (&answer[..], scale), "sample {step}");
        let best = kilograd::evaluate::argmax(&answer);
        right += usize::from(best == Some(step % 4));
    }
    assert!(right > 180, "it has learned: {right} of 200");
}

const fn training<M: Master>() -> PlanOf<{ NET.len() }>
where
    Momentum: kilograd::optim::Optimizer<Bfp14<M>>,
{
    NET.plan(Training::<Bfp14<M>, Momentum>::new(Loss::CrossEntropy))
}

#[test]
fn an_int16_network_gives_what_was_trained_in_every_width() {
    equal::<Low16>(&training::<Low16>());
    equal::<Low8>(&training::<Low8>());
    equal::<High>(&training::<High>());
}

#[test]
fn another_model_is_not_adopted() {
    const OTHER: Model = Model::new(Shape::vector(4), &[dense(2)]);
    const PLAN: PlanOf<{ OTHER.len() }> = OTHER.plan(Training::<Bfp14, Sgd>::new(Loss::CrossEntropy));
    let sgd = Sgd {
        learning_rate: 0.0,
        weight_decay: 0.0,
    };
    let (mut memory, mut arena) = (Arena::<4096>::ZERO, Arena::<4096>::ZERO);
    let other = Trainer::<Bfp14, Sgd, { PLAN.uses() }>::new(&PLAN, &mut arena, sgd).unwrap();
    let mut network =
        Trainer::<Bfp14<High>, Sgd, { INFERENCE.uses() }>::new(&INFERENCE, &mut memory, sgd).unwrap();
    network.init(1);
    let before = network.parameter_bytes().to_vec();
    assert!(!network.adopt(&other));
    assert_eq!(network.parameter_bytes(), before);
}
