//! Candidate orders of summation and layouts of weights, in instructions: the chip's side of
//! `cargo bench --bench order`.
#![no_std]
#![no_main]

#[path = "../../../../benches/order/forms.rs"]
mod forms;

use core::hint::black_box;
use forms::{FORMS, SHAPES};
use probe::{counter, exit, print};

/// As many calls as there are instructions in a tick, so a difference of ticks is the instructions of a call.
const CALLS: u32 = counter::TICK;
/// Longest vector, and largest matrix.
const VECTOR: usize = 64;
const MATRIX: usize = VECTOR * 32;

#[cortex_m_rt::entry]
fn main() -> ! {
    let (w, b, x) = ([0.5_f32; MATRIX], [0.25_f32; VECTOR], [0.125_f32; VECTOR]);
    let mut y = [0.0_f32; VECTOR];
    counter::start();
    for &(inputs, outputs) in SHAPES {
        let fit = (
            w.get(..inputs * outputs),
            b.get(..outputs),
            x.get(..inputs),
            y.get_mut(..outputs),
        );
        let (Some(w), Some(b), Some(x), Some(y)) = fit else {
            exit(false)
        };
        // What every form must give: these sums are exact in any order.
        let expected = 0.25 + 0.0625 * inputs as f32;
        for (name, form) in FORMS {
            let calls = || (0..CALLS).for_each(|_| form(black_box(w), black_box(b), black_box(x), y));
            let instructions = counter::ticks(calls);
            if y.iter().any(|y| *y != expected) {
                exit(false)
            }
            print::line(name, &[inputs as u32, outputs as u32, instructions]);
            y.fill(0.0);
        }
    }
    exit(true)
}
