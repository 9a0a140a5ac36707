//! A folder of its own for each test, and the program run in it.

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
learning_rate = 0.05
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
