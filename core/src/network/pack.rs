//! Packing: where each buffer lies, so that no two that live together overlap.

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

    const fn meets(&self, other: &Self) -> bool {
        self.born <= other.dies && other.born <= self.dies
    }
}

/// Places the largest buffer first, each at the lowest offset that is free for its whole life, and
/// returns the bytes needed.
///
/// The placed ones are kept in the order of their offsets, so that one walk finds the gap: quadratic
/// in the number of buffers. (First fit by decreasing size: Pisarchyk and Lee, Efficient memory
/// management for deep neural net inference, 2020.)
pub(crate) const fn pack<const L: usize>(values: &mut [Buffer; L], deltas: &mut [Buffer; L]) -> usize {
    // Numbers below L are values, from L on deltas; chained by offset, `END` closes the chain.
    const END: usize = usize::MAX;
    let mut next_value = [END; L];
    let mut next_delta = [END; L];
    let mut head = END;
    let mut needed = 0;
    loop {
        let mut largest = END;
        let mut size = 0;
        let mut i = 0;
        while i < 2 * L {
            let buffer = if i < L { &values[i] } else { &deltas[i - L] };
            if !buffer.placed && buffer.bytes > size {
                size = buffer.bytes;
                largest = i;
            }
            i += 1;
        }
        if largest == END {
            return needed;
        }
        let mine = if largest < L {
            values[largest]
        } else {
            deltas[largest - L]
        };
        let mut offset = 0;
        let mut at = head;
        while at != END {
            let other = if at < L { &values[at] } else { &deltas[at - L] };
            if other.meets(&mine) {
                if offset + size <= other.offset {
                    break;
                }
                if other.offset + other.bytes > offset {
                    offset = other.offset + other.bytes;
                }
            }
            at = if at < L {
                next_value[at]
            } else {
                next_delta[at - L]
            };
        }
        // Into the chain, behind the last one that begins at or before this offset.
        let (mut before, mut at) = (END, head);
        while at != END {
            let other = if at < L {
                values[at].offset
            } else {
                deltas[at - L].offset
            };
            if other > offset {
                break;
            }
            before = at;
            at = if at < L {
                next_value[at]
            } else {
                next_delta[at - L]
            };
        }
        if largest < L {
            next_value[largest] = at;
        } else {
            next_delta[largest - L] = at;
        }
        if before == END {
            head = largest;
        } else if before < L {
            next_value[before] = largest;
        } else {
            next_delta[before - L] = largest;
        }
        let mine = if largest < L {
            &mut values[largest]
        } else {
            &mut deltas[largest - L]
        };
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
