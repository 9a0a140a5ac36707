//! Errors that name the place and the remedy.

use std::fmt;
use std::ops::Range;
use std::path::Path;

/// A text file and its name, kept so that a later error can point at a line of it.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name as the user gave it.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// A [`Complaint`] when the file cannot be read or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self, Complaint> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self { name, text }),
            Err(error) => Err(Complaint::unreadable(&name, &error)),
        }
    }

    /// A complaint about the bytes `span` of this text.
    pub fn complain(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Complaint {
        Complaint {
            message: message.into(),
            help: help.into(),
            place: Some(self.place(span)),
        }
    }

    fn place(&self, span: Range<usize>) -> Place {
        // A span may end past the text (an unclosed table), or inside a character after an edit: clamp both.
        let mut start = span.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_text = self.text[line_start..].lines().next().unwrap_or("");
        let column = self.text[line_start..start].chars().count() + 1;
        let left = line_text.chars().count().saturating_sub(column - 1);
        let wanted = self
            .text
            .get(start..span.end.max(start))
            .map_or(1, |part| part.chars().count());
        Place {
            file: self.name.clone(),
            line: before.matches('\n').count() + 1,
            column,
            excerpt: line_text.to_owned(),
            width: wanted.min(left).max(1),
        }
    }
}

/// A stretch of one line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    file: String,
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
    excerpt: String,
    width: usize,
}

/// Something the user gave is wrong: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    message: String,
    help: String,
    place: Option<Place>,
}

impl Complaint {
    /// A complaint about no line in particular; the message itself names the file.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
            place: None,
        }
    }

    /// A file that cannot be opened or read.
    pub fn unreadable(name: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let help = match error.kind() {
            ErrorKind::NotFound => "check the path; paths in a run file start at the folder of that file",
            ErrorKind::PermissionDenied => "make the file readable for you (`chmod u+r`)",
            ErrorKind::InvalidData => "save the file as UTF-8 text",
            _ => "check that it is a readable file",
        };
        Self::new(format!("{name}: {error}"), help)
    }

    /// The line it points at, from 1.
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.line)
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if let Some(place) = &self.place {
            let number = place.line.to_string();
            let gutter = " ".repeat(number.len());
            write!(f, "\n{gutter}--> {}:{}:{}", place.file, place.line, place.column)?;
            // A tab is one column wide in the file but not on the screen: repeat it under itself.
            let pad: String = place
                .excerpt
                .chars()
                .take(place.column - 1)
                .map(|c| if c == '\t' { c } else { ' ' })
                .collect();
            write!(f, "\n{gutter} |\n{number} | {}", place.excerpt)?;
            write!(f, "\n{gutter} | {pad}{}", "^".repeat(place.width))?;
        }
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for Complaint {}

/// Why a command ended without doing what was asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// What the user gave is wrong: exit code 2.
    Input(Complaint),
    /// The input is right, but the run failed (training diverged, a disk is full): exit code 1.
    Run(String),
}

impl Failure {
    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) => 2,
            Self::Run(_) => 1,
        }
    }
}

impl From<Complaint> for Failure {
    fn from(complaint: Complaint) -> Self {
        Self::Input(complaint)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(complaint) => write!(f, "error: {complaint}"),
            Self::Run(message) => write!(f, "error: {message}"),
        }
    }
}

impl std::error::Error for Failure {}

/// "did you mean" for a word that is not among `known`, followed by what there is.
pub fn nearest(word: &str, known: &[&str]) -> Option<String> {
    let word = word.to_lowercase();
    let begins = |longer: &str, shorter: &str| shorter.len() > 2 && longer.starts_with(shorter);
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, candidate), *candidate))
        // A third of the letters wrong is still a slip, and so is a beginning; more is another word.
        .filter(|(distance, candidate)| {
            *distance <= candidate.len().max(word.len()).div_ceil(3)
                || begins(candidate, &word)
                || begins(&word, candidate)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Names in backquotes, separated by commas.
pub fn listed(names: &[impl AsRef<str>]) -> String {
    names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The help text for a wrong word: the nearest right one if there is one, and all of them.
pub fn suggestion(word: &str, known: &[&str], owner: &str) -> String {
    let all = if known.is_empty() {
        format!("{owner} takes no option")
    } else {
        format!("{owner} knows {}", listed(known))
    };
    match nearest(word, known) {
        Some(best) => format!("did you mean `{best}`? {all}"),
        None => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters_from_one() {
        let source = Source {
            name: "a.toml".into(),
            text: "x = 1\nµ = \"é\" # ö\nlast".into(),
        };
        let at = source.text.find("\"é\"").unwrap();
        let shown = source.complain(at..at + 4, "bad", "good").to_string();
        assert_eq!(
            shown,
            "bad\n --> a.toml:2:5\n  |\n2 | µ = \"é\" # ö\n  |     ^^^\n  help: good"
        );
    }

    #[test]
    fn spans_past_the_end_are_clamped() {
        let source = Source {
            name: "a".into(),
            text: "ab\n".into(),
        };
        assert_eq!(source.complain(40..50, "m", "").line(), Some(2));
        assert_eq!(source.complain(1..50, "m", "").line(), Some(1));
    }

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let known = ["channels", "kernel", "stride", "padding"];
        assert_eq!(nearest("strides", &known).as_deref(), Some("stride"));
        assert_eq!(nearest("Kernal", &known).as_deref(), Some("kernel"));
        assert_eq!(nearest("pad", &known).as_deref(), Some("padding"));
        assert_eq!(nearest("dropout", &known), None);
        assert_eq!(nearest("", &known), None);
    }
}
