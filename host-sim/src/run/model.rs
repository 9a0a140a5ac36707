//! `[model]`: input shape, layers, loss.

use super::layer::{self, LayerLine};
use super::shape;
use super::table::{Marked, Table};
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
        let input = shape::read(source, table, "input")?;
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
