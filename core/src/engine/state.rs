//! The trainer's state as a checkpoint holds it.

use super::Trainer;
use crate::kernel::Kernel;
use crate::number::random::Pcg;
use crate::optim::Optimizer;
use crate::persist::{Fingerprint, Malformed, Persist, Restore, overlap};
use core::ops::Range;

/// Version of the bytes below; it is part of the fingerprint.
const SCHEMA: u64 = 1;

/// Bytes of the counters: updates, samples summed, samples in the window, random state.
pub(crate) const COUNTERS: usize = 24;

/// The regions of a trainer's state, in the order of a checkpoint: counters, parameters, optimizer
/// state, tracks, and, where a batch can be cut in the middle, gradients.
const REGIONS: usize = 5;

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    fn counters(&self) -> [u8; COUNTERS] {
        let (state, increment) = self.random.state();
        // In words: byte by byte it would be one of the longest functions of the engine.
        bytemuck::must_cast([
            self.steps.to_le(),
            (u32::from(self.summed) | u32::from(self.window) << 16).to_le(),
            (state as u32).to_le(),
            ((state >> 32) as u32).to_le(),
            (increment as u32).to_le(),
            ((increment >> 32) as u32).to_le(),
        ])
    }

    fn set_counters(&mut self, bytes: [u8; COUNTERS]) {
        let [steps, samples, s0, s1, i0, i1] = bytemuck::must_cast::<_, [u32; 6]>(bytes).map(u32::from_le);
        self.steps = steps;
        self.summed = samples as u16;
        self.window = (samples >> 16) as u16;
        let wide = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        self.random = Pcg::from_state((wide(s0, s1), wide(i0, i1)));
    }

    fn saved_gradients(&self) -> usize {
        if self.plan.batch > 1 {
            size_of_val(&*self.gradients)
        } else {
            0
        }
    }

    fn sizes(&self) -> [usize; REGIONS] {
        let tracks = size_of_val(&*self.tracks);
        [
            COUNTERS,
            self.params.len(),
            self.state.len(),
            tracks,
            self.saved_gradients(),
        ]
    }
}

/// Calls `f` with the part of each region that the range `offset..offset + length` covers: the
/// region's number, where in the region, and where in the range.
fn overlaps(
    sizes: [usize; REGIONS],
    offset: usize,
    length: usize,
    mut f: impl FnMut(usize, Range<usize>, Range<usize>),
) {
    let mut start = 0;
    for (region, size) in sizes.into_iter().enumerate() {
        let (inner, range) = overlap(start, size, offset, length);
        f(region, inner..inner + range.len(), range);
        start += size;
    }
}

/// Copies as much as both have.
fn copy(to: Option<&mut [u8]>, from: Option<&[u8]>) {
    if let (Some(to), Some(from)) = (to, from) {
        for (to, from) in to.iter_mut().zip(from) {
            *to = *from;
        }
    }
}

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Persist for Trainer<'_, N, O, USES> {
    fn size(&self) -> usize {
        self.sizes().into_iter().sum()
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        out.fill(0);
        let counters = self.counters();
        overlaps(self.sizes(), offset, out.len(), |region, from, to| {
            let source: &[u8] = match region {
                0 => &counters,
                1 => self.params,
                2 => self.state,
                3 => bytemuck::try_cast_slice(&*self.tracks).unwrap_or(&[]),
                _ => bytemuck::try_cast_slice(&*self.gradients).unwrap_or(&[]),
            };
            copy(out.get_mut(to), source.get(from));
        });
    }

    fn describe(&self, digest: &mut Fingerprint) {
        *digest = digest
            .number(SCHEMA)
            .number(self.plan.fingerprint)
            .number(self.frozen_digest)
            .number(self.saved_gradients() as u64);
    }

    fn step(&self) -> u64 {
        self.steps.into()
    }
}

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Restore for Trainer<'_, N, O, USES> {
    fn write(&mut self, offset: usize, data: &[u8]) -> Result<(), Malformed> {
        let mut counters = self.counters();
        overlaps(self.sizes(), offset, data.len(), |region, to, from| {
            let target: &mut [u8] = match region {
                0 => &mut counters,
                1 => self.params,
                2 => self.state,
                3 => bytemuck::try_cast_slice_mut(&mut *self.tracks).unwrap_or(&mut []),
                _ => bytemuck::try_cast_slice_mut(&mut *self.gradients).unwrap_or(&mut []),
            };
            copy(target.get_mut(to), data.get(from));
        });
        self.set_counters(counters);
        Ok(())
    }
}
