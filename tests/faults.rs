//! Promise: the tests notice when the arithmetic, the memory, the saved state or the loop is wrong.
//!
//! Each fault is planted in a copy of the workspace, and the tests that are named with it must fail there. It takes
//! minutes, so it runs on request: `cargo test --test faults -- --ignored --nocapture`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "faults/adapters.rs"]
mod adapters;
#[path = "faults/arithmetic.rs"]
mod arithmetic;
#[path = "faults/layers.rs"]
mod layers;
#[path = "faults/losses.rs"]
mod losses;
#[path = "faults/memory.rs"]
mod memory;
#[path = "faults/memory_and_loop.rs"]
mod memory_and_loop;
#[path = "faults/sequence.rs"]
mod sequence;

/// One fault: where the text `right` stands, `wrong` is put.
struct Fault {
    what: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
    caught_by: &'static [&'static str],
}

const BOTH: &[&str] = &["golden", "gradients"];
const GOLDEN: &[&str] = &["golden"];
const GRADIENTS: &[&str] = &["gradients"];

/// All faults.
fn faults() -> impl Iterator<Item = &'static Fault> {
    [
        adapters::FAULTS,
        arithmetic::FAULTS,
        layers::FAULTS,
        losses::FAULTS,
        memory::FAULTS,
        memory_and_loop::FAULTS,
        sequence::FAULTS,
    ]
    .into_iter()
    .flatten()
}

/// What a copy does not need.
const SKIPPED: &[&str] = &["target", "targets", "out", ".git"];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if SKIPPED.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Runs one test target in the copy, or the tests of a module of the core: `core:optim`. `None`: it does not
/// even build.
fn passes(copy: &Path, test: &str) -> Option<bool> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(copy).args(["test", "--quiet"]);
    match test.split_once(':') {
        Some((_, module)) => cargo.args(["--package", "kilograd", "--lib", module]),
        None => cargo.args(["--test", test]),
    };
    let output = cargo.output().expect("cargo runs");
    let text = String::from_utf8_lossy(&output.stdout);
    // The closing line is there whenever the tests ran.
    text.contains("test result: ").then(|| output.status.success())
}

#[test]
#[ignore = "builds the workspace once for each fault"]
fn every_planted_fault_is_caught() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place: PathBuf = root.join("target/faults");
    // Its own target folder inside stays, so that the next run builds less.
    copy(root, &place);
    let tests: BTreeSet<&str> = faults().flat_map(|fault| fault.caught_by).copied().collect();
    for test in tests {
        assert_eq!(
            passes(&place, test),
            Some(true),
            "{test} must pass without a fault"
        );
    }
    let mut missed = Vec::new();
    for fault in faults() {
        let file = place.join(fault.file);
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.contains(fault.right),
            "{}: {} no longer holds `{}`",
            fault.what,
            fault.file,
            fault.right
        );
        fs::write(&file, text.replace(fault.right, fault.wrong)).unwrap();
        for test in fault.caught_by {
            let verdict = match passes(&place, test) {
                Some(false) => "caught",
                Some(true) => "MISSED",
                None => "DOES NOT BUILD",
            };
            println!("{}: {test}: {verdict}", fault.what);
            if verdict != "caught" {
                missed.push(format!("{}: {test}: {verdict}", fault.what));
            }
        }
        fs::write(&file, text).unwrap();
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Otherwise the list goes stale unseen, since planting them all takes minutes.
#[test]
fn every_fault_still_has_its_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stale = |fault: &&'static Fault| {
        let text = fs::read_to_string(root.join(fault.file)).unwrap_or_default();
        !text.contains(fault.right)
    };
    let stale: Vec<_> = faults()
        .filter(stale)
        .map(|fault| (fault.what, fault.file, fault.right))
        .collect();
    assert!(stale.is_empty(), "{stale:#?}");
}
