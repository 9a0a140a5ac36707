//! Sums over rows: a block of outputs in registers.

use crate::kernel::blocks;
use core::arch::asm;

/// `s0..s7 += s24 · s16..s23`
macro_rules! add_low {
    () => {
        "vmla.f32 s0, s24, s16
         vmla.f32 s1, s24, s17
         vmla.f32 s2, s24, s18
         vmla.f32 s3, s24, s19
         vmla.f32 s4, s24, s20
         vmla.f32 s5, s24, s21
         vmla.f32 s6, s24, s22
         vmla.f32 s7, s24, s23
        "
    };
}

/// `s8..s15 += s24 · s16..s23`
macro_rules! add_high {
    () => {
        "vmla.f32 s8, s24, s16
         vmla.f32 s9, s24, s17
         vmla.f32 s10, s24, s18
         vmla.f32 s11, s24, s19
         vmla.f32 s12, s24, s20
         vmla.f32 s13, s24, s21
         vmla.f32 s14, s24, s22
         vmla.f32 s15, s24, s23
        "
    };
}

/// One coefficient, its row, and on to the next: sixteen, eight and four sums.
macro_rules! tap16 {
    () => {
        concat!(
            "vldr s24, [{c}]
             add {c}, {c}, {step}
             vldmia {row}!, {{s16-s23}}
            ",
            add_low!(),
            "vldmia {row}, {{s16-s23}}
             add {row}, {row}, {next}
            ",
            add_high!()
        )
    };
}
macro_rules! tap8 {
    () => {
        concat!(
            "vldr s24, [{c}]
             add {c}, {c}, {step}
             vldmia {row}, {{s16-s23}}
             add {row}, {row}, {next}
            ",
            add_low!()
        )
    };
}
macro_rules! tap4 {
    () => {
        "vldr s24, [{c}]
         add {c}, {c}, {step}
         vldmia {row}, {{s16-s19}}
         add {row}, {row}, {next}
         vmla.f32 s0, s24, s16
         vmla.f32 s1, s24, s17
         vmla.f32 s2, s24, s18
         vmla.f32 s3, s24, s19
        "
    };
}

/// Two taps at a time, then the last one.
macro_rules! sums {
    ($name:ident, $lanes:literal, $registers:literal, $tap:ident, $ahead:literal) => {
        /// Adds `taps` rows to a block of sums. `rows` begins at the block's column, in rows of
        /// `outputs`.
        #[inline]
        fn $name(sums: &mut [f32; $lanes], c: &[f32], step: usize, rows: &[f32], outputs: usize, taps: usize) {
            debug_assert!(taps > 0 && c.len() > (taps - 1) * step);
            debug_assert!(rows.len() >= (taps - 1) * outputs + $lanes);
            // SAFETY: as the module says; the last tap ends where the assertions say.
            unsafe {
                asm!(
                    concat!("vldmia {sums}, {{", $registers, "}}"),
                    "lsrs {pairs}, {taps}, #1",
                    "beq 3f",
                    "2:",
                    concat!($tap!(), $tap!()),
                    "subs {pairs}, {pairs}, #1",
                    "bne 2b",
                    "3:",
                    "lsls {taps}, {taps}, #31",
                    "beq 4f",
                    $tap!(),
                    "4:",
                    concat!("vstmia {sums}, {{", $registers, "}}"),
                    sums = in(reg) sums.as_mut_ptr(),
                    c = inout(reg) c.as_ptr() => _,
                    step = in(reg) step * size_of::<f32>(),
                    row = inout(reg) rows.as_ptr() => _,
                    next = in(reg) outputs * size_of::<f32>() - $ahead,
                    taps = inout(reg) taps => _,
                    pairs = out(reg) _,
                    out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _, out("d5") _, out("d6") _, out("d7") _, out("d8") _, out("d9") _, out("d10") _, out("d11") _, out("d12") _, out("d13") _,
options(nostack),
                );
            }
        }
    };
}

sums!(sums16, 16, "s0-s15", tap16, 32);
sums!(sums8, 8, "s0-s7", tap8, 0);
sums!(sums4, 4, "s0-s3", tap4, 0);

/// [`blocks::combine`]
pub(in crate::kernel) fn combine(y: &mut [f32], c: &[f32], step: usize, rows: &[f32]) {
    let outputs = y.len();
    let step = step.max(1);
    if outputs == 0 {
        return;
    }
    let taps = c.len().div_ceil(step).min(rows.len() / outputs);
    if taps == 0 {
        return;
    }
    let mut from = 0;
    while let (Some(block), Some(rows)) = (
        y.get_mut(from..).and_then(<[f32]>::first_chunk_mut::<16>),
        rows.get(from..),
    ) {
        sums16(block, c, step, rows, outputs, taps);
        from += 16;
    }
    if let (Some(block), Some(rows)) = (
        y.get_mut(from..).and_then(<[f32]>::first_chunk_mut::<8>),
        rows.get(from..),
    ) {
        sums8(block, c, step, rows, outputs, taps);
        from += 8;
    }
    if let (Some(block), Some(rows)) = (
        y.get_mut(from..).and_then(<[f32]>::first_chunk_mut::<4>),
        rows.get(from..),
    ) {
        sums4(block, c, step, rows, outputs, taps);
        from += 4;
    }
    if from < outputs {
        blocks::lanes::<f32, 1>(y, &c.iter().step_by(step).copied(), rows, from);
    }
}
