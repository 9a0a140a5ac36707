//! The program as its users meet it: good input and bad.

mod support;

use support::{DIGITS, Folder};

/// A run file that is wrong in one place: exit code 2, and a message with each of `parts`.
#[track_caller]
fn refused(from: &str, to: &str, parts: &[&str]) {
    let folder = Folder::new();
    folder.write("run.toml", &DIGITS.replacen_once(from, to));
    for command in ["train", "plan"] {
        folder.run(&[command, "run.toml"]).refused(parts);
    }
}

/// Replaces exactly one occurrence, so that no test is about an unchanged file.
trait ReplaceOnce {
    fn replacen_once(&self, from: &str, to: &str) -> String;
}

impl ReplaceOnce for str {
    #[track_caller]
    fn replacen_once(&self, from: &str, to: &str) -> String {
        assert_eq!(self.matches(from).count(), 1, "{from} stands there not once");
        self.replacen(from, to, 1)
    }
}

#[test]
fn a_missing_file_is_named() {
    let folder = Folder::new();
    folder
        .run(&["train", "nowhere.toml"])
        .refused(&["nowhere.toml", "No such file", "check the path"]);
    folder.run(&["train"]).refused(&["<RUN.toml>", "Usage"]);
    folder.run(&["trian", "run.toml"]).refused(&["trian", "train"]);
}

#[test]
fn an_error_in_layer_7_names_file_line_key_and_the_nearest_key() {
    let seven = "{ kind = \"tanh\" }, # 7";
    let conv = "{ kind = \"conv1d\", channels = 4, kernal = 3 },";
    refused(
        seven,
        conv,
        &[
            "layer 7 (conv1d)",
            "run.toml:11:36",
            "`kernal`",
            "did you mean `kernel`?",
            conv,
        ],
    );
    let relu = "{ kind = \"relu\", stride = 2 },";
    refused(
        seven,
        relu,
        &[
            "layer 7 (relu) has no option `stride`",
            "run.toml:11:20",
            "`conv1d`",
            "no option",
        ],
    );
    refused(
        seven,
        "{ kind = \"thanh\" },",
        &["layer 7", "run.toml:11:12", "did you mean `tanh`?"],
    );
}

#[test]
fn unknown_keys_are_errors_everywhere() {
    refused(
        "momentum",
        "momentun",
        &[
            "[optimizer]",
            "`momentun`",
            "run.toml:19:1",
            "did you mean `momentum`?",
        ],
    );
    refused("epochs", "epoch", &["[fit]", "`epoch`", "did you mean `epochs`?"]);
    refused("[fit]", "[fitting]", &["`fitting`", "did you mean `fit`?"]);
    refused(
        "source = \"digits\"",
        "source = \"digit\"",
        &["did you mean `digits`?"],
    );
}

#[test]
fn what_is_not_toml_is_an_error_with_its_line() {
    refused("epochs = 1", "epochs = = 1", &["not TOML", "run.toml:26:10"]);
}

#[test]
fn an_input_of_another_shape_than_the_data_is_an_error() {
    let folder = Folder::new();
    folder.write("run.toml", &DIGITS.replacen_once("input = 64", "input = 63"));
    folder.run(&["train", "run.toml"]).refused(&[
        "run.toml:2:9",
        "a vector of 63",
        "an image of 8 x 8",
        "write `input = { height = 8, width = 8, channels = 1 }`",
    ]);
}

const CSV: &str = "x,y,kind\n1,2,a\n2,1,b\n1,3,a\n3,1,b\n1,4,a\n4,1,b\n";

fn csv_run(folder: &Folder, data: &str) {
    let from = "source = \"digits\"";
    let run = DIGITS
        .replacen_once(from, data)
        .replacen_once("input = 64", "input = 2");
    folder.write(
        "run.toml",
        &run.replacen_once("units = 10", "units = 2")
            .replacen_once("test = 0.2", "test = 0.34"),
    );
}

#[test]
fn bad_csv_is_named_by_line_and_column() {
    let folder = Folder::new();
    csv_run(&folder, "csv = \"data.csv\"\nlabel = \"kind\"");
    let cases: [(&str, &str, &[&str]); 6] = [
        (
            "3,1,b",
            "nan,1,b",
            &["data.csv, line 5, column `x`", "NaN", "remove the line"],
        ),
        ("3,1,b", "inf,1,b", &["data.csv, line 5, column `x`", "infinite"]),
        ("3,1,b", "3,,b", &["data.csv, line 5, column `y`", "empty"]),
        (
            "3,1,b",
            "3,one,b",
            &[
                "data.csv, line 5, column `y`",
                "`one` is not a number",
                "`features`",
            ],
        ),
        (
            "3,1,b",
            "3,1",
            &["data.csv, line 5", "2 cells where the header has 3"],
        ),
        (
            "x,y,kind",
            "x,y,kinds",
            &[
                "no column `kind`",
                "run.toml:23:9",
                "did you mean `kinds`?",
                "`x`, `y`, `kinds`",
            ],
        ),
    ];
    for (from, to, parts) in cases {
        folder.write("data.csv", &CSV.replacen_once(from, to));
        folder.run(&["train", "run.toml"]).refused(parts);
    }
    std::fs::remove_file(folder.path("data.csv")).unwrap();
    folder
        .run(&["train", "run.toml"])
        .refused(&["data.csv", "No such file", "run.toml:22:7"]);
}

/// A file of the MNIST format.
fn idx(extents: &[u32], values: &[u8]) -> Vec<u8> {
    let header = [0, 0, 8, extents.len() as u8];
    let extents = extents.iter().flat_map(|extent| extent.to_be_bytes());
    header
        .into_iter()
        .chain(extents)
        .chain(values.iter().copied())
        .collect()
}

fn idx_run(folder: &Folder) {
    csv_run(folder, "images = \"images.idx\"\nlabels = \"labels.idx\"");
    let pixels: Vec<u8> = (0..40).map(|i| if i % 4 < 2 { 200 } else { 20 }).collect();
    folder.write("images.idx", idx(&[20, 1, 2], &pixels));
    folder.write("labels.idx", idx(&[20], &[0, 1].repeat(10)));
}

#[test]
fn bad_idx_files_are_named() {
    let folder = Folder::new();
    idx_run(&folder);
    let whole = std::fs::read(folder.path("images.idx")).unwrap();
    let at = "run.toml:22:10";
    for length in [0, 3, 9, 16, whole.len() - 1] {
        folder.write("images.idx", &whole[..length]);
        folder
            .run(&["train", "run.toml"])
            .refused(&["images.idx", at, "again"]);
    }
    folder.write("images.idx", "P5 no idx");
    folder
        .run(&["train", "run.toml"])
        .refused(&["images.idx", at, "no IDX file"]);
    folder.write("images.idx", [0x1f, 0x8b, 8, 0, 0]);
    folder
        .run(&["train", "run.toml"])
        .refused(&["compressed", "gunzip"]);
    folder.write("images.idx", &whole);
    folder.write("labels.idx", idx(&[19], &[0; 19]));
    folder
        .run(&["train", "run.toml"])
        .refused(&["labels.idx", "19 labels for 20 images", "run.toml:23:10"]);
}

/// The one JSON object of a run that went well.
#[track_caller]
fn json(ran: &support::Ran) -> serde_json::Value {
    let out = ran.done();
    assert_eq!(ran.err, "", "nothing but the object is printed");
    assert_eq!(out.lines().count(), 1);
    serde_json::from_str(out).expect("JSON")
}

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
fn outputs_that_are_not_the_classes_are_an_error_at_the_last_layer() {
    let folder = Folder::new();
    folder.write("run.toml", DIGITS.replacen_once("units = 10", "units = 9"));
    folder
        .run(&["train", "run.toml"])
        .refused(&["9 outputs", "10 classes", "run.toml:12:3", "units = 10"]);
}

#[test]
fn a_model_that_does_not_fit_together_is_an_error_at_its_layer() {
    let seven = "{ kind = \"tanh\" }, # 7";
    let wide = "{ kind = \"conv1d\", channels = 4, kernel = 3 },";
    refused(
        seven,
        wide,
        &[
            "layer 7: conv1d needs a series",
            "run.toml:11:3",
            "a vector of 12",
        ],
    );
    refused(
        seven,
        "{ kind = \"add\", back = 9 },",
        &["layer 7: add", "run.toml:11:3"],
    );
    let layers = "{ kind = \"relu\" },\n".repeat(130);
    refused(seven, &layers, &["layer 128 is one too many"]);
    refused(
        "momentum = 0.9",
        "momentum = 1.0",
        &["`momentum`", "below 1", "run.toml:19:12"],
    );
    refused("epochs = 1", "batch = 65536", &["batch", "65535"]);
}

#[test]
fn training_that_diverges_fails_with_advice_and_exit_code_1() {
    let folder = Folder::new();
    let loud = DIGITS.replacen_once("learning_rate = 0.01", "learning_rate = 1e30");
    folder.write(
        "run.toml",
        loud.replacen_once("test = 0.2", "test = 0.2\nscale = \"none\""),
    );
    let ran = folder.run(&["train", "run.toml", "--json"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{}", ran.err);
    assert!(
        ran.err.contains("diverged at step") && ran.err.contains("`learning_rate`"),
        "{}",
        ran.err
    );
}

#[test]
fn a_folder_that_cannot_be_made_fails_with_exit_code_1() {
    let folder = Folder::new();
    folder.write("run.toml", DIGITS);
    folder.write("file", "");
    let ran = folder.run(&["train", "run.toml", "--out", "file/within"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.err.contains("file/within") && ran.err.contains("--out"),
        "{}",
        ran.err
    );
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
    for (key, bytes) in [("parameter_bytes", 4), ("gradient_bytes", 4), ("state_bytes", 4)] {
        assert_eq!(training[key].as_u64().unwrap(), sum(key), "{key}");
        assert_eq!(sum(key), plan["params"].as_u64().unwrap() * bytes, "{key}");
    }
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
    // Adam keeps two values for each parameter, plain SGD none.
    let with = |optimizer: &str| {
        folder.write(
            "other.toml",
            DIGITS.replacen_once("kind = \"sgd\"\nlearning_rate = 0.01\nmomentum = 0.9", optimizer),
        );
        json(&folder.run(&["plan", "other.toml", "--json"]))["training"]["state_bytes"]
            .as_u64()
            .unwrap()
    };
    let parameters = training["parameter_bytes"].as_u64().unwrap();
    assert_eq!(with("kind = \"adam\""), 2 * parameters);
    assert_eq!(with("kind = \"sgd\"\nlearning_rate = 0.1"), 0);
    let text = folder.run(&["plan", "run.toml"]);
    for part in ["layer", "dense", "MACs", "Training", "Inference"] {
        assert!(text.done().contains(part), "no {part} in:\n{}", text.out);
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
fn help_has_examples_and_exit_codes() {
    let folder = Folder::new();
    let help = folder.run(&["--help"]);
    for part in ["train", "plan", "story", "Examples:", "Exit codes: 0"] {
        assert!(help.done().contains(part), "no {part}");
    }
    for command in ["train", "plan", "story"] {
        let help = folder.run(&[command, "--help"]);
        assert!(help.done().contains("--json"), "{command}");
    }
}
