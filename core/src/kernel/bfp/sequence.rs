//! `Sequence` in block fixed point.

use crate::kernel::Sequence;
use crate::number::Bfp14;
use crate::number::bfp::Master;

impl<M: Master> Sequence for Bfp14<M> {}
