//! Outer products: a block of columns in registers.

#[cfg(doc)]
use crate::kernel::blocks;
use core::arch::asm;

/// One row of products, stored or added to what is there: sixteen, eight and four columns.
macro_rules! products {
    ($name:ident, $columns:literal, $registers:literal, $body:expr, $ahead:literal) => {
        /// Writes `count` rows of a block of columns. `rows` begins at the block's column, in rows of
        /// `outputs`.
        #[inline]
        fn $name(rows: &mut [f32], x: &[f32], dy: &[f32; $columns], outputs: usize, count: usize) {
            debug_assert!(count > 0 && x.len() >= count);
            debug_assert!(rows.len() >= (count - 1) * outputs + $columns);
            // SAFETY: as the module says; the last row ends where the assertions say.
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
                    out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _, out("d5") _, out("d6") _, out("d7") _, out("d8") _, out("d9") _, out("d10") _, out("d11") _, out("d12") _, out("d13") _,
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
pub(in crate::kernel) fn outer(rows: &mut [f32], x: &[f32], dy: &[f32], fresh: bool) {
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
