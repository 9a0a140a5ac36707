use super::*;
use crate::persist::{Malformed, Persist, Restore};
extern crate std;
use std::vec::Vec;

#[test]
fn a_pool_with_room_keeps_everything_in_order() {
    let (mut samples, mut labels, mut tallies) = ([0; 6], [0; 3], [Tally::ZERO; 2]);
    let mut pool = Pool::new(&mut samples, &mut labels, &mut tallies, 1).unwrap();
    assert_eq!((pool.width(), pool.capacity(), pool.len()), (2, 3, 0));
    assert_eq!(pool.offer(&[1, 2], 1), Ok(Outcome::Stored { slot: 0 }));
    assert_eq!(pool.offer(&[3, 4], 0), Ok(Outcome::Stored { slot: 1 }));
    assert_eq!(pool.get(0), Some((&[1, 2][..], 1)));
    assert_eq!(pool.get(1), Some((&[3, 4][..], 0)));
    assert_eq!(pool.get(2), None);
}

#[test]
fn what_does_not_fit_is_refused_and_not_counted() {
    let (mut samples, mut labels, mut tallies) = ([0; 6], [0; 3], [Tally::ZERO; 2]);
    let mut pool = Pool::new(&mut samples, &mut labels, &mut tallies, 1).unwrap();
    let width = OfferError::Width {
        expected: 2,
        found: 1,
    };
    assert_eq!(pool.offer(&[1], 0), Err(width));
    let class = |found| OfferError::Class { classes: 2, found };
    assert_eq!(pool.offer(&[1, 2], 2), Err(class(2)));
    assert_eq!(pool.offer(&[1, 2], 256), Err(class(256)));
    assert_eq!(pool.tallies(), [Tally::ZERO; 2]);
    let slots = |values, labels| Some(PoolError::Slots { values, labels });
    let tallies = &mut [Tally::ZERO; 1];
    assert_eq!(Pool::new(&mut [0; 5], &mut [0; 2], tallies, 1).err(), slots(5, 2));
    assert_eq!(Pool::new(&mut [0; 5], &mut [], tallies, 1).err(), slots(5, 0));
    assert_eq!(Pool::new(&mut [], &mut [0; 2], tallies, 1).err(), slots(0, 2));
    let classes = PoolError::Classes { found: 0 };
    assert_eq!(
        Pool::new(&mut [0; 4], &mut [0; 2], &mut [], 1).err(),
        Some(classes)
    );
}

/// Counts agree with the labels after any sequence of offers, and a rare class is kept whole.
#[test]
fn tallies_agree_with_the_slots() {
    let (mut samples, mut labels, mut tallies) = ([0; 20], [0; 20], [Tally::ZERO; 4]);
    let mut pool = Pool::new(&mut samples, &mut labels, &mut tallies, 9).unwrap();
    let mut random = Pcg::new(4);
    for i in 0..2_000 {
        let class = if i % 500 == 499 { 3 } else { random.below(3) as u16 };
        pool.offer(&[i], class).unwrap();
        let mut counted = [0; 4];
        for slot in 0..pool.len() {
            counted[usize::from(pool.get(slot).unwrap().1)] += 1;
        }
        let stored: Vec<u32> = pool.tallies().iter().map(|tally| tally.stored).collect();
        assert_eq!(stored, counted);
    }
    assert_eq!(pool.tallies()[3], Tally { seen: 4, stored: 4 });
    let rest = pool.tallies()[..3].iter().map(|tally| tally.stored);
    assert!(
        rest.clone().all(|stored| (5..=6).contains(&stored)),
        "{:?}",
        rest.collect::<Vec<_>>()
    );
}

#[test]
fn a_state_that_no_pool_can_have_is_malformed_and_leaves_it_empty() {
    let (mut samples, mut labels, mut tallies) = ([0; 4], [0; 4], [Tally::ZERO; 2]);
    let mut pool = Pool::new(&mut samples, &mut labels, &mut tallies, 1).unwrap();
    for i in 0..4 {
        pool.offer(&[i], i as u16 % 2).unwrap();
    }
    let mut bytes = std::vec![0; pool.size()];
    pool.read(0, &mut bytes);
    assert_eq!(pool.write(0, &bytes), Ok(()));
    // Fill, a label, a seen counter: each out of range.
    for (at, value) in [(16, 5), (29, 2), (20, 1)] {
        let mut broken = bytes.clone();
        broken[at] = value;
        assert_eq!(pool.write(0, &broken), Err(Malformed), "byte {at}");
        assert!(pool.is_empty());
    }
}
