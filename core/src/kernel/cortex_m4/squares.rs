//! Sums of squares in sixteen lanes.

use crate::kernel::blocks::{self, LANES};
use core::arch::asm;

/// `lanes[i mod 16] += g[i]²`, over whole blocks.
#[inline(never)]
fn add_squares(lanes: &mut [f32; LANES], g: &[f32]) {
    let blocks = g.len() / LANES;
    if blocks == 0 {
        return;
    }
    // SAFETY: as the module says; `blocks` times sixteen elements are read, sixteen sums written.
    unsafe {
        asm!(
            "vldmia {lanes}, {{s0-s15}}",
            "2:",
            "vldmia {g}!, {{s16-s31}}",
            "vmla.f32 s0, s16, s16",
            "vmla.f32 s1, s17, s17",
            "vmla.f32 s2, s18, s18",
            "vmla.f32 s3, s19, s19",
            "vmla.f32 s4, s20, s20",
            "vmla.f32 s5, s21, s21",
            "vmla.f32 s6, s22, s22",
            "vmla.f32 s7, s23, s23",
            "vmla.f32 s8, s24, s24",
            "vmla.f32 s9, s25, s25",
            "vmla.f32 s10, s26, s26",
            "vmla.f32 s11, s27, s27",
            "vmla.f32 s12, s28, s28",
            "vmla.f32 s13, s29, s29",
            "vmla.f32 s14, s30, s30",
            "vmla.f32 s15, s31, s31",
            "subs {blocks}, {blocks}, #1",
            "bne 2b",
            "vstmia {lanes}, {{s0-s15}}",
            lanes = in(reg) lanes.as_mut_ptr(),
            g = inout(reg) g.as_ptr() => _,
            blocks = inout(reg) blocks => _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _, out("d5") _, out("d6") _, out("d7") _, out("d8") _, out("d9") _, out("d10") _, out("d11") _, out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            options(nostack),
        );
    }
}

/// [`blocks::square_sum`]. The end is filled up with zeros, whose squares change no sum.
pub(in crate::kernel) fn square_sum(g: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    add_squares(&mut lanes, g);
    let (_, rest) = g.split_at_checked(g.len() / LANES * LANES).unwrap_or((g, &[]));
    let mut last = [0.0f32; LANES];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    add_squares(&mut lanes, &last);
    blocks::sum_lanes(lanes)
}
