//! Who sees which recordings.

use super::model::{AXES, CLASSES, WIDTH};
use crate::data::builtin::{Builtin, motions};
use kilograd::load::{Clips, SetError};
use kilograd::number::random::Pcg;

/// Recordings of every class for the factory, and for the device to collect. The others are held out.
const BASE: usize = 6;
const COLLECT: usize = 7;

/// Labelled recordings, one window each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recordings {
    /// `[recording][time][axis]`.
    pub values: Vec<i16>,
    /// Class of each.
    pub labels: Vec<u8>,
}

impl Recordings {
    fn push(&mut self, (values, class): (&[i16], u8)) {
        self.values.extend_from_slice(values);
        self.labels.push(class);
    }

    /// As a set of samples.
    ///
    /// # Errors
    /// [`SetError`] when the recordings do not have the model's width.
    pub fn clips(&self) -> Result<Clips<'_>, SetError> {
        Clips::new(&self.values, &self.labels, WIDTH)
    }

    /// Each with its class.
    pub fn each(&self) -> impl ExactSizeIterator<Item = (&[i16], u8)> {
        self.values.chunks_exact(WIDTH).zip(self.labels.iter().copied())
    }

    /// The same motions, seen by a watch that was turned by 180° around the axis through its face: x and y change
    /// their sign, of acceleration and of rotation.
    pub fn turned(&self) -> Self {
        let mut turned = self.clone();
        for frame in turned.values.chunks_exact_mut(AXES) {
            for axis in [0, 1, 3, 4] {
                frame[axis] = frame[axis].saturating_neg();
            }
        }
        turned
    }
}

/// Three parts that never meet, each with the classes in proportion.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// The factory trains on these.
    pub base: Recordings,
    /// The device will see these, in this order.
    pub collect: Recordings,
    /// Held out: no one learns from these, every accuracy is measured on them.
    pub test: Recordings,
    /// Names of the classes.
    pub classes: Vec<String>,
}

impl Parts {
    /// Divides the built-in recordings at random.
    pub fn draw(seed: u64) -> Self {
        let all: Builtin<i16> = motions();
        let mut random = Pcg::with_stream(seed, 1);
        let (mut base, mut collect, mut test) = (vec![], vec![], vec![]);
        for class in 0..CLASSES {
            let mut own: Vec<usize> = (0..all.len())
                .filter(|&index| usize::from(all.labels[index]) == class)
                .collect();
            shuffle(&mut own, &mut random);
            let (first, rest) = own.split_at(BASE);
            let (second, third) = rest.split_at(COLLECT);
            base.extend_from_slice(first);
            collect.extend_from_slice(second);
            test.extend_from_slice(third);
        }
        // People do not sort their day by activity.
        shuffle(&mut collect, &mut random);
        let part = |indices: Vec<usize>| {
            let mut part = Recordings::default();
            for recording in indices.into_iter().filter_map(|index| all.sample(index)) {
                part.push(recording);
            }
            part
        };
        Self {
            base: part(base),
            collect: part(collect),
            test: part(test),
            classes: all.classes.clone(),
        }
    }
}

/// Fisher and Yates.
fn shuffle(items: &mut [usize], random: &mut Pcg) {
    for last in (1..items.len()).rev() {
        items.swap(last, random.below(last as u32 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_never_meet_and_are_balanced() {
        for seed in 0..5 {
            let parts = Parts::draw(seed);
            let sizes = [&parts.base, &parts.collect, &parts.test].map(|part| part.labels.len());
            assert_eq!(sizes, [24, 28, 28]);
            let each = [&parts.base, &parts.collect, &parts.test].map(|part| part.each().collect::<Vec<_>>());
            let all: Vec<_> = each.concat();
            for (index, (values, _)) in all.iter().enumerate() {
                assert!(
                    all[..index].iter().all(|(other, _)| other != values),
                    "seen twice"
                );
            }
            for (part, size) in each.iter().zip([6, 7, 7]) {
                for class in 0..4 {
                    assert_eq!(part.iter().filter(|(_, label)| *label == class).count(), size);
                }
            }
        }
        assert_ne!(Parts::draw(1), Parts::draw(2));
    }

    #[test]
    fn a_watch_turned_twice_is_as_it_was() {
        let test = Parts::draw(1).test;
        let turned = test.turned();
        assert_ne!(test, turned);
        assert_eq!(test, turned.turned());
        let (frame, other) = (&test.values[..6], &turned.values[..6]);
        assert_eq!(
            (frame[0], frame[2], frame[4], frame[5]),
            (-other[0], other[2], -other[4], other[5])
        );
    }
}
