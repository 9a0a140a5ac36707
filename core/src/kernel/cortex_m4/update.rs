//! Updates of parameters.

use crate::kernel::{Moments, blocks};
use core::arch::asm;

/// [`blocks::descend`]
pub(in crate::kernel) fn descend(w: &mut [f32], g: &[f32], rate: f32) {
    let count = w.len().min(g.len());
    let blocks = count / 8;
    if blocks > 0 {
        // SAFETY: as the module says; `blocks` times eight elements of each are read, and of `w` written.
        unsafe {
            asm!(
                            "vmov s16, {rate}",
                            "2:",
                            "vldmia {g}!, {{s0-s7}}",
                            "vldmia {w}, {{s8-s15}}",
                            "vmls.f32 s8, s16, s0",
                            "vmls.f32 s9, s16, s1",
                            "vmls.f32 s10, s16, s2",
                            "vmls.f32 s11, s16, s3",
                            "vmls.f32 s12, s16, s4",
                            "vmls.f32 s13, s16, s5",
                            "vmls.f32 s14, s16, s6",
                            "vmls.f32 s15, s16, s7",
                            "vstmia {w}!, {{s8-s15}}",
                            "subs {blocks}, {blocks}, #1",
                            "bne 2b",
                            w = inout(reg) w.as_mut_ptr() => _,
                            g = inout(reg) g.as_ptr() => _,
                            blocks = inout(reg) blocks => _,
                            rate = in(reg) rate.to_bits(),
                            out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _, out("d5") _, out("d6") _, out("d7") _, out("d8") _, out("d9") _,
            options(nostack),
                        );
        }
    }
    for (w, g) in w.iter_mut().zip(g).skip(blocks * 8) {
        *w -= rate * *g;
    }
}

/// [`blocks::momentum`]
pub(in crate::kernel) fn momentum(w: &mut [f32], v: &mut [f32], g: &[f32], rate: f32, momentum: f32) {
    let count = w.len().min(v.len()).min(g.len());
    let blocks = count / 8;
    if blocks > 0 {
        // SAFETY: as the module says; `blocks` times eight elements of each are read, and of `w` and `v` written.
        unsafe {
            asm!(
                            "vmov s24, {rate}",
                            "vmov s25, {momentum}",
                            "2:",
                            "vldmia {v}, {{s0-s7}}",
                            "vldmia {g}!, {{s8-s15}}",
                            "vmla.f32 s8, s25, s0",
                            "vmla.f32 s9, s25, s1",
                            "vmla.f32 s10, s25, s2",
                            "vmla.f32 s11, s25, s3",
                            "vmla.f32 s12, s25, s4",
                            "vmla.f32 s13, s25, s5",
                            "vmla.f32 s14, s25, s6",
                            "vmla.f32 s15, s25, s7",
                            "vldmia {w}, {{s16-s23}}",
                            "vstmia {v}!, {{s8-s15}}",
                            "vmls.f32 s16, s24, s8",
                            "vmls.f32 s17, s24, s9",
                            "vmls.f32 s18, s24, s10",
                            "vmls.f32 s19, s24, s11",
                            "vmls.f32 s20, s24, s12",
                            "vmls.f32 s21, s24, s13",
                            "vmls.f32 s22, s24, s14",
                            "vmls.f32 s23, s24, s15",
                            "vstmia {w}!, {{s16-s23}}",
                            "subs {blocks}, {blocks}, #1",
                            "bne 2b",
                            w = inout(reg) w.as_mut_ptr() => _,
                            v = inout(reg) v.as_mut_ptr() => _,
                            g = inout(reg) g.as_ptr() => _,
                            blocks = inout(reg) blocks => _,
                            rate = in(reg) rate.to_bits(),
                            momentum = in(reg) momentum.to_bits(),
                            out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _, out("d5") _, out("d6") _, out("d7") _, out("d8") _, out("d9") _, out("d10") _, out("d11") _, out("d12") _, out("d13") _,
            options(nostack),
                        );
        }
    }
    for ((w, v), g) in w.iter_mut().zip(v).zip(g).skip(blocks * 8) {
        *v = momentum * *v + *g;
        *w -= rate * *v;
    }
}

/// [`blocks::adam`]
pub(in crate::kernel) fn adam(w: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32], step: &Moments<f32>) {
    let count = w.len().min(m.len()).min(v.len()).min(g.len());
    let quads = count / 4;
    let rates = [
        step.size,
        step.correction,
        step.beta1_rest,
        step.beta2,
        step.beta2_rest,
        step.epsilon,
    ];
    if quads > 0 {
        // SAFETY: as the module says; `quads` times four elements of each are read, and of all but `g` written.
        unsafe {
            asm!(
                            "vldmia {rates}, {{s16-s21}}",
                            "2:",
                            "vldmia {g}!, {{s0-s3}}",
                            "vldmia {m}, {{s4-s7}}",
                            "vldmia {v}, {{s8-s11}}",
                            "vsub.f32 s22, s0, s4",
                            "vsub.f32 s23, s1, s5",
                            "vsub.f32 s24, s2, s6",
                            "vsub.f32 s25, s3, s7",
                            "vmul.f32 s26, s20, s0",
                            "vmul.f32 s27, s20, s1",
                            "vmul.f32 s28, s20, s2",
                            "vmul.f32 s29, s20, s3",
                            "vmla.f32 s4, s18, s22",
                            "vmla.f32 s5, s18, s23",
                            "vmla.f32 s6, s18, s24",
                            "vmla.f32 s7, s18, s25",
                            "vmul.f32 s8, s19, s8",
                            "vmul.f32 s9, s19, s9",
                            "vmul.f32 s10, s19, s10",
                            "vmul.f32 s11, s19, s11",
                            "vmla.f32 s8, s26, s0",
                            "vmla.f32 s9, s27, s1",
                            "vmla.f32 s10, s28, s2",
                            "vmla.f32 s11, s29, s3",
                            "vstmia {m}!, {{s4-s7}}",
                            "vstmia {v}!, {{s8-s11}}",
                            "vsqrt.f32 s22, s8",
                            "vsqrt.f32 s23, s9",
                            "vsqrt.f32 s24, s10",
                            "vsqrt.f32 s25, s11",
                            "vdiv.f32 s22, s22, s17",
                            "vdiv.f32 s23, s23, s17",
                            "vdiv.f32 s24, s24, s17",
                            "vdiv.f32 s25, s25, s17",
                            "vadd.f32 s22, s22, s21",
                            "vadd.f32 s23, s23, s21",
                            "vadd.f32 s24, s24, s21",
                            "vadd.f32 s25, s25, s21",
                            "vmul.f32 s26, s16, s4",
                            "vmul.f32 s27, s16, s5",
                            "vmul.f32 s28, s16, s6",
                            "vmul.f32 s29, s16, s7",
                            "vdiv.f32 s26, s26, s22",
                            "vdiv.f32 s27, s27, s23",
                            "vdiv.f32 s28, s28, s24",
                            "vdiv.f32 s29, s29, s25",
                            "vldmia {w}, {{s12-s15}}",
                            "vsub.f32 s12, s12, s26",
                            "vsub.f32 s13, s13, s27",
                            "vsub.f32 s14, s14, s28",
                            "vsub.f32 s15, s15, s29",
                            "vstmia {w}!, {{s12-s15}}",
                            "subs {quads}, {quads}, #1",
                            "bne 2b",
                            rates = in(reg) rates.as_ptr(),
                            w = inout(reg) w.as_mut_ptr() => _,
                            m = inout(reg) m.as_mut_ptr() => _,
                            v = inout(reg) v.as_mut_ptr() => _,
                            g = inout(reg) g.as_ptr() => _,
                            quads = inout(reg) quads => _,
                            out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _, out("d5") _, out("d6") _, out("d7") _, out("d8") _, out("d9") _, out("d10") _, out("d11") _, out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            options(nostack),
                        );
        }
    }
    let done = quads * 4;
    if let (Some(w), Some(m), Some(v), Some(g)) = (
        w.get_mut(done..),
        m.get_mut(done..),
        v.get_mut(done..),
        g.get(done..),
    ) {
        blocks::adam(w, m, v, g, step);
    }
}
