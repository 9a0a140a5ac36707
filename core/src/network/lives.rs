//! The second pass of the planner: when each buffer is born and when it dies.
//!
//! Time runs from step 0: layer `i` goes forward at step `i`, the loss is taken at step `L`, and layer
//! `i` goes backward at step `2L − i`. Two buffers whose lives share a step get different bytes.

use super::Shape;
use super::layer::InPlace;
use super::links::reads;
use super::pack::{
    BACKWARD, Buffers, DELTA, KEPT, KEPT_AGAIN, SCRATCH, SCRATCH_AGAIN, VALUE, VALUE_AGAIN, aligned,
};
use super::plan::{PlanOf, Slot, mode};
use crate::number::Number;

/// Finds where the backward pass ends, and which gradients have more than one contribution.
pub(super) const fn mark_backward<const L: usize>(plan: &mut PlanOf<L>) {
    // An output gets a gradient only if it depends on something that trains.
    let mut learns = [false; L];
    let mut i = 0;
    while i < plan.layers {
        let slot = &mut plan.slots[i];
        slot.passes = slot.from > 0 && learns[slot.from as usize - 1];
        slot.passes_source = match slot.source {
            Some(source) => source > 0 && learns[source as usize - 1],
            None => false,
        };
        learns[i] = slot.visited();
        i += 1;
    }
    // Going backward, so that the first reader met is the first to contribute. The loss contributes to the last.
    let mut read = [false; L];
    let mut i = plan.layers;
    while i > 0 {
        i -= 1;
        if plan.slots[i].passes_source
            && let Some(source) = plan.slots[i].source
        {
            plan.slots[i].clears_source = contribute(plan, &mut read, source as usize - 1);
        }
        if plan.slots[i].passes {
            let from = plan.slots[i].from as usize - 1;
            // What is not handed down by the next layer needs a buffer of its own.
            plan.slots[from].several |= from + 1 != i;
            plan.slots[i].clears = contribute(plan, &mut read, from);
        }
    }
    let mut i = 0;
    while i < plan.layers {
        if plan.slots[i].passes {
            plan.slots[i].shared = plan.slots[plan.slots[i].from as usize - 1].several;
        }
        i += 1;
    }
}

/// Takes note of a contribution to the gradient of output `of`, and says whether it is the first.
const fn contribute<const L: usize>(plan: &mut PlanOf<L>, read: &mut [bool; L], of: usize) -> bool {
    let first = !read[of];
    plan.slots[of].several |= !first;
    read[of] = true;
    first
}

/// Finds which inputs and outputs the backward pass reads.
pub(super) const fn mark_reads<const L: usize>(plan: &mut PlanOf<L>) {
    let mut i = 0;
    while i < plan.layers {
        let slot = &mut plan.slots[i];
        let reads = slot.layer.reads();
        let visit = slot.visit();
        slot.reads_input = reads.input.asked(visit);
        slot.reads_output = reads.output.asked(visit);
        i += 1;
    }
    let mut run = 0;
    let mut i = 0;
    while i < plan.layers {
        if plan.slots[i].recomputed {
            run += 1;
        } else {
            plan.slots[i].again = run;
            run = 0;
        }
        i += 1;
    }
}

/// Lets layers keep a bit of each element instead of an output that nobody else reads after the forward pass.
/// Returns whether there is one.
pub(super) const fn gate<N: Number, const L: usize>(plan: &mut PlanOf<L>) -> bool {
    let mut any = false;
    let mut i = 0;
    while i < plan.layers {
        let (input, output) = (plan.slots[i].input, plan.slots[i].output);
        let bytes = aligned::<N>(plan.slots[i].layer.gate(input));
        if plan.slots[i].reads_output && bytes > 0 && bytes < elements::<N>(output) {
            plan.slots[i].reads_output = false;
            let (_, backward) = last_read(&plan.slots, plan.layers, i, true);
            let gated = backward == 0;
            plan.slots[i].reads_output = !gated;
            any |= gated;
        }
        i += 1;
    }
    any
}

/// When each buffer is born and dies.
pub(super) const fn lives<N: Number, const L: usize>(
    plan: &mut PlanOf<L>,
    buffers: &mut Buffers<L>,
    train: bool,
) {
    let count = plan.layers;
    let mut i = 0;
    while i < count {
        let slot = &plan.slots[i];
        let may = match slot.layer.in_place(slot.input) {
            InPlace::Never => false,
            InPlace::Always | InPlace::Rescaled => true,
            InPlace::Unvisited => !slot.visited(),
        };
        // What is computed again is computed from the output below, which must be there still.
        let first = slot.recomputed && (i == 0 || !plan.slots[i - 1].recomputed);
        let may = may && i > 0 && slot.from as usize == i && !first;
        plan.slots[i].in_place = may && !kept(&plan.slots, count, i - 1, i, train);
        i += 1;
    }
    let mut i = 0;
    while i < count {
        let slot = &plan.slots[i];
        let bytes = elements::<N>(slot.output);
        let (forward, backward_last) = last_read(&plan.slots, count, i, train);
        let again = step_again(&plan.slots, count, i);
        let last = if slot.recomputed {
            buffers[root(&plan.slots, i)][VALUE_AGAIN].live(bytes, again, later(again, backward_last));
            forward
        } else if again > 0 {
            // The layers right above are computed again from this one.
            later(later(forward, backward_last), again)
        } else {
            later(forward, backward_last)
        };
        // In place and as long as its input it lives on in the same buffer; longer or shorter, in a buffer of
        // its own that begins where that one does.
        let mut owner = i;
        if slot.in_place {
            while buffers[owner][VALUE].is_unused() {
                owner -= 1;
            }
            if buffers[owner][VALUE].bytes != bytes {
                buffers[owner][VALUE].then = i;
                owner = i;
            }
        }
        buffers[owner][VALUE].live(bytes, i, last);
        let room = slot.layer.room::<N>(slot.input, slot.visit());
        let backward = 2 * count - i;
        let until = if slot.visited() { backward } else { i };
        let kept = if slot.gated() {
            slot.layer.gate(slot.input)
        } else {
            room.kept
        };
        let kept = aligned::<N>(kept);
        if slot.recomputed && !slot.layer.draws() {
            buffers[i][KEPT].live(kept, i, i);
            buffers[i][KEPT_AGAIN].live(kept, again, later(again, until));
        } else {
            buffers[i][KEPT].live(
                kept,
                i,
                if slot.recomputed {
                    later(again, until)
                } else {
                    until
                },
            );
        }
        // Frozen weights that lie in bytes are unpacked for each step, behind what the layer needs.
        let unpacked = if plan.uses & mode::BYTES != 0 {
            aligned::<N>(slot.tensors.unpacked_bytes::<N>())
        } else {
            0
        };
        let forward = aligned::<N>(room.forward) + unpacked;
        buffers[i][SCRATCH].live(forward, i, i);
        if slot.recomputed {
            buffers[i][SCRATCH_AGAIN].live(forward, again, again);
        }
        if slot.visited() {
            buffers[i][BACKWARD].live(aligned::<N>(room.backward) + unpacked, backward, backward);
        }
        i += 1;
    }
    if !train {
        return;
    }
    // The gradient of output `i` is born with its first contribution and dies when layer `i` has used it.
    let mut i = count;
    while i > 0 {
        i -= 1;
        if !plan.slots[i].visited() {
            continue;
        }
        let mut born = if i + 1 == count { count } else { 2 * count - i };
        let mut j = i + 1;
        while j < count {
            if reads(&plan.slots[j], i) && 2 * count - j < born {
                born = 2 * count - j;
            }
            j += 1;
        }
        let owner = delta_root(&plan.slots, count, i);
        buffers[owner][DELTA].live(elements::<N>(plan.slots[i].output), born, 2 * count - i);
    }
}

/// The step before which the layers from `i`, or from right above it, are computed again: that of the first
/// layer above which is not; 0 if none is.
const fn step_again(slots: &[Slot], count: usize, i: usize) -> usize {
    let mut above = if slots[i].recomputed { i } else { i + 1 };
    let first = above;
    while above < count && slots[above].recomputed {
        above += 1;
    }
    if above == first && !slots[i].recomputed {
        0
    } else {
        2 * count - above
    }
}

const fn later(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Bytes of an activation tensor.
const fn elements<N: Number>(shape: Shape) -> usize {
    aligned::<N>(shape.len() * size_of::<N::Elem>())
}

/// Whether output `of` must survive beyond layer `reader`, whose input it is, so that `reader` may not write
/// over it.
const fn kept(slots: &[Slot], count: usize, of: usize, reader: usize, train: bool) -> bool {
    let mut j = reader + 1;
    while j < count {
        if reads(&slots[j], of) {
            return true;
        }
        j += 1;
    }
    train && (slots[of].reads_output || slots[reader].reads_input)
}

/// The last step of the forward pass, and the last of the backward pass, at which output `i` is read; 0 for
/// none.
const fn last_read(slots: &[Slot], count: usize, i: usize, train: bool) -> (usize, usize) {
    // A layer above, or the loss, or the caller after an inference.
    let mut forward = i + 1;
    let mut backward = 0;
    let mut j = i + 1;
    while j < count {
        if reads(&slots[j], i) && j > forward {
            forward = j;
        }
        if train && slots[j].from as usize == i + 1 && slots[j].reads_input && 2 * count - j > backward {
            backward = 2 * count - j;
        }
        j += 1;
    }
    if train && slots[i].reads_output {
        backward = 2 * count - i;
    }
    if train && i + 1 == count {
        // The caller reads the output after the step.
        backward = 2 * count;
    }
    (forward, backward)
}

/// The layer whose buffer holds output `i`.
pub(super) const fn root(slots: &[Slot], mut i: usize) -> usize {
    while slots[i].in_place {
        i -= 1;
    }
    i
}

/// The layer whose buffer holds the gradient of output `i`: an in-place layer above passes its own down.
pub(super) const fn delta_root(slots: &[Slot], count: usize, mut i: usize) -> usize {
    while i + 1 < count && !slots[i].several && hands_down(&slots[i + 1], i) {
        i += 1;
    }
    i
}

/// The layer whose track has the scale of output `i`: what works element by element in place, and does not rescale, shares
/// that of its input.
pub(super) const fn scale_root(slots: &[Slot], mut i: usize) -> usize {
    while slots[i].in_place && slots[i].elementwise && !slots[i].rescales {
        i -= 1;
    }
    i
}

/// The layer whose track has the scale of the gradient of output `i`.
pub(super) const fn delta_scale_root(slots: &[Slot], count: usize, mut i: usize) -> usize {
    while i + 1 < count && !slots[i].several && hands_down(&slots[i + 1], i) && !slots[i + 1].rescales {
        i += 1;
    }
    i
}

/// Whether the layer right above output `of` changes the gradient of that where it finds its own.
const fn hands_down(above: &Slot, of: usize) -> bool {
    above.from as usize == of + 1 && above.elementwise && above.passes
}
