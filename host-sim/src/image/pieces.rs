//! Bytes at addresses, with gaps between them: what every file of a flash comes down to.

use std::collections::BTreeMap;
use std::ops::Range;

/// Stretches of bytes in order of address; none overlap, and neighbours are one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pieces(BTreeMap<u32, Vec<u8>>);

/// The address of a byte that is there already, or that no address reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clash {
    /// There is a byte at this address.
    Taken(u32),
    /// The bytes go on past the last address of 32 bits.
    PastEnd,
}

impl Pieces {
    /// Adds bytes where none are.
    ///
    /// # Errors
    /// [`Clash`], and nothing is added.
    pub fn put(&mut self, address: u32, bytes: &[u8]) -> Result<(), Clash> {
        if bytes.is_empty() {
            return Ok(());
        }
        let end = u64::from(address) + bytes.len() as u64;
        if end > 1 << 32 {
            return Err(Clash::PastEnd);
        }
        if let Some(at) = self.meets(&(address.into()..end)) {
            return Err(Clash::Taken(at));
        }
        let mut whole = match self.0.range(..address).next_back() {
            Some((&before, there)) if u64::from(before) + there.len() as u64 == u64::from(address) => before,
            _ => address,
        };
        if whole == address {
            self.0.insert(address, bytes.to_vec());
        } else if let Some(there) = self.0.get_mut(&whole) {
            there.extend_from_slice(bytes);
        } else {
            whole = address;
        }
        if let Some(after) = u32::try_from(end).ok().and_then(|end| self.0.remove(&end))
            && let Some(there) = self.0.get_mut(&whole)
        {
            there.extend_from_slice(&after);
        }
        Ok(())
    }

    /// The first address in `range` that has a byte.
    pub fn meets(&self, range: &Range<u64>) -> Option<u32> {
        let from = u32::try_from(range.start).ok()?;
        if let Some((&before, there)) = self.0.range(..=from).next_back()
            && u64::from(before) + there.len() as u64 > range.start
            && !range.is_empty()
        {
            return Some(from);
        }
        self.0
            .range(from..)
            .next()
            .map(|(at, _)| *at)
            .filter(|at| u64::from(*at) < range.end)
    }

    /// Every stretch and its address.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.0.iter().map(|(address, bytes)| (*address, bytes.as_slice()))
    }

    /// From the first byte to behind the last.
    pub fn bounds(&self) -> Option<Range<u64>> {
        let (first, _) = self.0.first_key_value()?;
        let (last, bytes) = self.0.last_key_value()?;
        Some(u64::from(*first)..u64::from(*last) + bytes.len() as u64)
    }

    /// Number of bytes.
    pub fn bytes(&self) -> u64 {
        self.0.values().map(|bytes| bytes.len() as u64).sum()
    }

    /// The same with gaps of up to `limit` bytes filled as erased flash: programmers leave out what reads as ones.
    pub fn joined(&self, limit: u64) -> Self {
        let mut joined = Self::default();
        let mut last: Option<(u32, Vec<u8>)> = None;
        for (address, bytes) in self.iter() {
            last = Some(match last.take() {
                Some((start, mut whole)) if u64::from(address - start) - whole.len() as u64 <= limit => {
                    whole.resize((address - start) as usize, 0xff);
                    whole.extend(bytes);
                    (start, whole)
                }
                other => {
                    joined.0.extend(other);
                    (address, bytes.to_vec())
                }
            });
        }
        joined.0.extend(last);
        joined
    }

    /// All of them as one, gaps as erased flash; the address of the first.
    pub fn filled(&self) -> Option<(u32, Vec<u8>)> {
        let bounds = self.bounds()?;
        let mut whole = vec![0xff; usize::try_from(bounds.end - bounds.start).ok()?];
        for (address, bytes) in self.iter() {
            let at = (u64::from(address) - bounds.start) as usize;
            whole[at..at + bytes.len()].copy_from_slice(bytes);
        }
        Some((bounds.start as u32, whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_and_nothing_overlaps() {
        let mut pieces = Pieces::default();
        pieces.put(10, &[1, 2]).unwrap();
        pieces.put(14, &[5]).unwrap();
        assert_eq!(pieces.iter().count(), 2);
        for (address, length, clash) in [(9, 2, 10), (10, 1, 10), (11, 9, 11), (0, 40, 10), (13, 2, 14)] {
            assert_eq!(
                pieces.put(address, &vec![0; length]),
                Err(Clash::Taken(clash)),
                "{address}"
            );
        }
        pieces.put(12, &[3, 4]).unwrap();
        assert_eq!(
            pieces.iter().collect::<Vec<_>>(),
            [(10, [1, 2, 3, 4, 5].as_slice())]
        );
        assert_eq!(pieces.put(u32::MAX, &[1, 2]), Err(Clash::PastEnd));
        pieces.put(u32::MAX, &[9]).unwrap();
        assert_eq!(pieces.bounds(), Some(10..1 << 32));
        assert_eq!(
            (pieces.bytes(), pieces.meets(&(15..1 << 32))),
            (6, Some(u32::MAX))
        );
    }

    #[test]
    fn gaps_are_erased_flash() {
        let mut pieces = Pieces::default();
        pieces.put(0x1000, &[1]).unwrap();
        pieces.put(0x1003, &[2]).unwrap();
        assert_eq!(pieces.filled(), Some((0x1000, vec![1, 0xff, 0xff, 2])));
        assert_eq!(Pieces::default().filled(), None);
        pieces.put(0x1010, &[3]).unwrap();
        let joined = pieces.joined(2);
        assert_eq!(
            joined.iter().collect::<Vec<_>>(),
            [(0x1000, [1, 0xff, 0xff, 2].as_slice()), (0x1010, &[3])]
        );
        assert_eq!(pieces.joined(12).bounds(), Some(0x1000..0x1011));
        assert_eq!(pieces.joined(12).iter().count(), 1);
    }
}
