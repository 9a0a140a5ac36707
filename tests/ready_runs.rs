//! The ready run files learn what they are for, on held-out data, whatever the seed.

use kilograd_sim::data;
use kilograd_sim::run::RunFile;
use kilograd_sim::session::{self, Outcome};
use std::path::Path;

const SEEDS: u64 = 5;

/// One run of a ready file per seed.
fn outcomes(file: &str) -> Vec<Outcome> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("host-sim/runs")
        .join(file);
    (1..=SEEDS)
        .map(|seed| {
            let mut run = RunFile::read(&path).unwrap();
            run.fit.seed = seed;
            let parts = data::parts(&run, seed).unwrap();
            let mut options = session::Options {
                out: Path::new(env!("CARGO_TARGET_TMPDIR")),
                resume: false,
                watch: &mut |_, _| {},
            };
            session::fit(&run, &parts, &mut options).unwrap()
        })
        .collect()
}

/// Accuracy on the test part in percent, of each seed.
fn accuracies(file: &str) -> Vec<f32> {
    let accuracy = |outcome: &Outcome| 100.0 * outcome.test.as_ref().unwrap().accuracy.unwrap();
    outcomes(file).iter().map(accuracy).collect()
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

#[test]
fn digits_are_read() {
    let found = accuracies("digits-mlp.toml");
    println!("digits: {found:?}, mean {:.2} %", mean(&found));
    assert!(mean(&found) >= 96.5, "{found:?}");
}

#[test]
fn motions_are_told_apart() {
    let found = accuracies("motions-conv1d.toml");
    println!("motions: {found:?}, mean {:.2} %", mean(&found));
    assert!(mean(&found) >= 95.0, "{found:?}");
}

/// The mean of the training data alone has a loss of about 1, since the data are standardised.
#[test]
fn the_autoencoder_sees_structure() {
    for outcome in outcomes("autoencoder.toml").iter().take(2) {
        let loss = outcome.test.as_ref().unwrap().loss;
        println!("autoencoder: {loss}");
        assert!(loss < 0.85, "{loss}");
    }
}
