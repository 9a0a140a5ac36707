//! `[schedule]`: how the learning rate goes over the updates.

use super::table::Table;
use crate::complaint::{Complaint, listed};
use kilograd::optim::{Rate, Schedule};

/// Every kind and the settings it has, beside those of a warm-up.
const KINDS: &[(&str, &[&str])] = &[
    ("constant", &[]),
    ("step", &["every", "factor"]),
    ("exponential", &["factor"]),
    ("cosine", &["steps", "floor"]),
    ("plateau", &["patience", "factor", "floor", "delta"]),
];

const COMMON: &[&str] = &["kind", "warm_up", "warm_up_start"];

/// Reads `[schedule]`, for a base rate of `base`; none if there is no such section.
pub(super) fn read(top: &Table<'_>, base: f32) -> Result<Option<Rate>, Complaint> {
    let mut every: Vec<&str> = COMMON.to_vec();
    for setting in KINDS.iter().flat_map(|(_, settings)| settings.iter()) {
        if !every.contains(setting) {
            every.push(setting);
        }
    }
    let Some(table) = top.section("schedule", &every)? else {
        return Ok(None);
    };
    let names: Vec<&'static str> = KINDS.iter().map(|(name, _)| *name).collect();
    let name = table.required("kind", table.choice("kind", &names)?, "\"cosine\"")?;
    let settings = KINDS
        .iter()
        .find(|(kind, _)| *kind == name)
        .map_or(&[][..], |(_, settings)| settings);
    if let Some(key) = every
        .iter()
        .find(|key| table.has(key) && !settings.contains(key) && !COMMON.contains(key))
    {
        let help = match settings {
            [] => format!("remove it: a {name} schedule has no setting but a warm-up"),
            settings => format!("remove it: a {name} schedule knows {}", listed(settings)),
        };
        return Err(table.wrong(key, format!("does not go with kind = \"{name}\""), help));
    }
    let count = |key: &str, example: &str| {
        let number = table.integer(key, 1..=1_000_000_000)?;
        let number = number.and_then(|number| u32::try_from(number).ok());
        table.required(key, number, example)
    };
    let factor = || {
        let factor = table.number("factor", "above 0 and below 1", |x| x > 0.0 && x < 1.0)?;
        table.required("factor", factor, "0.5")
    };
    let floor = match table.number("floor", "of 0 or more", |x| x >= 0.0)? {
        Some(floor) if floor > base => {
            let help = format!("write at most {base}, the `learning_rate` of [optimizer]");
            return Err(table.wrong("floor", "is above the rate that it is to fall from", help));
        }
        floor => floor.unwrap_or(0.0),
    };
    let schedule = match name {
        "step" => Schedule::Step {
            every: count("every", "1000")?,
            factor: factor()?,
        },
        "exponential" => Schedule::Exponential { factor: factor()? },
        "cosine" => Schedule::Cosine {
            steps: count("steps", "10000")?,
            floor,
        },
        "plateau" => Schedule::Plateau {
            patience: match table.integer("patience", 0..=1_000_000_000)? {
                Some(patience) => u32::try_from(patience).unwrap_or(u32::MAX),
                None => 10,
            },
            factor: factor()?,
            floor,
            delta: table
                .number("delta", "of 0 or more", |x| x >= 0.0)?
                .unwrap_or(1e-4),
        },
        _ => Schedule::Constant,
    };
    let warm_up = table.integer("warm_up", 0..=1_000_000_000)?.unwrap_or(0);
    let start = table.number("warm_up_start", "from 0 to 1", |x| (0.0..=1.0).contains(&x))?;
    if start.is_some() && warm_up == 0 {
        let help = "add `warm_up = 100`, the number of updates that it takes";
        return Err(table.wrong("warm_up_start", "needs a warm-up", help));
    }
    let rate = Rate::new(base, schedule);
    let updates = u32::try_from(warm_up).unwrap_or(u32::MAX);
    Ok(Some(rate.warm_up(updates, start.unwrap_or(0.0))))
}
