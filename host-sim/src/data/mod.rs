//! Data sets: reading, cutting into windows, splitting, scaling.

pub mod builtin;
mod csv;
mod enlarge;
mod idx;
pub mod keywords;
pub mod machines;
mod motions;
mod scale;
mod split;
pub mod text;

pub use enlarge::Enlarge;
pub use motions::AXES;
pub use scale::Scaler;
pub use split::{OneRecording, hold_out};

use crate::complaint::Complaint;
use crate::run::{Origin, RunFile, Target};
use kilograd::load::{Label, Samples, Split};
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
    /// Whether a sample is one that a model of the usual ones should find odd; empty when no one knows.
    pub odd: Vec<bool>,
    /// How a stored image becomes a sample, if it is stored smaller than it is seen.
    pub enlarge: Option<Enlarge>,
}

impl Dataset {
    /// No sample yet, of this shape.
    pub fn of(shape: Shape) -> Self {
        Self {
            shape,
            features: vec![],
            labels: vec![],
            classes: vec![],
            recordings: vec![],
            odd: vec![],
            enlarge: None,
        }
    }

    /// Shape of a sample as it is stored.
    pub fn stored(&self) -> Shape {
        self.enlarge.map_or(self.shape, |enlarge| enlarge.from)
    }

    /// The stored values of sample `index`; empty past the end.
    pub fn sample(&self, index: usize) -> &[f32] {
        let length = self.stored().len();
        self.features
            .get(index * length..(index + 1) * length)
            .unwrap_or(&[])
    }

    /// The samples at `indices`, in that order.
    pub fn select(&self, indices: &[usize]) -> Self {
        fn chosen<T: Copy>(all: &[T], indices: &[usize]) -> Vec<T> {
            let chosen = indices.iter().filter_map(|&index| all.get(index).copied());
            chosen.collect()
        }
        let mut features = Vec::with_capacity(indices.len() * self.stored().len());
        indices
            .iter()
            .for_each(|&index| features.extend_from_slice(self.sample(index)));
        Self {
            features,
            labels: chosen(&self.labels, indices),
            classes: self.classes.clone(),
            recordings: chosen(&self.recordings, indices),
            odd: chosen(&self.odd, indices),
            ..*self
        }
    }
}

impl Samples<f32> for Dataset {
    fn len(&self) -> usize {
        self.recordings.len()
    }

    fn scale(&self) {}

    fn read(&self, index: usize, into: &mut [f32]) -> Option<Label> {
        let sample = self
            .features
            .chunks_exact(self.stored().len().max(1))
            .nth(index)?;
        if into.len() != self.shape.len() {
            return None;
        }
        match &self.enlarge {
            Some(enlarge) => enlarge.image(sample, into),
            None => into.copy_from_slice(sample),
        }
        Some(
            self.labels
                .get(index)
                .map_or(Label::Itself, |class| Label::Class(*class)),
        )
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

impl Parts {
    /// Training and validation part as one set, laid out so that its [`Split`] by `key` divides it into
    /// the two again: the loop divides a set by samples, but these were divided by recordings.
    pub fn joined(&self, key: u64) -> (Dataset, Split) {
        let (train, validation) = (self.train.len() as u32, self.validation.len() as u32);
        let split = Split::new(train + validation, validation, key);
        let mut both = self.train.clone();
        both.features.extend_from_slice(&self.validation.features);
        both.labels.extend_from_slice(&self.validation.labels);
        both.recordings.extend_from_slice(&self.validation.recordings);
        both.odd.extend_from_slice(&self.validation.odd);
        let mut order = vec![0; both.len()];
        let places = (0..train)
            .map(|i| split.training(i))
            .chain((0..validation).map(|i| split.validation(i)));
        for (from, place) in places.enumerate() {
            if let Some(to) = place.and_then(|place| order.get_mut(place as usize)) {
                *to = from;
            }
        }
        (both.select(&order), split)
    }
}

/// Reads, cuts, splits and scales the data of a run.
///
/// # Errors
/// A [`Complaint`] about the file, or about the line of the run file that does not fit the data.
pub fn parts(run: &RunFile, seed: u64) -> Result<Parts, Complaint> {
    let folder = run.folder();
    let path = |name: &str| -> PathBuf { folder.join(name) };
    let (all, separate) = match &run.data.origin {
        Origin::Digits { size, channels } => (motions::enlarged_digits(*size, *channels), None),
        Origin::Keywords { voices, takes } => separated(keywords::keywords(*voices, *takes, seed)),
        Origin::Machines { recordings } => separated(machines::machines(*recordings, seed)),
        Origin::Text { length } => separated(text::text(*length)),
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
    if run.data.target == Target::Input {
        // A sample without a class is its own target. Until here classes kept the parts alike.
        [&mut train, &mut validation, &mut test]
            .into_iter()
            .for_each(|part| part.labels.clear());
    }
    if let Some(limit) = run.data.limit {
        train = split::some(&train, limit, seed);
    }
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

/// A test part that the source itself keeps apart.
fn separated((training, test): (Dataset, Dataset)) -> (Dataset, Option<Dataset>) {
    (training, Some(test))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaint::Source;

    fn motions(scale: &str) -> Parts {
        let text = format!(
            "[model]\ninput = [64, 2]\nlayers = [{{ kind = \"dense\", units = 4 }}]\nloss = \"cross_entropy\"\n\
             [optimizer]\nkind = \"adam\"\n[fit]\nvalidation = 0.25\n\
             [data]\nsource = \"motions\"\nchannels = [0, 4]\nwindow = 64\nhop = 12\nscale = \"{scale}\"\n"
        );
        let run = RunFile::parse(Source {
            name: "run.toml".into(),
            text,
        })
        .unwrap();
        parts(&run, 9).unwrap()
    }

    #[test]
    fn the_training_part_alone_decides_the_scale() {
        let parts = motions("standard");
        let mean = |data: &Dataset, channel: usize| {
            let values = data.features.iter().skip(channel).step_by(2);
            values.clone().sum::<f32>() / values.count() as f32
        };
        for channel in 0..2 {
            assert!(mean(&parts.train, channel).abs() < 1e-4);
            assert!(mean(&parts.test, channel).abs() > 1e-3 && mean(&parts.validation, channel).abs() > 1e-3);
        }
        // The same scale on every part: scaled back, all are as they were.
        let plain = motions("none");
        for (scaled, plain) in [(&parts.test, &plain.test), (&parts.validation, &plain.validation)] {
            let back = scaled.features.iter().zip([0, 1].iter().cycle());
            let back = back.map(|(x, c)| x / parts.scaler.factor[*c] + parts.scaler.offset[*c]);
            assert!(back.zip(&plain.features).all(|(a, b)| (a - b).abs() < 1e-3));
        }
    }

    #[test]
    fn the_loop_divides_the_joined_set_into_the_parts_again() {
        let parts = motions("none");
        assert_eq!(
            (parts.train.len(), parts.validation.len(), parts.test.len()),
            (192, 64, 64)
        );
        let (set, split) = parts.joined(5);
        assert_eq!((split.training_len(), split.validation_len()), (192, 64));
        let same = |place: Option<u32>, part: &Dataset, index: u32| {
            let (place, index) = (place.unwrap() as usize, index as usize);
            set.sample(place) == part.sample(index) && set.labels[place] == part.labels[index]
        };
        assert!((0..192).all(|i| same(split.training(i), &parts.train, i)));
        assert!((0..64).all(|i| same(split.validation(i), &parts.validation, i)));
        let held =
            |part: &Dataset, other: &Dataset| part.recordings.iter().any(|r| other.recordings.contains(r));
        assert!(!held(&parts.train, &parts.validation) && !held(&parts.train, &parts.test));
        assert!(!held(&parts.validation, &parts.test));
    }
}
