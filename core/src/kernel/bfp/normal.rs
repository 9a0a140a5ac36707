//! `Normal` in block fixed point.

use crate::kernel::Normal;
use crate::number::Bfp14;
use crate::number::bfp::Master;

impl<M: Master> Normal for Bfp14<M> {}
