//! Promise: the ready models train in the least memory.
//!
//! `cargo test --test least_memory -- --nocapture` prints what is planned beside the lower bound, which is worked out in
//! `support/memory` from the mathematics of each layer.

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::ready::{DS_CNN, MOBILENET};
use kilograd::network::{Content, Layer, Layout, Model, PlanOf, Shape, input};
use kilograd::number::random::Pcg;
use kilograd::optim::Momentum;
use support::memory::bound::{Bound, profile};
use support::memory::draw::draw;
use support::memory::play::play;
use support::memory::schedule::Schedule;
use support::memory::{Choice, Net, ready};

#[path = "../benches/workloads.rs"]
#[expect(dead_code, reason = "W4 is measured elsewhere")]
mod workloads;

/// How a model is planned.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// One sample at a time: the update is fused into the backward pass.
    Fused,
    Batch,
    Inference,
}

/// Plans with momentum in `f32`, plays the plan, and returns the bytes planned and those of the bound.
fn bytes(name: &str, what: &str, net: &Net, way: Way) -> (usize, usize) {
    // No loss has a say in memory, and this one takes any output.
    let training = Training::<f32, Momentum>::new(Loss::MeanSquaredError);
    let training = match way {
        Way::Fused => training,
        Way::Batch => training.batch(8),
        Way::Inference => training.inference(),
    };
    let plan: PlanOf<96> = net.model().try_plan(&training).unwrap();
    let train = way != Way::Inference;
    play(&Schedule::planned(net, 4, train, &plan), &plan)
        .unwrap_or_else(|fault| panic!("{name}, {what}: {fault}"));
    let bound = Bound::of(net, 4, train, way == Way::Batch, 1);
    let ratio = |planned: usize, bound: usize| planned as f64 / bound as f64;
    println!(
        "{name:12} {what:25} {:9} {:9} {:6.3} {:9} {:9} {:6.3}",
        plan.bytes(),
        bound.total(),
        ratio(plan.bytes(), bound.total()),
        plan.regions.work,
        bound.work,
        ratio(plan.regions.work, bound.work),
    );
    (plan.bytes(), bound.total())
}

#[test]
fn ready_models_are_planned_within_a_twentieth_of_the_bound() {
    println!(
        "{:38} {:>9} {:>9} {:>6} {:>9} {:>9} {:>6}",
        "", "planned", "bound", "ratio", "work", "bound", "ratio"
    );
    for (name, model) in ready::ALL {
        let net = Net::new(&model);
        let below = 0..model.len() - 1;
        let plans = [
            ("training", net.clone(), Way::Fused),
            ("training, batch of 8", net.clone(), Way::Batch),
            ("last layer", net.clone().head(1), Way::Fused),
            ("last two layers", net.clone().head(2), Way::Fused),
            (
                "biases and last layer",
                net.clone().choose(below, Choice::Biases),
                Way::Fused,
            ),
            ("inference", net, Way::Inference),
        ];
        for (what, net, way) in plans {
            let (planned, bound) = bytes(name, what, &net, way);
            assert!(
                planned >= bound && planned as f64 <= 1.05 * bound as f64,
                "{name}, {what}"
            );
        }
    }
}

#[test]
fn training_takes_what_was_promised() {
    let whole = |name: &str, model: &Model<'_>| bytes(name, "training", &Net::new(model), Way::Fused).0;
    assert!(whole("W1", &workloads::W1) <= 20_500);
    assert!(whole("W2", &workloads::W2) <= 153_000);
    // The last layer; then the last convolution too, but for the batch norm between them.
    let head = Net::new(&DS_CNN).head(1);
    assert!(bytes("DS-CNN", "last layer", &head, Way::Fused).0 <= 45_000);
    let last = DS_CNN.len() - 1;
    let head = Net::new(&DS_CNN).head(3).choose([last - 3], Choice::Nothing);
    assert!(bytes("DS-CNN", "last pointwise and dense", &head, Way::Fused).0 <= 112 * 1024);
}

/// Of MobileNetV1 the biases of the upper two blocks learn, an eighth of the channels of the last pointwise layer, and
/// the last layer. The sample of 96 x 96 x 3 elements lies in the arena as long as it is read, so nothing comes on top;
/// a camera writes its bytes there too.
#[test]
fn sparse_updates_of_mobilenet_fit_in_a_quarter_of_a_megabyte() {
    let last = MOBILENET.len() - 1;
    let mut net = Net::new(&MOBILENET)
        .choose(0..last - 13, Choice::Nothing)
        .choose(last - 13..last, Choice::Biases);
    net.layers[last - 4] = MOBILENET.layers[last - 4].channels(0, 32);
    net.choices[last - 4] = Choice::All;
    let (beside, _) = bytes("MobileNetV1", "sparse, sample outside", &net, Way::Fused);
    net.layers.insert(0, input());
    net.choices.insert(0, Choice::All);
    let (planned, bound) = bytes("MobileNetV1", "sparse, sample inside", &net, Way::Fused);
    println!("{:12} {beside} and {} of the sample", "", 4 * net.input.len());
    assert!(planned <= 256 * 1024 && planned as f64 <= 1.05 * bound as f64);
    assert!(planned < beside + 4 * net.input.len());
}

/// Bytes that a layout has in use at a step, but for what that step alone needs.
fn used(layout: &Layout<96>, step: usize) -> usize {
    let alive = layout
        .blocks()
        .filter(|block| block.content != Content::Scratch && (block.first..=block.last).contains(&step));
    let mut ranges: Vec<_> = alive
        .map(|block| (block.offset, block.offset + block.bytes))
        .collect();
    ranges.sort_unstable();
    let (mut used, mut end) = (0, 0);
    for (from, to) in ranges {
        used += to.saturating_sub(end.max(from));
        end = end.max(to);
    }
    used
}

/// A peak alone would hide a buffer that lives too long elsewhere: at each step of any model the plan holds what the
/// mathematics reads later, and nothing more.
#[test]
fn at_no_step_is_more_alive_than_will_be_read() {
    let mut dice = Pcg::new(5);
    let ready = ready::ALL.iter().map(|(_, model)| Net::new(model));
    let nets: Vec<Net> = ready.chain((0..1000).map(|_| draw(&mut dice, 20))).collect();
    let mut steps = 0;
    for net in nets {
        for train in [true, false] {
            let training = Training::<f32, Momentum>::new(Loss::MeanSquaredError);
            let training = if train { training } else { training.inference() };
            let (plan, layout) = net.model().try_layout(&training).unwrap();
            let profile = profile(&Schedule::planned(&net, 4, train, &plan));
            // Indices of a pool and bits are rounded up to a word; dropout has its 16 bytes in an inference too; attention keeps
            // three frames of o at least.
            let slack = |layer: &Layer, input: Shape| match layer {
                Layer::Attention(_) | Layer::LowRankAttention(_) | Layer::ChannelsAttention(_) => {
                    4 * input.channels() * 3_usize.saturating_sub(input.dim(0))
                }
                Layer::MaxPool(_) | Layer::GlobalMax(_) | Layer::Relu(_) | Layer::Relu6(_) => 3,
                Layer::Dropout(_) => 16,
                _ => 0,
            };
            let layers = net.layers.iter().zip(net.inputs()).zip(net.outputs());
            let slack: usize = layers
                .map(|((entry, input), output)| {
                    // What begins a branch never works in place.
                    let branch = if entry.reach() > 1 { 4 * output.len() } else { 0 };
                    slack(entry.layer(), input) + branch
                })
                .sum();
            for (step, least) in &profile[..profile.len() - 1] {
                let used = used(&layout, *step);
                let fits = (*least..=least + slack).contains(&used);
                assert!(
                    fits,
                    "step {step}: {used} bytes in use, {least} needed, of {net:?}"
                );
                steps += 1;
            }
        }
    }
    println!("{steps} steps");
}
