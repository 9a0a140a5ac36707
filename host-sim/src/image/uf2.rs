//! UF2, which a board takes when the file is copied onto it (Microsoft, USB flashing format, 2017).

use super::pieces::{Clash, Pieces};
use crate::complaint::Complaint;
use std::collections::BTreeMap;

/// Bytes of a block in the file.
const BLOCK: usize = 512;

/// Bytes of flash in a block, and what its address is a multiple of.
const PAGE: usize = 256;

const MAGIC: [u32; 3] = [0x0a32_4655, 0x9e5d_5157, 0x0ab1_6f30];
const NOT_MAIN_FLASH: u32 = 1;
const FAMILY: u32 = 0x2000;

/// Whether a file begins as one of this format.
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC[0].to_le_bytes())
}

fn word(block: &[u8], at: usize) -> u32 {
    let field = block.get(at..).and_then(<[u8]>::first_chunk);
    u32::from_le_bytes(*field.unwrap_or(&[0; 4]))
}

/// Reads a file.
///
/// # Errors
/// A [`Complaint`] that names the block that is wrong.
pub fn read(name: &str, bytes: &[u8]) -> Result<Pieces, Complaint> {
    let wrong = |what: String| {
        Complaint::new(
            format!("{name}: {what}"),
            "make the file anew: it was cut short or changed",
        )
    };
    if !bytes.len().is_multiple_of(BLOCK) {
        return Err(wrong(format!(
            "{} bytes are no whole number of blocks of {BLOCK}",
            bytes.len()
        )));
    }
    let blocks = (bytes.len() / BLOCK) as u32;
    let mut pieces = Pieces::default();
    for (block, number) in bytes.chunks(BLOCK).zip(0..) {
        let wrong = |what: String| wrong(format!("block {number}: {what}"));
        if [word(block, 0), word(block, 4), word(block, 508)] != MAGIC {
            return Err(wrong("it does not begin and end as a block of UF2".into()));
        }
        let [flags, address, length, index, count] = [8, 12, 16, 20, 24].map(|at| word(block, at));
        if index != number || count != blocks {
            return Err(wrong(format!(
                "it calls itself block {index} of {count}, in a file of {blocks}"
            )));
        }
        let data = block.get(32..32 + length as usize).filter(|_| length <= 476);
        let data = data.ok_or_else(|| wrong(format!("it speaks of {length} bytes; 476 fit")))?;
        if flags & NOT_MAIN_FLASH == 0 {
            pieces.put(address, data).map_err(|clash| match clash {
                Clash::Taken(at) => wrong(format!("the byte at {at:#x} was set before")),
                Clash::PastEnd => wrong("its bytes go past the last address".into()),
            })?;
        }
    }
    Ok(pieces)
}

/// Writes a file for the boards of `family`. Pages that are not full are filled up as erased flash.
pub fn write(pieces: &Pieces, family: u32) -> Vec<u8> {
    let mut pages: BTreeMap<u32, [u8; PAGE]> = BTreeMap::new();
    for (start, bytes) in pieces.iter() {
        let mut address = start;
        let mut rest = bytes;
        while !rest.is_empty() {
            let inner = address as usize % PAGE;
            let (now, later) = rest.split_at((PAGE - inner).min(rest.len()));
            let page = pages.entry(address - inner as u32).or_insert([0xff; PAGE]);
            page[inner..inner + now.len()].copy_from_slice(now);
            rest = later;
            address = address.wrapping_add(now.len() as u32);
        }
    }
    let count = pages.len() as u32;
    let mut file = Vec::with_capacity(pages.len() * BLOCK);
    for ((address, page), number) in pages.iter().zip(0..) {
        let head = [
            MAGIC[0],
            MAGIC[1],
            FAMILY,
            *address,
            PAGE as u32,
            number,
            count,
            family,
        ];
        let begin = file.len();
        head.iter().for_each(|word| file.extend(word.to_le_bytes()));
        file.extend(page);
        file.resize(begin + BLOCK - 4, 0);
        file.extend(MAGIC[2].to_le_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_in_whole_pages() {
        let mut pieces = Pieces::default();
        pieces.put(0x1000_0010, &(0..250).collect::<Vec<u8>>()).unwrap();
        pieces.put(0x1000_0110, &[7]).unwrap();
        pieces.put(0x1010_0000, &[1; 256]).unwrap();
        let file = write(&pieces, 0xe48b_ff56);
        assert_eq!((file.len(), begins(&file)), (3 * 512, true));
        assert_eq!(word(&file, 28), 0xe48b_ff56);
        let read = read("a.uf2", &file).unwrap();
        assert_eq!(
            read.iter().map(|(at, _)| at).collect::<Vec<_>>(),
            [0x1000_0000, 0x1010_0000]
        );
        let (_, first) = read.iter().next().unwrap();
        assert_eq!((first.len(), first[15], first[16], first[17]), (512, 0xff, 0, 1));
        assert_eq!((first[265], first[266], first[0x110]), (249, 0xff, 7));
    }

    #[test]
    fn a_wrong_block_is_named() {
        let mut pieces = Pieces::default();
        pieces.put(0, &[1; 600]).unwrap();
        let good = write(&pieces, 1);
        let spoiled = |at: usize, value: u8| {
            let mut file = good.clone();
            file[512 + at] = value;
            read("a.uf2", &file).unwrap_err().to_string()
        };
        for (at, value, part) in [
            (0, 0, "does not begin and end"),
            (511, 0, "does not begin and end"),
            (17, 9, "it speaks of 2304 bytes"),
            (13, 0, "the byte at 0x0 was set before"),
            (15, 0xff, ""),
            (20, 5, "calls itself block 5 of 3"),
        ] {
            if part.is_empty() {
                let mut file = good.clone();
                file[512 + at] = value;
                assert!(read("a.uf2", &file).is_ok());
                continue;
            }
            let message = spoiled(at, value);
            assert!(message.contains(part) && message.contains("block 1"), "{message}");
        }
        let message = read("a.uf2", &good[..1000]).unwrap_err().to_string();
        assert!(message.contains("no whole number of blocks"), "{message}");
    }
}
