//! How exact the elementary functions of `f32` are, and what they take on this machine.
//!
//! `cargo bench --bench functions` shows libm's, which are the default;
//! `cargo bench --bench functions --features micromath` shows micromath's approximations beside them.
//! Errors are the largest over the range, against libm in double precision.

use kilograd::math::{Curve, Elu, Functions, Gelu, Shaped, Sigmoid, Silu, Tanh, Unary, exact};
use std::hint::black_box;
use std::time::Instant;

/// Points of each range.
const POINTS: u32 = 1_000_000;

/// A function, where it is measured, and what it is.
struct Function {
    name: &'static str,
    range: (f64, f64),
    exact: fn(f64) -> f64,
    libm: fn(f32) -> f32,
    #[cfg(feature = "micromath")]
    micromath: fn(f32) -> f32,
}

macro_rules! elementary {
    ($name:ident, $range:expr, $exact:expr) => {
        Function {
            name: stringify!($name),
            range: $range,
            exact: $exact,
            libm: exact::$name,
            #[cfg(feature = "micromath")]
            micromath: kilograd::math::approximate::$name,
        }
    };
}

/// What a layer computes goes by the build: libm's functions, or, with the feature, micromath's.
macro_rules! layer {
    ($name:literal, $range:expr, $value:expr) => {
        ($name, $range, |x: f64| $value(x), |x: f32| $value(x))
    };
}

type Layer = (&'static str, (f64, f64), fn(f64) -> f64, fn(f32) -> f32);

fn points((from, to): (f64, f64)) -> impl Iterator<Item = f32> {
    (0..=POINTS).map(move |i| (from + (to - from) * f64::from(i) / f64::from(POINTS)) as f32)
}

/// The largest absolute error, and the largest relative one where the value is above 10⁻⁶.
fn errors(range: (f64, f64), f: fn(f32) -> f32, exact: fn(f64) -> f64) -> (f64, f64) {
    points(range).fold((0.0, 0.0), |(absolute, relative): (f64, f64), x| {
        let value = exact(x.into());
        let error = (f64::from(f(x)) - value).abs();
        let share = if value.abs() > 1e-6 {
            error / value.abs()
        } else {
            0.0
        };
        (absolute.max(error), relative.max(share))
    })
}

/// Nanoseconds per call, each call waiting for the one before.
fn nanoseconds(range: (f64, f64), f: fn(f32) -> f32) -> f64 {
    let xs: Vec<f32> = points(range).collect();
    let start = Instant::now();
    let mut sum = 0.0;
    for x in &xs {
        sum += black_box(f)(*x);
    }
    black_box(sum);
    start.elapsed().as_secs_f64() * 1e9 / xs.len() as f64
}

fn row(name: &str, source: &str, range: (f64, f64), f: fn(f32) -> f32, exact: fn(f64) -> f64) {
    let (absolute, relative) = errors(range, f, exact);
    let (from, to) = range;
    println!(
        "| {name} | {from} … {to} | {source} | {absolute:.1e} | {relative:.1e} | {:.1} |",
        nanoseconds(range, f)
    );
}

fn main() {
    println!("| function | range | source | largest error | relative | ns |");
    println!("|---|---|---|--:|--:|--:|");
    let functions = [
        elementary!(exp, (-80.0, 10.0), libm_f64::exp),
        elementary!(exp_m1, (-10.0, 10.0), libm_f64::exp_m1),
        elementary!(ln, (1e-6, 1e4), libm_f64::ln),
        elementary!(tanh, (-10.0, 10.0), libm_f64::tanh),
        elementary!(erf, (-4.0, 4.0), libm_f64::erf),
    ];
    for function in functions {
        row(
            function.name,
            "libm",
            function.range,
            function.libm,
            function.exact,
        );
        #[cfg(feature = "micromath")]
        row(
            function.name,
            "micromath",
            function.range,
            function.micromath,
            function.exact,
        );
    }
    let source = if cfg!(feature = "micromath") {
        "micromath"
    } else {
        "libm"
    };
    let layers: [Layer; 5] = [
        layer!("sigmoid", (-20.0, 20.0), Sigmoid::value),
        layer!("tanh (layer)", (-10.0, 10.0), Tanh::value),
        (
            "elu",
            (-10.0, 2.0),
            |x| Elu::value(1.0, x),
            |x| Elu::value(1.0, x),
        ),
        layer!("gelu", (-4.0, 4.0), Gelu::value),
        layer!("silu", (-10.0, 10.0), Silu::value),
    ];
    for (name, range, exact, single) in layers {
        row(name, source, range, single, exact);
    }
}

/// The functions in double precision, which are libm's in every build.
mod libm_f64 {
    use super::Functions;

    pub fn exp(x: f64) -> f64 {
        Functions::exp(x)
    }

    pub fn exp_m1(x: f64) -> f64 {
        Functions::exp_m1(x)
    }

    pub fn ln(x: f64) -> f64 {
        Functions::ln(x)
    }

    pub fn tanh(x: f64) -> f64 {
        Functions::tanh(x)
    }

    pub fn erf(x: f64) -> f64 {
        Functions::erf(x)
    }
}
