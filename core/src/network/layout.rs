//! The work region over time, for people: no chip needs it.

use super::Model;
use super::needs::Needs;
use super::pack::{
    BACKWARD, Buffers, DELTA, KEPT, KEPT_AGAIN, ROLES, SCRATCH, SCRATCH_AGAIN, VALUE, VALUE_AGAIN,
};
use super::plan::{PlanError, PlanOf};
use super::planner;
use crate::number::Number;

/// What a block of the work region holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The output of a layer.
    Output,
    /// The gradient of an output.
    Gradient,
    /// What a layer keeps for its backward step besides.
    Kept,
    /// What a layer needs for one step.
    Scratch,
}

/// A block of the work region, from its first step to its last.
///
/// Layer `i` of `L` goes forward at step `i`, the loss is taken at step `L`, and layer `i` goes backward at step `2L − i`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The layer, or the first of several that share the block.
    pub layer: usize,
    /// What it holds.
    pub content: Content,
    /// Byte offset in the work region.
    pub offset: usize,
    /// Bytes.
    pub bytes: usize,
    /// First step.
    pub first: usize,
    /// Last step.
    pub last: usize,
}

/// Blocks of the work region.
#[derive(Debug, Clone, Copy)]
pub struct Layout<const L: usize>(Buffers<L>);

impl<const L: usize> Layout<L> {
    pub(crate) const fn plan<N: Number>(
        model: &Model<'_>,
        needs: Needs,
    ) -> Result<(PlanOf<L>, Self), PlanError> {
        match planner::plan::<N, L>(model, needs) {
            Ok((plan, buffers)) => Ok((plan, Self(buffers))),
            Err(error) => Err(error),
        }
    }

    /// The blocks, layer by layer. One that begins in place of another overlaps it in one step.
    pub fn blocks(&self) -> impl Iterator<Item = Block> + '_ {
        const CONTENTS: [(usize, Content); ROLES] = [
            (VALUE, Content::Output),
            (DELTA, Content::Gradient),
            (KEPT, Content::Kept),
            (SCRATCH, Content::Scratch),
            (BACKWARD, Content::Scratch),
            (VALUE_AGAIN, Content::Output),
            (KEPT_AGAIN, Content::Kept),
            (SCRATCH_AGAIN, Content::Scratch),
        ];
        self.0.iter().enumerate().flat_map(|(layer, buffers)| {
            CONTENTS.iter().filter_map(move |(role, content)| {
                let buffer = buffers.get(*role).filter(|buffer| buffer.bytes > 0)?;
                Some(Block {
                    layer,
                    content: *content,
                    offset: buffer.offset,
                    bytes: buffer.bytes,
                    first: buffer.born,
                    last: buffer.dies,
                })
            })
        })
    }
}
