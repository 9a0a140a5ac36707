//! IDX files, the format of MNIST: big-endian header, then bytes.
//!
//! `00 00 08 rank`, then `rank` extents of 32 bits, then one byte per value.
//! Source: <http://yann.lecun.com/exdb/mnist/>.

use super::Dataset;
use crate::complaint::Complaint;
use crate::run::{Marked, RunFile};
use kilograd::network::Shape;
use std::path::{Path, PathBuf};

/// Reads images (0 to 1) and, if there are any, their labels.
pub fn read(
    run: &RunFile,
    images: &Marked<String>,
    labels: Option<&Marked<String>>,
    path: &dyn Fn(&str) -> PathBuf,
) -> Result<Dataset, Complaint> {
    let at = |marked: &Marked<String>, fault: Fault| {
        let file = path(&marked.value);
        run.complain(
            marked.span.clone(),
            format!("{}: {}", file.display(), fault.message),
            fault.help,
        )
    };
    let (extents, pixels) = open(&path(&images.value)).map_err(|fault| at(images, fault))?;
    let (count, shape) = shape(&extents).map_err(|fault| at(images, fault))?;
    let labels = match labels {
        None => Vec::new(),
        Some(marked) => {
            let (extents, values) = open(&path(&marked.value)).map_err(|fault| at(marked, fault))?;
            if extents.len() != 1 {
                let message = format!("has {} dimensions where labels have one", extents.len());
                return Err(at(
                    marked,
                    Fault {
                        message,
                        help: "give the labels file (idx1) here".into(),
                    },
                ));
            }
            if values.len() != count {
                let message = format!("{} labels for {count} images", values.len());
                return Err(at(
                    marked,
                    Fault {
                        message,
                        help: "give files that belong together".into(),
                    },
                ));
            }
            values.iter().map(|label| u16::from(*label)).collect()
        }
    };
    let classes = labels.iter().max().map_or(0, |most| *most + 1);
    Ok(Dataset {
        features: pixels.iter().map(|pixel| f32::from(*pixel) / 255.0).collect(),
        labels,
        classes: (0..classes).map(|class| class.to_string()).collect(),
        recordings: (0..count as u32).collect(),
        ..Dataset::of(shape)
    })
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    message: String,
    help: String,
}

impl Fault {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
        }
    }
}

fn open(path: &Path) -> Result<(Vec<usize>, Vec<u8>), Fault> {
    let bytes = std::fs::read(path).map_err(|error| {
        Fault::new(
            error.to_string(),
            "check the path; paths in a run file start at the folder of that file",
        )
    })?;
    parse(&bytes)
}

/// Extents and values of an IDX file.
fn parse(bytes: &[u8]) -> Result<(Vec<usize>, Vec<u8>), Fault> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(Fault::new(
            "is compressed (gzip)",
            "unpack it first: gunzip FILE.gz",
        ));
    }
    let Some((&[zero, nil, kind, rank], mut rest)) = bytes.split_first_chunk() else {
        return Err(Fault::new(
            "is shorter than an IDX header",
            "download the file again",
        ));
    };
    if (zero, nil) != (0, 0) || rank == 0 {
        let message = format!("is no IDX file: it starts with {:02x?}", [zero, nil, kind, rank]);
        return Err(Fault::new(
            message,
            "give a file of the MNIST format, which starts with 00 00 08",
        ));
    }
    if kind != 8 {
        let message = format!("holds values of type {kind:#04x}");
        return Err(Fault::new(
            message,
            "only unsigned bytes (type 0x08) are read; convert the file",
        ));
    }
    let mut extents = Vec::new();
    for _ in 0..rank {
        let Some((extent, tail)) = rest.split_first_chunk() else {
            return Err(Fault::new("ends within its header", "download the file again"));
        };
        extents.push(u32::from_be_bytes(*extent) as usize);
        rest = tail;
    }
    let needed = extents
        .iter()
        .try_fold(1usize, |product, extent| product.checked_mul(*extent));
    if needed != Some(rest.len()) {
        let needed = needed.map_or("more than memory can hold".into(), |needed| needed.to_string());
        let message = format!(
            "its header promises {needed} bytes of values, but it has {}",
            rest.len()
        );
        return Err(Fault::new(
            message,
            "the file is cut off or damaged: download it again",
        ));
    }
    Ok((extents, rest.to_vec()))
}

/// Number of images, and shape of one.
fn shape(extents: &[usize]) -> Result<(usize, Shape), Fault> {
    let wrong = || {
        Fault::new(
            format!("has the extents {extents:?}"),
            "give images (idx3: count, height, width) of at least one pixel",
        )
    };
    let extent = |extent: usize| {
        u16::try_from(extent)
            .ok()
            .filter(|extent| *extent > 0)
            .ok_or_else(wrong)
    };
    let (count, shape) = match *extents {
        [count, length] => (count, Shape::vector(extent(length)?)),
        [count, height, width] => (count, Shape::image(1, extent(height)?, extent(width)?)),
        [count, height, width, channels] => (
            count,
            Shape::image(extent(channels)?, extent(height)?, extent(width)?),
        ),
        _ => return Err(wrong()),
    };
    if count == 0 || u32::try_from(count).is_err() {
        return Err(Fault::new("holds no image", "give a file with at least one"));
    }
    Ok((count, shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = &[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];

    #[test]
    fn extents_and_values_are_read() {
        let (extents, values) = parse(TWO).unwrap();
        assert_eq!(
            (extents.as_slice(), values.as_slice()),
            (&[2, 1, 3][..], &[1, 2, 3, 4, 5, 6][..])
        );
        assert_eq!(shape(&extents).unwrap(), (2, Shape::image(1, 1, 3)));
    }

    #[test]
    fn every_prefix_and_every_longer_file_is_refused() {
        for length in 0..TWO.len() {
            assert!(parse(&TWO[..length]).is_err(), "{length} bytes were accepted");
        }
        let longer = [TWO, &[7]].concat();
        assert!(
            parse(&longer)
                .unwrap_err()
                .message
                .contains("promises 6 bytes of values, but it has 7")
        );
    }

    #[test]
    fn foreign_headers_are_named() {
        let with = |at: usize, byte: u8| {
            let mut bytes = TWO.to_vec();
            bytes[at] = byte;
            parse(&bytes).unwrap_err()
        };
        assert!(with(0, b'P').message.contains("no IDX file"));
        assert!(with(2, 0x0d).message.contains("0x0d"));
        assert!(with(3, 255).message.contains("ends within its header"));
        // 2^31 x 2^24 x ... overflows 64 bits.
        let huge = [&[0, 0, 8, 3], [0xff; 12].as_slice(), &[1]].concat();
        assert!(parse(&huge).unwrap_err().message.contains("more than memory"));
        assert!(parse(&[0x1f, 0x8b, 8, 0]).unwrap_err().help.contains("gunzip"));
        assert!(shape(&[0, 1, 1]).unwrap_err().message.contains("no image"));
        assert!(shape(&[1, 70_000, 1]).is_err());
    }
}
