//! Noises, and adding them at a given ratio.

use super::{CIRCLE, RATE, Resonator, power};
use kilograd::number::random::Pcg;

/// About normally distributed with mean 0 and deviation 1: twelve uniform numbers, summed.
pub fn normal(random: &mut Pcg) -> f32 {
    (0..12).map(|_| random.uniform()).sum::<f32>() - 6.0
}

/// Kinds of background noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoiseKind {
    /// The same power at every frequency.
    White,
    /// Three decibels less per octave, roughly: rain, a street far off.
    Pink,
    /// The harmonics of a mains hum at 50 or 60 Hz, over a little white noise.
    Hum,
    /// White noise through moving resonances that swells and fades: a room full of people.
    Babble,
    /// Six decibels less per octave, with clatter: a train, a kitchen.
    Rumble,
}

/// A noise that goes on for as long as it is asked.
pub struct Noise {
    kind: NoiseKind,
    random: Pcg,
    slow: [f32; 3],
    phase: f32,
    step: f32,
    voices: [Resonator; 4],
    count: u32,
    swell: [f32; 4],
}

impl Noise {
    /// A noise of this kind; equal seeds give equal noises.
    pub fn new(kind: NoiseKind, seed: u64) -> Self {
        let mut random = Pcg::new(seed);
        let mains = if random.below(2) == 0 { 50.0 } else { 60.0 };
        Self {
            kind,
            random,
            slow: [0.0; 3],
            phase: 0.0,
            step: mains / RATE,
            voices: [Resonator::default(); 4],
            count: 0,
            swell: [0.0; 4],
        }
    }

    /// White noise of deviation 1, uniform: cheap, and the ear (and a filter bank) cannot tell.
    fn white(&mut self) -> f32 {
        (self.random.uniform() - 0.5) * 3.464_101_6
    }

    /// The next sample.
    pub fn sample(&mut self) -> f32 {
        let white = self.white();
        match self.kind {
            NoiseKind::White => white,
            NoiseKind::Pink => {
                // Three poles an octave and more apart: Kellet's economical filter.
                let [a, b, c] = &mut self.slow;
                *a = 0.997_65 * *a + 0.099_046 * white;
                *b = 0.963 * *b + 0.296_516_4 * white;
                *c = 0.57 * *c + 1.052_691_3 * white;
                *a + *b + *c + 0.1848 * white
            }
            NoiseKind::Hum => {
                self.phase = (self.phase + self.step) % 1.0;
                let harmonic = |k: f32| libm::sinf(CIRCLE * self.phase * k) / k;
                harmonic(1.0) + harmonic(2.0) + harmonic(3.0) + harmonic(5.0) + harmonic(7.0) + 0.15 * white
            }
            NoiseKind::Babble => {
                if self.count.is_multiple_of(2400) {
                    for (voice, swell) in self.voices.iter_mut().zip(&mut self.swell) {
                        let frequency = 300.0 + 2200.0 * self.random.uniform() * self.random.uniform();
                        voice.tune(frequency, 120.0);
                        *swell = self.random.uniform();
                    }
                }
                self.count += 1;
                let voices = self.voices.iter_mut().zip(self.swell);
                voices.map(|(voice, swell)| swell * voice.next(white)).sum()
            }
            NoiseKind::Rumble => {
                let [low, strike, _] = &mut self.slow;
                *low = 0.995 * *low + 0.1 * white;
                *strike *= 0.99;
                if self.random.below(4000) == 0 {
                    *strike = 2.0;
                }
                *low + *strike * white
            }
        }
    }
}

/// Adds `noise` to `sound` so that the power of `signal` is `decibels` above that of the noise.
pub fn add_noise(sound: &mut [f32], noise: &mut Noise, signal: f32, decibels: f32) {
    let heard: Vec<f32> = sound.iter().map(|_| noise.sample()).collect();
    let wanted = signal * libm::powf(10.0, -decibels / 10.0);
    let gain = libm::sqrtf(wanted / power(&heard).max(1e-12));
    for (x, n) in sound.iter_mut().zip(heard) {
        *x += gain * n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_as_asked() {
        for kind in [
            NoiseKind::White,
            NoiseKind::Pink,
            NoiseKind::Hum,
            NoiseKind::Babble,
            NoiseKind::Rumble,
        ] {
            let mut sound = vec![0.0; 16_000];
            add_noise(&mut sound, &mut Noise::new(kind, 5), 2.0, 10.0);
            assert!((power(&sound) - 0.2).abs() < 1e-3, "{kind:?}: {}", power(&sound));
        }
    }

    #[test]
    fn the_normal_numbers_have_deviation_one() {
        let mut random = Pcg::new(3);
        let drawn: Vec<f32> = (0..20_000).map(|_| normal(&mut random)).collect();
        assert!((power(&drawn) - 1.0).abs() < 0.03);
        assert!(drawn.iter().sum::<f32>().abs() < 400.0);
    }
}
