//! A resonance.

use super::{CIRCLE, RATE};

/// A two-pole filter with gain 1 at 0 Hz: `y[n] = a x[n] + b y[n−1] + c y[n−2]`, with
/// `c = −e^(−2πw/R)`, `b = 2 e^(−πw/R) cos(2πf/R)` and `a = 1 − b − c` at the rate `R`.
/// Source: Klatt, "Software for a cascade/parallel formant synthesizer", 1980.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resonator {
    a: f32,
    b: f32,
    c: f32,
    last: f32,
    before: f32,
}

impl Resonator {
    /// A resonance at `frequency` of width `width`, both in hertz, at rest.
    pub fn new(frequency: f32, width: f32) -> Self {
        let mut new = Self::default();
        new.tune(frequency, width);
        new
    }

    /// Moves the resonance; what sounds goes on.
    pub fn tune(&mut self, frequency: f32, width: f32) {
        self.c = -libm::expf(-CIRCLE * width / RATE);
        self.b = 2.0 * libm::expf(-0.5 * CIRCLE * width / RATE) * libm::cosf(CIRCLE * frequency / RATE);
        self.a = 1.0 - self.b - self.c;
    }

    /// The next sample.
    pub fn next(&mut self, x: f32) -> f32 {
        let y = self.a * x + self.b * self.last + self.c * self.before;
        self.before = self.last;
        self.last = y;
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::power;

    #[test]
    fn it_answers_its_own_frequency_most() {
        let answer = |tone: f32| {
            let mut resonator = Resonator::new(1000.0, 60.0);
            let sound: Vec<f32> = (0..8000)
                .map(|n| resonator.next(libm::sinf(CIRCLE * tone * n as f32 / RATE)))
                .collect();
            power(&sound[4000..])
        };
        assert!(answer(1000.0) > 20.0 * answer(1300.0) && answer(1000.0) > 20.0 * answer(700.0));
        assert!((answer(5.0) - 0.5).abs() < 0.05);
    }
}
