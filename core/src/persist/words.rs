//! State made of 32-bit words, as little-endian bytes at any offset.

/// A small state that can be seen as numbered words; its bytes are the words in little-endian order.
pub(crate) trait Words {
    /// How many words there are.
    fn words(&self) -> usize;
    /// Word `index`; 0 past the end.
    fn word(&self, index: usize) -> u32;
    /// Replaces word `index`; nothing past the end.
    fn set_word(&mut self, index: usize, value: u32);
}

/// Copies the bytes from `offset` on into `out`; zero past the end.
pub(crate) fn read(state: &(impl Words + ?Sized), offset: usize, out: &mut [u8]) {
    for (at, byte) in (offset..).zip(out) {
        *byte = (state.word(at / 4) >> (8 * (at % 4))) as u8;
    }
}

/// Puts `data` at byte `offset`; bytes past the end are dropped.
pub(crate) fn write(state: &mut (impl Words + ?Sized), offset: usize, data: &[u8]) {
    for (at, &byte) in (offset..).zip(data) {
        let shift = 8 * (at % 4);
        let kept = state.word(at / 4) & !(0xff << shift);
        state.set_word(at / 4, kept | (u32::from(byte) << shift));
    }
}

/// Divides a request at `offset` between a head of `size` bytes and what follows it:
/// the length of the head's share, and the offset in what follows.
pub(crate) fn divide(offset: usize, length: usize, size: usize) -> (usize, usize) {
    let head = size.saturating_sub(offset).min(length);
    (head, offset.saturating_sub(size))
}

/// Copies `part[offset..]` into `out`; zero past the end.
pub(crate) fn read_bytes(part: &[u8], offset: usize, out: &mut [u8]) {
    let there = part.get(offset..).unwrap_or(&[]);
    let length = there.len().min(out.len());
    let (filled, past) = out.split_at_mut(length);
    for (to, from) in filled.iter_mut().zip(there) {
        *to = *from;
    }
    past.fill(0);
}

/// Puts `data` at `part[offset..]`; bytes past the end are dropped.
pub(crate) fn write_bytes(part: &mut [u8], offset: usize, data: &[u8]) {
    for (to, from) in part.iter_mut().skip(offset).zip(data) {
        *to = *from;
    }
}
