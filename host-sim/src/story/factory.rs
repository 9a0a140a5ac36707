//! The factory: trains the model, and flashes what it learned as the first checkpoint.

use super::examine::state_hash;
use super::model::{Application, Learner, Memory, REGION, SETTINGS, WIDTH};
use super::recordings::Recordings;
use super::{News, failed};
use crate::complaint::Failure;
use crate::device::{SimClock, TimedFlash};
use crate::flash::FaultFlash;
use kilograd::app::App;
use kilograd::checkpoint::Store;
use kilograd::load::{Loader, Split};
use kilograd::prepare::{Scaled, Standardizer};
use kilograd::train::{Event, Fit, Goals, State};

/// Larger than on the device: there is more to learn.
const LEARNING_RATE: f32 = 0.01;
const EPOCHS: u32 = 20;

/// What left the factory.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// Mean loss of each epoch.
    pub losses: Vec<f32>,
    /// Updates.
    pub steps: u32,
    /// Hash of the trainer's state.
    pub hash: u64,
    /// Flash operations that one checkpoint takes, words and erases.
    pub operations: u64,
    /// Bytes that one checkpoint takes.
    pub bytes: u64,
    /// The flash.
    pub image: Vec<u8>,
}

/// Trains on `base` and saves the application as it is to begin its life.
///
/// # Errors
/// When the constants of the story do not go together.
pub fn produce(base: &Recordings, seed: u64, news: &mut dyn FnMut(News<'_>)) -> Result<Product, Failure> {
    let clock = SimClock::new();
    let mut flash = TimedFlash::new(FaultFlash::new(REGION as usize, seed), &clock);
    let mut memory = Memory::noise(seed);
    let (kit, _) = memory.parts(seed)?;
    let store = Store::new(&mut flash, 0..REGION).map_err(failed)?;
    let mut app: Application<'_, '_> = App::new(kit, store, SETTINGS, seed);
    app.scaler().push(&base.values).map_err(failed)?;
    // What the model learned on is how it will see the world.
    app.scaler().freeze();
    let scaler = *app.scaler();
    let losses = train(app.trainer(), &scaler, base, seed, news)?;
    let (steps, hash) = (app.trainer().steps(), state_hash(app.trainer()));
    app.save().map_err(failed)?;
    let chip = app.release().chip();
    let counters = chip.counters();
    Ok(Product {
        losses,
        steps,
        hash,
        operations: counters.operations,
        bytes: counters.bytes,
        image: chip.image().to_vec(),
    })
}

fn train(
    learner: &mut Learner<'_>,
    scaler: &Standardizer<6>,
    base: &Recordings,
    seed: u64,
    news: &mut dyn FnMut(News<'_>),
) -> Result<Vec<f32>, Failure> {
    learner.init(seed);
    let usual = std::mem::replace(&mut learner.optimizer().learning_rate, LEARNING_RATE);
    let clips = base.clips().map_err(failed)?;
    let samples = Scaled::new(&clips, scaler);
    let split = Split::all(base.labels.len() as u32);
    let loader = Loader::new(&samples, split, seed).map_err(failed)?;
    let mut state = State::beginning(seed);
    let mut sample = [0.0; WIDTH];
    let goals = Goals {
        epochs: EPOCHS,
        ..Goals::default()
    };
    let mut fit = Fit::new(learner, loader, &mut sample, &mut state, goals);
    let mut losses = vec![];
    while let Some(event) = fit.next_event().map_err(failed)? {
        match event {
            Event::Epoch { epoch, loss, .. } => {
                losses.push(loss);
                news(News::Epoch {
                    epoch,
                    of: EPOCHS,
                    loss,
                });
            }
            Event::Alarm(alarm) => return Err(failed(format!("training in the factory: {alarm:?}"))),
            _ => {}
        }
    }
    learner.optimizer().learning_rate = usual;
    Ok(losses)
}
