//! The cells of recurrent layers in block fixed point.
//!
//! Sums go into a gate with 15 fraction bits, and so it comes out. A product of a mantissa and a gate has 28 bits.
//! Where a gradient is a product of more than two factors, those that do not come from behind are
//! multiplied first, and brought back to 15 bits.

use super::limit::{Limiter, bits};
use super::sequence::UNIT;
use crate::kernel::sequence::parts;
use crate::math::fixed::{self, shift};
use crate::number::bfp::{Bfp14, Master, Peak};
use crate::number::{View, ViewMut};
use core::iter::repeat;

/// 1 at the scale of gates.
const ONE: i32 = 1 << UNIT;
/// By how much a product of a mantissa and a slope of at most ¼ is brought back to 15 bits.
const SLOPE: i32 = 11;

/// A mantissa of a sum, with the fraction bits that gates take.
#[inline]
fn input(mantissa: i16, exponent: i32) -> i32 {
    shift(mantissa.into(), -UNIT - exponent)
}

/// As an element: 1 itself is the largest there is.
#[inline]
fn element(gate: i32) -> i16 {
    gate.clamp(-ONE + 1, ONE - 1) as i16
}

/// `a b` of gates.
#[inline]
fn product(a: i32, b: i32) -> i32 {
    (a * b + (1 << (UNIT - 1))) >> UNIT
}

/// `s (1 − s)`, at most ¼.
#[inline]
fn sigmoid_slope(gate: i32) -> i32 {
    product(gate, ONE - gate)
}

/// `1 − t²`
#[inline]
fn tanh_slope(gate: i32) -> i32 {
    ONE - product(gate, gate)
}

/// What the frame before left, nothing where there is none.
fn or_zero(before: &[i16]) -> impl Iterator<Item = i16> {
    before.iter().copied().chain(repeat(0))
}

pub(super) fn lstm<M: Master>(
    gates: ViewMut<'_, Bfp14<M>>,
    cell: ViewMut<'_, Bfp14<M>>,
    y: ViewMut<'_, Bfp14<M>>,
) -> [Peak; 2] {
    let (sums, cells) = (bits(gates.scale), bits(cell.scale));
    let to_output = bits(y.scale) + 2 * UNIT;
    let Some([i, f, g, o]) = parts(gates.data, cell.data.len()) else {
        return Default::default();
    };
    let (mut of_cell, mut of_output) = (Limiter::new(), Limiter::new());
    let gates = i.iter_mut().zip(f).zip(g).zip(o);
    for ((((i, f), g), o), (c, y)) in gates.zip(cell.data.iter_mut().zip(y.data)) {
        *i = element(fixed::sigmoid(input(*i, sums)));
        *f = element(fixed::sigmoid(input(*f, sums)));
        *g = element(fixed::tanh(input(*g, sums)));
        *o = element(fixed::sigmoid(input(*o, sums)));
        // Both products at the exponent of the cell with 15 bits below it.
        let new = shift(i32::from(*i) * i32::from(*g), cells + UNIT);
        let sum = (i32::from(*f) * i32::from(*c)).saturating_add(new);
        *c = of_cell.limit(shift(sum, UNIT));
        let t: i32 = element(fixed::tanh(input(*c, cells))).into();
        *y = of_output.limit(shift(i32::from(*o) * t, to_output));
    }
    [of_cell.peak(), of_output.peak()]
}

pub(super) fn lstm_gradient<M: Master>(
    gates: ViewMut<'_, Bfp14<M>>,
    cell: View<'_, Bfp14<M>>,
    before: View<'_, Bfp14<M>>,
    dy: View<'_, Bfp14<M>>,
    dcell: ViewMut<'_, Bfp14<M>>,
) -> [Peak; 2] {
    let [out, cells, carried] = [gates.scale, cell.scale, dcell.scale].map(bits);
    let from_output = bits(dy.scale);
    let to_carried = carried - from_output + UNIT;
    let (by_cell, by_output) = (out - carried + UNIT, out - from_output + UNIT);
    // A cell times a slope lies at the exponent of the cell with 15 bits below it, less those taken off.
    let by_past = out - carried - (bits(before.scale) - UNIT + SLOPE);
    let Some([i, f, g, o]) = parts(gates.data, cell.data.len()) else {
        return Default::default();
    };
    let (mut deltas, mut of_cell) = (Limiter::new(), Limiter::new());
    let gates = i.iter_mut().zip(f).zip(g).zip(o);
    let cells_of = cell.data.iter().zip(or_zero(before.data));
    let behind = dy.data.iter().zip(dcell.data);
    for (((((i, f), g), o), (c, past)), (dy, dc)) in gates.zip(cells_of).zip(behind) {
        let [at_i, at_f, at_g, at_o] = [&*i, &*f, &*g, &*o].map(|gate| i32::from(*gate));
        let (t, dy) = (i32::from(element(fixed::tanh(input(*c, cells)))), i32::from(*dy));
        let here = shift(dy * product(at_o, tanh_slope(t)), to_carried);
        let now = i32::from(of_cell.limit(here.saturating_add((*dc).into())));
        *dc = product(now, at_f) as i16;
        let of_past = shift(i32::from(past) * sigmoid_slope(at_f), SLOPE);
        *i = deltas.limit(shift(now * product(at_g, sigmoid_slope(at_i)), by_cell));
        *f = deltas.limit(shift(now * of_past, by_past));
        *g = deltas.limit(shift(now * product(at_i, tanh_slope(at_g)), by_cell));
        *o = deltas.limit(shift(dy * product(t, sigmoid_slope(at_o)), by_output));
    }
    [deltas.peak(), of_cell.peak()]
}

pub(super) fn gru<M: Master>(
    gates: ViewMut<'_, Bfp14<M>>,
    state: View<'_, Bfp14<M>>,
    before: View<'_, Bfp14<M>>,
    y: ViewMut<'_, Bfp14<M>>,
) -> Peak {
    let (sums, states) = (bits(gates.scale), bits(state.scale));
    let (to_gate, to_output) = (-UNIT - bits(before.scale), bits(y.scale) + UNIT);
    let length = y.data.len();
    let Some([r, z, n]) = parts(gates.data, length) else {
        return Peak::default();
    };
    let mut limiter = Limiter::new();
    let state = |gate: usize| state.data.get(gate * length..).unwrap_or(&[]).iter();
    let gates = r.iter_mut().zip(z).zip(n);
    let parts = state(0).zip(state(1)).zip(state(2));
    let outputs = or_zero(before.data).zip(y.data);
    for ((((r, z), n), ((r_h, z_h), n_h)), (before, y)) in gates.zip(parts).zip(outputs) {
        *r = element(fixed::sigmoid(
            input(*r, sums).saturating_add(input(*r_h, states)),
        ));
        *z = element(fixed::sigmoid(
            input(*z, sums).saturating_add(input(*z_h, states)),
        ));
        let of_state = shift(i32::from(*r) * i32::from(*n_h), -states);
        *n = element(fixed::tanh(input(*n, sums).saturating_add(of_state)));
        let (at_z, at_n) = (i32::from(*z), i32::from(*n));
        // At most 2 · 32767 times 32767.
        let apart = i32::from(element(shift(before.into(), to_gate))) - at_n;
        *y = limiter.limit(shift(at_n + shift(at_z * apart, UNIT), to_output));
    }
    limiter.peak()
}

pub(super) fn gru_gradient<M: Master>(
    gates: ViewMut<'_, Bfp14<M>>,
    term: ViewMut<'_, Bfp14<M>>,
    from: crate::number::bfp::Exponent,
    before: View<'_, Bfp14<M>>,
    dy: ViewMut<'_, Bfp14<M>>,
) -> Peak {
    let by_output = bits(gates.scale) - bits(dy.scale) + UNIT;
    let by_state = UNIT - SLOPE - bits(from);
    let to_gate = -UNIT - bits(before.scale);
    let Some([r, z, n]) = parts(gates.data, term.data.len()) else {
        return Peak::default();
    };
    let mut limiter = Limiter::new();
    let gates = r.iter_mut().zip(z).zip(n).zip(term.data);
    let outputs = or_zero(before.data).zip(dy.data);
    for ((((r, z), n), term), (before, dy)) in gates.zip(outputs) {
        let [at_r, at_z, at_n] = [&*r, &*z, &*n].map(|gate| i32::from(*gate));
        let behind = i32::from(*dy);
        let apart = i32::from(element(shift(before.into(), to_gate))) - at_n;
        let of_state = shift(i32::from(*term) * sigmoid_slope(at_r), SLOPE);
        let dn = limiter.limit(shift(behind * product(ONE - at_z, tanh_slope(at_n)), by_output));
        *r = limiter.limit(shift(i32::from(dn) * of_state, by_state));
        *z = limiter.limit(shift(behind * product(apart, sigmoid_slope(at_z)), by_output));
        *n = product(dn.into(), at_r) as i16;
        *term = dn;
        *dy = product(behind, at_z) as i16;
    }
    limiter.peak()
}
