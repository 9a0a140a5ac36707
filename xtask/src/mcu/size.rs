//! How small a learning program is, and that nothing in it can panic.

use super::probe::Probe;
use super::table::grouped;
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
}

const PROGRAMS: [Small; 2] = [
    Small {
        program: "xor",
        what: "MLP 2-8-1 with Adam: learn and update",
        limit: 16 * 1024,
    },
    Small {
        program: "xor_store",
        what: "the same with checkpoints on NOR flash",
        limit: 16 * 1024,
    },
];

/// What the Rust peers take for the same XOR network with Adam: bytes of flash and of heap.
const PEERS: [(&str, u64, u64); 3] = [
    ("Burn 0.21 (no_std, alloc)", 380_272, 549_032),
    ("dfdx 0.13 (no_std, alloc)", 74_952, 3_392),
    ("mynn 0.1.2 (SGD, dense only)", 16_188, 0),
];

/// Builds each program for size, runs it, and reads what was linked.
pub fn check(tools: &Tools, tally: &mut Tally) -> Outcome {
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
        let able = reaches(&program, PANICS);
        if !able.is_empty() {
            return Err(format!(
                "{} can panic: it holds {}",
                small.program,
                able.join(", ")
            ));
        }
        let heap = reaches(&program, HEAP);
        if !heap.is_empty() {
            return Err(format!(
                "{} uses a heap: it holds {}",
                small.program,
                heap.join(", ")
            ));
        }
        tally.pass();
    }
    pays_for_what_it_uses(tools)?;
    tally.pass();
    for (name, flash, heap) in PEERS {
        println!("{name:<56}{:>9}{:>9}{:>9}", grouped(flash), "", grouped(heap));
    }
    Ok(())
}

/// Layers, losses and modes that a plan does not use cost no flash, and neither does the planner.
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
    match reaches(&masked, PLANNER).as_slice() {
        [] => Ok(()),
        found => Err(format!("xor holds the planner: {}", found.join(", "))),
    }
}

/// Bytes that the layers and the loss which the small program leaves out take at the least.
const LEAST_SAVED: u64 = 2_000;
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
