//! `cargo xtask bench-mcu`: what training costs on a Cortex-M4F, counted in an emulator.
//!
//! Instructions are exact and repeatable, cycles are an estimate. Each program is built twice: for plain
//! `thumbv7em-none-eabihf`, where rustc emits VMLA, and for `target-cpu=cortex-m4`, where it emits VMUL and
//! VADD; both round alike.

mod cycles;
mod functions;
mod golden;
mod integers;
mod order;
mod peers;
mod probe;
mod size;
mod table;
mod trace;

pub use functions::print as functions;
pub use integers::check as integers;
pub use order::print as orders;
pub use size::check as sizes;

use crate::parts::Tally;
use crate::process::Outcome;
use crate::setup::Tools;
use probe::{BUILDS, Probe, WORKLOADS};

/// Counts may move this much under the same compiler and flags before the golden values speak.
const TOLERANCE: f64 = 0.01;

/// What `bench-mcu` was asked for.
#[derive(Default)]
pub struct Options {
    /// Take what was measured as the golden values.
    pub bless: bool,
    /// Also print which functions execute the instructions.
    pub functions: bool,
}

/// Measures, prints beside the peers, and holds the result to the golden values and the limits.
pub fn bench(tools: &Tools, options: &Options, tally: &mut Tally) -> Outcome {
    let mut faults = Vec::new();
    let mut measured = Vec::new();
    for build in &BUILDS {
        let mut results = Vec::new();
        for workload in &WORKLOADS {
            let probe = Probe::build(tools, workload.program, "release", build.flags)?;
            let result = probe.measure(tools)?;
            if options.functions {
                result.print_functions(workload.name, build.name);
            }
            results.push(result);
        }
        measured.push((build, results));
    }
    table::print(&measured);
    for (build, results) in &measured {
        let key = golden::key(&tools.core, build);
        if options.bless {
            golden::write(&key, results)?;
            continue;
        }
        match golden::read(&key)? {
            Some(golden) => faults.extend(golden::differences(&key, &golden, results, TOLERANCE)),
            None => println!("no golden values for {key}: held to the limits only; `--bless` takes these"),
        }
    }
    faults.extend(table::above_limits(&measured));
    for _ in 0..measured.len() * WORKLOADS.len() {
        tally.pass();
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}
