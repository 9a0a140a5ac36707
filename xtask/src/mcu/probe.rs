//! Builds and runs the programs of `targets/probe`.

use super::trace::Trace;
use crate::elf::{Program, Sizes};
use crate::place;
use crate::process::{Outcome, ask, cargo, limited, run};
use crate::setup::Tools;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// An emulated chip.
pub struct Chip {
    pub target: &'static str,
    machine: &'static str,
}

/// A Cortex-M4F.
pub const M4F: Chip = Chip {
    target: "thumbv7em-none-eabihf",
    machine: "mps2-an386",
};

/// Code for a Cortex-M0, which the emulated Cortex-M3 runs.
pub const M0: Chip = Chip {
    target: "thumbv6m-none-eabi",
    machine: "mps2-an385",
};

const SECONDS: u32 = 60;
/// A counting clock, and semihosting that prints to the standard output.
const EMULATOR: [&str; 11] = [
    "-icount",
    "shift=0,align=off,sleep=off",
    "-nographic",
    "-monitor",
    "none",
    "-serial",
    "none",
    "-chardev",
    "stdio,id=out",
    "-semihosting-config",
    "enable=on,target=native,chardev=out,arg=probe",
];

/// One way to compile for the chip.
pub struct Build {
    pub name: &'static str,
    pub flags: &'static [&'static str],
}

/// Plain, and for the one CPU.
pub const BUILDS: [Build; 2] = [
    Build {
        name: "plain",
        flags: &[],
    },
    Build {
        name: "cortex-m4",
        flags: &["-Ctarget-cpu=cortex-m4"],
    },
];

/// One network that the peers were measured on, with the most that a training step may take.
pub struct Workload {
    pub name: &'static str,
    pub program: &'static str,
    pub network: &'static str,
    /// Instructions per step of the VMLA build.
    pub limit: u64,
    /// Multiply-accumulates of a step and parameters: what VMUL and VADD in place of VMLA may add.
    pub unfused: u64,
}

/// What is measured.
pub const WORKLOADS: [Workload; 3] = [
    Workload {
        name: "W1",
        program: "w1",
        network: "MLP 64-32-10, ReLU, softmax cross-entropy",
        limit: 40_000,
        unfused: 5_056 + 2_410,
    },
    Workload {
        name: "W2",
        program: "w2",
        network: "autoencoder 128-64-16-64-128, ReLU, mean squared error",
        limit: 340_000,
        unfused: 47_104 + 18_704,
    },
    Workload {
        name: "W4",
        program: "w4",
        network: "6x100: conv1d k5 8ch s2, ReLU, conv1d k5 16ch s2, ReLU, global average, dense 4, cross-entropy",
        limit: 300_000,
        unfused: 65_472 + 972,
    },
];

/// A program as linked.
pub struct Probe {
    pub path: PathBuf,
    chip: &'static Chip,
}

/// Instructions of a forward pass and of a step, and bytes of stack in both; no less than can be told apart.
pub struct Counted {
    pub forward: u64,
    pub step: u64,
    pub stack: u64,
}

/// What one program takes.
pub struct Measured {
    pub forward: u64,
    pub step: u64,
    pub forward_cycles: u64,
    pub step_cycles: u64,
    /// Bytes of stack in forward and step; no less than can be told apart.
    pub stack: u64,
    pub sizes: Sizes,
    /// Instructions of one step by function, most first.
    functions: Vec<(String, u64)>,
}

impl Probe {
    /// Builds one program of `targets/probe`.
    pub fn build(tools: &Tools, program: &str, profile: &str, flags: &[&str]) -> Outcome<Self> {
        Self::build_with(tools, program, profile, flags, "")
    }

    /// [`build`](Self::build) with features of the probe.
    pub fn build_with(
        tools: &Tools,
        program: &str,
        profile: &str,
        flags: &[&str],
        features: &str,
    ) -> Outcome<Self> {
        Self::build_for(tools, &M4F, program, profile, flags, features)
    }

    /// [`build_with`](Self::build_with) for another chip.
    pub fn build_for(
        tools: &Tools,
        chip: &'static Chip,
        program: &str,
        profile: &str,
        flags: &[&str],
        features: &str,
    ) -> Outcome<Self> {
        let folder = place::targets().join("probe");
        let mut command = cargo();
        command
            .args([
                "build",
                "--quiet",
                "--profile",
                profile,
                "--bin",
                program,
                "--features",
                features,
            ])
            .current_dir(folder);
        tools.core.dress(&mut command, chip.target, flags);
        // A folder per set of flags: changing them back and forth compiles nothing anew.
        let name = if flags.is_empty() {
            "plain".into()
        } else {
            flags.join("").replace(['=', '-'], "")
        };
        let target_dir = place::targets()
            .join("target/probe")
            .join(tools.core.folder())
            .join(name);
        command.arg("--target-dir").arg(&target_dir);
        run(&mut command)?;
        let path = target_dir.join(chip.target).join(profile).join(program);
        Ok(Self { path, chip })
    }

    /// Runs the program to its end; returns what it printed.
    pub fn run(&self, tools: &Tools) -> Outcome<String> {
        ask(&mut limited(SECONDS, &self.emulator(tools, "")))
            .ok_or_else(|| format!("{} does not run to a good end", self.path.display()))
    }

    /// Counts with the board's timer, counts again in a trace, and compares the two.
    pub fn measure(&self, tools: &Tools) -> Outcome<Measured> {
        let Counted { forward, step, stack } = self.count(tools)?;
        let program = Program::read(&self.path)?;
        let trace = Trace::record(&program, &mut self.emulator(tools, ",arg=once"))?;
        for (what, counted, traced) in [("forward", forward, trace.forward), ("step", step, trace.step)] {
            // Data differ from run to run, and with them a ReLU's branches: close, not equal.
            if counted.abs_diff(traced) > counted / 50 + 40 {
                return Err(format!(
                    "{what}: the timer counts {counted} instructions, the trace {traced}"
                ));
            }
        }
        Ok(Measured {
            forward,
            step,
            forward_cycles: trace.forward_cycles,
            step_cycles: trace.step_cycles,
            stack,
            sizes: program.sizes,
            functions: trace.functions,
        })
    }

    /// Counts with the board's timer alone.
    pub fn count(&self, tools: &Tools) -> Outcome<Counted> {
        let text = self.run(tools)?;
        let values = read(&text);
        let value = |word: &str| {
            let found = values.get(word).copied();
            found.ok_or_else(|| format!("{} prints no `{word}`", self.path.display()))
        };
        let known = text
            .lines()
            .find(|line| line.starts_with("known"))
            .unwrap_or_default();
        let mut numbers = known
            .split(' ')
            .skip(1)
            .filter_map(|number| number.parse::<u64>().ok());
        let (Some(length), Some(counted)) = (numbers.next(), numbers.next()) else {
            return Err("the probe prints no calibration".into());
        };
        if length.abs_diff(counted) > length / 10_000 {
            return Err(format!(
                "the counter is off: a loop of {length} instructions counts {counted}"
            ));
        }
        Ok(Counted {
            forward: value("forward")?,
            step: value("step")?,
            stack: value("stack")?,
        })
    }

    fn emulator(&self, tools: &Tools, arguments: &str) -> Command {
        let mut command = Command::new("qemu-system-arm");
        command.args(["-machine", self.chip.machine]);
        command.args(&EMULATOR[..EMULATOR.len() - 1]);
        command.arg(format!("{}{arguments}", EMULATOR[EMULATOR.len() - 1]));
        command.arg("-kernel").arg(&self.path);
        tools.qemu.show(&mut command);
        command
    }
}

impl Measured {
    /// Which functions execute the instructions of a step.
    pub fn print_functions(&self, workload: &str, build: &str) {
        println!("\n{workload}, {build}: a step by function");
        for (name, count) in self.functions.iter().filter(|(_, count)| count * 200 > self.step) {
            println!("{count:9}  {name}");
        }
    }
}

/// Lines of a word and a number.
fn read(text: &str) -> BTreeMap<&str, u64> {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(word, number)| Some((word, number.parse().ok()?)))
        .collect()
}
