//! One model that holds every layer kind, trained for a few steps with every loss and optimizer: its losses, gradients
//! and parameters too are equal everywhere.

use crate::program::{Failure, hash};
use core::fmt::Write;
use kilograd::engine::{Arena, Clip, Trainer, Training, Update};
use kilograd::loss::{Loss, Target};
use kilograd::network::{
    Entry, Layer, Model, Plan, PlanOf, Shape, add, attention, average_pool, batch_norm, concat, conv1d,
    conv2d, dense, depthwise1d, depthwise2d, dropout, elu, embedding, flatten, gelu, global_average,
    global_max, group_norm, gru, input, last, layer_norm, leaky_relu, lstm, max_pool, position, relu, relu6,
    reshape, rms_norm, rnn, sigmoid, silu, softmax, tanh, transposed1d, transposed2d, upsample,
};
use kilograd::number::View;
use kilograd::optim::{Adam, AdamW, Momentum, Optimizer, RmsProp, Sgd};
use kilograd::persist::Fingerprint;

const TOKENS: usize = 16;
const VOCABULARY: u16 = 12;
const OUTPUTS: usize = 4;

/// From tokens through a transformer's block, a series, images with a branch, recurrence and an adapter to four outputs.
const LAYERS: [Entry; 66] = [
    input(),
    embedding(VOCABULARY, 6),
    embedding(VOCABULARY, 6).low_rank(2).from(2),
    add(2),
    position(),
    layer_norm(),
    attention(2).causal(),
    add(3),
    conv1d(8, 3).padding(1),
    gelu(),
    depthwise1d(3).padding(2).dilation(2),
    depthwise1d(3).padding(1).channels(1, 3),
    rms_norm(),
    transposed1d(8, 2).stride(2),
    transposed1d(8, 1).low_rank(2),
    transposed1d(8, 1).channels(2, 3),
    silu(),
    reshape(Shape::image(4, 8, 8)),
    conv2d(6, [3, 3]).padding(1),
    batch_norm(),
    relu6(),
    depthwise2d([3, 3]).padding(1),
    depthwise2d([3, 3]).padding(1).channels(0, 2),
    batch_norm().per_sample(),
    relu(),
    concat(5),
    max_pool(2),
    transposed2d(4, [2, 2]).stride(2),
    group_norm(2),
    leaky_relu(0.125),
    conv2d(4, [1, 1]).from(5),
    add(2),
    average_pool(2),
    upsample(2),
    conv2d(4, [3, 3]).stride(2).padding(1).channels(1, 2),
    elu(1.0),
    dropout(0.25),
    reshape(Shape::series(8, 8)),
    rnn(8),
    gru(8),
    lstm(8),
    rnn(8).low_rank(1),
    rnn(8).channels(0, 2),
    gru(8).low_rank(2),
    gru(8).channels(3, 1),
    lstm(8).low_rank(1),
    lstm(8).channels(6, 2),
    add(7),
    attention(2),
    attention(2).low_rank(2),
    attention(2).channels(1, 2),
    conv1d(32, 1).low_rank(2),
    tanh(),
    global_average(),
    reshape(Shape::image(8, 2, 2)),
    global_max(),
    dense(16),
    relu(),
    dense(16),
    sigmoid(),
    reshape(Shape::series(8, 2)),
    last(),
    softmax(),
    reshape(Shape::series(4, 2)),
    flatten(),
    dense(OUTPUTS as u16),
];
const NET: Model = Model::new(Shape::vector(TOKENS as u16), &LAYERS);
/// The same with its lower half in flash but for some biases.
const TUNED: [Entry; LAYERS.len()] = tuned();
const TUNED_NET: Model = Model::new(NET.input, &TUNED);
/// A model of a sequence, for the loss that needs one.
const NEXT: Model = Model::new(
    NET.input,
    &[embedding(VOCABULARY, 6), gru(8), conv1d(VOCABULARY, 1)],
);

const fn tuned() -> [Entry; LAYERS.len()] {
    let mut layers = LAYERS;
    let mut i = 0;
    while i < 27 {
        layers[i] = match i {
            18 => layers[i].bias_only(),
            _ => layers[i].frozen(),
        };
        i += 1;
    }
    layers
}

type PlanOfAll = PlanOf<{ LAYERS.len() }>;
const SMOOTH: Loss = Loss::WeightedCrossEntropy {
    smoothing: 0.125,
    weights: &[1.0, 0.5, 2.0, 1.5],
};
const KEPT: PlanOfAll = NET.plan(Training::<f32, AdamW>::new(Loss::CrossEntropy).keep_gradients());
const FUSED: PlanOfAll = NET.plan(Training::<f32, Momentum>::new(SMOOTH));
const BATCH: PlanOfAll = NET.plan(
    Training::<f32, RmsProp>::new(Loss::Huber { delta: 0.5 })
        .batch(2)
        .clip(Clip::Norm(0.25)),
);
const CLAMPED: PlanOfAll =
    NET.plan(Training::<f32, Adam>::new(Loss::BinaryCrossEntropy).clip(Clip::Value(0.03125)));
const SQUARED: PlanOfAll = TUNED_NET.plan(Training::<f32, Sgd>::new(Loss::MeanSquaredError));
const ABSOLUTE: PlanOfAll = TUNED_NET.plan(Training::<f32, Sgd>::new(Loss::MeanAbsoluteError));
const PAIR: PlanOfAll = TUNED_NET.plan(Training::<f32, Sgd>::new(Loss::Pair { margin: 4.0 }));
const TRIPLET: PlanOfAll = TUNED_NET.plan(Training::<f32, Sgd>::new(Loss::Triplet { margin: 1.0 }));
const CONTRAST: PlanOfAll = TUNED_NET.plan(Training::<f32, Sgd>::new(Loss::InfoNce { temperature: 0.5 }));
const NEXT_PLAN: PlanOf<{ NEXT.len() }> = NEXT.plan(Training::<f32, Sgd>::new(Loss::NextToken));

// A kind that this model does not have would not be compared.
const _: () = assert!(
    KEPT.uses() & Layer::EVERY == Layer::EVERY,
    "the model must hold every layer kind"
);

const BYTES: usize = {
    let sizes = [
        KEPT.bytes(),
        FUSED.bytes(),
        BATCH.bytes(),
        CLAMPED.bytes(),
        SQUARED.bytes(),
        NEXT_PLAN.bytes(),
    ];
    let mut most = 0;
    let mut i = 0;
    while i < sizes.len() {
        if sizes[i] > most {
            most = sizes[i];
        }
        i += 1;
    }
    most
};

/// A flash image of frozen parameters.
#[repr(C, align(8))]
struct Image<const BYTES: usize>([u8; BYTES]);

/// The frozen layers under the adapters, drawn at build time, in flash.
static BASES: Image<{ KEPT.frozen }> = {
    let mut image = Image([0; KEPT.frozen]);
    let mut state = 1_u32;
    let mut i = 0;
    while i + 4 <= KEPT.frozen {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let value = f32::from_bits(0x3f80_0000 | state >> 9) - 1.5;
        let bytes = value.to_le_bytes();
        let mut k = 0;
        while k < 4 {
            image.0[i + k] = bytes[k];
            k += 1;
        }
        i += 4;
    }
    image
};

/// What the program needs.
pub struct Memory {
    arena: Arena<BYTES>,
    /// Written after the first run, in place of flash.
    image: Image<{ SQUARED.frozen }>,
}

impl Memory {
    /// All zero.
    pub const ZERO: Self = Self {
        arena: Arena::ZERO,
        image: Image([0; SQUARED.frozen]),
    };
}

static VALUES: [[f32; OUTPUTS]; 3] = [
    [1.0, 0.0, 0.25, 0.5],
    [0.0, 1.0, 0.5, 0.75],
    [0.5, 0.25, 1.0, 0.0],
];

const fn class(sample: usize) -> Target<'static, f32> {
    Target::Class(sample % OUTPUTS)
}

fn values(sample: usize) -> Target<'static, f32> {
    Target::Values(View::plain(&VALUES[sample % 3]))
}

/// The target of each sample.
type Want = fn(usize) -> Target<'static, f32>;

/// Trains a few steps, and prints every loss and norm as bits, then a hash of the parameters and of the output.
fn train<O: Optimizer<f32>>(
    name: &str,
    trainer: &mut Trainer<'_, f32, O, { u128::MAX }>,
    target: Want,
    updates: u32,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let sample = |index: usize| -> [f32; TOKENS] {
        core::array::from_fn(|t| ((5 * t + 3 * index + t * t * index) % usize::from(VOCABULARY)) as f32)
    };
    let batch = trainer.plan().batch;
    let mut index = 0;
    while trainer.steps() < updates {
        let loss = trainer.learn(View::plain(&sample(index)), target(index));
        let loss = loss.ok_or(Failure::Different)?.to_bits();
        index += 1;
        if index == 1 {
            norms(name, trainer, out)?;
        }
        if trainer.summed() == batch
            && let Update::Done(norm) = trainer.update()
        {
            let step = trainer.steps();
            writeln!(
                out,
                "{name}: step {step} loss {loss:08x} norm {:08x}",
                norm.to_bits()
            )?;
        }
    }
    let output = trainer.infer(View::plain(&sample(0))).data.iter();
    let output = output.fold(Fingerprint::new(), |digest, y| digest.number(y.to_bits().into()));
    let output = output.value();
    let parameters = hash(trainer.parameter_bytes());
    writeln!(out, "{name}: parameters {parameters:016x} output {output:016x}")?;
    Ok(())
}

/// Prints the norm of each layer's gradient, where gradients are kept. None may be zero: the layer, or one above, would
/// not take part.
fn norms<O: Optimizer<f32>>(
    name: &str,
    trainer: &Trainer<'_, f32, O, { u128::MAX }>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    for (index, slot) in trainer.plan().slots().iter().enumerate() {
        if let Some(norm) = trainer.gradient_norm(index) {
            let kind = slot.layer.name();
            writeln!(out, "{name}: layer {index} {kind} norm {:08x}", norm.to_bits())?;
            if !(norm > 0.0 && norm.is_finite()) {
                return Err(Failure::Still);
            }
        }
    }
    Ok(())
}

/// Runs every training.
pub fn run(memory: &mut Memory, out: &mut impl Write) -> Result<(), Failure> {
    let Memory { arena, image } = memory;
    let (bases, image) = (&BASES.0[..], &mut image.0[..]);
    {
        let mut trainer = begin(&KEPT, arena, AdamW::default(), bases)?;
        train("kinds", &mut trainer, class, 3, out)?;
        if !trainer.write_frozen(&SQUARED, image) {
            return Err(Failure::Different);
        }
        writeln!(out, "kinds: image {:016x}", hash(image))?;
    }
    let momentum = Momentum {
        learning_rate: 0.0625,
        nesterov: true,
        ..Momentum::default()
    };
    train(
        "fused",
        &mut begin(&FUSED, arena, momentum, bases)?,
        class,
        3,
        out,
    )?;
    let rms_prop: RmsProp = RmsProp::default();
    train(
        "batch",
        &mut begin(&BATCH, arena, rms_prop, bases)?,
        values,
        2,
        out,
    )?;
    train(
        "clamped",
        &mut begin(&CLAMPED, arena, Adam::default(), bases)?,
        values,
        2,
        out,
    )?;
    let sgd = Sgd {
        learning_rate: 0.125,
        weight_decay: 0.0,
    };
    let pair = |sample| Target::Pair {
        other: View::plain(&VALUES[0]),
        same: sample % 2 == 0,
    };
    let triplet = |_| Target::Triplet {
        positive: View::plain(&VALUES[0]),
        negative: View::plain(&VALUES[1]),
    };
    let memory = |sample| Target::Memory {
        embeddings: View::plain(VALUES.as_flattened()),
        positive: sample % 3,
    };
    let tuned: [(&str, &Plan, Want); 5] = [
        ("squared", &SQUARED, values),
        ("absolute", &ABSOLUTE, values),
        ("pair", &PAIR, pair),
        ("triplet", &TRIPLET, triplet),
        ("contrast", &CONTRAST, memory),
    ];
    for (name, plan, target) in tuned {
        train(name, &mut begin(plan, arena, sgd, image)?, target, 2, out)?;
    }
    train(
        "next",
        &mut begin(&NEXT_PLAN, arena, sgd, &[])?,
        |_| Target::Itself,
        3,
        out,
    )
}

/// A trainer that starts anew.
fn begin<'a, O: Optimizer<f32>>(
    plan: &'a Plan,
    arena: &'a mut Arena<BYTES>,
    optimizer: O,
    frozen: &'a [u8],
) -> Result<Trainer<'a, f32, O, { u128::MAX }>, Failure> {
    let mut trainer = Trainer::with_frozen(plan, arena, optimizer, frozen)?;
    trainer.init(1);
    Ok(trainer)
}
