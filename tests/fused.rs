//! Promise: an update that is fused into the backward pass moves the parameters to the same bits as one
//! that keeps the gradient, and needs less memory.

use kilograd::engine::{Arena, Training, Update};
use kilograd::loss::{Loss, Target};
use kilograd::network::{Model, PlanOf, mode};
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::{Adam, Momentum, Optimizer, Sgd};
use support::random_model::draw;
use support::real::AnyTrainer;

type Plan = PlanOf<32>;

/// Trains five steps: whether the parameters moved, and to where, bit for bit.
fn train<O: Optimizer<f32>>(plan: &Plan, optimizer: O, seed: u64) -> (bool, Vec<u8>) {
    let mut memory = Box::new(Arena::<{ 1 << 16 }>::ZERO);
    memory.fill(0xff);
    let mut image = Arena::<{ 1 << 13 }>::ZERO;
    for (index, value) in image.chunks_exact_mut(4).enumerate() {
        value.copy_from_slice(&((index * 7 % 16) as f32 / 16.0 - 0.5).to_le_bytes());
    }
    let frozen = &image[..plan.frozen];
    let mut trainer = AnyTrainer::with_frozen(plan, &mut memory[..plan.bytes()], optimizer, frozen).unwrap();
    trainer.init(seed);
    let start = trainer.parameter_bytes().to_vec();
    let mut dice = Pcg::new(seed);
    for step in 1..=5 {
        let mut values = |count| -> Vec<f32> { (0..count).map(|_| dice.uniform() - 0.5).collect() };
        let (x, t) = (values(plan.input.len()), values(plan.output.len()));
        let loss = trainer.learn(View::plain(&x), Target::Values(View::plain(&t)));
        assert!(loss.is_some_and(f32::is_finite));
        assert!(matches!(trainer.update(), Update::Done(norm) if norm.is_finite()));
        assert_eq!(trainer.steps(), step);
        // What a sample that is no number would do, it does to no parameter.
        let after = trainer.parameter_bytes().to_vec();
        let nothing: Vec<f32> = x.iter().map(|_| f32::NAN).collect();
        trainer.learn(View::plain(&nothing), Target::Values(View::plain(&t)));
        assert_eq!(trainer.update(), Update::Refused);
        assert_eq!(
            (trainer.steps(), trainer.parameter_bytes()),
            (step, after.as_slice())
        );
    }
    let end = trainer.parameter_bytes().to_vec();
    (end != start, end)
}

fn compare<O: Optimizer<f32>>(optimizer: O) -> (usize, usize) {
    let mut dice = Pcg::new(4);
    let mut bytes = (0, 0);
    let mut moved = 0;
    for seed in 0..300 {
        let depth = 1 + dice.below(12) as usize;
        let random = draw(&mut dice, depth);
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
        let (a, b) = (train(&fused, optimizer, seed), train(&kept, optimizer, seed));
        assert!(a == b, "model {seed}: {random:?}");
        moved += usize::from(a.0);
        bytes.0 += fused.bytes();
        bytes.1 += kept.bytes();
    }
    // A relu may let nothing pass.
    assert!(moved > 250, "only {moved} models moved");
    bytes
}

#[test]
fn fused_updates_give_the_same_bits() {
    let momentum = Momentum {
        weight_decay: 0.01,
        ..Momentum::default()
    };
    for (fused, kept) in [
        compare(Sgd::default()),
        compare(Momentum::default()),
        compare(momentum),
        compare(Adam::default()),
    ] {
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
    assert_eq!(uses(training()), (true, 96 * 4));
    assert_eq!(uses(training().batch(2)), (false, 123 * 4));
    assert_eq!(uses(training().clip(Clip::Norm(1.0))), (false, 123 * 4));
    assert_eq!(uses(training().keep_gradients()), (false, 123 * 4));
}
