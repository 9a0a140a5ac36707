//! The power spectrum of a stretch of sound.

/// A Hann window followed by a radix-2 Fourier transform.
///
/// `P[k] = |Σ_n w[n] x[n] e^(−2πi kn / N)|²` for `k` from 0 to `N / 2`, with
/// `w[n] = ½ − ½ cos(2πn / window)`. Source: Cooley and Tukey, 1965.
pub struct Spectrum {
    window: Vec<f32>,
    /// `cos` and `−sin` of `2πk / N`, for `k` up to `N / 2`.
    turns: Vec<(f32, f32)>,
    points: Vec<(f32, f32)>,
}

impl Spectrum {
    /// For stretches of `window` samples, padded with zeros to `size`, which is a power of two.
    ///
    /// # Panics
    /// When `size` is no power of two or is below `window`.
    pub fn new(window: usize, size: usize) -> Self {
        assert!(size.is_power_of_two() && size >= window, "{window} in {size}");
        let angle = |k: usize, of: usize| core::f64::consts::TAU * k as f64 / of as f64;
        Self {
            window: (0..window)
                .map(|n| (0.5 - 0.5 * libm::cos(angle(n, window))) as f32)
                .collect(),
            turns: (0..size / 2)
                .map(|k| {
                    let angle = angle(k, size);
                    (libm::cos(angle) as f32, -libm::sin(angle) as f32)
                })
                .collect(),
            points: vec![(0.0, 0.0); size],
        }
    }

    /// Number of values of a spectrum, `N / 2 + 1`.
    pub fn bins(&self) -> usize {
        self.points.len() / 2 + 1
    }

    /// The spectrum of `sound`, whose samples past the window are not heard.
    pub fn power(&mut self, sound: &[f32]) -> Vec<f32> {
        self.points.fill((0.0, 0.0));
        for ((point, x), w) in self.points.iter_mut().zip(sound).zip(&self.window) {
            point.0 = x * w;
        }
        self.transform();
        let bins = self.bins();
        let square = |(re, im): &(f32, f32)| re * re + im * im;
        self.points.iter().take(bins).map(square).collect()
    }

    fn transform(&mut self) {
        let size = self.points.len();
        let shift = usize::BITS - size.trailing_zeros();
        for index in 1..size {
            let mirrored = index.reverse_bits() >> shift;
            if index < mirrored {
                self.points.swap(index, mirrored);
            }
        }
        let mut half = 1;
        while half < size {
            for block in self.points.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                let turns = self.turns.iter().step_by(size / (2 * half));
                for ((a, b), (cos, sin)) in low.iter_mut().zip(high).zip(turns) {
                    let turned = (b.0 * cos - b.1 * sin, b.0 * sin + b.1 * cos);
                    *b = (a.0 - turned.0, a.1 - turned.1);
                    *a = (a.0 + turned.0, a.1 + turned.1);
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition, term by term.
    #[test]
    fn it_is_the_sum_of_the_definition() {
        let sound: Vec<f32> = (0..24).map(|n| ((n * n * 7) % 23) as f32 - 11.0).collect();
        let found = Spectrum::new(24, 32).power(&sound);
        assert_eq!(found.len(), 17);
        for (k, found) in found.iter().enumerate() {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, x) in sound.iter().enumerate() {
                let window = 0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / 24.0).cos();
                let angle = std::f64::consts::TAU * (k * n) as f64 / 32.0;
                re += window * f64::from(*x) * angle.cos();
                im -= window * f64::from(*x) * angle.sin();
            }
            let expected = re * re + im * im;
            assert!(
                (f64::from(*found) - expected).abs() < 1e-3 * expected.max(10.0),
                "bin {k}: {found} and {expected}"
            );
        }
    }
}
