//! Golden counts and sizes: a file per compiler, origin of `core` and flags.
//!
//! Another compiler makes other code, so values under an unknown key are printed and not compared.

use super::probe::{Build, Measured, WORKLOADS};
use crate::core_for_chips::CoreForChips;
use crate::elf::Sizes;
use crate::place;
use crate::process::Outcome;
use std::fs;
use std::path::PathBuf;

/// `rustc-1.95.0-rustup-plain`.
pub fn key(core: &CoreForChips, build: &Build) -> String {
    format!(
        "{}-{}-{}",
        core.compiler.replace(' ', "-"),
        core.folder(),
        build.name
    )
}

fn path(key: &str) -> PathBuf {
    place::root()
        .join("benches/golden/mcu")
        .join(format!("{key}.txt"))
}

/// The numbers that are kept, by name.
fn lines(results: &[Measured]) -> Vec<(String, u64)> {
    let mut lines = Vec::new();
    for (workload, result) in WORKLOADS.iter().zip(results) {
        let values = [
            ("forward", result.forward),
            ("step", result.step),
            ("code", result.sizes.code),
            ("constants", result.sizes.constants),
            ("ram", result.sizes.ram()),
        ];
        lines.extend(values.map(|(what, value)| (format!("{} {what}", workload.name), value)));
    }
    lines
}

/// The sizes of a program that are kept, by name.
pub fn sizes(program: &str, sizes: &Sizes) -> [(String, u64); 3] {
    [
        ("code", sizes.code),
        ("constants", sizes.constants),
        ("ram", sizes.ram()),
    ]
    .map(|(what, value)| (format!("{program} {what}"), value))
}

/// Takes the results as golden.
pub fn write(key: &str, results: &[Measured]) -> Outcome {
    write_lines(key, &lines(results))
}

/// Takes these values as golden.
pub fn write_lines(key: &str, lines: &[(String, u64)]) -> Outcome {
    let text: String = lines
        .iter()
        .map(|(name, value)| format!("{name} {value}\n"))
        .collect();
    let path = path(key);
    let folder = path.parent().unwrap_or(&path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, text))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    println!("golden values for {key} written");
    Ok(())
}

/// The golden values under a key, if it is known.
pub fn read(key: &str) -> Outcome<Option<Vec<(String, u64)>>> {
    let Ok(text) = fs::read_to_string(path(key)) else {
        return Ok(None);
    };
    let parse = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.to_string(), value.parse().ok()?))
    };
    text.lines()
        .map(|line| parse(line).ok_or_else(|| format!("golden values for {key}: cannot read `{line}`")))
        .collect::<Outcome<Vec<_>>>()
        .map(Some)
}

/// Every value that moved by more than the tolerance, as a sentence. Getting better is a difference too.
pub fn differences(key: &str, golden: &[(String, u64)], results: &[Measured], tolerance: f64) -> Vec<String> {
    compare(key, golden, &lines(results), tolerance)
}

/// [`differences`] of values by name.
pub fn compare(key: &str, golden: &[(String, u64)], found: &[(String, u64)], tolerance: f64) -> Vec<String> {
    let mut faults = Vec::new();
    if golden.len() != found.len() {
        faults.push(format!(
            "{key}: {} golden values, {} measured",
            golden.len(),
            found.len()
        ));
    }
    for ((name, expected), (found_name, value)) in golden.iter().zip(found) {
        let close = value.abs_diff(*expected) as f64 <= *expected as f64 * tolerance;
        if name != found_name || !close {
            faults.push(format!(
                "{key}: {found_name} is {value}, golden {name} is {expected}; `--bless` takes the new value"
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn one_percent_is_the_limit() {
        let value = |value| vec![("W1 step".to_string(), value)];
        assert!(compare("k", &value(10_000), &value(10_100), 0.01).is_empty());
        assert!(compare("k", &value(10_000), &value(9_900), 0.01).is_empty());
        assert_eq!(compare("k", &value(10_000), &value(10_101), 0.01).len(), 1);
        assert_eq!(compare("k", &value(10_000), &value(9_899), 0.01).len(), 1);
        assert_eq!(compare("k", &[], &value(1), 0.01).len(), 1);
    }
}
