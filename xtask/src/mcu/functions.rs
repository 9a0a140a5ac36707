//! What an elementary function takes on the chip, by libm and by micromath: the other half of
//! `cargo bench --bench functions`. Printed, not held to anything; the table is in `docs/architecture.md`, beside how
//! exact each is.

use super::probe::Probe;
use crate::process::Outcome;
use crate::setup::Tools;

/// Counts every function by both and prints them.
pub fn print(tools: &Tools) -> Outcome {
    let count = |features| -> Outcome<Vec<(String, u64)>> {
        let text = Probe::build_with(tools, "functions", "release", &[], features)?.run(tools)?;
        text.lines().map(read).collect()
    };
    let (libm, micromath) = (count("")?, count("micromath")?);
    println!(
        "\nInstructions of a call on a Cortex-M4F, mean over the ranges of `cargo bench --bench functions`"
    );
    println!("{:<24}{:>12}{:>12}", "", "libm", "micromath");
    for ((name, exact), (_, approximate)) in libm.iter().zip(&micromath) {
        println!("{:<24}{exact:>12}{approximate:>12}", name.replace('_', " "));
    }
    Ok(())
}

/// A line of a word and a number.
fn read(line: &str) -> Outcome<(String, u64)> {
    line.split_once(' ')
        .and_then(|(name, count)| Some((name.to_string(), count.parse().ok()?)))
        .ok_or_else(|| format!("functions: cannot read `{line}`"))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_line_is_a_word_and_a_number() {
        assert_eq!(read("exp 73").unwrap(), ("exp".to_string(), 73));
        assert!(read("exp").is_err());
        assert!(read("exp many").is_err());
    }
}
