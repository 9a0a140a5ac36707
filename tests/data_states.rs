//! Promise: whatever bytes a state is restored from, it is refused, or it works on without a panic and without
//! a number that is not finite.

use kilograd::collect::{Frame, Pool, Tally, Windows};
use kilograd::evaluate::Confusion;
use kilograd::number::random::Pcg;
use kilograd::persist::{Malformed, Restore};
use kilograd::prepare::Standardizer;

/// Bytes that are often small numbers or the edges of a word, so that some of them pass the checks.
fn bytes(random: &mut Pcg, length: usize) -> Vec<u8> {
    let words = (0..length.div_ceil(4)).map(|_| match random.below(6) {
        0 => random.next_u32(),
        1 => u32::MAX - random.below(2),
        2 => (random.uniform() * 1e6 - 5e5).to_bits(),
        3 => f32::MAX.to_bits() - random.below(2),
        _ => random.below(9),
    });
    let mut bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    bytes.truncate(length);
    bytes
}

/// Restores `state` from random bytes in pieces of random length.
fn restore(state: &mut dyn Restore, random: &mut Pcg) -> Result<(), Malformed> {
    let bytes = bytes(random, state.size());
    let piece = 1 + random.below(20) as usize;
    bytes
        .chunks(piece)
        .enumerate()
        .try_for_each(|(i, data)| state.write(i * piece, data))
}

#[test]
fn windows_are_refused_or_go_on() {
    let mut random = Pcg::new(1);
    let (mut refused, mut complete) = (0, 0);
    for _ in 0..5_000 {
        let mut buffer = [0; 10];
        let mut windows = Windows::<2>::new(&mut buffer, 3).expect("five frames");
        refused += u32::from(restore(&mut windows, &mut random).is_err());
        for _ in 0..20 {
            let at = u64::from(random.below(50));
            complete += u32::from(windows.push(&Frame { at, values: [1, 2] }).is_some());
        }
        windows.gap();
        let frames = (0..5).filter_map(|at| windows.push(&Frame { at, values: [3, 4] }).map(<[i16]>::to_vec));
        assert_eq!(frames.collect::<Vec<_>>(), [[3, 4].repeat(5)]);
    }
    assert!(
        refused > 500 && complete > 500,
        "{refused} refused, {complete} windows"
    );
}

#[test]
fn a_pool_is_refused_or_goes_on() {
    let mut random = Pcg::new(2);
    let (mut refused, mut accepted) = (0, 0);
    for _ in 0..20_000 {
        let (mut samples, mut labels, mut tallies) = ([0; 6], [0; 3], [Tally::ZERO; 2]);
        let mut pool = Pool::new(&mut samples, &mut labels, &mut tallies, 1).expect("three slots");
        match restore(&mut pool, &mut random) {
            Ok(()) => accepted += 1,
            Err(Malformed) => {
                refused += 1;
                assert!(pool.is_empty());
            }
        }
        for i in 0..8 {
            pool.offer(&[i, i], (i % 2) as u16).expect("fits");
        }
        assert_eq!(pool.len(), 3);
        let mut stored = [0; 2];
        (0..3)
            .filter_map(|slot| pool.get(slot))
            .for_each(|(_, class)| stored[usize::from(class)] += 1);
        assert_eq!(
            pool.tallies()
                .iter()
                .map(|tally| tally.stored)
                .collect::<Vec<_>>(),
            stored
        );
    }
    assert!(
        refused > 500 && accepted > 500,
        "{refused} refused, {accepted} accepted"
    );
}

#[test]
fn a_standardizer_is_refused_or_scales_to_finite_numbers() {
    let mut random = Pcg::new(3);
    let (mut refused, mut accepted) = (0, 0);
    for least in [0.0, 1e-6, 1.0] {
        for _ in 0..5_000 {
            let mut scaler = Standardizer::<2>::new(least);
            match restore(&mut scaler, &mut random) {
                Ok(()) => accepted += 1,
                Err(Malformed) => {
                    refused += 1;
                    assert_eq!(scaler, Standardizer::new(least));
                }
            }
            let _ = scaler.push(&[7, -7, 30_000, -30_000]);
            let mut y = [0.0; 4];
            scaler
                .apply(&[i16::MIN, i16::MAX, 0, 1], &mut y)
                .expect("equal lengths");
            assert!(y.iter().all(|y| y.is_finite()), "{y:?} from {scaler:?}");
        }
    }
    assert!(
        refused > 500 && accepted > 500,
        "{refused} refused, {accepted} accepted"
    );
}

#[test]
fn a_confusion_matrix_takes_any_counts() {
    let mut random = Pcg::new(4);
    for _ in 0..2_000 {
        let mut matrix = Confusion::<3>::new();
        restore(&mut matrix, &mut random).expect("every count is possible");
        matrix.push(2, 1).expect("a class");
        let shares = (0..3).flat_map(|c| [matrix.precision(c), matrix.recall(c), matrix.f1(c)]);
        let shares = shares
            .chain([matrix.accuracy(), matrix.balanced_accuracy()])
            .flatten();
        assert!(
            shares.into_iter().all(|share| (0.0..=1.0).contains(&share)),
            "{matrix:?}"
        );
    }
}
