//! Promise: frozen weights in flash as bytes. They are within half a step of what they were, a trainer runs on them as on
//! any other weights of these values, to the bit, and they take a byte each and one for each channel.
//!
//! `cargo test --test frozen_bytes -- --nocapture` prints flash, RAM and accuracy with and without.

use kilograd::engine::{Arena, Bytes, Parameter, ParameterMut, Trainer, Training, Update};
use kilograd::evaluate::argmax;
use kilograd::kernel::Kernel;
use kilograd::loss::{Loss, Target};
use kilograd::network::ready::{DS_CNN, MOBILENET, RESNET8};
use kilograd::network::*;
use kilograd::number::bfp::{Exponent, High, Low8, Low16, Master};
use kilograd::number::random::Pcg;
use kilograd::number::{Bfp14, Number, View};
use kilograd::optim::{Momentum, Optimizer, Sgd};
use kilograd_sim::data::builtin;
use support::memory::draw::draw;

type Any<'a, N, O> = Trainer<'a, N, O, { u128::MAX }>;

const SCALE: Exponent = Exponent(-10);
const SGD: Sgd = Sgd {
    learning_rate: 0.02,
    weight_decay: 0.0,
};
const IMAGE: Shape = Shape::image(2, 6, 6);

/// Frozen below, with every way in which weights lie: rows of channels of a convolution and of a dense layer, taps of a
/// depthwise one, all but the biases; and some of it is computed again.
fn layers() -> Vec<Entry> {
    vec![
        conv2d(8, [3, 3]).frozen(),
        relu(),
        depthwise2d([3, 3]).frozen().recompute(),
        batch_norm().frozen().recompute(),
        relu().recompute(),
        conv2d(12, [1, 1]).bias_only(),
        relu(),
        global_average(),
        dense(12).bias_only(),
        tanh(),
        dense(16).frozen(),
        relu(),
        dense(4),
    ]
}

fn thawed(layers: &[Entry]) -> Vec<Entry> {
    layers.iter().map(|entry| entry.trained()).collect()
}

fn planned<N: Kernel, O: Optimizer<N>, const L: usize>(
    input: Shape,
    layers: &[Entry],
    training: Training<N, O>,
) -> PlanOf<L> {
    Model::new(input, layers)
        .try_plan(&training)
        .unwrap_or_else(|error| panic!("{error}"))
}

type Memory = Box<Arena<{ 1 << 18 }>>;

/// Memory after a reset holds anything.
fn noise(byte: u8) -> Memory {
    let mut memory: Memory = Box::new(Arena::ZERO);
    memory.fill(byte);
    memory
}

fn samples(count: usize) -> Vec<Vec<i16>> {
    let mut random = Pcg::new(5);
    let mut sample = || {
        (0..IMAGE.len())
            .map(|_| random.below(2049) as i16 - 1024)
            .collect()
    };
    (0..count).map(|_| sample()).collect()
}

fn view<M: Master>(data: &[i16]) -> View<'_, Bfp14<M>> {
    View { data, scale: SCALE }
}

/// Learns the samples in turn; the bits of the losses.
fn learn<M: Master>(trainer: &mut Any<'_, Bfp14<M>, Sgd>, samples: &[Vec<i16>], batch: usize) -> Vec<i64>
where
    Sgd: Optimizer<Bfp14<M>>,
{
    let mut losses = vec![];
    for (index, x) in samples.iter().enumerate() {
        let loss = trainer
            .learn(view::<M>(x), Target::Class(index % 4))
            .expect("fits");
        losses.push(loss.0);
        if (index + 1) % batch == 0 {
            assert!(matches!(trainer.update(), Update::Done(_)));
        }
    }
    losses
}

/// The frozen weights of `plan`, by layer and name.
fn frozen(plan: &Plan) -> Vec<(usize, &'static str)> {
    let of = |(layer, slot): (usize, &Slot)| {
        let weights =
            (0..slot.tensors.count()).filter(|k| slot.tensors.weight(*k) && !slot.tensors.resident(*k));
        let names: Vec<_> = weights
            .map(|k| (layer, slot.specs().get(k).expect("it is there").name))
            .collect();
        names
    };
    plan.slots().iter().enumerate().flat_map(of).collect()
}

/// Rounds mantissas to bytes, by the definition of it in double precision; the gain of each channel.
fn round(weights: &mut [i16], channels: usize) -> Vec<i32> {
    let gain = |channel| {
        let of = weights.iter().skip(channel).step_by(channels);
        let largest = f64::from(of.map(|w| w.unsigned_abs()).max().expect("it has a row"));
        (1..)
            .find(|gain| (largest / f64::from(*gain)).round() <= 127.0)
            .expect("there is one")
    };
    let gains: Vec<i32> = (0..channels).map(gain).collect();
    for (index, weight) in weights.iter_mut().enumerate() {
        let gain = f64::from(gains[index % channels]);
        *weight = ((f64::from(*weight) / gain).round() * gain) as i16;
    }
    gains
}

fn runs_as_on_the_rounded_weights<M: Master>(batch: u16)
where
    Sgd: Optimizer<Bfp14<M>>,
{
    let training = || Training::<Bfp14<M>, Sgd>::new(Loss::CrossEntropy).batch(batch);
    let samples = samples(40);
    let (plain, bytes): (PlanOf<16>, PlanOf<16>) = (
        planned(IMAGE, &layers(), training()),
        planned(IMAGE, &layers(), training().frozen_bytes()),
    );
    let all: PlanOf<16> = planned(IMAGE, &thawed(&layers()), training());
    let mut memory = noise(0);
    let mut whole = Any::<Bfp14<M>, Sgd>::new(&all, &mut memory[..], SGD).expect("fits");
    whole.init(3);
    learn(&mut whole, &samples, batch.into());
    let [mut exact, mut packed, mut rounded, mut again] = [noise(1), noise(2), noise(3), noise(4)];
    assert!(whole.write_frozen(&plain, &mut exact[..plain.frozen]));
    assert!(whole.write_frozen(&bytes, &mut packed[..bytes.frozen]));
    // Now the whole trainer gets what the bytes stand for.
    let mut gains = vec![];
    for (layer, name) in frozen(&bytes) {
        let Some(ParameterMut::Weight(weights)) = whole.parameter_mut(layer, name) else {
            panic!("all are in RAM");
        };
        let channels = weights.shape.dim(weights.shape.rank() - 1);
        gains.push(round(weights.data, channels));
    }
    assert!(whole.write_frozen(&plain, &mut rounded[..plain.frozen]));
    assert!(rounded[..plain.frozen] != exact[..plain.frozen]);

    let [mut a, mut b, mut c] = [noise(0), noise(0xff), noise(0x55)];
    let run = |plan, memory, image| {
        let mut trainer = Any::<Bfp14<M>, Sgd>::with_frozen(plan, memory, SGD, image).expect("fits");
        trainer.init(7);
        let losses = learn(&mut trainer, &samples, batch.into());
        let outputs: Vec<Vec<f32>> = (samples.iter())
            .map(|x| trainer.infer(view::<M>(x)).values().collect())
            .collect();
        (trainer, losses, outputs)
    };
    let (as_rounded, losses, outputs) = run(&plain, &mut a[..plain.bytes()], &rounded[..plain.frozen]);
    let (as_bytes, ours, seen) = run(&bytes, &mut b[..bytes.bytes()], &packed[..bytes.frozen]);
    assert_eq!(losses, ours);
    assert_eq!(outputs, seen);
    assert_eq!(as_rounded.parameter_bytes(), as_bytes.parameter_bytes());
    assert_ne!(as_rounded.frozen_digest(), as_bytes.frozen_digest());

    // What can be read of them is what they stand for, and unpacked they are the rounded ones.
    for ((layer, name), expected) in frozen(&bytes).into_iter().zip(gains) {
        let Some(Parameter::Bytes(Bytes {
            gains, shape, bytes, ..
        })) = as_bytes.parameter(layer, name)
        else {
            panic!("{layer} {name} is in bytes");
        };
        assert!(gains.iter().map(|gain| i32::from(*gain)).eq(expected));
        assert_eq!(bytes.len(), shape.len());
        let values = |trainer: &Any<'_, Bfp14<M>, Sgd>| -> Vec<f32> {
            trainer
                .parameter(layer, name)
                .expect("it is there")
                .values()
                .collect()
        };
        assert_eq!(values(&as_bytes), values(&as_rounded));
    }
    // But for the tracks behind, which have seen gradients by now.
    let [.., tracks] = counted(&plain);
    let weights = |plan: &Plan| plan.frozen - tracks;
    assert!(as_bytes.write_frozen(&plain, &mut again[..plain.frozen]));
    assert!(again[..weights(&plain)] == rounded[..weights(&plain)]);
    again.fill(9);
    assert!(as_bytes.write_frozen(&bytes, &mut again[..bytes.frozen]));
    assert!(again[..weights(&bytes)] == packed[..weights(&bytes)]);

    // Beside the weights as they were.
    let (_, _, exact) = run(&plain, &mut c[..plain.bytes()], &exact[..plain.frozen]);
    let largest = exact
        .iter()
        .flatten()
        .fold(0.0_f32, |largest, y| largest.max(y.abs()));
    let apart = exact.iter().flatten().zip(seen.iter().flatten());
    let apart = apart.fold(0.0_f32, |most, (a, b)| most.max((a - b).abs())) / largest;
    println!(
        "{}, batch of {batch}: outputs are {apart:.4} of the largest apart",
        Bfp14::<M>::NAME
    );
    assert!(apart > 0.0 && apart < 0.05);
}

#[test]
fn it_runs_as_on_the_rounded_weights_to_the_bit() {
    for batch in [1, 4] {
        runs_as_on_the_rounded_weights::<Low16>(batch);
        runs_as_on_the_rounded_weights::<Low8>(batch);
        runs_as_on_the_rounded_weights::<High>(batch);
    }
}

/// Of each layer: frozen weights and their channels, and the bytes of its other frozen tensors.
fn counted(plan: &Plan) -> [usize; 4] {
    let mut sums = [0; 4];
    for slot in plan.slots() {
        for k in (0..slot.tensors.count()).filter(|k| !slot.tensors.resident(*k)) {
            let shape = slot.specs().get(k).expect("it is there").shape;
            if slot.tensors.weight(k) {
                sums[0] += shape.len();
                sums[1] += shape.dim(shape.rank() - 1);
            } else {
                sums[2] += 4 * shape.len();
            }
            sums[3] += 12;
        }
    }
    sums
}

#[test]
fn a_frozen_weight_takes_one_byte_and_its_channel_another() {
    let training = || Training::<Bfp14, Sgd>::new(Loss::CrossEntropy);
    let plain: PlanOf<16> = planned(IMAGE, &layers(), training());
    let bytes: PlanOf<16> = planned(IMAGE, &layers(), training().frozen_bytes());
    let [weights, channels, others, tracks] = counted(&plain);
    assert_eq!(plain.frozen, 2 * weights + others + tracks);
    // Each tensor here has a multiple of 4 bytes, at which the next must begin, but for the depthwise one.
    assert_eq!(bytes.frozen, weights + channels + others + tracks);
    assert_eq!(bytes.regions.params, plain.regions.params);
    assert_eq!(bytes.fingerprint, plain.fingerprint);
}

#[test]
fn a_number_without_bytes_is_refused_by_name() {
    let layers = [conv2d(4, [3, 3]).frozen(), global_average(), dense(2)];
    let model = Model::new(IMAGE, &layers);
    let plan: Result<PlanOf<4>, _> =
        model.try_plan(&Training::<f32, Sgd>::new(Loss::CrossEntropy).frozen_bytes());
    let error = plan.expect_err("f32 has none").to_string();
    assert_eq!(
        error,
        "frozen_bytes is not available in this number format: take bfp14, or leave frozen weights as they are"
    );
}

/// No two blocks that live together overlap, and each step that reads frozen weights has room for them, and no more.
#[test]
fn the_planner_has_room_for_what_is_unpacked() {
    let mut dice = Pcg::new(11);
    let (mut unpacked, mut refused) = (0, 0);
    for _ in 0..2000 {
        let net = draw(&mut dice, 20);
        for train in [true, false] {
            let training = || {
                let training = Training::<Bfp14, Momentum>::new(Loss::MeanSquaredError);
                if train { training } else { training.inference() }
            };
            let (Ok((plain, _)), Ok((plan, layout))) = (
                net.model().try_layout::<Bfp14, Momentum, 32>(&training()),
                net.model()
                    .try_layout::<Bfp14, Momentum, 32>(&training().frozen_bytes()),
            ) else {
                refused += 1;
                continue;
            };
            for (slot, before) in plan.slots[..plan.layers].iter().zip(&plain.slots) {
                let tensors = (0..slot.tensors.count()).filter(|k| !slot.tensors.resident(*k));
                let weights = tensors.clone().any(|k| slot.tensors.weight(k));
                let bytes = |k| {
                    let width = if slot.tensors.weight(k) { 2_usize } else { 4 };
                    (slot.tensors.elements(k) * width).next_multiple_of(4)
                };
                let room: usize = if weights { tensors.map(bytes).sum() } else { 0 };
                let more = |ours: u32, before: u32| (ours - before) as usize;
                assert_eq!(more(slot.scratch.bytes, before.scratch.bytes), room, "{net:?}");
                let back = if slot.visited() { room } else { 0 };
                assert_eq!(
                    more(slot.backward_scratch.bytes, before.backward_scratch.bytes),
                    back,
                    "{net:?}"
                );
                unpacked += usize::from(room > 0);
            }
            let blocks: Vec<_> = layout.blocks().collect();
            for (i, a) in blocks.iter().enumerate() {
                assert!(a.offset + a.bytes <= plan.regions.work);
                for b in &blocks[i + 1..] {
                    let together = a.first <= b.last && b.first <= a.last;
                    let apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
                    // In place of the other, from its last step on.
                    let follows = a.offset == b.offset && (a.last == b.first || b.last == a.first);
                    let follows = follows && a.content == Content::Output && b.content == Content::Output;
                    assert!(!together || apart || follows, "{a:?} {b:?} {net:?}");
                }
            }
        }
    }
    println!("{unpacked} layers with room for weights, {refused} models not for integers");
    assert!(unpacked > 800);
}

/// Below the last layer all is frozen: flash and RAM of ready models.
#[test]
fn ready_models_take_half_the_flash() {
    println!(
        "{:12} {:>8} {:>8} {:>8} {:>8}",
        "", "flash", "bytes", "RAM", "bytes"
    );
    for (name, model) in [
        ("DS-CNN", &DS_CNN),
        ("MobileNetV1", &MOBILENET),
        ("ResNet-8", &RESNET8),
    ] {
        let mut layers = model.layers.to_vec();
        let last = layers.len() - 1;
        for layer in &mut layers[..last] {
            *layer = layer.frozen();
        }
        let training = || Training::<Bfp14, Sgd>::new(Loss::CrossEntropy);
        let plain: PlanOf<96> = planned(model.input, &layers, training());
        let bytes: PlanOf<96> = planned(model.input, &layers, training().frozen_bytes());
        println!(
            "{name:12} {:8} {:8} {:8} {:8}",
            plain.frozen,
            bytes.frozen,
            plain.bytes(),
            bytes.bytes()
        );
        let [weights, channels, others, tracks] = counted(&bytes);
        let exact = weights + channels + others + tracks;
        assert_eq!(bytes.frozen, exact);
        // The largest layer is unpacked, while the maps beside it are small.
        let largest = bytes.slots.iter().map(|slot| slot.scratch.bytes as usize).max();
        assert!(bytes.bytes() <= plain.bytes() + largest.unwrap_or(0));
    }
}

/// Handwritten digits: a model that was trained whole, its bottom rounded to bytes, and the head learned anew.
#[test]
fn digits_are_read_as_well() {
    const TRAINED: usize = 1200;
    let shape = Shape::image(1, 8, 8);
    let layers = [
        conv2d(8, [3, 3]).frozen(),
        relu(),
        depthwise2d([3, 3]).frozen(),
        relu(),
        dense(32).frozen(),
        relu(),
        dense(10),
    ];
    let digits = builtin::digits();
    let set: Vec<(Vec<i16>, usize)> = (0..1797)
        .map(|index| {
            let (pixels, class) = digits.sample(index).expect("there are 1,797");
            (
                pixels.iter().map(|pixel| i16::from(*pixel) * 64).collect(),
                class.into(),
            )
        })
        .collect();
    let training = || Training::<Bfp14, Sgd>::new(Loss::CrossEntropy).batch(8);
    let fit = |trainer: &mut Any<'_, Bfp14, Sgd>, epochs: usize| {
        for _ in 0..epochs {
            for batch in set[..TRAINED].chunks_exact(8) {
                for (x, class) in batch {
                    trainer
                        .learn(view::<Low16>(x), Target::Class(*class))
                        .expect("fits");
                }
                assert!(matches!(trainer.update(), Update::Done(_)));
            }
        }
        let right = set[TRAINED..]
            .iter()
            .filter(|(x, class)| argmax(trainer.infer(view::<Low16>(x)).data) == Some(*class));
        right.count() as f64 / (set.len() - TRAINED) as f64
    };
    let all: PlanOf<8> = planned(shape, &thawed(&layers), training());
    let mut memory = noise(0);
    let sgd = Sgd {
        learning_rate: 0.1,
        weight_decay: 0.0,
    };
    let mut whole = Any::<Bfp14, Sgd>::new(&all, &mut memory[..], sgd).expect("fits");
    whole.init(1);
    let trained = fit(&mut whole, 6);
    let (mut tuned, mut flash) = ([0.0; 2], [0; 2]);
    for (k, training) in [training(), training().frozen_bytes()].into_iter().enumerate() {
        let plan: PlanOf<8> = planned(shape, &layers, training);
        let [mut memory, mut image] = [noise(0xff), noise(0xff)];
        assert!(whole.write_frozen(&plan, &mut image[..plan.frozen]));
        let image = &image[..plan.frozen];
        let mut trainer = Any::<Bfp14, Sgd>::with_frozen(&plan, &mut memory[..], sgd, image).expect("fits");
        trainer.init(2);
        (tuned[k], flash[k]) = (fit(&mut trainer, 3), plan.frozen);
    }
    println!(
        "digits: trained whole {trained:.4}; a new head over 16 bits {:.4} ({} bytes of flash), over bytes {:.4} ({})",
        tuned[0], flash[0], tuned[1], flash[1]
    );
    assert!(trained > 0.85 && tuned[1] > trained - 0.03 && (tuned[0] - tuned[1]).abs() < 0.01);
}
