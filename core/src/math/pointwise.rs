//! Functions that layers apply to each element.
//!
//! What a function needs for its gradient decides its trait: its output alone ([`Unary`], [`Shaped`]), so
//! that nothing is kept beside it, or its slope ([`Curve`]).

use super::Functions;

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

    /// `f` of a mantissa, for functions that need no scale. A number format names in its
    /// [`KINDS`](crate::kernel::Kernel::KINDS) those that it can run.
    fn integer(x: i32) -> i32 {
        x
    }

    /// `dy · f′` of mantissas, from `y = f(x)`.
    fn integer_slope(_y: i32, dy: i32) -> i32 {
        dy
    }
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
}

/// A function of one variable that is not monotonic, so that its slope does not follow from its output.
pub trait Curve: Copy {
    /// The function's name in run files and messages.
    const NAME: &'static str;

    /// `y = f(x)`
    fn value<F: Functions>(x: F) -> F;

    /// `f(x)` and `f′(x)`, which share most of their work. The value has the bits of [`value`](Self::value).
    fn with_slope<F: Functions>(x: F) -> (F, F);
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
    fn integer(x: i32) -> i32 {
        x.max(0)
    }

    #[inline]
    fn integer_slope(y: i32, dy: i32) -> i32 {
        if y > 0 { dy } else { 0 }
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
}

#[cfg(test)]
#[path = "pointwise_tests.rs"]
mod tests;
