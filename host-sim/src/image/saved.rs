//! A frame in a file, and the state in it.

use super::View;
use crate::complaint::Complaint;
use kilograd::checkpoint::{Frame, Verdict, Weights, WeightsError};

/// A frame and where it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    /// Address of the stretch of bytes that it lies in.
    pub base: u32,
    /// That stretch.
    pub bytes: &'a [u8],
    /// The frame; its address counts from the base.
    pub frame: Frame,
}

impl<'a> Found<'a> {
    /// Whether a device would load it, if it is the newest.
    pub fn is_valid(&self) -> bool {
        matches!(self.frame.verdict, Verdict::Valid { .. })
    }

    /// Where it begins.
    pub fn address(&self) -> u64 {
        u64::from(self.base) + u64::from(self.frame.address)
    }

    /// The bytes that it lies in, as flash.
    pub fn view(&self) -> View<'a> {
        View(self.bytes)
    }

    /// The weights in it.
    ///
    /// # Errors
    /// [`WeightsError`], when it does not list its tensors.
    pub fn weights(&self) -> Result<Weights, WeightsError> {
        Weights::of(&mut self.view(), self.frame)
    }

    /// The state in it.
    ///
    /// # Errors
    /// A [`Complaint`] when its mark promises bytes that are not there.
    pub fn saved(&self) -> Result<Saved, Complaint> {
        let mark = self.frame.mark;
        let length = (mark.length as usize).min(self.bytes.len());
        let mut payload = vec![0; length];
        let read = self.frame.read(&mut self.view(), 0, &mut payload);
        if read.is_none() || length < mark.length as usize {
            let message = format!("the checkpoint at {:#x} is cut short", self.address());
            return Err(Complaint::new(message, "dump the whole region"));
        }
        Ok(Saved {
            payload,
            fingerprint: mark.fingerprint,
            step: mark.step,
            chunk: mark.chunk.into(),
        })
    }
}

/// A state as it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Its bytes.
    pub payload: Vec<u8>,
    /// What it is a state of.
    pub fingerprint: u64,
    /// Training steps behind it.
    pub step: u64,
    /// Bytes of its chunks.
    pub chunk: u32,
}
