//! A speaker, and how it says a word.

use super::phones::Phone;
use crate::sound::{RATE, Resonator, normal};
use kilograd::number::random::Pcg;

/// Samples between two settings of the resonances: 5 ms.
const SETTING: usize = 80;

/// Widths of the resonances of the mouth, in hertz.
const WIDTHS: [f32; 4] = [80.0, 110.0, 160.0, 250.0];

/// What makes a speaker differ from others.
#[derive(Debug, Clone)]
pub struct Voice {
    /// Of the vocal folds, in hertz: 85 to 250.
    pitch: f32,
    /// Of every resonance, against a man of average size: 0.9 to 1.25. Short mouths go with high voices.
    size: f32,
    /// Of each of the three resonances: an accent.
    accent: [f32; 3],
    /// Words per time, against the average: 0.8 to 1.25.
    tempo: f32,
    /// Air through the open folds.
    breath: f32,
    /// Of hiss against voice.
    sharpness: f32,
    /// How quickly the mouth moves, as a time in milliseconds.
    inertia: f32,
    /// Share of a period that the folds are open.
    open: f32,
}

impl Voice {
    /// The speaker of this number; no two have the same.
    pub fn new(number: u64) -> Self {
        let mut random = Pcg::with_stream(number, 0x7061_7263);
        let mut between = |low: f32, high: f32| low + (high - low) * random.uniform();
        let height = between(0.0, 1.0);
        Self {
            pitch: 85.0 * libm::powf(2.0, 1.3 * height) * between(0.9, 1.15),
            size: 0.93 + 0.22 * height + between(-0.03, 0.06),
            accent: [between(0.95, 1.05), between(0.95, 1.05), between(0.97, 1.03)],
            tempo: between(0.8, 1.25),
            breath: between(0.01, 0.1),
            sharpness: between(0.6, 1.5),
            inertia: between(10.0, 22.0),
            open: between(0.5, 0.7),
        }
    }

    /// Says `phones`; every take is a little different.
    pub fn say(&self, phones: &[Phone], random: &mut Pcg) -> Vec<f32> {
        let mut vary = |share: f32| 1.0 + share * (2.0 * random.uniform() - 1.0);
        let tempo = self.tempo * vary(0.08);
        let (pitch, fall) = (self.pitch * vary(0.06), 0.12 * vary(1.0));
        let lengths: Vec<usize> = phones
            .iter()
            .map(|phone| (phone.length * vary(0.15) / tempo * RATE / 1000.0) as usize)
            .collect();
        let slip: Vec<[f32; 3]> = phones
            .iter()
            .map(|_| [vary(0.04), vary(0.04), vary(0.03)])
            .collect();
        let total: usize = lengths.iter().sum();
        let mut mouth = Mouth::at_rest(phones.first());
        let mut folds = Folds {
            phase: 0.0,
            last: 0.0,
            open: self.open,
            loudness: 1.0,
        };
        let mut said = Vec::with_capacity(total);
        let follow = 1.0 - libm::expf(-5.0 / self.inertia);
        for ((phone, length), slip) in phones.iter().zip(lengths).zip(slip) {
            for index in 0..length {
                if index % SETTING == 0 {
                    mouth.head_for(self, phone, slip, follow);
                }
                let declined = pitch * (1.0 + fall * (0.5 - said.len() as f32 / total as f32));
                let buzz = folds.next(declined, random);
                let air = random.uniform() - 0.5;
                said.push(mouth.next(self, buzz, air));
            }
        }
        // The mouth closes: 20 ms.
        let fade = 320.min(said.len());
        for (index, x) in said.iter_mut().rev().take(fade).enumerate() {
            *x *= index as f32 / fade as f32;
        }
        said
    }
}

/// The vocal folds: pulses of air, as the change of the flow.
struct Folds {
    phase: f32,
    last: f32,
    open: f32,
    loudness: f32,
}

impl Folds {
    /// Rosenberg's pulse: the flow rises as half a cosine for two thirds of the opening, and falls as a quarter of one.
    /// Source: Rosenberg, "Effect of glottal pulse shape on the quality of natural vowels", 1971.
    fn next(&mut self, pitch: f32, random: &mut Pcg) -> f32 {
        self.phase += pitch / RATE;
        if self.phase >= 1.0 {
            self.phase -= 1.0;
            // No two periods are quite alike.
            self.phase += 0.01 * normal(random).abs();
            self.loudness = 1.0 + 0.05 * normal(random);
        }
        let (rise, fall) = (self.open * 0.67, self.open * 0.33);
        let half = core::f32::consts::PI;
        let flow = if self.phase < rise {
            0.5 - 0.5 * libm::cosf(half * self.phase / rise)
        } else if self.phase < self.open {
            libm::cosf(0.5 * half * (self.phase - rise) / fall)
        } else {
            0.0
        };
        let change = (flow - self.last) * self.loudness;
        self.last = flow;
        change
    }
}

/// The mouth on its way from one sound to the next.
struct Mouth {
    now: Phone,
    resonances: [Resonator; 4],
    teeth: Resonator,
    last: f32,
}

impl Mouth {
    fn at_rest(first: Option<&Phone>) -> Self {
        let rest = Phone {
            formants: [500.0, 1500.0, 2500.0],
            voice: 0.0,
            hiss: 0.0,
            band: [3000.0, 1000.0],
            breath: 0.0,
            length: 0.0,
        };
        Self {
            now: Phone {
                voice: 0.0,
                hiss: 0.0,
                breath: 0.0,
                ..first.copied().unwrap_or(rest)
            },
            resonances: [Resonator::default(); 4],
            teeth: Resonator::default(),
            last: 0.0,
        }
    }

    /// Moves a share `follow` of the way towards `phone`; strengths move faster than the tongue.
    fn head_for(&mut self, voice: &Voice, phone: &Phone, slip: [f32; 3], follow: f32) {
        let towards = |now: &mut f32, goal: f32, share: f32| *now += share * (goal - *now);
        for ((now, goal), slip) in self.now.formants.iter_mut().zip(phone.formants).zip(slip) {
            towards(now, goal * slip, follow);
        }
        let quick = (2.5 * follow).min(1.0);
        towards(&mut self.now.voice, phone.voice, quick);
        towards(&mut self.now.hiss, phone.hiss, quick);
        towards(&mut self.now.breath, phone.breath, quick);
        self.now.band = phone.band;
        let [one, two, three, four] = &mut self.resonances;
        let places = self.now.formants.iter().zip(voice.accent).zip(WIDTHS);
        for (resonance, ((formant, accent), width)) in [one, two, three].into_iter().zip(places) {
            resonance.tune((formant * accent * voice.size).min(7000.0), width);
        }
        four.tune(3500.0 * voice.size, WIDTHS[3]);
        self.teeth.tune(self.now.band[0].min(7500.0), self.now.band[1]);
    }

    fn next(&mut self, voice: &Voice, buzz: f32, air: f32) -> f32 {
        let now = &self.now;
        let breath = (now.breath + voice.breath * now.voice) * air;
        let mut x = now.voice * buzz * 4.0 + breath;
        for resonance in &mut self.resonances {
            x = resonance.next(x);
        }
        let hiss = self.teeth.next(air) * now.hiss * voice.sharpness;
        // A difference of hiss lifts it above the rumble that a gain of 1 at 0 Hz lets through.
        let sharp = hiss - self.last;
        self.last = hiss;
        0.3 * x + sharp
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::keywords::phones::spell;
    use crate::sound::{Spectrum, power};

    /// The resonance that a vowel is known by is where the table says, for this speaker.
    #[test]
    fn a_vowel_sounds_where_its_resonances_are() {
        for number in 0..6 {
            let voice = Voice::new(number);
            let mut random = Pcg::new(number);
            let vowel = Phone {
                length: 600.0,
                ..spell("aa")[0]
            };
            let said = voice.say(&[vowel], &mut random);
            let mut spectrum = Spectrum::new(4096, 4096);
            let bins = spectrum.power(&said[2000..]);
            let near = |hertz: f32| -> f32 {
                let bin = (hertz * voice.size / RATE * 4096.0) as usize;
                bins[bin - 25..bin + 25].iter().sum()
            };
            // Between the second resonance and the third there is a valley.
            assert!(near(1090.0) > 4.0 * near(1900.0), "voice {number}");
        }
    }

    #[test]
    fn hiss_is_high_and_a_closure_is_quiet() {
        let voice = Voice::new(1);
        let said = |spelling: &str| voice.say(&spell(spelling), &mut Pcg::new(1));
        let share = |sound: &[f32]| {
            let bins = Spectrum::new(1024, 1024).power(&sound[600..]);
            bins[200..].iter().sum::<f32>() / bins.iter().sum::<f32>()
        };
        assert!(share(&said("s")) > 0.7 && share(&said("aa")) < 0.1);
        let stop = said("aa p aa");
        let quietest = stop
            .chunks(160)
            .skip(3)
            .take(20)
            .map(power)
            .fold(f32::MAX, f32::min);
        assert!(quietest < 0.01 * power(&said("aa")), "{quietest}");
    }
}
