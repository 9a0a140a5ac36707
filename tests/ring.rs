//! Promise: between an interrupt and the main loop no frame is lost silently, torn or out of order.

use kilograd::collect::{Drain, Frame, Ring};
use std::hint::spin_loop;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::thread;

/// A frame whose every channel tells its number, so that a torn one shows.
fn frame(number: u64) -> Frame<6> {
    Frame {
        at: number,
        values: core::array::from_fn(|channel| (number as i16).wrapping_mul(channel as i16 + 1)),
    }
}

/// What a consumer saw.
#[derive(Default)]
struct Seen {
    frames: u64,
    lost: u64,
}

/// Takes the frames that are there, at most `most`; each must be whole, and the gap before it as long as it says.
fn drain_some(drain: &mut Drain<'_, 6>, most: usize, next: &mut u64, seen: &mut Seen) {
    for _ in 0..most {
        let Some(found) = drain.pop() else { return };
        assert_eq!(found, frame(found.at));
        let gap = found.at - *next;
        assert_eq!(
            u64::from(drain.lost()),
            gap.min(65_535),
            "the gap before frame {}",
            found.at
        );
        *next = found.at + 1;
        seen.frames += 1;
        seen.lost += gap;
    }
}

/// The producer never waits for room. The consumer takes 20,000 frames, and after each 1,000 stands still until some
/// were lost, so both sides of the race are run on any machine.
#[test]
fn a_storm_of_two_threads_is_counted_to_the_frame() {
    let mut ring = Ring::<6, 256>::new();
    let (mut feeder, mut drain) = ring.split();
    let mut seen = Seen::default();
    let mut next = 0;
    let enough = AtomicBool::new(false);
    let (pushed, refused) = thread::scope(|scope| {
        let enough = &enough;
        let producer = scope.spawn(move || {
            let (mut pushed, mut refused) = (0, 0);
            while !enough.load(Relaxed) {
                refused += u64::from(!feeder.push(frame(pushed)));
                pushed += 1;
                (0..10).for_each(|_| spin_loop());
            }
            (pushed, refused)
        });
        for round in 1..=20 {
            let before = drain.overruns();
            while drain.overruns() == before {
                thread::yield_now();
            }
            while seen.frames < round * 1_000 {
                drain_some(&mut drain, 1_000, &mut next, &mut seen);
                if drain.is_empty() {
                    thread::yield_now();
                }
            }
        }
        enough.store(true, Relaxed);
        producer.join().expect("the producer does not panic")
    });
    drain_some(&mut drain, usize::MAX, &mut next, &mut seen);
    assert_eq!(u64::from(drain.overruns()), refused);
    assert_eq!(seen.frames + refused, pushed);
    // What was lost at the very end has no frame behind it to tell.
    assert_eq!(seen.lost + (pushed - next), refused);
    println!("{} frames arrived, {refused} were counted as lost", seen.frames);
}

/// A ring that is too small by a known number loses exactly that number.
#[test]
fn the_count_is_exact_when_the_ring_is_too_small() {
    for burst in [5_u64, 7, 8, 30] {
        let mut ring = Ring::<6, 8>::new();
        let (mut feeder, mut drain) = ring.split();
        let (mut next, mut seen) = (0, Seen::default());
        for round in 0..1_000 {
            for number in 0..burst {
                feeder.push(frame(round * burst + number));
            }
            drain_some(&mut drain, usize::MAX, &mut next, &mut seen);
        }
        let lost = 1_000 * burst.saturating_sub(7);
        assert_eq!(u64::from(drain.overruns()), lost);
        assert_eq!(seen.frames, 1_000 * burst - lost);
    }
}

/// A producer that waits for room loses nothing, at any interleaving.
#[test]
fn a_ring_that_is_large_enough_loses_nothing() {
    const FRAMES: u64 = 50_000;
    let mut ring = Ring::<6, 64>::new();
    let (mut feeder, mut drain) = ring.split();
    let taken = AtomicU64::new(0);
    thread::scope(|scope| {
        let taken = &taken;
        scope.spawn(move || {
            for number in 0..FRAMES {
                while number - taken.load(Acquire) >= 63 {
                    thread::yield_now();
                }
                assert!(feeder.push(frame(number)));
            }
        });
        let (mut next, mut seen) = (0, Seen::default());
        while seen.frames < FRAMES {
            drain_some(&mut drain, usize::MAX, &mut next, &mut seen);
            taken.store(seen.frames, Release);
        }
    });
    assert_eq!(drain.overruns(), 0);
}
