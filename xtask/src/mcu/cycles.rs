//! An estimate of the cycles that one instruction takes on a Cortex-M4F.
//!
//! From the instruction tables of Arm's technical reference manual (100166, sections 3.3 and 7.2.3), with
//! flash that needs no wait state and without stalls between dependent instructions. Single loads that
//! follow each other would overlap on the chip; here each takes its two cycles.

/// Cycles of a taken branch beside its own: the manual says 1 to 3.
const REFILL: u64 = 2;

/// Cycles of the instruction at `at`, when the next one executed is at `next`.
pub fn of(bytes: [u8; 4], at: u64, next: u64) -> u64 {
    let first = u16::from_le_bytes([bytes[0], bytes[1]]);
    let second = u16::from_le_bytes([bytes[2], bytes[3]]);
    let long = first >> 11 >= 0b11101;
    let own = if long { wide(first, second) } else { narrow(first) };
    let after = at + if long { 4 } else { 2 };
    own + if next == after { 0 } else { REFILL }
}

/// A 16-bit instruction.
fn narrow(word: u16) -> u64 {
    let registers = u64::from((word & 0xff).count_ones());
    match word >> 12 {
        // LDR from the literal pool; 0x44 to 0x47 are moves, adds and branches between registers.
        0x4 if word & 0x0800 != 0 => 2,
        // Register offset: three stores, then five loads.
        0x5 if (word >> 9) & 7 >= 3 => 2,
        // Immediate offset: bit 11 says load.
        0x6..=0x9 if word & 0x0800 != 0 => 2,
        // PUSH and POP, with one more register in bit 8.
        0xb if word & 0x0600 == 0x0400 => 1 + registers + u64::from(word >> 8 & 1),
        // STM and LDM.
        0xc => 1 + registers,
        _ => 1,
    }
}

/// A 32-bit instruction.
fn wide(first: u16, second: u16) -> u64 {
    let coprocessor = first & 0xec00 == 0xec00;
    if coprocessor && second & 0x0e00 == 0x0a00 {
        return float(first, second);
    }
    match first & 0xfe00 {
        // LDRD, STRD, exclusives and table branches; else LDM and STM.
        0xe800 if first & 0x0040 != 0 => 3,
        0xe800 => 1 + u64::from(second.count_ones()),
        // Single loads and stores: bit 4 says load.
        0xf800 if first & 0x0010 != 0 => 2,
        // UDIV and SDIV: 2 to 12.
        0xfa00 if first & 0xffd0 == 0xfb90 => 7,
        _ => 1,
    }
}

/// An instruction of the floating-point unit.
fn float(first: u16, second: u16) -> u64 {
    let count = u64::from(second & 0xff);
    if first & 0xff00 == 0xee00 {
        if second & 0x0010 != 0 {
            return 1;
        }
        // Bits 23, 21 and 20 of the instruction choose the operation.
        return match (first >> 5 & 0b100) | (first >> 4 & 0b011) {
            // VMLA and VMLS, VNMLA and VNMLS.
            0b000 | 0b001 => 3,
            // VMUL, VADD and VSUB.
            0b010 | 0b011 => 1,
            // VDIV.
            0b100 => 14,
            // VFMA and its kin.
            0b101 | 0b110 => 3,
            // VSQRT; else a move, a comparison or a conversion.
            _ if first & 0x000f == 1 && second & 0x00c0 == 0x00c0 => 14,
            _ => 1,
        };
    }
    if first & 0xffe0 == 0xec40 {
        // Two registers between the cores.
        2
    } else if first & 0x0120 == 0x0100 {
        // VLDR and VSTR.
        2
    } else {
        // VLDM, VSTM, VPUSH and VPOP, by words.
        1 + count
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    fn cycles(first: u16, second: u16) -> u64 {
        let (a, b) = (first.to_le_bytes(), second.to_le_bytes());
        let size = if first >> 11 >= 0b11101 { 4 } else { 2 };
        of([a[0], a[1], b[0], b[1]], 100, 100 + size)
    }

    /// Encodings as an assembler writes them, beside the manual's figures.
    #[test]
    fn knows_the_instructions_of_a_kernel() {
        let cases = [
            ("vmla.f32 s0, s1, s2", 0xee00, 0x0a81, 3),
            ("vmul.f32 s0, s1, s2", 0xee20, 0x0a81, 1),
            ("vadd.f32 s0, s1, s2", 0xee30, 0x0a81, 1),
            ("vsub.f32 s0, s1, s2", 0xee30, 0x0ac1, 1),
            ("vdiv.f32 s0, s1, s2", 0xee80, 0x0a81, 14),
            ("vfma.f32 s0, s1, s2", 0xeea0, 0x0a81, 3),
            ("vsqrt.f32 s0, s1", 0xeeb1, 0x0ae0, 14),
            ("vcmp.f32 s0, #0", 0xeeb5, 0x0a40, 1),
            ("vmrs APSR_nzcv, fpscr", 0xeef1, 0xfa10, 1),
            ("vldr s0, [r0]", 0xed90, 0x0a00, 2),
            ("vstr s0, [r0, #4]", 0xed80, 0x0a01, 2),
            ("vldmia r0!, {s0-s7}", 0xecb0, 0x0a08, 9),
            ("vmov r0, r1, s0, s1", 0xec51, 0x0a10, 2),
            ("ldr r0, [r1]", 0x6808, 0, 2),
            ("str r0, [r1]", 0x6008, 0, 1),
            ("ldr r0, [pc]", 0x4800, 0, 2),
            ("mov r0, r8", 0x4640, 0, 1),
            ("push {r4, r5, r6, r7, lr}", 0xb5f0, 0, 6),
            ("ldmia.w r0, {r4-r11}", 0xe890, 0x0ff0, 9),
            ("ldrd r0, r1, [r2]", 0xe9d2, 0x0100, 3),
            ("ldr.w r0, [r1, #4]", 0xf8d1, 0x0004, 2),
            ("udiv r0, r1, r2", 0xfbb1, 0xf0f2, 7),
            ("mul r0, r1, r2", 0xfb01, 0xf002, 1),
            ("subs r0, #1", 0x3801, 0, 1),
        ];
        for (text, first, second, expected) in cases {
            assert_eq!(cycles(first, second), expected, "{text}");
        }
    }

    #[test]
    fn a_taken_branch_refills_the_pipeline() {
        assert_eq!(of([0xfd, 0xd1, 0, 0], 100, 102), 1);
        assert_eq!(of([0xfd, 0xd1, 0, 0], 100, 98), 3);
    }
}
