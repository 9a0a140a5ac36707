//! A folder of its own for each test, and the program run in it.

// Each test file uses its part of this.
#![allow(dead_code)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A run file that trains in a moment. Its layer 7 stands on line 11.
pub const DIGITS: &str = r#"[model]
input = 64
layers = [
  { kind = "dense", units = 12 }, # 0
  { kind = "relu" }, # 1
  { kind = "dense", units = 12 }, # 2
  { kind = "sigmoid" }, # 3
  { kind = "dense", units = 12 }, # 4
  { kind = "add", back = 2 }, # 5
  { kind = "dense", units = 12 }, # 6
  { kind = "tanh" }, # 7
  { kind = "dense", units = 10 }, # 8
]
loss = "cross_entropy"

[optimizer]
kind = "sgd"
learning_rate = 0.01
momentum = 0.9

[data]
source = "digits"
test = 0.2

[fit]
epochs = 1
"#;

/// A fresh folder, removed when the test is done with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "cli-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_kilograd"))
            .args(arguments)
            .current_dir(&self.0)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Kept when a test fails, to be looked at.
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// What a run of the program gave.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Exit code 2, nothing on standard output, and an error with each of `parts`.
    #[track_caller]
    pub fn refused(&self, parts: &[&str]) {
        assert_eq!(
            self.code,
            Some(2),
            "exit code; out:\n{}\nerr:\n{}",
            self.out,
            self.err
        );
        assert_eq!(self.out, "");
        for part in parts {
            assert!(self.err.contains(part), "no \"{part}\" in:\n{}", self.err);
        }
    }

    /// Exit code 0.
    #[track_caller]
    pub fn done(&self) -> &str {
        assert_eq!(
            self.code,
            Some(0),
            "exit code; out:\n{}\nerr:\n{}",
            self.out,
            self.err
        );
        &self.out
    }
}

/// Replaces exactly one occurrence, so that no test is about an unchanged file.
pub trait ReplaceOnce {
    fn replacen_once(&self, from: &str, to: &str) -> String;
}

impl ReplaceOnce for str {
    #[track_caller]
    fn replacen_once(&self, from: &str, to: &str) -> String {
        assert_eq!(self.matches(from).count(), 1, "{from} stands there not once");
        self.replacen(from, to, 1)
    }
}

/// Two classes that a line divides.
pub const CSV: &str = "x,y,kind\n1,2,a\n2,1,b\n1,3,a\n3,1,b\n1,4,a\n4,1,b\n";

/// Writes a run file for two features and two classes, with `data` as its source.
pub fn csv_run(folder: &Folder, data: &str) {
    let from = "source = \"digits\"";
    let run = DIGITS
        .replacen_once(from, data)
        .replacen_once("input = 64", "input = 2");
    folder.write(
        "run.toml",
        run.replacen_once("units = 10", "units = 2")
            .replacen_once("test = 0.2", "test = 0.34"),
    );
}

/// A file of the MNIST format.
pub fn idx(extents: &[u32], values: &[u8]) -> Vec<u8> {
    let header = [0, 0, 8, extents.len() as u8];
    let extents = extents.iter().flat_map(|extent| extent.to_be_bytes());
    header
        .into_iter()
        .chain(extents)
        .chain(values.iter().copied())
        .collect()
}

/// Writes images of two pixels, of two classes, and a run file for them.
pub fn idx_run(folder: &Folder) {
    csv_run(folder, "images = \"images.idx\"\nlabels = \"labels.idx\"");
    let pixels: Vec<u8> = (0..40).map(|i| if i % 4 < 2 { 200 } else { 20 }).collect();
    folder.write("images.idx", idx(&[20, 1, 2], &pixels));
    folder.write("labels.idx", idx(&[20], &[0, 1].repeat(10)));
}

/// The one JSON object of a run that went well.
#[track_caller]
pub fn json(ran: &Ran) -> serde_json::Value {
    let out = ran.done();
    assert_eq!(ran.err, "", "nothing but the object is printed");
    assert_eq!(out.lines().count(), 1);
    serde_json::from_str(out).expect("JSON")
}
