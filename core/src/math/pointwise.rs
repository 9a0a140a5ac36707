//! Functions that layers apply to each element.
//!
//! What a function needs for its gradient decides its trait: its output alone ([`Unary`], [`Shaped`]), so
//! that nothing is kept beside it, or its slope ([`Curve`]).

use super::Functions;
use super::fixed::{scaled, shift};

/// A function of one variable, applied to each element, whose slope follows from its own output.
///
/// So the backward pass needs `y` alone, and `y` may lie where `x` was.
pub trait Unary: Copy {
    /// The function's name in run files and messages.
    const NAME: &'static str;

    /// Its slope is 0 or 1, so that a bit says it.
    const GATE: bool = false;

    /// `y = f(x)`
    fn value<F: Functions>(x: F) -> F;

    /// `f′(x)`, from `y = f(x)`.
    fn slope<F: Functions>(y: F) -> F;

    /// `f(x · 2^from) / 2^to`, of a mantissa and not limited to one.
    fn integer(x: i32, from: i32, to: i32) -> i32;

    /// `dy · f′ / 2^by` for a mantissa `dy`, from `y · 2^scale = f(x)`.
    fn integer_slope(y: i32, scale: i32, dy: i32, by: i32) -> i32;
}

/// A function of one variable with a setting above 0, whose slope follows from its own output.
pub trait Shaped: Copy {
    /// The function's name in run files and messages.
    const NAME: &'static str;

    /// What to say of a setting that is not a number above 0.
    const FAULT: &'static str;

    /// `y = f(x)`
    fn value<F: Functions>(setting: F, x: F) -> F;

    /// `f′(x)`, from `y = f(x)`.
    fn slope<F: Functions>(setting: F, y: F) -> F;

    /// `f(x · 2^scale) / 2^scale`, of a mantissa, for the setting `m · 2^e`, given as `(m, e)` with `m ≤ 2¹⁵`.
    fn integer(setting: (i32, i32), x: i32, scale: i32) -> i32;

    /// `dy · f′` for a mantissa `dy`, from `y · 2^scale = f(x)`.
    fn integer_slope(setting: (i32, i32), y: i32, scale: i32, dy: i32) -> i32;
}

/// A function of one variable that is not monotonic, so that its slope does not follow from its output.
pub trait Curve: Copy {
    /// The function's name in run files and messages.
    const NAME: &'static str;

    /// `y = f(x)`
    fn value<F: Functions>(x: F) -> F;

    /// `f(x)` and `f′(x)`, which share most of their work. The value has the bits of [`value`](Self::value).
    fn with_slope<F: Functions>(x: F) -> (F, F);

    /// `f(x · 2^from) / 2^to`, of a mantissa, and `f′(x)` with 12 fraction bits.
    fn integer(x: i32, from: i32, to: i32) -> (i32, i32);
}

/// `max(x, 0)`, with slope 0 at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relu;

/// `tanh x`, with slope `1 − y²`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tanh;

/// `σ(x) = 1 / (1 + e^−x)`, with slope `y (1 − y)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sigmoid;

impl Unary for Relu {
    const NAME: &'static str = "relu";
    const GATE: bool = true;

    #[inline]
    fn value<F: Functions>(x: F) -> F {
        // A NaN passes, so that it is noticed.
        if x <= F::ZERO { F::ZERO } else { x }
    }

    #[inline]
    fn slope<F: Functions>(y: F) -> F {
        if y > F::ZERO { F::ONE } else { F::ZERO }
    }

    #[inline]
    fn integer(x: i32, from: i32, to: i32) -> i32 {
        shift(x.max(0), to - from)
    }

    #[inline]
    fn integer_slope(y: i32, _: i32, dy: i32, by: i32) -> i32 {
        if y > 0 { shift(dy, by) } else { 0 }
    }
}

impl Unary for Tanh {
    const NAME: &'static str = "tanh";

    #[inline]
    fn value<F: Functions>(x: F) -> F {
        F::tanh(x)
    }

    #[inline]
    fn slope<F: Functions>(y: F) -> F {
        F::ONE - y * y
    }

    #[inline]
    fn integer(x: i32, from: i32, to: i32) -> i32 {
        scaled::tanh_of(x, from, to)
    }

    #[inline]
    fn integer_slope(y: i32, scale: i32, dy: i32, by: i32) -> i32 {
        scaled::tanh_slope(y, scale, dy, by)
    }
}

impl Unary for Sigmoid {
    const NAME: &'static str = "sigmoid";

    #[inline]
    fn value<F: Functions>(x: F) -> F {
        F::ONE / (F::ONE + F::exp(-x))
    }

    #[inline]
    fn slope<F: Functions>(y: F) -> F {
        y * (F::ONE - y)
    }

    #[inline]
    fn integer(x: i32, from: i32, to: i32) -> i32 {
        scaled::sigmoid_of(x, from, to)
    }

    #[inline]
    fn integer_slope(y: i32, scale: i32, dy: i32, by: i32) -> i32 {
        scaled::sigmoid_slope(y, scale, dy, by)
    }
}

/// `min(max(x, 0), 6)`, with slope 0 at 0 and at 6. Source: Krizhevsky, 2010.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relu6;

impl Relu6 {
    fn bound<F: Functions>() -> F {
        F::from_count(6)
    }
}

impl Unary for Relu6 {
    const NAME: &'static str = "relu6";
    const GATE: bool = true;

    #[inline]
    fn value<F: Functions>(x: F) -> F {
        // A NaN passes, so that it is noticed.
        if x <= F::ZERO {
            F::ZERO
        } else if x >= Self::bound() {
            Self::bound()
        } else {
            x
        }
    }

    #[inline]
    fn slope<F: Functions>(y: F) -> F {
        if y > F::ZERO && y < Self::bound() {
            F::ONE
        } else {
            F::ZERO
        }
    }

    #[inline]
    fn integer(x: i32, from: i32, to: i32) -> i32 {
        shift(x.max(0), to - from).min(shift(6, to))
    }

    #[inline]
    fn integer_slope(y: i32, scale: i32, dy: i32, by: i32) -> i32 {
        if y > 0 && y < shift(6, scale) {
            shift(dy, by)
        } else {
            0
        }
    }
}

/// `x` above 0, `slope · x` below, with `slope` at 0 itself. Since `slope > 0`, an output has the sign of
/// its input. Source: Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic models, 2013.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeakyRelu;

impl Shaped for LeakyRelu {
    const NAME: &'static str = "leaky_relu";
    const FAULT: &'static str = "needs a slope above 0, so that an output has the sign of its input";

    #[inline]
    fn value<F: Functions>(setting: F, x: F) -> F {
        if x > F::ZERO { x } else { setting * x }
    }

    #[inline]
    fn slope<F: Functions>(setting: F, y: F) -> F {
        if y > F::ZERO { F::ONE } else { setting }
    }

    #[inline]
    fn integer(setting: (i32, i32), x: i32, _: i32) -> i32 {
        scaled::leaky_of(setting, x)
    }

    #[inline]
    fn integer_slope(setting: (i32, i32), y: i32, _: i32, dy: i32) -> i32 {
        if y > 0 { dy } else { scaled::times(setting, dy) }
    }
}

/// `x` above 0, `α (e^x − 1)` below, with slope `y + α` there and at 0 itself. Since `α > 0`, an output has
/// the sign of its input.
/// Source: Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by ELUs, 2015.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elu;

impl Shaped for Elu {
    const NAME: &'static str = "elu";
    const FAULT: &'static str = "needs an alpha above 0, so that an output has the sign of its input";

    #[inline]
    fn value<F: Functions>(setting: F, x: F) -> F {
        if x > F::ZERO { x } else { setting * F::exp_m1(x) }
    }

    #[inline]
    fn slope<F: Functions>(setting: F, y: F) -> F {
        if y > F::ZERO { F::ONE } else { y + setting }
    }

    #[inline]
    fn integer(setting: (i32, i32), x: i32, scale: i32) -> i32 {
        scaled::elu_of(setting, x, scale)
    }

    #[inline]
    fn integer_slope(setting: (i32, i32), y: i32, scale: i32, dy: i32) -> i32 {
        if y > 0 {
            dy
        } else {
            scaled::elu_slope(setting, y, scale, dy)
        }
    }
}

/// `x Φ(x)`, where `Φ(x) = ½ (1 + erf(x/√2))` is the normal distribution; slope `Φ(x) + x e^(−x²/2)/√(2π)`.
/// Source: Hendrycks and Gimpel, Gaussian error linear units, 2016 (the exact form).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gelu;

impl Gelu {
    #[inline]
    fn distribution<F: Functions>(x: F) -> F {
        let half = F::ONE / F::from_count(2);
        half * (F::ONE + F::erf(x * F::FRAC_1_SQRT_2))
    }
}

impl Curve for Gelu {
    const NAME: &'static str = "gelu";

    #[inline]
    fn value<F: Functions>(x: F) -> F {
        x * Self::distribution(x)
    }

    #[inline]
    fn with_slope<F: Functions>(x: F) -> (F, F) {
        let share = Self::distribution(x);
        let scaled = x * F::FRAC_1_SQRT_2;
        let density = F::FRAC_1_SQRT_TAU * F::exp(-(scaled * scaled));
        (x * share, share + x * density)
    }

    #[inline]
    fn integer(x: i32, from: i32, to: i32) -> (i32, i32) {
        scaled::gelu_of(x, from, to)
    }
}

/// `x σ(x)`, with slope `σ (1 + x (1 − σ))`. Also called swish.
/// Source: Elfwing, Uchibe and Doya, Sigmoid-weighted linear units, 2017.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silu;

impl Curve for Silu {
    const NAME: &'static str = "silu";

    #[inline]
    fn value<F: Functions>(x: F) -> F {
        x * Sigmoid::value(x)
    }

    #[inline]
    fn with_slope<F: Functions>(x: F) -> (F, F) {
        let gate = Sigmoid::value(x);
        (x * gate, gate * (F::ONE + x * (F::ONE - gate)))
    }

    #[inline]
    fn integer(x: i32, from: i32, to: i32) -> (i32, i32) {
        scaled::silu_of(x, from, to)
    }
}

#[cfg(test)]
#[path = "pointwise_tests.rs"]
mod tests;
