//! Sums along rows: four rows at once.

#[cfg(doc)]
use crate::kernel::blocks;
use core::arch::asm;

/// [`blocks::project`]: four sums of four rows.
pub(in crate::kernel) fn project(dx: &mut [f32], w: &[f32], dy: &[f32]) {
    let outputs = dy.len();
    if outputs == 0 {
        return;
    }
    let length = dx.len().min(w.len() / outputs);
    let (Some(dx), Some(w)) = (dx.get_mut(..length), w.get(..length * outputs)) else {
        return;
    };
    let mut quads = dx.chunks_exact_mut(4);
    let mut rows = w.chunks_exact(4 * outputs);
    for (dx, rows) in (&mut quads).zip(&mut rows) {
        // SAFETY: as the module says; four rows of `outputs` and as many deltas are read, four sums written.
        unsafe {
            asm!(
                            "add {b}, {a}, {n}",
                            "add {c}, {b}, {n}",
                            "add {d}, {c}, {n}",
                            "movs {n}, #0",
                            "vmov s0, {n}",
                            "vmov.f32 s1, s0",
                            "vmov.f32 s2, s0",
                            "vmov.f32 s3, s0",
                            "lsrs {n}, {outputs}, #2",
                            "beq 3f",
                            "2:",
                            "vldmia {dy}!, {{s4-s7}}",
                            "vldmia {a}!, {{s8-s11}}",
                            "vldmia {b}!, {{s12-s15}}",
                            "vldmia {c}!, {{s16-s19}}",
                            "vldmia {d}!, {{s20-s23}}",
                            "vmla.f32 s0, s4, s8",
                            "vmla.f32 s1, s4, s12",
                            "vmla.f32 s2, s4, s16",
                            "vmla.f32 s3, s4, s20",
                            "vmla.f32 s0, s5, s9",
                            "vmla.f32 s1, s5, s13",
                            "vmla.f32 s2, s5, s17",
                            "vmla.f32 s3, s5, s21",
                            "vmla.f32 s0, s6, s10",
                            "vmla.f32 s1, s6, s14",
                            "vmla.f32 s2, s6, s18",
                            "vmla.f32 s3, s6, s22",
                            "vmla.f32 s0, s7, s11",
                            "vmla.f32 s1, s7, s15",
                            "vmla.f32 s2, s7, s19",
                            "vmla.f32 s3, s7, s23",
                            "subs {n}, {n}, #1",
                            "bne 2b",
                            "3:",
                            "ands {n}, {outputs}, #3",
                            "beq 5f",
                            "4:",
                            "vldmia {dy}!, {{s4}}",
                            "vldmia {a}!, {{s8}}",
                            "vldmia {b}!, {{s12}}",
                            "vldmia {c}!, {{s16}}",
                            "vldmia {d}!, {{s20}}",
                            "vmla.f32 s0, s4, s8",
                            "vmla.f32 s1, s4, s12",
                            "vmla.f32 s2, s4, s16",
                            "vmla.f32 s3, s4, s20",
                            "subs {n}, {n}, #1",
                            "bne 4b",
                            "5:",
                            "vldmia {dx}, {{s4-s7}}",
                            "vadd.f32 s4, s4, s0",
                            "vadd.f32 s5, s5, s1",
                            "vadd.f32 s6, s6, s2",
                            "vadd.f32 s7, s7, s3",
                            "vstmia {dx}, {{s4-s7}}",
                            dx = in(reg) dx.as_mut_ptr(),
                            dy = inout(reg) dy.as_ptr() => _,
                            a = inout(reg) rows.as_ptr() => _,
                            b = out(reg) _,
                            c = out(reg) _,
                            d = out(reg) _,
                            outputs = in(reg) outputs,
                            n = inout(reg) size_of_val(dy) => _,
                            out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _, out("d5") _, out("d6") _, out("d7") _, out("d8") _, out("d9") _, out("d10") _, out("d11") _,
            options(nostack),
                        );
        }
    }
    let rest = quads.into_remainder().iter_mut();
    for (dx, row) in rest.zip(rows.remainder().chunks_exact(outputs)) {
        let mut sum = 0.0;
        for (w, dy) in row.iter().zip(dy) {
            sum += *dy * *w;
        }
        *dx += sum;
    }
}
