//! Data sets: reading, cutting into windows, splitting, scaling.

pub mod builtin;
mod csv;
mod idx;
mod motions;
mod scale;
mod split;

pub use motions::AXES;
pub use scale::Scaler;
pub use split::hold_out;

use crate::complaint::Complaint;
use crate::run::{Origin, RunFile, Target};
use kilograd::network::Shape;
use std::path::PathBuf;

/// Samples in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Shape of one sample.
    pub shape: Shape,
    /// All values, sample after sample.
    pub features: Vec<f32>,
    /// Class of each sample; empty when the data have none.
    pub labels: Vec<u16>,
    /// Name of each class.
    pub classes: Vec<String>,
    /// Which recording each sample comes from. A split never tears one apart: overlapping windows on
    /// both sides would let a network be tested on what it has seen.
    pub recordings: Vec<u32>,
}

impl Dataset {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.recordings.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.recordings.is_empty()
    }

    /// The values of sample `index`; empty past the end.
    pub fn sample(&self, index: usize) -> &[f32] {
        let length = self.shape.len();
        self.features
            .get(index * length..(index + 1) * length)
            .unwrap_or(&[])
    }

    /// The samples at `indices`, in that order.
    pub fn select(&self, indices: &[usize]) -> Self {
        let mut features = Vec::with_capacity(indices.len() * self.shape.len());
        indices
            .iter()
            .for_each(|&index| features.extend_from_slice(self.sample(index)));
        Self {
            shape: self.shape,
            features,
            labels: indices
                .iter()
                .filter_map(|&index| self.labels.get(index).copied())
                .collect(),
            classes: self.classes.clone(),
            recordings: indices
                .iter()
                .filter_map(|&index| self.recordings.get(index).copied())
                .collect(),
        }
    }
}

/// The three parts of a run's data, scaled by the training part alone.
#[derive(Debug, Clone)]
pub struct Parts {
    /// What the network learns from.
    pub train: Dataset,
    /// What early stopping watches; empty if the run asks for none.
    pub validation: Dataset,
    /// What is looked at once, at the end; empty if the run asks for none.
    pub test: Dataset,
    /// How the features were scaled.
    pub scaler: Scaler,
}

/// Reads, cuts, splits and scales the data of a run.
///
/// # Errors
/// A [`Complaint`] about the file, or about the line of the run file that does not fit the data.
pub fn parts(run: &RunFile, seed: u64) -> Result<Parts, Complaint> {
    let folder = run.folder();
    let path = |name: &str| -> PathBuf { folder.join(name) };
    let (all, separate) = match &run.data.origin {
        Origin::Digits => (motions::digits(), None),
        Origin::Motions { channels } => (motions::motions(run, channels.as_ref())?, None),
        Origin::Csv {
            path: file,
            label,
            features,
            group,
        } => {
            let columns = csv::Columns {
                label: label.as_ref(),
                features: features.as_deref(),
                group: group.as_ref(),
                wanted: run.data.target == Target::Label,
            };
            (csv::read(run, file, &path(&file.value), &columns)?, None)
        }
        Origin::Idx { train, test } => {
            let read = |(images, labels): &(_, Option<_>)| idx::read(run, images, labels.as_ref(), &path);
            let train = read(train)?;
            let test = test.as_ref().map(read).transpose()?;
            (train, test)
        }
    };
    check_input(run, &all)?;
    let (rest, mut test) = match separate {
        Some(test) => (all, test),
        None => hold_out(&all, run.data.test.value, seed)
            .map_err(|none| none.complain(run, run.data.test.span.clone(), "test"))?,
    };
    if test.shape != rest.shape {
        let message = "the test images have another size than the training images";
        return Err(run.complain(
            run.data.origin_span.clone(),
            message,
            "give files that belong together",
        ));
    }
    // Another key than the test split's, or both would pick the same places.
    let (mut train, mut validation) = hold_out(&rest, run.fit.validation, seed ^ 0x5eed)
        .map_err(|none| none.complain(run, run.data.origin_span.clone(), "validation"))?;
    let scaler = Scaler::fit(&train, run.data.scaling);
    [&mut train, &mut validation, &mut test]
        .into_iter()
        .for_each(|part| scaler.apply(part));
    Ok(Parts {
        train,
        validation,
        test,
        scaler,
    })
}

/// Whether the model's input takes a sample of these data.
fn check_input(run: &RunFile, data: &Dataset) -> Result<(), Complaint> {
    let input = run.model.input.value;
    // A vector on either side is the other one flattened, in memory order.
    let flattened = (input.rank() == 1 || data.shape.rank() == 1) && input.len() == data.shape.len();
    if input == data.shape || flattened {
        return Ok(());
    }
    let message = format!(
        "the input is {}, but a sample of the data is {}",
        spoken(input),
        spoken(data.shape)
    );
    let help = format!("write `input = {}`", written(data.shape));
    Err(run.complain(run.model.input.span.clone(), message, help))
}

/// A shape in words.
pub fn spoken(shape: Shape) -> String {
    match shape.dims() {
        [length] => format!("a vector of {length}"),
        [length, channels] => format!("a series of {length} frames of {channels}"),
        [height, width, channels] => format!("an image of {height} x {width} of {channels}"),
        other => format!("{other:?}"),
    }
}

/// A shape as a run file writes it.
fn written(shape: Shape) -> String {
    match shape.dims() {
        [length] => length.to_string(),
        [length, channels] => format!("{{ length = {length}, channels = {channels} }}"),
        [height, width, channels] => {
            format!("{{ height = {height}, width = {width}, channels = {channels} }}")
        }
        other => format!("{other:?}"),
    }
}
