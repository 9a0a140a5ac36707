//! Packing: where each buffer lies, so that no two that live together overlap.

use super::plan::Span;
use crate::number::Number;

/// A buffer: its size, the first and last step at which it is in use, and where it was put.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buffer {
    pub(crate) bytes: usize,
    pub(crate) born: usize,
    pub(crate) dies: usize,
    pub(crate) offset: usize,
    placed: bool,
}

impl Buffer {
    /// No buffer at all.
    pub(crate) const UNUSED: Self = Self {
        bytes: 0,
        born: usize::MAX,
        dies: 0,
        offset: 0,
        placed: false,
    };

    /// Widens the buffer's size and life to take in another use.
    pub(crate) const fn live(&mut self, bytes: usize, born: usize, dies: usize) {
        if bytes > self.bytes {
            self.bytes = bytes;
        }
        if born < self.born {
            self.born = born;
        }
        if dies > self.dies {
            self.dies = dies;
        }
    }

    /// Where it was put.
    pub(super) const fn span(&self) -> Span {
        Span {
            offset: self.offset as u32,
            bytes: self.bytes as u32,
        }
    }

    const fn meets(&self, other: &Self) -> bool {
        self.born <= other.dies && other.born <= self.dies
    }
}

/// The buffers of one layer: its output, the gradient of that, what it keeps, and what its forward and
/// its backward step need.
pub(super) const ROLES: usize = 5;

/// Output.
pub(super) const VALUE: usize = 0;
/// Gradient of the output.
pub(super) const DELTA: usize = 1;
/// Kept from forward to backward.
pub(super) const KEPT: usize = 2;
/// Forward step.
pub(super) const SCRATCH: usize = 3;
/// Backward step.
pub(super) const BACKWARD: usize = 4;

/// All buffers of a model.
pub(super) type Buffers<const L: usize> = [[Buffer; ROLES]; L];

/// Places the largest buffer first, each at the lowest offset that is free for its whole life, and
/// returns the bytes needed.
///
/// The placed ones are kept in the order of their offsets, so that one walk finds the gap: quadratic
/// in the number of buffers. (First fit by decreasing size: Pisarchyk and Lee, Efficient memory
/// management for deep neural net inference, 2020.)
pub(super) const fn pack<const L: usize>(buffers: &mut Buffers<L>) -> usize {
    // Chained by offset, `END` closes the chain.
    const END: usize = usize::MAX;
    let mut next = [[END; ROLES]; L];
    let mut head = END;
    let mut needed = 0;
    loop {
        let mut largest = END;
        let mut size = 0;
        let mut layer = 0;
        while layer < L {
            let mut role = 0;
            while role < ROLES {
                let buffer = &buffers[layer][role];
                if buffer.bytes > size && !buffer.placed {
                    size = buffer.bytes;
                    largest = layer * ROLES + role;
                }
                role += 1;
            }
            layer += 1;
        }
        if largest == END {
            return needed;
        }
        let mine = buffers[largest / ROLES][largest % ROLES];
        let mut offset = 0;
        let mut at = head;
        while at != END {
            let other = &buffers[at / ROLES][at % ROLES];
            if other.meets(&mine) {
                if offset + size <= other.offset {
                    break;
                }
                if other.offset + other.bytes > offset {
                    offset = other.offset + other.bytes;
                }
            }
            at = next[at / ROLES][at % ROLES];
        }
        // Into the chain, behind the last one that begins at or before this offset.
        let (mut before, mut at) = (END, head);
        while at != END && buffers[at / ROLES][at % ROLES].offset <= offset {
            before = at;
            at = next[at / ROLES][at % ROLES];
        }
        next[largest / ROLES][largest % ROLES] = at;
        if before == END {
            head = largest;
        } else {
            next[before / ROLES][before % ROLES] = largest;
        }
        let mine = &mut buffers[largest / ROLES][largest % ROLES];
        mine.offset = offset;
        mine.placed = true;
        if offset + size > needed {
            needed = offset + size;
        }
    }
}

/// Bytes of a buffer, so that the next one is aligned.
pub(super) const fn aligned<N: Number>(bytes: usize) -> usize {
    let align = if align_of::<N::Bias>() > 4 {
        align_of::<N::Bias>()
    } else {
        4
    };
    bytes.next_multiple_of(align)
}
