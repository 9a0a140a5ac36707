//! `[model]`: input shape, layers, loss.

use super::layer::{self, LayerLine};
use super::table::{Marked, Table, integer_of};
use crate::complaint::{Complaint, Source};
use kilograd::loss::Loss;
use kilograd::network::Shape;

/// The keys of `[model]`.
pub const KEYS: &[&str] = &["input", "layers", "loss"];

/// `[model]`.
#[derive(Debug, Clone)]
pub struct ModelFile {
    /// Shape of one input.
    pub input: Marked<Shape>,
    /// Layers in order; never empty.
    pub layers: Vec<LayerLine>,
    /// The loss.
    pub loss: Marked<Loss>,
}

impl ModelFile {
    pub(super) fn read(source: &Source, table: &Table<'_>) -> Result<Self, Complaint> {
        let input = input(source, table)?;
        let Some(value) = table.get("layers") else {
            return Err(table.missing("layers", "add `layers = [{ kind = \"dense\", units = 10 }]`"));
        };
        let Some(items) = value.get_ref().as_array().filter(|items| !items.is_empty()) else {
            let help =
                "write `layers = [{ kind = \"dense\", units = 10 }]`, or one [[model.layers]] per layer";
            return Err(table.wrong("layers", "must be a list of at least one layer", help));
        };
        let layers: Result<Vec<_>, _> = items
            .iter()
            .enumerate()
            .map(|(index, item)| layer::read(source, index, item))
            .collect();
        let layers = layers?;
        let loss = super::loss::read(source, table)?;
        Ok(Self { input, layers, loss })
    }
}

/// `64`, `[64]`, `[length, channels]`, `[height, width, channels]`, or a table with those names.
fn input(source: &Source, table: &Table<'_>) -> Result<Marked<Shape>, Complaint> {
    const HELP: &str = "write `input = 64` for a vector, `input = { length = 100, channels = 6 }` for a series, \
                        or `input = { height = 8, width = 8, channels = 1 }` for an image";
    let Some(value) = table.get("input") else {
        return Err(table.missing("input", HELP));
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
        let inner = Table::new(source, "`input` of [model]", entries, value.span(), &known)?;
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
        .ok_or_else(|| table.wrong("input", "must be a shape with extents from 1 to 65535", HELP))
}
