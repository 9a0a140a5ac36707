//! `loss` of `[model]`: a name, or a table with a kind and its settings.

use super::table::{Marked, Table, number_of};
use crate::complaint::{Complaint, Source, listed, suggestion};
use kilograd::loss::Loss;

/// Every kind and the settings it has.
const KINDS: &[(&str, &[&str])] = &[
    ("cross_entropy", &["smoothing", "weights"]),
    ("binary_cross_entropy", &[]),
    ("mean_squared_error", &[]),
    ("mean_absolute_error", &[]),
    ("huber", &["delta"]),
    ("next_token", &[]),
];

/// Losses whose targets are other samples, which a run file has no way to name.
const CONTRASTS: &[&str] = &["pair", "triplet", "info_nce"];

/// Its name in run files.
pub(super) fn name(loss: Loss) -> &'static str {
    match loss {
        Loss::CrossEntropy | Loss::WeightedCrossEntropy { .. } => "cross_entropy",
        Loss::BinaryCrossEntropy => "binary_cross_entropy",
        Loss::MeanSquaredError => "mean_squared_error",
        Loss::MeanAbsoluteError => "mean_absolute_error",
        Loss::Huber { .. } => "huber",
        Loss::NextToken => "next_token",
        Loss::Pair { .. } => "pair",
        Loss::Triplet { .. } => "triplet",
        Loss::InfoNce { .. } => "info_nce",
    }
}

/// Reads `loss` of `[model]`.
pub(super) fn read(source: &Source, model: &Table<'_>) -> Result<Marked<Loss>, Complaint> {
    const EXAMPLE: &str = "\"cross_entropy\"` or `loss = \"mean_squared_error\"";
    let names: Vec<&'static str> = KINDS.iter().map(|(name, _)| *name).collect();
    let value = model.required("loss", model.get("loss"), EXAMPLE)?;
    let span = value.span();
    let Some(entries) = value.get_ref().as_table() else {
        let text = value.get_ref().as_str().unwrap_or_default();
        if CONTRASTS.contains(&text) {
            return Err(contrast(model, "loss", text));
        }
        let name = model.choice("loss", &names)?.unwrap_or_default();
        let loss = match name {
            "huber" => {
                let help = "write `loss = { kind = \"huber\", delta = 1.0 }`";
                return Err(model.wrong("loss", "needs a delta", help));
            }
            "binary_cross_entropy" => Loss::BinaryCrossEntropy,
            "mean_squared_error" => Loss::MeanSquaredError,
            "mean_absolute_error" => Loss::MeanAbsoluteError,
            "next_token" => Loss::NextToken,
            _ => Loss::CrossEntropy,
        };
        return Ok(Marked { value: loss, span });
    };
    let every: Vec<&str> = std::iter::once("kind")
        .chain(KINDS.iter().flat_map(|(_, settings)| settings.iter().copied()))
        .collect();
    let what = "`loss` of [model]";
    let loose = Table::new(source, what, entries, span.clone(), &every)?;
    let text = loose.required("kind", loose.text("kind")?, "\"huber\"")?;
    if CONTRASTS.contains(&text) {
        return Err(contrast(&loose, "kind", text));
    }
    let Some((kind, settings)) = KINDS.iter().find(|(name, _)| *name == text) else {
        let help = suggestion(text, &names, "`kind`");
        return Err(loose.wrong("kind", format!("cannot be \"{text}\""), help));
    };
    if let Some(key) = every
        .iter()
        .skip(1)
        .find(|key| loose.has(key) && !settings.contains(key))
    {
        let help = match settings {
            [] => format!("remove it: {kind} has no setting"),
            settings => format!("remove it: {kind} knows {}", listed(settings)),
        };
        return Err(loose.wrong(key, format!("does not go with {kind}"), help));
    }
    let value = match *kind {
        "huber" => {
            let delta = loose.number("delta", "above 0", |x| x > 0.0)?;
            Loss::Huber {
                delta: loose.required("delta", delta, "1.0")?,
            }
        }
        "cross_entropy" if loose.has("smoothing") || loose.has("weights") => Loss::WeightedCrossEntropy {
            smoothing: loose
                .number("smoothing", "from 0 to 1", |x| (0.0..=1.0).contains(&x))?
                .unwrap_or(0.0),
            weights: weights(&loose)?,
        },
        "binary_cross_entropy" => Loss::BinaryCrossEntropy,
        "mean_squared_error" => Loss::MeanSquaredError,
        "mean_absolute_error" => Loss::MeanAbsoluteError,
        "next_token" => Loss::NextToken,
        _ => Loss::CrossEntropy,
    };
    Ok(Marked { value, span })
}

fn contrast(table: &Table<'_>, key: &str, name: &str) -> Complaint {
    let help = "its targets are other embeddings, which only a program can give: see \
                `kilograd::loss::Loss`; a run file learns classes, its input, or the next token";
    table.wrong(key, format!("cannot be \"{name}\" in a run file"), help)
}

/// One weight per class, kept for as long as the program runs, like those of a firmware.
fn weights(table: &Table<'_>) -> Result<&'static [f32], Complaint> {
    let Some(value) = table.get("weights") else {
        return Ok(&[]);
    };
    let numbers = value.get_ref().as_array().and_then(|items| {
        let numbers = items.iter().map(number_of);
        numbers
            .map(|number| number.filter(|number| number.is_finite() && *number >= 0.0))
            .collect::<Option<Vec<f32>>>()
    });
    match numbers.filter(|numbers| !numbers.is_empty()) {
        Some(numbers) => Ok(numbers.leak()),
        None => {
            let help = "write one number per class, in the order of the classes: `weights = [1.0, 2.5]`";
            Err(table.wrong("weights", "must be a list of numbers of 0 or more", help))
        }
    }
}
