//! Primitives of the losses.

use super::Loops;
use crate::number::{Bfp14, Number, Scalar};

/// Primitives of the losses.
///
/// A number that does not name a kind in its [`KINDS`](super::Kernel::KINDS) leaves the bodies as they
/// are: the planner refuses the kind.
pub trait Judge: Number {}

impl<F: Loops + Scalar> Judge for F {}

impl Judge for Bfp14 {}
