//! The elementary functions and the layers' functions of one variable, in instructions: the chip's side of
//! `cargo bench --bench functions`.
#![no_std]
#![no_main]

use core::ffi::CStr;
use core::hint::black_box;
#[cfg(feature = "micromath")]
use kilograd::math::approximate as source;
#[cfg(not(feature = "micromath"))]
use kilograd::math::exact as source;
use kilograd::math::{Curve, Elu, Gelu, Shaped, Sigmoid, Silu, Tanh, Unary};
use probe::{counter, exit, print};

/// Points of each range. As many calls as instructions in a tick for each, so that a tick is an instruction of a point.
const POINTS: u32 = 25 * counter::TICK;

type Function = (&'static CStr, (f32, f32), fn(f32) -> f32);

/// Over the ranges of the table of errors.
const FUNCTIONS: [Function; 10] = [
    (c"exp", (-80.0, 10.0), source::exp),
    (c"exp_m1", (-10.0, 10.0), source::exp_m1),
    (c"ln", (1e-6, 1e4), source::ln),
    (c"tanh", (-10.0, 10.0), source::tanh),
    (c"erf", (-4.0, 4.0), source::erf),
    (c"sigmoid_layer", (-20.0, 20.0), |x| Sigmoid::value(x)),
    (c"tanh_layer", (-10.0, 10.0), |x| Tanh::value(x)),
    (c"elu_layer", (-10.0, 2.0), |x| Elu::value(1.0, x)),
    (c"gelu_layer", (-4.0, 4.0), |x| Gelu::value(x)),
    (c"silu_layer", (-10.0, 10.0), |x| Silu::value(x)),
];

/// Instructions of all calls over a range.
fn count((from, to): (f32, f32), f: fn(f32) -> f32) -> u32 {
    let f = black_box(f);
    let step = (to - from) / POINTS as f32;
    let ticks = counter::ticks(|| {
        let mut x = from;
        for _ in 0..POINTS {
            black_box(f(black_box(x)));
            x += step;
        }
    });
    ticks * counter::TICK
}

#[cortex_m_rt::entry]
fn main() -> ! {
    counter::start();
    // The loop itself, and the call.
    let empty = count((0.0, 1.0), |x| x);
    for (name, range, f) in FUNCTIONS {
        print::line(name, &[count(range, f).saturating_sub(empty) / POINTS]);
    }
    exit(true)
}
