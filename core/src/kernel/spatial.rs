//! Primitives over positions: pooling, depthwise convolution.

use super::Loops;
use crate::number::{Bfp14, Number, Scalar};

/// Primitives over positions: pooling, depthwise convolution.
///
/// A number that does not name a kind in its [`KINDS`](super::Kernel::KINDS) leaves the bodies as they
/// are: the planner refuses the kind.
pub trait Spatial: Number {}

impl<F: Loops + Scalar> Spatial for F {}

impl Spatial for Bfp14 {}
