//! Debian packages: installed when that disturbs nobody, unpacked for us alone when it would.

use crate::process::{self, Outcome, ask};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Installs packages; never removes or downgrades one that is there.
pub fn install(packages: &[&str]) -> Outcome {
    let by_hand = format!("install them by hand: apt-get install {}", packages.join(" "));
    if ask(Command::new("apt-get").arg("--version")).is_none() {
        return Err(format!(
            "no apt-get here; install the equivalent of {}",
            packages.join(", ")
        ));
    }
    if ask(Command::new("id").arg("-u")).is_none_or(|id| id.trim() != "0") {
        return Err(format!("not root; {by_hand}"));
    }
    refresh(packages)?;
    let mut command = apt_get("install");
    command
        .args(["--yes", "--no-install-recommends", "--no-remove"])
        .args(packages);
    process::run(&mut command).map_err(|why| format!("{why}; {by_hand}"))
}

/// Fetches packages and the libraries that they miss, and unpacks them under `folder` without installing.
pub fn unpack(packages: &[&str], folder: &Path) -> Outcome {
    refresh(packages)?;
    let mut wanted: BTreeSet<String> = packages.iter().map(ToString::to_string).collect();
    wanted.extend(missing_libraries(packages)?);
    let downloads = folder.join("packages");
    std::fs::create_dir_all(&downloads).map_err(|error| format!("{}: {error}", downloads.display()))?;
    process::run(apt_get("download").args(&wanted).current_dir(&downloads))?;
    let files = std::fs::read_dir(&downloads).map_err(|error| error.to_string())?;
    for file in files.flatten() {
        let mut command = Command::new("dpkg-deb");
        command.arg("-x").arg(file.path()).arg(folder.join("root"));
        if command.status().map_or(true, |status| !status.success()) {
            return Err(format!("dpkg-deb cannot unpack {}", file.path().display()));
        }
    }
    std::fs::remove_dir_all(&downloads).map_err(|error| error.to_string())
}

fn apt_get(verb: &str) -> Command {
    let mut command = Command::new("apt-get");
    command
        .arg(verb)
        .arg("--quiet=2")
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Reads the lists of packages anew when they know nothing of what we want.
fn refresh(packages: &[&str]) -> Outcome {
    let known = |package: &&str| {
        ask(Command::new("apt-cache").args(["policy", package]))
            .is_some_and(|text| text.contains("Candidate:") && !text.contains("Candidate: (none)"))
    };
    if packages.iter().all(known) {
        return Ok(());
    }
    process::run(&mut apt_get("update"))
}

/// Everything that the packages need, at any depth, that starts with `lib` and is not installed.
fn missing_libraries(packages: &[&str]) -> Outcome<BTreeSet<String>> {
    let mut depends = Command::new("apt-cache");
    depends.args([
        "depends",
        "--recurse",
        "--no-recommends",
        "--no-suggests",
        "--no-conflicts",
    ]);
    depends
        .args(["--no-breaks", "--no-replaces", "--no-enhances"])
        .args(packages);
    let tree = ask(&mut depends).ok_or("apt-cache depends fails")?;
    let installed = ask(Command::new("dpkg-query").args(["-W", "-f", "${Package} ${db:Status-Status}\n"]))
        .ok_or("dpkg-query fails")?;
    let installed: BTreeSet<&str> = installed
        .lines()
        .filter_map(|line| line.strip_suffix(" installed"))
        .collect();
    // Lines without indent and brackets name real packages; the others are relations and virtual names.
    Ok(tree
        .lines()
        .filter(|line| line.starts_with("lib") && !line.contains(':') && !installed.contains(*line))
        .map(ToString::to_string)
        .collect())
}
