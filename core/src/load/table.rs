//! Sets in slices: a table of numbers, and clips of raw counts.

use super::{Label, Raw, Samples};
use crate::number::Element;
use core::fmt;

/// Why slices are no set of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SetError {
    /// The values do not divide into samples of `width`.
    Width {
        /// Values in the slice.
        values: usize,
        /// Values of a sample.
        width: usize,
    },
    /// Not one label per sample.
    Labels {
        /// Number of samples.
        samples: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A value is infinite or not a number.
    NotFinite {
        /// Index of the sample.
        sample: usize,
        /// Index of the value in it.
        value: usize,
    },
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Width { values, width } => write!(
                f,
                "{values} values do not divide into samples of {width}: check the input shape"
            ),
            Self::Labels { samples, labels } => {
                write!(f, "{labels} labels for {samples} samples: give one each")
            }
            Self::NotFinite { sample, value } => write!(
                f,
                "value {value} of sample {sample} is infinite or not a number: repair or drop the sample"
            ),
        }
    }
}

impl core::error::Error for SetError {}

/// Number of samples of `width` in `values` values, one label each.
const fn count(values: usize, labels: Option<usize>, width: usize) -> Result<usize, SetError> {
    if width == 0 || !values.is_multiple_of(width) {
        return Err(SetError::Width { values, width });
    }
    let samples = values / width;
    match labels {
        Some(labels) if labels != samples => Err(SetError::Labels { samples, labels }),
        _ => Ok(samples),
    }
}

/// Samples of equal width, one behind the other in a slice.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a, E: Element> {
    values: &'a [E],
    labels: Option<&'a [u16]>,
    width: usize,
    scale: E::Scale,
}

impl<'a, E: Element> Table<'a, E> {
    /// Samples of `width` values each with the class of each; `scale` is what all values share.
    ///
    /// # Errors
    /// [`SetError`] when lengths disagree or a value is not finite.
    pub fn new(values: &'a [E], labels: &'a [u16], width: usize, scale: E::Scale) -> Result<Self, SetError> {
        Self::checked(values, Some(labels), width, scale)
    }

    /// Samples without labels: each is its own target.
    ///
    /// # Errors
    /// [`SetError`] when the values do not divide into samples or one is not finite.
    pub fn unlabelled(values: &'a [E], width: usize, scale: E::Scale) -> Result<Self, SetError> {
        Self::checked(values, None, width, scale)
    }

    fn checked(
        values: &'a [E],
        labels: Option<&'a [u16]>,
        width: usize,
        scale: E::Scale,
    ) -> Result<Self, SetError> {
        count(values.len(), labels.map(<[u16]>::len), width)?;
        match values.iter().position(|value| !value.to_f32(scale).is_finite()) {
            Some(at) => Err(SetError::NotFinite {
                sample: at / width,
                value: at % width,
            }),
            None => Ok(Self {
                values,
                labels,
                width,
                scale,
            }),
        }
    }
}

impl<E: Element> Samples<E> for Table<'_, E> {
    fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    fn scale(&self) -> E::Scale {
        self.scale
    }

    fn read(&self, index: usize, into: &mut [E]) -> Option<Label> {
        let from = index.checked_mul(self.width)?;
        let sample = self.values.get(from..from.checked_add(self.width)?)?;
        let label = match self.labels {
            Some(labels) => Label::Class(*labels.get(index)?),
            None => Label::Itself,
        };
        if into.len() != sample.len() {
            return None;
        }
        for (to, value) in into.iter_mut().zip(sample) {
            *to = *value;
        }
        Some(label)
    }
}

/// Labelled windows of raw counts in a slice, in flash as a rule.
#[derive(Debug, Clone, Copy)]
pub struct Clips<'a> {
    samples: &'a [i16],
    labels: &'a [u8],
    width: usize,
}

impl<'a> Clips<'a> {
    /// Windows of `width` values each, with the class of each. A `const`, so a bad one fails the build
    /// when it is matched there.
    ///
    /// # Errors
    /// [`SetError`] when lengths disagree.
    pub const fn new(samples: &'a [i16], labels: &'a [u8], width: usize) -> Result<Self, SetError> {
        match count(samples.len(), Some(labels.len()), width) {
            Ok(_) => Ok(Self {
                samples,
                labels,
                width,
            }),
            Err(error) => Err(error),
        }
    }
}

impl Raw for Clips<'_> {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn window(&self, index: usize) -> Option<(&[i16], Label)> {
        let from = index.checked_mul(self.width)?;
        let window = self.samples.get(from..from.checked_add(self.width)?)?;
        Some((window, Label::Class(u16::from(*self.labels.get(index)?))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::SelfLabelled;

    #[test]
    fn a_table_reads_by_index_and_writes_nothing_when_it_cannot() {
        let table = Table::new(&[1.0_f32, 2.0, 3.0, 4.0], &[7, 9], 2, ()).unwrap();
        let mut into = [0.0; 2];
        assert_eq!(table.read(1, &mut into), Some(Label::Class(9)));
        assert_eq!(into, [3.0, 4.0]);
        assert_eq!(table.read(2, &mut into), None);
        assert_eq!(table.read(usize::MAX, &mut into), None);
        assert_eq!(table.read(0, &mut into[..1]), None);
        assert_eq!(table.read(0, &mut [0.0; 3]), None);
        assert_eq!(into, [3.0, 4.0]);
        assert_eq!(table.len(), 2);
        assert_eq!(SelfLabelled(table).read(0, &mut into), Some(Label::Itself));
        let table = Table::unlabelled(&[1.0_f32, 2.0], 1, ()).unwrap();
        assert_eq!(table.read(1, &mut into[..1]), Some(Label::Itself));
    }

    #[test]
    fn a_bad_table_names_the_place() {
        let error = |values: &[f32], labels: &[u16], width| Table::new(values, labels, width, ()).err();
        let width = |values, width| Some(SetError::Width { values, width });
        assert_eq!(error(&[1.0; 3], &[0], 2), width(3, 2));
        assert_eq!(error(&[1.0; 3], &[0], 0), width(3, 0));
        let labels = SetError::Labels {
            samples: 2,
            labels: 1,
        };
        assert_eq!(error(&[1.0; 4], &[0], 2), Some(labels));
        for bad in [f32::NAN, f32::INFINITY] {
            let place = SetError::NotFinite { sample: 1, value: 0 };
            assert_eq!(error(&[1.0, 2.0, bad, 4.0], &[0, 1], 2), Some(place));
        }
    }

    #[test]
    fn clips_are_checked_at_build_time_and_read_in_place() {
        const CLIPS: Clips<'static> = match Clips::new(&[1, 2, 3, 4, 5, 6], &[4, 5], 3) {
            Ok(clips) => clips,
            Err(_) => panic!("lengths disagree"),
        };
        assert_eq!(CLIPS.window(1), Some((&[4, 5, 6][..], Label::Class(5))));
        assert_eq!(CLIPS.window(2), None);
        assert_eq!(CLIPS.len(), 2);
    }
}
