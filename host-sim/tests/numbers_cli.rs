//! Promise: the number is a choice of the user: in a run file, on the command line, of a checkpoint; and a slip is answered.

mod support;

use support::Folder;

/// A run file of layers that every number has, with a checkpoint at its end.
const RUN: &str = r#"[model]
input = 64
layers = [{ kind = "dense", units = 16 }, { kind = "relu" }, { kind = "dense", units = 10 }]
loss = "cross_entropy"

[optimizer]
kind = "sgd"
learning_rate = 0.05
momentum = 0.9

[data]
source = "digits"
scale = "unit"

[fit]
epochs = 4
batch = 16
checkpoint_every = 100
"#;

#[test]
fn a_run_file_and_the_command_line_name_the_number() {
    let folder = Folder::new();
    folder.write("run.toml", RUN);
    folder.write("fixed.toml", RUN.replace("[fit]", "[fit]\nnumber = \"bfp14\""));
    let hash = |arguments: &[&str]| {
        let out = folder.run(arguments);
        assert_eq!(out.code, Some(0), "{}", out.err);
        let line = out.out.lines().find(|line| line.starts_with("parameters hash"));
        line.unwrap().to_owned()
    };
    let float = hash(&["train", "run.toml", "--out", "a"]);
    let fixed = hash(&["train", "fixed.toml", "--out", "b"]);
    assert_eq!(
        fixed,
        hash(&["train", "run.toml", "--number", "bfp14", "--out", "c"])
    );
    assert_eq!(
        float,
        hash(&["train", "fixed.toml", "--number", "f32", "--out", "d"])
    );
    assert_ne!(float, fixed);
}

#[test]
fn a_slip_in_the_number_is_answered() {
    let folder = Folder::new();
    folder.write("run.toml", RUN.replace("[fit]", "[fit]\nnumber = \"bfp41\""));
    let train = folder.run(&["train", "run.toml"]);
    train.refused(&["run.toml:16", "did you mean `bfp14`?"]);
    folder
        .run(&["plan", "run.toml", "--number", "bfp41"])
        .refused(&["'bfp14'"]);
}

#[test]
fn a_checkpoint_goes_to_integers_and_back() {
    let folder = Folder::new();
    folder.write("run.toml", RUN);
    assert_eq!(folder.run(&["train", "run.toml", "--out", "float"]).code, Some(0));
    let convert = |from: &str, to: &str, out: &str| {
        let out = folder.run(&[
            "convert",
            "run.toml",
            "--checkpoint",
            from,
            "--to",
            to,
            "--out",
            out,
        ]);
        assert_eq!(out.code, Some(0), "{}", out.err);
        out.out
    };
    let change = |text: &str| -> f32 {
        let line = text.lines().find(|line| line.starts_with("change:")).unwrap();
        line.split(' ').nth(1).unwrap().parse().unwrap()
    };
    for number in ["bfp14", "bfp14-byte", "bfp14-high"] {
        let text = convert("float/checkpoint.bin", number, "fixed.bin");
        assert!(text.contains(number) && change(&text).abs() < 1.0, "{text}");
        let back = convert("fixed.bin", "f32", "back.bin");
        assert!(change(&back).abs() < 1.0, "{back}");
    }
}
