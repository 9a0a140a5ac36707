//! The model, its plan and its memory: what a firmware would have as constants and statics.

use super::failed;
use crate::complaint::Failure;
use crate::device::TimedFlash;
use crate::flash::Nrf52;
use kilograd::app::{App, Kit, Settings};
use kilograd::collect::{Pool, Ring, Tally, Windows};
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::loss::Loss;
use kilograd::network::{Model, PlanOf, Shape, conv1d, dense, global_average, relu};
use kilograd::number::random::Pcg;
use kilograd::optim::Momentum;
use kilograd::prepare::Standardizer;

/// Axes of the watch: acceleration x y z, rotation x y z.
pub const AXES: usize = 6;
/// Frames of a window: 10 s at 10 Hz.
pub const LENGTH: usize = 100;
/// Activities.
pub const CLASSES: usize = 4;
/// Values of a window.
pub const WIDTH: usize = AXES * LENGTH;
/// Windows that the device keeps.
pub const SLOTS: usize = 8;
/// The ring holds one frame less.
pub const RING: usize = 32;
/// Bytes that go to flash at a time.
pub const CHUNK: usize = 256;

const NET: Model<'static> = Model::new(
    Shape::series(AXES as u16, LENGTH as u16),
    &[
        conv1d(8, 5).stride(2),
        relu(),
        conv1d(16, 5).stride(2),
        relu(),
        global_average(),
        dense(CLASSES as u16),
    ],
);

/// Everything about the model's memory. All layers are trained, on the device as well.
pub const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Momentum>::new(Loss::CrossEntropy));

/// The part that the device's flash is of.
pub type FlashPart = Nrf52;

/// Addresses of the checkpoints: three segments of five pages.
pub const REGION: u32 = 60 * 1024;

/// The optimizer on the device. In the factory it takes larger steps.
pub const OPTIMIZER: Momentum = Momentum {
    learning_rate: 0.003,
    momentum: 0.9,
    dampening: 0.0,
    nesterov: false,
    weight_decay: 0.0,
};

/// How the device learns.
pub const SETTINGS: Settings = Settings {
    least_windows: CLASSES as u16,
    epochs_per_window: 4,
    save_every: 16,
};

/// The trainer, in the factory, on the device and in the examiner's hands.
pub type Learner<'a> = Trainer<'a, f32, Momentum, { PLAN.uses() }>;

/// The application on the device.
pub type Application<'a, 'c> =
    App<'a, f32, Momentum, &'a mut TimedFlash<'c, FlashPart>, { PLAN.uses() }, AXES, CHUNK>;

/// The RAM that the application works in.
pub struct Memory {
    arena: Arena<{ PLAN.bytes() }>,
    samples: [i16; SLOTS * WIDTH],
    labels: [u8; SLOTS],
    tallies: [Tally; CLASSES],
    window: [i16; WIDTH],
    sample: [f32; WIDTH],
    /// From the sensor's interrupt to the main loop.
    ring: Ring<AXES, RING>,
}

/// The application's parts in the memory, and the ring beside them.
pub type Parts<'a> = (
    Kit<'a, f32, Momentum, { PLAN.uses() }, AXES>,
    &'a mut Ring<AXES, RING>,
);

impl Memory {
    /// Memory as it is when the power comes: noise, except for the ring, which start-up code makes empty.
    pub fn noise(seed: u64) -> Box<Self> {
        let mut noise = Pcg::new(seed);
        let mut memory = Box::new(Self {
            arena: Arena::ZERO,
            samples: [0; _],
            labels: [0; _],
            tallies: [Tally::ZERO; _],
            window: [0; _],
            sample: [0.0; _],
            ring: Ring::new(),
        });
        memory.arena.fill_with(|| noise.next_u32() as u8);
        memory.samples.fill_with(|| noise.next_u32() as i16);
        memory.labels.fill_with(|| noise.next_u32() as u8);
        memory.window.fill_with(|| noise.next_u32() as i16);
        memory.sample.fill_with(|| f32::from_bits(noise.next_u32()));
        memory
    }

    /// The application's parts in this memory, and the ring. `seed` chooses what the pool keeps.
    ///
    /// # Errors
    /// When the constants of this file do not go together.
    pub fn parts(&mut self, seed: u64) -> Result<Parts<'_>, Failure> {
        let kit = Kit {
            trainer: Trainer::new(&PLAN, &mut self.arena, OPTIMIZER).map_err(failed)?,
            windows: Windows::new(&mut self.window, LENGTH)
                .map_err(failed)?
                .longest_step(150_000),
            pool: Pool::new(&mut self.samples, &mut self.labels, &mut self.tallies, seed).map_err(failed)?,
            scaler: Standardizer::new(1.0),
            sample: &mut self.sample,
        };
        Ok((kit, &mut self.ring))
    }
}

/// RAM for training, by part, in bytes. The stack and other programs come on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ram {
    /// Parameters, optimizer state, gradients, activations.
    pub arena: usize,
    /// Windows kept for learning, with labels and counters.
    pub pool: usize,
    /// The window in the making.
    pub window: usize,
    /// One scaled sample.
    pub sample: usize,
    /// Frames on their way from the interrupt.
    pub ring: usize,
    /// The application itself with its chunk of flash; pointers are as wide as on the computer that asks.
    pub application: usize,
}

impl Ram {
    /// What is planned here.
    pub const PLANNED: Self = Self {
        arena: size_of::<Arena<{ PLAN.bytes() }>>(),
        pool: size_of::<[i16; SLOTS * WIDTH]>() + SLOTS + size_of::<[Tally; CLASSES]>(),
        window: size_of::<[i16; WIDTH]>(),
        sample: size_of::<[f32; WIDTH]>(),
        ring: size_of::<Ring<AXES, RING>>(),
        application: size_of::<Application<'static, 'static>>(),
    };

    /// All of it.
    pub const fn total(&self) -> usize {
        self.arena + self.pool + self.window + self.sample + self.ring + self.application
    }
}

/// What the device has for training.
pub const BUDGET: usize = 32 * 1024;

const _: () = assert!(
    Ram::PLANNED.total() <= BUDGET,
    "the device has 32 KB: keep fewer windows, or take smaller layers"
);

// Nothing that the memory holds is forgotten: the rest is padding.
const _: () = {
    let ram = Ram::PLANNED;
    let padding = size_of::<Memory>() - (ram.total() - ram.application);
    assert!(padding < 64, "a part of the memory is not counted");
};
