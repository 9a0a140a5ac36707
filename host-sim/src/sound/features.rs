//! Log-mel energies and cepstral coefficients.

use super::RATE;

/// Energies at or below this are taken for it, before the logarithm.
const FLOOR: f32 = 1e-8;

/// Triangular bands that are evenly spaced in mel, `m = 2595 log10(1 + f / 700)`.
///
/// `e[b] = ln(max(Σ_k t_b[k] P[k], 10⁻⁸))`, where `t_b` rises from the centre of band `b − 1` to that of band `b`
/// and falls to that of band `b + 1`, in hertz. Source: Davis and Mermelstein, 1980; the scale is O'Shaughnessy's.
pub struct MelBank {
    /// First bin and weights of each band.
    bands: Vec<(usize, Vec<f32>)>,
}

fn mel(hertz: f64) -> f64 {
    2595.0 * libm::log10(1.0 + hertz / 700.0)
}

fn hertz(mel: f64) -> f64 {
    700.0 * (libm::pow(10.0, mel / 2595.0) - 1.0)
}

impl MelBank {
    /// `bands` bands from `low` to `high` hertz, over a spectrum of `bins` values from 0 to half the sample rate.
    pub fn new(bands: usize, bins: usize, low: f32, high: f32) -> Self {
        let (low, high) = (mel(low.into()), mel(high.into()));
        let corner = |index: usize| hertz(low + (high - low) * index as f64 / (bands + 1) as f64);
        let width = f64::from(RATE) / 2.0 / (bins - 1) as f64;
        let bands = (0..bands)
            .map(|band| {
                let [from, centre, to] = [0, 1, 2].map(|offset| corner(band + offset));
                let weight = |bin: usize| {
                    let at = bin as f64 * width;
                    let rise = (at - from) / (centre - from);
                    let fall = (to - at) / (to - centre);
                    rise.min(fall).max(0.0) as f32
                };
                let first = (from / width) as usize;
                let last = ((to / width) as usize + 1).min(bins);
                (first, (first..last).map(weight).collect())
            })
            .collect();
        Self { bands }
    }

    /// Logarithm of the energy in each band.
    pub fn log_energies(&self, spectrum: &[f32]) -> Vec<f32> {
        self.bands
            .iter()
            .map(|(first, weights)| {
                let bins = spectrum.iter().skip(*first);
                let energy: f32 = bins.zip(weights).map(|(p, w)| p * w).sum();
                libm::logf(energy.max(FLOOR))
            })
            .collect()
    }
}

/// The first coefficients of the orthonormal cosine transform of log energies.
///
/// `c[i] = s_i Σ_b e[b] cos(π i (b + ½) / B)`, with `s_0 = √(1 / B)` and `s_i = √(2 / B)`.
pub struct Cepstrum {
    rows: Vec<Vec<f32>>,
}

impl Cepstrum {
    /// `count` coefficients of `bands` energies.
    pub fn new(count: usize, bands: usize) -> Self {
        let row = |i: usize| {
            let scale = libm::sqrt(if i == 0 { 1.0 } else { 2.0 } / bands as f64);
            (0..bands)
                .map(|b| {
                    let angle = core::f64::consts::PI * i as f64 * (b as f64 + 0.5) / bands as f64;
                    (scale * libm::cos(angle)) as f32
                })
                .collect()
        };
        Self {
            rows: (0..count).map(row).collect(),
        }
    }

    /// The coefficients of one frame.
    pub fn of<'a>(&'a self, energies: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        self.rows
            .iter()
            .map(move |row| row.iter().zip(energies).map(|(c, e)| c * e).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::{CIRCLE, Spectrum};

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        let mut spectrum = Spectrum::new(640, 1024);
        let bank = MelBank::new(40, spectrum.bins(), 20.0, 4000.0);
        for tone in [300.0, 1000.0, 3000.0_f32] {
            let sound: Vec<f32> = (0..640)
                .map(|n| libm::sinf(CIRCLE * tone * n as f32 / RATE))
                .collect();
            let energies = bank.log_energies(&spectrum.power(&sound));
            let loudest = kilograd::evaluate::argmax(&energies).unwrap();
            let place = (mel(tone.into()) - mel(20.0)) / (mel(4000.0) - mel(20.0)) * 41.0 - 1.0;
            assert!(
                (loudest as f64 - place).abs() <= 1.0,
                "{tone}: {loudest}, {place}"
            );
        }
    }

    #[test]
    fn every_band_hears_something() {
        let bank = MelBank::new(128, 513, 20.0, 8000.0);
        assert!(bank.log_energies(&[1.0; 513]).iter().all(|e| *e > -3.0));
    }

    #[test]
    fn the_transform_is_orthonormal() {
        let whole = Cepstrum::new(8, 8);
        for (i, a) in whole.rows.iter().enumerate() {
            let found: Vec<f32> = whole.of(a).collect();
            for (j, product) in found.iter().enumerate() {
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-6, "{i} {j}: {product}");
            }
        }
    }
}
