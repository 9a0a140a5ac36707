//! A text to be continued, character by character.
//!
//! The first three chapters of *Alice's Adventures in Wonderland* by Lewis Carroll (1865), in lower case and with every
//! stretch of white space as one blank: 30,765 characters of 38 kinds. It is cut into blocks of
//! 1,024 characters and no sample crosses from one to the next. The last fifth of the blocks is the test part.

use super::Dataset;
use kilograd::load::Samples;
use kilograd::network::Shape;

/// The text as printed, without its verses' line breaks.
const ALICE: &str = include_str!("../../data/alice.txt");

/// Characters of a block.
const BLOCK: usize = 1024;

/// Every character of the text, in the order of their codes: a token is its place here.
pub const ALPHABET: &str = " !\"'(),-.:;?abcdefghijklmnopqrstuvwxyz";

/// The text as tokens.
fn tokens() -> Vec<u16> {
    let words: Vec<&str> = ALICE.split_whitespace().collect();
    let text = words.join(" ").to_lowercase();
    text.chars()
        .filter_map(|character| ALPHABET.find(character))
        .map(|token| token as u16)
        .collect()
}

/// Training and test part: windows of `length` characters, the last of each the first of the next, so that
/// every character of a block but the first is to be predicted once.
pub fn text(length: u16) -> (Dataset, Dataset) {
    let mut empty = Dataset::of(Shape::vector(length));
    empty.classes = ALPHABET.chars().map(String::from).collect();
    let (mut training, mut test) = (empty.clone(), empty);
    let tokens = tokens();
    let blocks: Vec<_> = tokens.chunks(BLOCK).collect();
    let last = blocks.len() - blocks.len() / 5;
    let length = usize::from(length).max(2);
    for (number, block) in blocks.iter().enumerate() {
        let part = if number < last { &mut training } else { &mut test };
        for window in block.windows(length).step_by(length - 1) {
            part.features.extend(window.iter().map(|token| f32::from(*token)));
            part.recordings.push(number as u32);
        }
    }
    (training, test)
}

/// Perplexity on `test` of the bigram model of `training`:
/// `p(b | a) = (n(ab) + 1) / (n(a) + V)`, where `n` counts neighbours in the training part.
///
/// `None` when there is nothing to predict. Source of the smoothing: Laplace, 1814.
pub fn bigram_perplexity(training: &Dataset, test: &Dataset) -> Option<f64> {
    let kinds = training.classes.len();
    let mut counts = vec![0u32; kinds * kinds];
    for (a, b) in pairs(training) {
        *counts.get_mut(a * kinds + b)? += 1;
    }
    let (mut sum, mut count) = (0.0, 0u32);
    for (a, b) in pairs(test) {
        let row = counts.get(a * kinds..(a + 1) * kinds)?;
        let all: u32 = row.iter().sum();
        let chance = f64::from(row.get(b)? + 1) / f64::from(all + kinds as u32);
        sum -= libm::log(chance);
        count += 1;
    }
    (count > 0).then(|| libm::exp(sum / f64::from(count)))
}

/// Every pair of neighbours.
fn pairs(data: &Dataset) -> impl Iterator<Item = (usize, usize)> + '_ {
    (0..data.len()).flat_map(|index| {
        let sample = data.sample(index).windows(2);
        sample.map(|pair| (pair[0] as usize, pair[1] as usize))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_a_token_and_every_token_is_used() {
        let tokens = tokens();
        assert_eq!(tokens.len(), 30_765);
        assert!((0..ALPHABET.len()).all(|token| tokens.contains(&(token as u16))));
        let begin: String = tokens[..34]
            .iter()
            .filter_map(|token| ALPHABET.chars().nth(usize::from(*token)))
            .collect();
        assert_eq!(begin, "down the rabbit-hole alice was beg");
    }

    #[test]
    fn the_test_part_is_the_end_of_the_text() {
        let (training, test) = text(64);
        let latest = training.recordings.iter().max().unwrap();
        assert!(test.recordings.iter().all(|block| block > latest));
        // 16 windows of 64 in 1,024 characters: each begins where the one before ended.
        // The 45 characters of the last block are no whole window.
        assert_eq!((training.len(), test.len()), (25 * 16, 5 * 16));
        assert_eq!(training.sample(0)[63], training.sample(1)[0]);
    }

    /// On three characters the sum can be done by hand: n(aa) = 2, n(ab) = 1, and V = 2.
    #[test]
    fn the_bigram_model_is_the_formula() {
        let made = |text: &[f32]| Dataset {
            features: text.to_vec(),
            classes: vec!["a".into(), "b".into()],
            recordings: vec![0],
            ..Dataset::of(Shape::vector(text.len() as u16))
        };
        let found = bigram_perplexity(&made(&[0.0, 0.0, 0.0, 1.0]), &made(&[0.0, 1.0, 1.0])).unwrap();
        // p(b | a) = 2 / 5, p(b | b) = 1 / 2.
        assert!((found - (2.5_f64 * 2.0).sqrt()).abs() < 1e-12, "{found}");
        assert_eq!(bigram_perplexity(&made(&[0.0]), &made(&[1.0])), None);
    }
}
