//! Promise: training in integers is as accurate as in `f32`, and a rate that is tiny does not stand still.
//!
//! This is a short form with few seeds and bounds to match; `cargo run --release -p kilograd-sim -- compare` prints the whole
//! table, with standard errors.

use kilograd_sim::compare::{Goal, Plan, Summary, compare, named};
use kilograd_sim::run::NumberFile;

/// The numbers against `f32` on a task, with seeds 1 to `seeds`; `f32` is the first.
fn found(name: &str, seeds: u64, numbers: &[NumberFile]) -> Vec<Summary> {
    let plan = Plan {
        tasks: vec![named(name).unwrap()],
        numbers: numbers.to_vec(),
        seeds: (1..=seeds).collect(),
        threads: 2,
    };
    let found = compare(&plan, &|_, _| {}).remove(0).unwrap();
    let all: Vec<Summary> = (0..found.numbers.len())
        .map(|index| Summary::of(&found, index, Goal::default()).unwrap())
        .collect();
    for row in &all {
        println!("{name} {row:?}");
    }
    all
}

const FIXED: [NumberFile; 3] = [NumberFile::Bfp14, NumberFile::Bfp14Byte, NumberFile::Bfp14High];

/// No number is worse by more than `mean` points over all seeds, or by more than `seed` with one; and `f32` learns the task.
fn follows(name: &str, seeds: u64, numbers: &[NumberFile], learned: f64, mean: f64, seed: f64) {
    let all = found(name, seeds, numbers);
    assert!(all[0].accuracy.unwrap() > learned, "{name} is learned");
    assert_eq!(all[0].gap.unwrap().mean, 0.0);
    for row in &all[1..] {
        let gap = row.gap.unwrap();
        assert!(gap.mean >= -mean && gap.worst >= -seed, "{name}: {row:?}");
        // Another number and not the same bits again.
        assert_ne!(row.loss, all[0].loss, "{name}: {row:?}");
    }
}

#[test]
fn a_perceptron_with_momentum_follows_float_in_every_width() {
    follows("digits-mlp", 3, &FIXED, 97.0, 0.4, 1.0);
}

#[test]
fn a_perceptron_with_adam_follows_float_in_every_width() {
    follows("digits-adam", 2, &FIXED, 96.5, 0.5, 1.0);
}

#[test]
fn a_tiny_rate_does_not_stand_still() {
    follows("digits-slow", 1, &FIXED, 94.0, 0.5, 0.5);
}

#[test]
fn convolutions_over_images_follow_float() {
    follows("digits-cnn", 1, &[NumberFile::Bfp14], 96.0, 1.0, 1.0);
}

#[test]
fn a_recurrent_layer_follows_float() {
    follows("digits-gru", 1, &[NumberFile::Bfp14], 96.0, 1.5, 1.5);
}

/// Recordings of a watch, convolutions over time: as many right answers, and no higher loss on what was held out.
#[test]
fn motions_are_told_apart_as_well() {
    for row in &found("motions-conv1d", 3, &FIXED)[1..] {
        assert!(row.right.abs() <= 2, "{row:?}");
        assert!(row.loss_change <= 5.0, "{row:?}");
    }
}
