//! Sound for generated data sets: sources, filters and the features that networks hear.
//!
//! Every function comes from libm and every sum has one order, so that a seed gives the same
//! data, to the bit, on every desktop.

mod features;
mod noise;
mod resonator;
mod spectrum;

pub use features::{Cepstrum, MelBank};
pub use noise::{Noise, NoiseKind, add_noise, normal};
pub use resonator::Resonator;
pub use spectrum::Spectrum;

/// Samples per second of all generated sound.
pub const RATE: f32 = 16_000.0;

/// The full circle in radians.
pub const CIRCLE: f32 = std::f32::consts::TAU;

/// Mean of the squares; 0 of nothing.
pub fn power(sound: &[f32]) -> f32 {
    let sum: f64 = sound.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    (sum / sound.len().max(1) as f64) as f32
}
