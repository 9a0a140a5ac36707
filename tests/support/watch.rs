//! A watch that learns and can lose its power: the application on a simulated flash, its boards, and
//! memory that holds anything.

use kilograd::app::{App, AppError, Board, Boot, Kit, Settings, Status};
use kilograd::checkpoint::{Frames, LoadError, Store};
use kilograd::collect::{Frame, Pool, Tally, Windows};
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::network::{Model, PlanOf, Shape, conv1d, dense, relu};
use kilograd::number::random::Pcg;
use kilograd::optim::Optimizer;
use kilograd::persist::{Fingerprint, Parts, Persist, Record};
use kilograd::prepare::Standardizer;
use kilograd::train::{Clock, Event, State};
use kilograd_sim::flash::{Cell, FaultFlash};

/// Its flash: three segments of the state's size and more.
pub type Flash = FaultFlash<Cell<4, 512>>;

/// Microseconds from one frame to the next.
pub const PERIOD: u64 = 10_000;

const CHUNK: usize = 64;
const LENGTH: usize = 8;
const SLOTS: usize = 9;
const CLASSES: usize = 3;

const NET: Model = Model::new(
    Shape::series(2, LENGTH as u16),
    &[conv1d(4, 3).stride(2), relu(), dense(CLASSES as u16)],
);

/// What happens around the watch at a time: a movement with noise, and mostly someone who says which.
pub fn world(at: u64) -> (Frame<2>, Option<u16>) {
    let tick = at / PERIOD;
    let mut dice = Pcg::new(tick);
    let class = Pcg::new(tick / 27).below(CLASSES as u32 + 1) as u16;
    let phase = (tick % u64::from(class * 2 + 3)) as i16 * 100;
    let mut noise = || dice.below(120) as i16 - 60;
    let frame = Frame {
        at,
        values: [phase + noise(), i16::try_from(class).unwrap_or(0) * 40 + noise()],
    };
    (frame, (usize::from(class) < CLASSES).then_some(class))
}

/// A recording of the world: it can be wound back.
#[derive(Debug)]
pub struct Recorded<'a> {
    /// The frames, and what was going on.
    pub frames: &'a [(Frame<2>, Option<u16>)],
    /// Those that were taken.
    pub next: usize,
}

impl Clock for Recorded<'_> {
    fn now(&self) -> u64 {
        0
    }
}

impl Board<2> for Recorded<'_> {
    fn frame(&mut self) -> Option<Frame<2>> {
        let (frame, _) = self.frames.get(self.next)?;
        self.next += 1;
        Some(*frame)
    }

    fn lost(&self) -> u16 {
        0
    }

    fn label(&mut self, _: u64) -> Option<u16> {
        self.frames.get(self.next - 1)?.1
    }

    fn ended(&self) -> bool {
        self.next == self.frames.len()
    }

    fn rewind(&mut self, frames: u64) -> bool {
        self.next = self.frames.len().min(frames as usize);
        true
    }

    fn report(&mut self, _: &Event) {}
}

/// How a watch is built: what is the same at every boot.
#[derive(Debug, Clone, Copy)]
pub struct Watch<O> {
    /// Its optimizer.
    pub optimizer: O,
    /// What it plans for.
    pub training: fn() -> Training<f32, O>,
    /// Updates between checkpoints.
    pub save_every: u32,
}

/// How a life between two boots ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Everything was learned, and the last checkpoint kept.
    Done,
    /// The power went, or there was no more to be lived.
    Cut,
    /// There is a checkpoint, and it was refused.
    Refused(LoadError),
    /// The application gave up.
    Failed(AppError),
}

/// All memory of a watch.
struct Memory {
    arena: Arena<4096>,
    window: [i16; LENGTH * 2],
    samples: [i16; SLOTS * LENGTH * 2],
    labels: [u8; SLOTS],
    tallies: [Tally; CLASSES],
    sample: [f32; LENGTH * 2],
}

impl Memory {
    fn of(garbage: u8) -> Self {
        let mut arena = Arena::ZERO;
        arena.fill(garbage);
        let word = i16::from_le_bytes([garbage; 2]);
        Self {
            arena,
            window: [word; LENGTH * 2],
            samples: [word; SLOTS * LENGTH * 2],
            labels: [garbage; SLOTS],
            tallies: [Tally { seen: 77, stored: 7 }; CLASSES],
            sample: [f32::from_bits(u32::from_le_bytes([garbage; 4])); LENGTH * 2],
        }
    }
}

impl<O: Optimizer<f32>> Watch<O> {
    /// A blank flash for it.
    pub fn flash(&self, seed: u64) -> Flash {
        Flash::new(12 * 1024, seed)
    }

    fn plan(&self) -> PlanOf<4> {
        NET.try_plan(&(self.training)()).unwrap()
    }

    fn kit<'m>(&self, plan: &'m PlanOf<4>, memory: &'m mut Memory) -> Kit<'m, f32, O, { u128::MAX }, 2> {
        Kit {
            trainer: Trainer::new(plan, &mut memory.arena, self.optimizer).unwrap(),
            windows: Windows::new(&mut memory.window, 3)
                .unwrap()
                .longest_step(PERIOD * 3 / 2),
            pool: Pool::new(&mut memory.samples, &mut memory.labels, &mut memory.tallies, 5).unwrap(),
            scaler: Standardizer::new(1.0),
            sample: &mut memory.sample,
        }
    }

    /// Boots in memory that holds garbage, and lives for as many pieces of work as `polls`, or until the
    /// board ends or the flash loses its power. `between` is called before each piece.
    pub fn live<B: Board<2>>(
        &self,
        flash: &mut Flash,
        board: &mut B,
        polls: u64,
        garbage: u8,
        mut between: impl FnMut(&mut B),
    ) -> End {
        let (plan, mut memory) = (self.plan(), Memory::of(garbage));
        let settings = Settings {
            least_windows: 5,
            epochs_per_window: 1,
            save_every: self.save_every,
        };
        let region = 0..flash.image().len() as u32;
        let store = Store::<_, CHUNK>::new(flash, region).unwrap();
        let mut app = App::new(self.kit(&plan, &mut memory), store, settings, 3);
        match app.boot(board) {
            Ok(Boot::Resumed(_)) => {}
            Ok(Boot::Blank) => {
                app.trainer().init(11);
                for tick in 0..200 {
                    app.scaler().push(&world(tick * PERIOD).0.values).unwrap();
                }
                app.scaler().freeze();
            }
            Err(_) if app.release().is_off() => return End::Cut,
            Err(error) => return End::Refused(error),
        }
        for _ in 0..polls {
            between(board);
            let done = match app.poll(board) {
                Ok(Status::Done) => app.save().map(|_| true).map_err(AppError::from),
                Ok(Status::Working | Status::Waiting) => Ok(false),
                Err(error) => Err(error),
            };
            match done {
                Ok(true) => return End::Done,
                Ok(false) => {}
                Err(_) if app.release().is_off() => return End::Cut,
                Err(error) => return End::Failed(error),
            }
        }
        End::Cut
    }

    /// Bytes of the trainer's state, which is the first part of the watch's.
    pub fn trainer_size(&self) -> usize {
        let (plan, mut memory) = (self.plan(), Memory::of(0));
        self.kit(&plan, &mut memory).trainer.size()
    }

    /// Puts a checkpoint on flash that is whole in every checksum and holds these bytes.
    pub fn forge(&self, flash: &mut Flash, bytes: &[u8]) {
        let (plan, mut memory) = (self.plan(), Memory::of(0));
        let kit = self.kit(&plan, &mut memory);
        // A record is known by its size and schema, not by its type.
        let (run, course) = (State::beginning(0), Record::<u8, 32>::new(1, 0));
        let extra: [&dyn Persist; 4] = [&course, &kit.scaler, &kit.windows, &kit.pool];
        let forged = Forged {
            bytes,
            like: &Parts(&[&kit.trainer, &run, &Parts(&extra)]),
        };
        let region = 0..flash.image().len() as u32;
        Store::<_, CHUNK>::new(flash, region)
            .unwrap()
            .save(&forged)
            .unwrap();
    }
}

/// Any bytes that say they are a certain state.
struct Forged<'a> {
    bytes: &'a [u8],
    like: &'a dyn Persist,
}

impl Persist for Forged<'_> {
    fn size(&self) -> usize {
        self.like.size()
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        for (to, from) in out.iter_mut().zip(self.bytes.iter().skip(offset)) {
            *to = *from;
        }
    }

    fn describe(&self, digest: &mut Fingerprint) {
        self.like.describe(digest);
    }
}

/// Every byte of the newest state on a flash.
pub fn newest(flash: &mut Flash) -> Vec<u8> {
    let end = flash.image().len() as u32;
    let newest = Frames::new(flash, 0..end)
        .max_by_key(|frame| frame.mark.sequence)
        .unwrap();
    let mut state = vec![0; newest.mark.length as usize];
    newest.read(flash, 0, &mut state).unwrap();
    state
}

/// Compares two states, and says where they part.
///
/// # Panics
/// When they do.
pub fn assert_same(found: &[u8], expected: &[u8], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let apart: Vec<usize> = (0..found.len()).filter(|&at| found[at] != expected[at]).collect();
    assert!(
        apart.is_empty(),
        "{what}: of {} bytes these differ: {apart:?}",
        found.len()
    );
}
