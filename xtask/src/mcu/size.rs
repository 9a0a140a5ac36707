//! How small a learning program is, and that nothing in it can panic.

use super::probe::{Build, Probe};
use super::table::grouped;
use super::{TOLERANCE, golden};
use crate::elf::Program;
use crate::parts::Tally;
use crate::process::Outcome;
use crate::setup::Tools;

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
        limit: 32 * 1024,
        kinds: &[
            "batch_norm",
            "conv2d",
            "dense",
            "depthwise",
            "global_average",
            "pointwise",
            "windowed",
        ],
    },
    Small {
        program: "gru",
        what: "GRU, last state, dense, with momentum",
        limit: 16 * 1024,
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
        let planner = reaches(&program, PLANNER);
        if !planner.is_empty() {
            return Err(format!(
                "{} holds the planner: {}",
                small.program,
                planner.join(", ")
            ));
        }
        let unused = unused(&program, small.kinds);
        if !unused.is_empty() {
            return Err(format!(
                "{} holds layers that it does not use: {}",
                small.program,
                unused.join(", ")
            ));
        }
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
    // What is looked for above must be there to be found where it is used.
    let found = unused(&whole, PROGRAMS[0].kinds);
    for kind in ["lstm", "attention", "conv2d", "batch_norm"] {
        if !found.iter().any(|name| name.contains(kind)) {
            return Err(format!("a program with every layer shows no function of {kind}"));
        }
    }
    Ok(())
}

/// Functions of layers whose files are not among `kinds`, of the primitives that only those use, and of the families of
/// primitives that none of `kinds` has.
fn unused(program: &Program, kinds: &[&str]) -> Vec<String> {
    let mut found = program.functions().to_vec();
    found.retain(|function| layer(&function.name).is_some_and(|layer| !kinds.contains(&layer)));
    found.into_iter().map(|function| function.name).collect()
}

/// The file of `network/layer` that a function comes from, if it comes from one.
fn layer(function: &str) -> Option<&str> {
    let (_, rest) = function.split_once("network::layer::")?;
    let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))?;
    rest.get(..end).filter(|layer| !layer.is_empty())
}

/// Bytes that the layers and the loss which the small program leaves out take at the least.
const LEAST_SAVED: u64 = 30_000;
/// Parts of names of the planner's functions, which run at build time only.
const PLANNER: &[&str] = &["planner", "network::pack", "network::lives", "network::check"];

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
    use crate::place;

    #[test]
    fn functions_of_layers_are_told_apart() {
        let name = "kilograd::network::layer::lstm::Lstm::forward";
        assert_eq!(layer(name), Some("lstm"));
        assert_eq!(layer("<kilograd::network::layer::Layer>::forward"), None);
        assert_eq!(layer("kilograd::kernel::float::f"), None);
    }

    /// A planner whose files have other names would not be found in a program.
    #[test]
    fn the_planner_is_where_it_is_looked_for() {
        for part in PLANNER {
            let file = part.rsplit("::").next().unwrap();
            let path = place::root().join(format!("core/src/network/{file}.rs"));
            assert!(path.exists(), "{} is missing", path.display());
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
