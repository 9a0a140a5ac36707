//! The planner: a model as a `const`, its exact bytes, and no overlap among live buffers.

use kilograd::engine::{Arena, Trainer, Training, Update};
use kilograd::kernel::Kernel;
use kilograd::loss::{Loss, Target};
use kilograd::network::*;
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::{Adam, Momentum, Optimizer, Sgd};
use support::memory::{self, Buffer, Play};
use support::random_model::{self, RandomModel};

const NET: Model = Model::new(Shape::vector(2), &[dense(8), relu(), dense(2)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Adam>::new(Loss::CrossEntropy).batch(4));
const _: () = PLAN.budget(2048, 4096);

#[test]
fn xor_is_learned() {
    let mut memory = Arena::<{ PLAN.bytes() }>::ZERO;
    let adam = Adam {
        learning_rate: 0.05,
        ..Adam::default()
    };
    let mut trainer = Trainer::<f32, Adam, { PLAN.uses() }>::new(&PLAN, &mut memory, adam).unwrap();
    trainer.init(1);
    let mut last = 0.0;
    for _ in 0..200 {
        last = 0.0;
        for (x, class) in [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)] {
            last += trainer.learn(View::plain(&x), Target::Class(class)).unwrap();
        }
        assert!(matches!(trainer.update(), Update::Done(norm) if norm.is_finite()));
    }
    assert!(last < 0.05, "loss {last}");
}

const W4: Model = Model::new(
    Shape::series(6, 100),
    &[
        conv1d(8, 5).stride(2),
        relu(),
        conv1d(16, 5).stride(2),
        relu(),
        global_average(),
        dense(4),
    ],
);
const W4_PLAN: PlanOf<{ W4.len() }> = W4.plan(Training::<f32, Momentum>::new(Loss::CrossEntropy));

#[test]
fn ready_models_have_the_size_they_had() {
    assert_eq!((W4_PLAN.parameters, W4_PLAN.bytes()), (972, 12_656));
    assert_eq!((PLAN.parameters, PLAN.bytes()), (42, 752));
}

/// A model of up to `depth` layers, now and then with all but the last ones frozen.
fn draw(dice: &mut Pcg, depth: u32) -> RandomModel {
    let depth = 1 + dice.below(depth) as usize;
    let mut model = random_model::draw(dice, depth);
    if dice.below(3) == 0 {
        let weights = |entry: &Entry| !entry.layer().params(Shape::series(1, 1)).is_empty();
        let last = model.layers.iter().rposition(weights).unwrap();
        for below in 0..dice.below(last as u32 + 1) as usize {
            model.layers[below] = model.layers[below].frozen();
            model.frozen[below] = true;
        }
        if model.frozen[last] {
            return draw(dice, depth as u32);
        }
    }
    model
}

fn planned<N: Kernel, O: Optimizer<N>>(model: &RandomModel, training: Training<N, O>) -> PlanOf<32> {
    Model::new(model.input, &model.layers)
        .try_plan(&training)
        .unwrap()
}

/// Bytes of parameters, and of those that are trained, from the layers' formulas.
fn parameters(model: &RandomModel) -> (usize, usize) {
    let (mut all, mut trained, mut shape) = (0, 0, model.input);
    for (entry, frozen) in model.layers.iter().zip(&model.frozen) {
        let count = match entry.layer() {
            Layer::Dense(layer) => (shape.len() + 1) * usize::from(layer.outputs),
            Layer::Conv1d(layer) => {
                (usize::from(layer.kernel) * shape.channels() + 1) * usize::from(layer.channels)
            }
            _ => 0,
        };
        all += count;
        trained += if *frozen { 0 } else { count };
        shape = entry.layer().output(shape).unwrap();
    }
    (all, trained)
}

/// Plays a model's plans, and makes sure that no byte is missing or too many. Returns the work region
/// in units of the least that could do.
fn check<N: Kernel, O: Optimizer<N>>(model: &RandomModel, batch: u16) -> f64 {
    let width = size_of::<N::Elem>();
    let training = || Training::<N, O>::new(Loss::MeanSquaredError);
    let plan = planned(model, training().batch(batch).keep_gradients());
    let play = Play::run(model, &plan, width, true).unwrap_or_else(|fault| panic!("{fault} in {model:?}"));
    let regions = plan.regions;
    let end = |life: &memory::Life| {
        let start = match life.buffer {
            Buffer::Output(of) => plan.slots[of].y,
            Buffer::Gradient(of) => plan.slots[of].dy,
        };
        start as usize + life.bytes
    };
    assert_eq!(Some(regions.work), play.lives().iter().map(end).max());
    let (all, trained) = parameters(model);
    assert_eq!((regions.params, plan.parameters), (trained * width, all));
    assert_eq!(plan.frozen, (all - trained) * width);
    assert_eq!((regions.gradients, plan.trained), (trained * width, trained));
    assert_eq!(regions.state, trained * width * O::SLOTS);
    assert_eq!(plan.bytes(), trained * (2 + O::SLOTS) * width + regions.work);
    let inference = planned(model, training().inference());
    let idle = Play::run(model, &inference, width, false).unwrap();
    assert_eq!(inference.bytes(), trained * width + inference.regions.work);
    assert!(idle.least() <= inference.regions.work && inference.regions.work <= regions.work);
    assert!(play.least() <= regions.work);
    regions.work as f64 / play.least() as f64
}

#[test]
fn no_two_live_buffers_overlap_and_the_sum_is_exact() {
    let mut dice = Pcg::new(1);
    let (mut sum, mut worst) = (0.0, 1.0_f64);
    for _ in 0..2000 {
        let model = draw(&mut dice, 28);
        let over = check::<f32, Adam>(&model, 1);
        check::<f32, Sgd>(&model, 7);
        check::<f64, Momentum>(&model, 2);
        sum += over / 2000.0;
        worst = worst.max(over);
    }
    println!("work region over its lower bound: {sum:.4} in the mean, {worst:.3} at worst");
    assert!(sum < 1.02 && worst < 1.5);
}

/// Moves one tensor onto another that lives at the same time: the play must notice, or it could not
/// be trusted above.
#[test]
fn an_overlap_would_be_noticed() {
    let mut dice = Pcg::new(2);
    let mut moved = 0;
    for _ in 0..200 {
        let model = draw(&mut dice, 12);
        let plan = planned(&model, Training::<f32, Sgd>::new(Loss::MeanSquaredError));
        let lives = Play::run(&model, &plan, 4, true).unwrap().lives().to_vec();
        for (a, b) in lives.iter().flat_map(|a| lives.iter().map(move |b| (a, b))) {
            if a.buffer == b.buffer || a.first > b.last || b.first > a.last {
                continue;
            }
            let mut faulty = plan;
            let onto = *offset(&mut faulty, b.buffer);
            let from = offset(&mut faulty, a.buffer);
            if *from == onto {
                // Rightly there: it is made from the other, element by element.
                *from = onto + 4;
            } else {
                *from = onto;
            }
            moved += 1;
            assert!(
                Play::run(&model, &faulty, 4, true).is_err(),
                "{a:?} onto {b:?} in {model:?}"
            );
        }
    }
    println!("{moved} overlaps noticed");
    assert!(moved > 1000);
}

fn offset(plan: &mut PlanOf<32>, buffer: Buffer) -> &mut u32 {
    match buffer {
        Buffer::Output(of) => &mut plan.slots[of].y,
        Buffer::Gradient(of) => &mut plan.slots[of].dy,
    }
}

/// The same plan with memory to waste: every tensor has its own, but for a gradient that is changed
/// where it lies.
fn spread(plan: &PlanOf<32>) -> PlanOf<32> {
    let mut spread = *plan;
    let mut next = 0;
    for index in (0..plan.layers).rev() {
        let bytes = 4 * plan.slots[index].output.len() as u32;
        spread.slots[index].in_place = false;
        spread.slots[index].y = next;
        spread.slots[index].dy = next + bytes;
        next += 2 * bytes;
        if index + 1 < plan.layers {
            let above = &plan.slots[index + 1];
            if above.elementwise && above.passes && !above.shared {
                spread.slots[index].dy = spread.slots[index + 1].dy;
            }
        }
    }
    spread.regions.work = next as usize;
    spread
}

/// Trains a few steps in memory that held `garbage`; the parameters and outputs, bit for bit.
fn learn(plan: &PlanOf<32>, garbage: u8, seed: u64) -> Vec<u8> {
    let mut memory = Box::new(Arena::<{ 1 << 16 }>::ZERO);
    memory.fill(garbage);
    let optimizer = Momentum {
        learning_rate: 0.01,
        ..Momentum::default()
    };
    let mut image = Arena::<{ 1 << 12 }>::ZERO;
    for (index, value) in image.chunks_exact_mut(4).enumerate() {
        value.copy_from_slice(&((index * 7 % 16) as f32 / 16.0 - 0.5).to_le_bytes());
    }
    let mut trainer = Trainer::<f32, Momentum, { u128::MAX }>::with_frozen(
        plan,
        &mut memory[..],
        optimizer,
        &image[..plan.frozen],
    )
    .unwrap();
    trainer.init(seed);
    let mut dice = Pcg::new(seed);
    let mut bits = vec![];
    for _ in 0..3 {
        for _ in 0..plan.batch {
            let mut values = |count| -> Vec<f32> { (0..count).map(|_| dice.uniform() - 0.5).collect() };
            let (x, t) = (values(plan.input.len()), values(plan.output.len()));
            let loss = trainer
                .learn(View::plain(&x), Target::Values(View::plain(&t)))
                .unwrap();
            bits.extend(loss.to_le_bytes());
            bits.extend(trainer.output().data.iter().flat_map(|y| y.to_le_bytes()));
        }
        assert!(matches!(trainer.update(), Update::Done(_)));
    }
    bits.extend(trainer.parameter_bytes());
    bits
}

#[test]
fn neither_garbage_nor_overlap_changes_a_bit() {
    let mut dice = Pcg::new(3);
    for seed in 0..500 {
        let model = draw(&mut dice, 20);
        let plan = planned(
            &model,
            Training::<f32, Momentum>::new(Loss::MeanSquaredError).batch(2),
        );
        let expected = learn(&plan, 0, seed);
        // All ones are NaN, and would spread.
        assert!(
            learn(&plan, 0xff, seed) == expected,
            "reads what nobody wrote: {model:?}"
        );
        assert!(
            learn(&spread(&plan), 0xff, seed) == expected,
            "overlaps: {model:?}"
        );
    }
}
