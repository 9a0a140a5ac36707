//! `kilograd import`: weights from PyTorch as a checkpoint.

use crate::complaint::{Complaint, Failure};
use crate::exchange::model::{self, Imported};
use crate::exchange::safetensors::{self, Tensors};
use crate::report::say;
use crate::run::{NumberFile, RunFile, WithTraining};
use crate::session::{Network, keep, with_trainer};
use kilograd::checkpoint::Contents;
use kilograd::kernel::Kernel;
use kilograd::optim::Optimizer;
use kilograd::persist::Parts;
use kilograd::train::State;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  kilograd import digits-mlp model.safetensors --out checkpoint.bin
  kilograd import digits-mlp base.safetensors --partial --out checkpoint.bin   what is missing is drawn by the seed

Then `kilograd train digits-mlp --from checkpoint.bin`, or `kilograd image --checkpoint checkpoint.bin` for a device.";

/// What `kilograd import` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The run file of the model, or the name of a ready run
    #[arg(value_name = "RUN.toml")]
    run: PathBuf,
    /// The weights, named and laid out as PyTorch has them
    #[arg(value_name = "FILE.safetensors")]
    weights: PathBuf,
    /// The checkpoint to write: what a firmware keeps that trains this model
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The number to train in, in place of the file's
    #[arg(long, value_name = "NUMBER")]
    number: Option<NumberFile>,
    /// Let the seed draw what the file has not, a new head for instance
    #[arg(long)]
    partial: bool,
}

struct Import<'a> {
    run: &'a RunFile,
    network: &'a Network,
    name: &'a str,
    found: &'a Tensors,
    options: &'a Options,
}

impl WithTraining for Import<'_> {
    type Output = Result<Imported, Failure>;

    fn call<N: Kernel, O: Optimizer<N>>(self, optimizer: O) -> Self::Output {
        let Self {
            run,
            network,
            name,
            found,
            options,
        } = self;
        let plan = network.plan::<N, O>(run, true)?;
        with_trainer(run, network, &plan, optimizer, &mut |_| Ok(()), |trainer| {
            let done = model::import(name, found, run, trainer, options.partial)?;
            let contents = Contents::of(trainer);
            let state = State::beginning(run.fit.seed);
            write_checkpoint(&options.out, &Parts(&[trainer, &state, &Parts(&[&contents])]))?;
            Ok(done)
        })
    }
}

/// Writes a state into a new file, as its only frame.
pub(super) fn write_checkpoint(path: &Path, state: &Parts<'_>) -> Result<(), Failure> {
    // Before the store reports in its own words what a folder is missing.
    super::export::write(path, &[])?;
    let mut store = keep::create(path, state)?;
    store
        .save(state)
        .map_err(|error| Failure::Run(format!("{}: {error}", path.display())))?;
    Ok(())
}

/// Runs the command.
///
/// # Errors
/// When a file is wrong, a tensor does not fit the model, or nothing can be written.
pub fn run(options: &Options) -> Result<(), Failure> {
    let mut run = RunFile::read(&options.run)?;
    run.fit.number.value = options.number.unwrap_or(run.fit.number.value);
    let network = Network::new(&run)?;
    let name = options.weights.display().to_string();
    let bytes = std::fs::read(&options.weights).map_err(|error| Complaint::unreadable(&name, &error))?;
    let found = safetensors::read(&name, &bytes)?;
    let done = run.with(Import {
        run: &run,
        network: &network,
        name: &name,
        found: &found,
        options,
    })?;
    let mut text = format!(
        "{}: {} tensors, {} parameters taken from {name}",
        options.out.display(),
        done.taken.len(),
        done.parameters
    );
    if !done.missing.is_empty() {
        text += &format!("\ndrawn by seed {}: {}", run.fit.seed, done.missing.join(", "));
    }
    say(text)
}
