//! The loops that a chip may run its own way.

use super::blocks;
use crate::math::Functions;

/// What is the same for every parameter of one update of Adam.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments<F> {
    /// `η / (1 − β₁ᵗ)`
    pub size: F,
    /// `√(1 − β₂ᵗ)`
    pub correction: F,
    /// `1 − β₁`
    pub beta1_rest: F,
    /// `β₂`
    pub beta2: F,
    /// `1 − β₂`
    pub beta2_rest: F,
    /// `ε`
    pub epsilon: F,
}

/// The loops in which training spends its time.
///
/// Plain Rust unless a target has a twin of its own, which gives the same bits: the order of every
/// sum is part of the contract. Slices that do not fit each other give a shorter result.
pub trait Loops: Functions {
    /// `y[o] ← y[o] + Σ_k c[k · step] · rows[k][o]`, each sum in the order of `k`; `rows` holds rows
    /// as long as `y`. The forward pass of dense and convolution, and the weight gradient of a
    /// convolution.
    #[inline]
    fn combine(y: &mut [Self], c: &[Self], step: usize, rows: &[Self]) {
        blocks::combine(y, c, step, rows);
    }

    /// `dx[k] ← dx[k] + Σ_o w[k][o] · dy[o]`, each sum in the order of `o`, from zero; `w` holds rows
    /// as long as `dy`. The input gradient.
    #[inline]
    fn project(dx: &mut [Self], w: &[Self], dy: &[Self]) {
        blocks::project(dx, w, dy);
    }

    /// `rows[k][o] ← rows[k][o] + x[k] · dy[o]`, or the product alone where `rows` is `fresh`; `rows`
    /// holds rows as long as `dy`. The weight gradient of a dense layer.
    #[inline]
    fn outer(rows: &mut [Self], x: &[Self], dy: &[Self], fresh: bool) {
        blocks::outer(rows, x, dy, fresh);
    }

    /// `Σ g²` in sixteen lanes: element `i` goes to lane `i mod 16`; at the end lanes 8 to 15 are added
    /// to 0 to 7, then 4 to 7 to 0 to 3, and so on.
    #[inline]
    fn square_sum(g: &[Self]) -> Self {
        blocks::square_sum(g)
    }

    /// `w ← w − η g`
    #[inline]
    fn descend(w: &mut [Self], g: &[Self], rate: Self) {
        blocks::descend(w, g, rate);
    }

    /// `v ← μ v + g`, `w ← w − η v`
    #[inline]
    fn momentum(w: &mut [Self], v: &mut [Self], g: &[Self], rate: Self, momentum: Self) {
        blocks::momentum(w, v, g, rate, momentum);
    }

    /// `w[k][o] ← w[k][o] − η x[k] · dy[o]`: [`outer`](Self::outer) and [`descend`](Self::descend) in one.
    #[inline]
    fn descend_outer(w: &mut [Self], x: &[Self], dy: &[Self], rate: Self) {
        blocks::descend_outer(w, x, dy, rate);
    }

    /// `v[k][o] ← μ v[k][o] + x[k] · dy[o]`, `w[k][o] ← w[k][o] − η v[k][o]`: [`outer`](Self::outer) and
    /// [`momentum`](Self::momentum) in one.
    #[inline]
    fn momentum_outer(w: &mut [Self], v: &mut [Self], x: &[Self], dy: &[Self], rate: Self, momentum: Self) {
        blocks::momentum_outer(w, v, x, dy, rate, momentum);
    }

    /// `m ← m + (1 − β₁)(g − m)`, `v ← β₂ v + (1 − β₂) g²`, `w ← w − size · m / (√v / correction + ε)`
    #[inline]
    fn adam(w: &mut [Self], m: &mut [Self], v: &mut [Self], g: &[Self], step: &Moments<Self>) {
        blocks::adam(w, m, v, g, step);
    }
}

impl Loops for f64 {}

#[cfg(not(all(target_arch = "arm", target_abi = "eabihf")))]
impl Loops for f32 {}

/// A hardware floating-point unit: multi-register loads, which compilers do not use for floats.
#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
impl Loops for f32 {
    #[inline(never)]
    fn combine(y: &mut [f32], c: &[f32], step: usize, rows: &[f32]) {
        super::cortex_m4::combine(y, c, step, rows);
    }

    #[inline(never)]
    fn project(dx: &mut [f32], w: &[f32], dy: &[f32]) {
        super::cortex_m4::project(dx, w, dy);
    }

    #[inline(never)]
    fn outer(rows: &mut [f32], x: &[f32], dy: &[f32], fresh: bool) {
        super::cortex_m4::outer(rows, x, dy, fresh);
    }

    #[inline]
    fn square_sum(g: &[f32]) -> f32 {
        super::cortex_m4::square_sum(g)
    }

    #[inline(never)]
    fn descend(w: &mut [f32], g: &[f32], rate: f32) {
        super::cortex_m4::descend(w, g, rate);
    }

    #[inline(never)]
    fn momentum(w: &mut [f32], v: &mut [f32], g: &[f32], rate: f32, momentum: f32) {
        super::cortex_m4::momentum(w, v, g, rate, momentum);
    }

    #[inline(never)]
    fn momentum_outer(w: &mut [f32], v: &mut [f32], x: &[f32], dy: &[f32], rate: f32, momentum: f32) {
        super::cortex_m4::momentum_outer(w, v, x, dy, rate, momentum);
    }

    #[inline(never)]
    fn adam(w: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32], step: &Moments<f32>) {
        super::cortex_m4::adam(w, m, v, g, step);
    }
}
