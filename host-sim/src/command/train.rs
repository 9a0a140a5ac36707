//! `kilograd train`: a run file from data to curves.

use crate::complaint::Failure;
use crate::data::{self, Parts};
use crate::report::{Point, Progress, say};
use crate::run::{NumberFile, RunFile};
use crate::session::{self, Baseline, Measure, Outcome, Raised, Score};
use kilograd::load::Samples;
use kilograd::train::Alarm;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;

const EXAMPLES: &str = "\
Examples:
  kilograd train ds-cnn
  kilograd train digits-mlp.toml
  kilograd train digits-mlp --number bfp14
  kilograd train digits-mlp.toml --seed 3 --epochs 10 --json
  kilograd train digits-mlp.toml --out results/first
  kilograd train new-head.toml --from out/digits-mlp/checkpoint.bin --layers 4";

/// What `kilograd train` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The run file: [model], [optimizer], [data] and [fit] in TOML; or the name of a ready run, as ds-cnn
    #[arg(value_name = "RUN.toml")]
    run: PathBuf,
    /// Seed of the split, the initial parameters and the order, in place of the file's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Passes over the training data, in place of the file's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// The number to train in, in place of the file's
    #[arg(long, value_name = "NUMBER")]
    number: Option<NumberFile>,
    /// Folder for curves and checkpoints [default: out/NAME OF THE RUN FILE]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on from the checkpoint in the folder (see `checkpoint_every` in [fit])
    #[arg(long)]
    resume: bool,
    /// Begin with the weights of this checkpoint, or any image or dump with one: fine-tuning
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    from: Option<PathBuf>,
    /// Take the first N layers, which must match [default: those that match]
    #[arg(long, value_name = "N", requires = "from")]
    layers: Option<usize>,
    /// Print one JSON object at the end, and nothing else
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When the run file, the data or the model is wrong, or the run fails.
pub fn run(options: &Options) -> Result<(), Failure> {
    let mut run = RunFile::read(&options.run)?;
    run.fit.seed = options.seed.unwrap_or(run.fit.seed);
    run.fit.number.value = options.number.unwrap_or(run.fit.number.value);
    run.fit.epochs = options.epochs.unwrap_or(run.fit.epochs);
    let parts = data::parts(&run, run.fit.seed)?;
    let out = options
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("out").join(run.name()));
    std::fs::create_dir_all(&out).map_err(|error| unwritable(&out, &error))?;
    let started = Instant::now();
    let outcome = watched(&run, &parts, &out, options)?;
    let seconds = started.elapsed().as_secs_f64();
    write_curves(&run, &outcome, &out)?;
    if options.json {
        say(as_json(&run, &parts, &outcome, &out, seconds))
    } else {
        say(as_text(&run, &parts, &outcome, &out, seconds))
    }
}

/// Trains, and shows how far it is.
fn watched(run: &RunFile, parts: &Parts, out: &Path, options: &Options) -> Result<Outcome, Failure> {
    let total = parts.train.len() as u64 * u64::from(run.fit.epochs);
    let progress = Progress::new(total, &run.name(), options.json);
    let mut watch = |seen, point: Option<&Point>| {
        progress.at(seen);
        if let Some(point) = point {
            let accuracy = match point.validation_accuracy {
                Some(share) => format!(", validation {:.1} %", share * 100.0),
                None => String::new(),
            };
            progress.say(format!(
                "epoch {}: loss {:.4}{accuracy}",
                point.epoch, point.train_loss
            ));
        }
    };
    let mut needs = session::Options {
        out,
        resume: options.resume,
        from: options.from.as_deref(),
        layers: options.layers,
        watch: &mut watch,
    };
    let outcome = session::fit(run, parts, &mut needs);
    progress.finish();
    outcome
}

fn write_curves(run: &RunFile, outcome: &Outcome, out: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| unwritable(out, &error);
    outcome
        .curves
        .write_csv(&out.join("curves.csv"))
        .map_err(failed)?;
    let title = format!("{}, seed {}", run.name(), run.fit.seed);
    outcome
        .curves
        .write_svg(&out.join("curves.svg"), &title)
        .map_err(failed)
}

fn unwritable(out: &Path, error: &std::io::Error) -> Failure {
    Failure::Run(format!(
        "{}: {error}: name another folder with --out",
        out.display()
    ))
}

/// An `f32` with the digits that it has, not those of its nearest `f64`.
fn figure(value: f32) -> Value {
    value.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

fn as_json(run: &RunFile, parts: &Parts, outcome: &Outcome, out: &Path, seconds: f64) -> Value {
    let loss = |score: Option<Score>| score.map(|score| figure(score.loss));
    let accuracy = |score: Option<Score>| score.and_then(|score| score.accuracy).map(figure);
    let test = |measure| outcome.test.and_then(|score| score.of(measure)).map(figure);
    let baseline = session::baseline(run, parts);
    let baseline = baseline.map(|Baseline { name, measure, value }| {
        json!({ "name": name, "measure": measure.name(), "value": figure(value) })
    });
    json!({
        "run": run.name(),
        "seed": run.fit.seed,
        "number": run.fit.number.value.name(),
        "optimizer": run.optimizer.name(),
        "train_samples": parts.train.len(),
        "validation_samples": parts.validation.len(),
        "test_samples": parts.test.len(),
        "epochs": outcome.epochs,
        "steps": outcome.steps,
        "stopped_early": outcome.stopped_early,
        "train_loss": figure(outcome.train.loss),
        "train_accuracy": accuracy(Some(outcome.train)),
        "validation_loss": loss(outcome.validation),
        "validation_accuracy": accuracy(outcome.validation),
        "test_loss": loss(outcome.test),
        "test_accuracy": accuracy(outcome.test),
        "test_auc": test(Measure::Auc),
        "test_perplexity": test(Measure::Perplexity),
        "baseline": baseline,
        "alarms": outcome.alarms.iter().map(as_alarm).collect::<Vec<_>>(),
        "params": outcome.params,
        "ram_bytes": outcome.ram_bytes,
        "params_hash": format!("{:016x}", outcome.params_hash),
        "from": outcome.warm.as_ref().map(|warm| json!({
            "file": warm.name,
            "step": warm.step,
            "layers": warm.layers,
            "initialised": warm.fresh,
            "parameters": warm.taken.parameters,
            "frozen_tensors": warm.taken.frozen,
            "unused_layers": warm.taken.unused,
        })),
        "seconds": seconds,
        "out": out.display().to_string(),
    })
}

fn as_alarm(raised: &Raised) -> Value {
    let (layer, share, name) = match raised.alarm {
        Alarm::Saturated { layer, share } => (layer, share, "saturated"),
        Alarm::Stalled { layer, share } => (layer, share, "stalled"),
        Alarm::NotFinite { .. } | Alarm::Overrun { .. } | Alarm::Sensor => return Value::Null,
    };
    json!({
        "alarm": name,
        "layer": layer,
        "share": figure(f32::from(share) / 1000.0),
        "step": raised.step,
        "times": raised.times,
    })
}

fn as_text(run: &RunFile, parts: &Parts, outcome: &Outcome, out: &Path, seconds: f64) -> String {
    let mut text = format!(
        "{}: {} parameters in {}, {} bytes of RAM to train with {} (batch {})\n",
        run.name(),
        outcome.params,
        run.fit.number.value.name(),
        outcome.ram_bytes,
        run.optimizer.name(),
        run.fit.batch.value
    );
    if let Some(warm) = &outcome.warm {
        text += &format!("began with {warm}\n");
    }
    let why = if outcome.stopped_early {
        ", stopped early: the validation loss no longer fell"
    } else {
        ""
    };
    text += &format!(
        "{} epochs, {} steps in {seconds:.1} s, seed {}{why}\n\n",
        outcome.epochs, outcome.steps, run.fit.seed
    );
    let measure = outcome.train.best().0;
    let measure = outcome.test.map_or(measure, |score| score.best().0);
    let title = match measure {
        Measure::Loss => Measure::Accuracy,
        other => other,
    };
    text += &format!("part        samples      loss {:>10}\n", title.name());
    let rows = [
        ("training", parts.train.len(), Some(outcome.train)),
        ("validation", parts.validation.len(), outcome.validation),
        ("test", parts.test.len(), outcome.test),
    ];
    for (name, samples, score) in rows {
        let Some(score) = score else { continue };
        let found = score.of(title).map_or("-".into(), |value| title.written(value));
        text += &format!("{name:<10} {samples:>8} {:>9.4} {found:>10}\n", score.loss);
    }
    if let (Some(test), Some(baseline)) = (outcome.test, session::baseline(run, parts)) {
        let Baseline { name, measure, value } = baseline;
        let found = test
            .of(measure)
            .map_or("-".into(), |value| measure.written(value));
        text += &format!(
            "\nbaseline, {name}: test {} {}; this model: {found}\n",
            measure.name(),
            measure.written(value)
        );
    }
    for Raised { alarm, step, times } in &outcome.alarms {
        let (layer, share, what) = match *alarm {
            Alarm::Saturated { layer, share } => (layer, share, "of its values did not fit and were limited"),
            Alarm::Stalled { layer, share } => {
                (layer, share, "of the updates of its parameters moved nothing")
            }
            _ => continue,
        };
        let kind = run
            .model
            .layers
            .get(usize::from(layer))
            .map_or("", |line| line.entry.layer().name());
        text += &format!(
            "\nalarm: layer {layer} ({kind}): {:.1} % {what}, first seen at step {step}, in {times} looks",
            f32::from(share) / 10.0
        );
    }
    if !outcome.alarms.is_empty() {
        text += "\n       compare with `--number f32`; a lower learning rate or scaled data saturate less\n";
    }
    text += &format!(
        "\nparameters hash {:016x}\ncurves in {}",
        outcome.params_hash,
        out.join("curves.svg").display()
    );
    text
}
