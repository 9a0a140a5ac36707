//! Losses, optimizers, schedules and clipping of run files, trained for a moment.

mod support;

use support::{DIGITS, Folder, ReplaceOnce, csv_run, json};

const OPTIMIZER: &str = "kind = \"sgd\"\nlearning_rate = 0.01\nmomentum = 0.9\n";
const LOSS: &str = "loss = \"cross_entropy\"";

/// The report of a run of `text`.
#[track_caller]
fn train(text: &str) -> serde_json::Value {
    let folder = Folder::new();
    folder.write("run.toml", text);
    json(&folder.run(&["train", "run.toml", "--json"]))
}

/// DIGITS as an autoencoder.
fn autoencoder(loss: &str) -> String {
    DIGITS
        .replacen_once(LOSS, loss)
        .replacen_once("units = 10", "units = 64")
        .replacen_once("test = 0.2", "test = 0.2\ntarget = \"input\"\nscale = \"unit\"")
}

#[test]
fn every_optimizer_learns() {
    let names = [
        ("kind = \"adamw\"\n", "AdamW"),
        ("kind = \"rmsprop\"\nlearning_rate = 1e-3\n", "RMSprop"),
        (
            "kind = \"rmsprop\"\nlearning_rate = 1e-3\ncentered = true\nmomentum = 0.5\n",
            "centered RMSprop with momentum",
        ),
        (
            "kind = \"sgd\"\nlearning_rate = 0.01\nmomentum = 0.9\ndampening = 0.5\n",
            "SGD with momentum",
        ),
    ];
    for (text, name) in names {
        let report = train(&DIGITS.replacen_once(OPTIMIZER, text));
        assert_eq!(report["optimizer"], name);
        let loss = report["train_loss"].as_f64().unwrap();
        assert!(loss < 1.5, "{name}: {loss} is hardly below that of guessing, 2.3");
    }
}

#[test]
fn every_loss_of_values_learns_to_reproduce() {
    // What the mean image would give is above these.
    let losses = [
        ("loss = \"mean_absolute_error\"", 0.2),
        ("loss = { kind = \"huber\", delta = 0.25 }", 0.04),
        ("loss = \"binary_cross_entropy\"", 0.45),
    ];
    for (text, bound) in losses {
        let run = autoencoder(text).replacen_once(OPTIMIZER, "kind = \"adam\"\n");
        let report = train(&run);
        let loss = report["test_loss"].as_f64().unwrap();
        assert!(loss < bound, "{text}: {loss}");
    }
}

#[test]
fn smoothing_and_weights_change_the_loss() {
    let plain = train(DIGITS);
    let weights = "[1, 1, 1, 1, 1, 1, 1, 1, 1, 4]";
    let weighted = format!("loss = {{ kind = \"cross_entropy\", smoothing = 0.1, weights = {weights} }}");
    let report = train(&DIGITS.replacen_once(LOSS, &weighted));
    let loss = |report: &serde_json::Value| report["test_loss"].as_f64().unwrap();
    assert!(
        loss(&report) > loss(&plain) && report["test_accuracy"].as_f64().unwrap() > 0.5,
        "{report}"
    );
    let folder = Folder::new();
    let few = "loss = { kind = \"cross_entropy\", weights = [1, 2] }";
    folder.write("run.toml", DIGITS.replacen_once(LOSS, few));
    folder
        .run(&["train", "run.toml"])
        .refused(&["run.toml:14:8", "one weight for each output"]);
}

/// One logit tells two classes apart.
#[test]
fn binary_cross_entropy_learns_two_classes() {
    let folder = Folder::new();
    let rows: String = (0..60)
        .map(|i| {
            let (x, y) = (i % 7, (i * 3) % 5);
            format!("{x},{y},{}\n", if x > y { "over" } else { "under" })
        })
        .collect();
    folder.write("data.csv", format!("x,y,kind\n{rows}"));
    csv_run(&folder, "csv = \"data.csv\"\nlabel = \"kind\"");
    let run = std::fs::read_to_string(folder.path("run.toml")).unwrap();
    let run = run
        .replacen_once(LOSS, "loss = \"binary_cross_entropy\"")
        .replacen_once("epochs = 1", "epochs = 40");
    folder.write(
        "run.toml",
        run.replacen_once("units = 2 }, # 8", "units = 1 }, # 8"),
    );
    let report = json(&folder.run(&["train", "run.toml", "--json"]));
    assert!(report["train_accuracy"].as_f64().unwrap() > 0.9, "{report}");
    folder.write("run.toml", run);
    folder
        .run(&["train", "run.toml"])
        .refused(&["tells 2 classes apart by 1 output", "units = 1"]);
}

#[test]
fn a_schedule_and_clipping_change_the_run() {
    let hash = |text: &str| train(text)["params_hash"].clone();
    let plain = hash(DIGITS);
    let mut seen = vec![plain.clone()];
    let schedules = [
        "kind = \"cosine\"\nsteps = 1000\nwarm_up = 100",
        "kind = \"step\"\nevery = 500\nfactor = 0.5",
        "kind = \"exponential\"\nfactor = 0.999",
    ];
    for schedule in schedules {
        let text = DIGITS.replacen_once("[data]", &format!("[schedule]\n{schedule}\n\n[data]"));
        seen.push(hash(&text));
    }
    for clip in ["clip_norm = 0.5", "clip_value = 0.1"] {
        seen.push(hash(
            &DIGITS.replacen_once("epochs = 1", &format!("epochs = 1\n{clip}")),
        ));
    }
    for (i, hash) in seen.iter().enumerate() {
        assert!(!seen[..i].contains(hash), "run {i} is like another");
    }
    let constant = DIGITS.replacen_once("[data]", "[schedule]\nkind = \"constant\"\n\n[data]");
    assert_eq!(hash(&constant), plain);
}
