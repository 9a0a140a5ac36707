//! Primitives over sequences: recurrent cells, attention, lookup.

use super::Loops;
use crate::number::{Bfp14, Number, Scalar};

/// Primitives over sequences: recurrent cells, attention, lookup.
///
/// A number that does not name a kind in its [`KINDS`](super::Kernel::KINDS) leaves the bodies as they
/// are: the planner refuses the kind.
pub trait Sequence: Number {}

impl<F: Loops + Scalar> Sequence for F {}

impl Sequence for Bfp14 {}
