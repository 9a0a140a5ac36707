//! Primitives of normalisation and of functions with settings.

use super::Loops;
use crate::number::{Bfp14, Number, Scalar};

/// Primitives of normalisation and of functions with settings.
///
/// A number that does not name a kind in its [`KINDS`](super::Kernel::KINDS) leaves the bodies as they
/// are: the planner refuses the kind.
pub trait Normal: Number {}

impl<F: Loops + Scalar> Normal for F {}

impl Normal for Bfp14 {}
