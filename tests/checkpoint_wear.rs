//! Promise: wear is even, a bad unit is passed over, and a worn-out part keeps its last state.

use kilograd::checkpoint::{FormatError, Frames, SaveError, Store};
use kilograd_sim::flash::{FaultFlash, Wear};
use support::lab::Numbered;
use support::small::{SIZE, Small, full, load};

fn bad_units_are_passed_over(wear: Wear) {
    let mut flash = full(7);
    let newest = Frames::new(&mut flash, 0..1536)
        .max_by_key(|frame| frame.mark.sequence)
        .unwrap();
    let kept = newest.address as usize / 512;
    let bad = (kept + 1) % 3;
    flash.wear_out(bad * 2, wear);
    let mut store = Store::<_, 64>::new(&mut flash, 0..1536).unwrap();
    store.load(&mut Numbered::new(0, SIZE)).unwrap();
    let saved = store.save(&Numbered::new(8, SIZE)).unwrap();
    assert_eq!((saved.retries, saved.address as usize / 512), (1, (kept + 2) % 3));
    assert_eq!(load(&mut flash), Ok(8));
    for unit in 0..6 {
        flash.wear_out(unit, wear);
    }
    for _ in 0..3 {
        let mut store = Store::<_, 64>::new(&mut flash, 0..1536).unwrap();
        store.load(&mut Numbered::new(0, SIZE)).unwrap();
        assert_eq!(store.save(&Numbered::new(9, SIZE)), Err(SaveError::WornOut));
        assert_eq!(load(&mut flash), Ok(8));
    }
}

#[test]
fn wear_is_even_to_one_erase() {
    let mut flash = FaultFlash::<Small>::new(512 * 5, 0);
    let mut number = 0;
    for boot in 0..200 {
        let mut store = Store::<_, 64>::new(&mut flash, 0..512 * 5).unwrap();
        let _ = store.load(&mut Numbered::new(0, SIZE));
        for _ in 0..boot % 7 {
            number += 1;
            store.save(&Numbered::new(number, SIZE)).unwrap();
        }
        let erases = &flash.counters().erases;
        let (least, most) = (erases.iter().min().unwrap(), erases.iter().max().unwrap());
        assert!(most - least <= 1, "{erases:?}");
    }
}

#[test]
fn a_unit_that_does_not_erase_is_named_and_the_others_are_erased() {
    let mut flash = full(7);
    flash.wear_out(2, Wear::Erases);
    let mut store = Store::<_, 64>::new(&mut flash, 0..1536).unwrap();
    assert_eq!(store.format(), Err(FormatError::WornOut { address: 512 }));
    let left = flash.image().iter().filter(|byte| **byte != 0xff).count();
    assert_eq!(left, 1);
}

#[test]
fn a_unit_that_does_not_program_is_passed_over() {
    bad_units_are_passed_over(Wear::Programs);
}

#[test]
fn a_unit_that_does_not_erase_is_passed_over() {
    bad_units_are_passed_over(Wear::Erases);
}
