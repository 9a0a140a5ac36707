//! The parts of a test run: each timed, the first failure ends the run, the last line counts.

use crate::process::Outcome;
use std::time::{Duration, Instant};

/// What has run so far.
#[derive(Default)]
pub struct Parts {
    /// Only parts whose name holds this.
    only: String,
    done: Vec<(&'static str, Duration)>,
    passed: u32,
    failed: u32,
}

/// Counts the checks of one part.
#[derive(Default)]
pub struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    /// One more check that held.
    pub fn pass(&mut self) {
        self.passed += 1;
    }

    /// Reads a line that a test binary prints at its end: `test result: ok. 3 passed; 0 failed; …`.
    pub fn read(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        let before = |word: &str| {
            let words: Vec<&str> = counts.split([' ', ';']).collect();
            words
                .iter()
                .position(|found| *found == word)
                .and_then(|at| words.get(at.checked_sub(1)?)?.parse().ok())
                .unwrap_or(0)
        };
        self.passed += before("passed");
        self.failed += before("failed");
    }
}

impl Parts {
    /// Runs only parts whose name holds `word`; none of them is a failure.
    pub fn only(word: &str) -> Self {
        Self {
            only: word.into(),
            ..Self::default()
        }
    }

    /// Runs one part, unless an earlier one failed or it was not chosen.
    pub fn part(&mut self, name: &'static str, check: impl FnOnce(&mut Tally) -> Outcome) {
        if name.contains(&self.only) {
            self.always(name, check);
        }
    }

    /// Runs a part that the others need, unless an earlier one failed.
    pub fn always<T>(
        &mut self,
        name: &'static str,
        check: impl FnOnce(&mut Tally) -> Outcome<T>,
    ) -> Option<T> {
        if self.failed > 0 {
            return None;
        }
        println!("\n== {name}");
        let mut tally = Tally::default();
        let start = Instant::now();
        let outcome = check(&mut tally);
        self.done.push((name, start.elapsed()));
        self.passed += tally.passed;
        self.failed += tally.failed;
        match outcome {
            Ok(value) => {
                // A part without tests of its own is one check.
                self.passed += u32::from(tally.passed == 0);
                Some(value)
            }
            Err(why) => {
                self.failed = self.failed.max(1);
                println!("\nFAILED in {name}: {why}");
                None
            }
        }
    }

    /// Prints the time of each part and the counts; true when nothing failed.
    pub fn close(self) -> bool {
        let chosen = self.done.iter().any(|(name, _)| name.contains(&self.only));
        if self.failed == 0 && !chosen {
            println!("no part of the test has `{}` in its name", self.only);
            return false;
        }
        println!("\nminutes");
        let mut total = Duration::ZERO;
        for (name, time) in &self.done {
            println!("{:7.2}  {name}", time.as_secs_f64() / 60.0);
            total += *time;
        }
        println!("{:7.2}  in all", total.as_secs_f64() / 60.0);
        println!("{} passed, {} failed", self.passed, self.failed);
        self.failed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_test_binaries_print() {
        let mut tally = Tally::default();
        tally.read("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
        tally.read("test result: FAILED. 3 passed; 2 failed; 0 ignored");
        tally.read("test result of something else: 7 passed");
        assert_eq!((tally.passed, tally.failed), (15, 2));
    }

    #[test]
    fn the_first_failure_ends_the_run() {
        let mut parts = Parts::default();
        parts.part("good", |_| Ok(()));
        parts.part("bad", |_| Err("why".into()));
        parts.part("never", |_| panic!("runs after a failure"));
        assert_eq!((parts.passed, parts.failed), (1, 1));
        assert!(!parts.close());
    }

    #[test]
    fn a_word_chooses_parts_and_choosing_none_fails() {
        let mut parts = Parts::only("oo");
        parts.part("good", |_| Ok(()));
        parts.part("other", |_| panic!("was not chosen"));
        assert_eq!(parts.passed, 1);
        assert!(parts.close());
        assert!(!Parts::only("nothing").close());
    }
}
