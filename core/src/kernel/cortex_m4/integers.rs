//! Sums of products of 16-bit integers, eight outputs and two inputs at a time.
//!
//! `SMLABB` and its like multiply halves of registers, so a pair of weights, or of inputs, comes with one load and needs no
//! unpacking. They wrap, as 32 products of mantissas and less never do.

use core::arch::asm;

/// `sums[o] ← sums[o] + Σ_k x[k] rows[k · width + o]`; `None`, with nothing done, if rows are not aligned to words.
#[inline(never)]
pub(in crate::kernel) fn add_eight(sums: &mut [i32; 8], x: &[i16], rows: &[i16], width: usize) -> Option<()> {
    let bytes = width * size_of::<i16>();
    if !(rows.as_ptr().addr() | bytes).is_multiple_of(4) || width < 8 {
        return None;
    }
    // As many rows as there are, the last of which may end behind its eighth weight.
    let most = match rows.len().checked_sub(8) {
        Some(rest) => rest / width + 1,
        None => 0,
    };
    let x = x.get(..most).unwrap_or(x);
    let pairs = x.as_chunks::<2>().0;
    if !pairs.is_empty() {
        let all = pairs.as_ptr_range();
        // SAFETY: as the module says, but for `r6` and `r7`, which no operand may be: they are saved on the stack and
        // taken back. `pairs` holds at least one pair, and the last of their rows ends within `rows`.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "push {{r2, r12}}",
                "ldmia r12, {{r4-r11}}",
                "2:",
                "ldr r2, [r0], #4",
                "cbz r2, 3f",
                "ldrd r3, r12, [r1]",
                "smlabb r4, r2, r3, r4",
                "smlabt r5, r2, r3, r5",
                "smlabb r6, r2, r12, r6",
                "smlabt r7, r2, r12, r7",
                "ldrd r3, r12, [r1, #8]",
                "add r1, r1, lr",
                "smlabb r8, r2, r3, r8",
                "smlabt r9, r2, r3, r9",
                "smlabb r10, r2, r12, r10",
                "smlabt r11, r2, r12, r11",
                "ldrd r3, r12, [r1]",
                "smlatb r4, r2, r3, r4",
                "smlatt r5, r2, r3, r5",
                "smlatb r6, r2, r12, r6",
                "smlatt r7, r2, r12, r7",
                "ldrd r3, r12, [r1, #8]",
                "add r1, r1, lr",
                "smlatb r8, r2, r3, r8",
                "smlatt r9, r2, r3, r9",
                "smlatb r10, r2, r12, r10",
                "smlatt r11, r2, r12, r11",
                "4:",
                "ldr r3, [sp]",
                "cmp r0, r3",
                "bne 2b",
                "b 5f",
                // Two zeros, as a relu leaves them.
                "3:",
                "add r1, r1, lr, lsl #1",
                "b 4b",
                "5:",
                "pop {{r2, r12}}",
                "stmia r12, {{r4-r11}}",
                "pop {{r6, r7}}",
                inout("r0") all.start => _,
                inout("r1") rows.as_ptr() => _,
                inout("r2") all.end => _,
                out("r3") _, out("r4") _, out("r5") _, out("r8") _, out("r9") _, out("r10") _, out("r11") _,
                inout("r12") sums.as_mut_ptr() => _,
                in("lr") bytes,
            );
        }
    }
    let done = 2 * pairs.len();
    if let Some(last) = x.get(done)
        && let Some(row) = rows.get(done * width..)
    {
        for (sum, w) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add(i32::from(*last) * i32::from(*w));
        }
    }
    Some(())
}
