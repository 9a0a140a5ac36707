//! `[optimizer]`.

use super::table::Table;
use crate::complaint::Complaint;
use kilograd::optim::{Adam, Momentum, Optimizer, Sgd};

/// The optimizer and its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OptimizerFile {
    /// `kind = "sgd"` without momentum, which needs no state.
    Sgd(Sgd),
    /// `kind = "sgd"` with momentum.
    Momentum(Momentum),
    /// `kind = "adam"`.
    Adam(Adam),
}

/// Something to be done with whichever optimizer a file names.
pub trait WithOptimizer {
    /// What comes of it.
    type Output;

    /// Does it.
    fn call<O: Optimizer<f32>>(self, optimizer: O) -> Self::Output;
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
        let kind = loose.choice("kind", &["sgd", "adam"])?;
        let kind = loose.required("kind", kind, "\"sgd\"` or `kind = \"adam\"")?;
        let keys = if kind == "sgd" { SGD } else { ADAM };
        let table = top.section("optimizer", keys)?.unwrap_or(loose);
        let positive = |key| table.number(key, "above 0", |x| x > 0.0);
        let fraction = |key| table.number(key, "from 0 to below 1", |x| (0.0..1.0).contains(&x));
        let weight_decay = table
            .number("weight_decay", "of 0 or more", |x| x >= 0.0)?
            .unwrap_or(0.0);
        if kind == "adam" {
            let standard = Adam::default();
            return Ok(Self::Adam(Adam {
                learning_rate: positive("learning_rate")?.unwrap_or(standard.learning_rate),
                beta1: fraction("beta1")?.unwrap_or(standard.beta1),
                beta2: fraction("beta2")?.unwrap_or(standard.beta2),
                epsilon: positive("epsilon")?.unwrap_or(standard.epsilon),
                weight_decay,
            }));
        }
        let momentum = fraction("momentum")?.unwrap_or(0.0);
        let nesterov = table.flag("nesterov")?.unwrap_or(false);
        if nesterov && momentum == 0.0 {
            return Err(table.wrong("nesterov", "needs a momentum above 0", "add `momentum = 0.9`"));
        }
        let learning_rate = table.required("learning_rate", positive("learning_rate")?, "0.05")?;
        Ok(if momentum == 0.0 {
            Self::Sgd(Sgd {
                learning_rate,
                weight_decay,
            })
        } else {
            Self::Momentum(Momentum {
                learning_rate,
                momentum,
                dampening: 0.0,
                nesterov,
                weight_decay,
            })
        })
    }

    /// Does something with the optimizer, whichever it is.
    pub fn with<W: WithOptimizer>(self, work: W) -> W::Output {
        match self {
            Self::Sgd(optimizer) => work.call(optimizer),
            Self::Momentum(optimizer) => work.call(optimizer),
            Self::Adam(optimizer) => work.call(optimizer),
        }
    }

    /// Its name, for people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "SGD",
            Self::Momentum(Momentum { nesterov: true, .. }) => "SGD with Nesterov momentum",
            Self::Momentum(_) => "SGD with momentum",
            Self::Adam(_) => "Adam",
        }
    }
}
