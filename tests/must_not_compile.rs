//! Promise: a model that does not fit together stops `cargo check`, with a message that names the layer
//! and says what would be right.
//!
//! Each program in `tests/must_not_compile` begins with the message that it must stop with. They are
//! checked as the programs of one package, next to a control that must compile. The wording around
//! the message is rustc's and changes; the message is compared to its last letter.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const MANIFEST: &str = r#"
[package]
name = "programs"
version = "0.0.0"
edition = "2024"

[dependencies]
kilograd = { path = "ROOT/core" }

[workspace]
"#;

/// The programs, by name, and what each must say.
fn programs(root: &Path) -> Vec<(String, String, PathBuf)> {
    let folder = fs::read_dir(root.join("tests/must_not_compile")).unwrap();
    let program = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let message = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("//! "))
            .unwrap();
        (name, message.to_owned(), path)
    };
    folder.map(|entry| program(entry.unwrap().path())).collect()
}

/// Whether a line of cargo's report is an error in that program.
fn is_error_of(line: &str, name: &str) -> bool {
    line.contains(r#""reason":"compiler-message""#)
        && line.contains(&format!(r#""name":"{name}""#))
        && line.contains(r#""level":"error""#)
        // Every failure ends with a count of errors.
        && !line.contains("aborting due to")
}

/// Whether the text holds the message, and not only the beginning of a longer one.
fn says(text: &str, message: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(message) {
        let before = rest[..at].chars().next_back();
        rest = &rest[at + message.len()..];
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != ':' && c != ',');
        if before.is_none_or(|c| !c.is_alphanumeric()) && ends(rest.chars().next()) {
            return true;
        }
    }
    false
}

#[test]
fn bad_models_stop_the_check_and_say_why() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("must_not_compile");
    let bin = package.join("src/bin");
    let _ = fs::remove_dir_all(&bin);
    fs::create_dir_all(&bin).unwrap();
    let manifest = MANIFEST.replace("ROOT", root.to_str().unwrap());
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    // The versions that the workspace has, so that nothing is fetched.
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let programs = programs(root);
    assert!(programs.len() > 20);
    for (name, _, path) in &programs {
        fs::copy(path, bin.join(name).with_extension("rs")).unwrap();
    }
    let output = Command::new(env::var("CARGO").unwrap())
        .args([
            "check",
            "--offline",
            "--bins",
            "--keep-going",
            "--message-format=json",
        ])
        .arg("--target-dir")
        .arg(package.join("target"))
        .current_dir(&package)
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    for (name, message, _) in &programs {
        let errors: Vec<&str> = report.lines().filter(|line| is_error_of(line, name)).collect();
        let checked = report.lines().any(|line| {
            line.contains(r#""reason":"compiler-artifact""#) && line.contains(&format!(r#""name":"{name}""#))
        });
        if name == "control" {
            assert!(
                checked && errors.is_empty(),
                "the control does not compile: {complaint}{report}"
            );
            continue;
        }
        assert!(!checked, "{name} compiles");
        assert!(!errors.is_empty(), "{name} was not checked: {complaint}");
        for error in errors {
            assert!(says(error, message), "{name} must say `{message}`: {error}");
        }
    }
}

#[test]
fn a_longer_or_another_message_is_not_the_message() {
    let message = "layer 2: dense needs at least one output";
    for text in [
        "panicked: MESSAGE\"",
        "at 'MESSAGE', core/src",
        "MESSAGE\\n",
        "MESSAGE",
    ] {
        assert!(says(&text.replace("MESSAGE", message), message), "{text}");
    }
    assert!(!says(message, "yer 2: dense needs at least one output"));
    assert!(!says("layer 2: dense needs at least one outputs", message));
    assert!(!says(
        "layer 2: dense needs at least one output: give it",
        message
    ));
    assert!(!says("layer 2: dense needs at least one", message));
}
