//! `[optimizer]`.

use super::table::Table;
use crate::complaint::Complaint;

/// The optimizer and its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OptimizerFile {
    /// Stochastic gradient descent.
    Sgd {
        /// Step length.
        learning_rate: f32,
        /// 0 for none.
        momentum: f32,
        /// Look ahead along the momentum.
        nesterov: bool,
        /// L2 penalty added to the gradient.
        weight_decay: f32,
    },
    /// Adam (Kingma and Ba 2014).
    Adam {
        /// Step length.
        learning_rate: f32,
        /// Decay of the first moment.
        beta1: f32,
        /// Decay of the second moment.
        beta2: f32,
        /// Added to the root of the second moment.
        epsilon: f32,
        /// L2 penalty added to the gradient.
        weight_decay: f32,
    },
}

const SGD: &[&str] = &["kind", "learning_rate", "momentum", "nesterov", "weight_decay"];
const ADAM: &[&str] = &[
    "kind",
    "learning_rate",
    "beta1",
    "beta2",
    "epsilon",
    "weight_decay",
];

impl OptimizerFile {
    pub(super) fn read(top: &Table<'_>) -> Result<Self, Complaint> {
        // The kind decides which keys there are: read it first, with every key allowed.
        let any: Vec<&str> = SGD.iter().chain(ADAM).copied().collect();
        let loose = top.required_section("optimizer", &any)?;
        let kind = loose.required(
            "kind",
            loose.choice("kind", &["sgd", "adam"])?,
            "\"sgd\"` or `kind = \"adam\"",
        )?;
        let keys = if kind == "sgd" { SGD } else { ADAM };
        let table = top.section("optimizer", keys)?.unwrap_or(loose);
        let positive = |key| table.number(key, "above 0", |x| x > 0.0);
        let fraction = |key| table.number(key, "from 0 to below 1", |x| (0.0..1.0).contains(&x));
        let weight_decay = table
            .number("weight_decay", "of 0 or more", |x| x >= 0.0)?
            .unwrap_or(0.0);
        if kind == "adam" {
            return Ok(Self::Adam {
                learning_rate: positive("learning_rate")?.unwrap_or(0.001),
                beta1: fraction("beta1")?.unwrap_or(0.9),
                beta2: fraction("beta2")?.unwrap_or(0.999),
                epsilon: positive("epsilon")?.unwrap_or(1e-8),
                weight_decay,
            });
        }
        let momentum = fraction("momentum")?.unwrap_or(0.0);
        let nesterov = table.flag("nesterov")?.unwrap_or(false);
        if nesterov && momentum == 0.0 {
            return Err(table.wrong("nesterov", "needs a momentum above 0", "add `momentum = 0.9`"));
        }
        Ok(Self::Sgd {
            learning_rate: table.required("learning_rate", positive("learning_rate")?, "0.05")?,
            momentum,
            nesterov,
            weight_decay,
        })
    }

    /// Its name in a run file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Adam { .. } => "adam",
        }
    }
}
