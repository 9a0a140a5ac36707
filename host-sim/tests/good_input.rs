//! Good input, as its users give it: reports, files, and the same bits each time.

mod support;

use support::{CSV, DIGITS, Folder, ReplaceOnce, csv_run, idx_run, json};

#[test]
fn training_reports_one_object_and_writes_curves() {
    let folder = Folder::new();
    folder.write(
        "run.toml",
        DIGITS.replacen_once("epochs = 1", "epochs = 3\nvalidation = 0.1"),
    );
    let report = json(&folder.run(&["train", "run.toml", "--json", "--out", "here"]));
    for key in [
        "train_loss",
        "test_accuracy",
        "test_loss",
        "validation_loss",
        "validation_accuracy",
    ] {
        assert!(
            report[key]
                .as_f64()
                .is_some_and(|figure| figure > 0.0 && figure < 2.4),
            "{key}: {report}"
        );
    }
    // 1,797 images by class: a fifth to the test, a tenth of the rest to the validation.
    let parts =
        ["train_samples", "validation_samples", "test_samples"].map(|key| report[key].as_u64().unwrap());
    assert_eq!(parts.iter().sum::<u64>(), 1797);
    assert!(
        (355..365).contains(&parts[2]) && (140..148).contains(&parts[1]),
        "{parts:?}"
    );
    assert_eq!(report["epochs"], 3);
    assert_eq!(report["steps"], 3 * parts[0]);
    // 64·12 + 12, three times 12·12 + 12, and 12·10 + 10.
    assert_eq!(report["params"], 64 * 12 + 12 + 3 * (12 * 12 + 12) + 12 * 10 + 10);
    assert_eq!(report["params_hash"].as_str().map(str::len), Some(16));
    let csv = std::fs::read_to_string(folder.path("here/curves.csv")).unwrap();
    assert!(csv.starts_with("epoch,step,train_loss,validation_loss,validation_accuracy,gradient_norm\n1,"));
    assert_eq!(csv.lines().count(), 4);
    let svg = std::fs::read_to_string(folder.path("here/curves.svg")).unwrap();
    for part in [
        "<svg",
        "epoch",
        "loss",
        "accuracy in %",
        "training",
        "validation",
        "run, seed 1",
        "</svg>",
    ] {
        assert!(svg.contains(part), "no {part} in the picture");
    }
}

#[test]
fn the_seed_decides_every_bit() {
    let folder = Folder::new();
    folder.write("run.toml", DIGITS);
    let hash = |seed: &str| {
        json(&folder.run(&["train", "run.toml", "--json", "--seed", seed]))["params_hash"].clone()
    };
    assert_eq!(hash("7"), hash("7"));
    assert_ne!(hash("7"), hash("8"));
    // Without --seed it is the file's, or 1.
    let plain = json(&folder.run(&["train", "run.toml", "--json"]));
    assert_eq!((&plain["params_hash"], &plain["seed"]), (&hash("1"), &1.into()));
}

#[test]
fn a_run_that_was_stopped_goes_on_to_the_same_bits() {
    let folder = Folder::new();
    folder.write(
        "run.toml",
        DIGITS.replacen_once(
            "epochs = 1",
            "checkpoint_every = 100\nvalidation = 0.1\nbatch = 3",
        ),
    );
    let train = |arguments: &str| {
        let arguments = format!("train run.toml --json {arguments}");
        folder.run(&arguments.split_whitespace().collect::<Vec<_>>())
    };
    let whole = json(&train("--epochs 3 --out whole"));
    json(&train("--epochs 2 --out parts"));
    let resumed = json(&train("--epochs 3 --out parts --resume"));
    assert_eq!(resumed["params_hash"], whole["params_hash"]);
    assert_eq!(resumed["train_loss"], whole["train_loss"]);
    let curves = |out: &str| std::fs::read_to_string(folder.path(out).join("curves.csv")).unwrap();
    assert_eq!(curves("parts"), curves("whole"));
    train("--out parts --resume --seed 2")
        .refused(&["checkpoint.bin", "another model, optimizer, seed or data"]);
    train("--out nowhere --resume").refused(&["checkpoint.bin", "No such file", "without --resume"]);
    let mut image = std::fs::read(folder.path("parts/checkpoint.bin")).unwrap();
    image.fill(0x5a);
    folder.write("parts/checkpoint.bin", image);
    train("--out parts --resume").refused(&["checkpoint.bin", "--resume"]);
}

#[test]
fn csv_and_idx_files_are_trained_on() {
    let folder = Folder::new();
    csv_run(&folder, "csv = \"data.csv\"\nlabel = \"kind\"");
    folder.write("data.csv", CSV);
    let report = json(&folder.run(&["train", "run.toml", "--json", "--epochs", "60"]));
    assert_eq!(
        (&report["train_samples"], &report["test_samples"]),
        (&4.into(), &2.into())
    );
    assert_eq!(
        (&report["train_accuracy"], &report["test_accuracy"]),
        (&1.0.into(), &1.0.into())
    );
    idx_run(&folder);
    let report = json(&folder.run(&["train", "run.toml", "--json", "--epochs", "30"]));
    assert_eq!(
        report["train_samples"].as_u64().unwrap() + report["test_samples"].as_u64().unwrap(),
        20
    );
    assert_eq!(report["test_accuracy"], 1.0);
}

#[test]
fn the_plan_adds_up_and_is_what_training_uses() {
    let folder = Folder::new();
    folder.write("run.toml", DIGITS);
    let plan = json(&folder.run(&["plan", "run.toml", "--json"]));
    let layers = plan["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 9);
    let sum = |key: &str| {
        layers
            .iter()
            .map(|layer| layer[key].as_u64().unwrap())
            .sum::<u64>()
    };
    let training = &plan["training"];
    for key in ["parameter_bytes", "state_bytes"] {
        assert_eq!(training[key].as_u64().unwrap(), sum(key), "{key}");
        assert_eq!(sum(key), plan["params"].as_u64().unwrap() * 4, "{key}");
    }
    // One sample at a time, the update is fused: no layer has its gradient kept, a few rows are there at once.
    assert_eq!(sum("gradient_bytes"), 0);
    assert!(training["gradient_bytes"].as_u64().unwrap() * 4 < sum("parameter_bytes"));
    let parts = [
        "parameter_bytes",
        "gradient_bytes",
        "state_bytes",
        "activation_bytes",
    ];
    let total: u64 = parts.iter().map(|key| training[*key].as_u64().unwrap()).sum();
    assert_eq!(training["ram_bytes"].as_u64().unwrap(), total);
    assert!(training["activation_bytes"].as_u64().unwrap() <= sum("activation_bytes") + sum("delta_bytes"));
    let inference = &plan["inference"];
    assert_eq!(
        (&inference["gradient_bytes"], &inference["state_bytes"]),
        (&0.into(), &0.into())
    );
    assert!(inference["ram_bytes"].as_u64() < training["ram_bytes"].as_u64());
    let report = json(&folder.run(&["train", "run.toml", "--json"]));
    assert_eq!(report["ram_bytes"], training["ram_bytes"]);
    // In every layer, not in the sum alone.
    assert!(
        layers
            .iter()
            .all(|layer| layer["state_bytes"] == layer["parameter_bytes"]),
        "{plan}"
    );
    // Adam keeps two values for each parameter, plain SGD none.
    let with = |optimizer: &str| {
        folder.write(
            "other.toml",
            DIGITS.replacen_once("kind = \"sgd\"\nlearning_rate = 0.01\nmomentum = 0.9", optimizer),
        );
        let plan = json(&folder.run(&["plan", "other.toml", "--json"]));
        let layers: u64 = plan["layers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l["state_bytes"].as_u64().unwrap())
            .sum();
        assert_eq!(plan["training"]["state_bytes"], layers);
        layers
    };
    let parameters = training["parameter_bytes"].as_u64().unwrap();
    assert_eq!(with("kind = \"adam\""), 2 * parameters);
    assert_eq!(with("kind = \"sgd\"\nlearning_rate = 0.1"), 0);
    let text = folder.run(&["plan", "run.toml"]);
    for part in ["layer", "dense", "MACs", "Training", "Inference"] {
        assert!(text.done().contains(part), "no {part} in:\n{}", text.out);
    }
    // What is alive at the busiest step is named, and fits in the work region, which is drawn.
    let busiest = &plan["busiest"];
    let used = busiest["bytes"].as_u64().unwrap();
    assert!(used <= training["activation_bytes"].as_u64().unwrap());
    let alive = busiest["alive"].as_array().unwrap();
    let alive = alive.iter().map(|block| block["bytes"].as_u64().unwrap());
    assert!(alive.sum::<u64>() >= used);
    for arguments in [
        &["--svg", "memory.svg"][..],
        &["--svg", "memory.svg", "--inference"],
    ] {
        folder.run(&[&["plan", "run.toml"], arguments].concat()).done();
        let picture = std::fs::read_to_string(folder.path("memory.svg")).unwrap();
        let shown = picture.contains("0 conv1d") || picture.contains("0 dense");
        assert!(shown && picture.contains("work region"), "{picture}");
    }
}

/// The run files that come with the program do what they say, if only for a moment.
#[test]
fn the_ready_run_files_train() {
    let folder = Folder::new();
    let runs = concat!(env!("CARGO_MANIFEST_DIR"), "/runs");
    let train = |name: &str, epochs: &str| {
        let file = format!("{runs}/{name}.toml");
        json(&folder.run(&["train", &file, "--json", "--epochs", epochs]))
    };
    let digits = train("digits-mlp", "8");
    assert!(digits["test_accuracy"].as_f64().unwrap() > 0.93, "{digits}");
    assert_eq!(digits["params"], 2410);
    let motions = train("motions-conv1d", "20");
    assert!(motions["test_accuracy"].as_f64().unwrap() > 0.95, "{motions}");
    assert_eq!(
        (&motions["params"], &motions["test_samples"]),
        (&972.into(), &28.into())
    );
    // An autoencoder has no accuracy; its loss is well below that of always answering the mean, 1.
    let autoencoder = train("autoencoder", "6");
    assert!(
        autoencoder["test_accuracy"].is_null() && autoencoder["test_loss"].as_f64().unwrap() < 0.95,
        "{autoencoder}"
    );
    assert!(folder.path("out/digits-mlp/curves.svg").exists());
}

#[test]
fn early_stopping_ends_a_run_that_no_longer_improves() {
    let folder = Folder::new();
    let fit = "epochs = 60\nvalidation = 0.3\nstop_early = 2\nbatch = 8";
    folder.write(
        "run.toml",
        DIGITS
            .replacen_once("epochs = 1", fit)
            .replacen_once("0.01", "0.3"),
    );
    let report = json(&folder.run(&["train", "run.toml", "--json"]));
    assert!(
        report["stopped_early"] == true && report["epochs"].as_u64().unwrap() < 60,
        "{report}"
    );
}

#[test]
fn the_seed_decides_the_initial_parameters() {
    let folder = Folder::new();
    // Steps too small to move a weight, and nothing held out: what differs is where training begins.
    let still = DIGITS
        .replacen_once("0.01", "1e-40")
        .replacen_once("test = 0.2", "test = 0");
    folder.write("run.toml", still);
    let loss = |seed: &str| {
        json(&folder.run(&["train", "run.toml", "--json", "--seed", seed]))["train_loss"].clone()
    };
    assert_ne!(loss("1"), loss("2"));
}
