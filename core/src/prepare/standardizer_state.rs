//! The standardizer in a checkpoint: count, frozen, then per channel the mean and the sum of squares, each
//! with its excess.

use super::Standardizer;
use super::standardizer::Channel;
use crate::persist::words::{self, Words};
use crate::persist::{Fingerprint, Malformed, Persist, Restore};

impl<const C: usize> Words for Standardizer<C> {
    fn words(&self) -> usize {
        2 + 4 * C
    }

    fn word(&self, index: usize) -> u32 {
        match index {
            0 => self.count,
            1 => u32::from(self.frozen),
            _ => {
                let channel = self.channels.get((index - 2) / 4);
                channel.map_or(0, |channel| number(channel, index - 2).to_bits())
            }
        }
    }

    fn set_word(&mut self, index: usize, value: u32) {
        match index {
            0 => self.count = value,
            1 => self.frozen = value != 0,
            _ => {
                if let Some(channel) = self.channels.get_mut((index - 2) / 4) {
                    *number_mut(channel, index - 2) = f32::from_bits(value);
                }
            }
        }
    }
}

/// Number `index` modulo 4 of a channel, in the order of the file.
const fn number(channel: &Channel, index: usize) -> f32 {
    match index % 4 {
        0 => channel.mean.value,
        1 => channel.mean.excess,
        2 => channel.m2.value,
        _ => channel.m2.excess,
    }
}

/// The same, to write.
const fn number_mut(channel: &mut Channel, index: usize) -> &mut f32 {
    match index % 4 {
        0 => &mut channel.mean.value,
        1 => &mut channel.mean.excess,
        2 => &mut channel.m2.value,
        _ => &mut channel.m2.excess,
    }
}

impl<const C: usize> Persist for Standardizer<C> {
    fn size(&self) -> usize {
        4 * self.words()
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        words::read(self, offset, out);
    }

    fn describe(&self, digest: &mut Fingerprint) {
        *digest = digest
            .number(u64::from_le_bytes(*b"scaler\0\x01"))
            .number(C as u64)
            .number(u64::from(self.least.to_bits()));
    }
}

impl<const C: usize> Restore for Standardizer<C> {
    /// Statistics that are not finite, or a negative variance, are malformed and leave it new.
    fn write(&mut self, offset: usize, data: &[u8]) -> Result<(), Malformed> {
        words::write(self, offset, data);
        if offset + data.len() < self.size() {
            return Ok(());
        }
        let possible = |channel: &Channel| channel.is_finite() && channel.m2.value >= 0.0;
        if !self.channels.iter().all(possible) {
            *self = Self::new(self.least);
            return Err(Malformed);
        }
        Ok(())
    }
}
