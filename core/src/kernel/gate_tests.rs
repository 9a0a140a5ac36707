//! The bits of a gate give the numbers that the output gives.

extern crate std;

use super::*;
use crate::kernel::Kernel;
use crate::math::{Relu, Relu6};
use crate::number::bfp::{Bfp14, Exponent};
use crate::number::random::Pcg;
use std::vec;
use std::vec::Vec;

/// Gradients through the bits and through the output itself.
fn both<N: Kernel, U: Unary>(y: View<'_, N>, dy: &[N::Elem]) -> [(Vec<N::Elem>, N::Peak); 2] {
    let scale = y.scale;
    // A byte more than needed: a plan rounds up.
    let mut bits = vec![0xa5; y.data.len().div_ceil(8) + 1];
    N::gate::<U>(View { data: y.data, scale }, &mut bits);
    let (mut gated, mut plain) = (dy.to_vec(), dy.to_vec());
    let data = &mut gated[..];
    let gate_peak = N::gate_gradient(&bits, ViewMut { data, scale });
    let data = &mut plain[..];
    let plain_peak = N::unary_gradient::<U>(y, ViewMut { data, scale }, scale);
    [(gated, gate_peak), (plain, plain_peak)]
}

fn floats<U: Unary>(length: usize) {
    let mut dice = Pcg::new(length as u64);
    let mut draw = |special: &[f32]| -> Vec<f32> {
        let one = |_| match dice.below(4) {
            0 => special[dice.below(special.len() as u32) as usize],
            _ => 16.0 * (dice.uniform() - 0.5),
        };
        (0..length).map(one).collect()
    };
    let mut y = draw(&[0.0, 6.0, f32::MIN_POSITIVE, f32::NAN]);
    let data = &mut y[..];
    f32::unary::<U>(ViewMut { data, scale: () }, ());
    let dy = draw(&[-0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
    let [gated, plain] = both::<f32, U>(View::plain(&y), &dy).map(|(dy, ())| dy);
    for (gated, plain) in gated.iter().zip(&plain) {
        assert!(gated.to_bits() == plain.to_bits() || (gated.is_nan() && plain.is_nan()));
    }
}

#[test]
fn the_bits_stand_for_the_output() {
    for length in [0, 1, 7, 8, 9, 16, 61, 1000] {
        floats::<Relu>(length);
        floats::<Relu6>(length);
        let mut dice = Pcg::new(7);
        let mut draw = || -> Vec<i16> { (0..length).map(|_| dice.below(16383) as i16 - 8191).collect() };
        let (y, dy) = (draw(), draw());
        let scale = Exponent(9);
        let [gated, plain] = both::<Bfp14, Relu>(View { data: &y, scale }, &dy);
        assert_eq!(gated, plain);
        // At 2⁻¹⁰ the bound of a relu6 is the mantissa 6144.
        let scale = Exponent(-10);
        let y: Vec<i16> = y.iter().map(|y| (*y).clamp(0, 6144)).collect();
        let [gated, plain] = both::<Bfp14, Relu6>(View { data: &y, scale }, &dy);
        assert_eq!(gated, plain);
        for ((y, dy), gated) in y.iter().zip(&dy).zip(&gated.0) {
            assert_eq!(*gated, if (1..6144).contains(y) { *dy } else { 0 }, "{y}");
        }
    }
}
