//! Shapes as a run file writes them.

use super::table::{Marked, Table, integer_of};
use crate::complaint::{Complaint, Source};
use kilograd::network::Shape;

/// `64`, `[64]`, `[length, channels]`, `[height, width, channels]`, or a table with those names.
pub(super) fn read(source: &Source, table: &Table<'_>, key: &str) -> Result<Marked<Shape>, Complaint> {
    let help = format!(
        "write `{key} = 64` for a vector, `{key} = {{ length = 100, channels = 6 }}` for a series, \
         or `{key} = {{ height = 8, width = 8, channels = 1 }}` for an image"
    );
    let Some(value) = table.get(key) else {
        return Err(table.missing(key, help));
    };
    let extent = |number: u64| u16::try_from(number).ok().filter(|extent| *extent > 0);
    let shape = if let Some(number) = integer_of(value) {
        extent(number).map(Shape::vector)
    } else if let Some(items) = value.get_ref().as_array() {
        let extents: Option<Vec<u16>> = items
            .iter()
            .map(|item| integer_of(item).and_then(extent))
            .collect();
        match extents.as_deref() {
            Some(&[length]) => Some(Shape::vector(length)),
            Some(&[length, channels]) => Some(Shape::series(channels, length)),
            Some(&[height, width, channels]) => Some(Shape::image(channels, height, width)),
            _ => None,
        }
    } else if let Some(entries) = value.get_ref().as_table() {
        let known = ["length", "height", "width", "channels"];
        let inner = Table::new(source, format!("`{key}`"), entries, value.span(), &known)?;
        let channels = inner.extent("channels")?.unwrap_or(1);
        match (
            inner.extent("length")?,
            inner.extent("height")?,
            inner.extent("width")?,
        ) {
            (Some(length), None, None) => Some(Shape::series(channels, length)),
            (None, Some(height), Some(width)) => Some(Shape::image(channels, height, width)),
            _ => None,
        }
    } else {
        None
    };
    let value_span = value.span();
    shape
        .map(|value| Marked {
            value,
            span: value_span,
        })
        .ok_or_else(|| table.wrong(key, "must be a shape with extents from 1 to 65535", help))
}
