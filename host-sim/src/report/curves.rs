//! Learning curves: one line per epoch.

use super::plot::{Line, Panel, Picture};
use std::io;
use std::path::Path;

/// What is known at the end of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// Epochs done.
    pub epoch: u32,
    /// Updates done.
    pub step: u64,
    /// Mean loss over the epoch's samples, each before the update that it caused.
    pub train_loss: f32,
    /// Mean loss over the validation part.
    pub validation_loss: Option<f32>,
    /// Share of the validation part classified rightly.
    pub validation_accuracy: Option<f32>,
    /// Mean norm of the gradient.
    pub gradient_norm: Option<f32>,
}

/// The points of a run, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curves {
    /// One per epoch.
    pub points: Vec<Point>,
}

impl Curves {
    /// Writes a table with a header line; what a run did not measure is left empty.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_csv(&self, path: &Path) -> io::Result<()> {
        let mut writer = csv::Writer::from_path(path)?;
        let header = [
            "epoch",
            "step",
            "train_loss",
            "validation_loss",
            "validation_accuracy",
            "gradient_norm",
        ];
        writer.write_record(header)?;
        let cell = |value: Option<f32>| value.map_or(String::new(), |value| value.to_string());
        for point in &self.points {
            writer.write_record([
                point.epoch.to_string(),
                point.step.to_string(),
                point.train_loss.to_string(),
                cell(point.validation_loss),
                cell(point.validation_accuracy),
                cell(point.gradient_norm),
            ])?;
        }
        writer.flush()
    }

    /// Draws loss (and accuracy, if it was measured) against epochs.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_svg(&self, path: &Path, title: &str) -> io::Result<()> {
        let line = |name: &str, value: fn(&Point) -> Option<f32>| {
            let at = |point: &Point| Some((f64::from(point.epoch), f64::from(value(point)?)));
            let points: Vec<_> = self.points.iter().filter_map(at).collect();
            (!points.is_empty()).then(|| Line {
                name: name.into(),
                points,
            })
        };
        let panel = |y_label: &str, lines: Vec<Option<Line>>| {
            let lines: Vec<Line> = lines.into_iter().flatten().collect();
            (!lines.is_empty()).then(|| Panel {
                x_label: "epoch".into(),
                y_label: y_label.into(),
                lines,
            })
        };
        let train = line("training", |point| Some(point.train_loss));
        let validation = line("validation", |point| point.validation_loss);
        let accuracy = line("validation", |point| {
            point.validation_accuracy.map(|share| share * 100.0)
        });
        let panels = [
            panel("loss", vec![train, validation]),
            panel("accuracy in %", vec![accuracy]),
        ];
        let panels = panels.into_iter().flatten().collect();
        Picture {
            title: title.into(),
            panels,
            marks: vec![],
        }
        .write_svg(path)
    }
}
