//! Layers as a run file writes them.

use super::table::Table;
use crate::complaint::{Complaint, Source, listed, nearest, suggestion};
use kilograd::network::{self, Entry, Init};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A layer and its place in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerLine {
    /// What it is.
    pub entry: Entry,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Every kind and the options it has. A new layer is one line here and one arm in [`entry`].
const KINDS: &[(&str, &[&str])] = &[
    ("dense", &["units", "init", "frozen"]),
    (
        "conv1d",
        &["channels", "kernel", "stride", "padding", "init", "frozen"],
    ),
    ("relu", &[]),
    ("tanh", &[]),
    ("sigmoid", &[]),
    ("global_average", &[]),
    ("add", &["back"]),
    ("relu6", &[]),
    ("leaky_relu", &["slope"]),
    ("elu", &["alpha"]),
    ("gelu", &[]),
    ("silu", &[]),
    ("softmax", &[]),
    ("batch_norm", &["per_sample", "momentum", "frozen"]),
    ("layer_norm", &["frozen"]),
    ("rms_norm", &["frozen"]),
    ("group_norm", &["groups", "frozen"]),
    ("instance_norm", &["frozen"]),
    ("dropout", &["rate"]),
];

/// Reads layer `number`, counted from 0 as the planner and its build errors do.
pub fn read(source: &Source, number: usize, value: &Spanned<DeValue<'_>>) -> Result<LayerLine, Complaint> {
    let span = value.span();
    let Some(entries) = value.get_ref().as_table() else {
        let help = "write a layer as `{ kind = \"dense\", units = 32 }`";
        return Err(source.complain(span, format!("layer {number} must be a table"), help));
    };
    let (name, options) = kind(source, number, entries, &span)?;
    let what = format!("layer {number} ({name})");
    foreign_option(source, &what, entries, options)?;
    let known: Vec<&str> = std::iter::once("kind").chain(options.iter().copied()).collect();
    let table = Table::new(source, what, entries, span.clone(), &known)?;
    Ok(LayerLine {
        entry: entry(&table, name)?,
        span,
    })
}

/// The layer's kind and the options that go with it.
fn kind(
    source: &Source,
    number: usize,
    entries: &DeTable<'_>,
    span: &Range<usize>,
) -> Result<(&'static str, &'static [&'static str]), Complaint> {
    let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    let Some(kind) = entries.get("kind") else {
        // A misspelt `kind` is the likeliest reason.
        let near = entries
            .keys()
            .find(|key| nearest(key.get_ref(), &["kind"]).is_some());
        let help = match near {
            Some(key) => format!("did you mean `kind` where `{}` stands?", key.get_ref()),
            None => format!("add `kind = \"...\"`, one of {}", listed(&names)),
        };
        let at = near.map_or(span.clone(), Spanned::span);
        return Err(source.complain(at, format!("layer {number} needs the key `kind`"), help));
    };
    let name = kind.get_ref().as_str().unwrap_or_default();
    KINDS
        .iter()
        .find(|(known, _)| *known == name)
        .copied()
        .ok_or_else(|| {
            let help = suggestion(name, &names, "`kind`");
            source.complain(
                kind.span(),
                format!("layer {number} has no known kind: \"{name}\""),
                help,
            )
        })
}

/// The layer as the engine knows it.
fn entry(table: &Table<'_>, name: &str) -> Result<Entry, Complaint> {
    let extent = |key: &str, example: &str| table.required(key, table.extent(key)?, example);
    let positive = |key: &str| table.number(key, "above 0", |x| x > 0.0);
    let mut entry = match name {
        "dense" => network::dense(extent("units", "32")?),
        "conv1d" => network::conv1d(extent("channels", "8")?, extent("kernel", "5")?)
            .stride(table.extent("stride")?.unwrap_or(1))
            .padding(table.integer("padding", 0..=u64::from(u16::MAX))?.unwrap_or(0) as u16),
        "relu" => network::relu(),
        "tanh" => network::tanh(),
        "sigmoid" => network::sigmoid(),
        "global_average" => network::global_average(),
        "relu6" => network::relu6(),
        "leaky_relu" => network::leaky_relu(positive("slope")?.unwrap_or(0.01)),
        "elu" => network::elu(positive("alpha")?.unwrap_or(1.0)),
        "gelu" => network::gelu(),
        "silu" => network::silu(),
        "softmax" => network::softmax(),
        "batch_norm" => {
            let momentum = table.number("momentum", "above 0 and at most 1", |x| x > 0.0 && x <= 1.0)?;
            let norm = network::batch_norm().momentum(momentum.unwrap_or(0.1));
            match table.flag("per_sample")? {
                Some(true) => norm.per_sample(),
                _ => norm,
            }
        }
        "layer_norm" => network::layer_norm(),
        "rms_norm" => network::rms_norm(),
        "group_norm" => network::group_norm(extent("groups", "4")?),
        "instance_norm" => network::instance_norm(),
        "dropout" => {
            let rate = table.number("rate", "from 0 to below 1", |x| (0.0..1.0).contains(&x))?;
            network::dropout(table.required("rate", rate, "0.2")?)
        }
        _ => {
            let back = table.integer("back", 2..=u64::from(u8::MAX))?;
            network::add(table.required("back", back, "2")? as u8)
        }
    };
    match table.choice("init", &["auto", "he", "glorot", "lecun"])? {
        Some("he") => entry = entry.init(Init::He),
        Some("glorot") => entry = entry.init(Init::Glorot),
        Some("lecun") => entry = entry.init(Init::LeCun),
        _ => {}
    }
    if table.flag("frozen")? == Some(true) {
        entry = entry.frozen();
    }
    Ok(entry)
}

/// An option that exists, but on other layers, deserves a better answer than "unknown".
fn foreign_option(
    source: &Source,
    what: &str,
    entries: &DeTable<'_>,
    options: &[&str],
) -> Result<(), Complaint> {
    for key in entries.keys() {
        let word = key.get_ref().as_ref();
        let has = |(_, options): &&(&str, &[&str])| options.contains(&word);
        let owners: Vec<&str> = KINDS.iter().filter(has).map(|(name, _)| *name).collect();
        if word != "kind" && !options.contains(&word) && !owners.is_empty() {
            let here = match options {
                [] => "this layer takes no option".to_owned(),
                _ => format!("this layer knows {}", listed(options)),
            };
            let help = format!("remove it: `{word}` belongs to {}; {here}", listed(&owners));
            return Err(source.complain(key.span(), format!("{what} has no option `{word}`"), help));
        }
    }
    Ok(())
}
