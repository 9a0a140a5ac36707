//! Losses, optimizers, schedules and clipping, as a run file writes them.

use super::{GOOD, expect, parse};
use crate::run::{OptimizerFile, RunFile, Target};
use kilograd::engine::Clip;
use kilograd::loss::Loss;
use kilograd::optim::{AdamW, Momentum, Rate, RmsProp, Schedule};

/// GOOD with one line replaced.
#[track_caller]
fn with(from: &str, to: &str) -> RunFile {
    assert!(GOOD.contains(from), "the test replaces nothing");
    parse(&GOOD.replacen(from, to, 1)).unwrap_or_else(|error| panic!("{error}"))
}

const LOSS: &str = "\"cross_entropy\"";
const KIND: &str = "kind = \"adam\"";
const DATA: &str = "[data]";
const FIT: &str = "epochs = 3";

#[test]
fn every_loss_is_read() {
    let weights: &[f32] = &[1.0, 2.0, 0.5, 1.0];
    let losses = [
        (LOSS, Loss::CrossEntropy, Target::Label),
        ("{ kind = \"cross_entropy\" }", Loss::CrossEntropy, Target::Label),
        (
            "{ kind = \"cross_entropy\", smoothing = 0.1, weights = [1, 2.0, 0.5, 1] }",
            Loss::WeightedCrossEntropy {
                smoothing: 0.1,
                weights,
            },
            Target::Label,
        ),
        (
            "\"binary_cross_entropy\"",
            Loss::BinaryCrossEntropy,
            Target::Label,
        ),
        ("\"mean_squared_error\"", Loss::MeanSquaredError, Target::Input),
        ("\"mean_absolute_error\"", Loss::MeanAbsoluteError, Target::Input),
        (
            "{ kind = \"huber\", delta = 0.5 }",
            Loss::Huber { delta: 0.5 },
            Target::Input,
        ),
        ("\"next_token\"", Loss::NextToken, Target::Input),
    ];
    for (text, loss, target) in losses {
        let run = with(LOSS, text);
        assert_eq!((run.model.loss.value, run.data.target), (loss, target));
    }
    let both = GOOD.replacen(LOSS, "\"binary_cross_entropy\"", 1);
    let run = parse(&both.replacen(DATA, "[data]\ntarget = \"input\"", 1)).unwrap();
    assert_eq!(run.data.target, Target::Input);
}

#[test]
fn losses_are_checked() {
    let cases: [(&str, &[&str]); 9] = [
        ("\"huber\"", &["needs a delta", "delta = 1.0"]),
        ("{ kind = \"huber\" }", &["needs the key `delta`", "delta = 1.0"]),
        ("{ kind = \"huber\", delta = 0 }", &["`delta`", "above 0"]),
        (
            "{ kind = \"huber\", smoothing = 0.1 }",
            &["`smoothing`", "does not go with huber", "`delta`"],
        ),
        (
            "{ kind = \"cross_entropy\", weights = [1, -1] }",
            &["`weights`", "0 or more"],
        ),
        (
            "{ kind = \"cross_entropy\", smoothing = 1.5 }",
            &["`smoothing`", "from 0 to 1"],
        ),
        ("{ kind = \"hubert\" }", &["did you mean `huber`?"]),
        (
            "\"triplet\"",
            &["\"triplet\"", "in a run file", "only a program can give"],
        ),
        (
            "{ kind = \"info_nce\" }",
            &["in a run file", "only a program can give"],
        ),
    ];
    for (text, parts) in cases {
        expect(LOSS, text, 14, parts);
    }
}

#[test]
fn every_optimizer_is_read() {
    let rms = "kind = \"rmsprop\"\nlearning_rate = 0.02";
    let settings = "\nalpha = 0.9\nepsilon = 1e-6\nweight_decay = 0.1";
    let optimizers = [
        (
            "kind = \"adamw\"".to_owned(),
            OptimizerFile::AdamW(AdamW::default()),
        ),
        (
            "kind = \"adamw\"\nweight_decay = 0.25".to_owned(),
            OptimizerFile::AdamW(AdamW {
                weight_decay: 0.25,
                ..AdamW::default()
            }),
        ),
        (
            format!("{rms}{settings}"),
            OptimizerFile::RmsProp(RmsProp {
                learning_rate: 0.02,
                alpha: 0.9,
                epsilon: 1e-6,
                momentum: 0.0,
                weight_decay: 0.1,
            }),
        ),
        (
            format!("{rms}\ncentered = true"),
            OptimizerFile::Centered(RmsProp {
                learning_rate: 0.02,
                ..RmsProp::default()
            }),
        ),
        (
            format!("{rms}\nmomentum = 0.5"),
            OptimizerFile::WithMomentum(RmsProp {
                learning_rate: 0.02,
                momentum: 0.5,
                ..RmsProp::default()
            }),
        ),
        (
            format!("{rms}\nmomentum = 0.5\ncentered = true"),
            OptimizerFile::CenteredWithMomentum(RmsProp {
                learning_rate: 0.02,
                momentum: 0.5,
                ..RmsProp::default()
            }),
        ),
        (
            "kind = \"sgd\"\nlearning_rate = 0.1\nmomentum = 0.9\ndampening = 0.5".to_owned(),
            OptimizerFile::Momentum(Momentum {
                learning_rate: 0.1,
                dampening: 0.5,
                ..Momentum::default()
            }),
        ),
    ];
    for (text, optimizer) in optimizers {
        assert_eq!(with(KIND, &text).optimizer, optimizer);
    }
}

#[test]
fn optimizers_are_checked() {
    expect(
        KIND,
        "kind = \"rmsprop\"\nbeta1 = 0.9",
        18,
        &["no key `beta1`", "`alpha`"],
    );
    expect(
        KIND,
        "kind = \"rmsprop\"\nalpha = 1.0",
        18,
        &["`alpha`", "below 1"],
    );
    let sgd = "kind = \"sgd\"\nlearning_rate = 0.1";
    expect(
        KIND,
        &format!("{sgd}\ndampening = 0.5"),
        19,
        &["`dampening`", "needs a momentum"],
    );
    expect(
        KIND,
        &format!("{sgd}\nmomentum = 0.9\nnesterov = true\ndampening = 0.5"),
        21,
        &["`dampening`", "look-ahead"],
    );
}

#[test]
fn every_schedule_is_read() {
    assert_eq!(with(FIT, FIT).schedule, None);
    let base = 0.001;
    let schedules = [
        ("constant\"", Rate::new(base, Schedule::Constant)),
        (
            "constant\"\nwarm_up = 20\nwarm_up_start = 0.1",
            Rate::new(base, Schedule::Constant).warm_up(20, 0.1),
        ),
        (
            "step\"\nevery = 50\nfactor = 0.5",
            Rate::new(
                base,
                Schedule::Step {
                    every: 50,
                    factor: 0.5,
                },
            ),
        ),
        (
            "exponential\"\nfactor = 0.99",
            Rate::new(base, Schedule::Exponential { factor: 0.99 }),
        ),
        (
            "cosine\"\nsteps = 300\nfloor = 1e-5\nwarm_up = 10",
            Rate::new(
                base,
                Schedule::Cosine {
                    steps: 300,
                    floor: 1e-5,
                },
            )
            .warm_up(10, 0.0),
        ),
        (
            "plateau\"\npatience = 0\nfactor = 0.5\ndelta = 0.01",
            Rate::new(
                base,
                Schedule::Plateau {
                    patience: 0,
                    factor: 0.5,
                    floor: 0.0,
                    delta: 0.01,
                },
            ),
        ),
    ];
    for (text, rate) in schedules {
        let run = with(DATA, &format!("[schedule]\nkind = \"{text}\n[data]"));
        assert_eq!(run.schedule, Some(rate));
    }
}

#[test]
fn schedules_are_checked() {
    let cases: [(&str, usize, &[&str]); 7] = [
        ("", 19, &["[schedule] needs the key `kind`"]),
        ("kind = \"cosin\"", 20, &["did you mean `cosine`?"]),
        ("kind = \"cosine\"", 19, &["needs the key `steps`"]),
        (
            "kind = \"cosine\"\nsteps = 10\nfloor = 0.1",
            22,
            &["`floor`", "above the rate", "0.001"],
        ),
        (
            "kind = \"cosine\"\nsteps = 10\nfactor = 0.1",
            22,
            &["`factor`", "does not go with", "`steps`, `floor`"],
        ),
        (
            "kind = \"step\"\nevery = 10\nfactor = 1.5",
            22,
            &["`factor`", "below 1"],
        ),
        (
            "kind = \"constant\"\nwarm_up_start = 0.5",
            21,
            &["`warm_up_start`", "needs a warm-up", "warm_up = 100"],
        ),
    ];
    for (text, line, parts) in cases {
        expect(DATA, &format!("[schedule]\n{text}\n[data]"), line, parts);
    }
}

#[test]
fn clipping_is_read_and_checked() {
    assert_eq!(with(FIT, FIT).fit.clip, Clip::None);
    assert_eq!(with(FIT, "clip_norm = 1.0").fit.clip, Clip::Norm(1.0));
    assert_eq!(with(FIT, "clip_value = 0.5").fit.clip, Clip::Value(0.5));
    expect(FIT, "clip_norm = 0", 23, &["`clip_norm`", "above 0"]);
    expect(
        FIT,
        "clip_norm = 1\nclip_value = 1",
        24,
        &["`clip_value`", "does not go with `clip_norm`"],
    );
}

#[test]
fn tokens_are_not_scaled() {
    use crate::run::Scaling;
    let tokens = GOOD.replacen(LOSS, "\"next_token\"", 1);
    assert_eq!(parse(&tokens).unwrap().data.scaling, Scaling::None);
    let scaled = tokens.replacen(DATA, "[data]\nscale = \"unit\"", 1);
    let error = parse(&scaled).expect_err("accepted").to_string();
    assert!(
        error.contains("`scale`") && error.contains("as they are"),
        "{error}"
    );
}
