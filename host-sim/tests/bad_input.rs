//! Bad input, as its users give it: an error that names place and remedy, and exit code 2.

mod support;

use support::{CSV, DIGITS, Folder, ReplaceOnce, csv_run, idx, idx_run};

/// A run file that is wrong in one place: exit code 2, and a message with each of `parts`.
#[track_caller]
fn refused(from: &str, to: &str, parts: &[&str]) {
    let folder = Folder::new();
    folder.write("run.toml", DIGITS.replacen_once(from, to));
    for command in ["train", "plan"] {
        folder.run(&[command, "run.toml"]).refused(parts);
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
    folder.write("run.toml", DIGITS.replacen_once("input = 64", "input = 63"));
    folder.run(&["train", "run.toml"]).refused(&[
        "run.toml:2:9",
        "a vector of 63",
        "an image of 8 x 8",
        "write `input = { height = 8, width = 8, channels = 1 }`",
    ]);
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
        folder.write("data.csv", CSV.replacen_once(from, to));
        folder.run(&["train", "run.toml"]).refused(parts);
    }
    std::fs::remove_file(folder.path("data.csv")).unwrap();
    folder
        .run(&["train", "run.toml"])
        .refused(&["data.csv", "No such file", "run.toml:22:7"]);
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
    refused(
        seven,
        "{ kind = \"tanh\", from = 9 },",
        &[
            "layer 7: tanh reads from a place above",
            "run.toml:11:3",
            "at most 8",
        ],
    );
    refused(
        seven,
        "{ kind = \"conv2d\", channels = 4, kernel = 3, from = 8 },",
        &["layer 7: conv2d needs", "a vector of 64"],
    );
    refused(
        seven,
        "{ kind = \"tanh\", from = 2 },",
        &["layer 6: ", "no layer reads"],
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

#[test]
fn an_autoencoder_that_answers_with_another_length_is_an_error_at_the_last_layer() {
    let folder = Folder::new();
    folder.write(
        "run.toml",
        DIGITS.replacen_once("\"cross_entropy\"", "\"mean_squared_error\""),
    );
    for command in ["train", "plan"] {
        let parts = [
            "answers with 10 values",
            "its input of 64",
            "run.toml:12:3",
            "units = 64",
        ];
        folder.run(&[command, "run.toml"]).refused(&parts);
    }
}
