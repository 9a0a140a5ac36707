//! Promise: whatever the stream, the pool is as balanced as its stream allows, and what it keeps of a class is
//! a fair sample of all of that class.

use kilograd::collect::{Pool, Tally};
use kilograd::number::random::Pcg;
use kilograd::persist::{Persist, Restore};
use support::chi_square;

const SLOTS: usize = 24;

/// Offers `stream` (the class of each window; a window holds its place in the stream) and returns what is kept.
fn keep(stream: &[u16], classes: usize, seed: u64) -> Vec<(i16, u16)> {
    let (mut samples, mut labels, mut tallies) = ([0; SLOTS], [0; SLOTS], vec![Tally::ZERO; classes]);
    let mut pool = Pool::new(&mut samples, &mut labels, &mut tallies, seed).expect("one value per slot");
    for (place, class) in stream.iter().enumerate() {
        pool.offer(&[place as i16], *class).expect("fits");
    }
    (0..pool.len())
        .filter_map(|slot| pool.get(slot))
        .map(|(window, class)| (window[0], class))
        .collect()
}

/// Pearson's statistic of how often each window of `class` was kept, over `seeds` runs.
fn check_fairness(name: &str, stream: &[u16], classes: usize, class: u16) {
    let members: Vec<usize> = (0..stream.len())
        .filter(|place| stream[*place] == class)
        .collect();
    let seen = members.len() as f64;
    let seeds = 4_000;
    let mut counts = vec![0; stream.len()];
    let (mut expected, mut variance) = (0.0, 0.0);
    for seed in 0..seeds {
        let kept = keep(stream, classes, seed);
        let mut stored = 0.0;
        for (place, _) in kept.iter().filter(|(_, other)| *other == class) {
            counts[*place as usize] += 1;
            stored += 1.0;
        }
        let share = stored / seen;
        expected += share;
        variance += share * (1.0 - share);
    }
    assert!(variance > 0.0, "{name}: the class is kept whole, nothing to test");
    let counts = members.iter().map(|place| counts[*place]);
    let without_replacement = expected / variance * (seen - 1.0) / seen;
    let statistic = chi_square::statistic(counts, expected) * without_replacement;
    let limit = chi_square::limit(members.len() - 1);
    assert!(
        statistic < limit,
        "{name}, class {class}: chi-square {statistic:.1}, limit {limit:.1}"
    );
}

/// Three classes, 80 : 15 : 5 in a hundred, mixed.
fn mixed(len: usize) -> Vec<u16> {
    let mut random = Pcg::new(8);
    let class = |drawn| if drawn < 80 { 0 } else { u16::from(drawn >= 95) + 1 };
    (0..len).map(|_| class(random.below(100))).collect()
}

/// One activity after the other, as people do them: the first fills the pool before the others come.
fn in_turn() -> Vec<u16> {
    [vec![0; 90], vec![1; 60], vec![2; 30], vec![0; 20]].concat()
}

#[test]
fn what_is_kept_of_a_class_is_a_uniform_sample() {
    check_fairness("one class", &[0; 100], 1, 0);
    for class in 0..3 {
        check_fairness("mixed", &mixed(300), 3, class);
        check_fairness("in turn", &in_turn(), 3, class);
    }
}

/// Classes that fit their share are whole; the others have equal counts, to one: the fair division.
#[test]
fn the_pool_is_as_balanced_as_the_stream_allows() {
    let scarce = [vec![0; 200], vec![1; 3], vec![0; 50], vec![2; 100], vec![3; 5]].concat();
    for (name, stream) in [
        ("mixed", mixed(2_000)),
        ("in turn", in_turn()),
        ("scarce", scarce),
    ] {
        let classes = 4;
        let seen = |class| stream.iter().filter(|other| **other == class).count();
        for seed in 0..50 {
            let kept = keep(&stream, classes, seed);
            assert_eq!(kept.len(), SLOTS);
            let stored: Vec<usize> = (0..4)
                .map(|class| kept.iter().filter(|(_, other)| *other == class).count())
                .collect();
            let largest = *stored.iter().max().expect("four classes");
            for class in 0..4 {
                let stored = stored[usize::from(class)];
                assert!(
                    stored == seen(class) || stored + 1 >= largest,
                    "{name}, seed {seed}: {kept:?}"
                );
            }
        }
    }
}

/// Cut after every offer, saved, restored into foreign memory: the pool goes on bit for bit.
#[test]
fn a_cut_run_keeps_what_an_uncut_one_keeps() {
    let stream = mixed(400);
    let whole = keep(&stream, 3, 5);
    for cut in (0..400).step_by(7) {
        let mut bytes;
        {
            let (mut samples, mut labels, mut tallies) = ([0; SLOTS], [0; SLOTS], [Tally::ZERO; 3]);
            let mut pool = Pool::new(&mut samples, &mut labels, &mut tallies, 5).expect("fits");
            for (place, class) in stream[..cut].iter().enumerate() {
                pool.offer(&[place as i16], *class).expect("fits");
            }
            bytes = vec![0; pool.size()];
            // In pieces that divide no number evenly, as a flash buffer may.
            for (i, piece) in bytes.chunks_mut(1 + cut % 11).enumerate() {
                pool.read(i * (1 + cut % 11), piece);
            }
        }
        let (mut samples, mut labels, mut tallies) =
            ([-1; SLOTS], [77; SLOTS], [Tally { seen: 9, stored: 9 }; 3]);
        let mut pool = Pool::new(&mut samples, &mut labels, &mut tallies, 6).expect("fits");
        for (i, piece) in bytes.chunks(1 + cut % 13).enumerate() {
            pool.write(i * (1 + cut % 13), piece).expect("a pool's state");
        }
        for (place, class) in stream.iter().enumerate().skip(cut) {
            pool.offer(&[place as i16], *class).expect("fits");
        }
        let kept = (0..pool.len()).filter_map(|slot| pool.get(slot));
        let kept: Vec<_> = kept.map(|(window, class)| (window[0], class)).collect();
        assert_eq!(kept, whole, "cut after {cut} offers");
        let seen: u32 = pool.tallies().iter().map(|tally| tally.seen).sum();
        assert_eq!(seen, 400);
    }
}
