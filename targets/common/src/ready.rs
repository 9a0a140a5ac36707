//! Every ready model learns in block fixed point with momentum: the small ones 100 steps, those of MLPerf Tiny one. Losses,
//! norms and parameters are equal everywhere. On this machine, in debug, overflow checks watch every sum.

use crate::program::{Failure, hash};
use core::fmt::Write;
use kilograd::engine::{Arena, Trainer, Training, Update};
use kilograd::loss::{Loss, Target};
use kilograd::network::ready::{AUTOENCODER, DS_CNN, GRU, LSTM, MOBILENET, PERCEPTRON, RESNET8, TRANSFORMER};
use kilograd::network::{Model, Plan, PlanOf};
use kilograd::number::bfp::Exponent;
use kilograd::number::random::Pcg;
use kilograd::number::{Bfp14, Scalar, View};
use kilograd::optim::Momentum;

const fn plan<const L: usize>(model: &Model<'_>, loss: Loss) -> PlanOf<L> {
    model.plan(Training::<Bfp14, Momentum>::new(loss))
}

const CLASSES: Loss = Loss::CrossEntropy;
const MLP: PlanOf<{ PERCEPTRON.len() }> = plan(&PERCEPTRON, CLASSES);
const GATED: PlanOf<{ GRU.len() }> = plan(&GRU, CLASSES);
const MEMORY: PlanOf<{ LSTM.len() }> = plan(&LSTM, CLASSES);
const TEXT: PlanOf<{ TRANSFORMER.len() }> = plan(&TRANSFORMER, Loss::NextToken);
const MACHINES: PlanOf<{ AUTOENCODER.len() }> = plan(&AUTOENCODER, Loss::MeanSquaredError);
const WORDS: PlanOf<{ DS_CNN.len() }> = plan(&DS_CNN, CLASSES);
const PICTURES: PlanOf<{ RESNET8.len() }> = plan(&RESNET8, CLASSES);
const PEOPLE: PlanOf<{ MOBILENET.len() }> = plan(&MOBILENET, CLASSES);

const BYTES: usize = {
    let plans: [&Plan; 8] = [
        &MLP, &GATED, &MEMORY, &TEXT, &MACHINES, &WORDS, &PICTURES, &PEOPLE,
    ];
    let mut most = 0;
    let mut i = 0;
    while i < plans.len() {
        if plans[i].bytes() > most {
            most = plans[i].bytes();
        }
        i += 1;
    }
    most
};

/// Elements of the largest input.
const INPUTS: usize = MOBILENET.input.len();

/// What the program needs.
pub struct Memory {
    arena: Arena<BYTES>,
    sample: [i16; INPUTS],
}

impl Memory {
    /// All zero.
    pub const ZERO: Self = Self {
        arena: Arena::ZERO,
        sample: [0; INPUTS],
    };
}

/// What a model is shown.
#[derive(Clone, Copy)]
enum Sample {
    /// Noise between −1 and 1, and its class.
    Noise,
    /// Noise, which is its own target.
    Itself,
    /// So many kinds of tokens.
    Tokens(u32),
}

/// Trains so many steps, and prints losses and norms of the first and the last, then a hash of the parameters.
fn train(
    name: &str,
    plan: &Plan,
    Memory { arena, sample }: &mut Memory,
    kind: Sample,
    steps: u32,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let momentum = Momentum {
        learning_rate: 1.0 / 128.0,
        ..Momentum::default()
    };
    let mut trainer = Trainer::<Bfp14, Momentum, { u128::MAX }>::new(plan, arena, momentum)?;
    trainer.init(1);
    let mut random = Pcg::new(2);
    let x = sample.get_mut(..plan.input.len()).unwrap_or(&mut []);
    for step in 1..=steps {
        for x in x.iter_mut() {
            *x = match kind {
                Sample::Noise | Sample::Itself => random.below(8192) as i16 - 4096,
                Sample::Tokens(kinds) => random.below(kinds) as i16,
            };
        }
        let (scale, target) = match kind {
            Sample::Noise => (-12, Target::Class(step as usize % 2)),
            Sample::Itself => (-12, Target::Itself),
            Sample::Tokens(_) => (0, Target::Itself),
        };
        let scale = Exponent(scale);
        let loss = trainer.learn(View { data: x, scale }, target);
        let loss = loss.ok_or(Failure::Different)?.to_bits();
        let Update::Done(norm) = trainer.update() else {
            return Err(Failure::Still);
        };
        let norm = norm.to_bits();
        if norm == 0 {
            return Err(Failure::Still);
        }
        if step == 1 || step == steps {
            writeln!(out, "{name}: step {step} loss {loss:x} norm {norm:x}")?;
        }
    }
    writeln!(out, "{name}: parameters {:016x}", hash(trainer.parameter_bytes()))?;
    Ok(())
}

/// Trains each.
pub fn run(memory: &mut Memory, out: &mut impl Write) -> Result<(), Failure> {
    let models: [(&str, &Plan, Sample, u32); 8] = [
        ("digits-mlp", &MLP, Sample::Noise, 100),
        ("gru", &GATED, Sample::Noise, 100),
        ("lstm", &MEMORY, Sample::Noise, 100),
        ("transformer", &TEXT, Sample::Tokens(38), 20),
        ("toyadmos", &MACHINES, Sample::Itself, 1),
        ("ds-cnn", &WORDS, Sample::Noise, 1),
        ("resnet", &PICTURES, Sample::Noise, 1),
        ("mobilenet", &PEOPLE, Sample::Noise, 1),
    ];
    for (name, plan, kind, steps) in models {
        train(name, plan, memory, kind, steps, out)?;
    }
    Ok(())
}
