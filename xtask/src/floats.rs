//! A program that trains in integers holds no float: no instruction of a floating-point unit, and no
//! function that does the work of one.

use crate::elf::Program;
use crate::process::Outcome;

/// Every float that a program holds: functions by name, instructions by their function.
pub fn find(program: &Program) -> Vec<String> {
    let mut found: Vec<String> = program
        .functions()
        .iter()
        .filter(|function| is_soft_float(&function.name))
        .map(|function| function.name.clone())
        .collect();
    for (address, instruction) in program.thumb() {
        if is_float(instruction) {
            let function = program
                .function_at(address)
                .and_then(|index| program.functions().get(index));
            let name = function.map_or("?", |function| function.name.as_str());
            found.push(format!("an instruction at {address:#x} in {name}"));
        }
    }
    found.dedup();
    found
}

/// Fails if the program holds a float.
pub fn none(name: &str, program: &Program) -> Outcome {
    match find(program).as_slice() {
        [] => Ok(()),
        found => {
            let shown = found.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
            Err(format!("{name} holds {} floats: {shown}", found.len()))
        }
    }
}

/// Whether a function does on integers what a floating-point unit does: of the Arm run-time ABI (IHI 0043,
/// tables 2 to 8), of the compiler's own library, or of mathematics.
fn is_soft_float(name: &str) -> bool {
    if let Some(name) = name.strip_prefix("__aeabi_") {
        let number = name.strip_prefix('c').unwrap_or(name);
        let from_integer = ["i2f", "i2d", "l2f", "l2d"].iter().any(|end| name.ends_with(end));
        return number.starts_with(['f', 'd']) || from_integer;
    }
    if let Some(name) = name.strip_prefix("__") {
        let types = ["sf", "df", "tf"];
        let operation = |kind: &&str| {
            name.ends_with(&format!("{kind}2"))
                || name.ends_with(&format!("{kind}3"))
                || name.ends_with(kind)
                || name.contains(&format!("{kind}si"))
                || name.contains(&format!("{kind}di"))
        };
        return name.starts_with(|letter: char| letter.is_ascii_lowercase()) && types.iter().any(operation);
    }
    [
        "compiler_builtins::float",
        "libm::",
        "micromath::",
        "core::num::imp::flt2dec",
    ]
    .iter()
    .any(|part| name.contains(part))
}

/// Whether a Thumb instruction is for coprocessor 10 or 11, the floating-point unit. Source: Armv7-M
/// Architecture Reference Manual (DDI 0403), A5.3.18 and chapter A6.
fn is_float([first, second]: [u16; 2]) -> bool {
    first & 0xec00 == 0xec00 && second & 0x0e00 == 0x0a00
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_soft_float_by_name() {
        for name in [
            "__aeabi_fadd",
            "__aeabi_dmul",
            "__aeabi_f2iz",
            "__aeabi_ui2f",
            "__aeabi_i2d",
            "__aeabi_ul2d",
            "__aeabi_cfcmple",
            "__aeabi_d2f",
            "__addsf3",
            "__muldf3",
            "__ltsf2",
            "__fixsfsi",
            "__fixunsdfdi",
            "__floatsisf",
            "__floatundidf",
            "__truncdfsf2",
            "compiler_builtins::float::add::__addsf3",
            "libm::math::exp::exp",
        ] {
            assert!(is_soft_float(name), "{name}");
        }
        for name in [
            "__aeabi_idiv",
            "__aeabi_uidivmod",
            "__aeabi_lmul",
            "__aeabi_ldivmod",
            "__aeabi_llsl",
            "__aeabi_memcpy4",
            "__udivmodsi4",
            "__muldi3",
            "__INTERRUPTS",
            "main",
            "kilograd::number::bfp::to_f32",
        ] {
            assert!(!is_soft_float(name), "{name}");
        }
    }

    #[test]
    fn knows_the_instructions() {
        let floats = [
            ("vadd.f32 s0, s1, s2", [0xee30, 0x0a81]),
            ("vldr s0, [r0]", [0xed90, 0x0a00]),
            ("vpush {d8}", [0xed2d, 0x8b02]),
            ("vmov r0, s0", [0xee10, 0x0a10]),
            ("vmrs APSR_nzcv, fpscr", [0xeef1, 0xfa10]),
            ("vfma.f32 s0, s1, s2", [0xeea0, 0x0a81]),
            ("vmaxnm.f32 s0, s1, s2", [0xfe80, 0x0a81]),
        ];
        for (text, words) in floats {
            assert!(is_float(words), "{text}");
        }
        let others = [
            ("smlad r0, r1, r2, r3", [0xfb21, 0x3002]),
            ("ldmia.w r0, {r9, r11}", [0xe890, 0x0a00]),
            ("ldr.w r0, [r1, #2560]", [0xf8d1, 0x0a00]),
            ("mrc p15, 0, r0, c1, c0, 0", [0xee11, 0x0f10]),
            ("bl", [0xf000, 0xfa81]),
        ];
        for (text, words) in others {
            assert!(!is_float(words), "{text}");
        }
    }
}
