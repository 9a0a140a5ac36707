//! Fitting a model to a set of samples.

use super::event::figure;
use super::progress::Phase;
use super::{Alarm, Event, Goals, Limits, Observer, State, Stop};
use crate::checkpoint::{self, SaveError, Saved, Store};
use crate::engine::{Trainer, Update};
use crate::evaluate::predicted;
use crate::kernel::Kernel;
use crate::load::{Label, Loader, Samples};
use crate::loss::Target;
use crate::number::{Scalar, View};
use crate::optim::{Course, Optimizer};
use crate::persist::{Parts, Persist};
use embedded_storage::nor_flash::NorFlash;

/// Time, from outside.
pub trait Clock {
    /// Microseconds since some fixed moment.
    fn now(&self) -> u64;
}

/// Something that keeps checkpoints: a [`Store`], whatever its flash.
pub trait Keeper {
    /// Begins a save.
    ///
    /// # Errors
    /// [`SaveError`]; what was saved before is still there.
    fn begin(&mut self, state: &dyn Persist) -> Result<(), SaveError>;

    /// One bounded step of a save; what was saved, when it was the last one.
    ///
    /// # Errors
    /// [`SaveError`]; what was saved before is still there.
    fn step(&mut self, state: &dyn Persist) -> Result<Option<Saved>, SaveError>;

    /// Whether a save is under way.
    fn is_saving(&self) -> bool;
}

impl<F: NorFlash, const CHUNK: usize> Keeper for Store<F, CHUNK> {
    fn begin(&mut self, state: &dyn Persist) -> Result<(), SaveError> {
        Store::begin(self, state)
    }

    fn step(&mut self, state: &dyn Persist) -> Result<Option<Saved>, SaveError> {
        Ok(match Store::step(self, state)? {
            checkpoint::Progress::Working => None,
            checkpoint::Progress::Saved(saved) => Some(saved),
        })
    }

    fn is_saving(&self) -> bool {
        Store::is_saving(self)
    }
}

/// A training run over a set of samples, done in pieces as small as one sample.
///
/// It borrows everything: the trainer, the loader's set, a buffer for one sample, and the
/// [`State`] that says where the run stands. So it can be made anew for every time slice, and a run
/// that was cut goes on from the restored state, bit for bit.
pub struct Fit<'f, 'a, N: Kernel, O: Optimizer<N>, S: Samples<N::Elem> + ?Sized, const USES: u128> {
    trainer: &'f mut Trainer<'a, N, O, USES>,
    loader: Loader<'f, N::Elem, S>,
    sample: &'f mut [N::Elem],
    state: &'f mut State,
    goals: Goals,
    keeper: Option<&'f mut dyn Keeper>,
    extra: &'f [&'f dyn Persist],
    course: Option<&'f dyn Course>,
    limits: Option<Limits>,
}

impl<'f, 'a, N: Kernel, O: Optimizer<N>, S: Samples<N::Elem> + ?Sized, const USES: u128>
    Fit<'f, 'a, N, O, S, USES>
{
    /// A run from where `state` stands. `sample` holds one sample of the loader's set.
    pub fn new(
        trainer: &'f mut Trainer<'a, N, O, USES>,
        mut loader: Loader<'f, N::Elem, S>,
        sample: &'f mut [N::Elem],
        state: &'f mut State,
        goals: Goals,
    ) -> Self {
        loader.seek(state.value.cursor);
        Self {
            trainer,
            loader,
            sample,
            state,
            goals,
            keeper: None,
            extra: &[],
            course: None,
            limits: None,
        }
    }

    /// Keeps checkpoints in `keeper`, every [`Goals::save_every`] updates. A checkpoint holds trainer,
    /// run and `extra`, in this order; restore them with [`PartsMut`](crate::persist::PartsMut) before the run is made.
    pub fn checkpoint(mut self, keeper: &'f mut dyn Keeper, extra: &'f [&'f dyn Persist]) -> Self {
        self.keeper = Some(keeper);
        self.extra = extra;
        self
    }

    /// Sets the optimizer's learning rate before each update as `course` says, whatever it was before. What the
    /// course depends on is in the checkpoint, so a run that is resumed with the same course goes on bit for bit.
    pub fn schedule(mut self, course: &'f dyn Course) -> Self {
        self.course = Some(course);
        self
    }

    /// Raises an alarm for each layer in which the number is too coarse. See [`Trainer::health`].
    pub fn alarms(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// The trainer.
    pub fn trainer(&mut self) -> &mut Trainer<'a, N, O, USES> {
        self.trainer
    }

    /// Tells `observer` the norm of each trained layer's gradient: call it when an [`Event::Step`] has come, as often as
    /// it is wanted. Nothing is told where gradients are not kept
    /// ([`Trainer::gradient_norm`]).
    pub fn tell_norms(&self, observer: &mut (impl Observer + ?Sized)) {
        for (layer, index) in (0..self.trainer.plan().layers).zip(0..) {
            if let Some(norm) = self.trainer.gradient_norm(layer) {
                observer.on(&Event::Norm {
                    layer: index,
                    norm: figure(norm),
                });
            }
        }
    }

    /// Goes on until the next event, or until `budget` microseconds are over; `None` then, and when
    /// the run has ended. At least one piece of work is done, so every call makes progress.
    ///
    /// # Errors
    /// [`SaveError`] if a checkpoint could not be kept. The run can go on without.
    pub fn run_for(
        &mut self,
        clock: &(impl Clock + ?Sized),
        budget: u64,
    ) -> Result<Option<Event>, SaveError> {
        let start = clock.now();
        while self.state.value.stopped().is_none() {
            let event = self.advance()?;
            if event.is_some() || clock.now().wrapping_sub(start) >= budget {
                return Ok(event);
            }
        }
        Ok(None)
    }

    /// Goes on until the next event; `None` when the run has ended.
    ///
    /// # Errors
    /// [`SaveError`] if a checkpoint could not be kept. The run can go on without.
    pub fn next_event(&mut self) -> Result<Option<Event>, SaveError> {
        while self.state.value.stopped().is_none() {
            if let Some(event) = self.advance()? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// One piece of work: one sample, or one step of a save.
    ///
    /// # Errors
    /// [`SaveError`] if a checkpoint could not be kept.
    pub fn advance(&mut self) -> Result<Option<Event>, SaveError> {
        if self.keeper.as_ref().is_some_and(|keeper| keeper.is_saving()) {
            return self.keep(|keeper, state| keeper.step(state));
        }
        if let Some(limits) = self.limits
            && let Some(alarm) = self.look(limits)
        {
            return Ok(Some(Event::Alarm(alarm)));
        }
        match self.state.value.phase {
            Phase::Training => self.train(),
            Phase::Validating(index) => Ok(self.validate(index)),
            Phase::Stopping(stop) => Ok(self.stop(stop)),
            Phase::Stopped(_) => Ok(None),
        }
    }

    /// Lets the keeper see the whole state.
    fn keep(
        &mut self,
        act: impl FnOnce(&mut dyn Keeper, &dyn Persist) -> Result<Option<Saved>, SaveError>,
    ) -> Result<Option<Event>, SaveError> {
        let Some(keeper) = self.keeper.as_deref_mut() else {
            return Ok(None);
        };
        let step = self.trainer.steps();
        let state: &State = self.state;
        let saved = act(keeper, &Parts(&[&*self.trainer, state, &Parts(self.extra)]))?;
        Ok(saved.map(|saved| Event::Saved {
            step,
            sequence: saved.sequence,
        }))
    }

    fn train(&mut self) -> Result<Option<Event>, SaveError> {
        if self.state.value.cursor.epoch >= self.goals.epochs {
            return Ok(self.stop(Stop::Epochs));
        }
        let Some(label) = self.loader.next(self.sample) else {
            if self.loader.split().training_len() == 0 || self.loader.remaining() > 0 {
                return Ok(self.stop(Stop::NoSamples));
            }
            // A batch that the epoch's end cut short is averaged over what it has.
            let event = self.update()?;
            self.state.value.phase = Phase::Validating(0);
            return Ok(event);
        };
        let (x, target) = sample::<N>(self.sample, self.loader.scale(), label);
        // Before the gradient, since the update may be fused into it.
        if let Some(course) = self.course {
            let rate = course.rate(self.trainer.steps(), &self.state.value.plateau);
            self.trainer.optimizer().set_learning_rate(rate);
        }
        let Some(loss) = self.trainer.learn(x, target) else {
            return Ok(self.stop(Stop::Label));
        };
        let progress = &mut self.state.value;
        progress.cursor = self.loader.cursor();
        progress.batch = N::Scalar::from_bits(progress.batch).plus(loss).to_bits();
        // One sample whose loss is not finite is told by its update, and must not spoil the epoch's mean.
        if loss.is_finite() {
            progress.training = N::Scalar::from_bits(progress.training).plus(loss).to_bits();
            progress.trained = progress.trained.saturating_add(1);
        }
        if self.trainer.summed() >= self.trainer.plan().batch {
            return self.update();
        }
        Ok(None)
    }

    /// The first layer whose account is above its limit, when it is time to look; its account begins anew, so the next call
    /// finds the next one. When none is left all begin anew.
    ///
    /// It is asked between an update and the next sample, and needs no state of its own: right after a look all accounts are
    /// empty.
    fn look(&mut self, limits: Limits) -> Option<Alarm> {
        let steps = self.trainer.steps();
        if !N::CALIBRATES || steps == 0 || self.trainer.summed() > 0 {
            return None;
        }
        if steps.checked_rem(limits.every) != Some(0) {
            return None;
        }
        let plan = self.trainer.plan();
        let samples = limits.every.saturating_mul(plan.batch.into());
        for (layer, index) in (0..plan.layers).zip(0..) {
            let health = self.trainer.health(layer)?;
            let saturated = health.saturated_share(samples);
            let stalled = health.stalled_share(limits.every);
            let alarm = if saturated > limits.saturated {
                let share = saturated;
                Alarm::Saturated { layer: index, share }
            } else if stalled > limits.stalled {
                let share = stalled;
                Alarm::Stalled { layer: index, share }
            } else {
                continue;
            };
            self.trainer.forget_health(layer);
            return Some(alarm);
        }
        for layer in 0..plan.layers {
            self.trainer.forget_health(layer);
        }
        None
    }

    fn update(&mut self) -> Result<Option<Event>, SaveError> {
        let count = u32::from(self.trainer.summed());
        let loss = core::mem::take(&mut self.state.value.batch);
        let step = self.trainer.steps().saturating_add(1);
        match self.trainer.update() {
            Update::Done(norm) => {
                let loss = N::Scalar::from_bits(loss).over(count).to_f32();
                if self.goals.save_every > 0 && step.is_multiple_of(self.goals.save_every) {
                    self.keep(|keeper, state| keeper.begin(state).map(|()| None))?;
                }
                Ok(Some(Event::Step {
                    step,
                    loss,
                    norm: norm.to_f32(),
                }))
            }
            Update::Refused => Ok(Some(Event::Alarm(Alarm::NotFinite { step: step - 1 }))),
            Update::Nothing => Ok(None),
        }
    }

    fn validate(&mut self, index: u32) -> Option<Event> {
        let Some(label) = self.loader.validation(index, self.sample) else {
            return self.end_epoch(index);
        };
        let (x, target) = sample::<N>(self.sample, self.loader.scale(), label);
        let Some(loss) = self.trainer.evaluate(x, target) else {
            return self.stop(Stop::Label);
        };
        let progress = &mut self.state.value;
        progress.validation = N::Scalar::from_bits(progress.validation).plus(loss).to_bits();
        if let Label::Class(class) = label {
            progress.classed = progress.classed.saturating_add(1);
            let scores = self.trainer.output().data;
            let hit = predicted(self.trainer.plan().loss, scores) == Some(class.into());
            progress.right = progress.right.saturating_add(hit.into());
        }
        progress.phase = Phase::Validating(index + 1);
        None
    }

    fn end_epoch(&mut self, held_out: u32) -> Option<Event> {
        self.loader.next_epoch();
        let progress = &mut self.state.value;
        progress.cursor = self.loader.cursor();
        let training = N::Scalar::from_bits(core::mem::take(&mut progress.training));
        let validation = N::Scalar::from_bits(core::mem::take(&mut progress.validation));
        let trained = core::mem::take(&mut progress.trained);
        let (classed, right) = (
            core::mem::take(&mut progress.classed),
            core::mem::take(&mut progress.right),
        );
        let loss = training.over(trained);
        let validation = (held_out > 0).then(|| validation.over(held_out));
        let monitored = validation.unwrap_or(loss);
        // A loss that is not finite is never the best: nothing would be better than NaN.
        let is_better = |best| monitored < N::Scalar::from_bits(best);
        let is_known = monitored.is_finite() && (held_out > 0 || trained > 0);
        if is_known && progress.best.is_none_or(is_better) {
            progress.best = Some(monitored.to_bits());
            progress.since = 0;
        } else {
            progress.since = progress.since.saturating_add(1);
        }
        if let Some(course) = self.course {
            let known = if is_known { monitored.to_f32() } else { f32::NAN };
            course.judge(&mut progress.plateau, known);
        }
        let tired = self
            .goals
            .patience
            .is_some_and(|patience| progress.since >= patience);
        progress.phase = match tired {
            true => Phase::Stopping(Stop::Patience),
            false if progress.cursor.epoch >= self.goals.epochs => Phase::Stopping(Stop::Epochs),
            false => Phase::Training,
        };
        Some(Event::Epoch {
            epoch: progress.cursor.epoch,
            loss: if trained > 0 { figure(loss) } else { f32::NAN },
            validation: validation.map(figure),
            accuracy: (classed > 0).then(|| right as f32 / classed as f32),
        })
    }

    fn stop(&mut self, stop: Stop) -> Option<Event> {
        self.state.value.phase = Phase::Stopped(stop);
        Some(Event::Stopped(stop))
    }
}

/// A sample as the trainer wants it.
fn sample<N: Kernel>(
    data: &[N::Elem],
    scale: crate::number::Scale<N>,
    label: Label,
) -> (View<'_, N>, Target<'_, N>) {
    let target = match label {
        Label::Class(class) => Target::Class(class.into()),
        Label::Itself => Target::Itself,
    };
    (View { data, scale }, target)
}
