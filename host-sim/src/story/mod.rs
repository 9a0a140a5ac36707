//! The product's story, told on real data: train, ship, shift, collect, fine-tune, lose power, resume.
//!
//! The recordings are real, and so is everything that a device would run: the application, its memory, its
//! checkpoints. The board, its clock and its power are [simulated](crate::device).

mod examine;
mod factory;
mod field;
mod files;
mod life;
mod model;
mod news;
mod recordings;
mod table;
mod tell;
mod witness;

pub use examine::{accuracy, examine, hash};
pub use factory::Product;
pub use life::{Cut, Life, Point};
pub use model::{BUDGET, CLASSES, PLAN, Ram, SLOTS};
pub use news::News;
pub use recordings::{Parts, Recordings};
pub use tell::tell;

use crate::complaint::Failure;
use crate::device::{Costs, Script, Sensor, SimBoard, SimClock, TimedFlash};
use crate::flash::FaultFlash;
use field::{Day, Field};
use kilograd::app::{App, Boot};
use kilograd::checkpoint::Store;
use kilograd::evaluate::Confusion;
use kilograd::prepare::Standardizer;
use model::{AXES, Application, FlashPart, Learner, Memory, REGION, SETTINGS};
use std::path::PathBuf;

/// What `kilograd story` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// Folder for learning curves and the flash image
    #[arg(long, value_name = "DIR", default_value = "out/story")]
    pub out: PathBuf,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Seeds in all, for mean and worst accuracy: the others are lived in silence
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub seeds: u32,
    /// Print one JSON object at the end, and nothing else
    #[arg(long)]
    pub json: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            out: "out/story".into(),
            seed: 1,
            seeds: 10,
            json: false,
        }
    }
}

/// The figures. Every accuracy is on recordings that no one learned from.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// Held-out recordings.
    pub held_out: usize,
    /// Accuracy as shipped, the watch worn as in the factory's recordings.
    pub before: f32,
    /// As shipped, the watch turned around.
    pub shifted: f32,
    /// After the device's own learning, the watch turned around.
    pub after: f32,
    /// After the device's own learning, the watch worn as at first.
    pub unturned: f32,
    /// Truth and answer after the device's own learning.
    pub confusion: Confusion<CLASSES>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// What left the factory: losses, steps, checkpoint.
    pub product: Product,
    /// What happened on the wrist.
    pub life: Life,
    /// Updates behind the last checkpoint that the device made itself.
    pub steps: u32,
    /// Hash of the parameters in the last checkpoint.
    pub params_hash: u64,
    /// The flash at the end.
    pub image: Vec<u8>,
    /// Bytes programmed on the wrist.
    pub programmed: u64,
    /// Erases of the unit that was erased most.
    pub erases: u32,
    /// RAM for training.
    pub ram: Ram,
}

impl Story {
    /// Training steps that were computed on the device and lost again in a cut.
    pub fn lost_steps(&self) -> u32 {
        (self.life.points.len() as u32).saturating_sub(self.steps)
    }
}

/// Power cuts in a story.
const CUTS: usize = 4;

/// Lives the story of this seed, and tells `news` of it.
///
/// # Errors
/// [`Failure::Run`] when a promise is broken: a boot finds nothing, or another state than was saved.
pub fn run(seed: u64, news: &mut dyn FnMut(News<'_>)) -> Result<Story, Failure> {
    let parts = Parts::draw(seed);
    let (test, turned) = (&parts.test, &parts.test.turned());
    let clock = SimClock::new();
    news(News::Begin {
        base: parts.base.labels.len(),
    });
    let product = factory::produce(&parts.base, seed, news)?;
    // The factory's image goes to every device; this one begins its life here.
    let chip = FaultFlash::from_image(&product.image, seed);
    let mut flash = TimedFlash::new(chip, &clock);
    let (before, shifted) = boot(&mut flash, &clock, |learner, scaler| {
        Ok((
            accuracy(learner, scaler, test)?,
            accuracy(learner, scaler, turned)?,
        ))
    })?;
    news(News::Shipped {
        accuracy: before,
        held_out: test.labels.len(),
        steps: product.steps,
    });
    news(News::Turned { accuracy: shifted });

    let wearer = parts.collect.turned();
    let field = Field::new(
        &product,
        &mut flash,
        &clock,
        Day {
            collect: &wearer,
            held_out: turned,
            classes: &parts.classes,
            cuts: CUTS,
            seed,
        },
    );
    let life = field.live(news)?;

    // Whatever is said of the end is said of what a last boot finds.
    let (confusion, unturned, steps, params_hash) = boot(&mut flash, &clock, |learner, scaler| {
        let confusion = examine(learner, scaler, turned)?;
        let unturned = accuracy(learner, scaler, test)?;
        Ok((confusion, unturned, learner.steps(), hash(learner)))
    })?;
    let counters = flash.chip().counters();
    Ok(Story {
        held_out: test.labels.len(),
        before,
        shifted,
        after: confusion.accuracy().unwrap_or(0.0),
        unturned,
        confusion,
        classes: parts.classes,
        life,
        steps: steps - product.steps,
        params_hash,
        image: flash.chip().image().to_vec(),
        programmed: counters.bytes,
        erases: counters.erases.iter().copied().max().unwrap_or(0),
        ram: Ram::PLANNED,
        product,
    })
}

/// Switches the device on, in fresh memory, and looks at what it has booted with.
fn boot<R>(
    flash: &mut TimedFlash<'_, FlashPart>,
    clock: &SimClock,
    look: impl FnOnce(&Learner<'_>, &Standardizer<AXES>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let script = Script {
        period: 1,
        frames: vec![],
    };
    let mut memory = Memory::noise(clock.now());
    let (kit, ring) = memory.parts(0)?;
    let store = Store::new(flash, 0..REGION).map_err(failed)?;
    let mut app: Application<'_, '_> = App::new(kit, store, SETTINGS, 0);
    let mut board = SimBoard::new(
        Sensor::new(&script, clock),
        clock,
        ring.split(),
        Costs { step: 0 },
    );
    match app.boot(&mut board).map_err(failed)? {
        Boot::Resumed(_) => {
            let scaler = *app.scaler();
            look(app.trainer(), &scaler)
        }
        Boot::Blank => Err(failed("the device found no checkpoint")),
    }
}

/// Something does not go as it must.
fn failed(what: impl std::fmt::Display) -> Failure {
    Failure::Run(what.to_string())
}
