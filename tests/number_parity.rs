//! The number is a parameter: the same model, layers, loss and optimizer train in f32 and in 16-bit
//! block fixed point, from the same start and in the same order, to the same result.

use kilograd::engine::{Arena, Trainer, Training, Update};
use kilograd::evaluate::argmax;
use kilograd::kernel::Kernel;
use kilograd::loss::{Loss, Target};
use kilograd::network::*;
use kilograd::number::bfp::{Exponent, High, Low8};
use kilograd::number::random::Pcg;
use kilograd::number::{Bfp14, Element, Scalar, View};
use kilograd::optim::{Adam, Momentum, Optimizer, Sgd};

const INPUTS: usize = 16;
const CLASSES: usize = 4;
const NET: Model = Model::new(
    Shape::vector(INPUTS as u16),
    &[dense(24), relu(), dense(CLASSES as u16)],
);
const FLOAT: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy).batch(4));
const FIXED: PlanOf<{ NET.len() }> = NET.plan(Training::<Bfp14, Sgd>::new(Loss::CrossEntropy).batch(4));
const MIRROR: Model = Model::new(
    Shape::vector(INPUTS as u16),
    &[dense(8), relu(), dense(INPUTS as u16)],
);
const FLOAT_MIRROR: PlanOf<{ MIRROR.len() }> =
    MIRROR.plan(Training::<f32, Sgd>::new(Loss::MeanSquaredError).batch(4));
const FIXED_MIRROR: PlanOf<{ MIRROR.len() }> =
    MIRROR.plan(Training::<Bfp14, Sgd>::new(Loss::MeanSquaredError).batch(4));
const SCALE: Exponent = Exponent(-10);
const SGD: Sgd = Sgd {
    learning_rate: 0.05,
    weight_decay: 1e-4,
};

/// Four noisy classes that no linear model tells apart: each is two blobs in opposite corners.
fn samples(seed: u64, count: usize) -> Vec<([f32; INPUTS], usize)> {
    let mut random = Pcg::new(seed);
    let mut centres = Pcg::new(99);
    let centres: Vec<[f32; INPUTS]> = (0..CLASSES)
        .map(|_| core::array::from_fn(|_| centres.uniform() * 2.0 - 1.0))
        .collect();
    (0..count)
        .map(|i| {
            let class = i % CLASSES;
            let side = if random.next_u32() & 1 == 0 { 1.0 } else { -1.0 };
            let x = core::array::from_fn(|j| {
                let value = side * centres[class][j] + (random.uniform() - 0.5) * 0.8;
                // Both numbers see the same input, to the bit.
                i16::from_f32(value, SCALE).to_f32(SCALE)
            });
            (x, class)
        })
        .collect()
}

/// Mean loss of the last epoch, held-out accuracy, and the loss of every step.
fn train<N: Kernel, const USES: u128>(plan: &Plan, scale: kilograd::number::Scale<N>) -> (f32, f32, Vec<f32>)
where
    Sgd: Optimizer<N>,
{
    let mut memory = Arena::<8192>::ZERO;
    let mut trainer = Trainer::<N, Sgd, USES>::new(plan, &mut memory, SGD).unwrap();
    trainer.init(5);
    let encode = |x: &[f32; INPUTS]| x.map(|value| N::Elem::from_f32(value, scale));
    let training = samples(1, 400);
    let mut losses = Vec::new();
    for _ in 0..30 {
        for batch in training.chunks(4) {
            let mut sum = N::Scalar::default();
            for (x, class) in batch {
                let data = encode(x);
                sum = sum.plus(
                    trainer
                        .learn(View { data: &data, scale }, Target::Class(*class))
                        .unwrap(),
                );
            }
            assert!(matches!(trainer.update(), Update::Done(norm) if norm.to_f32() > 0.0));
            losses.push(sum.over(4).to_f32());
        }
    }
    let held_out = samples(2, 400);
    let right = held_out
        .iter()
        .filter(|(x, class)| {
            argmax(
                trainer
                    .infer(View {
                        data: &encode(x),
                        scale,
                    })
                    .data,
            ) == Some(*class)
        })
        .count();
    let last = losses.iter().rev().take(100).sum::<f32>() / 100.0;
    (last, right as f32 / 400.0, losses)
}

#[test]
fn block_fixed_point_follows_float() {
    let (loss, accuracy, losses) = train::<f32, { FLOAT.uses() }>(&FLOAT, ());
    let (fixed_loss, fixed_accuracy, fixed_losses) = train::<Bfp14, { FIXED.uses() }>(&FIXED, SCALE);
    println!("f32 {loss} {accuracy}, bfp14 {fixed_loss} {fixed_accuracy}");
    assert!(accuracy > 0.9, "the task is learned: {accuracy}");
    assert!(
        (accuracy - fixed_accuracy).abs() <= 0.01,
        "{accuracy} and {fixed_accuracy}"
    );
    assert!(
        (loss - fixed_loss).abs() <= 0.05 * loss,
        "{loss} and {fixed_loss}"
    );
    // Step by step, not only at the end.
    for (step, (a, b)) in losses.iter().zip(&fixed_losses).enumerate() {
        assert!((a - b).abs() <= 0.05 * (a + 0.2), "step {step}: {a} and {b}");
    }
}

/// Mean loss of each of 30 epochs of an autoencoder.
fn mirror<N: Kernel, const USES: u128>(plan: &Plan, scale: kilograd::number::Scale<N>) -> Vec<f32>
where
    Sgd: Optimizer<N>,
{
    let mut memory = Arena::<8192>::ZERO;
    let mut trainer = Trainer::<N, Sgd, USES>::new(plan, &mut memory, SGD).unwrap();
    trainer.init(5);
    let training = samples(1, 400);
    let epoch = |trainer: &mut Trainer<'_, N, Sgd, USES>| {
        let mut sum = N::Scalar::default();
        for batch in training.chunks(4) {
            for (x, _) in batch {
                let data = x.map(|value| N::Elem::from_f32(value, scale));
                sum = sum.plus(
                    trainer
                        .learn(View { data: &data, scale }, Target::Itself)
                        .unwrap(),
                );
            }
            trainer.update();
        }
        sum.over(400).to_f32()
    };
    (0..30).map(|_| epoch(&mut trainer)).collect()
}

#[test]
fn squared_error_follows_float() {
    let float = mirror::<f32, { FLOAT_MIRROR.uses() }>(&FLOAT_MIRROR, ());
    let fixed = mirror::<Bfp14, { FIXED_MIRROR.uses() }>(&FIXED_MIRROR, SCALE);
    println!("{float:?}\n{fixed:?}");
    assert!(float[29] < 0.5 * float[0], "the task is learned: {float:?}");
    for (epoch, (a, b)) in float.iter().zip(&fixed).enumerate() {
        assert!((a - b).abs() <= 0.02 * a, "epoch {epoch}: {a} and {b}");
    }
}

#[test]
fn memory_is_that_of_the_format() {
    // Weights in two planes of 16 bits, biases and gradients in 32.
    assert_eq!(FIXED.regions.params, FLOAT.regions.params);
    assert_eq!(FIXED.regions.gradients, FLOAT.regions.gradients);
    // Activations take half.
    assert_eq!(FIXED.regions.work, FLOAT.regions.work / 2);
}

#[test]
fn what_a_number_cannot_run_is_refused_by_name() {
    const NET: Model = Model::new(Shape::vector(4), &[input(), dense(4), dense(2)]);
    let refused = NET
        .try_plan::<Bfp14, Sgd, 3>(&Training::new(Loss::CrossEntropy))
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "layer 0: input is not available in this number format"
    );
}

#[test]
fn sums_that_could_overflow_are_refused() {
    let batch = NET
        .try_plan::<Bfp14, Sgd, 3>(&Training::new(Loss::CrossEntropy).batch(33))
        .unwrap_err();
    assert_eq!(
        batch.to_string(),
        "batch is larger than this number format can sum: 32 samples in bfp14"
    );
    const WIDE: Model = Model::new(Shape::vector(8193), &[dense(2)]);
    let wide = WIDE
        .try_plan::<Bfp14, Sgd, 1>(&Training::new(Loss::CrossEntropy))
        .unwrap_err();
    assert_eq!(
        wide.to_string(),
        "layer 0: dense sums more inputs than this number format can: 8192 in bfp14"
    );
    // The gradient of an input is a sum over outputs; an inference takes none.
    const BROAD: Model = Model::new(Shape::vector(4), &[dense(8193), dense(2)]);
    const PIXELS: Model = Model::new(Shape::series(1, 2), &[conv1d(8193, 1), global_max()]);
    for (model, layer) in [(BROAD, "dense"), (PIXELS, "conv1d")] {
        let broad = model
            .try_plan::<Bfp14, Sgd, 2>(&Training::new(Loss::CrossEntropy))
            .unwrap_err();
        assert_eq!(
            broad.to_string(),
            format!(
                "layer 0: {layer} sums more outputs than this number format can, for the gradient of its input: 8192 in bfp14"
            )
        );
    }
    assert!(
        PIXELS
            .try_plan::<Bfp14, Sgd, 2>(&Training::new(Loss::CrossEntropy).inference())
            .is_ok()
    );
    assert!(
        WIDE.try_plan::<f32, Sgd, 1>(&Training::new(Loss::CrossEntropy).batch(33))
            .is_ok()
    );
}

/// A raw value beyond a mantissa would overflow the sums: it is refused, and nothing moves.
#[test]
fn a_sample_out_of_range_is_refused() {
    let mut memory = Arena::<{ FIXED.bytes() }>::ZERO;
    let mut trainer = Trainer::<Bfp14, Sgd, { FIXED.uses() }>::new(&FIXED, &mut memory, SGD).unwrap();
    trainer.init(1);
    fn view(data: &[i16]) -> View<'_, Bfp14> {
        View { data, scale: SCALE }
    }
    let right = [100_i16; INPUTS];
    assert!(trainer.learn(view(&right), Target::Class(0)).is_some());
    let before = trainer.infer(view(&right)).data.to_vec();
    for value in [8192, -8192, i16::MIN, i16::MAX] {
        let mut wrong = right;
        wrong[INPUTS - 1] = value;
        assert!(trainer.learn(view(&wrong), Target::Class(0)).is_none());
        assert!(trainer.evaluate(view(&wrong), Target::Class(0)).is_none());
        assert!(trainer.infer(view(&wrong)).data.iter().all(|y| *y == 0));
    }
    assert_eq!(trainer.infer(view(&right)).data, before);
    assert_eq!(trainer.summed(), 1);
}

/// What `docs/architecture.md` says of bytes per weight: the planes and the state, and no gradient where the update is fused.
#[test]
fn a_weight_takes_the_bytes_that_its_planes_and_its_state_take() {
    fn bytes<N: Kernel, O: Optimizer<N>>(batch: u16) -> [usize; 3] {
        let training = Training::<N, O>::new(Loss::CrossEntropy).batch(batch);
        let plan: PlanOf<1> = Model::new(Shape::vector(256), &[dense(16)])
            .try_plan(&training)
            .unwrap();
        // 4096 weights; the 16 biases beside them are less than a byte of each.
        [plan.regions.params, plan.regions.state, plan.regions.gradients].map(|bytes| bytes / 4096)
    }
    assert_eq!(bytes::<Bfp14, Sgd>(1), [4, 0, 0]);
    assert_eq!(bytes::<Bfp14<Low8>, Sgd>(1), [3, 0, 0]);
    assert_eq!(bytes::<Bfp14<High>, Sgd>(1), [2, 0, 0]);
    assert_eq!(bytes::<Bfp14, Momentum>(1), [4, 2, 0]);
    assert_eq!(bytes::<Bfp14<Low8>, Momentum>(1), [3, 2, 0]);
    assert_eq!(bytes::<Bfp14<High>, Momentum>(1), [2, 2, 0]);
    assert_eq!(bytes::<Bfp14, Adam>(1), [4, 4, 0]);
    assert_eq!(bytes::<Bfp14<High>, Adam>(16), [2, 4, 4]);
    assert_eq!(bytes::<f32, Momentum>(1), [4, 4, 0]);
    assert_eq!(bytes::<f32, Adam>(1), [4, 8, 0]);
}
