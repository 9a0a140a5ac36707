//! Promise: whatever bytes come back from flash, even under checksums that are right, the application
//! refuses them or works on: an error, never a panic.

use kilograd::collect::Frame;
use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::number::random::Pcg;
use kilograd::optim::Adam;
use kilograd::persist::{Malformed, Parts, Persist, Record, Restore};
use kilograd::train::{Event, State, Stop};
use support::watch::{End, PERIOD, Recorded, Watch, newest, world};

const WATCH: Watch<Adam> = Watch {
    optimizer: Adam {
        learning_rate: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.0,
    },
    training: || Training::new(Loss::CrossEntropy).batch(3),
    save_every: 4,
};

fn recording() -> Vec<(Frame<2>, Option<u16>)> {
    (0..400).map(|tick| world(tick * PERIOD)).collect()
}

/// A state, changed at some places: bytes, words, and runs.
fn spoil(state: &[u8], dice: &mut Pcg) -> Vec<u8> {
    let mut state = state.to_vec();
    for _ in 0..=dice.below(6) {
        let at = dice.below(state.len() as u32) as usize;
        let length = match dice.below(4) {
            0 => 1,
            1 => 4,
            2 => 8,
            _ => dice.below(200) as usize,
        };
        let kind = dice.below(4);
        let end = (at + length).min(state.len());
        for byte in &mut state[at..end] {
            *byte = match kind {
                0 => 0xff,
                1 => dice.below(6) as u8,
                2 => 0x7f,
                _ => dice.next_u32() as u8,
            };
        }
    }
    state
}

#[test]
fn an_application_boots_from_any_bytes_or_refuses_them() {
    let frames = recording();
    let boot = |flash: &mut _, polls| {
        let mut board = Recorded {
            frames: &frames,
            next: 0,
        };
        WATCH.live(flash, &mut board, polls, 0xa5, |_| {})
    };
    // The real state at several moments: while it collects, learns, saves.
    let moments = [700, 803, 909, 1100, 1500].map(|polls| {
        let mut flash = WATCH.flash(0);
        assert_eq!(boot(&mut flash, polls), End::Cut);
        newest(&mut flash)
    });
    let mut dice = Pcg::new(1);
    let (mut refused, mut ran) = (0, 0);
    for _ in 0..3000 {
        let moment = &moments[dice.below(5) as usize];
        let bytes = spoil(moment, &mut dice);
        let mut flash = WATCH.flash(0);
        WATCH.forge(&mut flash, &bytes);
        match boot(&mut flash, 300) {
            End::Refused(_) => refused += 1,
            End::Done | End::Cut | End::Failed(_) => ran += 1,
        }
    }
    println!("{refused} refused, {ran} ran");
    assert!(refused > 300 && ran > 300);
    // Unspoiled, the same bytes run: it is not the forging that is refused.
    for moment in moments {
        let mut flash = WATCH.flash(0);
        WATCH.forge(&mut flash, &moment);
        assert_eq!(boot(&mut flash, u64::MAX), End::Done);
    }
}

/// What a fit is doing, as its record encodes it.
#[derive(serde::Serialize)]
enum Phase {
    Training,
    Validating(u32),
    Stopping(Stop),
    Stopped(Stop),
}

/// Numbers at the ends of their range, where sums overflow.
fn extreme(dice: &mut Pcg) -> u64 {
    match dice.below(5) {
        0 => u64::MAX,
        1 => u64::MAX - 1,
        2 => dice.next_u64(),
        _ => dice.below(4).into(),
    }
}

/// Records of a run and of an application's course with extreme values, as bytes of a state.
fn extreme_records(dice: &mut Pcg) -> [u8; 144] {
    let stop = [Stop::Epochs, Stop::Patience, Stop::NoSamples, Stop::Label][dice.below(4) as usize];
    let phase = match dice.below(4) {
        0 => Phase::Training,
        1 => Phase::Validating(extreme(dice) as u32),
        2 => Phase::Stopping(stop),
        _ => Phase::Stopped(stop),
    };
    let mut long = || extreme(dice);
    let cursor = (long(), long() as u32, long() as u32);
    let sums = (
        long(),
        long(),
        long() as u32,
        long(),
        long() as u32,
        long() as u32,
    );
    let best = (long() % 3 > 0).then(&mut long);
    let plateau = (best.map(|best| best as u32), long() as u32, long() as u32);
    let run = Record::<_, 112>::new(2, (cursor, phase, sums, best, long() as u32, plateau));
    let label = (long() % 3 > 0).then(|| long() as u16);
    let until = (long() % 3 > 0).then(|| long() as u32);
    let course = Record::<_, 32>::new(1, (long(), label, until));
    let mut bytes = [0; 144];
    Parts(&[&run, &course]).read(0, &mut bytes);
    bytes
}

#[test]
fn an_application_goes_on_from_extreme_counts() {
    let frames = recording();
    let boot = |flash: &mut _, polls| {
        let mut board = Recorded {
            frames: &frames,
            next: 0,
        };
        WATCH.live(flash, &mut board, polls, 0xa5, |_| {})
    };
    let mut flash = WATCH.flash(0);
    boot(&mut flash, 1000);
    let mut state = newest(&mut flash);
    let mut dice = Pcg::new(4);
    for _ in 0..1000 {
        // They stand between the trainer and the scaler.
        state[WATCH.trainer_size()..][..144].copy_from_slice(&extreme_records(&mut dice));
        let mut flash = WATCH.flash(0);
        WATCH.forge(&mut flash, &state);
        let end = boot(&mut flash, 600);
        assert!(!matches!(end, End::Refused(_)), "{end:?}");
    }
}

#[test]
fn a_flash_of_noise_is_refused_by_the_application() {
    let frames = recording();
    let mut dice = Pcg::new(2);
    for _ in 0..300 {
        let image: Vec<u8> = (0..12 * 1024).map(|_| dice.next_u32() as u8).collect();
        let mut flash = support::watch::Flash::from_image(&image, 0);
        let mut board = Recorded {
            frames: &frames,
            next: 0,
        };
        let end = WATCH.live(&mut flash, &mut board, 10, 0, |_| {});
        assert!(matches!(end, End::Refused(_)), "{end:?}");
        assert_eq!(flash.image(), image, "what is refused is not touched");
    }
}

/// Decodes noise of every length as a `T`; how often it was one.
fn noise<T: serde::Serialize + serde::de::DeserializeOwned + Clone>(value: T, dice: &mut Pcg) -> u32 {
    let mut decoded = 0;
    for _ in 0..20_000 {
        let mut record = Record::<T, 40>::new(1, value.clone());
        let mut bytes = [0; 40];
        for byte in &mut bytes {
            *byte = dice.next_u32() as u8 & [0xff, 3][dice.below(2) as usize];
        }
        [bytes[0], bytes[1]] = (dice.below(50) as u16).to_le_bytes();
        decoded += match record.write(0, &bytes) {
            Ok(()) => 1,
            Err(Malformed) => 0,
        };
    }
    decoded
}

#[test]
fn a_record_of_noise_is_a_value_or_malformed() {
    let mut dice = Pcg::new(3);
    let found = [
        noise((0_u64, Some(1_u16), None::<u32>), &mut dice),
        noise(Event::Stopped(Stop::Epochs), &mut dice),
        noise([0_f32; 8], &mut dice),
        noise((true, 'k', 0_i64), &mut dice),
    ];
    println!("{found:?} of 20000 each decode");
    assert!(found.iter().all(|decoded| *decoded < 20_000));
    let mut states = 0;
    for _ in 0..20_000 {
        let mut state = State::beginning(0);
        let mut bytes = [0; 96];
        bytes[..40].fill_with(|| dice.below(5) as u8);
        [bytes[0], bytes[1]] = (dice.below(40) as u16).to_le_bytes();
        states += u32::from(state.write(0, &bytes).is_ok());
    }
    println!("{states} of 20000 states decode");
    assert!(states > 0);
}
