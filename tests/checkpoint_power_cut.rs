//! Promise: nothing acknowledged is ever lost, wherever the power is cut.

use kilograd_sim::flash::{Cell, Part, Rules, Torn};
use support::lab::Device;

/// Devices at interesting points of their lives: blank, one save old, and with a few boots and appended frames behind them.
fn histories<P: Part, const CHUNK: usize>(size: usize, segments: usize) -> Vec<Device<P, CHUNK>> {
    let blank = Device::<P, CHUNK>::new(size, segments, 7);
    let mut young = blank.clone();
    young.boot(1);
    let mut old = young.clone();
    for saves in [2, 0, 1, 1, 3] {
        old.boot(saves);
    }
    vec![blank, young, old]
}

/// One cut at every flash operation of a boot with two saves, under every model.
fn cut_once<P: Part, const CHUNK: usize>(size: usize, segments: usize) -> u64 {
    let mut sequences = 0;
    for device in histories::<P, CHUNK>(size, segments) {
        for (which, torn) in Torn::ALL.into_iter().enumerate() {
            for operations in 0.. {
                let mut device = device.clone();
                device.flash.reseed(operations * 5 + which as u64);
                if !device.cut_boot(operations, torn, 2) {
                    break;
                }
                device.settle();
                sequences += 1;
            }
        }
    }
    sequences
}

#[test]
fn one_cut_at_every_operation_on_every_part() {
    let mut sequences = 0;
    macro_rules! part {
        ($part:ty) => {{
            for size in [8, 150, 500] {
                let done = cut_once::<$part, 128>(size, 2 + size % 3);
                println!("{} of {size} bytes: {done} sequences", <$part>::NAME);
                sequences += done;
            }
        }};
    }
    kilograd_sim::for_each_part!(part);
    println!("{sequences} sequences");
    assert!(sequences > 10_000);
}

/// A second cut at every operation of the boot after the first one.
fn cut_twice<P: Part, const CHUNK: usize>(size: usize, segments: usize) -> u64 {
    let mut sequences = 0;
    let device = histories::<P, CHUNK>(size, segments).pop().unwrap();
    for (which, torn) in Torn::ALL.into_iter().enumerate() {
        for first in 0.. {
            let mut device = device.clone();
            device.flash.reseed(first * 5 + which as u64);
            if !device.cut_boot(first, torn, 1) {
                break;
            }
            for second in 0.. {
                let mut device = device.clone();
                if !device.cut_boot(second, torn, 1) {
                    break;
                }
                device.settle();
                sequences += 1;
            }
        }
    }
    sequences
}

#[test]
fn two_cuts_the_second_in_the_recovery_from_the_first() {
    let sequences = cut_twice::<Cell<1, 256>, 64>(8, 2)
        + cut_twice::<Cell<4, 256>, 64>(8, 2)
        + cut_twice::<Cell<8, 256>, 64>(8, 3)
        + cut_twice::<Cell<16, 256>, 64>(8, 2)
        + cut_twice::<Cell<32, 512>, 64>(8, 3);
    println!("{sequences} sequences");
    assert!(sequences > 50_000);
}

/// Boots with cuts at random places between clean ones, for the whole life of a device.
fn live<P: Part, const CHUNK: usize>(boots: u32, seed: u64) {
    let mut dice = seed;
    let mut below = |end: u64| {
        dice = dice
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (dice >> 33) % end
    };
    let size = 8 + below(300) as usize;
    let segments = 2 + below(3) as usize;
    let mut device = Device::<P, CHUNK>::new(size, segments, seed);
    if seed % 2 == 1 {
        // Cells that take a second write without a word: then only the promises tell.
        device.flash = device.flash.with_rules(Rules::Lax);
    }
    for _ in 0..boots {
        let saves = below(4) as usize;
        if below(4) == 0 {
            device.flash.power_on();
            device.boot(saves);
        } else {
            let torn = Torn::ALL[below(5) as usize];
            // Often early, where a cut meets the load and the first erase.
            let reach = 1 << below(11);
            device.cut_boot(below(reach), torn, saves);
        }
    }
    device.settle();
}

#[test]
fn random_lives_with_cuts() {
    for seed in 0..200 {
        live::<Cell<1, 256>, 64>(100, seed);
        live::<Cell<4, 512>, 128>(100, seed + 100);
        live::<Cell<8, 256>, 64>(100, seed + 200);
        live::<Cell<16, 512>, 64>(100, seed + 300);
        live::<Cell<32, 1024>, 96>(100, seed + 400);
        live::<Cell<512, 2048>, 512>(100, seed + 500);
    }
}

#[test]
fn a_thousand_cuts_in_a_row() {
    let mut device = Device::<Cell<4, 256>, 64>::new(20, 2, 1);
    device.boot(2);
    for cut in 0..1000 {
        device.cut_boot(cut % 60, Torn::ALL[cut as usize % 5], 1);
    }
    device.settle();
}
