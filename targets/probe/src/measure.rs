//! One measurement: a forward pass and a training step, counted or traced.

use crate::{counter, print, stack};
use core::mem::MaybeUninit;

/// Runs averaged over, so that the counter's ticks are fine enough.
const RUNS: u32 = 20;
/// Turns of the loop of known length.
const TURNS: u32 = 1_000_000;

/// A network with its data, ready to run.
pub trait Workload {
    /// One forward pass, as for inference.
    fn forward(&mut self);
    /// One training step: forward, loss, backward, update.
    fn step(&mut self);
}

/// Counts a workload and prints the result; or, when the emulator's command line ends in `once`, runs one
/// forward pass and one step between marks that a trace can find.
pub fn measure(workload: &mut impl Workload) {
    if once() {
        workload.forward();
        workload.step();
        mark(1);
        workload.forward();
        mark(2);
        workload.step();
        mark(3);
        return;
    }
    counter::start();
    let ticks = counter::ticks(|| counter::known_loop(TURNS));
    print::line(c"known", &[2 * TURNS, ticks * counter::TICK]);
    stack::paint();
    // The first run of each is not counted: it may set things up.
    workload.forward();
    let ticks = counter::ticks(|| (0..RUNS).for_each(|_| workload.forward()));
    print::line(c"forward", &[ticks * counter::TICK / RUNS]);
    workload.step();
    let ticks = counter::ticks(|| (0..RUNS).for_each(|_| workload.step()));
    print::line(c"step", &[ticks * counter::TICK / RUNS]);
    print::line(c"stack", &[stack::used()]);
}

/// A place that a trace of executed instructions can find by its symbol.
#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn mark(which: u32) {
    core::hint::black_box(which);
}

fn once() -> bool {
    let mut line = [MaybeUninit::uninit(); 256];
    semihosting::sys::arm_compat::sys_get_cmdline_uninit(&mut line).is_ok_and(|line| {
        let line = line.strip_suffix(b"\0").unwrap_or(line);
        line.ends_with(b"once")
    })
}
