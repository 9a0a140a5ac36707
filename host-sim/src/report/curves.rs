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

    /// Reads what [`write_csv`](Self::write_csv) wrote, up to `epoch`: the past of a run that goes on.
    /// A line that cannot be read is left out; the curves are for looking at.
    pub fn read_csv(path: &Path, epoch: u32) -> Self {
        let Ok(mut reader) = csv::Reader::from_path(path) else {
            return Self::default();
        };
        let point = |record: &csv::StringRecord| {
            let cell = |column: usize| record.get(column)?.parse().ok();
            Some(Point {
                epoch: record.get(0)?.parse().ok()?,
                step: record.get(1)?.parse().ok()?,
                train_loss: cell(2)?,
                validation_loss: cell(3),
                validation_accuracy: cell(4),
                gradient_norm: cell(5),
            })
        };
        let points = reader.records().flatten().filter_map(|record| point(&record));
        Self {
            points: points.filter(|point| point.epoch <= epoch).collect(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_of_a_run_is_read_back() {
        let path = std::env::temp_dir().join(format!("kilograd-curves-{}.csv", std::process::id()));
        let point = |epoch| Point {
            epoch,
            step: u64::from(epoch) * 10,
            train_loss: 0.1 * epoch as f32,
            validation_loss: (epoch != 2).then_some(1.5),
            validation_accuracy: None,
            gradient_norm: Some(1e-20),
        };
        Curves {
            points: vec![point(1), point(2), point(3)],
        }
        .write_csv(&path)
        .unwrap();
        assert_eq!(Curves::read_csv(&path, 2).points, [point(1), point(2)]);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(Curves::read_csv(&path, 2).points, []);
    }
}
