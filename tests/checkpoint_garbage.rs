//! Promise: no bytes on flash make the store or its reader panic, or accept a state that was never saved.

use kilograd::checkpoint::{Frames, LoadError, Loaded, Store, Verdict};
use kilograd::flash::{Kind, Mark};
use kilograd_sim::flash::{Cell, FaultFlash};
use support::lab::Numbered;

type Small = Cell<4, 256>;

const SIZE: usize = 120;

/// PCG-like dice, enough for garbage.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) as usize % end
    }
}

/// An image with states 1 to 9, of which 7 to 9 are left.
fn image() -> Vec<u8> {
    let mut flash = FaultFlash::<Small>::new(1536, 3);
    for number in 1..=9 {
        let mut store = Store::<_, 64>::new(&mut flash, 0..1536).unwrap();
        let _ = store.load(&mut Numbered::new(0, SIZE));
        store.save(&Numbered::new(number, SIZE)).unwrap();
    }
    flash.image().to_vec()
}

/// Loads, saves, reads as a tool does; what was loaded.
fn offer(image: &[u8]) -> Result<u64, LoadError> {
    let mut flash = FaultFlash::<Small>::from_image(image, 1);
    let region = 0..image.len() as u32;
    for frame in Frames::new(&mut flash.clone(), region.clone()) {
        let read = frame.read(&mut flash, frame.mark.length / 2, &mut [0; 16]);
        assert!(read.is_some() || !matches!(frame.verdict, Verdict::Valid { .. }));
    }
    let mut store = Store::<_, 64>::new(&mut flash, region).unwrap();
    let mut state = Numbered::new(0, SIZE);
    let loaded = store.load(&mut state);
    let saved = store.save(&Numbered::new(10, SIZE));
    assert_eq!(
        saved.is_ok(),
        matches!(loaded, Ok(_) | Err(LoadError::Empty)),
        "{loaded:?} {saved:?}"
    );
    loaded.map(|_| state.number())
}

#[test]
fn random_images() {
    let mut dice = Dice(1);
    for _ in 0..2000 {
        let image: Vec<u8> = (0..1536).map(|_| dice.below(256) as u8).collect();
        assert_eq!(offer(&image), Err(LoadError::Unknown));
    }
}

#[test]
fn bursts_wipes_swaps_and_truncations() {
    let good = image();
    let mut dice = Dice(2);
    let mut found = [0; 4];
    for _ in 0..20_000 {
        let mut image = good.clone();
        for _ in 0..=dice.below(3) {
            let (at, length) = (dice.below(1536), 1 << dice.below(10));
            let end = (at + length).min(1536);
            match dice.below(4) {
                0 => image[at..end]
                    .iter_mut()
                    .for_each(|byte| *byte = dice.below(256) as u8),
                1 => image[at / 256 * 256..at / 256 * 256 + 256].fill(0xff),
                2 => {
                    let (a, b) = (dice.below(6) * 256, dice.below(6) * 256);
                    for byte in 0..256 {
                        image.swap(a + byte, b + byte);
                    }
                }
                _ => image[at..].fill(if at % 2 == 0 { 0 } else { 0xff }),
            }
        }
        match offer(&image) {
            Ok(number @ 7..=9) => found[number as usize - 7] += 1,
            Ok(other) => panic!("state {other} was not there"),
            Err(_) => found[3] += 1,
        }
    }
    assert!(found.iter().all(|count| *count > 500), "{found:?}");
}

#[test]
fn a_damaged_newest_frame_is_passed_over_and_counted() {
    let mut flash = FaultFlash::<Small>::from_image(&image(), 0);
    let newest = Frames::new(&mut flash, 0..1536)
        .max_by_key(|frame| frame.mark.sequence)
        .unwrap();
    flash.flip((newest.address as usize + 70) * 8);
    let loaded = Store::<_, 64>::new(&mut flash, 0..1536)
        .unwrap()
        .load(&mut Numbered::new(0, SIZE));
    assert_eq!(
        loaded,
        Ok(Loaded {
            sequence: 8,
            step: 80,
            damaged: 1
        })
    );
}

#[test]
fn intact_marks_that_speak_of_impossible_things() {
    let mut dice = Dice(3);
    let odd = [
        0,
        1,
        3,
        4,
        5,
        48,
        60,
        64,
        256,
        512,
        0xffff,
        0x1_0000,
        0x4000_0000,
        u64::MAX >> 32,
        u64::MAX,
    ];
    let (blank, full) = (vec![0xff; 1536], image());
    let mut impossible = 0;
    for _ in 0..20_000 {
        let mut image = if dice.below(2) == 0 {
            blank.clone()
        } else {
            full.clone()
        };
        let mut pick = || odd[dice.below(odd.len())];
        let mark = Mark {
            kind: Kind::Commit,
            write_size: 1 << (pick() % 10),
            chunk: pick() as u16,
            length: pick() as u32,
            segment: pick() as u32,
            digest: pick() as u32,
            sequence: pick(),
            fingerprint: pick(),
            step: pick(),
        };
        let at = pick() as usize % 300 / 4 * 4;
        for (index, kind) in [Kind::Commit, Kind::Seal, Kind::Adopt].into_iter().enumerate() {
            let place = at + index * 48;
            image[place..place + 48].copy_from_slice(&mark.with(kind).encode());
        }
        if let Ok(number) = offer(&image) {
            assert!((7..=9).contains(&number));
        }
        impossible += Frames::new(&mut FaultFlash::<Small>::from_image(&image, 0), 0..1536)
            .filter(|frame| frame.verdict == Verdict::Impossible)
            .count();
    }
    assert!(impossible > 1000, "{impossible}");
}
