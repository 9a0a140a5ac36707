//! The product's story, told on real data: train, ship, shift, collect, fine-tune, lose power, resume.

use crate::complaint::Failure;
use std::path::PathBuf;

/// What `kilograd story` takes.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// Folder for learning curves and the flash image
    #[arg(long, value_name = "DIR", default_value = "out/story")]
    pub out: PathBuf,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Print one JSON object at the end, and nothing else
    #[arg(long)]
    pub json: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            out: "out/story".into(),
            seed: 1,
            json: false,
        }
    }
}

/// Tells the story.
///
/// # Errors
/// When training fails or the folder cannot be written.
pub fn tell(_options: &Options) -> Result<(), Failure> {
    Err(Failure::Run("the story needs the engine".into()))
}
