//! The ready run files learn what they are for, on held-out data, and beat a baseline that they name.
//!
//! A run that takes minutes is here with less data and fewer epochs, and a goal to match; the whole of it is
//! `cargo test --release --test ready_runs -- --ignored --nocapture`, or `kilograd train NAME` one at a time.

use kilograd_sim::data;
use kilograd_sim::run::RunFile;
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
        from: None,
        layers: None,
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

/// A short run: fewer epochs and smaller batches, at a rate that stays as it is.
fn shorter(run: &mut RunFile, epochs: u32, batch: u32) {
    run.fit.epochs = epochs;
    run.fit.batch.value = batch;
    run.schedule = None;
}

/// Whole: 94 % of 720 seconds in voices that no one has heard. Here: 4 epochs of 12.
#[test]
fn keywords_are_spotted_in_unheard_voices() {
    let (found, baseline) = reached("ds-cnn", Measure::Accuracy, 1, |run| shorter(run, 4, 8));
    assert!(found >= 0.5 && found > 2.0 * baseline, "{found} {baseline}");
}

/// Whole: 97 %. Here: 3 epochs of 5, with a third of the images, which is not enough to beat the nearest class mean.
#[test]
fn large_digits_are_read() {
    let (found, _) = reached("mobilenet", Measure::Accuracy, 1, |run| {
        shorter(run, 3, 4);
        run.data.limit = Some(500);
    });
    assert!(found >= 0.7, "{found}");
}

/// Whole: 96 %. Here: 3 epochs of 5, with a third of the images, when a residual network has but begun: four times what
/// guessing reaches. Its curve is compared with PyTorch's in `curves`.
#[test]
fn digits_are_read_by_residual_blocks() {
    let (found, _) = reached("resnet", Measure::Accuracy, 1, |run| {
        shorter(run, 3, 2);
        run.data.limit = Some(500);
    });
    assert!(found >= 0.35, "{found}");
}

/// Whole: an area of 0.97, and of 0.79 for the baseline. Here: half of the epochs.
#[test]
fn broken_machines_are_heard() {
    let (found, baseline) = reached("toyadmos", Measure::Auc, 1, |run| run.fit.epochs = 10);
    assert!(found >= 0.9 && found > baseline, "{found} {baseline}");
}

/// Whole: 20 epochs. Here: 7.
#[test]
fn text_is_continued_better_than_by_pairs() {
    let (found, baseline) = reached("transformer", Measure::Perplexity, 1, |run| run.fit.epochs = 7);
    assert!(found < baseline, "{found} {baseline}");
}

/// The goals of the ready models, with the run files as they are.
#[test]
#[ignore = "minutes of one core in a release build"]
fn the_whole_runs_reach_their_goals() {
    let goals = [
        ("ds-cnn", Measure::Accuracy, 0.9),
        ("mobilenet", Measure::Accuracy, 0.9),
        ("resnet", Measure::Accuracy, 0.9),
        ("toyadmos", Measure::Auc, 0.9),
    ];
    for (name, measure, goal) in goals {
        let (found, baseline) = reached(name, measure, 1, |_| {});
        assert!(found >= goal && found > baseline, "{name}: {found} {baseline}");
    }
    let (found, baseline) = reached("transformer", Measure::Perplexity, 1, |_| {});
    assert!(found < 0.95 * baseline, "transformer: {found} {baseline}");
}
