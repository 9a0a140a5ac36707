//! Promise: a model of any kinds computes the same bits whatever lay in its memory before, wherever its
//! tensors lie, and with the plan of an inference as with that of a training.

use kilograd::engine::{Arena, Training, Update};
use kilograd::loss::{Loss, Target};
use kilograd::network::{Plan, PlanOf, Slot, Span};
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::Momentum;
use support::random_model::{LAYERS, RandomModel, draw_any};
use support::real::AnyTrainer;

const MODELS: u64 = 1500;

fn training() -> Training<f32, Momentum> {
    Training::new(Loss::MeanSquaredError)
}

fn planned(model: &RandomModel, training: &Training<f32, Momentum>) -> PlanOf<LAYERS> {
    model
        .model()
        .try_plan(training)
        .unwrap_or_else(|error| panic!("{error}: {model:?}"))
}

/// So slow that no model runs away.
fn slow() -> Momentum {
    Momentum {
        learning_rate: 1e-4,
        ..Momentum::default()
    }
}

/// The image of the frozen parameters, drawn.
fn frozen(model: &RandomModel, plan: &Plan, seed: u64) -> Box<Arena<{ 1 << 16 }>> {
    let layers = model.layers.iter().map(|entry| entry.trained()).collect();
    let thawed = RandomModel {
        layers,
        ..model.clone()
    };
    let whole = planned(&thawed, &training());
    let mut memory = Box::new(Arena::<{ 1 << 17 }>::ZERO);
    let mut trainer = AnyTrainer::<f32, Momentum>::new(&whole, &mut memory[..], slow()).unwrap();
    trainer.init(seed);
    let mut image = Box::new(Arena::ZERO);
    assert!(trainer.write_frozen(plan, &mut image[..plan.frozen]));
    image
}

/// What a plan computes in memory that held `garbage`: outputs and losses of a few samples, with the
/// parameters that they lead to if `learns`.
fn bits(model: &RandomModel, plan: &Plan, garbage: u8, seed: u64, learns: bool) -> Vec<u8> {
    let image = frozen(model, plan, seed);
    let mut memory = Box::new(Arena::<{ 1 << 17 }>::ZERO);
    memory.fill(garbage);
    let mut trainer =
        AnyTrainer::<f32, Momentum>::with_frozen(plan, &mut memory[..], slow(), &image[..plan.frozen])
            .unwrap();
    trainer.init(seed);
    let mut dice = Pcg::new(seed);
    let mut bits = vec![];
    for _ in 0..3 {
        for _ in 0..plan.batch {
            let x = model.sample(&mut dice);
            let t: Vec<f32> = (0..plan.output.len()).map(|_| dice.uniform() - 0.5).collect();
            bits.extend(
                trainer
                    .infer(View::plain(&x))
                    .data
                    .iter()
                    .flat_map(|y| y.to_le_bytes()),
            );
            if learns {
                let loss = trainer.learn(View::plain(&x), Target::Values(View::plain(&t)));
                assert!(loss.is_some_and(f32::is_finite), "{loss:?}: {model:?}");
                bits.extend(loss.unwrap().to_le_bytes());
                bits.extend(trainer.output().data.iter().flat_map(|y| y.to_le_bytes()));
            }
        }
        if learns {
            assert!(matches!(trainer.update(), Update::Done(_)), "{model:?}");
        }
    }
    bits.extend(trainer.parameter_bytes());
    bits
}

/// The same plan with memory to waste: every tensor has its own, but for a gradient that is changed
/// where it lies.
fn spread(plan: &PlanOf<LAYERS>) -> PlanOf<LAYERS> {
    let mut spread = *plan;
    let mut next = 0;
    let mut take = |bytes: u32| {
        let place = next;
        next += bytes.next_multiple_of(8);
        place
    };
    for index in (0..plan.layers).rev() {
        let slot: &mut Slot = &mut spread.slots[index];
        // Where it works in place over a larger input, the buffer is as long as that.
        let bytes = 4 * slot.output.len().max(slot.input.len()) as u32;
        slot.in_place = false;
        slot.y = take(bytes);
        slot.dy = take(bytes);
        for span in [&mut slot.kept, &mut slot.scratch, &mut slot.backward_scratch] {
            *span = Span {
                offset: take(span.bytes),
                bytes: span.bytes,
            };
        }
        // Nothing is computed again here.
        (slot.y_again, slot.kept_again) = (slot.y, slot.kept);
        if index + 1 < plan.layers {
            let above = spread.slots[index + 1];
            if usize::from(above.from) == index + 1 && above.elementwise && above.passes && !above.shared {
                spread.slots[index].dy = above.dy;
            }
        }
    }
    spread.regions.work = next as usize;
    spread
}

#[test]
fn neither_garbage_nor_place_nor_plan_changes_a_bit() {
    let mut dice = Pcg::new(7);
    let (mut kept, mut in_place) = (0, 0);
    for seed in 0..MODELS {
        let depth = 1 + dice.below(20) as usize;
        let model = draw_any(&mut dice, depth);
        let batch = 1 + dice.below(2) as u16;
        let plan = planned(&model, &training().batch(batch));
        let expected = bits(&model, &plan, 0, seed, true);
        // All ones are NaN, and would spread.
        assert!(
            bits(&model, &plan, 0xff, seed, true) == expected,
            "reads what nobody wrote: {model:?}"
        );
        assert!(
            bits(&model, &spread(&plan), 0xff, seed, true) == expected,
            "overlaps: {model:?}"
        );
        let inference = planned(&model, &training().batch(batch).inference());
        assert!(
            bits(&model, &inference, 0xff, seed, false) == bits(&model, &plan, 0, seed, false),
            "infers otherwise: {model:?}"
        );
        let slots = &plan.slots[..plan.layers];
        kept += slots.iter().filter(|slot| slot.kept.bytes > 0).count();
        let moved = |slot: &&Slot| slot.in_place && !slot.elementwise;
        in_place += inference.slots[..plan.layers].iter().filter(moved).count();
    }
    println!("{kept} layers kept something, {in_place} worked in place without being elementwise");
    assert!(kept > 1000 && in_place > 300);
}
