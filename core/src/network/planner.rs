//! The planner: checks the shapes, finds when each buffer is born and dies, and lays them out.
//!
//! It runs at build time only; no firmware holds any of it.

use super::check::check;
use super::lives::{delta_root, delta_scale_root, gate, lives, mark_backward, mark_reads, root, scale_root};
use super::needs::Needs;
use super::pack::{
    BACKWARD, Buffer, Buffers, DELTA, KEPT, KEPT_AGAIN, ROLES, SCRATCH, SCRATCH_AGAIN, VALUE, VALUE_AGAIN,
    aligned, pack,
};
use super::plan::{PlanError, PlanOf, mode};
use super::{Model, Params, Shape};
use crate::kernel::LOSSES;
use crate::number::Number;
use crate::persist::Fingerprint;

/// Plans a model for the number `N`: the plan, and the lives and places of its buffers.
pub(super) const fn plan<N: Number, const L: usize>(
    model: &Model<'_>,
    needs: Needs,
) -> Result<(PlanOf<L>, Buffers<L>), PlanError> {
    let mut plan = match check::<N, L>(model, &needs) {
        Ok(plan) => plan,
        Err(error) => return Err(error),
    };
    mark_backward(&mut plan);
    mark_reads(&mut plan);
    let mut gated = plan;
    let mut buffers = lay_out::<N, L>(&mut plan, needs.train);
    if gate::<N, L>(&mut gated) {
        let others = lay_out::<N, L>(&mut gated, needs.train);
        if pays(&plan, &gated) {
            (plan, buffers) = (gated, others);
        }
    }
    let mut i = 0;
    while i < plan.layers {
        plan.slots[i].track = plan.slots[scale_root(&plan.slots, i)].tracks;
        i += 1;
    }
    plan.fingerprint = fingerprint(&plan);
    Ok((plan, buffers))
}

/// Whether bits instead of outputs are worth it. Only a trainer for models with extras knows them, which is
/// slower and larger; so a model without extras must become smaller by a part of [`GAIN`].
const fn pays<const L: usize>(plan: &PlanOf<L>, gated: &PlanOf<L>) -> bool {
    let saved = plan.regions.work.saturating_sub(gated.regions.work);
    saved > 0 && (plan.uses & mode::EXTRAS != 0 || saved * GAIN >= plan.bytes())
}

/// See [`pays`].
const GAIN: usize = 16;

/// Finds the life and the place of each buffer.
const fn lay_out<N: Number, const L: usize>(plan: &mut PlanOf<L>, train: bool) -> Buffers<L> {
    let mut buffers = [[Buffer::UNUSED; ROLES]; L];
    lives::<N, L>(plan, &mut buffers, train);
    plan.regions.work = aligned::<N>(pack(&mut buffers));
    let mut i = 0;
    while i < plan.layers {
        plan.slots[i].y = buffers[root(&plan.slots, i)][VALUE].offset as u32;
        let owner = delta_root(&plan.slots, plan.layers, i);
        plan.slots[i].dy = buffers[owner][DELTA].offset as u32;
        let owner = delta_scale_root(&plan.slots, plan.layers, i);
        plan.slots[i].delta_track = plan.slots[owner].tracks + 1;
        plan.slots[i].kept = buffers[i][KEPT].span();
        if plan.slots[i].recomputed {
            plan.uses |= mode::AGAIN;
            plan.slots[i].y_again = buffers[root(&plan.slots, i)][VALUE_AGAIN].offset as u32;
            plan.slots[i].kept_again = if buffers[i][KEPT_AGAIN].is_unused() {
                plan.slots[i].kept
            } else {
                buffers[i][KEPT_AGAIN].span()
            };
            plan.slots[i].scratch_again = buffers[i][SCRATCH_AGAIN].span();
        } else {
            plan.slots[i].y_again = plan.slots[i].y;
            plan.slots[i].kept_again = plan.slots[i].kept;
        }
        plan.slots[i].scratch = buffers[i][SCRATCH].span();
        plan.slots[i].backward_scratch = buffers[i][BACKWARD].span();
        if plan.slots[i].extra() {
            plan.uses |= mode::EXTRAS;
        }
        i += 1;
    }
    buffers
}

const fn mix_shape(digest: Fingerprint, shape: Shape) -> Fingerprint {
    digest.number(shape.rank() as u64).number(
        (shape.dim(0) as u64) << 48
            | (shape.dim(1) as u64) << 32
            | (shape.dim(2) as u64) << 16
            | shape.dim(3) as u64,
    )
}

/// Everything that must be equal for saved parameters and optimizer state to mean the same.
const fn fingerprint<const L: usize>(plan: &PlanOf<L>) -> u64 {
    let mut digest = Fingerprint::new()
        .byte(plan.number)
        .byte(plan.optimizer)
        .number((plan.uses >> LOSSES) as u64 & 0xffff);
    digest = mix_shape(plan.loss.mix(digest), plan.input);
    let mut i = 0;
    while i < plan.layers {
        let slot = &plan.slots[i];
        digest = digest
            .byte(slot.layer.code())
            .byte(slot.trains as u8)
            .number(slot.layer.settings());
        // What is so in nearly every model leaves no mark, so that older checkpoints stay readable.
        if slot.from as usize != i {
            digest = digest.byte(b'f').number(slot.from as u64);
        }
        if slot.trains && slot.tensors.frozen() > 0 {
            digest = digest.byte(b'p').number(slot.tensors.frozen_bits() as u64);
        }
        digest = mix_shape(digest, slot.output);
        let specs: Params = slot.specs();
        digest = digest.number(specs.elements() as u64);
        i += 1;
    }
    digest.value()
}
