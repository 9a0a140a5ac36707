//! Intel HEX (Intel, Hexadecimal object file format specification, 1988).

use super::pieces::{Clash, Pieces};
use crate::complaint::{Complaint, Source};
use std::fmt::Write;

/// Data bytes of a line.
const LINE: usize = 16;

/// Reads a file.
///
/// # Errors
/// A [`Complaint`] at the line that is wrong.
pub fn read(source: &Source) -> Result<Pieces, Complaint> {
    let mut pieces = Pieces::default();
    let mut upper = 0_u32;
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        let span = at..at + line.trim_end().len();
        at += line.len();
        let wrong = |what: String, help: &str| source.complain(span.clone(), what, help.to_owned());
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        let remedy = "make the file anew: it was cut short or changed";
        let record = bytes_of(text).ok_or_else(|| wrong("this is no line of Intel HEX".into(), remedy))?;
        let ([count, high, low, kind], rest) = record
            .split_first_chunk()
            .ok_or_else(|| wrong("the line is too short".into(), remedy))?;
        let (checksum, data) = rest
            .split_last()
            .ok_or_else(|| wrong("the line is too short".into(), remedy))?;
        if data.len() != usize::from(*count) {
            let what = format!("the line speaks of {count} bytes and has {}", data.len());
            return Err(wrong(what, remedy));
        }
        let sum = record.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        if sum != 0 {
            let right = checksum.wrapping_sub(sum);
            let what = format!("the checksum is {checksum:02X}, but the bytes before it make {right:02X}");
            return Err(wrong(what, remedy));
        }
        let address = u32::from(u16::from_be_bytes([*high, *low]));
        match (kind, data) {
            (0, data) => {
                let address = upper.checked_add(address);
                let put = address.map_or(Err(Clash::PastEnd), |address| pieces.put(address, data));
                put.map_err(|clash| match clash {
                    Clash::Taken(at) => wrong(format!("the byte at {at:#x} was set before"), remedy),
                    Clash::PastEnd => wrong("the bytes go past the last address".into(), remedy),
                })?;
            }
            (1, _) => return Ok(pieces),
            (2, [a, b]) => upper = u32::from(u16::from_be_bytes([*a, *b])) << 4,
            (4, [a, b]) => upper = u32::from(u16::from_be_bytes([*a, *b])) << 16,
            // Where execution starts: of no concern here.
            (3 | 5, [_, _, _, _]) => {}
            (kind, data) => {
                let what = format!("there is no record of kind {kind} with {} bytes", data.len());
                return Err(wrong(what, remedy));
            }
        }
    }
    let end = source.text.len();
    let help = "copy the file again: its last line must be `:00000001FF`";
    Err(source.complain(end..end, "the file has no end record", help))
}

/// The bytes of a line, without its colon.
fn bytes_of(line: &str) -> Option<Vec<u8>> {
    let digits = line.strip_prefix(':')?;
    if !digits.is_ascii() || digits.len() % 2 != 0 {
        return None;
    }
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    // `from_str_radix` takes a sign.
    if digits.contains('+') {
        return None;
    }
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// Writes a file.
pub fn write(pieces: &Pieces) -> String {
    let mut text = String::new();
    let mut upper = 0;
    for (start, bytes) in pieces.iter() {
        let mut address = start;
        let mut rest = bytes;
        while !rest.is_empty() {
            if address >> 16 != upper {
                upper = address >> 16;
                record(&mut text, 0, 4, &(upper as u16).to_be_bytes());
            }
            // No line crosses 64 KB; lines begin at multiples of their length, as is usual.
            let room = LINE - address as usize % LINE;
            let (line, later) = rest.split_at(room.min(rest.len()));
            record(&mut text, address as u16, 0, line);
            rest = later;
            address = address.wrapping_add(line.len() as u32);
        }
    }
    record(&mut text, 0, 1, &[]);
    text
}

fn record(text: &mut String, address: u16, kind: u8, data: &[u8]) {
    let [high, low] = address.to_be_bytes();
    let head = [data.len() as u8, high, low, kind];
    let mut sum = 0_u8;
    text.push(':');
    for byte in head.iter().chain(data) {
        sum = sum.wrapping_add(*byte);
        let _ = write!(text, "{byte:02X}");
    }
    let _ = writeln!(text, "{:02X}", sum.wrapping_neg());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source {
            name: "a.hex".into(),
            text: text.into(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut pieces = Pieces::default();
        pieces.put(0x1_fff5, &(0..40).collect::<Vec<u8>>()).unwrap();
        pieces.put(0x0800_0000, &[1, 2, 3]).unwrap();
        let text = write(&pieces);
        assert_eq!(read(&source(&text)), Ok(pieces));
        // The example of every description of the format.
        let mut one = Pieces::default();
        one.put(
            0x0100,
            &[
                0x21, 0x46, 0x01, 0x36, 0x01, 0x21, 0x47, 0x01, 0x36, 0x00, 0x7e, 0xfe, 0x09, 0xd2, 0x19,
                0x01,
            ],
        )
        .unwrap();
        assert_eq!(
            write(&one),
            ":10010000214601360121470136007EFE09D2190140\n:00000001FF\n"
        );
    }

    #[test]
    fn segments_and_starts_are_understood() {
        let text = ":020000021000EC\n:0100000041BE\n:0400000300003800C1\n:00000001FF\n";
        let pieces = read(&source(text)).unwrap();
        assert_eq!(pieces.iter().collect::<Vec<_>>(), [(0x1_0000, [0x41].as_slice())]);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let good = ":0100000041BE\n";
        for (line, part) in [
            (
                ":0100000041BF\n",
                "the checksum is BF, but the bytes before it make BE",
            ),
            (":0200000041BD\n", "speaks of 2 bytes and has 1"),
            (":01000000\n", "the line is too short"),
            ("hello\n", "no line of Intel HEX"),
            (":0100000041B\n", "no line of Intel HEX"),
            (":01000000+1BE\n", "no line of Intel HEX"),
            (":00000009F7\n", "no record of kind 9"),
            (":0100000041BE\n", "the byte at 0x0 was set before"),
        ] {
            let text = format!("{good}{line}:00000001FF\n");
            let message = read(&source(&text)).unwrap_err().to_string();
            assert!(
                message.contains(part) && message.contains("a.hex:2:1"),
                "{message}"
            );
        }
        let message = read(&source(good)).unwrap_err().to_string();
        assert!(message.contains("no end record"), "{message}");
    }
}
