//! Who watches the device, and does not touch it.

use super::examine::{accuracy, state_hash};
use super::factory::Product;
use super::field::Day;
use super::life::{Life, Point};
use super::model::{AXES, Learner};
use super::{News, failed};
use crate::complaint::Failure;
use kilograd::prepare::Standardizer;
use kilograd::train::{Alarm, Event};
use std::collections::BTreeMap;

/// Notes what happens, examines the model after every step, and knows what a boot has to find.
pub struct Witness<'f> {
    day: Day<'f>,
    /// Hash of the trainer's whole state after each step.
    hashes: BTreeMap<u64, u64>,
    /// What happened.
    pub life: Life,
    /// Class of the last window.
    class: u16,
}

impl<'f> Witness<'f> {
    /// Knows what left the factory.
    pub fn new(day: Day<'f>, product: &Product) -> Self {
        Self {
            day,
            hashes: [(product.steps.into(), product.hash)].into(),
            life: Life::default(),
            class: 0,
        }
    }

    /// The device has booted with the checkpoint of `step`.
    ///
    /// # Errors
    /// When the trainer is not what it was at that step, to the last bit.
    pub fn booted(
        &mut self,
        step: u64,
        learner: &Learner<'_>,
        seconds: f64,
        news: &mut dyn FnMut(News<'_>),
    ) -> Result<(), Failure> {
        if self.hashes.get(&step) != Some(&state_hash(learner)) {
            let message = format!("the device booted with another state than it had at step {step}");
            return Err(failed(message));
        }
        // What came after was lost, and may come to another end.
        self.hashes.retain(|known, _| *known <= step);
        if let Some(cut) = self.life.cuts.last_mut() {
            let step = step as u32;
            cut.resumed = step;
            news(News::Resumed { seconds, step });
        }
        Ok(())
    }

    /// The device has reported `event`.
    ///
    /// # Errors
    /// When it is an alarm that nothing in the story accounts for.
    pub fn saw(
        &mut self,
        event: &Event,
        learner: &Learner<'_>,
        scaler: &Standardizer<AXES>,
        seconds: f64,
        news: &mut dyn FnMut(News<'_>),
    ) -> Result<(), Failure> {
        let life = &mut self.life;
        match *event {
            Event::Step { step, loss, .. } => {
                self.hashes.insert(step.into(), state_hash(learner));
                life.points.push(Point {
                    update: life.points.len() as u32 + 1,
                    step,
                    seconds,
                    loss,
                    accuracy: accuracy(learner, scaler, self.day.held_out)?,
                });
            }
            Event::Window { class, .. } => {
                life.windows += 1;
                self.class = class;
            }
            Event::Saved { .. } => life.checkpoints += 1,
            Event::Stopped(_) => {
                let class = self.day.classes.get(usize::from(self.class));
                news(News::Learned {
                    seconds,
                    windows: life.windows,
                    class: class.map_or("", String::as_str),
                    point: life.points.last(),
                });
            }
            Event::Alarm(Alarm::Overrun { frames }) => news(News::Overrun { frames }),
            Event::Alarm(alarm) => return Err(failed(format!("on the device: {alarm:?}"))),
            Event::Epoch { .. } | Event::Norm { .. } => {}
        }
        Ok(())
    }
}
