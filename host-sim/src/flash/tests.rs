//! The faults are what they claim to be.

use super::*;
use embedded_storage::nor_flash::{NorFlash, NorFlashErrorKind, ReadNorFlash};

type Small = Cell<4, 64>;

fn read<P: Part, const N: usize>(flash: &mut FaultFlash<P>, at: u32) -> [u8; N] {
    let mut bytes = [0; N];
    flash.read(at, &mut bytes).unwrap();
    bytes
}

#[test]
fn a_word_is_programmed_once_between_erases() {
    let mut flash = FaultFlash::<Small>::new(100, 0);
    assert_eq!(flash.capacity(), 128);
    flash.write(8, &[1, 2, 3, 4]).unwrap();
    assert_eq!(read(&mut flash, 6), [0xff, 0xff, 1, 2, 3, 4, 0xff]);
    assert_eq!(flash.write(8, &[0; 4]), Err(FlashError::Rewrite { address: 8 }));
    flash.erase(0, 64).unwrap();
    flash.write(8, &[0; 4]).unwrap();
    assert_eq!(read(&mut flash, 8), [0; 4]);
    assert_eq!(
        flash.write(2, &[0; 4]),
        Err(FlashError::Call(NorFlashErrorKind::NotAligned))
    );
    assert_eq!(
        flash.erase(64, 192),
        Err(FlashError::Call(NorFlashErrorKind::OutOfBounds))
    );
}

#[test]
fn lax_cells_only_lose_bits() {
    let mut flash = FaultFlash::<Small>::new(64, 0).with_rules(Rules::Lax);
    flash.write(0, &[0xf0, 0xff, 0, 1]).unwrap();
    flash.write(0, &[0x3c, 0x12, 0xff, 1]).unwrap();
    assert_eq!(read(&mut flash, 0), [0x30, 0x12, 0, 1]);
}

#[test]
fn a_second_write_breaks_the_code_of_an_ecc_word() {
    let mut flash = FaultFlash::<Stm32l4>::new(2048, 0).with_rules(Rules::Lax);
    flash.write(8, &[1; 8]).unwrap();
    flash.write(8, &[0; 8]).unwrap();
    assert_eq!(flash.read(0, &mut [0; 9]), Err(FlashError::Ecc { address: 8 }));
    assert_eq!(flash.read(0, &mut [0; 8]), Ok(()));
}

#[test]
fn after_a_cut_nothing_works_until_the_power_is_back() {
    let mut flash = FaultFlash::<Small>::new(64, 0);
    flash.cut_after(2, Torn::All);
    assert_eq!(flash.write(0, &[0; 16]), Err(FlashError::PowerCut));
    assert!(flash.is_off());
    assert_eq!(flash.read(0, &mut [0; 4]), Err(FlashError::PowerCut));
    assert_eq!(flash.write(32, &[0; 4]), Err(FlashError::PowerCut));
    assert_eq!(flash.erase(0, 64), Err(FlashError::PowerCut));
    flash.power_on();
    // Two words and the torn one, which this model completes.
    let mut expected = [0xff; 64];
    expected[..12].fill(0);
    assert_eq!(read(&mut flash, 0), expected);
    assert_eq!(flash.counters().operations, 2);
}

/// A word of zeros cut in the middle, under every seed: what it reads as, twice.
fn torn_words(torn: Torn) -> Vec<([u8; 4], [u8; 4])> {
    (0..200)
        .map(|seed| {
            let mut flash = FaultFlash::<Small>::new(64, seed);
            flash.cut_after(0, torn);
            flash.write(0, &[0; 4]).unwrap_err();
            flash.power_on();
            (read(&mut flash, 0), read(&mut flash, 0))
        })
        .collect()
}

#[test]
fn the_models_of_a_torn_word_differ_as_they_say() {
    assert!(
        torn_words(Torn::Nothing)
            .iter()
            .all(|(a, b)| *a == [0xff; 4] && a == b)
    );
    assert!(torn_words(Torn::All).iter().all(|(a, b)| *a == [0; 4] && a == b));
    let prefixes = torn_words(Torn::Prefix);
    assert!(
        prefixes
            .iter()
            .all(|(a, b)| a.is_sorted() && a.iter().all(|x| [0, 255].contains(x)) && a == b)
    );
    assert!((0..=4).all(|zeros| {
        prefixes
            .iter()
            .any(|(a, _)| a.iter().filter(|x| **x == 0).count() == zeros)
    }));
    let random = torn_words(Torn::Random);
    assert!(random.iter().all(|(a, b)| a == b));
    assert!(
        random
            .iter()
            .filter(|(a, _)| *a != [0; 4] && *a != [0xff; 4])
            .count()
            > 190
    );
    let unsettled = torn_words(Torn::Unsettled);
    assert!(unsettled.iter().filter(|(a, b)| a != b).count() > 100);
    // A single bit is among them: half of its reads are right.
    assert!(unsettled.iter().any(|(a, b)| *a == [0; 4] && a != b));
}

#[test]
fn a_torn_erase_leaves_a_unit_that_must_be_erased() {
    for torn in Torn::ALL {
        let mut flash = FaultFlash::<Small>::new(128, 9);
        flash.write(0, &[0x55; 128]).unwrap();
        flash.cut_after(0, torn);
        assert_eq!(flash.erase(0, 64), Err(FlashError::PowerCut));
        flash.power_on();
        assert!(
            matches!(flash.write(0, &[0; 4]), Err(FlashError::Rewrite { .. })),
            "{torn:?}"
        );
        assert_eq!(read(&mut flash, 64), [0x55; 64]);
        flash.erase(0, 64).unwrap();
        assert_eq!(read(&mut flash, 0), [0xff; 64]);
        flash.write(0, &[0; 4]).unwrap();
    }
}

#[test]
fn the_same_seed_is_the_same_flash_and_a_clone_is_a_branch() {
    let run = |seed| {
        let mut flash = FaultFlash::<Small>::new(64, seed);
        flash.cut_after(3, Torn::Unsettled);
        flash.write(0, &[0x5a; 64]).unwrap_err();
        flash.power_on();
        (0..8).map(|_| read::<_, 64>(&mut flash, 0)).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let mut trunk = FaultFlash::<Small>::new(64, 0);
    let mut branch = trunk.clone();
    branch.write(0, &[0; 4]).unwrap();
    assert_eq!(read(&mut trunk, 0), [0xff; 4]);
}

#[test]
fn work_time_and_wear_are_counted() {
    let mut flash = FaultFlash::<Nrf52>::new(8192, 0);
    flash.write(0, &[0; 40]).unwrap();
    flash.erase(0, 8192).unwrap();
    flash.erase(4096, 8192).unwrap();
    let micros = 10 * Nrf52::PROGRAM_US + 3 * Nrf52::ERASE_US;
    let expected = Counters {
        operations: 13,
        bytes: 40,
        erases: vec![1, 2],
        micros,
    };
    assert_eq!(*flash.counters(), expected);
}

#[test]
fn an_image_comes_back_and_its_words_count_as_written() {
    let mut image = vec![0xff; 128];
    image[4..10].fill(7);
    let mut flash = FaultFlash::<Small>::from_image(&image, 0);
    assert_eq!(flash.image(), image);
    assert!(flash.write(8, &[0; 4]).is_err());
    flash.write(12, &[0; 4]).unwrap();
    flash.flip(5 * 8 + 1);
    assert_eq!(flash.image()[5], 5);
}
