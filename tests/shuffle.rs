//! Promise: a shuffle visits every sample exactly once, and every order is as likely as any other, without
//! a table of indices.

use kilograd::load::{Loader, Permutation, Split, Table};
use std::collections::HashMap;
use support::chi_square;

#[test]
fn every_permutation_is_a_bijection() {
    let small = (0..=300).chain([1_000, 4_095, 4_096, 4_097, 65_537]);
    for len in small.chain([1_000_003]) {
        for key in [0, 1, u64::MAX] {
            let order = Permutation::new(len, key);
            let mut seen = vec![false; len as usize];
            for index in 0..len {
                let at = order.at(index) as usize;
                assert!(!seen[at], "{at} comes twice in {len}, key {key}");
                seen[at] = true;
            }
        }
    }
}

/// Each element lands on each place equally often, over neighbouring keys.
#[test]
fn every_place_is_equally_likely() {
    for len in [2_u32, 3, 4, 5, 8, 16, 17, 60, 64, 65] {
        let side = len as usize;
        let keys = 20_000;
        let mut counts = vec![0; side * side];
        for key in 0..keys {
            let order = Permutation::new(len, key);
            for place in 0..len {
                counts[place as usize * side + order.at(place) as usize] += 1;
            }
        }
        let statistic = chi_square::statistic(counts, keys as f64 / f64::from(len));
        let limit = chi_square::limit((side - 1) * (side - 1));
        assert!(
            statistic < limit,
            "{len}: chi-square {statistic:.1}, limit {limit:.1}"
        );
    }
}

/// All orders of small sets come equally often.
#[test]
fn every_order_is_equally_likely() {
    for (len, orders) in [(2_u32, 2_usize), (3, 6), (4, 24), (5, 120), (6, 720)] {
        let keys = 400 * orders as u64;
        let mut counts = HashMap::<Vec<u32>, u32>::new();
        for key in 0..keys {
            let order = Permutation::new(len, key);
            *counts.entry((0..len).map(|i| order.at(i)).collect()).or_default() += 1;
        }
        assert_eq!(counts.len(), orders);
        let statistic = chi_square::statistic(counts.into_values(), 400.0);
        let limit = chi_square::limit(orders - 1);
        assert!(
            statistic < limit,
            "{len}: chi-square {statistic:.1}, limit {limit:.1}"
        );
    }
}

/// What follows a sample says nothing about it: in a batch, neighbours are strangers.
#[test]
fn neighbours_are_unrelated() {
    for len in [30_u32, 64, 101] {
        let keys = 5_000_u64;
        let mut counts = vec![0; len as usize - 1];
        for key in 0..keys {
            let order = Permutation::new(len, key);
            for place in 1..len {
                let step = (order.at(place) + len - order.at(place - 1)) % len;
                counts[step as usize - 1] += 1;
            }
        }
        // All steps but 0 are equally likely.
        let statistic = chi_square::statistic(counts, keys as f64);
        let limit = chi_square::limit(len as usize - 2);
        assert!(
            statistic < limit,
            "{len}: chi-square {statistic:.1}, limit {limit:.1}"
        );
    }
}

/// The orders of one loader's epochs: each sample comes first equally often, and an epoch leaves on average
/// one sample where the epoch before had it, as independent shuffles do.
#[test]
fn epochs_are_shuffled_independently() {
    let values: Vec<f32> = (0..20).map(|i| i as f32).collect();
    let table = Table::unlabelled(&values, 1, ()).expect("twenty samples of one value");
    let mut loader = Loader::new(&table, Split::all(20), 9).expect("equal lengths");
    let mut firsts = vec![0; 20];
    let (mut before, mut kept) = (Vec::new(), 0);
    let epochs = 10_000;
    for _ in 0..epochs {
        let mut x = [0.0];
        let mut order = Vec::new();
        while loader.next(&mut x).is_some() {
            order.push(x[0] as usize);
        }
        firsts[order[0]] += 1;
        kept += order
            .iter()
            .zip(&before)
            .filter(|(now, then)| now == then)
            .count();
        before = order;
        loader.next_epoch();
    }
    let statistic = chi_square::statistic(firsts, f64::from(epochs) / 20.0);
    let limit = chi_square::limit(19);
    assert!(statistic < limit, "chi-square {statistic:.1}, limit {limit:.1}");
    // Fixed points of a random permutation: mean 1, variance 1.
    let mean = kept as f64 / f64::from(epochs);
    assert!((mean - 1.0).abs() < 0.04, "{mean} samples keep their place");
}
