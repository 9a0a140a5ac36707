//! Run files: a model, an optimizer, data and a training plan, in TOML.
//!
//! ```toml
//! [model]
//! input = 64
//! layers = [{ kind = "dense", units = 32 }, { kind = "relu" }, { kind = "dense", units = 10 }]
//! loss = "cross_entropy"
//!
//! [optimizer]
//! kind = "sgd"
//! learning_rate = 0.05
//! momentum = 0.9
//!
//! [schedule]
//! kind = "cosine"
//! steps = 20000
//! warm_up = 100
//!
//! [data]
//! source = "digits"
//!
//! [fit]
//! epochs = 20
//! ```
//!
//! Every value keeps its place in the file, so that an error found much later (by the planner, or when
//! the data turn out not to fit the model) still points at the line to change.

mod builtin;
mod data;
mod fit;
mod kinds;
mod layer;
mod loss;
mod model;
mod number;
mod optimizer;
mod ready;
mod schedule;
mod shape;
mod table;

pub use data::{DataFile, Origin, Scaling, Target, Windowing};
pub use fit::FitFile;
pub use layer::LayerLine;
pub use model::ModelFile;
pub use number::{NumberFile, WithTraining};
pub use optimizer::{OptimizerFile, WithOptimizer};
pub use ready::{READY, ready};
pub use table::Marked;

use crate::complaint::{Complaint, Source, listed, nearest};
use kilograd::optim::Rate;
use std::ops::Range;
use std::path::Path;
use table::Table;
use toml::de::DeTable;

/// A run file, checked as far as it can be without data.
#[derive(Debug, Clone)]
pub struct RunFile {
    source: Source,
    /// `[model]`.
    pub model: ModelFile,
    /// `[optimizer]`.
    pub optimizer: OptimizerFile,
    /// `[schedule]`, if there is one.
    pub schedule: Option<Rate>,
    /// `[data]`.
    pub data: DataFile,
    /// `[fit]`.
    pub fit: FitFile,
}

impl RunFile {
    /// Reads and checks a file, or the ready run of this name where there is no such file.
    ///
    /// # Errors
    /// A [`Complaint`] that names the line and the remedy.
    pub fn read(path: &Path) -> Result<Self, Complaint> {
        let name = path.to_string_lossy();
        let plain = path.extension().is_none() && path.components().count() == 1 && !path.exists();
        if !plain {
            return Self::parse(Source::read(path)?);
        }
        match ready(&name) {
            Some(text) => Self::parse(Source {
                name: format!("{name}.toml"),
                text: text.to_owned(),
            }),
            None => {
                let names: Vec<&str> = READY.iter().map(|(name, _)| *name).collect();
                let near =
                    nearest(&name, &names).map_or(String::new(), |near| format!("did you mean `{near}`? "));
                let help = format!("{near}give a file, or one of the ready runs {}", listed(&names));
                Err(Complaint::new(
                    format!("{name}: there is no such file and no such ready run"),
                    help,
                ))
            }
        }
    }

    /// Checks a text.
    ///
    /// # Errors
    /// A [`Complaint`] that names the line and the remedy.
    pub fn parse(source: Source) -> Result<Self, Complaint> {
        let parsed = DeTable::parse(&source.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            source.complain(
                span,
                format!("this is not TOML: {}", error.message()),
                "correct the line above",
            )
        })?;
        let sections = ["model", "optimizer", "schedule", "data", "fit"];
        let top = Table::new(&source, "a run file", parsed.get_ref(), parsed.span(), &sections)?;
        let model = ModelFile::read(&source, &top.required_section("model", model::KEYS)?)?;
        let optimizer = OptimizerFile::read(&top)?;
        let schedule = schedule::read(&top, optimizer.learning_rate())?;
        let data = DataFile::read(&top.required_section("data", data::KEYS)?, &model)?;
        let fit = FitFile::read(top.section("fit", fit::KEYS)?.as_ref())?;
        Ok(Self {
            model,
            optimizer,
            schedule,
            data,
            fit,
            source: source.clone(),
        })
    }

    /// A complaint about a stretch of this file.
    pub fn complain(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Complaint {
        self.source.complain(span, message, help)
    }

    /// Does something with the run's number and optimizer.
    pub fn with<W: WithTraining>(&self, work: W) -> W::Output {
        number::with(self.fit.number.value, self.optimizer, work)
    }

    /// The folder that relative paths of the file start at.
    pub fn folder(&self) -> &Path {
        Path::new(&self.source.name).parent().unwrap_or(Path::new(""))
    }

    /// The file's name without folder and ending.
    pub fn name(&self) -> String {
        Path::new(&self.source.name)
            .file_stem()
            .map_or("run".into(), |stem| stem.to_string_lossy().into_owned())
    }
}

#[cfg(test)]
mod layer_tests;
#[cfg(test)]
mod tests;
