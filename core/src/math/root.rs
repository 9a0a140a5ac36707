//! The square root of `f32`, by the machine's own instruction where there is one.
//!
//! IEEE 754 asks for the correctly rounded root, so an instruction gives libm's bits.
#![allow(unsafe_code)]

/// The square root, correctly rounded.
#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
#[inline]
pub(super) fn sqrt(x: f32) -> f32 {
    let mut bits = x.to_bits();
    // SAFETY: one instruction on a register that is declared; no memory is touched.
    unsafe {
        core::arch::asm!(
            "vmov s0, {bits}",
            "vsqrt.f32 s0, s0",
            "vmov {bits}, s0",
            bits = inout(reg) bits,
            out("s0") _,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    f32::from_bits(bits)
}

/// The square root, correctly rounded.
#[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
#[inline]
pub(super) fn sqrt(x: f32) -> f32 {
    use core::arch::x86_64::{_mm_cvtss_f32, _mm_set_ss, _mm_sqrt_ss};
    // SAFETY: the instructions are there, as the target says; no memory is touched.
    #[allow(unused_unsafe)]
    unsafe {
        _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)))
    }
}

/// The square root, correctly rounded.
#[cfg(not(any(
    all(target_arch = "arm", target_abi = "eabihf"),
    all(target_arch = "x86_64", target_feature = "sse")
)))]
#[inline]
pub(super) fn sqrt(x: f32) -> f32 {
    libm::sqrtf(x)
}

#[cfg(test)]
mod tests {
    use super::sqrt;
    use crate::number::random::Pcg;

    fn same(x: f32) {
        let (ours, exact) = (sqrt(x), libm::sqrtf(x));
        assert!(
            ours.to_bits() == exact.to_bits() || (ours.is_nan() && exact.is_nan()),
            "sqrt({x:e}) is {exact:e}, not {ours:e}"
        );
    }

    #[test]
    fn special_values_are_those_of_libm() {
        for x in [
            0.0,
            -0.0,
            1.0,
            4.0,
            -1.0,
            f32::MIN_POSITIVE,
            f32::MAX,
            f32::MIN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
            f32::from_bits(1),
            f32::from_bits(0x007f_ffff),
        ] {
            same(x);
        }
    }

    /// Every exponent, subnormals too, with mantissas at both ends and in between.
    #[test]
    fn every_exponent_has_the_bits_of_libm() {
        let mut random = Pcg::new(5);
        for exponent in 0..255 {
            for mantissa in 0..64 {
                same(f32::from_bits(exponent << 23 | mantissa));
                same(f32::from_bits(exponent << 23 | (0x007f_ffff - mantissa)));
            }
            for _ in 0..2_000 {
                same(f32::from_bits(exponent << 23 | random.next_u32() >> 9));
            }
        }
    }
}
