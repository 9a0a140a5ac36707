//! The sounds that words are made of.

/// One sound: where the resonances of the mouth are heading, and what excites them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phone {
    /// The first three resonances in hertz, for a voice of average length.
    pub formants: [f32; 3],
    /// Strength of the vocal folds' buzz, 0 to 1.
    pub voice: f32,
    /// Strength of the hiss at the teeth and lips.
    pub hiss: f32,
    /// Centre and width of that hiss in hertz.
    pub band: [f32; 2],
    /// Breath through the whole mouth.
    pub breath: f32,
    /// Length in milliseconds at an average tempo.
    pub length: f32,
}

const fn vowel(length: f32, formants: [f32; 3]) -> Phone {
    Phone {
        formants,
        voice: 1.0,
        hiss: 0.0,
        band: [3000.0, 1000.0],
        breath: 0.0,
        length,
    }
}

const fn soft(length: f32, voice: f32, formants: [f32; 3]) -> Phone {
    Phone {
        voice,
        ..vowel(length, formants)
    }
}

const fn hiss(length: f32, voice: f32, hiss: f32, band: [f32; 2], formants: [f32; 3]) -> Phone {
    Phone {
        voice,
        hiss,
        band,
        ..vowel(length, formants)
    }
}

/// The mouth closed: silence, or a murmur if `voice` is above 0.
const fn closed(voice: f32, formants: [f32; 3]) -> Phone {
    soft(55.0, voice, formants)
}

/// Spells a word: letters and digraphs of `spelling`, apart from each other by spaces.
///
/// Vowels and their resonances: Peterson and Barney, "Control methods used in a study of the vowels", 1952
/// (means of men). Consonants: Klatt's synthesizer of 1980, simplified. A stop is a closure and a burst.
pub fn spell(spelling: &str) -> Vec<Phone> {
    spelling.split(' ').flat_map(phone).collect()
}

fn phone(name: &str) -> Vec<Phone> {
    let labial = [300.0, 900.0, 2200.0];
    let dental = [300.0, 1700.0, 2600.0];
    let velar = [300.0, 1900.0, 2400.0];
    let burst = |voice, strength, band, place| hiss(22.0, voice, strength, band, place);
    match name {
        "iy" => vec![vowel(130.0, [270.0, 2290.0, 3010.0])],
        "ih" => vec![vowel(100.0, [390.0, 1990.0, 2550.0])],
        "eh" => vec![vowel(120.0, [530.0, 1840.0, 2480.0])],
        "ae" => vec![vowel(150.0, [660.0, 1720.0, 2410.0])],
        "ah" => vec![vowel(110.0, [640.0, 1190.0, 2390.0])],
        "aa" => vec![vowel(140.0, [730.0, 1090.0, 2440.0])],
        "ao" => vec![vowel(140.0, [570.0, 840.0, 2410.0])],
        "uh" => vec![vowel(100.0, [440.0, 1020.0, 2240.0])],
        "uw" => vec![vowel(130.0, [300.0, 870.0, 2240.0])],
        "er" => vec![vowel(140.0, [490.0, 1350.0, 1690.0])],
        "y" => vec![soft(60.0, 0.7, [270.0, 2200.0, 3000.0])],
        "w" => vec![soft(70.0, 0.7, [300.0, 610.0, 2200.0])],
        "l" => vec![soft(70.0, 0.6, [360.0, 1000.0, 2600.0])],
        "r" => vec![soft(75.0, 0.65, [310.0, 1060.0, 1380.0])],
        "m" => vec![soft(80.0, 0.35, [250.0, 1000.0, 2200.0])],
        "n" => vec![soft(80.0, 0.35, [250.0, 1500.0, 2500.0])],
        "s" => vec![hiss(120.0, 0.0, 0.5, [6000.0, 1800.0], dental)],
        "sh" => vec![hiss(120.0, 0.0, 0.5, [3200.0, 1200.0], dental)],
        "f" => vec![hiss(100.0, 0.0, 0.18, [6500.0, 4500.0], labial)],
        "th" => vec![hiss(90.0, 0.0, 0.14, [7000.0, 3000.0], dental)],
        "v" => vec![hiss(70.0, 0.35, 0.1, [6500.0, 4500.0], labial)],
        "z" => vec![hiss(100.0, 0.35, 0.3, [6000.0, 1800.0], dental)],
        "h" => vec![Phone {
            breath: 0.25,
            ..soft(70.0, 0.0, [500.0, 1500.0, 2500.0])
        }],
        "p" => vec![closed(0.0, labial), burst(0.0, 0.35, [900.0, 900.0], labial)],
        "t" => vec![closed(0.0, dental), burst(0.0, 0.5, [4500.0, 2000.0], dental)],
        "k" => vec![closed(0.0, velar), burst(0.0, 0.45, [2000.0, 900.0], velar)],
        "b" => vec![closed(0.15, labial), burst(0.5, 0.2, [900.0, 900.0], labial)],
        "d" => vec![closed(0.15, dental), burst(0.5, 0.3, [4000.0, 2000.0], dental)],
        "g" => vec![closed(0.15, velar), burst(0.5, 0.3, [1900.0, 900.0], velar)],
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::keywords::{KEYWORDS, UNHEARD, UNKNOWN};

    #[test]
    fn every_word_can_be_spelt() {
        for (word, spelling) in KEYWORDS.iter().chain(UNKNOWN).chain(UNHEARD) {
            for name in spelling.split(' ') {
                assert!(!phone(name).is_empty(), "{word}: {name}");
            }
        }
    }
}
