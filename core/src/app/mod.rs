//! The application: sense, learn, save, report. A firmware and the simulator differ in their
//! [`Board`] alone.
//!
//! Frames from the sensor's ring make windows; a labelled window goes to the pool; after each window
//! the model is trained for some epochs on the pool; checkpoints are kept on the way. Everything is
//! done in bounded pieces, so that one loop can serve sensor, radio and learning, and everything is
//! in the checkpoint, so that a power cut costs no more than the work since the last one.

mod board;
mod outcome;

pub use board::{Board, Settings};
pub use outcome::{AppError, Boot, Status};

use crate::checkpoint::{LoadError, SaveError, Saved, Store};
use crate::collect::{Pool, Windows};
use crate::engine::Trainer;
use crate::kernel::Kernel;
use crate::load::{Loader, Samples, Split};
use crate::optim::Optimizer;
use crate::persist::{Parts, PartsMut, Record};
use crate::prepare::{Scaled, Standardizer};
use crate::train::{Event, Fit, Goals, State};
use embedded_storage::nor_flash::NorFlash;
use serde::{Deserialize, Serialize};

/// Where the application stands, beside what its parts know themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Course {
    /// Frames taken from the board.
    frames: u64,
    /// The label of the frame before.
    label: Option<u16>,
    /// Epochs at which the present learning ends; `None` while collecting.
    until: Option<u32>,
}

/// What the application works with; all memory comes from outside.
pub struct Kit<'a, N: Kernel, O: Optimizer<N>, const USES: u128, const C: usize> {
    /// The model and its training.
    pub trainer: Trainer<'a, N, O, USES>,
    /// Windows in the making.
    pub windows: Windows<'a, C>,
    /// Labelled windows kept for learning.
    pub pool: Pool<'a>,
    /// The scaling of every channel.
    pub scaler: Standardizer<C>,
    /// Room for one sample.
    pub sample: &'a mut [N::Elem],
}

/// Version of [`Course`], part of the fingerprint.
const SCHEMA: u32 = 1;

/// The application.
pub struct App<'a, N: Kernel, O: Optimizer<N>, F, const USES: u128, const C: usize, const CHUNK: usize> {
    parts: Kit<'a, N, O, USES, C>,
    store: Store<F, CHUNK>,
    settings: Settings,
    run: State,
    course: Record<Course, 32>,
}

impl<'a, N: Kernel, O: Optimizer<N>, F: NorFlash, const USES: u128, const C: usize, const CHUNK: usize>
    App<'a, N, O, F, USES, C, CHUNK>
where
    for<'s> Scaled<'s, Pool<'a>, C>: Samples<N::Elem>,
{
    /// The application as it leaves the factory: nothing is read from flash yet. `seed` orders the
    /// samples.
    pub fn new(parts: Kit<'a, N, O, USES, C>, store: Store<F, CHUNK>, settings: Settings, seed: u64) -> Self {
        let course = Course {
            frames: 0,
            label: None,
            until: None,
        };
        Self {
            parts,
            store,
            settings,
            run: State::beginning(seed),
            course: Record::new(SCHEMA, course),
        }
    }

    /// Goes on from the newest checkpoint. A recording is rewound to where it was; a sensor is not,
    /// so the window in the making begins anew.
    ///
    /// # Errors
    /// [`LoadError`] for a damaged or foreign flash. Nothing is wiped without being asked.
    pub fn boot(&mut self, board: &mut impl Board<C>) -> Result<Boot, LoadError> {
        let Kit {
            trainer,
            windows,
            pool,
            scaler,
            ..
        } = &mut self.parts;
        let mut extra: [&mut dyn crate::persist::Restore; 4] = [&mut self.course, scaler, windows, pool];
        let loaded = match self.store.load(&mut PartsMut(&mut [
            trainer,
            &mut self.run,
            &mut PartsMut(&mut extra),
        ])) {
            Ok(loaded) => loaded,
            Err(LoadError::Empty) => return Ok(Boot::Blank),
            Err(error) => return Err(error),
        };
        if !board.rewind(self.course.value.frames) {
            self.parts.windows.gap();
        }
        Ok(Boot::Resumed(loaded))
    }

    /// Keeps a checkpoint, all at once. For the factory, and before a sleep.
    ///
    /// # Errors
    /// [`SaveError`]; what was saved before is still there.
    pub fn save(&mut self) -> Result<Saved, SaveError> {
        let Kit {
            trainer,
            windows,
            pool,
            scaler,
            ..
        } = &self.parts;
        let extra: [&dyn crate::persist::Persist; 4] = [&self.course, scaler, windows, pool];
        self.store.save(&Parts(&[trainer, &self.run, &Parts(&extra)]))
    }

    /// The model and its training.
    pub fn trainer(&mut self) -> &mut Trainer<'a, N, O, USES> {
        &mut self.parts.trainer
    }

    /// The scaling of every channel.
    pub fn scaler(&mut self) -> &mut Standardizer<C> {
        &mut self.parts.scaler
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.store.release()
    }

    /// Runs until the recording has ended and everything is learned, and keeps a last checkpoint.
    /// With a sensor, which never ends, call [`poll`](Self::poll) in a loop of your own.
    ///
    /// # Errors
    /// [`AppError`]; the last checkpoint is as it was.
    pub fn run(&mut self, board: &mut impl Board<C>) -> Result<(), AppError> {
        while self.poll(board)? != Status::Done {}
        self.save()?;
        Ok(())
    }

    /// One piece of work: takes one frame, or learns from one sample, or does one step of a save.
    ///
    /// # Errors
    /// [`AppError`]; the last checkpoint is as it was.
    pub fn poll(&mut self, board: &mut impl Board<C>) -> Result<Status, AppError> {
        match self.course.value.until {
            Some(until) => self.learn(board, until),
            None => self.collect(board),
        }
    }

    /// Trains for one piece of work; goes back to collecting when the epochs are done.
    fn learn(&mut self, board: &mut impl Board<C>, until: u32) -> Result<Status, AppError> {
        let Kit {
            trainer,
            windows,
            pool,
            scaler,
            sample,
        } = &mut self.parts;
        let samples = Scaled::new(&*pool, &*scaler);
        let split = Split::all(samples.len() as u32);
        let loader = Loader::new(&samples, split, 0).map_err(|_| AppError::Loader)?;
        let goals = Goals {
            epochs: until,
            patience: None,
            save_every: self.settings.save_every,
        };
        let extra: [&dyn crate::persist::Persist; 4] = [&self.course, &*scaler, &*windows, &*pool];
        let mut fit =
            Fit::new(trainer, loader, sample, &mut self.run, goals).checkpoint(&mut self.store, &extra);
        if let Some(event) = fit.advance()? {
            board.report(&event);
        }
        if self.run.value.stopped().is_some() {
            self.course.value.until = None;
        }
        Ok(Status::Working)
    }

    /// Takes one frame; begins to learn when it completes a labelled window.
    fn collect(&mut self, board: &mut impl Board<C>) -> Result<Status, AppError> {
        let Some(frame) = board.frame() else {
            return Ok(if board.ended() {
                Status::Done
            } else {
                Status::Waiting
            });
        };
        let label = board.label(frame.at);
        let course = &mut self.course.value;
        course.frames = course.frames.saturating_add(1);
        let Kit { windows, pool, .. } = &mut self.parts;
        if board.lost() > 0 {
            windows.gap();
        }
        if label != course.label {
            // No window spans two labels.
            windows.restart();
            course.label = label;
        }
        let (Some(window), Some(class)) = (windows.push(&frame), label) else {
            return Ok(Status::Working);
        };
        pool.offer(window, class)?;
        board.report(&Event::Window {
            class,
            pooled: pool.len() as u16,
        });
        if pool.len() >= usize::from(self.settings.least_windows) {
            self.run.value.reopen();
            let epochs = self.run.value.epochs();
            course.until = Some(epochs.saturating_add(self.settings.epochs_per_window));
        }
        Ok(Status::Working)
    }
}
