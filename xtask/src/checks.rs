//! The checks of the code itself: format, lints, features, documentation, tests on this machine.

use crate::core_for_chips::{CoreForChips, Origin, TARGETS};
use crate::firmware::Board;
use crate::parts::Tally;
use crate::place;
use crate::process::{Outcome, cargo, each_line, run, say};
use std::fs;

/// Both workspaces are formatted.
pub fn format() -> Outcome {
    run(cargo()
        .args(["fmt", "--all", "--check"])
        .current_dir(place::root()))?;
    run(cargo()
        .args(["fmt", "--all", "--check"])
        .current_dir(place::targets()))
}

/// No lint speaks, `incompatible_msrv` among them: it holds the floor that Cargo.toml states.
pub fn lints(core: &CoreForChips) -> Outcome {
    let deny = ["--", "--deny", "warnings"];
    run(cargo()
        .args(["clippy", "--workspace", "--all-targets"])
        .args(deny)
        .current_dir(place::root()))?;
    for board in Board::folders()? {
        let Some(target) = &board.target else {
            run(cargo().arg("clippy").args(deny).current_dir(&board.folder))?;
            continue;
        };
        // Debian's compiler has no clippy of its version: there the compiler's own lints must do.
        let mut command = cargo();
        match core.origin {
            Origin::Rustup => command.arg("clippy"),
            Origin::Debian => command.arg("check"),
        };
        let flags: &[&str] = if core.origin == Origin::Debian {
            &["-Dwarnings"]
        } else {
            &[]
        };
        core.dress(&mut command, target, flags);
        command.arg("--target-dir").arg(board.target_dir(core));
        if core.origin == Origin::Rustup {
            command.args(deny);
        }
        run(command.current_dir(&board.folder))?;
    }
    Ok(())
}

/// Each feature of `kilograd` alone, and all of them, on each chip.
pub fn features(core: &CoreForChips, tally: &mut Tally) -> Outcome {
    let manifest = fs::read_to_string(place::root().join("core/Cargo.toml")).map_err(|e| e.to_string())?;
    let mut choices = vec![String::new()];
    choices.extend(features_of(&manifest));
    choices.push(choices[1..].join(","));
    for target in TARGETS {
        for choice in &choices {
            let mut command = cargo();
            command.args([
                "check",
                "--quiet",
                "--package",
                "kilograd",
                "--no-default-features",
            ]);
            command.arg("--features").arg(choice);
            core.dress(&mut command, target, &["-Dwarnings"]);
            let folder = place::root().join("target/chips").join(core.folder());
            run(command.arg("--target-dir").arg(folder).current_dir(place::root()))?;
            tally.pass();
        }
    }
    Ok(())
}

/// The names in a manifest's `[features]`, without `default`.
fn features_of(manifest: &str) -> Vec<String> {
    manifest
        .lines()
        .skip_while(|line| line.trim() != "[features]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().to_string())
        .filter(|name| name != "default" && !name.starts_with('#'))
        .collect()
}

/// The documentation builds without a broken link or a missing line.
pub fn documentation() -> Outcome {
    run(cargo()
        .args(["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .current_dir(place::root()))
}

/// Every test of the workspace, documentation examples included; then those of the crate with approximate maths.
pub fn tests(tally: &mut Tally) -> Outcome {
    count(&["test", "--workspace"], tally)?;
    let approximate = [
        "test",
        "--package",
        "kilograd",
        "--features",
        "micromath",
        "--lib",
    ];
    count(&approximate, tally)
}

/// The promises once more, compiled as they ship: the same bits in debug and release.
pub fn release_tests(tally: &mut Tally) -> Outcome {
    count(&["test", "--release", "--package", "kilograd-promises"], tally)
}

fn count(arguments: &[&str], tally: &mut Tally) -> Outcome {
    let mut command = cargo();
    command.args(arguments).current_dir(place::root());
    say(&command);
    each_line(&mut command, |line| {
        println!("{line}");
        tally.read(line);
    })
}

#[cfg(test)]
mod tests {
    use super::features_of;
    use crate::place;
    use std::fs;
    use std::path::{Path, PathBuf};

    #[test]
    fn reads_feature_names_only() {
        let manifest = "[package]\nname = \"x\"\n[features]\ndefault = []\n# a = note\ndefmt = [\"dep:defmt\"]\nserde=[]\n[dependencies]\nserde = \"1\"\n";
        assert_eq!(features_of(manifest), ["defmt", "serde"]);
    }

    /// Files under `folder` that speak of the law.
    fn unsafe_files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                unsafe_files(&path, found);
            } else if fs::read_to_string(&path).unwrap().contains("unsafe_code") {
                found.push(path);
            }
        }
    }

    /// The law and its two exceptions, as `docs/architecture.md` has them.
    #[test]
    fn unsafe_code_stays_where_it_is() {
        let source = place::root().join("core/src");
        let mut found = Vec::new();
        unsafe_files(&source, &mut found);
        found.sort();
        assert_eq!(
            found,
            ["kernel/cortex_m4/mod.rs", "lib.rs", "math/root.rs"].map(|file| source.join(file))
        );
        let root = fs::read_to_string(source.join("lib.rs")).unwrap();
        assert!(root.contains("#![deny(unsafe_code)]"));
    }
}
