//! The update of a weight matrix by a rank-one gradient, fused: the product never leaves a register.

#[cfg(doc)]
use crate::kernel::blocks;
use core::arch::asm;

/// One block of columns, all rows: `g = x[k] · dy`, `v ← μ v + g`, `w ← w − η v`.
macro_rules! columns {
    ($name:ident, $columns:literal, $load:expr, $body:expr) => {
        /// `w` and `v` begin at the block's column, in rows of `outputs`.
        #[inline]
        fn $name(
            w: &mut [f32],
            v: &mut [f32],
            x: &[f32],
            dy: &[f32; $columns],
            outputs: usize,
            rates: &[f32; 2],
        ) {
            let count = x.len();
            let needed = count.saturating_sub(1) * outputs + $columns;
            if count == 0 || outputs < $columns || w.len() < needed || v.len() < needed {
                return;
            }
            // SAFETY: as the module says; the last row ends where the line above makes sure.
            unsafe {
                asm!(
                    $load,
                    "vldmia {rates}, {{s25-s26}}",
                    $body,
                    "add {w}, {w}, {next}",
                    "add {v}, {v}, {next}",
                    "subs {count}, {count}, #1",
                    "bne 2b",
                    dy = in(reg) dy.as_ptr(),
                    rates = in(reg) rates.as_ptr(),
                    x = inout(reg) x.as_ptr() => _,
                    w = inout(reg) w.as_mut_ptr() => _,
                    v = inout(reg) v.as_mut_ptr() => _,
                    next = in(reg) (outputs - $columns) * size_of::<f32>(),
                    count = inout(reg) count => _,
                    out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _, out("d5") _, out("d6") _, out("d7") _, out("d8") _, out("d9") _, out("d10") _, out("d11") _, out("d12") _, out("d13") _,
                    options(nostack),
                );
            }
        }
    };
}

columns!(
    eight,
    8,
    "vldmia {dy}, {{s0-s7}}",
    concat!(
        "2:\n",
        "vldmia {x}!, {{s24}}\n",
        "vldmia {v}, {{s16-s23}}\n",
        "vmul.f32 s8, s24, s0\n",
        "vmul.f32 s9, s24, s1\n",
        "vmul.f32 s10, s24, s2\n",
        "vmul.f32 s11, s24, s3\n",
        "vmul.f32 s12, s24, s4\n",
        "vmul.f32 s13, s24, s5\n",
        "vmul.f32 s14, s24, s6\n",
        "vmul.f32 s15, s24, s7\n",
        "vmla.f32 s8, s26, s16\n",
        "vmla.f32 s9, s26, s17\n",
        "vmla.f32 s10, s26, s18\n",
        "vmla.f32 s11, s26, s19\n",
        "vmla.f32 s12, s26, s20\n",
        "vmla.f32 s13, s26, s21\n",
        "vmla.f32 s14, s26, s22\n",
        "vmla.f32 s15, s26, s23\n",
        "vldmia {w}, {{s16-s23}}\n",
        "vstmia {v}!, {{s8-s15}}\n",
        "vmls.f32 s16, s25, s8\n",
        "vmls.f32 s17, s25, s9\n",
        "vmls.f32 s18, s25, s10\n",
        "vmls.f32 s19, s25, s11\n",
        "vmls.f32 s20, s25, s12\n",
        "vmls.f32 s21, s25, s13\n",
        "vmls.f32 s22, s25, s14\n",
        "vmls.f32 s23, s25, s15\n",
        "vstmia {w}!, {{s16-s23}}\n"
    )
);

columns!(
    two,
    2,
    "vldmia {dy}, {{s0-s1}}",
    concat!(
        "2:\n",
        "vldmia {x}!, {{s24}}\n",
        "vldmia {v}, {{s16-s17}}\n",
        "vmul.f32 s8, s24, s0\n",
        "vmul.f32 s9, s24, s1\n",
        "vmla.f32 s8, s26, s16\n",
        "vmla.f32 s9, s26, s17\n",
        "vldmia {w}, {{s16-s17}}\n",
        "vstmia {v}!, {{s8-s9}}\n",
        "vmls.f32 s16, s25, s8\n",
        "vmls.f32 s17, s25, s9\n",
        "vstmia {w}!, {{s16-s17}}\n"
    )
);

columns!(
    one,
    1,
    "vldmia {dy}, {{s0}}",
    concat!(
        "2:\n",
        "vldmia {x}!, {{s24}}\n",
        "vldmia {v}, {{s16}}\n",
        "vmul.f32 s8, s24, s0\n",
        "vmla.f32 s8, s26, s16\n",
        "vldmia {w}, {{s16}}\n",
        "vstmia {v}!, {{s8}}\n",
        "vmls.f32 s16, s25, s8\n",
        "vstmia {w}!, {{s16}}\n"
    )
);

/// [`blocks::momentum_outer`]
pub(in crate::kernel) fn momentum_outer(
    w: &mut [f32],
    v: &mut [f32],
    x: &[f32],
    dy: &[f32],
    rate: f32,
    momentum: f32,
) {
    let outputs = dy.len();
    if outputs == 0 {
        return;
    }
    let rows = x.len().min(w.len() / outputs).min(v.len() / outputs);
    let Some(x) = x.get(..rows) else { return };
    let rates = &[rate, momentum];
    let mut from = 0;
    while let (Some(w), Some(v), Some(rest)) = (w.get_mut(from..), v.get_mut(from..), dy.get(from..)) {
        if let Some(dy) = rest.first_chunk() {
            eight(w, v, x, dy, outputs, rates);
            from += 8;
        } else if let Some(dy) = rest.first_chunk() {
            two(w, v, x, dy, outputs, rates);
            from += 2;
        } else if let Some(dy) = rest.first_chunk() {
            one(w, v, x, dy, outputs, rates);
            from += 1;
        } else {
            return;
        }
    }
}
