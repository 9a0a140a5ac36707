//! `kilograd plan`: the memory of a model, byte for byte, before anything runs.

use crate::complaint::Failure;
use crate::run::RunFile;
use std::path::PathBuf;

/// What `kilograd plan` takes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The run file: its [model], [optimizer] and [fit] decide
    #[arg(value_name = "RUN.toml")]
    run: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When the run file or the model is wrong.
pub fn run(options: &Options) -> Result<(), Failure> {
    let _run = RunFile::read(&options.run)?;
    let _ = options.json;
    Err(Failure::Run("no engine yet".into()))
}
