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
