//! The loops that a Cortex-M4F runs in assembly, against the plain ones: the same bits.
//!
//! Both versions are in this one program and get the same numbers: blocks and their tails, slices that do
//! not fit each other, strides, zeros of both signs, subnormals, infinities, NaN. What lies behind a slice is
//! compared too. For each loop it prints its cases and how many differ; the first of those goes to the error
//! output. Any difference is a failure.
#![no_std]
#![no_main]

mod cases;
mod integers;
mod pair;
mod plain;

use cases::{Adam, Case, Combine, Descend, Momentum, Outer, Project, SquareSum};
use common::chip::{self, Console};
use core::fmt::{self, Write};
use cortex_m as _;
use integers::Integers;
use kilograd::math::Functions;
use kilograd::number::random::Pcg;
use pair::{Kind, Pair, same};
use plain::Plain;
use static_cell::ConstStaticCell;

static INTEGERS: ConstStaticCell<Integers> = ConstStaticCell::new(Integers::ZERO);
static PAIR: ConstStaticCell<Pair> = ConstStaticCell::new(Pair::ZERO);

/// Longest slices: two blocks of sixteen, and every tail.
const LONGEST: usize = 40;

/// One loop under test.
struct Check<'a> {
    pair: &'a mut Pair,
    random: Pcg,
    console: Console,
    cases: u32,
    differ: u32,
    /// Of all loops.
    faults: u32,
}

impl Check<'_> {
    /// Runs a case on both sides.
    fn case(&mut self, case: impl Case) {
        for kind in Kind::ALL {
            let lengths = case.lengths();
            self.pair.fill(kind, &mut self.random, lengths);
            let figures: [f32; 6] = core::array::from_fn(|_| kind.draw(&mut self.random));
            let own = case.run(&mut self.pair.own, figures);
            let plain = case.run(&mut self.pair.plain, figures.map(Plain));
            self.count(same(own, plain) && self.pair.same(lengths), || (&case, kind));
        }
    }

    fn count<T: fmt::Debug>(&mut self, alike: bool, what: impl Fn() -> T) {
        self.cases += 1;
        if !alike {
            if self.differ == 0 {
                semihosting::eprintln!("differs: {:?}", what());
            }
            self.differ += 1;
        }
    }

    /// Says how a loop did, and begins the next one.
    fn end(&mut self, name: &str) -> fmt::Result {
        writeln!(
            self.console,
            "{name}: {} cases, {} differ",
            self.cases, self.differ
        )?;
        self.faults += self.differ;
        (self.cases, self.differ) = (0, 0);
        Ok(())
    }
}

/// `length`, a little less, and a little more.
fn about(length: usize) -> [usize; 3] {
    [length, length.saturating_sub(1), length + 3]
}

fn sums(check: &mut Check<'_>) -> fmt::Result {
    for y in 0..=LONGEST {
        for taps in [0, 1, 2, 3, 5, 8, 13] {
            for step in [0, 1, 2, 6] {
                let c = match taps {
                    0 => 0,
                    taps => (taps - 1) * step.max(1) + 1,
                };
                for rows in about(y * taps) {
                    check.case(Combine { y, c, step, rows });
                }
                let rows = y * taps;
                check.case(Combine {
                    y,
                    c: c + 3,
                    step,
                    rows,
                });
            }
        }
    }
    check.end("combine")?;
    for dy in 0..=LONGEST {
        for inputs in 0..=9 {
            for w in about(dy * inputs) {
                check.case(Project { dx: inputs, w, dy });
            }
            let (dx, w) = (inputs + 1, dy * inputs);
            check.case(Project { dx, w, dy });
        }
    }
    check.end("project")
}

fn products(check: &mut Check<'_>) -> fmt::Result {
    for dy in 0..=LONGEST {
        for inputs in [0, 1, 2, 3, 5, 8, 13] {
            for fresh in [false, true] {
                let rows = dy * inputs;
                for x in about(inputs) {
                    check.case(Outer { rows, x, dy, fresh });
                }
                for rows in [rows.saturating_sub(1), rows + 3] {
                    check.case(Outer {
                        rows,
                        x: inputs,
                        dy,
                        fresh,
                    });
                }
            }
        }
    }
    check.end("outer")?;
    for g in 0..=3 * LONGEST {
        // A single figure comes back, so a wrong lane shows in few of the draws.
        for _ in 0..16 {
            check.case(SquareSum { g });
        }
    }
    check.end("square_sum")
}

fn updates(check: &mut Check<'_>) -> fmt::Result {
    for w in 0..=LONGEST {
        for g in about(w) {
            check.case(Descend { w, g });
        }
    }
    check.end("descend")?;
    for w in 0..=LONGEST {
        for v in about(w) {
            for g in about(w) {
                check.case(Momentum { w, v, g });
            }
        }
    }
    check.end("momentum")?;
    for w in 0..=LONGEST {
        for m in about(w) {
            for v in about(w) {
                for g in about(w) {
                    check.case(Adam { w, m, v, g });
                }
            }
        }
    }
    check.end("adam")
}

/// The square root, of each exponent and of what is no ordinary number, against libm's.
fn roots(check: &mut Check<'_>) -> fmt::Result {
    /// An exponent's bits, and those below.
    const EXPONENTS: u32 = 1 << 8;
    const LAST: u32 = (1 << 23) - 1;
    for exponent in 0..EXPONENTS {
        for sign in [0, 1 << 31] {
            let start = sign | exponent << 23;
            for at in 0..4 {
                root(check, start | at);
                root(check, start | (LAST - at));
            }
            for _ in 0..16 {
                let mantissa = check.random.next_u32() & LAST;
                root(check, start | mantissa);
            }
        }
    }
    check.end("sqrt")
}

fn root(check: &mut Check<'_>, bits: u32) {
    let x = f32::from_bits(bits);
    let (own, plain) = (f32::sqrt(x), Plain::sqrt(Plain(x)));
    check.count(same(own, plain), || ("sqrt", x));
}

/// Layers in integers, against their definition.
fn layers(check: &mut Check<'_>) -> fmt::Result {
    let room = INTEGERS.take();
    for (inputs, outputs, shift) in integers::shapes() {
        let right = room.case(&mut check.random, inputs, outputs, shift);
        check.count(right, || ("integers", inputs, outputs, shift));
    }
    check.end("integers")
}

fn run(check: &mut Check<'_>) -> fmt::Result {
    sums(check)?;
    products(check)?;
    updates(check)?;
    roots(check)?;
    layers(check)
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut check = Check {
        pair: PAIR.take(),
        random: Pcg::new(9),
        console: Console::open(),
        cases: 0,
        differ: 0,
        faults: 0,
    };
    let ran = run(&mut check).map_err(|_| "the output is closed");
    chip::exit(ran.and(match check.faults {
        0 => Ok(()),
        _ => Err("the loops of this chip are not the plain ones"),
    }))
}
