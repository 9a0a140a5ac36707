//! `core` for the chips, and the compiler that goes with it.
//!
//! In this order: already installed, `rustup target add`, Debian's compiler with its sources.
//! One origin serves every chip: two compilers are never mixed in one comparison.

use crate::apt;
use crate::place;
use crate::process::{self, Outcome, ask, limited};
use std::path::Path;
use std::process::Command;

/// What the firmware and the feature checks are built for.
pub const TARGETS: [&str; 3] = [
    "thumbv6m-none-eabi",
    "thumbv7em-none-eabihf",
    "riscv32imac-unknown-none-elf",
];

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "lld"];

/// Where `core` comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Beside the compiler that builds everything else.
    Rustup,
    /// Built from Debian's sources by Debian's compiler.
    Debian,
}

/// The one compiler and `core` for all chips.
pub struct CoreForChips {
    pub origin: Origin,
    /// `rustc 1.95.0`, of the compiler that builds for the chips.
    pub compiler: String,
}

impl CoreForChips {
    /// Finds or installs `core` for every chip and says which way it took.
    pub fn find_or_install(forced: Option<Origin>) -> Outcome<Self> {
        let (origin, how) = choose(forced)?;
        let rustc = match origin {
            Origin::Rustup => "rustc",
            Origin::Debian => DEBIAN_RUSTC,
        };
        let version =
            ask(Command::new(rustc).arg("--version")).ok_or_else(|| format!("`{rustc} --version` fails"))?;
        let compiler: Vec<&str> = version.split_whitespace().take(2).collect();
        let core = Self {
            origin,
            compiler: compiler.join(" "),
        };
        println!(
            "core for the chips: {how}, {}, for {}",
            core.compiler,
            TARGETS.join(", ")
        );
        Ok(core)
    }

    /// Makes a cargo command build for a chip: `cargo build --target …` with this compiler and these flags.
    pub fn dress(&self, command: &mut Command, target: &str, flags: &[&str]) {
        let mut flags = flags.to_vec();
        command.arg("--target").arg(target);
        if self.origin == Origin::Debian {
            flags.push("-Clinker-flavor=ld.lld");
            let linker = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
            command.arg("-Zbuild-std=core").env(linker, "ld.lld");
            command.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
        }
        // Stronger than every other source of flags, so that the key of a measurement is the truth.
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    }

    /// The folder, inside a target folder, that keeps the two compilers' outputs apart.
    pub fn folder(&self) -> &'static str {
        match self.origin {
            Origin::Rustup => "rustup",
            Origin::Debian => "debian",
        }
    }
}

fn choose(forced: Option<Origin>) -> Outcome<(Origin, &'static str)> {
    if forced == Some(Origin::Debian) {
        install_debian()?;
        return Ok((Origin::Debian, "built from Debian's sources, as asked"));
    }
    let missing: Vec<&str> = TARGETS.into_iter().filter(|target| !installed(target)).collect();
    if missing.is_empty() {
        return Ok((Origin::Rustup, "installed beside the compiler"));
    }
    println!("no core yet for {}", missing.join(", "));
    let mut add = Command::new("rustup");
    add.args(["target", "add"]).args(TARGETS);
    if process::run(&mut limited(180, &add)).is_ok() && TARGETS.into_iter().all(installed) {
        return Ok((Origin::Rustup, "fetched by rustup"));
    }
    if forced == Some(Origin::Rustup) {
        return Err("rustup could not fetch core for every chip; leave out `--core rustup`".into());
    }
    println!("rustup could not fetch core for every chip, so Debian's compiler builds all of them");
    install_debian()?;
    Ok((Origin::Debian, "built from Debian's sources"))
}

/// Whether the compiler on the path has `core` for the target.
fn installed(target: &str) -> bool {
    let sysroot = ask(Command::new("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    let libraries = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(target)
        .join("lib");
    std::fs::read_dir(libraries).is_ok_and(|mut files| {
        files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libcore-")))
    })
}

fn install_debian() -> Outcome {
    if !debian_works() {
        apt::install(&DEBIAN_PACKAGES)?;
    }
    if debian_works() {
        return Ok(());
    }
    Err(format!(
        "Debian's compiler is not complete: {DEBIAN_RUSTC}, {DEBIAN_LIBRARY} and ld.lld are needed; install {}",
        DEBIAN_PACKAGES.join(", ")
    ))
}

fn debian_works() -> bool {
    Path::new(DEBIAN_RUSTC).exists()
        && Path::new(DEBIAN_LIBRARY).exists()
        && ask(Command::new("ld.lld").arg("--version")).is_some()
}

/// The choice that `cargo xtask setup --core …` left for the commands after it.
pub fn remembered() -> Option<Origin> {
    parse(std::fs::read_to_string(memory()).ok()?.trim()).ok()?
}

/// Keeps a choice, or forgets it (`auto`).
pub fn remember(choice: &str) -> Outcome {
    parse(choice)?;
    std::fs::create_dir_all(place::tools())
        .and_then(|()| std::fs::write(memory(), choice))
        .map_err(|error| format!("cannot write {}: {error}", memory().display()))
}

fn memory() -> std::path::PathBuf {
    place::tools().join("core-for-chips")
}

fn parse(choice: &str) -> Outcome<Option<Origin>> {
    match choice {
        "auto" => Ok(None),
        "rustup" => Ok(Some(Origin::Rustup)),
        "debian" => Ok(Some(Origin::Debian)),
        other => Err(format!("--core takes auto, rustup or debian, not `{other}`")),
    }
}
