//! Promise: a sample that lies in the arena, filled there as numbers or as a camera's bytes, teaches the same bits as one
//! from outside, and takes no more memory than it has while it is read.

use kilograd::engine::{Arena, Inside, Training, Update};
use kilograd::loss::{Loss, Target};
use kilograd::network::*;
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::Momentum;
use support::random_model::{LAYERS, RandomModel, draw_any};
use support::real::AnyTrainer;

type Plan = PlanOf<LAYERS>;

fn training() -> Training<f32, Momentum> {
    Training::new(Loss::MeanSquaredError)
}

fn plan(input: Shape, layers: &[Entry]) -> Result<Plan, PlanError> {
    Model::new(input, layers).try_plan(&training())
}

/// How a sample comes to the model.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Outside,
    Numbers,
    Bytes,
}

fn value(byte: u8) -> f32 {
    (f32::from(byte) - 128.0) / 64.0
}

/// Infers and trains some steps in memory that held garbage; outputs, losses and parameters, bit for bit.
fn bits(model: &RandomModel, plan: &Plan, way: Way, seed: u64) -> Vec<u8> {
    let mut memory = Box::new(Arena::<{ 1 << 18 }>::ZERO);
    memory.fill(0xff);
    let mut image = Arena::<{ 1 << 15 }>::ZERO;
    for (index, value) in image.chunks_exact_mut(4).enumerate() {
        value.copy_from_slice(&((index * 7 % 16) as f32 / 16.0).to_le_bytes());
    }
    let (memory, frozen) = (&mut memory[..plan.bytes()], &image[..plan.frozen]);
    let slow = Momentum {
        learning_rate: 1e-4,
        ..Momentum::default()
    };
    let mut trainer: AnyTrainer<'_, f32, Momentum> =
        AnyTrainer::with_frozen(plan, memory, slow, frozen).unwrap();
    trainer.init(seed);
    let mut dice = Pcg::new(seed);
    let mut bits = vec![];
    let count = plan.input.len();
    for step in 0..6 {
        let bytes: Vec<u8> = (0..count)
            .map(|_| match model.tokens {
                0 => dice.below(256) as u8,
                tokens => dice.below(tokens.into()) as u8,
            })
            .collect();
        let number = |byte: u8| {
            if model.tokens == 0 {
                value(byte)
            } else {
                byte.into()
            }
        };
        let x: Vec<f32> = bytes.iter().map(|byte| number(*byte)).collect();
        let t: Vec<f32> = (0..plan.output.len()).map(|_| dice.uniform() - 0.5).collect();
        match way {
            Way::Outside => {}
            Way::Numbers => trainer.sample_mut().unwrap().data.copy_from_slice(&x),
            Way::Bytes => {
                trainer.sample_bytes_mut().unwrap().copy_from_slice(&bytes);
                assert!(trainer.widen_sample(number));
            }
        }
        let x = match way {
            Way::Outside => View::plain(&x),
            _ => Inside.into(),
        };
        if step % 2 == 0 {
            trainer.infer(x);
        } else {
            let loss: f32 = trainer.learn(x, Target::Values(View::plain(&t))).unwrap();
            bits.extend(loss.to_le_bytes());
            bits.push(u8::from(matches!(trainer.update(), Update::Done(_))));
        }
        bits.extend(trainer.output().data.iter().flat_map(|y| y.to_le_bytes()));
    }
    bits.extend(trainer.parameter_bytes());
    bits
}

#[test]
fn wherever_a_sample_comes_from_the_bits_are_the_same() {
    let mut dice = Pcg::new(3);
    let (mut samples, mut works, mut free) = (0, [0; 2], 0);
    for seed in 0..500 {
        let depth = 1 + dice.below(12) as usize;
        let mut model = draw_any(&mut dice, depth);
        if matches!(model.layers[0].layer(), Layer::Input(_)) {
            model.layers.remove(0);
        }
        let without = plan(model.input, &model.layers).unwrap();
        let expected = bits(&model, &without, Way::Outside, seed);
        let mut layers = model.layers.clone();
        layers.insert(0, input());
        let with = plan(model.input, &layers).unwrap();
        for way in [Way::Outside, Way::Numbers, Way::Bytes] {
            assert!(bits(&model, &with, way, seed) == expected, "{way:?}: {model:?}");
        }
        samples += 4 * model.input.len();
        works[0] += without.regions.work;
        works[1] += with.regions.work;
        free += usize::from(with.regions.work <= without.regions.work);
    }
    println!("{samples} bytes of samples, work {works:?}, {free} plans are no larger");
    // What trains from its first layer on reads the sample last of all.
    assert!(works[1] < works[0] + samples && free > 50);
}

#[test]
fn a_model_without_an_input_layer_has_no_place_for_a_sample() {
    let layers = [dense(2)];
    let plan = plan(Shape::vector(3), &layers).unwrap();
    let mut memory = Arena::<1024>::ZERO;
    let mut trainer = AnyTrainer::<f32, Momentum>::new(&plan, &mut memory[..], Momentum::default()).unwrap();
    assert!(trainer.sample_mut().is_none() && trainer.sample_bytes_mut().is_none());
    assert!(!trainer.widen_sample(value));
}

#[test]
fn an_input_layer_stands_first_and_alone() {
    let fault = |layers: &[Entry]| plan(Shape::vector(3), layers).unwrap_err().to_string();
    assert_eq!(
        fault(&[relu(), input(), dense(2)]),
        "layer 1: input must be the first layer"
    );
    assert_eq!(
        fault(&[input().recompute(), dense(2)]),
        "layer 0: input cannot be computed again: the sample may be gone"
    );
    let above = "reads what is above the input layer: reach to that layer itself";
    assert_eq!(
        fault(&[input(), dense(3), add(3)]),
        format!("layer 2: add {above}")
    );
    assert_eq!(
        fault(&[input(), relu(), dense(3).from(3), add(2)]),
        format!("layer 2: dense {above}")
    );
}
