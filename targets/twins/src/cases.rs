//! One call of each loop, the same for both sides.
//!
//! A case is the lengths of what the loop is given, and nothing says that they fit each other.

use crate::pair::Side;
use core::fmt::Debug;
use kilograd::kernel::{Loops, Moments};
use kilograd::number::Float;

/// One call.
pub trait Case: Debug {
    /// Elements used of each of a side's arrays.
    fn lengths(&self) -> [usize; 4];

    /// Makes the call. `figures` are the same for both sides; the result is what the loop returns.
    fn run<F: Loops>(&self, side: &mut Side<F>, figures: [F; 6]) -> F;
}

/// Cuts an array to what a case uses of it. An array that is too short would make an empty case.
fn cut<F>(array: &mut [F], length: usize) -> &mut [F] {
    &mut array[..length]
}

#[derive(Debug)]
pub struct Combine {
    pub y: usize,
    pub c: usize,
    pub step: usize,
    pub rows: usize,
}

impl Case for Combine {
    fn lengths(&self) -> [usize; 4] {
        [self.y, self.c, self.rows, 0]
    }

    fn run<F: Loops>(&self, side: &mut Side<F>, _: [F; 6]) -> F {
        let y = cut(&mut side.a, self.y);
        F::combine(
            y,
            cut(&mut side.b, self.c),
            self.step,
            cut(&mut side.c, self.rows),
        );
        F::ZERO
    }
}

#[derive(Debug)]
pub struct Project {
    pub dx: usize,
    pub w: usize,
    pub dy: usize,
}

impl Case for Project {
    fn lengths(&self) -> [usize; 4] {
        [self.dx, self.w, self.dy, 0]
    }

    fn run<F: Loops>(&self, side: &mut Side<F>, _: [F; 6]) -> F {
        let dx = cut(&mut side.a, self.dx);
        F::project(dx, cut(&mut side.b, self.w), cut(&mut side.c, self.dy));
        F::ZERO
    }
}

#[derive(Debug)]
pub struct Outer {
    pub rows: usize,
    pub x: usize,
    pub dy: usize,
    pub fresh: bool,
}

impl Case for Outer {
    fn lengths(&self) -> [usize; 4] {
        [self.rows, self.x, self.dy, 0]
    }

    fn run<F: Loops>(&self, side: &mut Side<F>, _: [F; 6]) -> F {
        let rows = cut(&mut side.a, self.rows);
        F::outer(
            rows,
            cut(&mut side.b, self.x),
            cut(&mut side.c, self.dy),
            self.fresh,
        );
        F::ZERO
    }
}

#[derive(Debug)]
pub struct SquareSum {
    pub g: usize,
}

impl Case for SquareSum {
    fn lengths(&self) -> [usize; 4] {
        [self.g, 0, 0, 0]
    }

    fn run<F: Loops>(&self, side: &mut Side<F>, _: [F; 6]) -> F {
        F::square_sum(cut(&mut side.a, self.g))
    }
}

#[derive(Debug)]
pub struct Descend {
    pub w: usize,
    pub g: usize,
}

impl Case for Descend {
    fn lengths(&self) -> [usize; 4] {
        [self.w, self.g, 0, 0]
    }

    fn run<F: Loops>(&self, side: &mut Side<F>, [rate, ..]: [F; 6]) -> F {
        F::descend(cut(&mut side.a, self.w), cut(&mut side.b, self.g), rate);
        F::ZERO
    }
}

#[derive(Debug)]
pub struct Momentum {
    pub w: usize,
    pub v: usize,
    pub g: usize,
}

impl Case for Momentum {
    fn lengths(&self) -> [usize; 4] {
        [self.w, self.v, self.g, 0]
    }

    fn run<F: Loops>(&self, side: &mut Side<F>, [rate, momentum, ..]: [F; 6]) -> F {
        let (w, v) = (cut(&mut side.a, self.w), cut(&mut side.b, self.v));
        F::momentum(w, v, cut(&mut side.c, self.g), rate, momentum);
        F::ZERO
    }
}

#[derive(Debug)]
pub struct Adam {
    pub w: usize,
    pub m: usize,
    pub v: usize,
    pub g: usize,
}

impl Case for Adam {
    fn lengths(&self) -> [usize; 4] {
        [self.w, self.m, self.v, self.g]
    }

    fn run<F: Loops>(&self, side: &mut Side<F>, figures: [F; 6]) -> F {
        let v = cut(&mut side.c, self.v);
        for v in &mut *v {
            *v = magnitude(*v);
        }
        let [size, correction, beta1_rest, beta2, beta2_rest, epsilon] = figures.map(magnitude);
        let step = Moments {
            size,
            correction,
            beta1_rest,
            beta2,
            beta2_rest,
            epsilon,
        };
        let (w, m) = (cut(&mut side.a, self.w), cut(&mut side.b, self.m));
        F::adam(w, m, v, cut(&mut side.d, self.g), &step);
        F::ZERO
    }
}

/// Negative second moments would give NaN and hide what else differs.
fn magnitude<F: Float>(x: F) -> F {
    if x < F::ZERO { -x } else { x }
}
