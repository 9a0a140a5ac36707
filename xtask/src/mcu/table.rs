//! Prints what was measured beside the peers, and names what is above its limit.

use super::peers::PEERS;
use super::probe::{Build, Measured, WORKLOADS};

type All<'a> = [(&'a Build, Vec<Measured>)];

/// Instructions, then memory and code.
pub fn print(measured: &All<'_>) {
    println!(
        "\nCalibration: a loop of 2,000,000 instructions counts as many, and a trace counts what the timer counts."
    );
    for workload in &WORKLOADS {
        println!("{}: {}", workload.name, workload.network);
    }
    println!(
        "\nInstructions on a Cortex-M4F, f32, batch 1, SGD with momentum: forward / step (estimated cycles)"
    );
    row("", WORKLOADS.map(|workload| workload.name.to_string()));
    for (build, results) in measured {
        let cell = |result: &Measured| format!("{} / {}", grouped(result.forward), grouped(result.step));
        let cycles = |result: &Measured| {
            format!(
                "({} / {})",
                grouped(result.forward_cycles),
                grouped(result.step_cycles)
            )
        };
        row(&format!("kilograd, {}", build.name), cells(results, cell));
        row("", cells(results, cycles));
    }
    row(
        "limit of a step, plain",
        WORKLOADS.map(|workload| grouped(workload.limit)),
    );
    for peer in &PEERS {
        let cell = |count: Option<(u64, u64)>| {
            count.map_or("-".into(), |(forward, step)| {
                format!("{} / {}", grouped(forward), grouped(step))
            })
        };
        row(peer.name, peer.counts.map(cell));
    }

    println!(
        "\nBytes of the whole program: code + constants (flash), RAM with the arena, stack while training"
    );
    row("", WORKLOADS.map(|workload| workload.name.to_string()));
    for (build, results) in measured {
        let name = format!("kilograd, {}", build.name);
        row(
            &format!("{name}: flash"),
            cells(results, |result| {
                format!(
                    "{} + {}",
                    grouped(result.sizes.code),
                    grouped(result.sizes.constants)
                )
            }),
        );
        row(
            &format!("{name}: RAM"),
            cells(results, |result| grouped(result.sizes.ram())),
        );
        row(
            &format!("{name}: stack"),
            cells(results, |result| grouped(result.stack)),
        );
    }
    for peer in PEERS
        .iter()
        .filter(|peer| peer.memory.iter().any(Option::is_some))
    {
        let memory = |kilobytes: Option<u64>| kilobytes.map_or("-".into(), |kb| format!("{kb} KB"));
        row(&format!("{}: heap and stack", peer.name), peer.memory.map(memory));
    }
    println!("\nBytes of library code of the peers");
    for peer in &PEERS {
        if let Some((least, most)) = peer.code {
            let range = if least == most {
                grouped(least)
            } else {
                format!("{} to {}", grouped(least), grouped(most))
            };
            println!("{:<56}{range:>24}", peer.name);
        }
    }
}

/// Steps that take more than they may.
///
/// The limits hold for VMLA. The other build may exceed them by an instruction per multiply-accumulate and
/// parameter, if its estimated cycles are fewer.
pub fn above_limits(measured: &All<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let plain = measured.first().map(|(_, results)| results);
    for (build, results) in measured {
        for (index, (workload, result)) in WORKLOADS.iter().zip(results).enumerate() {
            let vmla_cycles = plain
                .and_then(|results| results.get(index))
                .map_or(0, |plain| plain.step_cycles);
            let allowed = !build.flags.is_empty() && result.step_cycles < vmla_cycles;
            let limit = workload.limit + if allowed { workload.unfused } else { 0 };
            if result.step > limit {
                faults.push(format!(
                    "{}, {}: a step takes {} instructions, the limit is {}",
                    workload.name,
                    build.name,
                    grouped(result.step),
                    grouped(limit)
                ));
            }
        }
    }
    faults
}

fn cells(results: &[Measured], cell: impl Fn(&Measured) -> String) -> [String; 3] {
    let mut cells = results.iter().map(cell);
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}

fn row(name: &str, cells: [String; 3]) {
    println!("{name:<56}{:>24}{:>24}{:>24}", cells[0], cells[1], cells[2]);
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn groups_by_thousands() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234), "1,234");
        assert_eq!(grouped(123_456), "123,456");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
