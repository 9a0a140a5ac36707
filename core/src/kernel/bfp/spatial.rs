//! `Spatial` in block fixed point.

use crate::kernel::Spatial;
use crate::number::Bfp14;
use crate::number::bfp::Master;

impl<M: Master> Spatial for Bfp14<M> {}
