//! The pool in a checkpoint: random state, fill and seen counters, labels, samples.

use super::{Pool, Tally};
use crate::number::random::Pcg;
use crate::persist::words::{self, Words};
use crate::persist::{Fingerprint, Malformed, Persist, Restore};

/// Words before the seen counters: random state and increment, and the fill.
const HEADER: usize = 5;

/// How many windows are stored of each class is not saved: the labels tell.
impl Words for Pool<'_> {
    fn words(&self) -> usize {
        HEADER + self.tallies.len()
    }

    fn word(&self, index: usize) -> u32 {
        let (state, increment) = self.random.state();
        match index {
            0 => state as u32,
            1 => (state >> 32) as u32,
            2 => increment as u32,
            3 => (increment >> 32) as u32,
            4 => self.filled as u32,
            _ => self.tallies.get(index - HEADER).map_or(0, |tally| tally.seen),
        }
    }

    fn set_word(&mut self, index: usize, value: u32) {
        let (state, increment) = self.random.state();
        let low = |number: u64| number & !0xffff_ffff | u64::from(value);
        let high = |number: u64| number & 0xffff_ffff | u64::from(value) << 32;
        match index {
            0 => self.random = Pcg::from_state((low(state), increment)),
            1 => self.random = Pcg::from_state((high(state), increment)),
            2 => self.random = Pcg::from_state((state, low(increment))),
            3 => self.random = Pcg::from_state((state, high(increment))),
            4 => self.filled = value as usize,
            _ => {
                if let Some(tally) = self.tallies.get_mut(index - HEADER) {
                    tally.seen = value;
                }
            }
        }
    }
}

impl Pool<'_> {
    fn header(&self) -> usize {
        4 * self.words()
    }

    /// Counts the stored windows again; an error when the state cannot be a pool's.
    fn recount(&mut self) -> Result<(), Malformed> {
        let labels = self.labels.get(..self.filled).ok_or(Malformed)?;
        for tally in self.tallies.iter_mut() {
            tally.stored = 0;
        }
        for label in labels {
            let tally = self.tallies.get_mut(usize::from(*label)).ok_or(Malformed)?;
            tally.stored += 1;
        }
        let possible = self.tallies.iter().all(|tally| tally.stored <= tally.seen);
        possible.then_some(()).ok_or(Malformed)
    }
}

impl Persist for Pool<'_> {
    fn size(&self) -> usize {
        self.header() + self.labels.len() + size_of_val(self.samples)
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        let (share, offset_labels) = words::divide(offset, out.len(), self.header());
        let (head, rest) = out.split_at_mut(share);
        words::read(self, offset, head);
        let (share, offset_samples) = words::divide(offset_labels, rest.len(), self.labels.len());
        let (labels, samples) = rest.split_at_mut(share);
        words::read_bytes(self.labels, offset_labels, labels);
        words::read_bytes(bytemuck::cast_slice(self.samples), offset_samples, samples);
    }

    fn describe(&self, digest: &mut Fingerprint) {
        *digest = digest
            .number(u64::from_le_bytes(*b"pool\0\0\0\x01"))
            .number(self.tallies.len() as u64)
            .number(self.labels.len() as u64)
            .number(self.samples.len() as u64);
    }
}

impl Restore for Pool<'_> {
    fn write(&mut self, offset: usize, data: &[u8]) -> Result<(), Malformed> {
        let (share, offset_labels) = words::divide(offset, data.len(), self.header());
        let (head, rest) = data.split_at(share);
        words::write(self, offset, head);
        let (share, offset_samples) = words::divide(offset_labels, rest.len(), self.labels.len());
        let (labels, samples) = rest.split_at(share);
        words::write_bytes(self.labels, offset_labels, labels);
        words::write_bytes(bytemuck::cast_slice_mut(self.samples), offset_samples, samples);
        if offset + data.len() < self.size() {
            return Ok(());
        }
        let counted = self.recount();
        if counted.is_err() {
            self.filled = 0;
            self.tallies.fill(Tally::ZERO);
        }
        counted
    }
}
