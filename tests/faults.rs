//! Promise: the tests notice when the arithmetic, the memory, the saved state or the loop is wrong.
//!
//! Each fault is planted in a copy of the workspace, and the tests that are named with it must fail there. It takes
//! minutes, so it runs on request: `cargo test --test faults -- --ignored --nocapture`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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

const FAULTS: &[Fault] = &[
    Fault {
        what: "bias gradient missing",
        file: "core/src/kernel/float.rs",
        right: "F::outer(db, &[F::ONE], dy, false)",
        wrong: "F::outer(db, &[F::ZERO], dy, false)",
        caught_by: BOTH,
    },
    Fault {
        what: "conv dx uses wrong stride",
        file: "core/src/kernel/float.rs",
        right: "            let Some(dx) = dx.data.get_mut(start..start + sweep.length)",
        wrong: "            let start = start - p * sweep.step / 2;\n            let Some(dx) = dx.data.get_mut(start..start + sweep.length)",
        caught_by: BOTH,
    },
    Fault {
        what: "conv forward stride off by a frame",
        file: "core/src/kernel/spatial/convolution.rs",
        right: "step: self.columns.stride * channels",
        wrong: "step: (self.columns.stride + usize::from(self.columns.stride > 1)) * channels",
        caught_by: BOTH,
    },
    Fault {
        what: "relu mask forgotten",
        file: "core/src/math/pointwise.rs",
        right: "if y > F::ZERO { F::ONE } else { F::ZERO }",
        wrong: "{ let _ = y; F::ONE }",
        caught_by: BOTH,
    },
    Fault {
        what: "add forgets its far branch",
        file: "core/src/engine/backward.rs",
        right: "let source = slot.source.filter(|_| slot.passes);",
        wrong: "let source: Option<u16> = None;",
        caught_by: BOTH,
    },
    Fault {
        what: "squared error without its 2",
        file: "core/src/kernel/judge/values.rs",
        right: "let share = (F::ONE + F::ONE) / count",
        wrong: "let share = F::ONE / count",
        caught_by: BOTH,
    },
    Fault {
        what: "momentum sign",
        file: "core/src/optim/sgd.rs",
        right: "let v = momentum * v + share * g",
        wrong: "let v = share * g - momentum * v",
        caught_by: GOLDEN,
    },
    Fault {
        what: "nesterov without look-ahead",
        file: "core/src/optim/sgd.rs",
        right: "g + momentum * v } else",
        wrong: "v } else",
        caught_by: GOLDEN,
    },
    Fault {
        what: "adam without second bias correction",
        file: "core/src/optim/adam.rs",
        right: "correction: F::sqrt(one_minus_power(F::ONE - beta2, count))",
        wrong: "correction: F::ONE",
        caught_by: GOLDEN,
    },
    Fault {
        what: "adam's bias correction loses digits",
        file: "core/src/math/mod.rs",
        right: "    let mut result = F::ZERO;\n    while exponent > 0 {",
        wrong: "    let mut power = F::ONE;\n    for _ in 0..exponent {\n        power *= F::ONE - gap;\n    }\n    return F::ONE - power;\n    #[allow(unreachable_code)]\n    let mut result = F::ZERO;\n    while exponent > 0 {",
        caught_by: GOLDEN,
    },
    Fault {
        what: "weight decay sign",
        file: "core/src/optim/sgd.rs",
        right: "+ decay * ",
        wrong: "- decay * ",
        caught_by: GOLDEN,
    },
    Fault {
        what: "conv edges pair wrong rows",
        file: "core/src/kernel/blocks.rs",
        right: "(dx.get_mut(..length), w.get(..length * outputs))",
        wrong: "(dx.get_mut(..length), w.get(..))",
        caught_by: GRADIENTS,
    },
    Fault {
        what: "batch summed, not averaged",
        file: "core/src/kernel/float.rs",
        right: "let mut scale = F::ONE / F::from_count(count.max(1));",
        wrong: "let _ = count;\n        let mut scale = F::ONE;",
        caught_by: GOLDEN,
    },
    Fault {
        what: "average gradient not divided",
        file: "core/src/kernel/float.rs",
        right: "let share = F::ONE / F::from_count((dx.data.len() / channels) as u32);",
        wrong: "let share = F::ONE;",
        caught_by: BOTH,
    },
    Fault {
        what: "tanh slope",
        file: "core/src/math/pointwise.rs",
        right: "F::ONE - y * y",
        wrong: "F::ONE - y",
        caught_by: BOTH,
    },
    Fault {
        what: "softmax not shifted",
        file: "core/src/kernel/judge/classes.rs",
        right: "        if *z > highest {\n            highest = *z;\n        }",
        wrong: "        let _ = z;\n        highest = F::ZERO;",
        caught_by: GOLDEN,
    },
    Fault {
        what: "planner lets inputs die early",
        file: "core/src/network/lives.rs",
        right: "last = 2 * count - (i + 1);",
        wrong: "",
        caught_by: BOTH,
    },
    Fault {
        what: "planner writes over what an add reads",
        file: "core/src/network/lives.rs",
        right: "            && source as usize == of + 1\n        {\n            return true;",
        wrong: "            && source as usize == of + 1\n        {\n            return false;",
        caught_by: BOTH,
    },
    Fault {
        what: "clip ignored",
        file: "core/src/kernel/float.rs",
        right: "(norm > bound).then(|| bound",
        wrong: "(norm > bound * F::from_count(1000)).then(|| bound",
        caught_by: GOLDEN,
    },
    Fault {
        what: "gradient of second sample overwrites",
        file: "core/src/engine/backward.rs",
        right: "let fresh = self.is_fused() || self.summed == 0;",
        wrong: "let fresh = true;",
        caught_by: BOTH,
    },
    Fault {
        what: "frozen layer passes no gradient",
        file: "core/src/network/lives.rs",
        right: "plan.slots[i].passes = i > first;",
        wrong: "plan.slots[i].passes = i > first && (plan.slots[i].trains || plan.slots[i].specs().is_empty());",
        caught_by: GRADIENTS,
    },
    Fault {
        what: "frozen layer is trained",
        file: "core/src/network/check.rs",
        right: "if needs.train { resident } else { 0 }",
        wrong: "if needs.train { u8::MAX } else { 0 }",
        caught_by: GRADIENTS,
    },
    Fault {
        what: "padding of the far end skipped",
        file: "core/src/kernel/spatial/convolution.rs",
        right: "while column < window.columns.output {",
        wrong: "while column < whole.end.max(1) {",
        caught_by: BOTH,
    },
];

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

/// Runs one test target in the copy. `None`: it does not even build.
fn passes(copy: &Path, test: &str) -> Option<bool> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(copy).args(["test", "--quiet", "--test", test]);
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
    let all = || {
        FAULTS
            .iter()
            .chain(memory::FAULTS)
            .chain(memory_and_loop::FAULTS)
            .chain(sequence::FAULTS)
    };
    let tests: BTreeSet<&str> = all().flat_map(|fault| fault.caught_by).copied().collect();
    for test in tests {
        assert_eq!(
            passes(&place, test),
            Some(true),
            "{test} must pass without a fault"
        );
    }
    let mut missed = Vec::new();
    for fault in all() {
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
    let stale = |fault: &&Fault| {
        let text = fs::read_to_string(root.join(fault.file)).unwrap_or_default();
        !text.contains(fault.right)
    };
    let stale: Vec<_> = FAULTS
        .iter()
        .chain(memory::FAULTS)
        .chain(memory_and_loop::FAULTS)
        .chain(sequence::FAULTS)
        .filter(stale)
        .map(|fault| (fault.what, fault.file, fault.right))
        .collect();
    assert!(stale.is_empty(), "{stale:#?}");
}
