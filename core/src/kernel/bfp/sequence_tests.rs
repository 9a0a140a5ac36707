//! Sequences in block fixed point: each primitive against its formula in double precision.
