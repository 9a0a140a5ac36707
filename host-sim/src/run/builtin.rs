//! The sources that come with the program.

use super::data::Origin;
use super::table::{Marked, Table};
use crate::complaint::Complaint;

/// The built-in sources, and what an error calls them.
pub const SOURCES: &[(&str, &str)] = &[
    ("digits", "the built-in digits"),
    ("motions", "the built-in motions"),
    ("keywords", "the generated keywords"),
    ("machines", "the generated machines"),
    ("text", "the built-in text"),
];

/// A source that comes with the program, and the keys that it has.
pub fn builtin(table: &Table<'_>, source: &str) -> Result<(Origin, &'static [&'static str]), Complaint> {
    let extent = |key, usual| Ok::<_, Complaint>(table.extent(key)?.unwrap_or(usual));
    Ok(match source {
        "digits" => (
            Origin::Digits {
                size: table.extent("size")?,
                channels: extent("channels", 1)?,
            },
            &["size", "channels", "test"],
        ),
        "keywords" => (
            Origin::Keywords {
                voices: extent("voices", 120)?,
                takes: extent("takes", 1)?,
            },
            &["voices", "takes"],
        ),
        "machines" => (
            Origin::Machines {
                recordings: extent("recordings", 180)?,
            },
            &["recordings"],
        ),
        "text" => (
            Origin::Text {
                length: extent("window", 64)?,
            },
            &["window"],
        ),
        _ => {
            let channels = table
                .texts("channels")?
                .map(|names| names.into_iter().map(|name| name.value).collect())
                .map(|value| Marked {
                    value,
                    span: table.get("channels").map_or(table.span(), toml::Spanned::span),
                });
            (
                Origin::Motions { channels },
                &["channels", "window", "hop", "test"],
            )
        }
    })
}
