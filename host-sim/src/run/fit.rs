//! `[fit]`: how long and how to train.

use super::number::NumberFile;
use super::table::{Marked, Table};
use crate::complaint::Complaint;
use kilograd::engine::Clip;

/// The keys of `[fit]`.
pub const KEYS: &[&str] = &[
    "epochs",
    "batch",
    "validation",
    "stop_early",
    "seed",
    "checkpoint_every",
    "clip_norm",
    "clip_value",
    "number",
];

/// `[fit]`; every key has a default.
#[derive(Debug, Clone, PartialEq)]
pub struct FitFile {
    /// Passes over the training part (20).
    pub epochs: u32,
    /// Samples per update (1).
    pub batch: Marked<u32>,
    /// Share of the training part held back to watch for overfitting (0: none).
    pub validation: f32,
    /// Epochs without a better validation loss before training stops (none: never).
    pub stop_early: Option<u32>,
    /// Seed of the split, the initial parameters and the order of samples (1).
    pub seed: u64,
    /// Steps between checkpoints (none: no checkpoint).
    pub checkpoint_every: Option<u32>,
    /// What is done to a gradient that is too large (nothing).
    pub clip: Clip,
    /// What is trained in (`f32`).
    pub number: Marked<NumberFile>,
}

impl FitFile {
    pub(super) fn read(table: Option<&Table<'_>>) -> Result<Self, Complaint> {
        let mut fit = Self {
            epochs: 20,
            batch: Marked { value: 1, span: 0..0 },
            validation: 0.0,
            stop_early: None,
            seed: 1,
            checkpoint_every: None,
            clip: Clip::None,
            number: Marked {
                value: NumberFile::F32,
                span: 0..0,
            },
        };
        let Some(table) = table else { return Ok(fit) };
        let count = |key| {
            let number = table.integer(key, 1..=1_000_000_000)?;
            Ok::<_, Complaint>(number.and_then(|number| u32::try_from(number).ok()))
        };
        fit.epochs = count("epochs")?.unwrap_or(fit.epochs);
        fit.batch = Marked {
            value: count("batch")?.unwrap_or(1),
            span: table.key_span("batch"),
        };
        fit.stop_early = count("stop_early")?;
        fit.checkpoint_every = count("checkpoint_every")?;
        fit.seed = table.integer("seed", 0..=i64::MAX as u64)?.unwrap_or(fit.seed);
        let fraction = table.number("validation", "from 0 to below 1", |x| (0.0..1.0).contains(&x))?;
        fit.validation = fraction.unwrap_or(fit.validation);
        if fit.stop_early.is_some() && fit.validation == 0.0 {
            let help = "add `validation = 0.2`, or remove `stop_early`";
            return Err(table.wrong("stop_early", "needs a validation part to watch", help));
        }
        let named = table.choice("number", &NumberFile::NAMES)?;
        fit.number = Marked {
            value: named.and_then(NumberFile::named).unwrap_or_default(),
            span: table.key_span("number"),
        };
        let bound = |key| table.number(key, "above 0", |x| x > 0.0);
        fit.clip = match (bound("clip_norm")?, bound("clip_value")?) {
            (Some(_), Some(_)) => {
                let help = "keep one of them";
                return Err(table.wrong("clip_value", "does not go with `clip_norm`", help));
            }
            (Some(bound), None) => Clip::Norm(bound),
            (None, Some(bound)) => Clip::Value(bound),
            (None, None) => Clip::None,
        };
        Ok(fit)
    }
}
