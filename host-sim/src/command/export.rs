//! `kilograd export`: the weights of a checkpoint as PyTorch has them.

use crate::complaint::{Complaint, Failure};
use crate::exchange::safetensors::{self, Tensors};
use crate::exchange::{Checkpoint, model};
use crate::image::Image;
use crate::report::say;
use crate::run::{RunFile, WithOptimizer};
use crate::session::{Network, Source};
use kilograd::optim::Optimizer;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  kilograd export digits-mlp --checkpoint out/digits-mlp/checkpoint.bin --out model.safetensors
  kilograd export gru --checkpoint dump.hex --out gru.safetensors

In PyTorch: `model.load_state_dict(safetensors.torch.load_file(\"model.safetensors\"))`, where layer i is module i of an
nn.Sequential. docs/exchange.md has a whole script.";

/// What `kilograd export` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The run file of the model, or the name of a ready run
    #[arg(value_name = "RUN.toml")]
    run: PathBuf,
    /// A checkpoint, or any image or dump with one: .bin, .hex, .uf2, .elf
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// The checkpoint that the frozen layers were taken from [default: the run file's seed draws them]
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

struct Export<'a>(Checkpoint<'a>);

impl WithOptimizer for Export<'_> {
    type Output = Result<(Tensors, bool), Failure>;

    fn call<O: Optimizer<f32>>(self, optimizer: O) -> Self::Output {
        self.0.restore::<f32, O, _>(optimizer, |trainer, weights, _| {
            Ok((model::export(trainer), weights.frozen_digest() != 0))
        })
    }
}

/// Runs the command.
///
/// # Errors
/// When a file is wrong, the checkpoint is of another model, or nothing can be written.
pub fn run(options: &Options) -> Result<(), Failure> {
    let run = RunFile::read(&options.run)?;
    let network = Network::new(&run)?;
    let name = options.checkpoint.display().to_string();
    let image = Image::read(&options.checkpoint, 0)?;
    let found = image.newest(&name)?;
    let base = match &options.base {
        Some(path) => Some(Source::read(path, None)?),
        None => None,
    };
    let (mut tensors, frozen) = run.optimizer.with(Export(Checkpoint {
        name: &name,
        found,
        run: &run,
        network: &network,
        base: base.as_ref(),
    }))?;
    let step = found.frame.mark.step;
    tensors.notes.insert("run".into(), run.name());
    tensors.notes.insert("step".into(), step.to_string());
    write(&options.out, &safetensors::write(&tensors))?;
    let elements: usize = tensors.tensors.values().map(|tensor| tensor.values.len()).sum();
    let mut text = format!(
        "{}: {} tensors, {elements} parameters, as after step {step}\n",
        options.out.display(),
        tensors.tensors.len()
    );
    for (key, tensor) in &tensors.tensors {
        text += &format!("  {key:<24} {:?}\n", tensor.shape);
    }
    if frozen {
        let from = match &options.base {
            Some(path) => path.display().to_string(),
            None => format!("seed {}", run.fit.seed),
        };
        text += &format!("frozen layers are not in the checkpoint: theirs are from {from}\n");
    }
    say(text.trim_end())
}

/// Writes a file.
///
/// # Errors
/// A failure of the run, with what to do.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::IsADirectory => Failure::Input(
                Complaint::new(message, "give --out a file in a folder that exists"),
            ),
            _ => Failure::Run(format!("{message}: name another file with --out")),
        }
    })
}
