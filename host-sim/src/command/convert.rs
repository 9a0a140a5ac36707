//! `kilograd convert`: a checkpoint in another number, and what that costs.

use crate::complaint::{Complaint, Failure};
use crate::data::{self, Parts};
use crate::exchange::Checkpoint;
use crate::image::{Found, Image};
use crate::report::say;
use crate::run::{NumberFile, RunFile, WithTraining};
use crate::session::{AnyTrainer, Encoded, Network, Score, Source, largest, score};
use kilograd::checkpoint::Contents;
use kilograd::kernel::Kernel;
use kilograd::load::Samples;
use kilograd::number::{Element, View};
use kilograd::optim::Optimizer;
use kilograd::persist::Parts as PersistParts;
use kilograd::train::State;
use serde_json::json;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  kilograd convert digits-mlp --checkpoint out/digits-mlp/checkpoint.bin --to bfp14 --out fixed.bin
  kilograd convert digits-mlp --checkpoint fixed.bin --to f32 --out float.bin

The new checkpoint is that of a run that begins with these weights: train on with `kilograd train --from`, or put it on a
device with `kilograd image`.";

/// What `kilograd convert` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The run file of the model, or the name of a ready run; its data fit the scales and judge both
    #[arg(value_name = "RUN.toml")]
    run: PathBuf,
    /// The checkpoint, or any image or dump with one
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// The number to turn it into
    #[arg(long, value_name = "NUMBER")]
    to: NumberFile,
    /// The checkpoint to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A checkpoint that the weights of frozen layers were taken from
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// Seed of the split, in place of the file's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Rounds of fitting scales to samples, at most.
const ROUNDS: usize = 12;

/// Samples that scales are fitted to, at most.
const SAMPLES: usize = 256;

/// A checkpoint as a trainer of one number, judged, and written if there is a place for it.
struct Judge<'a> {
    checkpoint: Checkpoint<'a>,
    parts: &'a Parts,
    out: Option<&'a PathBuf>,
}

/// What a checkpoint comes to in one number.
#[derive(Debug, Clone, Copy)]
struct Judged {
    score: Score,
    parameter_bytes: usize,
}

impl WithTraining for Judge<'_> {
    type Output = Result<Judged, Failure>;

    fn call<N: Kernel, O: Optimizer<N>>(self, optimizer: O) -> Self::Output {
        let Self {
            checkpoint,
            parts,
            out,
        } = self;
        let seed = checkpoint.run.fit.seed;
        checkpoint.restore::<N, O, _>(optimizer, |trainer, weights, _| {
            let scale = N::Elem::fitting(largest(&parts.train.features));
            let train = Encoded::<N::Elem>::new(&parts.train, scale);
            // Scales of its own are in a checkpoint of this number.
            if weights.number() != N::CODE {
                fit_scales(trainer, &train);
            }
            let part = if parts.test.recordings.is_empty() {
                &parts.train
            } else {
                &parts.test
            };
            let judged = score(trainer, &Encoded::<N::Elem>::new(part, scale));
            let score = judged.ok_or_else(|| Failure::Run("there is no sample to judge by".into()))?;
            if let Some(out) = out {
                let contents = Contents::of(trainer);
                let state = State::beginning(seed);
                let parts = PersistParts(&[&*trainer, &state, &PersistParts(&[&contents])]);
                super::import::write_checkpoint(out, &parts)?;
            }
            Ok(Judged {
                score,
                parameter_bytes: trainer.parameter_bytes().len(),
            })
        })
    }
}

/// Fits the scales of all tensors to samples of the training part.
fn fit_scales<N: Kernel, O: Optimizer<N>>(trainer: &mut AnyTrainer<'_, N, O>, train: &Encoded<'_, N::Elem>) {
    if !N::CALIBRATES {
        return;
    }
    let mut x = vec![N::Elem::default(); train.sample_len()];
    let scale = Samples::scale(train);
    let step = train.len().div_ceil(SAMPLES).max(1);
    for _ in 0..ROUNDS {
        for index in (0..train.len()).step_by(step) {
            if train.read(index, &mut x).is_some() {
                trainer.measure(View { data: &x, scale });
            }
        }
        if !trainer.rescale() {
            break;
        }
    }
}

/// Runs the command.
///
/// # Errors
/// When a file is wrong, the checkpoint is of another model, or nothing can be written.
pub fn run(options: &Options) -> Result<(), Failure> {
    let mut run = RunFile::read(&options.run)?;
    run.fit.seed = options.seed.unwrap_or(run.fit.seed);
    let parts = data::parts(&run, run.fit.seed)?;
    let network = Network::new(&run)?;
    let name = options.checkpoint.display().to_string();
    let image = Image::read(&options.checkpoint, 0)?;
    let base = match &options.base {
        Some(path) => Some(Source::read(path, None)?),
        None => None,
    };
    let found = image.newest(&name)?;
    let from = number_of(&name, &found)?;
    let judged = |number, out| {
        let mut run = run.clone();
        run.fit.number.value = number;
        run.with(Judge {
            checkpoint: Checkpoint {
                name: &name,
                found: image.newest(&name)?,
                run: &run,
                network: &network,
                base: base.as_ref(),
            },
            parts: &parts,
            out,
        })
    };
    let before = judged(from, None)?;
    let after = judged(options.to, Some(&options.out))?;
    let (measure, was) = before.score.best();
    let is = after.score.of(measure).unwrap_or(f32::NAN);
    let (from, to) = (from.name(), options.to.name());
    if options.json {
        return say(json!({
            "from": from,
            "to": to,
            "measure": measure.name(),
            "before": was,
            "after": is,
            "change": is - was,
            "loss_before": before.score.loss,
            "loss_after": after.score.loss,
            "parameter_bytes_before": before.parameter_bytes,
            "parameter_bytes_after": after.parameter_bytes,
            "out": options.out.display().to_string(),
        }));
    }
    let row = |name: &str, judged: Judged, value: f32| {
        format!(
            "{name:<11} {:>10} {:>9.4} {:>17}\n",
            measure.written(value),
            judged.score.loss,
            judged.parameter_bytes
        )
    };
    let mut text = format!(
        "{:<11} {:>10} {:>9} {:>17}\n",
        "number",
        measure.name(),
        "loss",
        "parameter bytes"
    );
    text += &row(from, before, was);
    text += &row(to, after, is);
    let change = match measure {
        crate::session::Measure::Accuracy => format!("{:+.2} points", 100.0 * (is - was)),
        _ => format!("{:+.4}", is - was),
    };
    say(format!(
        "{text}change: {change} of {}\nwritten to {}",
        measure.name(),
        options.out.display()
    ))
}

/// The number that a checkpoint is in.
fn number_of(name: &str, found: &Found<'_>) -> Result<NumberFile, Complaint> {
    let told = |what: String| {
        Complaint::new(
            format!("{name}: {what}"),
            "`kilograd inspect` shows what the file holds",
        )
    };
    let weights = found.weights().map_err(|error| told(error.to_string()))?;
    let code = weights.number();
    NumberFile::ALL
        .into_iter()
        .find(|number| number.code() == code)
        .ok_or_else(|| {
            told(format!(
                "its weights are in a number that is not known here ({code})"
            ))
        })
}
