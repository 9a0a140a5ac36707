//! Promise: no sample that a model is judged on was ever trained on, and none is left out.

use kilograd::load::{Label, Loader, Samples, Split};
use support::chi_square;

/// A set whose samples tell their index.
struct Indices(usize);

impl Samples<f32> for Indices {
    fn len(&self) -> usize {
        self.0
    }

    fn scale(&self) {}

    fn read(&self, index: usize, into: &mut [f32]) -> Option<Label> {
        let [value] = into else { return None };
        *value = index as f32;
        (index < self.0).then_some(Label::Itself)
    }
}

#[test]
fn both_sides_together_are_the_set_and_never_meet() {
    for len in 0..120 {
        for validation in [0, 1, len / 5, len / 2, len] {
            for key in [0, 7, u64::MAX] {
                let split = Split::new(len, validation, key);
                assert_eq!(split.training_len() + split.validation_len(), len);
                let training = (0..split.training_len()).map(|i| split.training(i));
                let held_out = (0..split.validation_len()).map(|i| split.validation(i));
                let mut sides: Vec<u32> = training.chain(held_out).flatten().collect();
                sides.sort_unstable();
                assert_eq!(
                    sides,
                    (0..len).collect::<Vec<_>>(),
                    "{len}, {validation} held out, key {key}"
                );
            }
        }
    }
}

/// What a loader reads in many epochs, against what it reads for validation: the same sample never.
#[test]
fn a_loader_never_trains_on_what_is_held_out() {
    for key in 0..50 {
        let set = Indices(60);
        let split = Split::by_fraction(60, 1, 4, key);
        let mut loader = Loader::new(&set, split, key).expect("equal lengths");
        let mut x = [0.0];
        let mut held_out = [false; 60];
        for i in 0..split.validation_len() {
            loader.validation(i, &mut x).expect("held out");
            held_out[x[0] as usize] = true;
        }
        assert_eq!(held_out.iter().filter(|held| **held).count(), 15);
        let mut trained = [false; 60];
        for _ in 0..5 {
            while loader.next(&mut x).is_some() {
                assert!(!held_out[x[0] as usize], "sample {} is held out", x[0]);
                trained[x[0] as usize] = true;
            }
            loader.next_epoch();
        }
        assert!(
            trained
                .iter()
                .zip(&held_out)
                .all(|(trained, held)| trained != held)
        );
    }
}

/// Each sample is held out equally often over the keys.
#[test]
fn every_sample_is_equally_likely_to_be_held_out() {
    let (len, validation, keys) = (50, 10, 10_000);
    let mut counts = vec![0; len as usize];
    for key in 0..keys {
        let split = Split::new(len, validation, key);
        for i in 0..validation {
            counts[split.validation(i).expect("held out") as usize] += 1;
        }
    }
    // Draws without replacement vary less than Pearson's statistic takes for granted.
    let expected = keys as f64 * f64::from(validation) / f64::from(len);
    let without_replacement = f64::from(len - 1) / f64::from(len - validation);
    let statistic = chi_square::statistic(counts, expected) * without_replacement;
    let limit = chi_square::limit(len as usize - 1);
    assert!(statistic < limit, "chi-square {statistic:.1}, limit {limit:.1}");
}
