//! The ready run files learn what they are for, on held-out data, and beat a baseline that they name.
//!
//! A run that takes minutes is here with less data and fewer epochs, and a goal to match; the whole of it is
//! `cargo test --release --test ready_runs -- --ignored --nocapture`, or `kilograd train NAME` one at a time.

use kilograd_sim::data;
use kilograd_sim::run::{Origin, RunFile};
use kilograd_sim::session::{self, Measure};
use std::path::Path;

/// The run called `name`, with `change` made to it: what it and its baseline reach on the test part.
fn reached(name: &str, measure: Measure, seed: u64, change: impl FnOnce(&mut RunFile)) -> (f32, f32) {
    let mut run = RunFile::read(Path::new(name)).unwrap();
    run.fit.seed = seed;
    change(&mut run);
    let parts = data::parts(&run, seed).unwrap();
    let mut options = session::Options {
        out: Path::new(env!("CARGO_TARGET_TMPDIR")),
        resume: false,
        watch: &mut |_, _| {},
    };
    let outcome = session::fit(&run, &parts, &mut options).unwrap();
    let found = outcome.test.unwrap().of(measure).unwrap();
    let baseline = session::baseline(&run, &parts).unwrap();
    assert_eq!(baseline.measure, measure);
    println!(
        "{name}, seed {seed}: {} {}, {} {}",
        measure.name(),
        measure.written(found),
        baseline.name,
        measure.written(baseline.value)
    );
    (found, baseline.value)
}

/// The ready run as it is, with each of `seeds`: the means of what it and its baseline reach.
fn mean(name: &str, measure: Measure, seeds: std::ops::RangeInclusive<u64>) -> (f32, f32) {
    let count = seeds.clone().count() as f32;
    let all = seeds.map(|seed| reached(name, measure, seed, |_| {}));
    let sum = all.fold((0.0, 0.0), |sum, found| (sum.0 + found.0, sum.1 + found.1));
    (sum.0 / count, sum.1 / count)
}

#[test]
fn digits_are_read() {
    let (found, baseline) = mean("digits-mlp", Measure::Accuracy, 1..=5);
    assert!(found >= 0.965 && found > baseline, "{found} {baseline}");
}

#[test]
fn motions_are_told_apart() {
    for (name, goal) in [("motions-conv1d", 0.95), ("gru", 0.95), ("lstm", 0.9)] {
        let (found, baseline) = mean(name, Measure::Accuracy, 1..=5);
        assert!(found >= goal && found > baseline, "{name}: {found} {baseline}");
    }
}

#[test]
fn the_autoencoder_sees_structure() {
    let (found, baseline) = mean("autoencoder", Measure::Loss, 1..=2);
    assert!(found < 0.85 * baseline, "{found} {baseline}");
}
