//! Sounds of machines, made by a generator: normal ones to learn, and broken ones to be found.
//!
//! A machine is a motor (harmonics of its shaft, a whine at a multiple of it), two bearings (noise around
//! resonances, swelling with the shaft) and a hall behind it. Speed and load differ from recording to recording, and the
//! speed wanders within one. The training part holds normal recordings of every machine; the test part holds
//! other recordings of the same machines, half of them with one fault, as in ToyADMOS.
//!
//! A sample is what MLPerf Tiny's detector gets: five frames of 128 log-mel energies, windows of 64 ms every 32 ms.

use super::Dataset;
use crate::sound::{CIRCLE, MelBank, Noise, NoiseKind, RATE, Resonator, Spectrum};
use kilograd::network::Shape;
use kilograd::number::random::Pcg;

/// Machines of one kind.
const MACHINES: u64 = 6;

/// Samples of a recording: two seconds.
const LENGTH: usize = 32_000;

/// Window and hop of a frame.
const WINDOW: usize = 1024;
const HOP: usize = 512;

/// Bands of a frame, and frames of a sample.
const BANDS: usize = 128;
const FRAMES: usize = 5;

/// Frames from one sample to the next.
const STEP: usize = 4;

/// What is wrong with a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A mass off the axis: the shaft's own harmonics are louder.
    Imbalance,
    /// A dent in a bearing: a click at each pass of a ball.
    Bearing,
    /// A winding has failed: harmonics are missing.
    Winding,
    /// Something rubs: a tone that is no harmonic of the shaft.
    Whine,
}

/// All kinds of faults.
pub const FAULTS: [Fault; 4] = [Fault::Imbalance, Fault::Bearing, Fault::Winding, Fault::Whine];

/// Harmonics of a shaft that are heard.
const HARMONICS: usize = 24;

/// What one machine sounds like.
#[derive(Debug, Clone)]
struct Machine {
    /// Turns per second.
    speed: f32,
    harmonics: [f32; HARMONICS],
    /// The whine's multiple of the speed, and its strength.
    slots: f32,
    whine: f32,
    /// Resonances of the bearings: frequency, width, strength.
    bearings: [[f32; 3]; 2],
    /// Strength of the noise behind it.
    hall: f32,
}

fn between(random: &mut Pcg, low: f32, high: f32) -> f32 {
    low + (high - low) * random.uniform()
}

fn decibels(value: f32) -> f32 {
    libm::powf(10.0, value / 20.0)
}

impl Machine {
    fn new(number: u64) -> Self {
        let mut random = Pcg::with_stream(number, 0x006d_6163);
        Self {
            speed: between(&mut random, 28.0, 60.0),
            harmonics: core::array::from_fn(|k| {
                decibels(-1.1 * k as f32 + between(&mut random, -10.0, 10.0))
            }),
            slots: 24.0 + 2.0 * random.below(9) as f32,
            whine: decibels(between(&mut random, -22.0, -4.0)),
            bearings: core::array::from_fn(|_| {
                [
                    between(&mut random, 1800.0, 5500.0),
                    between(&mut random, 150.0, 500.0),
                    decibels(between(&mut random, -36.0, -18.0)),
                ]
            }),
            hall: decibels(between(&mut random, -38.0, -22.0)),
        }
    }

    /// One recording, of a machine that is sound or has a fault.
    fn record(&self, fault: Option<Fault>, random: &mut Pcg) -> Vec<f32> {
        let load = between(random, -1.0, 1.0);
        let speed = self.speed * (1.0 - 0.02 * load);
        let mut harmonics = self.harmonics;
        for strength in &mut harmonics {
            *strength *= decibels(1.5 * load + between(random, -1.0, 1.0));
        }
        match fault {
            Some(Fault::Imbalance) => {
                let extra = decibels(between(random, 7.0, 11.0));
                harmonics
                    .iter_mut()
                    .take(3)
                    .for_each(|strength| *strength *= extra);
            }
            Some(Fault::Winding) => {
                let first = 2 + random.below(4) as usize;
                harmonics
                    .iter_mut()
                    .skip(first)
                    .step_by(2)
                    .take(6)
                    .for_each(|strength| *strength *= 0.2);
            }
            _ => {}
        }
        let rub = (fault == Some(Fault::Whine)).then(|| {
            (
                between(random, 900.0, 4500.0) / RATE,
                decibels(between(random, -20.0, -12.0)),
            )
        });
        // A ball passes an outer ring of nine balls 3.57 times per turn.
        let dent = (fault == Some(Fault::Bearing)).then(|| (3.57, between(random, 1.5, 3.5)));
        let mut ringing = Resonator::new(between(random, 2500.0, 5000.0), 200.0);
        let mut bearings = self
            .bearings
            .map(|[place, width, _]| Resonator::new(place, width));
        let hall = self.hall * decibels(between(random, -2.0, 2.0));
        let mut behind = Noise::new(NoiseKind::Pink, random.next_u64());
        let mut phases: [f32; HARMONICS] = core::array::from_fn(|_| random.uniform());
        let (mut turn, mut passed, mut tone) = (random.uniform(), 0.0, 0.0);
        let (mut wander, mut pace) = (0.0, speed);
        let mut whine = random.uniform();
        let sound = (0..LENGTH).map(|n| {
            if n % 160 == 0 {
                wander = 0.98 * wander + 0.0004 * (random.uniform() - 0.5);
                pace = speed * (1.0 + wander);
            }
            let step = pace / RATE;
            turn = (turn + step) % 1.0;
            let mut x = 0.0;
            for (k, (phase, strength)) in phases.iter_mut().zip(harmonics).enumerate() {
                *phase = (*phase + step * (k + 1) as f32) % 1.0;
                x += strength * libm::sinf(CIRCLE * *phase);
            }
            whine = (whine + step * self.slots) % 1.0;
            x += self.whine * libm::sinf(CIRCLE * whine);
            let swell = 1.0 + 0.4 * libm::sinf(CIRCLE * turn);
            for (bearing, [_, _, strength]) in bearings.iter_mut().zip(self.bearings) {
                x += strength * swell * bearing.next(random.uniform() - 0.5);
            }
            if let Some((step, strength)) = rub {
                tone = (tone + step) % 1.0;
                x += strength * libm::sinf(CIRCLE * tone);
            }
            if let Some((passes, strength)) = dent {
                passed += step * passes;
                let struck = passed >= 1.0;
                passed %= 1.0;
                x += ringing.next(if struck { strength } else { 0.0 });
            }
            x + hall * behind.sample()
        });
        sound.collect()
    }
}

/// Turns recordings into samples.
struct Features {
    spectrum: Spectrum,
    bank: MelBank,
}

impl Features {
    fn new() -> Self {
        let spectrum = Spectrum::new(WINDOW, WINDOW);
        Self {
            bank: MelBank::new(BANDS, spectrum.bins(), 20.0, RATE / 2.0),
            spectrum,
        }
    }

    /// Adds the samples of a recording to `data`.
    fn add(&mut self, data: &mut Dataset, sound: &[f32], recording: u32, odd: bool) {
        let frames: Vec<Vec<f32>> = sound
            .windows(WINDOW)
            .step_by(HOP)
            .map(|frame| self.bank.log_energies(&self.spectrum.power(frame)))
            .collect();
        for sample in frames.windows(FRAMES).step_by(STEP) {
            sample.iter().for_each(|frame| data.features.extend(frame));
            data.recordings.push(recording);
            data.odd.push(odd);
        }
    }
}

/// `recordings` normal recordings to learn from, and a third as many of either kind to test with.
pub fn machines(recordings: u16, seed: u64) -> (Dataset, Dataset) {
    let empty = Dataset::of(Shape::vector((FRAMES * BANDS) as u16));
    let (mut training, mut test) = (empty.clone(), empty);
    let mut features = Features::new();
    let mut number = 0;
    let mut record = |fault: Option<Fault>, into: &mut Dataset| {
        let machine = Machine::new(seed.wrapping_mul(MACHINES) + u64::from(number) % MACHINES);
        let mut random = Pcg::with_stream(seed, u64::from(number));
        features.add(into, &machine.record(fault, &mut random), number, fault.is_some());
        number += 1;
    };
    for _ in 0..recordings {
        record(None, &mut training);
    }
    let faults = || {
        FAULTS
            .into_iter()
            .flat_map(|fault| [Some(fault); MACHINES as usize])
    };
    let test_length = usize::from(recordings / 3)
        .next_multiple_of(MACHINES as usize)
        .max(24);
    for _ in 0..test_length {
        record(None, &mut test);
    }
    for fault in faults().cycle().take(test_length) {
        record(fault, &mut test);
    }
    (training, test)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kilograd::load::Samples;

    #[test]
    fn only_the_test_part_has_faults_and_no_recording_is_in_both() {
        let (training, test) = machines(8, 2);
        // 61 frames give 57 windows of five, every fourth of which is taken.
        assert_eq!((training.len(), test.len()), (8 * 15, 48 * 15));
        assert!(training.odd.iter().all(|odd| !odd));
        assert_eq!(test.odd.iter().filter(|odd| **odd).count(), 24 * 15);
        assert!(
            training
                .recordings
                .iter()
                .all(|recording| !test.recordings.contains(recording))
        );
        assert!(
            training
                .features
                .iter()
                .chain(&test.features)
                .all(|x| x.is_finite())
        );
        assert_eq!(machines(8, 2), (training, test));
    }

    /// Each fault changes the bands where it is heard, and by more than one recording differs from the next.
    #[test]
    fn every_fault_is_heard() {
        let machine = Machine::new(7);
        let mut features = Features::new();
        let mut mean = |fault, take| {
            let mut data = Dataset::of(Shape::vector((FRAMES * BANDS) as u16));
            features.add(&mut data, &machine.record(fault, &mut Pcg::new(take)), 0, false);
            let count = data.features.len() / BANDS;
            (0..BANDS)
                .map(|band| data.features.iter().skip(band).step_by(BANDS).sum::<f32>() / count as f32)
                .collect::<Vec<_>>()
        };
        let largest = |a: &[f32], b: &[f32]| {
            let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs());
            apart.fold(0.0, f32::max)
        };
        let (first, second) = (mean(None, 1), mean(None, 2));
        let usual = largest(&first, &second);
        for fault in FAULTS {
            let found = largest(&first, &mean(Some(fault), 3));
            assert!(found > usual, "{fault:?}: {found}, {usual}");
        }
    }
}
