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
    /// The layer whose output begins where this one does, and lies in its place from then on.
    pub(super) then: usize,
}

impl Buffer {
    /// No buffer at all.
    pub(crate) const UNUSED: Self = Self {
        bytes: 0,
        born: usize::MAX,
        dies: 0,
        offset: 0,
        then: END,
    };

    /// Whether it is no buffer at all.
    pub(super) const fn is_unused(&self) -> bool {
        self.born == usize::MAX
    }

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
/// its backward step need; and the same of a forward step that is done again.
pub(super) const ROLES: usize = 8;

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
/// Output, computed again.
pub(super) const VALUE_AGAIN: usize = 5;
/// Kept from the forward step that is done again.
pub(super) const KEPT_AGAIN: usize = 6;
/// Forward step that is done again.
pub(super) const SCRATCH_AGAIN: usize = 7;

/// All buffers of a model.
pub(super) type Buffers<const L: usize> = [[Buffer; ROLES]; L];

/// Places the largest buffer first, each at the lowest offset that is free for its whole life, and
/// returns the bytes needed. Outputs that follow each other in place begin at one offset, and count as the
/// largest of them.
///
/// The placed ones are kept in the order of their offsets, so that one walk finds the gap: quadratic
/// in the number of buffers. (First fit by decreasing size: Pisarchyk and Lee, Efficient memory
/// management for deep neural net inference, 2020.)
pub(super) const fn pack<const L: usize>(buffers: &mut Buffers<L>) -> usize {
    let mut placed = Placed {
        next: [[END; ROLES]; L],
        head: END,
    };
    let mut sizes = [[0; ROLES]; L];
    let mut at = 0;
    while at < L * ROLES {
        sizes[at / ROLES][at % ROLES] = buffers[at / ROLES][at % ROLES].bytes;
        at += 1;
    }
    // Of outputs that follow each other in place the first stands for all.
    let mut layer = L;
    while layer > 0 {
        layer -= 1;
        let then = buffers[layer][VALUE].then;
        if then != END {
            if sizes[then][VALUE] > sizes[layer][VALUE] {
                sizes[layer][VALUE] = sizes[then][VALUE];
            }
            sizes[then][VALUE] = 0;
        }
    }
    // Those to be placed, in the front of a list; most places of the table are empty.
    let mut list = [[0; ROLES]; L];
    let mut left = 0;
    let mut at = 0;
    while at < L * ROLES {
        if sizes[at / ROLES][at % ROLES] > 0 {
            list[left / ROLES][left % ROLES] = at;
            left += 1;
        }
        at += 1;
    }
    let mut needed = 0;
    while left > 0 {
        let mut pick = 0;
        let mut largest = list[0][0];
        let mut size = sizes[largest / ROLES][largest % ROLES];
        let mut k = 1;
        while k < left {
            let at = list[k / ROLES][k % ROLES];
            let bytes = sizes[at / ROLES][at % ROLES];
            // Of equals the first in the table, whatever the order of the list.
            if bytes > size || bytes == size && at < largest {
                (pick, largest, size) = (k, at, bytes);
            }
            k += 1;
        }
        left -= 1;
        list[pick / ROLES][pick % ROLES] = list[left / ROLES][left % ROLES];
        let offset = placed.gap(buffers, largest, size);
        if offset + size > needed {
            needed = offset + size;
        }
        let mut member = largest;
        while member != END {
            buffers[member / ROLES][member % ROLES].offset = offset;
            placed.insert(buffers, member);
            member = following(buffers, member);
        }
    }
    needed
}

/// No buffer.
const END: usize = usize::MAX;

/// The output that follows buffer `at` in place, or `END`.
const fn following<const L: usize>(buffers: &Buffers<L>, at: usize) -> usize {
    match buffers[at / ROLES][at % ROLES].then {
        END => END,
        layer => layer * ROLES + VALUE,
    }
}

/// The placed buffers, chained in the order of their offsets.
struct Placed<const L: usize> {
    next: [[usize; ROLES]; L],
    head: usize,
}

impl<const L: usize> Placed<L> {
    /// The lowest offset at which `first`, and what follows it in place, meets none of the placed ones.
    const fn gap(&self, buffers: &Buffers<L>, first: usize, size: usize) -> usize {
        let alone = following(buffers, first) == END;
        let mut offset = 0;
        let mut at = self.head;
        while at != END {
            let other = &buffers[at / ROLES][at % ROLES];
            at = self.next[at / ROLES][at % ROLES];
            let mut member = first;
            while member != END {
                let mine = &buffers[member / ROLES][member % ROLES];
                member = following(buffers, member);
                if !other.meets(mine) || other.offset + other.bytes <= offset {
                    continue;
                }
                if offset + size <= other.offset {
                    // All others lie behind it.
                    return offset;
                }
                if offset + mine.bytes > other.offset {
                    offset = other.offset + other.bytes;
                    if !alone {
                        // What one member has passed may be in the way of another.
                        at = self.head;
                    }
                    break;
                }
            }
        }
        offset
    }

    /// Puts buffer `mine` into the chain, behind the last one that begins at or before its offset.
    const fn insert(&mut self, buffers: &Buffers<L>, mine: usize) {
        let offset = buffers[mine / ROLES][mine % ROLES].offset;
        let (mut before, mut at) = (END, self.head);
        while at != END && buffers[at / ROLES][at % ROLES].offset <= offset {
            before = at;
            at = self.next[at / ROLES][at % ROLES];
        }
        self.next[mine / ROLES][mine % ROLES] = at;
        if before == END {
            self.head = mine;
        } else {
            self.next[before / ROLES][before % ROLES] = mine;
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
