//! A firmware test is a program and the text that it must print, run in an emulator.
//!
//! The list is the folders of `targets/`: every one with a `src/main.rs` is a board. A folder with an
//! `expected.txt` of its own holds another program, which prints that text; all others print the same.

use crate::core_for_chips::CoreForChips;
use crate::elf::Program;
use crate::floats;
use crate::parts::Tally;
use crate::place;
use crate::process::{Outcome, capture, cargo, limited, run};
use crate::ram;
use crate::setup::Tools;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A board that hangs is a failure, not a wait.
const SECONDS: u32 = 120;

/// One folder of `targets/`.
pub struct Board {
    pub name: String,
    pub folder: PathBuf,
    /// The chip's target; none for this machine.
    pub target: Option<String>,
}

impl Board {
    /// Every board, by name: the folders with a `src/main.rs`.
    pub fn all() -> Outcome<Vec<Self>> {
        let mut folders = Self::folders()?;
        folders.retain(|board| board.folder.join("src/main.rs").exists());
        Ok(folders)
    }

    /// Every folder that makes programs, by name: the boards, and what is measured.
    pub fn folders() -> Outcome<Vec<Self>> {
        let entries = fs::read_dir(place::targets()).map_err(|error| error.to_string())?;
        let mut folders: Vec<Self> = entries
            .flatten()
            .filter(|entry| {
                ["src/main.rs", "src/bin"]
                    .iter()
                    .any(|path| entry.path().join(path).exists())
            })
            .map(|entry| Self {
                name: entry.file_name().to_string_lossy().into_owned(),
                target: target_of(&entry.path()),
                folder: entry.path(),
            })
            .collect();
        folders.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(folders)
    }

    /// The text of this folder's own program, if it has one.
    fn own_text(&self) -> Option<PathBuf> {
        Some(self.folder.join("expected.txt")).filter(|path| path.exists())
    }

    /// Where the text lies that the program must print.
    fn expected(&self) -> PathBuf {
        self.own_text()
            .unwrap_or_else(|| place::targets().join("expected.txt"))
    }

    /// Outputs of the two compilers stay apart.
    pub fn target_dir(&self, core: &CoreForChips) -> PathBuf {
        place::targets().join("target").join(core.folder())
    }

    fn command(&self, tools: &Tools, verb: &str, profile: &str) -> Command {
        let mut command = cargo();
        command
            .args([verb, "--quiet", "--profile", profile])
            .current_dir(&self.folder);
        if let Some(target) = &self.target {
            tools.core.dress(&mut command, target, &[]);
            command.arg("--target-dir").arg(self.target_dir(&tools.core));
        } else if profile == "dev" {
            // As far from the chip's code as this machine gets.
            command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0");
        }
        tools.qemu.show(&mut command);
        command
    }

    /// Builds and runs the board's program; returns what it printed.
    pub fn text(&self, tools: &Tools, profile: &str) -> Outcome<String> {
        run(&mut self.command(tools, "build", profile))?;
        capture(&mut limited(SECONDS, &self.command(tools, "run", profile)))
            .map_err(|why| format!("{} ({profile}): {why}", self.name))
    }

    /// The program as linked.
    pub fn program(&self, tools: &Tools, profile: &str) -> PathBuf {
        let mut path = self.target_dir(&tools.core);
        path.extend(&self.target);
        path.push(if profile == "dev" { "debug" } else { profile });
        path.join(&self.name)
    }
}

fn target_of(folder: &Path) -> Option<String> {
    let config = fs::read_to_string(folder.join(".cargo/config.toml")).ok()?;
    let line = config
        .lines()
        .find_map(|line| line.trim().strip_prefix("target = "))?;
    Some(line.trim_matches('"').to_string())
}

/// Every board prints the expected text; this machine in debug and in release.
pub fn test(tools: &Tools, tally: &mut Tally) -> Outcome {
    for board in Board::all()? {
        let path = board.expected();
        let expected = fs::read_to_string(&path).map_err(|error| {
            format!(
                "{}: {error}; `cargo xtask firmware --bless` writes it",
                path.display()
            )
        })?;
        let profiles: &[&str] = if board.target.is_some() {
            &["release"]
        } else {
            &["dev", "release"]
        };
        for profile in profiles {
            let text = board.text(tools, profile)?;
            if let Some(line) = first_difference(&expected, &ram::without_numbers(&text)) {
                return Err(format!("{} ({profile}) prints another text: {line}", board.name));
            }
            println!(
                "{} ({profile}): the expected {} lines",
                board.name,
                text.lines().count()
            );
            for line in ram::check(&text)? {
                println!("{line}");
            }
            if board.target.is_some() {
                let program = Program::read(&board.program(tools, profile))?;
                println!("{}", program.sizes);
                hold_to_integers(&board.name, &program)?;
            }
            tally.pass();
        }
    }
    Ok(())
}

/// A board whose whole program is integers, and one with floats, in which they must be found.
const INTEGERS: &str = "microbit";
const FLOATS: &str = "qemu-m0";

/// A firmware that trains in integers holds no float.
fn hold_to_integers(name: &str, program: &Program) -> Outcome {
    match name {
        INTEGERS => {
            floats::none(name, program)?;
            println!("no float among {} instructions", program.thumb().len());
        }
        FLOATS if floats::find(program).is_empty() => {
            return Err(format!(
                "{name} shows no soft float: what is looked for is not found"
            ));
        }
        _ => {}
    }
    Ok(())
}

/// Takes what this machine prints in debug as the text that every board must print, and what a program
/// with a text of its own prints as that.
pub fn bless(tools: &Tools) -> Outcome {
    let mut boards = Board::all()?;
    boards.retain(|board| board.target.is_none() || board.own_text().is_some());
    for board in boards {
        let profile = if board.target.is_some() { "release" } else { "dev" };
        let text = board.text(tools, profile)?;
        fs::write(board.expected(), ram::without_numbers(&text)).map_err(|error| error.to_string())?;
        println!("{}: {} lines", board.expected().display(), text.lines().count());
    }
    Ok(())
}

/// The first line that differs, as a sentence.
fn first_difference(expected: &str, found: &str) -> Option<String> {
    let mut left = expected.lines();
    let mut right = found.lines();
    for line in 1.. {
        match (left.next(), right.next()) {
            (None, None) => return None,
            (a, b) if a == b => {}
            (a, b) => {
                let shown = |text: Option<&str>| text.map_or("the end".into(), |text| format!("`{text}`"));
                return Some(format!("line {line} is {}, expected {}", shown(b), shown(a)));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_the_line() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(
            first_difference("a\nb", "a\nc").unwrap(),
            "line 2 is `c`, expected `b`"
        );
        assert_eq!(
            first_difference("a\nb", "a").unwrap(),
            "line 2 is the end, expected `b`"
        );
        assert_eq!(
            first_difference("a", "a\npanicked").unwrap(),
            "line 2 is `panicked`, expected the end"
        );
    }

    #[test]
    fn every_board_is_found() {
        let names: Vec<String> = Board::all()
            .unwrap()
            .into_iter()
            .map(|board| board.name)
            .collect();
        for name in ["host", "microbit", "qemu-m0", "qemu-m4", "qemu-rv32", "twins"] {
            assert!(
                names.iter().any(|found| found == name),
                "{name} is missing from {names:?}"
            );
        }
    }
}
