//! `[optimizer]`.

use super::table::Table;
use crate::complaint::Complaint;
use kilograd::optim::{Adam, AdamW, Method, Momentum, Optimizer, RmsProp, Sgd};

/// The optimizer and its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OptimizerFile {
    /// `kind = "sgd"` without momentum, which needs no state.
    Sgd(Sgd),
    /// `kind = "sgd"` with momentum.
    Momentum(Momentum),
    /// `kind = "adam"`.
    Adam(Adam),
    /// `kind = "adamw"`.
    AdamW(AdamW),
    /// `kind = "rmsprop"`.
    RmsProp(RmsProp),
    /// `kind = "rmsprop"`, centered.
    Centered(RmsProp<true, false>),
    /// `kind = "rmsprop"` with momentum.
    WithMomentum(RmsProp<false, true>),
    /// `kind = "rmsprop"`, centered and with momentum.
    CenteredWithMomentum(RmsProp<true, true>),
}

/// Something to be done with whichever optimizer a file names.
pub trait WithOptimizer {
    /// What comes of it.
    type Output;

    /// Does it.
    fn call<O: Optimizer<f32>>(self, optimizer: O) -> Self::Output;
}

const ADAM: &[&str] = &["learning_rate", "beta1", "beta2", "epsilon", "weight_decay"];

/// Every kind and the settings it has.
const KINDS: &[(&str, &[&str])] = &[
    (
        "sgd",
        &[
            "learning_rate",
            "momentum",
            "dampening",
            "nesterov",
            "weight_decay",
        ],
    ),
    ("adam", ADAM),
    ("adamw", ADAM),
    (
        "rmsprop",
        &[
            "learning_rate",
            "alpha",
            "epsilon",
            "momentum",
            "centered",
            "weight_decay",
        ],
    ),
];

impl OptimizerFile {
    pub(super) fn read(top: &Table<'_>) -> Result<Self, Complaint> {
        // The kind decides which keys there are: read it first, with every key allowed.
        let mut any = vec!["kind"];
        for setting in KINDS.iter().flat_map(|(_, settings)| settings.iter()) {
            if !any.contains(setting) {
                any.push(setting);
            }
        }
        let loose = top.required_section("optimizer", &any)?;
        let names: Vec<&'static str> = KINDS.iter().map(|(name, _)| *name).collect();
        let kind = loose.choice("kind", &names)?;
        let kind = loose.required("kind", kind, "\"sgd\"` or `kind = \"adam\"")?;
        let keys: Vec<&str> = std::iter::once("kind")
            .chain(
                KINDS
                    .iter()
                    .filter(|(name, _)| *name == kind)
                    .flat_map(|(_, settings)| settings.iter().copied()),
            )
            .collect();
        let table = top.section("optimizer", &keys)?.unwrap_or(loose);
        match kind {
            "sgd" => sgd(&table),
            "rmsprop" => rms_prop(&table),
            _ => adam(&table, kind),
        }
    }

    /// Does something with the optimizer, whichever it is.
    pub fn with<W: WithOptimizer>(self, work: W) -> W::Output {
        match self {
            Self::Sgd(optimizer) => work.call(optimizer),
            Self::Momentum(optimizer) => work.call(optimizer),
            Self::Adam(optimizer) => work.call(optimizer),
            Self::AdamW(optimizer) => work.call(optimizer),
            Self::RmsProp(optimizer) => work.call(optimizer),
            Self::Centered(optimizer) => work.call(optimizer),
            Self::WithMomentum(optimizer) => work.call(optimizer),
            Self::CenteredWithMomentum(optimizer) => work.call(optimizer),
        }
    }

    /// Its learning rate.
    pub fn learning_rate(self) -> f32 {
        struct Ask;
        impl WithOptimizer for Ask {
            type Output = f32;
            fn call<O: Optimizer<f32>>(self, optimizer: O) -> f32 {
                Method::learning_rate(&optimizer)
            }
        }
        self.with(Ask)
    }

    /// Its name, for people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "SGD",
            Self::Momentum(Momentum { nesterov: true, .. }) => "SGD with Nesterov momentum",
            Self::Momentum(_) => "SGD with momentum",
            Self::Adam(_) => "Adam",
            Self::AdamW(_) => "AdamW",
            Self::RmsProp(_) => "RMSprop",
            Self::Centered(_) => "centered RMSprop",
            Self::WithMomentum(_) => "RMSprop with momentum",
            Self::CenteredWithMomentum(_) => "centered RMSprop with momentum",
        }
    }
}

fn positive(table: &Table<'_>, key: &str) -> Result<Option<f32>, Complaint> {
    table.number(key, "above 0", |x| x > 0.0)
}

fn fraction(table: &Table<'_>, key: &str) -> Result<Option<f32>, Complaint> {
    table.number(key, "from 0 to below 1", |x| (0.0..1.0).contains(&x))
}

fn weight_decay(table: &Table<'_>, standard: f32) -> Result<f32, Complaint> {
    let decay = table.number("weight_decay", "of 0 or more", |x| x >= 0.0)?;
    Ok(decay.unwrap_or(standard))
}

fn sgd(table: &Table<'_>) -> Result<OptimizerFile, Complaint> {
    let momentum = fraction(table, "momentum")?.unwrap_or(0.0);
    let dampening = fraction(table, "dampening")?.unwrap_or(0.0);
    let nesterov = table.flag("nesterov")?.unwrap_or(false);
    for (key, is_set) in [("nesterov", nesterov), ("dampening", dampening > 0.0)] {
        if is_set && momentum == 0.0 {
            return Err(table.wrong(key, "needs a momentum above 0", "add `momentum = 0.9`"));
        }
    }
    if nesterov && dampening > 0.0 {
        let help = "remove it, or remove `nesterov`";
        return Err(table.wrong("dampening", "does not go with a look-ahead", help));
    }
    let learning_rate = table.required("learning_rate", positive(table, "learning_rate")?, "0.05")?;
    let weight_decay = weight_decay(table, 0.0)?;
    Ok(if momentum == 0.0 {
        OptimizerFile::Sgd(Sgd {
            learning_rate,
            weight_decay,
        })
    } else {
        OptimizerFile::Momentum(Momentum {
            learning_rate,
            momentum,
            dampening,
            nesterov,
            weight_decay,
        })
    })
}

fn adam(table: &Table<'_>, kind: &str) -> Result<OptimizerFile, Complaint> {
    let standard = Adam::default();
    let learning_rate = positive(table, "learning_rate")?.unwrap_or(standard.learning_rate);
    let beta1 = fraction(table, "beta1")?.unwrap_or(standard.beta1);
    let beta2 = fraction(table, "beta2")?.unwrap_or(standard.beta2);
    let epsilon = positive(table, "epsilon")?.unwrap_or(standard.epsilon);
    Ok(if kind == "adam" {
        OptimizerFile::Adam(Adam {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay: weight_decay(table, standard.weight_decay)?,
        })
    } else {
        OptimizerFile::AdamW(AdamW {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay: weight_decay(table, AdamW::default().weight_decay)?,
        })
    })
}

fn rms_prop(table: &Table<'_>) -> Result<OptimizerFile, Complaint> {
    let standard = RmsProp::<false, false>::default();
    let learning_rate = positive(table, "learning_rate")?.unwrap_or(standard.learning_rate);
    let alpha = fraction(table, "alpha")?.unwrap_or(standard.alpha);
    let epsilon = positive(table, "epsilon")?.unwrap_or(standard.epsilon);
    let momentum = fraction(table, "momentum")?.unwrap_or(0.0);
    let weight_decay = weight_decay(table, 0.0)?;
    macro_rules! settings {
        () => {
            RmsProp {
                learning_rate,
                alpha,
                epsilon,
                momentum,
                weight_decay,
            }
        };
    }
    let centered = table.flag("centered")?.unwrap_or(false);
    Ok(match (centered, momentum > 0.0) {
        (false, false) => OptimizerFile::RmsProp(settings!()),
        (true, false) => OptimizerFile::Centered(settings!()),
        (false, true) => OptimizerFile::WithMomentum(settings!()),
        (true, true) => OptimizerFile::CenteredWithMomentum(settings!()),
    })
}
