//! What look-up, recurrent layers and attention ask of a number beside matrix products.

use super::blocks::zip;
use super::float::swept;
use super::{Grad, Kernel, Loops, Sweep};
use crate::math::{Functions, Sigmoid, Unary};
use crate::number::{Element, Number, Scalar, Scale, View, ViewMut};
use core::iter::repeat;

/// Primitives of the kinds that read a sequence.
///
/// A cell works on one frame. Its gates lie one behind the other, each as long as the state, and what
/// they are turned into lies in the same place: sums become gates, gates become the gradients of the
/// sums. Where `before` is empty, the state of the frame before is zero.
///
/// The bodies here do nothing. A number whose [`KINDS`](super::Kernel::KINDS) name none of these
/// layers keeps them; the planner refuses the layers by name.
///
/// What is within ±1 by nature, gates and probabilities, lies at the scale [`unit`](Self::unit); what a
/// primitive turns into something else where it lies has two scales, and is found at the one called `from`.
/// A gate or a probability may not go into a product of matrices, but for [`affine_more`](Self::affine_more).
pub trait Sequence: Number {
    /// The scale of gates and probabilities.
    fn unit() -> Scale<Self> {
        Scale::<Self>::default()
    }

    /// The token that an element stands for; `None` if it is no whole number from 0 to 65,535.
    fn token(element: Self::Elem, scale: Scale<Self>) -> Option<usize> {
        let _ = (element, scale);
        None
    }

    /// `y += b + W x`, at each position of the sweep: first the bias, then one product after the other.
    /// An empty `b` adds nothing. `x` may be at [`unit`](Self::unit).
    fn affine_more(
        w: View<'_, Self>,
        b: &[Self::Bias],
        x: View<'_, Self>,
        y: ViewMut<'_, Self>,
        sweep: Sweep,
    ) -> Self::Peak {
        let _ = (w, b, x, y, sweep);
        Self::Peak::default()
    }

    /// `dW += x dyᵀ` as [`affine_weights`](super::Kernel::affine_weights), where one sample adds `terms`
    /// products to each weight, in this call and others: so that a number whose sums are bounded makes room
    /// for all of them.
    fn series_weights(
        x: View<'_, Self>,
        dy: View<'_, Self>,
        dw: Grad<'_, Self>,
        sweep: Sweep,
        fresh: bool,
        terms: usize,
    ) {
        let _ = (x, dy, dw, sweep, fresh, terms);
    }

    /// `y[t] = table[tokens[t]]`, rows as long as `y` has room for each token. What is not a whole
    /// number of a row of the table gives a row of NaN, so that the loss is not finite; in a number without
    /// NaN a row of zeros, whose elements count as saturated.
    fn look_up(table: View<'_, Self>, tokens: View<'_, Self>, y: ViewMut<'_, Self>) -> Self::Peak {
        let _ = (table, tokens, y);
        Self::Peak::default()
    }

    /// `dtable[tokens[t]] += dy[t]`, in the order of `t`. A token without a row makes all of it NaN, or
    /// adds nothing in a number without NaN.
    fn look_up_gradient(tokens: View<'_, Self>, dy: View<'_, Self>, dtable: Grad<'_, Self>) {
        let _ = (tokens, dy, dtable);
    }

    /// A frame of an LSTM. `gates` holds the sums of i, f, g and o, `cell` the `c` of the frame before.
    ///
    /// `i, f, o ← σ(i), σ(f), σ(o)`, `g ← tanh g`, `c ← f c + i g`, `y = o tanh c`
    ///
    /// The gates are left at [`unit`](Self::unit). Returns the peaks of `cell` and `y`.
    fn lstm(gates: ViewMut<'_, Self>, cell: ViewMut<'_, Self>, y: ViewMut<'_, Self>) -> [Self::Peak; 2] {
        let _ = (gates, cell, y);
        [Self::Peak::default(); 2]
    }

    /// The gradient of [`lstm`](Self::lstm). `gates` holds i, f, g and o, and gets the gradients of their
    /// sums; `dcell` holds the gradient of `c` from the frame behind, and gets that of the `c` before.
    ///
    /// `dc ← dc + dy o (1 − tanh² c)`; `di = dc g i (1 − i)`, `df = dc c′ f (1 − f)`,
    /// `dg = dc i (1 − g²)`, `do = dy tanh(c) o (1 − o)`; `dc ← dc f`
    ///
    /// The gates are found at [`unit`](Self::unit). Returns the peaks of the gradients in `gates`, and of `dc`.
    fn lstm_gradient(
        gates: ViewMut<'_, Self>,
        cell: View<'_, Self>,
        before: View<'_, Self>,
        dy: View<'_, Self>,
        dcell: ViewMut<'_, Self>,
    ) -> [Self::Peak; 2] {
        let _ = (gates, cell, before, dy, dcell);
        [Self::Peak::default(); 2]
    }

    /// A frame of a GRU. `gates` holds the input's part of the sums of r, z and n, `state` that of the
    /// state, `before` the output of the frame before.
    ///
    /// `r, z ← σ(r + r_h), σ(z + z_h)`, `n ← tanh(n + r n_h)`, `y = n + z (y′ − n)`
    ///
    /// The gates are left at [`unit`](Self::unit). Returns the peak of `y`.
    fn gru(
        gates: ViewMut<'_, Self>,
        state: View<'_, Self>,
        before: View<'_, Self>,
        y: ViewMut<'_, Self>,
    ) -> Self::Peak {
        let _ = (gates, state, before, y);
        Self::Peak::default()
    }

    /// The gradient of [`gru`](Self::gru). `gates` holds r, z and n, and gets the gradients of the state's
    /// part of the sums; `term` holds the state's part of n, and gets the gradient of the input's part;
    /// `dy` gets what the output before takes of it directly.
    ///
    /// `dn = dy (1 − z)(1 − n²)`; `dr = dn n_h r (1 − r)`, `dz = dy (y′ − n) z (1 − z)`,
    /// `dn_h = dn r`; `dy ← dy z`
    ///
    /// The gates are found at [`unit`](Self::unit), and `term` at the scale `from`; the gradients in both
    /// share one scale. Returns their peak.
    fn gru_gradient(
        gates: ViewMut<'_, Self>,
        term: ViewMut<'_, Self>,
        from: Scale<Self>,
        before: View<'_, Self>,
        dy: ViewMut<'_, Self>,
    ) -> Self::Peak {
        let _ = (gates, term, from, before, dy);
        Self::Peak::default()
    }

    /// `s ← softmax(s / √width)`, shifted by the largest: products of queries and keys become
    /// probabilities, at [`unit`](Self::unit).
    fn attend(scores: ViewMut<'_, Self>, width: usize) {
        let _ = (scores, width);
    }

    /// `p[i] ← p[i] (dp[i] − mean[i]) / √width`: the gradient of [`attend`](Self::attend), where
    /// `mean[i]` is `Σ p dp` over the row of probabilities that `p[i]` is of. The probabilities are found at
    /// [`unit`](Self::unit). Returns the peak of the gradient.
    fn attend_gradient(
        p: ViewMut<'_, Self>,
        dp: View<'_, Self>,
        mean: View<'_, Self>,
        width: usize,
    ) -> Self::Peak {
        let _ = (p, dp, mean, width);
        Self::Peak::default()
    }
}

/// The row of a table that a token names.
fn row<F: Loops>(token: F, rows: usize) -> Option<usize> {
    // A cast saturates, and takes NaN to 0; the comparison is exact below 2²⁴, which no table reaches.
    let number = token.to_f32(()) as u32;
    let index = number as usize;
    (F::from_count(number) == token && index < rows).then_some(index)
}

/// The parts of a frame's gates, each `length` long.
pub(super) fn parts<F, const GATES: usize>(gates: &mut [F], length: usize) -> Option<[&mut [F]; GATES]> {
    let mut parts = gates.chunks_exact_mut(length.max(1));
    let parts = core::array::from_fn(|_| parts.next().unwrap_or(&mut []));
    parts.iter().all(|part| part.len() == length).then_some(parts)
}

/// `1 / √width`
fn inverse_root<F: Functions>(width: usize) -> F {
    F::ONE / F::sqrt(F::from_count(width as u32))
}

/// The state of the frame before, zero without end where there is none.
fn or_zero<F: Loops>(before: &[F]) -> impl Iterator<Item = F> {
    before.iter().copied().chain(repeat(F::ZERO))
}

impl<F: Loops + Scalar> Sequence for F {
    fn token(element: F, (): ()) -> Option<usize> {
        let value = Element::to_f32(element, ());
        let token = value as u16;
        (f32::from(token) == value).then_some(token.into())
    }

    fn affine_more(w: View<'_, F>, b: &[F], x: View<'_, F>, y: ViewMut<'_, F>, sweep: Sweep) {
        swept(w, x, y, sweep, |y| zip::<F, 4>(y, b, |y, b| y + b));
    }

    fn series_weights(
        x: View<'_, F>,
        dy: View<'_, F>,
        dw: Grad<'_, F>,
        sweep: Sweep,
        fresh: bool,
        _terms: usize,
    ) {
        F::affine_weights(x, dy, dw, sweep, fresh);
    }

    fn look_up(table: View<'_, F>, tokens: View<'_, F>, y: ViewMut<'_, F>) {
        let Some(width) = y
            .data
            .len()
            .checked_div(tokens.data.len())
            .filter(|width| *width > 0)
        else {
            return;
        };
        let rows = table.data.len() / width;
        for (y, token) in y.data.chunks_exact_mut(width).zip(tokens.data) {
            match row(*token, rows).and_then(|row| table.data.get(row * width..)) {
                Some(row) => {
                    for (y, w) in y.iter_mut().zip(row) {
                        *y = *w;
                    }
                }
                None => y.fill(F::from_f32(f32::NAN, ())),
            }
        }
    }

    fn look_up_gradient(tokens: View<'_, F>, dy: View<'_, F>, dtable: Grad<'_, F>) {
        let Some(width) = dy
            .data
            .len()
            .checked_div(tokens.data.len())
            .filter(|width| *width > 0)
        else {
            return;
        };
        let rows = dtable.data.len() / width;
        for (dy, token) in dy.data.chunks_exact(width).zip(tokens.data) {
            match row(*token, rows).and_then(|row| dtable.data.get_mut(row * width..)) {
                Some(dw) => zip::<F, 4>(dw, dy, |dw, dy| dw + dy),
                // No row stands for it, so that nothing would tell the update to refuse the sample.
                None => dtable.data.fill(F::from_f32(f32::NAN, ())),
            }
        }
    }

    fn lstm(gates: ViewMut<'_, F>, cell: ViewMut<'_, F>, y: ViewMut<'_, F>) -> [(); 2] {
        let Some([i, f, g, o]) = parts(gates.data, cell.data.len()) else {
            return [(); 2];
        };
        let gates = i.iter_mut().zip(f).zip(g).zip(o);
        for ((((i, f), g), o), (c, y)) in gates.zip(cell.data.iter_mut().zip(y.data)) {
            *i = Sigmoid::value(*i);
            *f = Sigmoid::value(*f);
            *g = F::tanh(*g);
            *o = Sigmoid::value(*o);
            *c = *f * *c + *i * *g;
            *y = *o * F::tanh(*c);
        }
        [(); 2]
    }

    fn lstm_gradient(
        gates: ViewMut<'_, F>,
        cell: View<'_, F>,
        before: View<'_, F>,
        dy: View<'_, F>,
        dcell: ViewMut<'_, F>,
    ) -> [(); 2] {
        let Some([i, f, g, o]) = parts(gates.data, cell.data.len()) else {
            return [(); 2];
        };
        let gates = i.iter_mut().zip(f).zip(g).zip(o);
        let cells = cell.data.iter().zip(or_zero(before.data));
        let deltas = dy.data.iter().zip(dcell.data);
        for (((((i, f), g), o), (c, before)), (dy, dc)) in gates.zip(cells).zip(deltas) {
            let t = F::tanh(*c);
            let dc_now = *dc + *dy * *o * (F::ONE - t * t);
            *dc = dc_now * *f;
            let (di, df, dg) = (dc_now * *g, dc_now * before, dc_now * *i);
            *i = di * Sigmoid::slope(*i);
            *f = df * Sigmoid::slope(*f);
            *g = dg * (F::ONE - *g * *g);
            *o = *dy * t * Sigmoid::slope(*o);
        }
        [(); 2]
    }

    fn gru(gates: ViewMut<'_, F>, state: View<'_, F>, before: View<'_, F>, y: ViewMut<'_, F>) {
        let length = y.data.len();
        let Some([r, z, n]) = parts(gates.data, length) else {
            return;
        };
        let state = |gate: usize| state.data.get(gate * length..).unwrap_or(&[]).iter();
        let gates = r.iter_mut().zip(z).zip(n);
        let states = state(0).zip(state(1)).zip(state(2));
        let outputs = or_zero(before.data).zip(y.data);
        for ((((r, z), n), ((r_h, z_h), n_h)), (before, y)) in gates.zip(states).zip(outputs) {
            *r = Sigmoid::value(*r + *r_h);
            *z = Sigmoid::value(*z + *z_h);
            *n = F::tanh(*n + *r * *n_h);
            *y = *n + *z * (before - *n);
        }
    }

    fn gru_gradient(
        gates: ViewMut<'_, F>,
        term: ViewMut<'_, F>,
        (): (),
        before: View<'_, F>,
        dy: ViewMut<'_, F>,
    ) {
        let Some([r, z, n]) = parts(gates.data, term.data.len()) else {
            return;
        };
        let gates = r.iter_mut().zip(z).zip(n).zip(term.data);
        let outputs = or_zero(before.data).zip(dy.data);
        for ((((r, z), n), term), (before, dy)) in gates.zip(outputs) {
            let dn = *dy * (F::ONE - *z) * (F::ONE - *n * *n);
            let dz = *dy * (before - *n) * Sigmoid::slope(*z);
            let dr = dn * *term * Sigmoid::slope(*r);
            *dy *= *z;
            *n = dn * *r;
            *term = dn;
            *z = dz;
            *r = dr;
        }
    }

    fn attend(scores: ViewMut<'_, F>, width: usize) {
        let scores = scores.data;
        let mut highest = scores.first().copied().unwrap_or(F::ZERO);
        for s in scores.iter() {
            if *s > highest {
                highest = *s;
            }
        }
        let scale = inverse_root::<F>(width);
        let mut sum = F::ZERO;
        for s in scores.iter_mut() {
            *s = F::exp((*s - highest) * scale);
            sum += *s;
        }
        let share = F::ONE / sum;
        for s in scores {
            *s *= share;
        }
    }

    fn attend_gradient(p: ViewMut<'_, F>, dp: View<'_, F>, mean: View<'_, F>, width: usize) {
        let scale = inverse_root::<F>(width);
        for ((p, dp), mean) in p.data.iter_mut().zip(dp.data).zip(mean.data) {
            *p = *p * (*dp - *mean) * scale;
        }
    }
}

#[cfg(test)]
#[path = "sequence_tests.rs"]
mod tests;
