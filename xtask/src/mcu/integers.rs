//! What training in integers costs: on a Cortex-M0, which has no floating-point unit and no dual multiplier, and on a
//! Cortex-M4, which has both.

use super::probe::{Build, Chip, Counted, M0, M4F, Probe, WORKLOADS, Workload};
use super::table::grouped;
use super::{TOLERANCE, golden};
use crate::elf::Program;
use crate::floats;
use crate::parts::Tally;
use crate::process::Outcome;
use crate::setup::Tools;

/// One way to train, as features of the probe; the first is held to the limits.
struct Way {
    name: &'static str,
    features: &'static str,
    /// Samples of a step.
    samples: u64,
}

const WAYS: [Way; 3] = [
    Way {
        name: "momentum",
        features: "bfp14",
        samples: 1,
    },
    Way {
        name: "plain SGD",
        features: "bfp14,sgd",
        samples: 1,
    },
    Way {
        name: "momentum, batch of 16",
        features: "bfp14,batch",
        samples: 16,
    },
];

/// Most instructions of a step with momentum at batch 1 on a Cortex-M0, of W1, W2 and W4.
const LIMITS: [u64; 3] = [185_000, 1_450_000, 700_000];
/// What they are to come to.
const GOALS: [u64; 3] = [180_000, 1_450_000, 650_000];
/// Multiply-accumulates of a forward pass.
const PRODUCTS: [u64; 3] = [2_368, 18_432, 25_664];
/// Most instructions per multiply-accumulate of a forward pass of W2 on a Cortex-M4, which is to come to 1.8.
const FORWARD: (usize, f64) = (1, 3.4);
/// The least that a step takes in soft float by other libraries, on a Cortex-M0: PULP-TrainLib and KANN, of which
/// the first has no momentum.
const PEERS: [u64; 3] = [1_150_000, 9_550_000, 11_700_000];

/// The chips, and the golden files' names.
const CHIPS: [(&str, &Chip, Build); 2] = [
    (
        "Cortex-M0",
        &M0,
        Build {
            name: "integers-cortex-m0",
            flags: &[],
        },
    ),
    (
        "Cortex-M4",
        &M4F,
        Build {
            name: "integers-cortex-m4",
            flags: &[],
        },
    ),
];

/// Measures every workload in every way on both chips, and holds what is counted to the limits and to the golden values.
pub fn check(tools: &Tools, bless: bool, tally: &mut Tally) -> Outcome {
    let mut faults = Vec::new();
    // What is looked for must be found where it is linked.
    let floats = Probe::build(tools, WORKLOADS[0].program, "release", &[])?;
    if floats::find(&Program::read(&floats.path)?).is_empty() {
        return Err("a program that trains in f32 shows no float instruction".into());
    }
    for (name, chip, build) in &CHIPS {
        let mut lines = Vec::new();
        println!("\nInstructions on a {name}, 16-bit block fixed point: forward / step, of a sample");
        row("", WORKLOADS.each_ref().map(|workload| workload.name.to_string()));
        for way in &WAYS {
            let counts = count(tools, chip, way)?;
            let cell = |count: &Counted| {
                format!(
                    "{} / {}",
                    grouped(count.forward),
                    grouped(count.step / way.samples)
                )
            };
            row(way.name, counts.each_ref().map(cell));
            for (workload, count) in WORKLOADS.iter().zip(&counts) {
                let key = |what| format!("{} {} {what}", workload.name, way.features);
                lines.extend([(key("forward"), count.forward), (key("step"), count.step)]);
                tally.pass();
            }
            if way.features == WAYS[0].features {
                row("stack", counts.each_ref().map(|count| grouped(count.stack)));
                let per_product = |at: usize| counts[at].forward as f64 / PRODUCTS[at] as f64;
                row(
                    "forward, per multiply-accumulate",
                    [0, 1, 2].map(|at| format!("{:.2}", per_product(at))),
                );
                if chip.target == M0.target {
                    faults.extend(above_limits(&counts));
                } else if per_product(FORWARD.0) > FORWARD.1 {
                    faults.push(format!(
                        "{}: a forward pass takes {:.2} instructions per multiply-accumulate on a {name}, the limit is {}",
                        WORKLOADS[FORWARD.0].name,
                        per_product(FORWARD.0),
                        FORWARD.1
                    ));
                }
            }
        }
        if chip.target == M0.target {
            row("limit of a step with momentum", LIMITS.map(grouped));
            row("goal", GOALS.map(grouped));
            row("best peer in soft float, step", PEERS.map(grouped));
        }
        let key = golden::key(&tools.core, build);
        if bless {
            golden::write_lines(&key, &lines)?;
            continue;
        }
        match golden::read(&key)? {
            Some(golden) => faults.extend(golden::compare(&key, &golden, &lines, TOLERANCE)),
            None => println!("no golden values for {key}: held to the limits only; `--bless` takes these"),
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

/// Counts every workload in one way. None of the programs may hold a float.
fn count(tools: &Tools, chip: &'static Chip, way: &Way) -> Outcome<[Counted; 3]> {
    let count = |workload: &Workload| -> Outcome<Counted> {
        let probe = Probe::build_for(tools, chip, workload.program, "release", &[], way.features)?;
        floats::none(
            &format!("{} for {}", workload.name, chip.target),
            &Program::read(&probe.path)?,
        )?;
        probe.count(tools)
    };
    let [w1, w2, w4] = &WORKLOADS;
    Ok([count(w1)?, count(w2)?, count(w4)?])
}

fn above_limits(counts: &[Counted; 3]) -> Vec<String> {
    let all = WORKLOADS.iter().zip(counts).zip(LIMITS);
    all.filter(|((_, count), limit)| count.step > *limit)
        .map(|((workload, count), limit)| {
            format!(
                "{}: a step in integers takes {} instructions on a Cortex-M0, the limit is {}",
                workload.name,
                grouped(count.step),
                grouped(limit)
            )
        })
        .collect()
}

fn row(name: &str, cells: [String; 3]) {
    println!("{name:<56}{:>24}{:>24}{:>24}", cells[0], cells[1], cells[2]);
}
