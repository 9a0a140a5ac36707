//! A firmware's ELF file: what of it lies in flash.

use super::pieces::{Clash, Pieces};
use crate::complaint::Complaint;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, elf};

/// Whether a file begins as an ELF file.
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&elf::ELFMAG)
}

/// Reads the bytes that a programmer would write: each loaded segment at its physical address.
///
/// # Errors
/// A [`Complaint`] when it is no ELF file of 32 bits, or its segments overlap.
pub fn read(name: &str, bytes: &[u8]) -> Result<Pieces, Complaint> {
    let help = "give the file that the linker made for the chip (a 32-bit ELF), or an Intel HEX file";
    let wrong = |what: String| Complaint::new(format!("{name}: {what}"), help);
    let unreadable = |error: object::Error| wrong(format!("this ELF file does not read: {error}"));
    if bytes.get(4) == Some(&elf::ELFCLASS64.0) {
        return Err(wrong("this ELF file is for a machine of 64 bits".into()));
    }
    let header = elf::FileHeader32::<Endianness>::parse(bytes).map_err(unreadable)?;
    let endian = header.endian().map_err(unreadable)?;
    let mut pieces = Pieces::default();
    for segment in header.program_headers(endian, bytes).map_err(unreadable)? {
        if segment.p_type(endian) != elf::PT_LOAD {
            continue;
        }
        let data = segment
            .data(endian, bytes)
            .map_err(|()| wrong("a segment lies outside the file: it was cut short".into()))?;
        let address = segment.p_paddr(endian);
        pieces.put(address, data).map_err(|clash| match clash {
            Clash::Taken(at) => wrong(format!("two segments have a byte at {at:#x}")),
            Clash::PastEnd => wrong(format!("the segment at {address:#x} goes past the last address")),
        })?;
    }
    if pieces.bounds().is_none() {
        return Err(wrong("this ELF file has nothing to load".into()));
    }
    Ok(pieces)
}
