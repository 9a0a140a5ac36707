//! The device on a wrist: it senses, learns, saves, and loses power.

use super::factory::Product;
use super::life::{Cut, Life};
use super::model::{Application, FlashPart, Memory, REGION, SETTINGS};
use super::recordings::Recordings;
use super::witness::Witness;
use super::{News, failed};
use crate::complaint::Failure;
use crate::device::{Costs, Script, Sensor, SimBoard, SimClock, TimedFlash};
use crate::flash::Torn;
use kilograd::app::{App, AppError, Boot, Status};
use kilograd::checkpoint::Store;
use kilograd::number::random::Pcg;

/// Instructions of a training step of this model on a Cortex-M4F, as counted in the emulator, and its clock.
const STEP_INSTRUCTIONS: u64 = 160_000;
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
    witness: Witness<'f>,
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
            witness: Witness::new(day, product),
        }
    }

    /// Lives until the wearer has done everything and all is learned.
    ///
    /// # Errors
    /// When the device does not boot, or finds another state than it saved.
    pub fn live(mut self, news: &mut dyn FnMut(News<'_>)) -> Result<Life, Failure> {
        while !self.session(news)? {
            // Seconds in the dark: the wearer goes on, no one sees it.
            let dark = 2_000_000 + u64::from(self.random.below(4_000_000));
            self.clock.advance(dark);
            self.flash.chip_mut().power_on();
        }
        let mut life = self.witness.life;
        life.seconds = self.clock.seconds();
        Ok(life)
    }

    /// Sees to it that the power fails in this session, if it is to fail again.
    fn plan_cut(&mut self) {
        let before = self.witness.life.cuts.len();
        if before < self.day.cuts {
            // Two saves go well; then anywhere within the next six. Nothing else uses the flash.
            let operations = 2 * self.operations + u64::from(self.random.below(6 * self.operations as u32));
            self.flash
                .chip_mut()
                .cut_after(operations, TORN[before % TORN.len()]);
        }
    }

    /// From power on to power off; whether the day is over.
    fn session(&mut self, news: &mut dyn FnMut(News<'_>)) -> Result<bool, Failure> {
        self.plan_cut();
        let mut memory = Memory::noise(self.random.next_u64());
        let (kit, ring) = memory.parts(self.day.seed)?;
        let store = Store::new(&mut *self.flash, 0..REGION).map_err(failed)?;
        let mut app: Application<'_, '_> = App::new(kit, store, SETTINGS, self.day.seed);
        let sensor = Sensor::new(&self.script, self.clock);
        let mut board = SimBoard::new(sensor, self.clock, ring.split(), COSTS);
        let Boot::Resumed(loaded) = app.boot(&mut board).map_err(failed)? else {
            return Err(failed("the device found no checkpoint"));
        };
        self.witness
            .booted(loaded.step, app.trainer(), self.clock.seconds(), news)?;
        let scaler = *app.scaler();
        let last = loop {
            let polled = app.poll(&mut board);
            for event in board.reported() {
                self.witness
                    .saw(&event, app.trainer(), &scaler, self.clock.seconds(), news)?;
            }
            match polled {
                // The day is over: a last checkpoint before the long sleep.
                Ok(Status::Waiting) if !board.sleep() => break app.save().map_err(AppError::Save),
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        };
        let life = &mut self.witness.life;
        life.overruns += board.overruns();
        life.fullest = life.fullest.max(board.fullest());
        let step = app.trainer().steps();
        let off = app.release().chip().is_off();
        match last {
            Ok(_) => {
                life.checkpoints += 1;
                Ok(true)
            }
            Err(_) if off => {
                let seconds = self.clock.seconds();
                news(News::Cut { seconds, step });
                life.cuts.push(Cut {
                    update: life.points.len() as u32,
                    seconds,
                    step,
                    resumed: step,
                });
                Ok(false)
            }
            Err(error) => Err(failed(format!("on the device: {error}"))),
        }
    }
}
