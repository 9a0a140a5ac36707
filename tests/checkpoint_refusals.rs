//! Promise: an unknown or damaged image is an error, corrupt state is never accepted, and nothing is
//! wiped without being asked.

use kilograd::checkpoint::{Frames, LoadError, RegionError, SaveError, Store, Verdict};
use kilograd::persist::{Parts, PartsMut, Persist, Record};
use kilograd_sim::flash::{FaultFlash, Nrf52, Torn};
use support::lab::Numbered;
use support::small::{SIZE, Small, full, load};

#[test]
fn no_flipped_bit_makes_a_corrupt_state() {
    let flash = full(7);
    let newest = Frames::new(&mut flash.clone(), 0..1536)
        .max_by_key(|frame| frame.mark.sequence)
        .unwrap();
    let mut fell_back = 0;
    for bit in 0..1536 * 8 {
        let mut flash = flash.clone();
        flash.flip(bit);
        let number = load(&mut flash).unwrap();
        // Numbered::number has made sure that it is not a mixture.
        let inside = (newest.address as usize..newest.address as usize + 512).contains(&(bit / 8));
        assert!(number == 7 || number == 6 && inside, "bit {bit}: {number}");
        fell_back += u32::from(number == 6);
    }
    // Each bit of its payload, checksums and commit mark counts.
    assert!(fell_back as usize >= (SIZE + 2 * 4 + 48) * 8, "{fell_back}");
}

#[test]
fn a_wiped_or_torn_stretch_is_an_older_state_or_an_error() {
    let flash = full(7);
    for from in (0..1536).step_by(3) {
        for (length, value) in [(1, 0x00), (48, 0xff), (200, 0x5a), (600, 0x00), (1536, 0x00)] {
            let mut image = flash.image().to_vec();
            let end = (from + length).min(1536);
            image[from..end].fill(value);
            match load(&mut FaultFlash::from_image(&image, 1)) {
                Ok(number) => assert!((1..=7).contains(&number)),
                Err(LoadError::Unknown | LoadError::Damaged { .. } | LoadError::Empty) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn an_unknown_image_is_neither_loaded_nor_saved_over() {
    let image: Vec<u8> = (0..1536_u32).map(|at| ((at * at) >> 3) as u8).collect();
    let mut flash = FaultFlash::<Small>::from_image(&image, 1);
    assert_eq!(load(&mut flash), Err(LoadError::Unknown));
    let mut store = Store::<_, 64>::new(&mut flash, 0..1536).unwrap();
    assert_eq!(
        store.save(&Numbered::new(1, SIZE)),
        Err(SaveError::Occupied(LoadError::Unknown))
    );
    store.format().unwrap();
    assert_eq!(store.load(&mut Numbered::new(0, SIZE)), Err(LoadError::Empty));
    store.save(&Numbered::new(9, SIZE)).unwrap();
    assert_eq!(load(&mut flash), Ok(9));
}

#[test]
fn refusals_leave_the_flash_as_it_was() {
    let flash = full(3);
    for size in [SIZE + 1, 8, 400] {
        let mut flash = flash.clone();
        let mut store = Store::<_, 64>::new(&mut flash, 0..1536).unwrap();
        let wrong = LoadError::WrongSize {
            found: SIZE as u32,
            expected: size as u32,
        };
        assert_eq!(store.load(&mut Numbered::new(0, size)), Err(wrong));
        assert_eq!(
            store.save(&Numbered::new(9, size)),
            Err(SaveError::Occupied(wrong))
        );
        assert_eq!(load(&mut flash), Ok(3));
    }
    let mut same = flash.clone();
    let mut store = Store::<_, 128>::new(&mut same, 0..1536).unwrap();
    let other = LoadError::OtherLayout {
        chunk: 64,
        write_size: 4,
        segment: 512,
    };
    assert_eq!(store.load(&mut Numbered::new(0, SIZE)), Err(other));
    assert_eq!(same.image(), flash.image());
}

#[test]
fn another_model_is_refused_with_what_was_found_and_what_was_expected() {
    let mut flash = full(3);
    let fingerprint = |state: &dyn Persist| {
        let mut digest = kilograd::persist::Fingerprint::new();
        state.describe(&mut digest);
        digest.value()
    };
    // Same size, other meaning.
    let mut record = Record::<u32, SIZE>::new(1, 5);
    let expected = fingerprint(&record);
    let found = fingerprint(&Numbered::new(0, SIZE));
    let mut store = Store::<_, 64>::new(&mut flash, 0..1536).unwrap();
    assert_eq!(
        store.load(&mut record),
        Err(LoadError::Incompatible { found, expected })
    );
    let occupied = Err(SaveError::Occupied(LoadError::Incompatible { found, expected }));
    assert_eq!(store.save(&record), occupied);
    assert_eq!(record.value, 5);
    assert_eq!(load(&mut flash), Ok(3));
}

#[test]
fn regions_that_cannot_be_are_refused() {
    let make = |region| Store::<_, 256>::new(FaultFlash::<Nrf52>::new(16384, 0), region).err();
    assert_eq!(make(0..16384), None);
    assert_eq!(make(0..16385), Some(RegionError::Outside { capacity: 16384 }));
    assert_eq!(make(4096..4096), Some(RegionError::Outside { capacity: 16384 }));
    assert_eq!(make(4..8192), Some(RegionError::Unaligned { erase_size: 4096 }));
    let mut store = Store::<_, 256>::new(FaultFlash::<Nrf52>::new(16384, 0), 0..8192).unwrap();
    let needed = 2 * 8192;
    assert_eq!(
        store.save(&Numbered::new(1, 5000)),
        Err(SaveError::TooSmall { needed })
    );
    assert_eq!(
        store.load(&mut Numbered::new(1, 5000)),
        Err(LoadError::TooSmall { needed })
    );
}

#[test]
fn a_record_that_outgrew_its_room_is_refused_before_anything_is_written() {
    let mut flash = FaultFlash::<Small>::new(1536, 0);
    let mut store = Store::<_, 64>::new(&mut flash, 0..1536).unwrap();
    let tight = Record::<u64, 5>::new(0, u64::MAX);
    assert_eq!(store.save(&Parts(&[&tight])), Err(SaveError::Unencodable));
    assert_eq!(flash.counters().operations, 0);
}

#[test]
fn parts_come_back_as_they_were() {
    let mut flash = FaultFlash::<Small>::new(4096, 0);
    let (numbered, record) = (
        Numbered::new(42, 150),
        Record::<(u32, bool), 16>::new(1, (77, true)),
    );
    Store::<_, 64>::new(&mut flash, 0..4096)
        .unwrap()
        .save(&Parts(&[&numbered, &record]))
        .unwrap();
    let (mut n, mut r) = (
        Numbered::new(0, 150),
        Record::<(u32, bool), 16>::new(1, (0, false)),
    );
    let mut store = Store::<_, 64>::new(&mut flash, 0..4096).unwrap();
    let loaded = store.load(&mut PartsMut(&mut [&mut n, &mut r])).unwrap();
    assert_eq!((n.number(), r.value, loaded.step), (42, (77, true), 420));
}

#[test]
fn a_cut_format_leaves_a_state_nothing_or_an_error_and_can_be_done_again() {
    for torn in Torn::ALL {
        for operations in 0..6 {
            let mut flash = full(7);
            flash.cut_after(operations, torn);
            assert!(
                Store::<_, 64>::new(&mut flash, 0..1536)
                    .unwrap()
                    .format()
                    .is_err()
            );
            flash.power_on();
            match load(&mut flash) {
                // With these segments of one frame each no older one can come back.
                Ok(number) => assert_eq!(number, 7),
                Err(LoadError::Empty | LoadError::Unknown | LoadError::Damaged { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
            Store::<_, 64>::new(&mut flash, 0..1536)
                .unwrap()
                .format()
                .unwrap();
            assert_eq!(load(&mut flash), Err(LoadError::Empty));
        }
    }
}

#[test]
fn the_reader_finds_every_frame_and_says_what_became_of_it() {
    let mut flash = full(7);
    let frames: Vec<_> = Frames::new(&mut flash, 0..1536).collect();
    let numbers: Vec<_> = frames
        .iter()
        .map(|f| (f.address, f.mark.sequence, f.mark.step, f.verdict))
        .collect();
    let adopted = Verdict::Valid { adopted: true };
    let fresh = Verdict::Valid { adopted: false };
    assert_eq!(
        numbers,
        [(0, 7, 70, fresh), (512, 5, 50, adopted), (1024, 6, 60, adopted)]
    );
    let mut payload = [0; SIZE];
    frames[0].read(&mut flash, 0, &mut payload).unwrap();
    let mut expected = [0; SIZE];
    Numbered::new(7, SIZE).read(0, &mut expected);
    assert_eq!(payload, expected);
    assert_eq!(frames[0].read(&mut flash, 110, &mut payload[..11]), None);
    flash.flip((512 + 70) * 8);
    let verdict = Frames::new(&mut flash, 0..1536).nth(1).unwrap().verdict;
    assert_eq!(verdict, Verdict::Damaged { chunk: 1 });
    // Neither seal nor adopt mark.
    let seal = frames[0].mark.encode();
    let mut image = flash.image().to_vec();
    let at = image
        .windows(40)
        .position(|w| w[0..2] == seal[0..2] && w[2] == b'S')
        .unwrap();
    image[at] = 0;
    let verdict = Frames::new(&mut FaultFlash::<Small>::from_image(&image, 0), 0..1536)
        .next()
        .unwrap()
        .verdict;
    assert_eq!(verdict, Verdict::Unsealed);
}
