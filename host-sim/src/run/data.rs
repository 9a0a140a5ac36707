//! `[data]`: where samples come from and how they are cut, scaled and split.

use super::builtin::{SOURCES, builtin};
use super::model::ModelFile;
use super::table::{Marked, Table};
use crate::complaint::Complaint;
use kilograd::loss::Loss;

/// The keys of `[data]`.
pub const KEYS: &[&str] = &[
    "source",
    "csv",
    "images",
    "labels",
    "test_images",
    "test_labels",
    "label",
    "features",
    "group",
    "channels",
    "window",
    "hop",
    "scale",
    "target",
    "test",
    "limit",
    "size",
    "voices",
    "takes",
    "recordings",
];

/// Where samples come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// `source = "digits"`: images of 8 × 8 pixels, 10 classes.
    Digits {
        /// Pixels on a side, to which the images are enlarged.
        size: Option<u16>,
        /// How many channels have the same value.
        channels: u16,
    },
    /// `source = "keywords"`: spoken words from a synthesizer, 49 frames of 10 coefficients, 12 classes.
    Keywords {
        /// Voices of the training part (120).
        voices: u16,
        /// Times that each voice says each word (1).
        takes: u16,
    },
    /// `source = "machines"`: sounds of machines, 5 frames of 128 bands; broken ones in the test part.
    Machines {
        /// Recordings of the training part (180).
        recordings: u16,
    },
    /// `source = "text"`: English, character by character.
    Text {
        /// Characters of a sample (64).
        length: u16,
    },
    /// `source = "motions"`: recordings of a watch, 6 axes, 4 activities.
    Motions {
        /// Names or indices of the axes to use; all if none.
        channels: Option<Marked<Vec<String>>>,
    },
    /// `csv = "file.csv"`: a header line, then one sample (or one frame of a series) per line.
    Csv {
        /// The file.
        path: Marked<String>,
        /// The column that holds the class.
        label: Option<Marked<String>>,
        /// The columns to learn from; every other one if none.
        features: Option<Vec<Marked<String>>>,
        /// The column that says which recording a line belongs to.
        group: Option<Marked<String>>,
    },
    /// `images = "…", labels = "…"`: IDX files, the MNIST format.
    Idx {
        /// Images and labels to train on.
        train: (Marked<String>, Option<Marked<String>>),
        /// Images and labels to test on; a share of the training part if none.
        test: Option<(Marked<String>, Option<Marked<String>>)>,
    },
}

/// Cutting a series into windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Windowing {
    /// Frames per window.
    pub length: Marked<u16>,
    /// Frames from one window's start to the next.
    pub hop: u16,
}

/// What is done to features before the network sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaling {
    /// `(x − mean) / deviation` of each channel (of each column, for a vector) over the training part.
    Standard,
    /// `(x − min) / (max − min)` of each channel over the training part: 0 to 1.
    Unit,
    /// As they are.
    None,
}

/// What the network learns to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The sample's class.
    Label,
    /// The sample itself: an autoencoder.
    Input,
}

/// `[data]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DataFile {
    /// Where samples come from.
    pub origin: Origin,
    /// The key that names the origin, for errors about the data as a whole.
    pub origin_span: std::ops::Range<usize>,
    /// How a series is cut, if it is one.
    pub windowing: Option<Windowing>,
    /// How features are scaled ("standard").
    pub scaling: Scaling,
    /// What is learnt.
    pub target: Target,
    /// Share of the samples held out for the test (0.2).
    pub test: Marked<f32>,
    /// At most so many samples to learn from, drawn by the seed; all if none.
    pub limit: Option<usize>,
}

impl DataFile {
    pub(super) fn read(table: &Table<'_>, model: &ModelFile) -> Result<Self, Complaint> {
        let origins: Vec<&str> = ["source", "csv", "images"]
            .into_iter()
            .filter(|key| table.has(key))
            .collect();
        let named = match origins.as_slice() {
            [one] => *one,
            [] => {
                let help = "add `source = \"digits\"` (or motions, keywords, machines, text), `csv = \"file.csv\"`, or \
                            `images = \"…\"` with `labels = \"…\"`";
                return Err(table.missing("source", help));
            }
            [_, second, ..] => {
                return Err(table.wrong(second, "is a second source of data", "keep one of them"));
            }
        };
        let (origin, owns, name): (_, &[&str], _) = match named {
            "source" => {
                let names: Vec<_> = SOURCES.iter().map(|(name, _)| *name).collect();
                let source = table.choice("source", &names)?.unwrap_or_default();
                let spoken = SOURCES.iter().find(|(name, _)| *name == source);
                let (origin, owns) = builtin(table, source)?;
                (origin, owns, spoken.map_or("", |(_, spoken)| spoken))
            }
            "csv" => (
                csv(table)?,
                &["label", "features", "group", "window", "hop", "test"],
                "CSV data",
            ),
            _ => (
                idx(table)?,
                &["labels", "test_images", "test_labels", "test"],
                "IDX data",
            ),
        };
        let common = [named, "scale", "target", "limit"];
        if let Some(key) = KEYS
            .iter()
            .find(|key| table.has(key) && !owns.contains(key) && !common.contains(key))
        {
            let help = format!("remove it: {name} knows {}", crate::complaint::listed(owns));
            return Err(table.wrong(key, format!("does not go with `{named}`"), help));
        }
        let scaling = match table.choice("scale", &["standard", "unit", "none"])? {
            Some("unit") => Scaling::Unit,
            Some("none") => Scaling::None,
            None if model.loss.value == Loss::NextToken => Scaling::None,
            _ => Scaling::Standard,
        };
        if model.loss.value == Loss::NextToken && scaling != Scaling::None {
            let help = "remove it: tokens are taken as they are";
            return Err(table.wrong("scale", "does not go with next_token", help));
        }
        let test = table
            .number("test", "from 0 to below 1", |x| (0.0..1.0).contains(&x))?
            .unwrap_or(0.2);
        Ok(Self {
            windowing: windowing(table)?,
            target: target(table, model, &origin)?,
            test: Marked {
                value: test,
                span: table.key_span("test"),
            },
            origin_span: table.key_span(named),
            limit: table
                .integer("limit", 1..=1_000_000_000)?
                .map(|count| count as usize),
            origin,
            scaling,
        })
    }
}

fn marked(table: &Table<'_>, key: &str) -> Result<Option<Marked<String>>, Complaint> {
    let span = table.get(key).map_or(table.span(), toml::Spanned::span);
    Ok(table.text(key)?.map(|text| Marked {
        value: text.to_owned(),
        span,
    }))
}

fn csv(table: &Table<'_>) -> Result<Origin, Complaint> {
    Ok(Origin::Csv {
        path: table.required("csv", marked(table, "csv")?, "\"file.csv\"")?,
        label: marked(table, "label")?,
        features: table.texts("features")?,
        group: marked(table, "group")?,
    })
}

fn idx(table: &Table<'_>) -> Result<Origin, Complaint> {
    let images = table.required("images", marked(table, "images")?, "\"train-images-idx3-ubyte\"")?;
    let test_labels = marked(table, "test_labels")?;
    let test = marked(table, "test_images")?.map(|images| (images, test_labels.clone()));
    if test.is_none() && test_labels.is_some() {
        return Err(table.missing(
            "test_images",
            "add `test_images = \"…\"`, or remove `test_labels`",
        ));
    }
    Ok(Origin::Idx {
        train: (images, marked(table, "labels")?),
        test,
    })
}

fn windowing(table: &Table<'_>) -> Result<Option<Windowing>, Complaint> {
    let hop = table.extent("hop")?;
    let Some(length) = table.extent("window")? else {
        return match hop {
            Some(_) => Err(table.wrong("hop", "needs a `window`", "add `window = 64`, or remove `hop`")),
            None => Ok(None),
        };
    };
    let span = table.get("window").map_or(table.span(), toml::Spanned::span);
    Ok(Some(Windowing {
        length: Marked { value: length, span },
        hop: hop.unwrap_or(length),
    }))
}

/// Whether a loss learns labels, and whether it learns to reproduce its input.
fn learns(loss: Loss) -> (bool, bool) {
    match loss {
        Loss::CrossEntropy | Loss::WeightedCrossEntropy { .. } => (true, false),
        Loss::BinaryCrossEntropy => (true, true),
        _ => (false, true),
    }
}

/// The loss decides what can be learnt; saying it in the file makes a mistake visible.
fn target(table: &Table<'_>, model: &ModelFile, origin: &Origin) -> Result<Target, Complaint> {
    let asked = table.choice("target", &["label", "input"])?;
    let (labels, inputs) = learns(model.loss.value);
    let target = match asked {
        Some("label") if !labels => {
            let name = super::loss::name(model.loss.value);
            let help = format!(
                "{name} learns to reproduce its input: write `target = \"input\"`, or \
                 `loss = \"cross_entropy\"` to learn classes"
            );
            return Err(table.wrong("target", "does not go with the loss", help));
        }
        Some("input") if !inputs => {
            let help =
                "write `loss = \"mean_squared_error\"` to reproduce the input, or `target = \"label\"`";
            return Err(table.wrong("target", "does not go with the loss", help));
        }
        Some("input") => Target::Input,
        _ if labels => Target::Label,
        _ => Target::Input,
    };
    if target == Target::Label {
        let (missing, help) = match origin {
            Origin::Csv { label: None, .. } => (
                "label",
                "add `label = \"name of the column that holds the class\"`",
            ),
            Origin::Idx { train: (_, None), .. } => ("labels", "add `labels = \"train-labels-idx1-ubyte\"`"),
            Origin::Idx {
                test: Some((_, None)),
                ..
            } => ("test_labels", "add `test_labels = \"t10k-labels-idx1-ubyte\"`"),
            _ => return Ok(target),
        };
        return Err(table.missing(missing, help));
    }
    Ok(target)
}
