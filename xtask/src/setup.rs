//! Finds or installs everything that the checks need. Says what it took; never skips.

use crate::core_for_chips::{self, CoreForChips};
use crate::process::{self, Outcome, ask, cargo};
use crate::qemu::Qemu;
use std::process::Command;

/// What the checks run with.
pub struct Tools {
    pub core: CoreForChips,
    pub qemu: Qemu,
}

impl Tools {
    /// Finds or installs the formatter, the linter, `core` for the chips and the emulators.
    pub fn find_or_install() -> Outcome<Self> {
        component("fmt", "rustfmt")?;
        component("clippy", "clippy")?;
        Ok(Self {
            core: CoreForChips::find_or_install(core_for_chips::remembered())?,
            qemu: Qemu::find_or_install()?,
        })
    }
}

fn component(subcommand: &str, name: &str) -> Outcome {
    if ask(cargo().args([subcommand, "--version"])).is_some() {
        return Ok(());
    }
    process::run(Command::new("rustup").args(["component", "add", name]))
        .map_err(|why| format!("`cargo {subcommand}` is missing and rustup cannot fetch it: {why}"))
}
