//! Layers as a run file writes them.

use super::table::Table;
use crate::complaint::{Complaint, Source, suggestion};
use std::ops::Range;
use toml::Spanned;
use toml::de::DeValue;

/// A layer and its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{ kind = "dense", units = 32 }`
    Dense { units: u16 },
    /// `{ kind = "conv1d", channels = 8, kernel = 5, stride = 2, padding = 0 }`
    Conv1d {
        channels: u16,
        kernel: u16,
        stride: u16,
        padding: u16,
    },
    /// `{ kind = "relu" }`
    Relu,
    /// `{ kind = "tanh" }`
    Tanh,
    /// `{ kind = "sigmoid" }`
    Sigmoid,
    /// `{ kind = "global_average" }`
    GlobalAverage,
    /// `{ kind = "add", back = 2 }`: adds the output of the layer `back` places earlier.
    Add { back: u16 },
}

/// A layer and its place in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerLine {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Every kind and the options it has. A new layer is one line here and one arm in [`read`].
const KINDS: &[(&str, &[&str])] = &[
    ("dense", &["units"]),
    ("conv1d", &["channels", "kernel", "stride", "padding"]),
    ("relu", &[]),
    ("tanh", &[]),
    ("sigmoid", &[]),
    ("global_average", &[]),
    ("add", &["back"]),
];

/// Reads layer `number`, counted from 0 as the planner and its build errors do.
pub fn read(source: &Source, number: usize, value: &Spanned<DeValue<'_>>) -> Result<LayerLine, Complaint> {
    let span = value.span();
    let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    let Some(entries) = value.get_ref().as_table() else {
        let help = "write a layer as `{ kind = \"dense\", units = 32 }`";
        return Err(source.complain(span, format!("layer {number} must be a table"), help));
    };
    let Some(kind) = entries.get("kind") else {
        // A misspelt `kind` is the likeliest reason.
        let near = entries
            .keys()
            .find(|key| crate::complaint::nearest(key.get_ref(), &["kind"]).is_some());
        let help = match near {
            Some(key) => format!("did you mean `kind` where `{}` stands?", key.get_ref()),
            None => format!(
                "add `kind = \"...\"`, one of {}",
                crate::complaint::listed(&names)
            ),
        };
        let at = near.map_or(span, Spanned::span);
        return Err(source.complain(at, format!("layer {number} needs the key `kind`"), help));
    };
    let name = kind.get_ref().as_str().unwrap_or_default();
    let Some((name, options)) = KINDS.iter().find(|(known, _)| *known == name) else {
        let help = suggestion(name, &names, "`kind`");
        return Err(source.complain(
            kind.span(),
            format!("layer {number} has no known kind: \"{name}\""),
            help,
        ));
    };
    let what = format!("layer {number} ({name})");
    foreign_option(source, &what, entries, options)?;
    let known: Vec<&str> = std::iter::once("kind").chain(options.iter().copied()).collect();
    let table = Table::new(source, what, entries, span.clone(), &known)?;
    let extent = |key: &str, example: &str| table.required(key, table.extent(key)?, example);
    let kind = match *name {
        "dense" => Kind::Dense {
            units: extent("units", "32")?,
        },
        "conv1d" => Kind::Conv1d {
            channels: extent("channels", "8")?,
            kernel: extent("kernel", "5")?,
            stride: table.extent("stride")?.unwrap_or(1),
            padding: table.integer("padding", 0..=u64::from(u16::MAX))?.unwrap_or(0) as u16,
        },
        "relu" => Kind::Relu,
        "tanh" => Kind::Tanh,
        "sigmoid" => Kind::Sigmoid,
        "global_average" => Kind::GlobalAverage,
        _ => Kind::Add {
            back: extent("back", "2")?,
        },
    };
    Ok(LayerLine { kind, span })
}

/// An option that exists, but on other layers, deserves a better answer than "unknown".
fn foreign_option(
    source: &Source,
    what: &str,
    entries: &toml::de::DeTable<'_>,
    options: &[&str],
) -> Result<(), Complaint> {
    for key in entries.keys() {
        let word = key.get_ref().as_ref();
        let owners: Vec<&str> = KINDS
            .iter()
            .filter(|(_, has)| has.contains(&word))
            .map(|(name, _)| *name)
            .collect();
        if word != "kind" && !options.contains(&word) && !owners.is_empty() {
            let here = match options {
                [] => "this layer takes no option".to_owned(),
                _ => format!("this layer knows {}", crate::complaint::listed(options)),
            };
            let help = format!(
                "remove it: `{word}` belongs to {}; {here}",
                crate::complaint::listed(&owners)
            );
            return Err(source.complain(key.span(), format!("{what} has no option `{word}`"), help));
        }
    }
    Ok(())
}
