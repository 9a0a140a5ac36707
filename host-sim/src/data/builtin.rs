//! The two data sets that come with the program: handwritten digits and watch motions.
//!
//! Source, licence and layout of the files stand in `host-sim/data/README.md`.

use kilograd::network::Shape;
use kilograd::persist::Fingerprint;
use std::fmt;

/// The file of [`digits`], for a program that embeds a slice of it.
pub const DIGITS: &[u8] = include_bytes!("../../data/digits.bin");

/// The file of [`motions`], for a program that embeds a slice of it.
pub const MOTIONS: &[u8] = include_bytes!("../../data/motions.bin");

/// A labelled data set of integers as a sensor delivers them.
///
/// Sample `i` is `values[i · shape.len()..][..shape.len()]`, channel innermost;
/// the physical value of channel `c` is `element · scale[c]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Builtin<T> {
    /// Shape of one sample.
    pub shape: Shape,
    /// Value of one step, by channel.
    pub scale: Vec<f32>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// All samples, one after the other.
    pub values: Vec<T>,
    /// Class of each sample.
    pub labels: Vec<u8>,
    /// Whether the source marks a sample as part of its test set. All `false` where it has no marks.
    pub test: Vec<bool>,
}

impl<T> Builtin<T> {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The values of one sample and its class; `None` past the end.
    pub fn sample(&self, index: usize) -> Option<(&[T], u8)> {
        let start = index.checked_mul(self.shape.len())?;
        let values = self.values.get(start..)?.get(..self.shape.len())?;
        Some((values, *self.labels.get(index)?))
    }
}

/// UCI optical digits: 1,797 images `[8][8][1]`, pixels 0 to 16, classes 0 to 9.
pub fn digits() -> Builtin<u8> {
    parse(DIGITS, |&[byte]: &[u8; 1]| byte).expect("the file is part of the program and a test reads it")
}

/// BasicMotions: 80 recordings `[100][6]` at 10 Hz: acceleration x y z, then rotation x y z; 4 activities.
pub fn motions() -> Builtin<i16> {
    parse(MOTIONS, |bytes: &[u8; 2]| i16::from_le_bytes(*bytes))
        .expect("the file is part of the program and a test reads it")
}

/// Why a file is no data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damaged {
    /// It does not start with `KGDS` and version 1, or its values have another width.
    Foreign,
    /// It needs this many bytes and has another number.
    Length {
        /// Bytes that the header asks for.
        needed: usize,
    },
    /// Its checksum should be this.
    Checksum {
        /// 64-bit FNV-1a of the bytes before the checksum.
        found: u64,
    },
    /// This sample's class or mark is out of range, or a class name is not UTF-8 (then: the class).
    Content {
        /// Index of the sample or class.
        index: usize,
    },
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => write!(
                f,
                "not a kilograd data set of this width: make it again with host-sim/data/make.py"
            ),
            Self::Length { needed } => write!(f, "the header asks for {needed} bytes: copy the file again"),
            Self::Checksum { found } => write!(
                f,
                "checksum {found:016x} is not the stored one: copy the file again"
            ),
            Self::Content { index } => write!(f, "entry {index} is out of range: make the file again"),
        }
    }
}

impl std::error::Error for Damaged {}

/// Reads a data set whose values are `WIDTH` bytes wide.
///
/// # Errors
/// [`Damaged`] when the bytes are not such a file.
pub fn parse<T, const WIDTH: usize>(
    file: &[u8],
    value: impl Fn(&[u8; WIDTH]) -> T,
) -> Result<Builtin<T>, Damaged> {
    let mut rest = file;
    if take(&mut rest, 4)? != b"KGDS" || word(&mut rest)? != 1 || word(&mut rest)? != WIDTH {
        return Err(Damaged::Foreign);
    }
    let samples = word(&mut rest)?;
    let rank = word(&mut rest)?;
    let mut extents = [0; 4];
    for extent in &mut extents {
        *extent = word(&mut rest)? as u16;
    }
    let shape = match rank {
        1 => Shape::vector(extents[0]),
        2 => Shape::series(extents[1], extents[0]),
        3 => Shape::image(extents[2], extents[0], extents[1]),
        4 => Shape::new(extents),
        _ => return Err(Damaged::Foreign),
    };
    let channels = word(&mut rest)?;
    let classes = word(&mut rest)?;

    // Everything that follows is counted before it is read. The product is taken in 128 bits: the counts are a stranger's.
    let elements = extents[..rank]
        .iter()
        .map(|&extent| u128::from(extent))
        .product::<u128>();
    let needed = 24 + channels * 4 + classes * 16 + samples * 2 + 8;
    let needed =
        usize::try_from(needed as u128 + samples as u128 * elements * WIDTH as u128).unwrap_or(usize::MAX);
    if file.len() != needed {
        return Err(Damaged::Length { needed });
    }
    let body = &file[..needed - 8];
    let found = body
        .iter()
        .fold(Fingerprint::new(), |digest, &byte| digest.byte(byte))
        .value();
    if file[needed - 8..] != found.to_le_bytes() {
        return Err(Damaged::Checksum { found });
    }

    let scale = each(take(&mut rest, channels * 4)?, |bytes| f32::from_le_bytes(*bytes));
    let names = take(&mut rest, classes * 16)?.chunks_exact(16).enumerate();
    let names = names.map(|(index, name)| {
        let name = str::from_utf8(name).map_err(|_| Damaged::Content { index })?;
        Ok(name.trim_end_matches('\0').to_owned())
    });
    let names = names.collect::<Result<_, _>>()?;
    let values = each(take(&mut rest, samples * shape.len() * WIDTH)?, value);
    let labels = take(&mut rest, samples)?;
    let marks = take(&mut rest, samples)?;
    let mut pairs = labels.iter().zip(marks);
    if let Some(index) = pairs.position(|(&label, &mark)| usize::from(label) >= classes || mark > 1) {
        return Err(Damaged::Content { index });
    }
    Ok(Builtin {
        shape,
        scale,
        classes: names,
        values,
        labels: labels.to_vec(),
        test: marks.iter().map(|&mark| mark == 1).collect(),
    })
}

/// The next `count` bytes.
fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Damaged> {
    let (head, tail) = rest
        .split_at_checked(count)
        .ok_or(Damaged::Length { needed: count })?;
    *rest = tail;
    Ok(head)
}

/// `value` of every `WIDTH` bytes.
fn each<T, const WIDTH: usize>(bytes: &[u8], value: impl Fn(&[u8; WIDTH]) -> T) -> Vec<T> {
    bytes
        .chunks_exact(WIDTH)
        .filter_map(<[u8]>::first_chunk)
        .map(value)
        .collect()
}

/// The next 16-bit number.
fn word(rest: &mut &[u8]) -> Result<usize, Damaged> {
    let bytes = take(rest, 2)?;
    Ok(bytes
        .iter()
        .rev()
        .fold(0, |number, &byte| number << 8 | usize::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(labels: &[u8], classes: usize) -> Vec<usize> {
        (0..classes)
            .map(|class| {
                labels
                    .iter()
                    .filter(|&&label| usize::from(label) == class)
                    .count()
            })
            .collect()
    }

    fn digest(values: impl Iterator<Item = u8>) -> u64 {
        values.fold(Fingerprint::new(), Fingerprint::byte).value()
    }

    #[test]
    fn digits_are_the_published_ones() {
        let data = digits();
        assert_eq!((data.len(), data.shape), (1797, Shape::image(1, 8, 8)));
        // Class balance as published, and the first row of the first image, a zero.
        assert_eq!(
            counts(&data.labels, 10),
            [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
        );
        let (first, class) = data.sample(0).unwrap();
        assert_eq!((&first[..8], class), (&[0, 0, 5, 13, 9, 1, 0, 0][..], 0));
        assert_eq!(data.values.iter().max(), Some(&16));
        assert_eq!(data.classes[9], "9");
        assert!(!data.test.contains(&true));
        assert_eq!(digest(data.values.iter().copied()), DIGITS_VALUES);
    }

    #[test]
    fn motions_are_the_published_ones() {
        let data = motions();
        assert_eq!((data.len(), data.shape), (80, Shape::series(6, 100)));
        assert_eq!(data.classes, ["standing", "walking", "running", "badminton"]);
        assert_eq!(counts(&data.labels, 4), [20; 4]);
        assert_eq!(counts(&data.labels[..40], 4), [10; 4]);
        assert!(!data.test[..40].contains(&true) && !data.test[40..].contains(&false));
        // First frame of the archive's first recording: 0.079106, 0.394032, … m/s².
        let (first, class) = data.sample(0).unwrap();
        let physical: Vec<f32> = first
            .iter()
            .zip(&data.scale)
            .map(|(&x, s)| f32::from(x) * s)
            .collect();
        assert_eq!((class, physical.len()), (0, 6));
        for (found, published) in physical.iter().zip(FIRST_FRAME) {
            assert!((found - published).abs() < 5e-4, "{found} is not {published}");
        }
        assert_eq!(
            digest(data.values.iter().flat_map(|value| value.to_le_bytes())),
            MOTIONS_VALUES
        );
        assert!(data.sample(80).is_none());
    }

    /// Any damage to a file is an error, never a panic and never other data.
    #[test]
    fn damage_is_found() {
        let read = |file: &[u8]| parse(file, |bytes: &[u8; 2]| i16::from_le_bytes(*bytes));
        assert_eq!(parse(MOTIONS, |&[byte]: &[u8; 1]| byte), Err(Damaged::Foreign));
        for length in (0..200).chain([MOTIONS.len() - 1]) {
            assert!(read(&MOTIONS[..length]).is_err(), "{length} bytes were enough");
        }
        for at in (0..140).chain((140..MOTIONS.len()).step_by(997)) {
            let mut file = MOTIONS.to_vec();
            file[at] ^= 0xFF;
            assert!(read(&file).is_err(), "byte {at} may be anything");
        }
        // A mark out of range under a right checksum.
        let mut file = MOTIONS.to_vec();
        let end = file.len() - 8;
        file[end - 1] = 2;
        let sum = digest(file[..end].iter().copied());
        file[end..].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(read(&file), Err(Damaged::Content { index: 79 }));
    }

    const FIRST_FRAME: [f32; 6] = [0.079106, 0.394032, 0.551444, 0.351565, 0.02397, 0.633883];
    const DIGITS_VALUES: u64 = 0x493f_a2f6_7df5_50a1;
    const MOTIONS_VALUES: u64 = 0x2138_b6e7_b29f_481c;
}
