//! Block fixed point's own.

use super::*;

#[test]
fn gradients_are_clamped_at_their_scale() {
    let clamped = |scale, bound| {
        let mut gradient = [i32::MIN, -700, -512, 0, 511, 513, i32::MAX];
        <Bfp14>::clamp_gradient(&mut gradient, Exponent(scale), bound);
        gradient
    };
    assert_eq!(clamped(-10, 0.5), [-512, -512, -512, 0, 511, 512, 512]);
    assert_eq!(clamped(-9, 0.5), [-256, -256, -256, 0, 256, 256, 256]);
    assert_eq!(clamped(2, 2048.0), [-512, -512, -512, 0, 511, 512, 512]);
    assert_eq!(
        clamped(-30, 1000.0),
        [-i32::MAX, -700, -512, 0, 511, 513, i32::MAX]
    );
}
