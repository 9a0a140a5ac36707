//! `cargo xtask fuzz`: the decoders of files on random bytes, for as long as is asked.

use crate::place;
use crate::process::{Outcome, cargo, run};

/// What it takes.
struct Options {
    seconds: u64,
    seed: Option<u64>,
    case: Option<String>,
}

/// Reads the words behind `fuzz`.
fn options(words: &[&str]) -> Result<Options, String> {
    let mut options = Options {
        seconds: 60,
        seed: None,
        case: None,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match *word {
            "--hours" => {
                let text = value()?;
                let hours: f64 = text
                    .parse()
                    .map_err(|_| format!("--hours takes a number, not `{text}`"))?;
                if !(hours > 0.0 && hours <= 1000.0) {
                    return Err(format!(
                        "--hours takes a number above 0 and up to 1000, not `{text}`"
                    ));
                }
                options.seconds = (hours * 3600.0).ceil() as u64;
            }
            "--seed" => {
                let text = value()?;
                let seed = text
                    .parse()
                    .map_err(|_| format!("--seed takes a whole number, not `{text}`"))?;
                options.seed = Some(seed);
            }
            "--case" => options.case = Some((*value()?).to_owned()),
            other => {
                return Err(format!(
                    "fuzz takes --hours H, --seed N and --case FILE, not `{other}`"
                ));
            }
        }
    }
    Ok(options)
}

/// Runs the long form of `tests/fuzz_files.rs`; a minute if no hours are given.
pub fn fuzz(words: &[&str]) -> Outcome {
    let Options { seconds, seed, case } = options(words)?;
    let mut command = cargo();
    // Not in release: an overflow is a finding.
    command.args([
        "test",
        "--package",
        "kilograd-promises",
        "--test",
        "fuzz_files",
        "--",
    ]);
    command.args(["for_a_long_time", "--ignored", "--nocapture"]);
    command.env("KILOGRAD_FUZZ_SECONDS", seconds.to_string());
    if let Some(seed) = seed {
        command.env("KILOGRAD_FUZZ_SEED", seed.to_string());
    }
    if let Some(case) = case {
        let path = std::path::absolute(&case).map_err(|error| format!("{case}: {error}"))?;
        command.env("KILOGRAD_FUZZ_CASE", path);
    }
    run(command.current_dir(place::root()))
}

#[cfg(test)]
mod tests {
    use super::options;

    #[test]
    fn hours_and_seed_are_read_and_others_refused() {
        let read = options(&["--hours", "0.5", "--seed", "7"]).unwrap();
        assert_eq!((read.seconds, read.seed), (1800, Some(7)));
        for words in [
            &["--hours"] as &[&str],
            &["--hours", "x"],
            &["--hours", "-1"],
            &["--hours", "NaN"],
            &["--minutes", "3"],
            &["--seed", "1.5"],
        ] {
            assert!(options(words).is_err(), "{words:?}");
        }
    }
}
