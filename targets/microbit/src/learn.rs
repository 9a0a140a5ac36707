//! The network and its training: in integers, one sample per update, saved every epoch.

use crate::motions::{SCALE, Scaling};
use common::motions::{CHANNELS, CLASSES, LENGTH, RECORDINGS, WIDTH, part};
use kilograd::engine::{Arena, NewError, Trainer, Training, Update};
use kilograd::load::Permutation;
use kilograd::loss::{Loss, Target};
use kilograd::network::{Model, PlanOf, Shape, conv1d, dense, global_average, relu};
use kilograd::number::{Bfp14, Scalar, View};
use kilograd::optim::Momentum;

const NET: Model = Model::new(
    Shape::series(CHANNELS as u16, LENGTH as u16),
    &[
        conv1d(8, 5).stride(2),
        relu(),
        conv1d(16, 5).stride(2),
        relu(),
        global_average(),
        dense(CLASSES as u16),
    ],
);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<Bfp14, Momentum>::new(Loss::CrossEntropy));
const OPTIMIZER: Momentum = Momentum {
    learning_rate: 0.01,
    momentum: 0.9,
    dampening: 0.0,
    nesterov: false,
    weight_decay: 0.0,
};

/// Recordings to train on: the archive's training part.
const TRAINED: u32 = RECORDINGS as u32 / 2;
const EPOCHS: u32 = 20;
/// Updates in all.
pub const UPDATES: u32 = EPOCHS * TRAINED;
/// A checkpoint follows each epoch.
pub const SAVE_EVERY: u32 = TRAINED;
const SEED: u64 = 1;

/// The trainer of this network.
pub type Learner<'a> = Trainer<'a, Bfp14, Momentum, { PLAN.uses() }>;

/// What the network needs.
pub struct Memory {
    arena: Arena<{ PLAN.bytes() }>,
    sample: [i16; WIDTH],
}

impl Memory {
    /// All zero, so that it costs no flash.
    pub const ZERO: Self = Self {
        arena: Arena::ZERO,
        sample: [0; WIDTH],
    };
    /// Bytes of the arena.
    pub const ARENA: usize = PLAN.bytes();

    /// A trainer in the arena, and room for one sample.
    pub fn split(&mut self) -> Result<(Learner<'_>, &mut [i16; WIDTH]), NewError> {
        let trainer = Trainer::new(&PLAN, &mut self.arena, OPTIMIZER)?;
        Ok((trainer, &mut self.sample))
    }
}

/// Weights from a seed.
pub fn begin(trainer: &mut Learner<'_>) {
    trainer.init(SEED);
}

/// One update. Which recording comes next follows from the number of updates alone, so a checkpoint
/// needs no more than the trainer. Returns the loss of the sample.
pub fn step(trainer: &mut Learner<'_>, scaling: &Scaling, sample: &mut [i16; WIDTH]) -> Option<u64> {
    let (epoch, index) = (trainer.steps() / TRAINED, trainer.steps() % TRAINED);
    let order = Permutation::new(TRAINED, epoch.into());
    let (recording, class) = part(false).nth(order.at(index) as usize)?;
    scaling.apply(recording, sample);
    let x = View {
        data: &*sample,
        scale: SCALE,
    };
    let loss = trainer.learn(x, Target::Class(class))?;
    match trainer.update() {
        Update::Done(_) => Some(loss.to_bits()),
        Update::Refused | Update::Nothing => None,
    }
}

/// Right answers on the recordings that were held out, and how many those are.
pub fn examine(trainer: &mut Learner<'_>, scaling: &Scaling, sample: &mut [i16; WIDTH]) -> (u32, u32) {
    let (mut right, mut all) = (0, 0);
    for (recording, class) in part(true) {
        scaling.apply(recording, sample);
        let scores = trainer.infer(View {
            data: &*sample,
            scale: SCALE,
        });
        let highest = scores.data.iter().enumerate().max_by_key(|(_, score)| **score);
        right += u32::from(highest.is_some_and(|(answer, _)| answer == class));
        all += 1;
    }
    (right, all)
}
