//! Promise: outputs that are computed again instead of kept give the same bits, in less memory.

use kilograd::engine::{Arena, Training, Update};
use kilograd::loss::{Loss, Target};
use kilograd::network::*;
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::Momentum;
use support::random_model::{LAYERS, RandomModel, draw_any};
use support::real::AnyTrainer;

type Plan = PlanOf<LAYERS>;

fn planned(input: Shape, layers: &[Entry], batch: u16) -> Result<Plan, PlanError> {
    let training = Training::<f32, Momentum>::new(Loss::MeanSquaredError).batch(batch);
    Model::new(input, layers).try_plan(&training)
}

/// Trains some steps in memory that held garbage; losses, outputs and parameters, bit for bit.
fn train(model: &RandomModel, plan: &Plan, seed: u64) -> Vec<u8> {
    let mut memory = Box::new(Arena::<{ 1 << 18 }>::ZERO);
    memory.fill(0xff);
    let mut image = Arena::<{ 1 << 15 }>::ZERO;
    for (index, value) in image.chunks_exact_mut(4).enumerate() {
        value.copy_from_slice(&((index * 7 % 16) as f32 / 16.0).to_le_bytes());
    }
    let frozen = &image[..plan.frozen];
    let memory = &mut memory[..plan.bytes()];
    let mut trainer: AnyTrainer<'_, f32, Momentum> =
        AnyTrainer::with_frozen(plan, memory, Momentum::default(), frozen).unwrap();
    trainer.init(seed);
    let mut dice = Pcg::new(seed);
    let mut bits = vec![];
    for _ in 0..3 {
        for _ in 0..plan.batch {
            let x = model.sample(&mut dice);
            let t: Vec<f32> = (0..plan.output.len()).map(|_| dice.uniform() - 0.5).collect();
            let target = Target::Values(View::plain(&t));
            let loss: f32 = trainer.learn(View::plain(&x), target).unwrap();
            bits.extend(loss.to_le_bytes());
            bits.extend(trainer.output().data.iter().flat_map(|y| y.to_le_bytes()));
        }
        bits.push(u8::from(matches!(trainer.update(), Update::Done(_))));
    }
    bits.extend(trainer.parameter_bytes());
    bits
}

#[test]
fn what_is_computed_again_is_the_same_to_the_bit() {
    let mut dice = Pcg::new(8);
    let (mut again, mut smaller, mut kinds) = (0, 0, std::collections::BTreeSet::new());
    for seed in 0..1500 {
        let depth = 3 + dice.below(8) as usize;
        let mut model = draw_any(&mut dice, depth);
        let batch = 1 + dice.below(2) as u16;
        let kept = planned(model.input, &model.layers, batch).unwrap();
        let expected = train(&model, &kept, seed);
        // Whatever may be computed again, now and then.
        for at in 0..model.layers.len() {
            let before = model.layers[at];
            model.layers[at] = before.recompute();
            if dice.below(4) == 0 || planned(model.input, &model.layers, batch).is_err() {
                model.layers[at] = before;
            }
        }
        let plan = planned(model.input, &model.layers, batch).unwrap();
        assert_eq!(plan.fingerprint, kept.fingerprint);
        let slots = &plan.slots[..plan.layers];
        again += usize::from(slots.iter().any(|slot| slot.again > 0 && slot.visited()));
        smaller += usize::from(plan.regions.work < kept.regions.work);
        kinds.extend(
            slots
                .iter()
                .filter(|slot| slot.recomputed)
                .map(|slot| slot.layer.name()),
        );
        assert!(train(&model, &plan, seed) == expected, "model {seed}: {model:?}");
    }
    println!("{again} of 1500 models computed something again, {smaller} in less memory: {kinds:?}");
    assert!(again > 800 && smaller > 50, "{again}, {smaller}");
    assert!(kinds.len() >= 34, "{kinds:?}");
}

/// A deep network of wide maps: what one segment needs, and not what all of them do.
#[test]
fn segments_of_a_deep_network_take_turns() {
    let wide = |again: bool| -> Vec<Entry> {
        let mut layers = vec![];
        for _ in 0..4 {
            for _ in 0..3 {
                let conv = conv1d(8, 3).padding(1);
                layers.push(if again { conv.recompute() } else { conv });
                layers.push(if again { tanh().recompute() } else { tanh() });
            }
            layers.push(conv1d(8, 3).padding(1));
        }
        layers.extend([global_average(), dense(3)]);
        layers
    };
    let input = Shape::series(8, 100);
    let work = |again| planned(input, &wide(again), 1).unwrap().regions.work;
    let (kept, again) = (work(false), work(true));
    println!("work region of 28 layers: {kept} bytes, computed again {again}");
    assert!(again * 10 < kept * 6);
}

#[test]
fn what_is_no_link_of_the_chain_is_refused() {
    let fault = |layers: &[Entry]| planned(Shape::vector(4), layers, 1).map(|_| ()).unwrap_err();
    let text = "cannot be computed again: it must read the layer above alone, and the layer below alone must read it";
    for layers in [
        [dense(4), tanh(), dense(4).recompute()].as_slice(),
        &[dense(4), tanh().recompute(), dense(4), add(2), dense(2)],
        &[dense(4), dense(4), add(2).recompute(), dense(2)],
        &[dense(4), dense(4), dense(4).from(2).recompute(), add(2), dense(2)],
    ] {
        let error = fault(layers);
        assert_eq!(error.fault, text);
        assert!(error.to_string().starts_with("layer "), "{error}");
    }
}
