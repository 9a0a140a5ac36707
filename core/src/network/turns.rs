//! How much of the gradient a fused update holds at once: the backward pass takes a layer's rows in turns.

use super::plan::Slot;

/// Elements of the gradient that are there at once where the update is fused: of the layer that needs most.
pub(super) const fn chunk<const L: usize>(
    slots: &[Slot; L],
    count: usize,
    trained: usize,
    outer: bool,
) -> usize {
    // Each turn costs some hundred instructions beside its sums, and what it holds should not be much beside the
    // parameters. With an eighth the second convolution of a small network would just miss a whole tap a turn.
    let share = trained / 7;
    let room = if share < ROWS { share } else { ROWS };
    let mut most = 0;
    let mut i = 0;
    while i < count {
        // A product is not written down, unless settings of the optimizer ask for it.
        let room = if outer && slots[i].outer { 0 } else { room };
        most = larger(most, rows_at_once(&slots[i], room));
        i += 1;
    }
    most
}

/// Elements of the gradient of as many rows as fill `room`, at least one, and all of what cannot be taken by
/// rows.
const fn rows_at_once(slot: &Slot, room: usize) -> usize {
    let tensors = &slot.tensors;
    if slot.row == 0 {
        return tensors.gradients();
    }
    let row = slot.row as usize;
    let mut most = 0;
    let mut i = 0;
    while i < tensors.count() {
        if tensors.trained(i) {
            let all = tensors.elements(i);
            let rows = if row < room { room / row * row } else { row };
            most = larger(
                most,
                if tensors.weight(i) && rows < all {
                    rows
                } else {
                    all
                },
            );
        }
        i += 1;
    }
    most
}

/// Elements of a gradient that are taken at once where the update is fused, if a row is shorter.
const ROWS: usize = 256;

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}
