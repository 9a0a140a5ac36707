//! What a firmware says of its own RAM: held to a floor, and left out of the text that boards must share,
//! since another compiler takes another stack.

use crate::process::Outcome;

/// How such a line begins: `memory: 16384 bytes of RAM: arena 9000, other statics 900, stack 3000, never
/// touched 3484`.
const START: &str = "memory: ";
/// Bytes of painted stack that must never have been touched.
const SPARE: u64 = 512;

/// The text with every number of such lines as `#`.
pub fn without_numbers(text: &str) -> String {
    let mut all = String::new();
    for line in text.lines() {
        if line.starts_with(START) {
            let mut before = ' ';
            for letter in line.chars() {
                match (before.is_ascii_digit(), letter.is_ascii_digit()) {
                    (_, false) => all.push(letter),
                    (false, true) => all.push('#'),
                    (true, true) => {}
                }
                before = letter;
            }
        } else {
            all.push_str(line);
        }
        all.push('\n');
    }
    all
}

/// Checks and returns such lines: the parts make up the whole, and enough of it was never touched.
pub fn check(text: &str) -> Outcome<Vec<String>> {
    let lines: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with(START))
        .map(String::from)
        .collect();
    for line in &lines {
        let numbers: Vec<u64> = line
            .split(|letter: char| !letter.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        let [total, parts @ ..] = numbers.as_slice() else {
            return Err(format!("`{line}` has no number"));
        };
        if parts.len() < 2 || parts.iter().sum::<u64>() != *total {
            return Err(format!("`{line}`: the parts do not make up the whole"));
        }
        if parts.last().is_none_or(|spare| *spare < SPARE) {
            return Err(format!("`{line}`: {SPARE} bytes must never be touched"));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_memory_lines_alone_are_taken_out() {
        assert_eq!(
            without_numbers("loss 12\nmemory: 10 bytes, 7 and 3\n"),
            "loss 12\nmemory: # bytes, # and #\n"
        );
    }

    #[test]
    fn parts_must_make_up_the_whole_and_leave_some() {
        let line = |spare: u64, whole: u64| {
            format!("x 1\nmemory: {whole} bytes: arena 400, never touched {spare}\n")
        };
        assert_eq!(check(&line(512, 912)).unwrap().len(), 1);
        assert!(check(&line(511, 911)).unwrap_err().contains("512 bytes"));
        assert!(check(&line(600, 912)).unwrap_err().contains("whole"));
        assert!(check("memory: none\n").is_err());
        assert!(check("nothing 1\n").unwrap().is_empty());
    }
}
