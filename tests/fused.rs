//! Promise: an update that is fused into the backward pass moves the parameters to the same bits as one
//! that keeps the gradient, and needs less memory.

use kilograd::engine::{Arena, Training, Update};
use kilograd::loss::{Loss, Target};
use kilograd::network::{Layer, Model, PlanOf, mode};
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::{Adam, Momentum, Optimizer, Sgd};
use support::random_model::{LAYERS, RandomModel, draw_any};
use support::real::AnyTrainer;

type Plan = PlanOf<LAYERS>;

/// What five steps did.
struct Trained {
    /// Whether the parameters moved.
    moved: bool,
    /// How often a sample was refused.
    noticed: usize,
    /// The norms of the gradients.
    norms: Vec<f32>,
    /// Where the parameters moved to.
    end: Vec<u8>,
}

fn train<O: Optimizer<f32>>(model: &RandomModel, plan: &Plan, optimizer: O, seed: u64) -> Trained {
    let mut memory = Box::new(Arena::<{ 1 << 16 }>::ZERO);
    memory.fill(0xff);
    let mut image = Arena::<{ 1 << 13 }>::ZERO;
    for (index, value) in image.chunks_exact_mut(4).enumerate() {
        // A running variance may be among them, so none is below 0.
        value.copy_from_slice(&((index * 7 % 16) as f32 / 32.0 + 0.1).to_le_bytes());
    }
    let frozen = &image[..plan.frozen];
    let mut trainer = AnyTrainer::with_frozen(plan, &mut memory[..plan.bytes()], optimizer, frozen).unwrap();
    trainer.init(seed);
    let start = trainer.parameter_bytes().to_vec();
    let mut dice = Pcg::new(seed);
    let drops = model
        .layers
        .iter()
        .any(|entry| matches!(entry.layer(), Layer::Dropout(_)));
    let (mut noticed, mut norms) = (0, vec![]);
    for step in 1..=5 {
        let x = model.sample(&mut dice);
        let t: Vec<f32> = (0..plan.output.len()).map(|_| dice.uniform() - 0.5).collect();
        let loss = trainer.learn(View::plain(&x), Target::Values(View::plain(&t)));
        assert!(loss.is_some_and(f32::is_finite), "{loss:?}: {model:?}");
        let update = trainer.update();
        assert!(
            matches!(update, Update::Done(norm) if norm.is_finite()),
            "{update:?} at a loss of {loss:?}: {model:?}"
        );
        if let Update::Done(norm) = update {
            norms.push(norm);
        }
        assert_eq!(trainer.steps(), step);
        // What a sample that is no number would do, it does to no parameter. Some models do not notice: they
        // drop it, or read a padding alone.
        let after = learned(&trainer);
        let nothing: Vec<f32> = x.iter().map(|_| f32::NAN).collect();
        let target = Target::Values(View::plain(&t));
        if drops
            || trainer
                .evaluate(View::plain(&nothing), target)
                .is_some_and(f32::is_finite)
        {
            continue;
        }
        noticed += 1;
        let loss = trainer.learn(View::plain(&nothing), target);
        assert_eq!(trainer.update(), Update::Refused, "loss {loss:?} {model:?}");
        assert!(trainer.steps() == step && learned(&trainer) == after, "{model:?}");
    }
    let end = trainer.parameter_bytes().to_vec();
    Trained {
        moved: end != start,
        noticed,
        norms,
        end,
    }
}

/// What is learned, and not measured: a branch that does not notice the sample may take it into its statistics.
fn learned<O: Optimizer<f32>>(trainer: &AnyTrainer<'_, f32, O>) -> Vec<u32> {
    let mut values = vec![];
    for (layer, slot) in trainer.plan().slots().iter().enumerate() {
        for index in 0..slot.tensors.count() {
            if slot.tensors.trained(index) {
                let name = slot.specs().get(index).unwrap().name;
                values.extend(trainer.parameter(layer, name).unwrap().values().map(f32::to_bits));
            }
        }
    }
    values
}

fn compare<O: Optimizer<f32>>(optimizer: O) -> (usize, usize) {
    let mut dice = Pcg::new(4);
    let mut bytes = (0, 0);
    let (mut moved, mut refused) = (0, 0);
    for seed in 0..500 {
        let depth = 1 + dice.below(12) as usize;
        let random = draw_any(&mut dice, depth);
        let model = Model::new(random.input, &random.layers);
        let training = || Training::<f32, O>::new(Loss::MeanSquaredError);
        let fused: Plan = model.try_plan(&training()).unwrap();
        let kept: Plan = model.try_plan(&training().keep_gradients()).unwrap();
        assert!(fused.uses() & mode::FUSED != 0 && kept.uses() & mode::FUSED == 0);
        assert!(fused.bytes() <= kept.bytes());
        assert_eq!(
            fused.fingerprint, kept.fingerprint,
            "a checkpoint of one is one of the other"
        );
        let (a, b) = (
            train(&random, &fused, optimizer, seed),
            train(&random, &kept, optimizer, seed),
        );
        assert!(a.end == b.end, "model {seed}: {random:?}");
        // The squares are summed in another order.
        for (a, b) in a.norms.iter().zip(&b.norms) {
            assert!((a - b).abs() <= 1e-5 * b, "norm {a} fused, {b} kept: {random:?}");
        }
        moved += usize::from(a.moved);
        refused += a.noticed;
        bytes.0 += fused.bytes();
        bytes.1 += kept.bytes();
    }
    // A relu may let nothing pass.
    assert!(moved > 450, "only {moved} models moved");
    assert!(refused > 1000, "only {refused} samples were refused");
    bytes
}

#[test]
fn fused_updates_give_the_same_bits() {
    // So slow that no model runs away.
    let learning_rate = 1e-4;
    let sgd = Sgd {
        learning_rate,
        ..Sgd::default()
    };
    let momentum = Momentum {
        learning_rate,
        ..Momentum::default()
    };
    let decaying = Momentum {
        weight_decay: 0.01,
        ..momentum
    };
    let adam = Adam {
        learning_rate,
        ..Adam::default()
    };
    for (fused, kept) in [compare(sgd), compare(momentum), compare(decaying), compare(adam)] {
        println!("{fused} bytes fused, {kept} bytes with the gradient kept");
        assert!(fused < kept);
    }
}

/// More than one sample for an update, or a norm to clip by, needs the whole gradient.
#[test]
fn what_needs_the_whole_gradient_keeps_it() {
    use kilograd::engine::Clip;
    let layers = [kilograd::network::dense(3)];
    let model = Model::new(kilograd::network::Shape::vector(40), &layers);
    let training = || Training::<f32, Sgd>::new(Loss::CrossEntropy);
    let uses = |training: Training<f32, Sgd>| -> (bool, usize) {
        let plan: Plan = model.try_plan(&training).unwrap();
        (plan.uses() & mode::FUSED != 0, plan.regions.gradients)
    };
    // One row of the matrix, or the bias.
    assert_eq!(uses(training()), (true, 3 * 4));
    assert_eq!(uses(training().batch(2)), (false, 123 * 4));
    assert_eq!(uses(training().clip(Clip::Norm(1.0))), (false, 123 * 4));
    assert_eq!(uses(training().keep_gradients()), (false, 123 * 4));
}
