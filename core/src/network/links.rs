//! What the chain of layers must be beside fitting shapes: each output is read, and what is computed again is a link.

use super::layer::Layer;
use super::plan::Slot;

/// Whether a layer reads output `of`, as its input or besides.
pub(super) const fn reads(slot: &Slot, of: usize) -> bool {
    slot.from as usize == of + 1
        || match slot.source {
            Some(source) => source as usize == of + 1,
            None => false,
        }
}

/// The first layer that is to be computed again and cannot be: it is not a mere link of the chain.
pub(super) const fn stubborn(slots: &[Slot], count: usize) -> Option<usize> {
    let mut i = 0;
    while i < count {
        if slots[i].recomputed {
            if i + 1 == count || slots[i].from as usize != i || slots[i].source.is_some() {
                return Some(i);
            }
            let mut j = i + 2;
            while j < count {
                if reads(&slots[j], i) {
                    return Some(i);
                }
                j += 1;
            }
        }
        i += 1;
    }
    None
}

/// The first layer whose output nobody reads.
pub(super) const fn unread(slots: &[Slot], count: usize) -> Option<usize> {
    let mut i = 0;
    while i + 1 < count {
        let mut read = false;
        let mut j = i + 1;
        // The next layer reads nearly every one.
        while j < count && !read {
            read = reads(&slots[j], i);
            j += 1;
        }
        if !read {
            return Some(i);
        }
        i += 1;
    }
    None
}

/// The first layer that an [`input`](super::input) layer does not go with, and why.
pub(super) const fn beside_input(slots: &[Slot], count: usize) -> Option<(usize, &'static str)> {
    let mut i = 0;
    while i < count {
        if matches!(slots[i].layer, Layer::Input(_)) {
            if i > 0 {
                return Some((i, "must be the first layer"));
            }
            if slots[i].recomputed {
                return Some((i, "cannot be computed again: the sample may be gone"));
            }
        } else if matches!(slots[0].layer, Layer::Input(_))
            && (slots[i].from == 0 || matches!(slots[i].source, Some(0)))
        {
            return Some((
                i,
                "reads what is above the input layer: reach to that layer itself",
            ));
        }
        i += 1;
    }
    None
}
