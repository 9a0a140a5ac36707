//! How small a learning program is, and that nothing in it can panic.

use super::probe::{Build, Probe};
use super::table::grouped;
use super::{TOLERANCE, golden};
use crate::elf::Program;
use crate::parts::Tally;
use crate::place;
use crate::process::Outcome;
use crate::setup::Tools;
use std::fs;
use std::path::Path;

/// A program that is held to a size.
struct Small {
    program: &'static str,
    what: &'static str,
    /// Most bytes of code and constants, when built for size.
    limit: u64,
    /// The files of `core/src/network/layer` that it needs.
    kinds: &'static [&'static str],
}

const PROGRAMS: [Small; 4] = [
    Small {
        program: "xor",
        what: "MLP 2-8-1 with Adam: learn and update",
        limit: 16 * 1024,
        kinds: &["dense", "pointwise"],
    },
    Small {
        program: "xor_store",
        what: "the same with checkpoints on NOR flash",
        limit: 16 * 1024,
        kinds: &["dense", "pointwise"],
    },
    Small {
        program: "ds_cnn",
        what: "conv2d, depthwise, pointwise, batch norm, with momentum",
        limit: 33 * 1024,
        kinds: &[
            "batch_norm",
            "conv2d",
            "dense",
            "depthwise",
            "global_average",
            "grouped",
            "pointwise",
            "windowed",
        ],
    },
    Small {
        program: "gru",
        what: "GRU, last state, dense, with momentum",
        limit: 20 * 1024,
        kinds: &["dense", "gru", "last", "recurrence"],
    },
];

/// What the Rust peers take for the same XOR network with Adam: bytes of flash and of heap.
const PEERS: [(&str, u64, u64); 3] = [
    ("Burn 0.21 (no_std, alloc)", 380_272, 549_032),
    ("dfdx 0.13 (no_std, alloc)", 74_952, 3_392),
    ("mynn 0.1.2 (SGD, dense only)", 16_188, 0),
];

/// Builds each program for size, runs it, and reads what was linked.
pub fn check(tools: &Tools, bless: bool, tally: &mut Tally) -> Outcome {
    let mut measured = Vec::new();
    println!(
        "\nWhole programs on a Cortex-M4F, built for size, with small memory functions of their own: flash, RAM without the stack, heap"
    );
    for small in &PROGRAMS {
        let probe = Probe::build(tools, small.program, "small", &[])?;
        probe.run(tools)?;
        let program = Program::read(&probe.path)?;
        let sizes = program.sizes;
        println!(
            "{:<56}{:>9}{:>9}{:>9}",
            small.what,
            grouped(sizes.flash()),
            grouped(sizes.ram()),
            0
        );
        if sizes.flash() > small.limit {
            return Err(format!(
                "{}: {} bytes of flash, the limit is {}",
                small.program,
                sizes.flash(),
                small.limit
            ));
        }
        cannot_panic(small.program, &program)?;
        let heap = reaches(&program, HEAP);
        if !heap.is_empty() {
            return Err(format!(
                "{} uses a heap: it holds {}",
                small.program,
                heap.join(", ")
            ));
        }
        pays_for_no_other(small, &program)?;
        measured.extend(golden::sizes(small.program, &sizes));
        tally.pass();
    }
    hold(tools, &measured, bless)?;
    pays_for_what_it_uses(tools)?;
    tally.pass();
    for (name, flash, heap) in PEERS {
        println!("{name:<56}{:>9}{:>9}{:>9}", grouped(flash), "", grouped(heap));
    }
    Ok(())
}

fn cannot_panic(name: &str, program: &Program) -> Outcome {
    match reaches(program, PANICS).as_slice() {
        [] => Ok(()),
        able => Err(format!("{name} can panic: it holds {}", able.join(", "))),
    }
}

/// Compares the sizes with the golden ones, or takes them.
fn hold(tools: &Tools, measured: &[(String, u64)], bless: bool) -> Outcome {
    let key = golden::key(&tools.core, &SMALL);
    if bless {
        return golden::write_lines(&key, measured);
    }
    let Some(golden) = golden::read(&key)? else {
        println!("no golden values for {key}: held to the limits only; `--bless` takes these");
        return Ok(());
    };
    let faults = golden::compare(&key, &golden, measured, TOLERANCE);
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

/// The golden file's name for programs built for size.
const SMALL: Build = Build {
    name: "small",
    flags: &[],
};

/// Layers, losses and modes that a plan does not use cost no flash.
fn pays_for_what_it_uses(tools: &Tools) -> Outcome {
    let masked = Program::read(&Probe::build(tools, "xor", "small", &[])?.path)?;
    let whole = Program::read(&Probe::build(tools, "xor", "small", &["--cfg=everything"])?.path)?;
    let (used, all) = (masked.sizes.flash(), whole.sizes.flash());
    println!(
        "{:<56}{:>9}",
        "learn and update, with every layer and loss",
        grouped(all)
    );
    if all < used + LEAST_SAVED {
        return Err(format!(
            "a program that uses two layers takes {used} bytes, with everything {all}: the mask saves nothing"
        ));
    }
    cannot_panic("a program with every layer and loss", &whole)?;
    // What is looked for must be found where it is linked.
    let missing: Vec<String> = files(LAYERS)?
        .into_iter()
        .filter(|file| !NO_CODE.contains(&file.as_str()) && !whole.sources().contains(file))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "a program with every layer shows no code of {}",
            missing.join(", ")
        ))
    }
}

/// Nothing comes from the file of a layer that the program does not use, nor from the planner, which runs at build time.
fn pays_for_no_other(small: &Small, program: &Program) -> Outcome {
    let used = |file: &String| {
        small
            .kinds
            .iter()
            .any(|kind| file.strip_suffix(".rs") == Some(kind))
    };
    let mut others = files(LAYERS)?;
    others.retain(|file| !used(file));
    others.extend(PLANNER.map(String::from));
    others.retain(|file| program.sources().contains(file));
    if others.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "{} holds code that it does not use, from {}",
            small.program,
            others.join(", ")
        ))
    }
}

/// The source files of a folder of the crate that no other folder has one of the same name as; no tests.
fn files(folder: &str) -> Outcome<Vec<String>> {
    let mut names = sources(&place::root().join(folder))?;
    let all = sources(&place::root().join("core/src"))?;
    let twice = |name: &String| all.iter().filter(|other| *other == name).count() > 1;
    // What every layer is given belongs to none.
    let own = |name: &str| {
        !["ports.rs", "matrices.rs"].contains(&name)
            && !name.ends_with("tests.rs")
            && !name.ends_with("case.rs")
    };
    names.retain(|name| !twice(name) && own(name));
    Ok(names)
}

/// The names of the source files under a folder.
fn sources(folder: &Path) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries.flatten() {
        if entry.path().is_dir() {
            names.extend(sources(&entry.path())?);
        } else {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Where the layers are.
const LAYERS: &str = "core/src/network/layer";
/// A layer that computes nothing.
const NO_CODE: [&str; 1] = ["reshape.rs"];
/// Files of the planner.
const PLANNER: [&str; 5] = ["planner.rs", "pack.rs", "lives.rs", "links.rs", "turns.rs"];

/// Bytes that the layers and the loss which the small program leaves out take at the least.
const LEAST_SAVED: u64 = 30_000;
/// Parts of names of functions by which a program panics. The handler itself is always linked.
const PANICS: &[&str] = &[
    "core::panicking",
    "core::slice::index::slice_",
    "unwrap_failed",
    "expect_failed",
];
/// Parts of names of functions by which a program uses a heap.
const HEAP: &[&str] = &["__rust_alloc", "__rustc::__rust_alloc", "alloc::"];

fn reaches(program: &Program, names: &[&str]) -> Vec<String> {
    program
        .functions()
        .iter()
        .filter(|function| names.iter().any(|name| function.name.contains(name)))
        .map(|function| function.name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A planner whose files have other names would not be found in a program.
    #[test]
    fn the_planner_is_where_it_is_looked_for() {
        let files = files("core/src/network").unwrap();
        for part in PLANNER {
            assert!(files.iter().any(|file| file == part), "{part} is missing");
        }
    }

    #[test]
    fn the_layers_named_have_files() {
        for kind in PROGRAMS.iter().flat_map(|program| program.kinds) {
            let path = place::root().join(format!("core/src/network/layer/{kind}.rs"));
            assert!(path.exists(), "{} is missing", path.display());
        }
    }
}
