//! What a workload is trained with: chosen by features, so that each is written once.

use kilograd::number::random::Pcg;
use kilograd::number::{Scale, View};

/// Floats.
#[cfg(not(feature = "bfp14"))]
mod number {
    pub type Number = f32;
    pub const SCALE: () = ();

    /// A random value in `[0, 1)`.
    pub fn draw(random: &mut super::Pcg) -> f32 {
        random.uniform()
    }
}

/// Integers. No float takes part in anything, not even in making the data.
#[cfg(feature = "bfp14")]
mod number {
    use kilograd::number::bfp::Exponent;
    pub type Number = kilograd::number::Bfp14;
    pub const SCALE: Exponent = Exponent(-13);

    /// A random value in `[0, 1)`.
    pub fn draw(random: &mut super::Pcg) -> i16 {
        (random.next_u32() >> 19) as i16
    }
}

pub use number::{Number, draw};

/// The optimizer.
#[cfg(not(feature = "sgd"))]
pub type Method = kilograd::optim::Momentum;
/// The optimizer.
#[cfg(feature = "sgd")]
pub type Method = kilograd::optim::Sgd;

/// Samples per update.
pub const BATCH: u16 = if cfg!(feature = "batch") { 16 } else { 1 };

/// A sample as a network takes it.
pub fn view<const INPUT: usize>(sample: &[Elem; INPUT]) -> View<'_, Number> {
    const SCALE: Scale<Number> = number::SCALE;
    View {
        data: sample,
        scale: SCALE,
    }
}

/// An element of a sample.
pub type Elem = <Number as kilograd::number::Number>::Elem;
