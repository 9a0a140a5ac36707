//! Several states as one.

use super::{Fingerprint, Malformed, Persist, Restore};

/// Several states, one after the other, to save.
///
/// Their number, sizes and order are part of the fingerprint.
#[derive(Clone, Copy)]
pub struct Parts<'a>(pub &'a [&'a dyn Persist]);

/// Several states, one after the other, to save and to restore. The same bytes as [`Parts`] of the same states.
pub struct PartsMut<'a>(pub &'a mut [&'a mut dyn Restore]);

/// What a request for `[offset, offset + length)` takes from a part of `size` bytes that starts at `start`:
/// the offset in the part, and the range in the request. Nothing taken is an empty range.
pub(crate) fn overlap(
    start: usize,
    size: usize,
    offset: usize,
    length: usize,
) -> (usize, core::ops::Range<usize>) {
    let end = start.saturating_add(size).min(offset.saturating_add(length));
    let begin = start.max(offset).min(end);
    (
        begin.saturating_sub(start),
        begin.saturating_sub(offset)..end.saturating_sub(offset),
    )
}

fn read<'p>(parts: impl Iterator<Item = &'p dyn Persist>, offset: usize, out: &mut [u8]) {
    out.fill(0);
    let mut start = 0_usize;
    for part in parts {
        let size = part.size();
        let (inner, range) = overlap(start, size, offset, out.len());
        if let Some(piece) = out.get_mut(range).filter(|piece| !piece.is_empty()) {
            part.read(inner, piece);
        }
        start = start.saturating_add(size);
    }
}

fn describe<'p>(parts: impl ExactSizeIterator<Item = &'p dyn Persist>, digest: &mut Fingerprint) {
    *digest = digest.number(parts.len() as u64);
    for part in parts {
        *digest = digest.number(part.size() as u64);
        part.describe(digest);
    }
}

impl Persist for Parts<'_> {
    fn size(&self) -> usize {
        self.0
            .iter()
            .map(|part| part.size())
            .fold(0, usize::saturating_add)
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        read(self.0.iter().copied(), offset, out);
    }

    fn describe(&self, digest: &mut Fingerprint) {
        describe(self.0.iter().copied(), digest);
    }

    /// The largest of the parts': one of them counts, the others say 0.
    fn step(&self) -> u64 {
        self.0.iter().map(|part| part.step()).max().unwrap_or(0)
    }

    fn is_encodable(&self) -> bool {
        self.0.iter().all(|part| part.is_encodable())
    }
}

impl PartsMut<'_> {
    fn shared(&self) -> impl ExactSizeIterator<Item = &dyn Persist> {
        self.0.iter().map(|part| &**part as &dyn Persist)
    }
}

impl Persist for PartsMut<'_> {
    fn size(&self) -> usize {
        self.shared().map(Persist::size).fold(0, usize::saturating_add)
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        read(self.shared(), offset, out);
    }

    fn describe(&self, digest: &mut Fingerprint) {
        describe(self.shared(), digest);
    }

    fn step(&self) -> u64 {
        self.shared().map(Persist::step).max().unwrap_or(0)
    }

    fn is_encodable(&self) -> bool {
        self.shared().all(Persist::is_encodable)
    }
}

impl Restore for PartsMut<'_> {
    fn write(&mut self, offset: usize, data: &[u8]) -> Result<(), Malformed> {
        let mut start = 0_usize;
        for part in self.0.iter_mut() {
            let size = part.size();
            let (inner, range) = overlap(start, size, offset, data.len());
            if let Some(piece) = data.get(range).filter(|piece| !piece.is_empty()) {
                part.write(inner, piece)?;
            }
            start = start.saturating_add(size);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Record;
    use super::*;

    fn fingerprint(state: &dyn Persist) -> u64 {
        let mut digest = Fingerprint::new();
        state.describe(&mut digest);
        digest.value()
    }

    #[test]
    fn parts_are_their_bytes_in_order_from_any_offset() {
        let (a, b, c) = (
            Record::<u8, 4>::new(0, 1),
            Record::<u8, 3>::new(0, 2),
            Record::<u16, 6>::new(0, 300),
        );
        let parts = Parts(&[&a, &b, &c]);
        assert_eq!(parts.size(), 13);
        let mut whole = [0; 13];
        parts.read(0, &mut whole);
        assert_eq!(whole, [1, 0, 1, 0, 1, 0, 2, 2, 0, 0xac, 2, 0, 0]);
        for offset in 0..14 {
            for length in 0..16 {
                let mut piece = [9; 16];
                parts.read(offset, &mut piece[..length]);
                for (i, byte) in piece[..length].iter().enumerate() {
                    assert_eq!(*byte, whole.get(offset + i).copied().unwrap_or(0));
                }
            }
        }
    }

    #[test]
    fn what_parts_save_parts_mut_restores() {
        let (a, b) = (Record::<u32, 8>::new(0, 70_000), Record::<u8, 3>::new(0, 2));
        let mut bytes = [0; 11];
        Parts(&[&a, &b]).read(0, &mut bytes);
        for piece in 1..=11 {
            let (mut x, mut y) = (Record::<u32, 8>::new(0, 0), Record::<u8, 3>::new(0, 0));
            let mut parts = PartsMut(&mut [&mut x, &mut y]);
            assert_eq!(fingerprint(&parts), fingerprint(&Parts(&[&a, &b])));
            for (index, data) in bytes.chunks(piece).enumerate() {
                parts.write(index * piece, data).unwrap();
            }
            assert_eq!((x.value, y.value), (70_000, 2));
        }
    }

    #[test]
    fn order_and_sizes_are_part_of_the_fingerprint() {
        let (a, b) = (Record::<u8, 4>::new(0, 1), Record::<u8, 3>::new(0, 2));
        let whole = fingerprint(&Parts(&[&a, &b]));
        assert_ne!(whole, fingerprint(&Parts(&[&b, &a])));
        assert_ne!(whole, fingerprint(&Parts(&[&a])));
        assert_ne!(whole, fingerprint(&Parts(&[&Parts(&[&a, &b])])));
        let (x, y) = (Unsaid(2), Unsaid(3));
        assert_ne!(fingerprint(&Parts(&[&x, &y])), fingerprint(&Parts(&[&y, &x])));
    }

    /// Bytes that say nothing of themselves.
    struct Unsaid(usize);

    impl Persist for Unsaid {
        fn size(&self) -> usize {
            self.0
        }

        fn read(&self, _: usize, _: &mut [u8]) {}

        fn describe(&self, _: &mut Fingerprint) {}
    }
}
