//! The command line. One file per command.

mod arena;
mod compare;
mod convert;
mod export;
mod image;
mod import;
mod inspect;
mod plan;
mod table;
mod train;

use crate::story;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  kilograd                                       tell the story: train, ship, shift, fine-tune, resume
  kilograd train host-sim/runs/digits-mlp.toml   train a model that a file describes
  kilograd plan host-sim/runs/digits-mlp.toml    its memory on a device, byte for byte
  kilograd export digits-mlp --checkpoint out/digits-mlp/checkpoint.bin --out model.safetensors
  kilograd image --checkpoint checkpoint.bin --chip rp2040 --address 0x101f0000 --out model.uf2
  kilograd inspect dump.bin                      what a device has saved
  kilograd compare digits-mlp --seeds 3          what block fixed point loses against f32

Exit codes: 0 done, 1 the run failed, 2 the input is wrong (the message says where and what to do).";

/// Trains small neural networks as a microcontroller would, bit for bit.
///
/// Without a command it tells the product's story on real data, in under a minute.
#[derive(Debug, Parser)]
#[command(name = "kilograd", version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train the model of a run file
    Train(train::Options),
    /// Print the memory plan of a run file's model
    Plan(plan::Options),
    /// Write the weights of a checkpoint as PyTorch has them
    Export(export::Options),
    /// Make a checkpoint of weights from PyTorch
    Import(import::Options),
    /// Write a checkpoint as a region of a chip's flash, alone or with its firmware
    Image(image::Options),
    /// Show every checkpoint in an image or a dump of a device
    Inspect(inspect::Options),
    /// Turn a checkpoint into another number, and measure what that costs
    Convert(convert::Options),
    /// Compare the numbers of a training with f32
    Compare(compare::Options),
    /// Tell the story: train, ship, shift, collect, fine-tune, lose power, resume
    Story(story::Options),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Some(Command::Train(options)) => train::run(&options),
        Some(Command::Plan(options)) => plan::run(&options),
        Some(Command::Export(options)) => export::run(&options),
        Some(Command::Import(options)) => import::run(&options),
        Some(Command::Image(options)) => image::run(&options),
        Some(Command::Inspect(options)) => inspect::run(&options),
        Some(Command::Convert(options)) => convert::run(&options),
        Some(Command::Compare(options)) => compare::run(&options),
        Some(Command::Story(options)) => story::tell(&options),
        None => story::tell(&story::Options::default()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
