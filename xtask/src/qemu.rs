//! The emulators: on the path, installed, or unpacked for this repository alone.

use crate::apt;
use crate::place;
use crate::process::{self, Outcome, ask};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

const PROGRAMS: [&str; 2] = ["qemu-system-arm", "qemu-system-riscv32"];
const PACKAGES: [&str; 2] = ["qemu-system-arm", "qemu-system-misc"];
/// What the two packages need beside libraries.
const COMPANION: &str = "qemu-system-common";

/// The emulators, ready to run.
pub struct Qemu {
    /// A folder to put before the path, when they are ours alone.
    private: Option<PathBuf>,
}

impl Qemu {
    /// Finds or installs the emulators and says which way it took.
    pub fn find_or_install() -> Outcome<Self> {
        let (qemu, how) = Self::choose()?;
        let version = ask(qemu.show(&mut Command::new(PROGRAMS[0])).arg("--version")).unwrap_or_default();
        println!(
            "emulators: {how}, {}",
            version.lines().next().unwrap_or("no version")
        );
        Ok(qemu)
    }

    fn choose() -> Outcome<(Self, &'static str)> {
        let on_path = Self { private: None };
        if on_path.works() {
            return Ok((on_path, "on the path"));
        }
        let private = Self {
            private: Some(place::tools().join("qemu/bin")),
        };
        if private.works() {
            return Ok((private, "unpacked in target/tools/qemu"));
        }
        let refused = match apt::install(&PACKAGES) {
            Ok(()) if on_path.works() => return Ok((on_path, "installed by apt-get")),
            Ok(()) => format!("{} still do not run", PROGRAMS.join(" and ")),
            Err(refused) => refused,
        };
        println!("{refused}\nso the emulators are unpacked for this repository alone");
        unpack().map_err(|why| format!("no emulators: {why}; {refused}"))?;
        if private.works() {
            return Ok((private, "unpacked in target/tools/qemu"));
        }
        Err(format!("the unpacked emulators do not run; {refused}"))
    }

    /// Lets a command, and whatever it starts, find the emulators.
    pub fn show<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        if let Some(folder) = &self.private {
            let mut path = OsString::from(folder);
            if let Some(rest) = std::env::var_os("PATH") {
                path.push(":");
                path.push(rest);
            }
            command.env("PATH", path);
        }
        command
    }

    fn works(&self) -> bool {
        PROGRAMS
            .iter()
            .all(|program| ask(self.show(&mut Command::new(program)).arg("--version")).is_some())
    }
}

/// Unpacks the packages and writes a starter for each program that points it at its own libraries.
fn unpack() -> Outcome {
    let folder = place::tools().join("qemu");
    // What an interrupted set-up left behind.
    let _ = fs::remove_dir_all(&folder);
    apt::unpack(&[PACKAGES[0], PACKAGES[1], COMPANION], &folder)?;
    let triple = ask(Command::new("dpkg-architecture").args(["-q", "DEB_HOST_MULTIARCH"]))
        .or_else(|| ask(Command::new("gcc").arg("-print-multiarch")))
        .unwrap_or_else(|| format!("{}-linux-gnu", std::env::consts::ARCH));
    let root = folder.join("root");
    let libraries = format!("{0}/usr/lib/{1}:{0}/lib/{1}", root.display(), triple.trim());
    let written = (|| {
        fs::create_dir_all(folder.join("bin"))?;
        for program in PROGRAMS {
            let starter = folder.join("bin").join(program);
            let real = root.join("usr/bin").join(program);
            fs::write(
                &starter,
                format!(
                    "#!/bin/sh\nLD_LIBRARY_PATH='{libraries}' exec '{}' \"$@\"\n",
                    real.display()
                ),
            )?;
            fs::set_permissions(&starter, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    })();
    written.map_err(|error: std::io::Error| format!("cannot write {}: {error}", folder.display()))?;
    process::run(Command::new(folder.join("bin").join(PROGRAMS[0])).arg("--version"))
}
