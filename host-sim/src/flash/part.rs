//! Parts: the units, rules and times of flash on chips that people use.

/// What a part does when a word is programmed that is not erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// The call is an error. Every test of code that claims never to do it runs under this rule.
    Strict,
    /// Bits go from one to zero, as the cells do.
    Lax,
}

/// The kind of flash: its units, its times, and how it fails.
///
/// Times and endurance are typical values of the data sheets.
pub trait Part: Clone {
    /// The name that people know it by.
    const NAME: &'static str;
    /// Read unit, bytes.
    const READ: usize;
    /// Write unit, bytes.
    const WRITE: usize;
    /// Erase unit, bytes.
    const ERASE: usize;
    /// Whether words carry an error-correcting code: a torn one is then a read error.
    const ECC: bool;
    /// Microseconds to program a write unit.
    const PROGRAM_US: u64;
    /// Microseconds to erase a unit.
    const ERASE_US: u64;
    /// Erases that the data sheet promises.
    const ENDURANCE: u32;
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident: $text:literal, $read:literal, $write:literal, $erase:expr, $ecc:literal, $program:literal, $erased:literal, $endurance:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Part for $name {
                const NAME: &'static str = $text;
                const READ: usize = $read;
                const WRITE: usize = $write;
                const ERASE: usize = $erase;
                const ECC: bool = $ecc;
                const PROGRAM_US: u64 = $program;
                const ERASE_US: u64 = $erased;
                const ENDURANCE: u32 = $endurance;
            }
        )*

        /// Calls `$call!(Part)` for every named part: how a test reaches all of them.
        #[macro_export]
        macro_rules! for_each_part {
            ($call:ident) => {
                $($call!($crate::flash::$name);)*
            };
        }
    };
}

parts! {
    /// Nordic nRF51 of the first micro:bit.
    Microbit: "microbit", 1, 4, 1024, false, 46, 22_300, 20_000;
    /// Nordic nRF52.
    Nrf52: "nrf52", 1, 4, 4096, false, 41, 85_000, 10_000;
    /// RP2040 and RP2350 with their external flash.
    Rp2040: "rp2040", 1, 1, 4096, false, 3, 45_000, 100_000;
    /// Microchip SAMD21: a page is written at once, a row of four is erased.
    Samd21: "samd21", 1, 64, 256, false, 2_500, 6_000, 25_000;
    /// STM32F4: a small sector.
    Stm32f4: "stm32f4", 1, 4, 16 * 1024, false, 16, 250_000, 10_000;
    /// STM32H743: 32-byte words under ECC.
    Stm32h7: "stm32h743", 1, 32, 128 * 1024, true, 200, 1_100_000, 10_000;
    /// STM32L4: 8-byte words under ECC.
    Stm32l4: "stm32l4", 1, 8, 2048, true, 82, 22_000, 10_000;
    /// STM32U5: 16-byte words under ECC.
    Stm32u5: "stm32u5", 1, 16, 8 * 1024, true, 118, 1_500, 10_000;
}

/// A made-up part of any write and erase unit, for tests that need many.
#[derive(Debug, Clone, Copy)]
pub struct Cell<const WRITE: usize, const ERASE: usize>;

impl<const WRITE: usize, const ERASE: usize> Part for Cell<WRITE, ERASE> {
    const NAME: &'static str = "made up";
    const READ: usize = 1;
    const WRITE: usize = WRITE;
    const ERASE: usize = ERASE;
    const ECC: bool = false;
    const PROGRAM_US: u64 = 1;
    const ERASE_US: u64 = 1;
    const ENDURANCE: u32 = u32::MAX;
}
