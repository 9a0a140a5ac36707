//! The device on a wrist: it senses, learns, saves, and loses power.

use super::examine::{accuracy, state_hash};
use super::factory::Product;
use super::life::{Cut, Life, Point};
use super::model::{Application, FlashPart, Memory, REGION, SETTINGS};
use super::recordings::Recordings;
use super::{News, failed};
use crate::complaint::Failure;
use crate::device::{Costs, Script, Sensor, SimBoard, SimClock, TimedFlash};
use crate::flash::Torn;
use kilograd::app::{App, AppError, Boot, Status};
use kilograd::checkpoint::Store;
use kilograd::number::random::Pcg;
use kilograd::train::{Alarm, Event};
use std::collections::BTreeMap;

/// Instructions of a training step of this model on a Cortex-M4F, as counted in the emulator, and its clock.
const STEP_INSTRUCTIONS: u64 = 266_000;
const MEGAHERTZ: u64 = 64;
const COSTS: Costs = Costs {
    step: STEP_INSTRUCTIONS.div_ceil(MEGAHERTZ),
};

/// The sensor's 10 Hz, and the rest between two activities.
const PERIOD: u64 = 100_000;
const PAUSE: usize = 10;

/// How torn the word is that was being written when the power went, cut after cut.
const TORN: [Torn; 4] = [Torn::Prefix, Torn::Unsettled, Torn::Random, Torn::All];

/// What is going to happen in the field.
#[derive(Debug, Clone, Copy)]
pub struct Day<'f> {
    /// What the wearer does, as the watch sees it.
    pub collect: &'f Recordings,
    /// What the device is examined on.
    pub held_out: &'f Recordings,
    /// Names of the classes.
    pub classes: &'f [String],
    /// Power cuts, each in the middle of a save.
    pub cuts: usize,
    /// Of everything random.
    pub seed: u64,
}

/// The field.
pub struct Field<'f, 'c> {
    clock: &'c SimClock,
    flash: &'f mut TimedFlash<'c, FlashPart>,
    script: Script<6>,
    day: Day<'f>,
    /// Flash operations of one save.
    operations: u64,
    random: Pcg,
    /// Hash of the trainer's whole state after each step: what a boot has to find.
    hashes: BTreeMap<u64, u64>,
    life: Life,
}

impl<'f, 'c> Field<'f, 'c> {
    /// The device with the product's flash, on a wrist.
    pub fn new(
        product: &Product,
        flash: &'f mut TimedFlash<'c, FlashPart>,
        clock: &'c SimClock,
        day: Day<'f>,
    ) -> Self {
        let mut script = Script {
            period: PERIOD,
            frames: vec![],
        };
        script.rest(PAUSE);
        for (values, class) in day.collect.each() {
            script.scene(values, class.into(), PAUSE);
        }
        Self {
            clock,
            flash,
            script,
            day,
            operations: product.operations,
            random: Pcg::with_stream(day.seed, 2),
            hashes: [(product.steps.into(), product.hash)].into(),
            life: Life::default(),
        }
    }

    /// Lives until the wearer has done everything and all is learned.
    ///
    /// # Errors
    /// When the device does not boot, or finds another state than it saved.
    pub fn live(mut self, news: &mut dyn FnMut(News<'_>)) -> Result<Life, Failure> {
        while !self.session(news)? {
            // Seconds in the dark: the wearer goes on, no one sees it.
            self.clock
                .advance(2_000_000 + u64::from(self.random.below(4_000_000)));
            self.flash.chip_mut().power_on();
        }
        self.life.seconds = self.clock.now() as f64 / 1e6;
        Ok(self.life)
    }

    /// From power on to power off; whether the day is over.
    fn session(&mut self, news: &mut dyn FnMut(News<'_>)) -> Result<bool, Failure> {
        if self.life.cuts.len() < self.day.cuts {
            // Two saves go well; then anywhere within the next six. There is nothing else that uses the flash.
            let torn = TORN[self.life.cuts.len() % TORN.len()];
            let operations = 2 * self.operations + u64::from(self.random.below(6 * self.operations as u32));
            self.flash.chip_mut().cut_after(operations, torn);
        }
        let mut memory = Memory::noise(self.random.next_u64());
        let (kit, ring) = memory.parts(self.day.seed)?;
        let store = Store::new(&mut *self.flash, 0..REGION).map_err(failed)?;
        let mut app: Application<'_, '_> = App::new(kit, store, SETTINGS, self.day.seed);
        let sensor = Sensor::new(&self.script, self.clock);
        let mut board = SimBoard::new(sensor, self.clock, ring.split(), COSTS);
        let Boot::Resumed(loaded) = app.boot(&mut board).map_err(failed)? else {
            return Err(failed("the device found no checkpoint"));
        };
        let found = state_hash(app.trainer());
        if self.hashes.get(&loaded.step) != Some(&found) {
            let step = loaded.step;
            return Err(failed(format!(
                "the device booted with another state than it had at step {step}"
            )));
        }
        self.hashes.retain(|step, _| *step <= loaded.step);
        let resumed = loaded.step as u32;
        if let Some(cut) = self.life.cuts.last_mut() {
            cut.resumed = resumed;
            let seconds = self.clock.now() as f64 / 1e6;
            news(News::Resumed {
                seconds,
                step: resumed,
            });
        }
        let scaler = *app.scaler();
        let mut class = 0;
        loop {
            let polled = app.poll(&mut board);
            for event in board.reported() {
                match event {
                    Event::Step { step, loss, .. } => {
                        self.hashes.insert(step.into(), state_hash(app.trainer()));
                        let update = self.life.points.len() as u32 + 1;
                        self.life.points.push(Point {
                            update,
                            step,
                            seconds: self.clock.now() as f64 / 1e6,
                            loss,
                            accuracy: accuracy(app.trainer(), &scaler, self.day.held_out)?,
                        });
                    }
                    Event::Window { class: seen, .. } => {
                        self.life.windows += 1;
                        class = seen;
                    }
                    Event::Saved { .. } => self.life.checkpoints += 1,
                    Event::Stopped(_) => news(News::Learned {
                        seconds: self.clock.now() as f64 / 1e6,
                        windows: self.life.windows,
                        class: self
                            .day
                            .classes
                            .get(usize::from(class))
                            .map_or("", String::as_str),
                        point: self.life.points.last(),
                    }),
                    Event::Alarm(Alarm::Overrun { frames }) => news(News::Overrun { frames }),
                    Event::Alarm(alarm) => return Err(failed(format!("on the device: {alarm:?}"))),
                    Event::Epoch { .. } => {}
                }
            }
            self.life.fullest = self.life.fullest.max(board.fullest());
            let last = match polled {
                Ok(Status::Waiting) if !board.sleep() => app.save().map(drop).map_err(AppError::Save),
                Ok(_) => continue,
                Err(error) => Err(error),
            };
            self.life.overruns += board.overruns();
            let step = app.trainer().steps();
            let off = app.release().chip().is_off();
            return match last {
                Ok(()) => {
                    self.life.checkpoints += 1;
                    Ok(true)
                }
                Err(_) if off => {
                    let seconds = self.clock.now() as f64 / 1e6;
                    let update = self.life.points.len() as u32;
                    news(News::Cut { seconds, step });
                    self.life.cuts.push(Cut {
                        update,
                        seconds,
                        step,
                        resumed: step,
                    });
                    Ok(false)
                }
                Err(error) => Err(failed(format!("on the device: {error:?}"))),
            };
        }
    }
}
