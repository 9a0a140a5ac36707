//! The extents of an attention layer, and where what it keeps lies.

use super::super::recurrence::{row, row_mut};
use crate::kernel::Sweep;

/// The extents of an attention layer, and where what it keeps lies: q, k, v and o as `[head][frame][D]`,
/// then P as `[head][j][i]`, so that a column is one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub frames: usize,
    pub channels: usize,
    pub heads: usize,
    /// Channels of one head, `D`.
    pub width: usize,
    pub causal: bool,
}

impl Size {
    /// Elements of q, k or v.
    pub(super) const fn plane(&self) -> usize {
        self.frames * self.channels
    }

    /// Elements of o. In the end it holds whole frames of the three gradients, at least one.
    pub(super) const fn outputs(&self) -> usize {
        let frames = if self.frames < 3 { 3 } else { self.frames };
        frames * self.channels
    }

    /// Pairs of frames of one head.
    pub(super) const fn pairs(&self) -> usize {
        if self.causal {
            self.frames * (self.frames + 1) / 2
        } else {
            self.frames * self.frames
        }
    }

    /// How many frames frame `i` sees.
    pub(super) const fn seen(&self, i: usize) -> usize {
        if self.causal { i + 1 } else { self.frames }
    }

    /// The first frame that sees frame `j`.
    pub(super) const fn first(&self, j: usize) -> usize {
        if self.causal { j } else { 0 }
    }

    /// Where column `j` of a head's probabilities begins.
    pub(super) const fn column(&self, head: usize, j: usize) -> usize {
        let before = if self.causal {
            (2 * self.frames + 1).saturating_sub(j) * j / 2
        } else {
            self.frames * j
        };
        head * self.pairs() + before
    }

    /// One row of a head's planes against `length` rows from `first` on.
    pub(super) const fn sweep(&self, first: usize, length: usize, target: usize) -> Sweep {
        Sweep {
            positions: 1,
            start: 0,
            step: 0,
            length,
            first,
            target,
            outputs: self.width,
        }
    }

    /// Copies a frame's `row` to its places in a plane.
    pub(super) fn spread<E: Copy>(&self, row: &[E], plane: &mut [E], t: usize) {
        for (head, part) in row.chunks_exact(self.width.max(1)).take(self.heads).enumerate() {
            copy(part, row_mut(plane, head * self.frames + t, self.width));
        }
    }

    /// Copies a frame's places in a plane to its `row`.
    pub(super) fn collect<E: Copy>(&self, plane: &[E], row_out: &mut [E], t: usize) {
        for (head, part) in row_out
            .chunks_exact_mut(self.width.max(1))
            .take(self.heads)
            .enumerate()
        {
            copy(row(plane, head * self.frames + t, self.width), part);
        }
    }
}

pub(super) fn copy<E: Copy>(from: &[E], to: &mut [E]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
