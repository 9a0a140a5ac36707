//! Every instruction that one forward pass and one step execute, from the emulator's own log.

use super::cycles;
use crate::elf::Program;
use crate::place;
use crate::process::{Outcome, ask, limited};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;

const SECONDS: u32 = 120;

/// What the marks of a probe enclose.
pub struct Trace {
    pub forward: u64,
    pub step: u64,
    pub forward_cycles: u64,
    pub step_cycles: u64,
    /// Instructions of the step by function, most first.
    pub functions: Vec<(String, u64)>,
}

impl Trace {
    /// Runs the program once with a log of each instruction's address.
    pub fn record(program: &Program, emulator: &mut Command) -> Outcome<Self> {
        let log = place::root().join("target/trace.log");
        emulator
            .args(["-singlestep", "-d", "nochain,exec", "-D"])
            .arg(&log);
        ask(&mut limited(SECONDS, emulator)).ok_or("the emulator cannot trace the probe")?;
        let trace = Self::read(program, &log);
        // Some hundred megabytes that nobody reads again.
        let _ = fs::remove_file(&log);
        trace
    }

    fn read(program: &Program, log: &Path) -> Outcome<Self> {
        let file = File::open(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let mark = program
            .function("mark")
            .ok_or("the probe has no function `mark`")?;
        let inside_mark = mark.address..mark.address + mark.size;
        let mut marks = 0;
        let mut part = [(0_u64, 0_u64); 4];
        let mut by_function: HashMap<Option<usize>, u64> = HashMap::new();
        let mut last: Option<u64> = None;
        for line in BufReader::new(file).lines() {
            let line = line.map_err(|error| error.to_string())?;
            let Some(at) = address(&line) else { continue };
            if let Some(before) = last
                && !inside_mark.contains(&before)
            {
                let (instructions, cycles) = &mut part[marks.min(3)];
                *instructions += 1;
                *cycles += cycles::of(program.bytes_at(before), before, at);
                if marks == 2 {
                    *by_function.entry(program.function_at(before)).or_default() += 1;
                }
            }
            if at == mark.address {
                marks += 1;
            }
            last = Some(at);
        }
        if marks != 3 {
            return Err(format!("the trace passes {marks} marks, not 3"));
        }
        let mut functions: Vec<(String, u64)> = by_function
            .into_iter()
            .map(|(function, count)| {
                let found = function.and_then(|function| program.functions().get(function));
                (found.map_or("?".into(), |found| found.name.clone()), count)
            })
            .collect();
        functions.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok(Self {
            forward: part[1].0,
            forward_cycles: part[1].1,
            step: part[2].0,
            step_cycles: part[2].1,
            functions,
        })
    }
}

/// The program counter in a line of the log: `Trace 0: 0x7f… [flags/00002da6/…] name`.
fn address(line: &str) -> Option<u64> {
    let inside = line.strip_prefix("Trace ")?.split('[').nth(1)?;
    u64::from_str_radix(inside.split('/').nth(1)?, 16).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_the_address() {
        let line = "Trace 0: 0x7f2048035580 [00800400/00002da6/00000010/ff020201] mark";
        assert_eq!(super::address(line), Some(0x2da6));
        assert_eq!(
            super::address("Stopped execution of TB chain before 0x7f [1/2]"),
            None
        );
    }
}
