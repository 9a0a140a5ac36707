//! The program of every board: learn from the recorded slice, once without a cut and once through a power
//! cut, and print every loss as bits and a hash of the parameters.

use crate::data::{self, CHANNELS, CLASSES, WIDTH};
use crate::{integers, kinds, ready};
use core::fmt::{self, Write};
use embedded_storage::nor_flash::NorFlash;
use kilograd::app::{App, AppError, Board, Boot, Kit, Settings, Status};
use kilograd::checkpoint::{FormatError, LoadError, RegionError, SaveError, Store};
use kilograd::collect::{Pool, PoolError, Tally, WindowError, Windows};
use kilograd::engine::{Arena, NewError, Trainer, Training};
use kilograd::loss::Loss;
use kilograd::network::{Model, PlanOf, Shape, conv1d, dense, global_average, relu};
use kilograd::optim::Momentum;
use kilograd::persist::Fingerprint;
use kilograd::prepare::{Standardizer, StandardizerError};

const NET: Model = Model::new(
    Shape::series(CHANNELS as u16, data::LENGTH as u16),
    &[
        conv1d(8, 5).stride(2),
        relu(),
        conv1d(16, 5).stride(2),
        relu(),
        global_average(),
        dense(CLASSES as u16),
    ],
);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Momentum>::new(Loss::CrossEntropy));

const OPTIMIZER: Momentum = Momentum {
    learning_rate: 1.0 / 256.0,
    momentum: 0.875,
    dampening: 0.0,
    nesterov: false,
    weight_decay: 0.0,
};
const SETTINGS: Settings = Settings {
    least_windows: 4,
    epochs_per_window: 2,
    save_every: 16,
};
const SEED: u64 = 1;
/// Windows in the pool.
const SLOTS: usize = 6;
/// Bytes of a chunk of a checkpoint.
const CHUNK: usize = 256;
/// Updates after which the power goes: in the middle of an epoch, some updates behind a checkpoint.
const CUT: u32 = 40;

/// Bytes of flash for two checkpoints and a spare, where erase units are small.
pub const FLASH_BYTES: usize = 3 * 20 * 1024;

/// All memory of the program: what a board keeps in a static.
pub struct Memory {
    arena: Arena<{ PLAN.bytes() }>,
    window: [i16; WIDTH],
    samples: [i16; SLOTS * WIDTH],
    labels: [u8; SLOTS],
    tallies: [Tally; CLASSES],
    sample: [f32; WIDTH],
    integers: integers::Memory,
    kinds: kinds::Memory,
    ready: ready::Memory,
}

impl Memory {
    /// All zero, so that it costs no flash.
    pub const ZERO: Self = Self {
        arena: Arena::ZERO,
        window: [0; WIDTH],
        samples: [0; SLOTS * WIDTH],
        labels: [0; SLOTS],
        tallies: [Tally::ZERO; CLASSES],
        sample: [0.0; WIDTH],
        integers: Arena::ZERO,
        kinds: kinds::Memory::ZERO,
        ready: ready::Memory::ZERO,
    };
}

/// Why a program stopped early; the board prints it.
#[derive(Debug)]
pub enum Failure {
    Memory(NewError),
    Flash(RegionError),
    Format(FormatError),
    Window(WindowError),
    Pool(PoolError),
    Scaling(StandardizerError),
    Load(LoadError),
    Save(SaveError),
    App(AppError),
    Print(fmt::Error),
    /// The flash was blank after a cut, or not blank after a format.
    Lost,
    /// The run that was cut ended elsewhere.
    Different,
    /// A layer's gradient was zero, or not finite.
    Still,
}

macro_rules! from {
    ($($kind:ident($error:ty)),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::$kind(error)
            }
        })*
    };
}
from!(
    Memory(NewError),
    Flash(RegionError),
    Format(FormatError),
    Window(WindowError),
    Pool(PoolError),
    Scaling(StandardizerError),
    Load(LoadError),
    Save(SaveError),
    App(AppError),
    Print(fmt::Error)
);

type Learner<'a, F> = App<'a, f32, Momentum, F, { PLAN.uses() }, CHANNELS, CHUNK>;

/// Puts the application together, as after a reset: only flash remembers anything.
fn power_on<F: NorFlash>(memory: &mut Memory, flash: F) -> Result<Learner<'_, F>, Failure> {
    let region = 0..flash.capacity() as u32;
    let store = Store::new(flash, region)?;
    let kit = Kit {
        trainer: Trainer::new(&PLAN, &mut memory.arena, OPTIMIZER)?,
        windows: Windows::new(&mut memory.window, data::LENGTH)?,
        pool: Pool::new(&mut memory.samples, &mut memory.labels, &mut memory.tallies, SEED)?,
        scaler: Standardizer::new(1.0),
        sample: &mut memory.sample,
    };
    Ok(App::new(kit, store, SETTINGS, SEED))
}

/// What a factory does: blank flash, weights from a seed, scaling from known data, a first checkpoint.
fn make<F: NorFlash>(
    memory: &mut Memory,
    mut flash: F,
    board: &mut impl Board<CHANNELS>,
) -> Result<F, Failure> {
    let region = 0..flash.capacity() as u32;
    Store::<_, CHUNK>::new(&mut flash, region)?.format()?;
    let mut app = power_on(memory, flash)?;
    if app.boot(board)? != Boot::Blank {
        return Err(Failure::Lost);
    }
    app.trainer().init(SEED);
    app.scaler().push(data::all())?;
    app.scaler().freeze();
    app.save()?;
    Ok(app.release())
}

/// Boots, and works until everything is learned, or until the power goes after some updates.
/// Returns the flash, and a hash of the parameters.
fn live<F: NorFlash>(
    memory: &mut Memory,
    flash: F,
    board: &mut (impl Board<CHANNELS> + Write),
    power: u32,
) -> Result<(F, u64), Failure> {
    let mut app = power_on(memory, flash)?;
    match app.boot(board)? {
        Boot::Blank => return Err(Failure::Lost),
        Boot::Resumed(at) => writeln!(board, "boot at step {}, checkpoint {}", at.step, at.sequence)?,
    }
    while app.trainer().steps() < power {
        if app.poll(board)? == Status::Done {
            app.save()?;
            break;
        }
    }
    let hash = hash(app.trainer().parameter_bytes());
    Ok((app.release(), hash))
}

/// 64-bit FNV-1a.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let digest = Fingerprint::new();
    bytes
        .iter()
        .fold(digest, |digest, byte| digest.byte(*byte))
        .value()
}

/// Runs the whole program. Every board prints the same text.
///
/// # Errors
/// [`Failure`], for the board to print.
pub fn run<F: NorFlash>(
    memory: &mut Memory,
    flash: F,
    board: &mut (impl Board<CHANNELS> + Write),
) -> Result<(), Failure> {
    writeln!(
        board,
        "{} parameters, {} bytes of arena",
        PLAN.parameters,
        PLAN.bytes()
    )?;
    let flash = make(memory, flash, board)?;
    board.rewind(0);
    let (flash, never_cut) = live(memory, flash, board, u32::MAX)?;
    writeln!(board, "parameters {never_cut:016x}")?;

    let flash = make(memory, flash, board)?;
    board.rewind(0);
    let (flash, _) = live(memory, flash, board, CUT)?;
    writeln!(board, "the power goes")?;
    // What was in RAM is gone.
    *memory = Memory::ZERO;
    let (_, cut) = live(memory, flash, board, u32::MAX)?;
    writeln!(board, "parameters {cut:016x}")?;
    if cut != never_cut {
        return Err(Failure::Different);
    }
    integers::run(&mut memory.integers, board)?;
    kinds::run(&mut memory.kinds, board)?;
    ready::run(&mut memory.ready, board)
}
