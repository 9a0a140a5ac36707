//! Twins of the [loops](super::blocks) for chips with a hardware floating-point unit, in assembly.
//!
//! Compilers load one float at a time there. Here a block comes with one `VLDM`, and the sums of a
//! block stay in registers. `VMLA` and `VMLS` round the product before the sum, as Rust's `+` and `*`
//! do, so the bits are those of the plain loops; the fused `VFMA` would not give them.
//!
//! Safety, for every block below: the assembly reads and writes through pointers taken from slices
//! or arrays, over a count of elements that was cut to their lengths before. It touches no stack,
//! and every register that it changes is declared.
#![allow(unsafe_code)]

use super::{Moments, blocks};
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
            // SAFETY: see above; the last tap ends where the assertions say.
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
                    out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _,
                    out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _,
                    out("s13") _, out("s14") _, out("s15") _, out("s16") _, out("s17") _, out("s18") _,
                    out("s19") _, out("s20") _, out("s21") _, out("s22") _, out("s23") _, out("s24") _,
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
pub(super) fn combine(y: &mut [f32], c: &[f32], step: usize, rows: &[f32]) {
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

/// [`blocks::project`]: four sums of four rows.
pub(super) fn project(dx: &mut [f32], w: &[f32], dy: &[f32]) {
    let outputs = dy.len();
    if outputs == 0 {
        return;
    }
    let mut quads = dx.chunks_exact_mut(4);
    let mut rows = w.chunks_exact(4 * outputs);
    for (dx, rows) in (&mut quads).zip(&mut rows) {
        // SAFETY: see above; four rows of `outputs` and as many deltas are read, four sums written.
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
                n = inout(reg) outputs * size_of::<f32>() => _,
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _,
                out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _,
                out("s13") _, out("s14") _, out("s15") _, out("s16") _, out("s17") _, out("s18") _,
                out("s19") _, out("s20") _, out("s21") _, out("s22") _, out("s23") _,
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

/// One row of products, stored or added to what is there: sixteen, eight and four columns.
macro_rules! products {
    ($name:ident, $columns:literal, $registers:literal, $body:expr, $ahead:literal) => {
        /// Writes `count` rows of a block of columns. `rows` begins at the block's column, in rows of
        /// `outputs`.
        #[inline]
        fn $name(rows: &mut [f32], x: &[f32], dy: &[f32; $columns], outputs: usize, count: usize) {
            debug_assert!(count > 0 && x.len() >= count);
            debug_assert!(rows.len() >= (count - 1) * outputs + $columns);
            // SAFETY: see above; the last row ends where the assertions say.
            unsafe {
                asm!(
                    concat!("vldmia {dy}, {{", $registers, "}}"),
                    "2:",
                    "vldmia {x}!, {{s24}}",
                    $body,
                    "subs {count}, {count}, #1",
                    "bne 2b",
                    dy = in(reg) dy.as_ptr(),
                    x = inout(reg) x.as_ptr() => _,
                    row = inout(reg) rows.as_mut_ptr() => _,
                    next = in(reg) outputs * size_of::<f32>() - $ahead,
                    count = inout(reg) count => _,
                    out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _,
                    out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _,
                    out("s13") _, out("s14") _, out("s15") _, out("s16") _, out("s17") _, out("s18") _,
                    out("s19") _, out("s20") _, out("s21") _, out("s22") _, out("s23") _, out("s24") _,
                    options(nostack),
                );
            }
        }
    };
}

/// `s16..s23 = s24 · s0..s7`, or with `vmla.f32` added to.
macro_rules! low {
    ($op:literal) => {
        concat!(
            $op,
            " s16, s24, s0\n",
            $op,
            " s17, s24, s1\n",
            $op,
            " s18, s24, s2\n",
            $op,
            " s19, s24, s3\n",
            $op,
            " s20, s24, s4\n",
            $op,
            " s21, s24, s5\n",
            $op,
            " s22, s24, s6\n",
            $op,
            " s23, s24, s7\n"
        )
    };
}

/// `s16..s23 = s24 · s8..s15`, or with `vmla.f32` added to.
macro_rules! high {
    ($op:literal) => {
        concat!(
            $op,
            " s16, s24, s8\n",
            $op,
            " s17, s24, s9\n",
            $op,
            " s18, s24, s10\n",
            $op,
            " s19, s24, s11\n",
            $op,
            " s20, s24, s12\n",
            $op,
            " s21, s24, s13\n",
            $op,
            " s22, s24, s14\n",
            $op,
            " s23, s24, s15\n"
        )
    };
}

products!(
    store16,
    16,
    "s0-s15",
    concat!(
        low!("vmul.f32"),
        "vstmia {row}!, {{s16-s23}}\n",
        high!("vmul.f32"),
        "vstmia {row}, {{s16-s23}}\nadd {row}, {row}, {next}"
    ),
    32
);
products!(
    add16,
    16,
    "s0-s15",
    concat!(
        "vldmia {row}, {{s16-s23}}\n",
        low!("vmla.f32"),
        "vstmia {row}!, {{s16-s23}}\nvldmia {row}, {{s16-s23}}\n",
        high!("vmla.f32"),
        "vstmia {row}, {{s16-s23}}\nadd {row}, {row}, {next}"
    ),
    32
);
products!(
    store8,
    8,
    "s0-s7",
    concat!(
        low!("vmul.f32"),
        "vstmia {row}, {{s16-s23}}\nadd {row}, {row}, {next}"
    ),
    0
);
products!(
    add8,
    8,
    "s0-s7",
    concat!(
        "vldmia {row}, {{s16-s23}}\n",
        low!("vmla.f32"),
        "vstmia {row}, {{s16-s23}}\nadd {row}, {row}, {next}"
    ),
    0
);

/// [`blocks::outer`]
pub(super) fn outer(rows: &mut [f32], x: &[f32], dy: &[f32], fresh: bool) {
    let outputs = dy.len();
    if outputs == 0 {
        return;
    }
    let count = x.len().min(rows.len() / outputs);
    if count == 0 {
        return;
    }
    let mut from = 0;
    while let (Some(dy), Some(rows)) = (
        dy.get(from..).and_then(<[f32]>::first_chunk::<16>),
        rows.get_mut(from..),
    ) {
        if fresh {
            store16(rows, x, dy, outputs, count);
        } else {
            add16(rows, x, dy, outputs, count);
        }
        from += 16;
    }
    if let (Some(dy), Some(rows)) = (
        dy.get(from..).and_then(<[f32]>::first_chunk::<8>),
        rows.get_mut(from..),
    ) {
        if fresh {
            store8(rows, x, dy, outputs, count);
        } else {
            add8(rows, x, dy, outputs, count);
        }
        from += 8;
    }
    let rest = dy.get(from..).unwrap_or(&[]);
    if rest.is_empty() {
        return;
    }
    for (row, x) in rows.chunks_exact_mut(outputs).zip(x) {
        for (dw, dy) in row.iter_mut().skip(from).zip(rest) {
            *dw = if fresh { *x * *dy } else { *dw + *x * *dy };
        }
    }
}

/// [`blocks::square_sum`]
pub(super) fn square_sum(g: &[f32]) -> f32 {
    let blocks = g.len() / blocks::LANES;
    let rest = g.get(blocks * blocks::LANES..).unwrap_or(&[]);
    let mut lanes = [0.0f32; blocks::LANES];
    if blocks > 0 {
        // SAFETY: see above; `blocks` times sixteen elements are read, sixteen sums written.
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
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _, out("s13") _, out("s14") _, out("s15") _, out("s16") _, out("s17") _, out("s18") _, out("s19") _, out("s20") _, out("s21") _, out("s22") _, out("s23") _, out("s24") _, out("s25") _, out("s26") _, out("s27") _, out("s28") _, out("s29") _, out("s30") _, out("s31") _,
                options(nostack),
            );
        }
    }
    blocks::finish_square_sum(lanes, rest)
}

/// [`blocks::descend`]
pub(super) fn descend(w: &mut [f32], g: &[f32], rate: f32) {
    let count = w.len().min(g.len());
    let blocks = count / 8;
    if blocks > 0 {
        // SAFETY: see above; `blocks` times eight elements of each are read, and of `w` written.
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
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _,
                out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _,
                out("s13") _, out("s14") _, out("s15") _, out("s16") _,
                options(nostack),
            );
        }
    }
    for (w, g) in w.iter_mut().zip(g).skip(blocks * 8) {
        *w -= rate * *g;
    }
}

/// [`blocks::momentum`]
pub(super) fn momentum(w: &mut [f32], v: &mut [f32], g: &[f32], rate: f32, momentum: f32) {
    let count = w.len().min(v.len()).min(g.len());
    let blocks = count / 8;
    if blocks > 0 {
        // SAFETY: see above; `blocks` times eight elements of each are read, and of `w` and `v` written.
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
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _,
                out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _,
                out("s13") _, out("s14") _, out("s15") _, out("s16") _, out("s17") _, out("s18") _,
                out("s19") _, out("s20") _, out("s21") _, out("s22") _, out("s23") _, out("s24") _, out("s25") _,
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
pub(super) fn adam(w: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32], step: &Moments<f32>) {
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
        // SAFETY: see above; `quads` times four elements of each are read, and of all but `g` written.
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
                out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _, out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _, out("s13") _, out("s14") _, out("s15") _, out("s16") _, out("s17") _, out("s18") _, out("s19") _, out("s20") _, out("s21") _, out("s22") _, out("s23") _, out("s24") _, out("s25") _, out("s26") _, out("s27") _, out("s28") _, out("s29") _,
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
