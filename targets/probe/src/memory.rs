//! Memory functions of a few instructions, for programs that count bytes.
//!
//! Those that come with the compiler are fast and take 2 KB. A product that counts bytes brings its own; one
//! that builds `core` itself, for size, gets small ones too.

/// Defines `memcpy`, `memmove`, `memset` and their Arm names, byte by byte.
#[macro_export]
macro_rules! small_memory {
    () => {
        core::arch::global_asm!(
            ".syntax unified",
            ".section .text.small_memory, \"ax\"",
            ".irp name, memmove, __aeabi_memmove, __aeabi_memmove4, __aeabi_memmove8",
            ".global \\name",
            ".type \\name, %function",
            ".thumb_func",
            "\\name:",
            ".endr",
            "cmp r0, r1",
            "bhi memcpy",
            "movs r3, #0",
            "b 2f",
            "1: ldrb r12, [r1, r3]",
            "strb r12, [r0, r3]",
            "adds r3, #1",
            "2: cmp r3, r2",
            "blo 1b",
            "bx lr",
            // From the end, so that it also serves a move to a higher place.
            ".irp name, memcpy, __aeabi_memcpy, __aeabi_memcpy4, __aeabi_memcpy8",
            ".global \\name",
            ".type \\name, %function",
            ".thumb_func",
            "\\name:",
            ".endr",
            "b 2f",
            "1: ldrb r3, [r1, r2]",
            "strb r3, [r0, r2]",
            "2: subs r2, #1",
            "bpl 1b",
            "bx lr",
            ".global memset",
            ".type memset, %function",
            ".thumb_func",
            "memset:",
            "mov r3, r1",
            "mov r1, r2",
            "mov r2, r3",
            "b 2f",
            ".irp name, __aeabi_memclr, __aeabi_memclr4, __aeabi_memclr8",
            ".global \\name",
            ".type \\name, %function",
            ".thumb_func",
            "\\name:",
            ".endr",
            "movs r2, #0",
            ".irp name, __aeabi_memset, __aeabi_memset4, __aeabi_memset8",
            ".global \\name",
            ".type \\name, %function",
            ".thumb_func",
            "\\name:",
            ".endr",
            "b 2f",
            "1: strb r2, [r0, r1]",
            "2: subs r1, #1",
            "bpl 1b",
            "bx lr",
            ".text",
        );
    };
}
