//! A linked program: what it takes in code, constants and memory, and which functions it holds.

use crate::process::Outcome;
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// Bytes by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Instructions, with the vector table.
    pub code: u64,
    /// Constants.
    pub constants: u64,
    /// Memory with a first value: takes flash and RAM.
    pub data: u64,
    /// Memory that starts as zero.
    pub zeroed: u64,
}

/// A function with its place.
#[derive(Debug, Clone)]
pub struct Function {
    pub name: String,
    pub address: u64,
    pub size: u64,
}

/// A linked program.
pub struct Program {
    pub sizes: Sizes,
    /// By address.
    functions: Vec<Function>,
    code: Vec<(u64, Vec<u8>)>,
    /// Where stretches of instructions and of data begin, by address: whether instructions follow.
    stretches: Vec<(u64, bool)>,
    sources: BTreeSet<String>,
}

impl Program {
    /// Reads an ELF file.
    pub fn read(path: &Path) -> Outcome<Self> {
        let failed = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
        let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
        let file = object::File::parse(&*bytes).map_err(|error| failed(&error))?;
        let mut sizes = Sizes::default();
        let mut code = Vec::new();
        let mut sources = BTreeSet::new();
        for section in file.sections() {
            if section.name().is_ok_and(|name| name.starts_with(".debug_line")) {
                let text = section.data().map_err(|error| failed(&error))?;
                sources.extend(source_names(text));
            }
            sizes.add(section.name().unwrap_or_default(), section.kind(), section.size());
            if section.kind() == SectionKind::Text {
                code.push((
                    section.address(),
                    section.data().map_err(|error| failed(&error))?.to_vec(),
                ));
            }
        }
        let mut functions: Vec<Function> = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition())
            .filter_map(|symbol| {
                Some(Function {
                    name: format!("{:#}", rustc_demangle::demangle(symbol.name().ok()?)),
                    // The lowest bit says Thumb, not where.
                    address: symbol.address() & !1,
                    size: symbol.size(),
                })
            })
            .collect();
        functions.sort_by_key(|function| (function.address, function.size));
        let mut stretches: Vec<(u64, bool)> = file
            .symbols()
            .filter_map(|symbol| match symbol.name().ok()? {
                "$t" => Some((symbol.address(), true)),
                "$d" => Some((symbol.address(), false)),
                name if name.starts_with("$t.") => Some((symbol.address(), true)),
                name if name.starts_with("$d.") => Some((symbol.address(), false)),
                _ => None,
            })
            .collect();
        stretches.sort_unstable();
        Ok(Self {
            sizes,
            functions,
            code,
            stretches,
            sources,
        })
    }

    /// Every Thumb instruction with its address, as one or two halfwords (the second is 0 in a narrow one).
    /// Mapping symbols tell instructions from the constants between them (Arm IHI 0044, 5.5.5).
    pub fn thumb(&self) -> Vec<(u64, [u16; 2])> {
        let mut found = Vec::new();
        for (start, code) in &self.code {
            let half = |at: u64| {
                let offset = (at - start) as usize;
                let bytes = code.get(offset..offset + 2)?;
                Some(u16::from_le_bytes([bytes[0], bytes[1]]))
            };
            let mut at = *start;
            while let Some(first) = half(at) {
                let stretch = self.stretches.partition_point(|(from, _)| *from <= at);
                let is_code = stretch
                    .checked_sub(1)
                    .and_then(|before| self.stretches.get(before))
                    .is_some_and(|(_, is_code)| *is_code);
                if !is_code {
                    // On to the next stretch, or out of this section.
                    at = self.stretches.get(stretch).map_or(u64::MAX, |(next, _)| *next);
                    if at - start >= code.len() as u64 {
                        break;
                    }
                    continue;
                }
                let wide = first >> 11 >= 0b11101;
                let second = if wide { half(at + 2).unwrap_or(0) } else { 0 };
                found.push((at, [first, second]));
                at += if wide { 4 } else { 2 };
            }
        }
        found
    }

    /// Every function, by address.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// The names of the source files that some instruction comes from, inlined or not, without their folders.
    pub fn sources(&self) -> &BTreeSet<String> {
        &self.sources
    }

    /// The index of the function that holds an address: the last one that starts at or before it.
    pub fn function_at(&self, address: u64) -> Option<usize> {
        self.functions
            .partition_point(|function| function.address <= address)
            .checked_sub(1)
    }

    /// Four bytes of code; zeros where the program has none.
    pub fn bytes_at(&self, address: u64) -> [u8; 4] {
        let mut bytes = [0; 4];
        for (start, code) in &self.code {
            let Some(offset) = address.checked_sub(*start) else {
                continue;
            };
            for (byte, found) in bytes.iter_mut().zip(code.iter().skip(offset as usize)) {
                *byte = *found;
            }
        }
        bytes
    }
}

/// The names of source files in a table of lines, which lists the files of the code that is linked, and no other.
fn source_names(table: &[u8]) -> impl Iterator<Item = String> {
    table
        .split(|byte| *byte == 0)
        .filter(|text| text.ends_with(b".rs"))
        .filter_map(|text| {
            let name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'.';
            let from = text.iter().rposition(|byte| !name(byte)).map_or(0, |at| at + 1);
            String::from_utf8(text.get(from..)?.to_vec()).ok()
        })
}

impl Sizes {
    fn add(&mut self, name: &str, kind: SectionKind, size: u64) {
        match (kind, name) {
            // Linker scripts mark the room that is left for these as if it were data.
            (_, ".heap" | ".stack") => {}
            // The vector table is read-only data by kind and start-up code by purpose.
            (SectionKind::Text, _) | (_, ".vector_table") => self.code += size,
            (SectionKind::ReadOnlyData | SectionKind::ReadOnlyString, _) => self.constants += size,
            (SectionKind::Data, _) => self.data += size,
            (SectionKind::UninitializedData, _) => self.zeroed += size,
            _ => {}
        }
    }

    /// Bytes of flash.
    pub fn flash(&self) -> u64 {
        self.code + self.constants + self.data
    }

    /// Bytes of RAM, without the stack.
    pub fn ram(&self) -> u64 {
        self.data + self.zeroed
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "code {}, constants {}, data {}, zeroed {}: flash {}, RAM {}",
            self.code,
            self.constants,
            self.data,
            self.zeroed,
            self.flash(),
            self.ram()
        )
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_of_sources_have_no_folder() {
        let names: Vec<String> =
            super::source_names(b"\x01\x02lstm.rs\0\x01\0/a/b_c/d_1.rs\0other.txt\0").collect();
        assert_eq!(names, ["lstm.rs", "d_1.rs"]);
    }
}
