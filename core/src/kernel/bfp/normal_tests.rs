//! Normalisation and functions with settings against double precision.
