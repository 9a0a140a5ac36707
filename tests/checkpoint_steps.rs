//! Promise: a save is a row of short steps, so that sampling can go on between them.

use kilograd::checkpoint::{Progress, SaveError, Store};
use kilograd_sim::flash::{Cell, FaultFlash, Nrf52, Part};
use support::lab::Numbered;

type Small = Cell<4, 256>;

#[test]
fn a_step_is_one_erase_or_one_chunk_or_one_mark() {
    let mut flash = FaultFlash::<Nrf52>::new(3 * 12288, 0);
    let state = Numbered::new(3, 9000);
    let (mut steps, mut before) = (0, flash.counters().clone());
    Store::<_, 256>::new(&mut flash, 0..3 * 12288)
        .unwrap()
        .save(&state)
        .unwrap();
    let mut store = Store::<_, 256>::new(flash.clone(), 0..3 * 12288).unwrap();
    store.begin(&state).unwrap();
    loop {
        let progress = store.step(&state).unwrap();
        steps += 1;
        // Looking at the flash means taking it; a clone cut off at this step shows the same.
        let mut replay = Store::<_, 256>::new(flash.clone(), 0..3 * 12288).unwrap();
        replay.begin(&state).unwrap();
        for _ in 0..steps {
            replay.step(&state).unwrap();
        }
        let after = replay.release().counters().clone();
        let erases = after.erases.iter().sum::<u32>() - before.erases.iter().sum::<u32>();
        let bytes = after.bytes - before.bytes;
        if steps > 1 {
            assert!(
                erases <= 1 && bytes <= 256 && (erases == 0 || bytes == 0),
                "step {steps}: {erases}, {bytes}"
            );
            assert!(after.micros - before.micros <= Nrf52::ERASE_US.max(64 * Nrf52::PROGRAM_US));
        }
        before = after;
        if let Progress::Saved(saved) = progress {
            assert_eq!(saved.sequence, 2);
            break;
        }
    }
    // Three erase units, ⌈9000 / 252⌉ chunks, two marks.
    assert_eq!(steps, 3 + 36 + 2);
}

#[test]
fn an_abandoned_save_costs_its_place_and_nothing_else() {
    for abandoned_at in 0..20 {
        let mut flash = FaultFlash::<Small>::new(4096, 0);
        let mut store = Store::<_, 64>::new(&mut flash, 0..4096).unwrap();
        store.save(&Numbered::new(1, 100)).unwrap();
        for number in 2..6 {
            let given_up = Numbered::new(100 + number, 100);
            store.begin(&given_up).unwrap();
            // The last step is not taken.
            for _ in 0..abandoned_at {
                if !store.is_saving() || matches!(store.step(&given_up).unwrap(), Progress::Saved(_)) {
                    break;
                }
            }
            let saved = store.save(&Numbered::new(number, 100)).unwrap();
            assert_eq!(saved.retries, 0);
            let mut state = Numbered::new(0, 100);
            store.load(&mut state).unwrap();
            assert_eq!(state.number(), number);
        }
    }
}

#[test]
fn a_step_without_a_beginning_is_refused() {
    let mut store = Store::<_, 64>::new(FaultFlash::<Small>::new(4096, 0), 0..4096).unwrap();
    let state = Numbered::new(1, 100);
    assert_eq!(store.step(&state), Err(SaveError::NotBegun));
    store.begin(&state).unwrap();
    assert_eq!(store.step(&Numbered::new(1, 101)), Err(SaveError::NotBegun));
    store.save(&state).unwrap();
    assert!(!store.is_saving());
    assert_eq!(store.step(&state), Err(SaveError::NotBegun));
}
