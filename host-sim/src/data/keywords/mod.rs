//! Spoken keywords, made by a synthesizer: ten words, silence and unknown words, 49 frames of 10 coefficients.
//!
//! Each second of sound is a word in one voice, at a random place and loudness, under noise. The folds of a throat buzz,
//! resonances of a mouth that moves from sound to sound shape it, and hiss stands for teeth and lips
//! (`voice`, `phones`). The classes are those of keyword spotting in MLPerf Tiny.
//!
//! The test part is held out in every respect that a device would meet: its voices are of other people, its noises
//! at other ratios to the word (and one kind, a rumble, that the training part never has), and half of its
//! unknown words are never heard in training.

mod phones;
mod voice;

use super::Dataset;
use crate::sound::{Cepstrum, MelBank, Noise, NoiseKind, Spectrum, add_noise, power};
use kilograd::network::Shape;
use kilograd::number::random::Pcg;
use phones::spell;
use voice::Voice;

/// The words and how they are said.
pub const KEYWORDS: &[(&str, &str)] = &[
    ("yes", "y eh s"),
    ("no", "n ao uw"),
    ("up", "ah p"),
    ("down", "d aa uh n"),
    ("left", "l eh f t"),
    ("right", "r aa ih t"),
    ("on", "ao n"),
    ("off", "ao f"),
    ("stop", "s t aa p"),
    ("go", "g ao uw"),
];

/// Words of the class "unknown".
pub const UNKNOWN: &[(&str, &str)] = &[
    ("bed", "b eh d"),
    ("cat", "k ae t"),
    ("happy", "h ae p iy"),
    ("house", "h aa uh s"),
    ("tree", "t r iy"),
    ("zero", "z iy r ao uw"),
    ("two", "t uw"),
    ("three", "th r iy"),
    ("five", "f aa ih v"),
    ("six", "s ih k s"),
    ("bird", "b er d"),
    ("wow", "w aa uh"),
    ("learn", "l er n"),
    ("tiger", "t aa ih g er"),
];

/// Words of the class "unknown" that only the test part has.
pub const UNHEARD: &[(&str, &str)] = &[
    ("dog", "d ao g"),
    ("eight", "eh ih t"),
    ("seven", "s eh v ah n"),
    ("sheila", "sh iy l ah"),
    ("visual", "v ih sh uw ah l"),
    ("moon", "m uw n"),
];

/// Samples of one second.
const SECOND: usize = 16_000;

/// Window and hop of the features: 40 and 20 ms.
const WINDOW: usize = 640;
const HOP: usize = 320;

/// Frames of one second, and coefficients of a frame.
const FRAMES: usize = 49;
const COEFFICIENTS: usize = 10;

/// Bands from which the coefficients come.
const BANDS: usize = 40;

/// Number of the first voice of the test part: far from those of the training part.
const OTHERS: u64 = 1_000_000;

/// What a part is made of.
struct Recipe {
    voices: std::ops::Range<u64>,
    takes: u32,
    noises: &'static [NoiseKind],
    /// Decibels of the word above the noise.
    ratios: &'static [f32],
    unknown: Vec<Vec<phones::Phone>>,
}

/// The training part in `voices` voices, and the test part in a quarter as many others, at least four.
pub fn keywords(voices: u16, takes: u16, seed: u64) -> (Dataset, Dataset) {
    let spelt = |words: &[(&str, &str)]| words.iter().map(|(_, word)| spell(word)).collect::<Vec<_>>();
    let heard = spelt(UNKNOWN);
    let first = seed.wrapping_mul(OTHERS * 2);
    let training = Recipe {
        voices: first..first + u64::from(voices),
        takes: takes.into(),
        noises: &[
            NoiseKind::White,
            NoiseKind::Pink,
            NoiseKind::Hum,
            NoiseKind::Babble,
        ],
        ratios: &[30.0, 20.0, 12.0, 6.0],
        unknown: heard.clone(),
    };
    let others = first + OTHERS;
    let test = Recipe {
        voices: others..others + u64::from(voices / 4).max(4),
        takes: 2,
        noises: &[
            NoiseKind::White,
            NoiseKind::Pink,
            NoiseKind::Hum,
            NoiseKind::Babble,
            NoiseKind::Rumble,
        ],
        ratios: &[25.0, 15.0, 9.0],
        unknown: heard
            .into_iter()
            .take(UNHEARD.len())
            .chain(spelt(UNHEARD))
            .collect(),
    };
    (training.make(seed), test.make(seed ^ 0x7465_7374))
}

impl Recipe {
    fn make(&self, seed: u64) -> Dataset {
        let words: Vec<_> = KEYWORDS.iter().map(|(_, spelling)| spell(spelling)).collect();
        let names = KEYWORDS.iter().map(|(word, _)| *word);
        let mut features = Features::new();
        let mut data = Dataset {
            classes: names.chain(["silence", "unknown"]).map(str::to_owned).collect(),
            ..Dataset::of(Shape::image(1, FRAMES as u16, COEFFICIENTS as u16))
        };
        for number in self.voices.clone() {
            let voice = Voice::new(number);
            for take in 0..self.takes {
                for class in 0..data.classes.len() {
                    let mut random =
                        Pcg::with_stream(seed ^ number << 20, u64::from(take) << 8 | class as u64);
                    let word = if class < words.len() {
                        Some(&words[class])
                    } else if class == words.len() {
                        None
                    } else {
                        Some(&self.unknown[random.below(self.unknown.len() as u32) as usize])
                    };
                    let sound = self.second(&voice, word, &mut random);
                    data.features.extend(features.of(&sound));
                    data.labels.push(class as u16);
                    // A voice is a recording: no split may tear it apart.
                    data.recordings.push(number as u32);
                }
            }
        }
        data
    }

    /// A second with a word somewhere in it, or with none, under noise.
    fn second(&self, voice: &Voice, word: Option<&Vec<phones::Phone>>, random: &mut Pcg) -> Vec<f32> {
        let mut sound = vec![0.0; SECOND];
        let said = word.map_or(vec![], |word| voice.say(word, random));
        let room = SECOND.saturating_sub(said.len());
        let start = random.below(room as u32 + 1) as usize;
        for (x, y) in sound.iter_mut().skip(start).zip(&said) {
            *x = *y;
        }
        let noise = self.noises[random.below(self.noises.len() as u32) as usize];
        let ratio = self.ratios[random.below(self.ratios.len() as u32) as usize];
        // Silence is as loud as what lies under the words.
        let signal = if said.is_empty() { 1e-3 } else { power(&said) };
        add_noise(
            &mut sound,
            &mut Noise::new(noise, random.next_u64()),
            signal,
            ratio,
        );
        let loudness = libm::powf(10.0, (random.uniform() - 0.5) * 1.0);
        sound.iter_mut().for_each(|x| *x *= loudness);
        sound
    }
}

/// From a second of sound to 49 frames of 10 coefficients.
struct Features {
    spectrum: Spectrum,
    bank: MelBank,
    cepstrum: Cepstrum,
}

impl Features {
    fn new() -> Self {
        let spectrum = Spectrum::new(WINDOW, 1024);
        Self {
            bank: MelBank::new(BANDS, spectrum.bins(), 20.0, 4000.0),
            spectrum,
            cepstrum: Cepstrum::new(COEFFICIENTS, BANDS),
        }
    }

    fn of(&mut self, sound: &[f32]) -> Vec<f32> {
        let mut found = Vec::with_capacity(FRAMES * COEFFICIENTS);
        for frame in sound.windows(WINDOW).step_by(HOP) {
            let energies = self.bank.log_energies(&self.spectrum.power(frame));
            found.extend(self.cepstrum.of(&energies));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kilograd::load::Samples;
    use std::collections::BTreeSet;

    #[test]
    fn voices_of_the_test_are_never_heard_in_training() {
        let (training, test) = keywords(6, 1, 3);
        assert_eq!((training.len(), test.len()), (6 * 12, 4 * 12 * 2));
        assert_eq!(training.features.len(), 72 * FRAMES * COEFFICIENTS);
        let voices = |data: &Dataset| data.recordings.iter().copied().collect::<BTreeSet<_>>();
        assert!(voices(&training).is_disjoint(&voices(&test)));
        assert!(
            training
                .features
                .iter()
                .chain(&test.features)
                .all(|x| x.is_finite())
        );
        let heard: BTreeSet<_> = KEYWORDS.iter().chain(UNKNOWN).map(|(word, _)| *word).collect();
        assert!(UNHEARD.iter().all(|(word, _)| !heard.contains(word)));
    }

    #[test]
    fn a_seed_gives_the_same_data() {
        let first = keywords(1, 1, 9);
        assert_eq!(first, keywords(1, 1, 9));
        assert_ne!(first.0.features, keywords(1, 1, 10).0.features);
    }
}
