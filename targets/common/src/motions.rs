//! All of BasicMotions, cut at build time out of the simulator's file (`host-sim/data/README.md` says where
//! it comes from and what lies where), so there is no second copy to keep in step.

/// Axes: acceleration x y z, rotation x y z.
pub const CHANNELS: usize = 6;
/// Frames of a recording.
pub const LENGTH: usize = 100;
/// Standing, walking, running, badminton.
pub const CLASSES: usize = 4;
/// Recordings in the file.
pub const RECORDINGS: usize = 80;
/// Values of a recording.
pub const WIDTH: usize = LENGTH * CHANNELS;

const FILE: &[u8] = include_bytes!("../../../host-sim/data/motions.bin");
/// Where the values begin, the classes, and the marks of the archive's test part.
const VALUES_AT: usize = 24 + 4 * CHANNELS + 16 * CLASSES;
const CLASSES_AT: usize = VALUES_AT + 2 * RECORDINGS * WIDTH;
const MARKS_AT: usize = CLASSES_AT + RECORDINGS;

// What is not used is not linked: a board that asks for none of these pays nothing.
static VALUES: [i16; RECORDINGS * WIDTH] = values();
static CLASS: [u8; RECORDINGS] = bytes(CLASSES_AT);
static MARK: [u8; RECORDINGS] = bytes(MARKS_AT);

/// Value `at` of the recording, `[time][axis]`.
pub(crate) const fn value(recording: usize, at: usize) -> i16 {
    let from = VALUES_AT + 2 * (recording * WIDTH + at);
    i16::from_le_bytes([FILE[from], FILE[from + 1]])
}

/// The recording's class.
pub(crate) const fn class(recording: usize) -> u8 {
    FILE[CLASSES_AT + recording]
}

const fn values() -> [i16; RECORDINGS * WIDTH] {
    assert!(FILE[8] as usize == RECORDINGS && FILE[12] as usize == LENGTH && FILE[14] as usize == CHANNELS);
    let mut values = [0; RECORDINGS * WIDTH];
    let mut at = 0;
    while at < values.len() {
        values[at] = value(at / WIDTH, at % WIDTH);
        at += 1;
    }
    values
}

const fn bytes(from: usize) -> [u8; RECORDINGS] {
    let mut bytes = [0; RECORDINGS];
    let mut at = 0;
    while at < RECORDINGS {
        bytes[at] = FILE[from + at];
        at += 1;
    }
    bytes
}

/// The recordings of one part, with their classes: the archive's test part, which is held out, or its
/// training part. Each has ten of each activity.
pub fn part(held_out: bool) -> impl Iterator<Item = (&'static [i16], usize)> {
    let recordings = VALUES.chunks_exact(WIDTH).zip(&CLASS).zip(&MARK);
    recordings
        .filter(move |(_, mark)| (**mark == 1) == held_out)
        .map(|((values, class), _)| (values, usize::from(*class)))
}
