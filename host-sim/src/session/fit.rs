//! Training as a run file asks for it.

use super::built::{AnyTrainer, with_trainer};
use super::keep::{self, SameData};
use super::plan::{MAX_LAYERS, Network, last_layer};
use super::samples::Encoded;
use super::score::{Score, score};
use super::warm::{Source, Warm};
use crate::complaint::{Complaint, Failure};
use crate::data::Parts;
use crate::report::{Curves, Point};
use crate::run::{RunFile, Target, WithTraining};
use kilograd::checkpoint::Contents;
use kilograd::engine::Trainer;
use kilograd::evaluate::MeanLoss;
use kilograd::kernel::Kernel;
use kilograd::load::Loader;
use kilograd::loss::Loss;
use kilograd::network::PlanOf;
use kilograd::number::{Element, Scale};
use kilograd::optim::Optimizer;
use kilograd::persist::{Fingerprint, Parts as PersistParts, PartsMut, Persist};
use kilograd::train::{Alarm, Event, Fit, Goals, Limits, State, Stop};
use std::path::Path;

/// A run that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// On the training part, with the final parameters.
    pub train: Score,
    /// On the validation part, if there is one.
    pub validation: Option<Score>,
    /// On the test part, if there is one.
    pub test: Option<Score>,
    /// Updates done.
    pub steps: u32,
    /// Epochs done.
    pub epochs: u32,
    /// Whether early stopping ended the run.
    pub stopped_early: bool,
    /// Number of parameters.
    pub params: usize,
    /// Bytes of the arena.
    pub ram_bytes: usize,
    /// 64-bit FNV-1a of the parameters' bytes.
    pub params_hash: u64,
    /// One point per epoch.
    pub curves: Curves,
    /// What the number was too coarse for.
    pub alarms: Vec<Raised>,
    /// The weights that it began with, if not with those of the seed.
    pub warm: Option<Warm>,
}

/// An alarm about a layer, raised at least once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raised {
    /// The first of them.
    pub alarm: Alarm,
    /// Updates before it.
    pub step: u32,
    /// How often it was raised.
    pub times: u32,
}

/// Is told how many samples have been learned from, and of each epoch.
pub type Watch<'a> = dyn FnMut(u64, Option<&Point>) + 'a;

/// What a run needs beside its file and data.
pub struct Options<'a> {
    /// Its folder, which exists. Checkpoints are kept there.
    pub out: &'a Path,
    /// Whether to go on from the folder's checkpoint.
    pub resume: bool,
    /// A file with a checkpoint to take the weights of, to begin with.
    pub from: Option<&'a Path>,
    /// How many layers to take; those that match, if it is not given.
    pub layers: Option<usize>,
    /// Who is told how it goes.
    pub watch: &'a mut Watch<'a>,
}

/// Trains the model of `run` on `parts`.
///
/// # Errors
/// A complaint about the model or the data, or the step at which training diverged.
pub fn fit(run: &RunFile, parts: &Parts, options: &mut Options<'_>) -> Result<Outcome, Failure> {
    let network = Network::new(run)?;
    run.with(Work {
        run,
        parts,
        network: &network,
        options,
    })
}

struct Work<'a, 'o> {
    run: &'a RunFile,
    parts: &'a Parts,
    network: &'a Network,
    options: &'a mut Options<'o>,
}

impl WithTraining for Work<'_, '_> {
    type Output = Result<Outcome, Failure>;

    fn call<N: Kernel, O: Optimizer<N>>(self, optimizer: O) -> Self::Output {
        let Self {
            run,
            parts,
            network,
            options,
        } = self;
        let plan = network.plan::<N, O>(run, true)?;
        check_classes(run, &plan, parts)?;
        let from = match options.from {
            Some(path) => Some(Source::read(path, options.layers)?),
            None => None,
        };
        let mut base = |whole: &mut AnyTrainer<'_, N, O>| match &from {
            Some(from) => from.fill(run, whole).map(drop),
            None => Ok(()),
        };
        with_trainer(run, network, &plan, optimizer, &mut base, |trainer| {
            let warm = match &from {
                Some(from) => Some(from.fill(run, trainer)?),
                None => None,
            };
            // One scale for the whole set, chosen by what is learned from.
            let scale = N::Elem::fitting(largest(&parts.train.features));
            let (curves, alarms, stopped_early) = epochs(run, parts, scale, trainer, options)?;
            let mut judged = |part| score(trainer, &Encoded::<N::Elem>::new(part, scale));
            let Some(train) = judged(&parts.train) else {
                return Err(Failure::Run("the training part holds no sample".into()));
            };
            let (validation, test) = (judged(&parts.validation), judged(&parts.test));
            Ok(Outcome {
                train,
                validation,
                test,
                steps: trainer.steps(),
                epochs: curves.points.last().map_or(0, |point| point.epoch),
                stopped_early,
                params: plan.parameters,
                ram_bytes: plan.bytes(),
                params_hash: hash(trainer.parameter_bytes()),
                curves,
                alarms,
                warm,
            })
        })
    }
}

/// The largest magnitude.
pub(crate) fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

/// 64-bit FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(Fingerprint::new(), |digest, byte| digest.byte(*byte))
        .value()
}

/// One output for each class, no more and no fewer.
fn check_classes(run: &RunFile, plan: &PlanOf<MAX_LAYERS>, parts: &Parts) -> Result<(), Complaint> {
    let (outputs, classes) = (plan.output.len(), parts.train.classes.len());
    let binary = run.model.loss.value == Loss::BinaryCrossEntropy;
    let wanted = if binary { 1 } else { classes };
    if run.data.target != Target::Label || outputs == wanted && !(binary && classes != 2) {
        return Ok(());
    }
    if binary {
        let message = format!(
            "binary_cross_entropy tells 2 classes apart by 1 output; the model has {outputs}, the data have {classes} classes"
        );
        let help =
            "end with `{ kind = \"dense\", units = 1 }` for 2 classes, or write `loss = \"cross_entropy\"`";
        return Err(run.complain(last_layer(run), message, help));
    }
    let message = format!("the model has {outputs} outputs, but the data have {classes} classes");
    let help = format!("end with `{{ kind = \"dense\", units = {classes} }}`");
    Err(run.complain(last_layer(run), message, help))
}

/// Runs the epochs, from the beginning or from the last checkpoint.
fn epochs<N: Kernel, O: Optimizer<N>, const USES: u128>(
    run: &RunFile,
    parts: &Parts,
    scale: Scale<N>,
    trainer: &mut Trainer<'_, N, O, USES>,
    options: &mut Options<'_>,
) -> Result<(Curves, Vec<Raised>, bool), Failure> {
    let told = |error: &dyn std::fmt::Display| Failure::Run(format!("{}: {error}", run.name()));
    let (set, split) = parts.joined(run.fit.seed);
    let mut mark = SameData::of(&set, split.training_len());
    let mut contents = Contents::of(trainer);
    let mut state = State::beginning(run.fit.seed);
    let path = options.out.join("checkpoint.bin");
    let mut store = if options.resume {
        Some(keep::resume(
            &path,
            &mut PartsMut(&mut [
                trainer,
                &mut state,
                &mut PartsMut(&mut [&mut mark, &mut contents]),
            ]),
        )?)
    } else if run.fit.checkpoint_every.is_some() {
        Some(keep::create(
            &path,
            &PersistParts(&[trainer, &state, &PersistParts(&[&mark, &contents])]),
        )?)
    } else {
        None
    };
    let mut curves = match options.resume {
        true => Curves::read_csv(&options.out.join("curves.csv"), state.value.epochs()),
        false => Curves::default(),
    };
    // More epochs than the run was to have at first.
    if state.value.epochs() < run.fit.epochs {
        state.value.reopen();
    }
    let goals = Goals {
        epochs: run.fit.epochs,
        patience: run.fit.stop_early,
        save_every: run.fit.checkpoint_every.unwrap_or(0),
    };
    let set = Encoded::<N::Elem>::new(&set, scale);
    let loader = Loader::new(&set, split, run.fit.seed).map_err(|error| told(&error))?;
    let mut sample = vec![N::Elem::default(); set.sample_len()];
    let extra: [&dyn Persist; 2] = [&mark, &contents];
    let mut stopped = None;
    let mut alarms = Vec::new();
    {
        let mut fit = Fit::new(trainer, loader, &mut sample, &mut state, goals).alarms(Limits::default());
        if let Some(rate) = &run.schedule {
            fit = fit.schedule(rate);
        }
        if let Some(store) = &mut store {
            fit = fit.checkpoint(store, &extra);
        }
        let mut seen = Seen {
            training: split.training_len(),
            batch: run.fit.batch.value,
            ..Seen::default()
        };
        while let Some(event) = fit.next_event().map_err(|error| told(&error))? {
            match event {
                Event::Alarm(Alarm::NotFinite { step }) => return Err(diverged(run, step)),
                Event::Alarm(alarm) => raise(&mut alarms, alarm, seen.step),
                Event::Stopped(stop) => stopped = Some(stop),
                event => seen.take(&event, &mut curves, options.watch),
            }
        }
    }
    if let Some(store) = &mut store {
        let whole = PersistParts(&[trainer, &state, &PersistParts(&[&mark, &contents])]);
        store.save(&whole).map_err(|error| told(&error))?;
    }
    Ok((curves, alarms, stopped == Some(Stop::Patience)))
}

/// Takes note of an alarm about a layer.
fn raise(alarms: &mut Vec<Raised>, alarm: Alarm, step: u32) {
    let about = |alarm| match alarm {
        Alarm::Saturated { layer, .. } => Some((layer, true)),
        Alarm::Stalled { layer, .. } => Some((layer, false)),
        _ => None,
    };
    match alarms.iter_mut().find(|known| about(known.alarm) == about(alarm)) {
        Some(known) => known.times += 1,
        None => alarms.push(Raised {
            alarm,
            step,
            times: 1,
        }),
    }
}

/// What has been seen of a run.
#[derive(Default)]
struct Seen {
    /// Samples of an epoch.
    training: u32,
    batch: u32,
    step: u32,
    /// Steps at which the epoch began.
    began: Option<u32>,
    epoch: u32,
    norm: MeanLoss,
}

impl Seen {
    fn take(&mut self, event: &Event, curves: &mut Curves, watch: &mut Watch<'_>) {
        match *event {
            Event::Step { step, norm, .. } => {
                self.step = step;
                self.norm.push(norm);
                let began = *self.began.get_or_insert(step - 1);
                let within = u64::from(step - began) * u64::from(self.batch);
                let before = u64::from(self.epoch) * u64::from(self.training);
                watch(before + within.min(self.training.into()), None);
            }
            Event::Epoch {
                epoch,
                loss,
                validation,
                accuracy,
            } => {
                let point = Point {
                    epoch,
                    step: self.step.into(),
                    train_loss: loss,
                    validation_loss: validation,
                    validation_accuracy: accuracy,
                    gradient_norm: std::mem::take(&mut self.norm).value(),
                };
                watch(u64::from(epoch) * u64::from(self.training), Some(&point));
                curves.points.push(point);
                self.epoch = epoch;
                self.began = Some(self.step);
            }
            _ => {}
        }
    }
}

fn diverged(run: &RunFile, step: u32) -> Failure {
    let advice = "lower `learning_rate` in [optimizer], or scale the data (`scale = \"standard\"` in [data])";
    Failure::Run(format!(
        "{}: training diverged at step {step}: {advice}",
        run.name()
    ))
}
