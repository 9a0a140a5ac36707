//! Promise: the gradient of any model is the derivative of its loss.
//!
//! Random models from the whole layer set run in double precision; each gradient is compared with
//! central differences of a loss that is computed by itself from the output of the model's learning pass.

use kilograd::engine::Clip;
use kilograd::number::View;
use kilograd::optim::Sgd;
use support::differences::{Found, check};
use support::problem::Problem;
use support::random_model::KINDS;
use support::real::{gradients, parameters, with_trainer};

const MODELS: u64 = 3000;

#[test]
fn gradients_of_random_models_are_derivatives() {
    let mut all = Found::default();
    let mut layers = 0;
    for seed in 0..MODELS {
        let problem = Problem::draw(seed);
        let found = check(&problem);
        assert!(
            found.worst <= 1e-5,
            "model {seed}: a gradient is off by {:.2e} of its size, at {}: {:?} {:?}",
            found.worst,
            found.place,
            problem.model,
            problem.loss,
        );
        if found.worst > all.worst {
            (all.worst, all.place) = (found.worst, format!("model {seed}, {}", found.place));
        }
        all.checked += found.checked;
        all.skipped += found.skipped;
        all.frozen += found.frozen;
        for (what, count) in found.covered {
            all.cover(what, count);
        }
        layers += problem.model.layers.len();
    }
    println!(
        "{MODELS} models of {layers} layers: {} gradients, worst relative error {:.1e} ({}); {} at a kink, {} frozen",
        all.checked, all.worst, all.place, all.skipped, all.frozen
    );
    println!("{:?}", all.covered);
    assert!(
        all.checked >= 20_000,
        "only {} gradients were checked",
        all.checked
    );
    assert!(
        all.skipped * 50 <= all.checked,
        "{} of {} lie at a kink",
        all.skipped,
        all.checked
    );
    assert!(all.frozen > 0, "no frozen layer was drawn");
    // A gradient passes through every kind but those that may only stand first.
    let first = ["embedding", "low_rank_embedding", "input"];
    for kind in KINDS.iter().filter(|kind| !first.contains(kind)) {
        let count = all.covered.get(*kind).copied().unwrap_or_default();
        assert!(count >= 100, "only {count} gradients passed through {kind}");
    }
    let losses = all
        .covered
        .keys()
        .filter(|what| what.starts_with(char::is_uppercase));
    assert_eq!(losses.count(), 10);
    for (what, count) in &all.covered {
        assert!(
            first.contains(&what.as_str()) || *count >= 40,
            "only {count} gradients of {what}"
        );
    }
}

/// An update moves what has a gradient, and nothing that is frozen.
#[test]
fn frozen_parameters_stay() {
    let (mut moved, mut stayed) = (0, 0);
    for seed in 0..MODELS / 10 {
        let problem = Problem::draw(seed);
        with_trainer::<f64, _, _>(
            &problem.model.model(),
            problem.loss,
            (1, Clip::None),
            Sgd::default(),
            &problem.parameters,
            |trainer| {
                let sample = &problem.samples[0];
                let loss = trainer.learn(View::plain(&sample.x), sample.aim.target());
                assert!(loss.is_some_and(f64::is_finite));
                let gradients = gradients(trainer);
                // Statistics have moved by now.
                let before = parameters(trainer);
                trainer.update();
                let after = parameters(trainer);
                for ((before, after), gradient) in before.into_iter().zip(after).zip(gradients) {
                    let expected = before - f64::from(0.01_f32) * gradient.unwrap_or(0.0);
                    assert_eq!(after, expected, "model {seed}, gradient {gradient:?}");
                    moved += usize::from(gradient.is_some_and(|g| g != 0.0));
                    stayed += usize::from(gradient.is_none());
                }
            },
        );
    }
    assert!(moved > 1000 && stayed > 100, "{moved} moved and {stayed} stayed");
}

/// What is drawn covers what there is: each kind and its options, both reaches of a join, frozen layers.
#[test]
fn random_models_cover_every_layer() {
    let text: String = (0..MODELS)
        .map(|seed| format!("{:?}", Problem::draw(seed).model))
        .collect();
    let names: Vec<&str> = (0..MODELS)
        .flat_map(|seed| Problem::draw(seed).model.layers)
        .map(|entry| entry.layer().name())
        .collect();
    for kind in KINDS {
        assert!(
            names.iter().filter(|name| **name == kind).count() >= 50,
            "hardly any {kind}"
        );
    }
    let words = [
        "part: Nothing",
        "part: Biases",
        "back: 2",
        "back: 3",
        "back: 4",
        "stride: 2",
        "stride: 3",
        "padding: 1",
        "padding: 2",
        "dilation: 2",
        "causal: true",
        "per_sample: true",
        "groups: None",
        "heads: 2",
    ];
    for word in words {
        assert!(text.matches(word).count() >= 10, "hardly any model has {word}");
    }
}
