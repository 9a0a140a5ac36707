//! Layers as a run file writes them.

use super::kinds::KINDS;
use super::shape;
use super::table::{Table, integer_of};
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
    let known: Vec<&str> = ["kind", "from", "recompute"]
        .iter()
        .chain(options)
        .copied()
        .collect();
    let table = Table::new(source, what, entries, span.clone(), &known)?;
    Ok(LayerLine {
        entry: entry(source, &table, name)?,
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
fn entry(source: &Source, table: &Table<'_>, name: &str) -> Result<Entry, Complaint> {
    let mut entry = match plain(name) {
        Some(entry) => entry,
        None => with_settings(source, table, name)?,
    };
    // Of any layer; whether there is a layer at that place is for the planner to say.
    if let Some(from) = table.integer("from", 1..=u64::from(u8::MAX))? {
        entry = entry.from(from as u8);
    }
    if table.flag("recompute")? == Some(true) {
        entry = entry.recompute();
    }
    if let Some(stride) = table.extent("stride")? {
        entry = entry.stride(stride);
    }
    if name == "conv2d" && table.has("padding") {
        entry = entry.padding_by_side(sides(table, "padding", 0)?);
    } else if let Some(padding) = table.integer("padding", 0..=u64::from(u16::MAX))? {
        entry = entry.padding(padding as u16);
    }
    if let Some(dilation) = table.extent("dilation")? {
        entry = entry.dilation(dilation);
    }
    if table.flag("per_sample")? == Some(true) {
        entry = entry.per_sample();
    }
    if let Some(momentum) = table.number("momentum", "above 0 and at most 1", |x| x > 0.0 && x <= 1.0)? {
        entry = entry.momentum(momentum);
    }
    if table.flag("causal")? == Some(true) {
        entry = entry.causal();
    }
    match table.choice("init", &["auto", "he", "glorot", "lecun"])? {
        Some("he") => entry = entry.init(Init::He),
        Some("glorot") => entry = entry.init(Init::Glorot),
        Some("lecun") => entry = entry.init(Init::LeCun),
        _ => {}
    }
    part(table, entry)
}

/// What of the layer learns: all of it, unless one of these keys says otherwise.
fn part(table: &Table<'_>, entry: Entry) -> Result<Entry, Complaint> {
    let mut chosen = vec![];
    for key in ["frozen", "bias_only"] {
        if table.flag(key)? == Some(true) {
            chosen.push(key);
        }
    }
    chosen.extend(["low_rank", "sparse"].into_iter().filter(|key| table.has(key)));
    match chosen.as_slice() {
        [] => Ok(entry),
        ["frozen"] => Ok(entry.frozen()),
        ["bias_only"] => Ok(entry.bias_only()),
        ["low_rank"] => Ok(entry.low_rank(table.extent("low_rank")?.unwrap_or(1))),
        [_] => {
            let [from, count] = sides(table, "sparse", 0)?;
            Ok(entry.channels(from, count))
        }
        [first, second, ..] => {
            let help = "keep one: `frozen` learns nothing, `bias_only` its biases, `low_rank = 4` an adapter, \
                        `sparse = [0, 8]` the weights of the first 8 input channels";
            Err(table.wrong(second, format!("contradicts `{first}`"), help))
        }
    }
}

/// The kinds without settings that must be given.
fn plain(name: &str) -> Option<Entry> {
    Some(match name {
        "input" => network::input(),
        "relu" => network::relu(),
        "relu6" => network::relu6(),
        "gelu" => network::gelu(),
        "silu" => network::silu(),
        "tanh" => network::tanh(),
        "sigmoid" => network::sigmoid(),
        "softmax" => network::softmax(),
        "global_average" => network::global_average(),
        "global_max" => network::global_max(),
        "batch_norm" => network::batch_norm(),
        "layer_norm" => network::layer_norm(),
        "rms_norm" => network::rms_norm(),
        "instance_norm" => network::instance_norm(),
        "position" => network::position(),
        "last" => network::last(),
        "flatten" => network::flatten(),
        _ => return None,
    })
}

/// The kinds with settings.
fn with_settings(source: &Source, table: &Table<'_>, name: &str) -> Result<Entry, Complaint> {
    let extent = |key: &str, example: &str| table.required(key, table.extent(key)?, example);
    let back = || {
        let back = table.integer("back", 2..=u64::from(u8::MAX))?;
        Ok::<_, Complaint>(table.required("back", back, "2")? as u8)
    };
    let positive = |key: &str| table.number(key, "above 0", |x| x > 0.0);
    Ok(match name {
        "dense" => network::dense(extent("units", "32")?),
        "conv1d" => network::conv1d(extent("channels", "8")?, extent("kernel", "5")?),
        "conv2d" => network::conv2d(extent("channels", "8")?, sides(table, "kernel", 1)?),
        "depthwise1d" => network::depthwise1d(extent("kernel", "5")?),
        "depthwise2d" => network::depthwise2d(sides(table, "kernel", 1)?),
        "transposed1d" => network::transposed1d(extent("channels", "8")?, extent("kernel", "5")?),
        "transposed2d" => network::transposed2d(extent("channels", "8")?, sides(table, "kernel", 1)?),
        "upsample" => network::upsample(extent("factor", "2")?),
        "max_pool" => network::max_pool(extent("size", "2")?),
        "average_pool" => network::average_pool(extent("size", "2")?),
        "leaky_relu" => network::leaky_relu(positive("slope")?.unwrap_or(0.01)),
        "elu" => network::elu(positive("alpha")?.unwrap_or(1.0)),
        "group_norm" => network::group_norm(extent("groups", "4")?),
        "dropout" => {
            let rate = table.number("rate", "from 0 to below 1", |x| (0.0..1.0).contains(&x))?;
            network::dropout(table.required("rate", rate, "0.2")?)
        }
        "embedding" => network::embedding(extent("vocabulary", "38")?, extent("width", "32")?),
        "attention" => network::attention(extent("heads", "2")?),
        "rnn" => network::rnn(extent("hidden", "16")?),
        "gru" => network::gru(extent("hidden", "16")?),
        "lstm" => network::lstm(extent("hidden", "16")?),
        "concat" => network::concat(back()?),
        "reshape" => network::reshape(shape::read(source, table, "to")?.value),
        _ => network::add(back()?),
    })
}

/// `kernel = 3` for a square, `kernel = [10, 4]` for another window, height first; a padding likewise.
fn sides(table: &Table<'_>, key: &str, least: u16) -> Result<[u16; 2], Complaint> {
    let value = table.required(key, table.get(key), "3")?;
    let side = |value| {
        let side = integer_of(value).and_then(|side| u16::try_from(side).ok());
        side.filter(|side| *side >= least)
    };
    let sides = match value.get_ref().as_array() {
        Some(items) => items.iter().map(side).collect::<Option<Vec<_>>>(),
        None => side(value).map(|side| vec![side; 2]),
    };
    match sides.as_deref() {
        Some(&[height, width]) => Ok([height, width]),
        _ => {
            let help = format!(
                "write `{key} = 3` for both directions, or `{key} = [10, 4]`, the vertical one first"
            );
            let message = format!("must be one or two numbers from {least} to 65535");
            Err(table.wrong(key, message, help))
        }
    }
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
