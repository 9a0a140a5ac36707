//! A watch that learns and can lose its power: the application on a simulated flash, its boards, and
//! memory that holds anything.

use kilograd::app::{App, Board, Boot, Kit, Settings, Status};
use kilograd::checkpoint::{Frames, Store};
use kilograd::collect::{Frame, Pool, Tally, Windows};
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::network::{Model, PlanOf, Shape, conv1d, dense, relu};
use kilograd::number::random::Pcg;
use kilograd::optim::Optimizer;
use kilograd::prepare::Standardizer;
use kilograd::train::{Clock, Event};
use kilograd_sim::flash::{Cell, FaultFlash};
use std::fmt::Debug;

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

    fn label(&mut self, _: u64) -> Option<u16> {
        self.frames.get(self.next - 1)?.1
    }

    fn ended(&self) -> bool {
        self.next == self.frames.len()
    }

    fn rewind(&mut self, frames: u64) -> bool {
        self.next = frames as usize;
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
    /// The power went.
    Cut,
}

impl<O: Optimizer<f32>> Watch<O> {
    /// A blank flash for it.
    pub fn flash(&self, seed: u64) -> Flash {
        Flash::new(12 * 1024, seed)
    }

    /// Boots in memory that holds garbage, and lives for as many pieces of work as `polls`, or until the
    /// board ends or the flash loses its power. `between` is called before each piece.
    ///
    /// # Panics
    /// When the application fails though the power is on.
    pub fn live<B: Board<2>>(
        &self,
        flash: &mut Flash,
        board: &mut B,
        polls: u64,
        garbage: u8,
        mut between: impl FnMut(&mut B),
    ) -> End {
        let plan: PlanOf<4> = NET.try_plan(&(self.training)()).unwrap();
        let mut arena = Arena::<4096>::ZERO;
        arena.fill(garbage);
        let word = i16::from_le_bytes([garbage; 2]);
        let (mut window, mut samples) = ([word; LENGTH * 2], [word; SLOTS * LENGTH * 2]);
        let (mut labels, mut tallies) = ([garbage; SLOTS], [Tally { seen: 77, stored: 7 }; CLASSES]);
        let mut sample = [f32::from_bits(u32::from_le_bytes([garbage; 4])); LENGTH * 2];
        let region = 0..flash.image().len() as u32;
        let kit = Kit {
            trainer: Trainer::<f32, O, { u128::MAX }>::new(&plan, &mut arena, self.optimizer).unwrap(),
            windows: Windows::new(&mut window, 3).unwrap().longest_step(PERIOD * 3 / 2),
            pool: Pool::new(&mut samples, &mut labels, &mut tallies, 5).unwrap(),
            scaler: Standardizer::new(1.0),
            sample: &mut sample,
        };
        let settings = Settings {
            least_windows: 5,
            epochs_per_window: 1,
            save_every: self.save_every,
        };
        let store = Store::<_, CHUNK>::new(flash, region).unwrap();
        let mut app = App::new(kit, store, settings, 3);
        match app.boot(board) {
            Ok(Boot::Resumed(_)) => {}
            Ok(Boot::Blank) => {
                app.trainer().init(11);
                for tick in 0..200 {
                    app.scaler().push(&world(tick * PERIOD).0.values).unwrap();
                }
                app.scaler().freeze();
            }
            Err(error) => return cut(app.release(), &error),
        }
        for _ in 0..polls {
            between(board);
            match app.poll(board) {
                Ok(Status::Done) => {
                    return match app.save() {
                        Ok(_) => End::Done,
                        Err(error) => cut(app.release(), &error),
                    };
                }
                Ok(Status::Working | Status::Waiting) => {}
                Err(error) => return cut(app.release(), &error),
            }
        }
        End::Cut
    }
}

/// A failure counts as a cut if the power is off, and as a broken promise otherwise.
fn cut(flash: &Flash, error: &dyn Debug) -> End {
    assert!(flash.is_off(), "{error:?}");
    End::Cut
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
