//! One table of a run file: typed reading, where every error points at the key or value.

use crate::complaint::{Complaint, Source, listed, suggestion};
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and the bytes of the file that it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Marked<T> {
    /// The value.
    pub value: T,
    /// Where it stands, in bytes from the start of the file.
    pub span: Range<usize>,
}

/// A table being read.
pub struct Table<'s> {
    source: &'s Source,
    /// What the table is, as an error says it: `[fit]`, `layer 7 (relu)`.
    what: String,
    entries: &'s DeTable<'s>,
    span: Range<usize>,
}

impl<'s> Table<'s> {
    /// Wraps `entries`; `known` are the keys that it may have.
    ///
    /// Unknown keys are refused before anything is read, so that a misspelt key is named as such and
    /// never reported as a missing one.
    pub fn new(
        source: &'s Source,
        what: impl Into<String>,
        entries: &'s DeTable<'s>,
        span: Range<usize>,
        known: &[&str],
    ) -> Result<Self, Complaint> {
        let what = what.into();
        if let Some((key, _)) = entries
            .iter()
            .find(|(key, _)| !known.contains(&key.get_ref().as_ref()))
        {
            let name = key.get_ref();
            let message = format!("{what} has no key `{name}`");
            return Err(source.complain(key.span(), message, suggestion(name, known, &what)));
        }
        Ok(Self {
            source,
            what,
            entries,
            span,
        })
    }

    /// The table's own place.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Where the key itself stands, or the table if it is missing.
    pub fn key_span(&self, key: &str) -> Range<usize> {
        self.entries
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map_or(self.span(), |(name, _)| name.span())
    }

    /// The raw value of a key.
    pub fn get(&self, key: &str) -> Option<&'s Spanned<DeValue<'s>>> {
        self.entries.get(key)
    }

    /// A complaint about the value of `key`.
    pub fn wrong(&self, key: &str, message: impl AsRef<str>, help: impl Into<String>) -> Complaint {
        let span = self.get(key).map_or(self.span(), Spanned::span);
        self.source.complain(
            span,
            format!("`{key}` of {} {}", self.what, message.as_ref()),
            help,
        )
    }

    /// A complaint that `key` is missing.
    pub fn missing(&self, key: &str, help: impl Into<String>) -> Complaint {
        self.source
            .complain(self.span(), format!("{} needs the key `{key}`", self.what), help)
    }

    /// Turns an optional value into a required one; `example` shows how to write it.
    pub fn required<T>(&self, key: &str, value: Option<T>, example: &str) -> Result<T, Complaint> {
        value.ok_or_else(|| self.missing(key, format!("add `{key} = {example}`")))
    }

    /// A whole number within `range`.
    pub fn integer(&self, key: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, Complaint> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let number = integer_of(value).filter(|number| range.contains(number));
        let help = format!("write a whole number from {} to {}", range.start(), range.end());
        number
            .map(Some)
            .ok_or_else(|| self.wrong(key, "must be a whole number in its range", help))
    }

    /// A whole number from 1 to 65535: an extent of a tensor.
    pub fn extent(&self, key: &str) -> Result<Option<u16>, Complaint> {
        Ok(self
            .integer(key, 1..=u64::from(u16::MAX))?
            .and_then(|number| u16::try_from(number).ok()))
    }

    /// A finite number that passes `accept`; `range` says in words which ones do.
    pub fn number(&self, key: &str, range: &str, accept: fn(f32) -> bool) -> Result<Option<f32>, Complaint> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let number = number_of(value).filter(|number| number.is_finite() && accept(*number));
        number.map(Some).ok_or_else(|| {
            self.wrong(
                key,
                format!("must be a number {range}"),
                "write it as 0.01 or 1e-2",
            )
        })
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, Complaint> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let flag = value.get_ref().as_bool();
        flag.map(Some).ok_or_else(|| {
            self.wrong(
                key,
                "must be true or false",
                "write true or false, without quotes",
            )
        })
    }

    /// A text in quotes.
    pub fn text(&self, key: &str) -> Result<Option<&'s str>, Complaint> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let text = value.get_ref().as_str();
        text.map(Some)
            .ok_or_else(|| self.wrong(key, "must be text", "put it in \"double quotes\""))
    }

    /// A text that is one of `choices`.
    pub fn choice(&self, key: &str, choices: &[&'static str]) -> Result<Option<&'static str>, Complaint> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let found = choices.iter().find(|choice| **choice == text);
        found.copied().map(Some).ok_or_else(|| {
            let help = suggestion(text, choices, &format!("`{key}`"));
            self.wrong(key, format!("cannot be \"{text}\""), help)
        })
    }

    /// A list of texts; whole numbers stand for themselves (an index).
    pub fn texts(&self, key: &str) -> Result<Option<Vec<Marked<String>>>, Complaint> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let items = value.get_ref().as_array().and_then(|array| {
            array
                .iter()
                .map(|item| {
                    let index = || integer_of(item).map(|index| index.to_string());
                    let value = item.get_ref().as_str().map(str::to_owned).or_else(index)?;
                    Some(Marked {
                        value,
                        span: item.span(),
                    })
                })
                .collect::<Option<Vec<_>>>()
        });
        items.filter(|items| !items.is_empty()).map(Some).ok_or_else(|| {
            self.wrong(
                key,
                "must be a list of texts",
                format!("write `{key} = [\"one\", \"two\"]`"),
            )
        })
    }

    /// A table within this one (a section of the file).
    pub fn section(&self, key: &str, known: &[&str]) -> Result<Option<Table<'s>>, Complaint> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let Some(entries) = value.get_ref().as_table() else {
            return Err(self.wrong(key, "must be a table", format!("write it as a section: [{key}]")));
        };
        Table::new(self.source, format!("[{key}]"), entries, value.span(), known).map(Some)
    }

    /// A section that must be there.
    pub fn required_section(&self, key: &str, known: &[&str]) -> Result<Table<'s>, Complaint> {
        let found = self.section(key, known)?;
        found.ok_or_else(|| {
            let help = format!("add a section `[{key}]`; it knows {}", listed(known));
            Complaint::new(
                format!("{}: the section [{key}] is missing", self.source.name),
                help,
            )
        })
    }
}

/// A TOML integer that fits `u64`.
pub fn integer_of(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    let integer = value.get_ref().as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// A TOML float or integer, as `f32`.
pub fn number_of(value: &Spanned<DeValue<'_>>) -> Option<f32> {
    match value.get_ref() {
        DeValue::Float(float) => float.as_str().parse().ok(),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .map(|number| number as f32),
        _ => None,
    }
}
