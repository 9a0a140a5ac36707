//! Chips: where their flash is, and in what units it is written.

use crate::complaint::{Complaint, listed, suggestion};
use std::ops::Range;

/// A chip's flash as its programmers address it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chip {
    /// The name on the command line.
    pub name: &'static str,
    /// What it is.
    pub what: &'static str,
    /// Address of the first byte of flash, as linkers and programmers write it.
    pub base: u32,
    /// Bytes of flash; of a chip with external flash, of the usual board.
    pub flash: u32,
    /// Erase units from the base on: bytes of each, and how many. The last kind goes on to the end.
    pub sectors: &'static [(u32, u32)],
    /// Bytes of a write unit, as the usual driver has it.
    pub write: u32,
    /// Family in a UF2 file; none where no boot loader takes such files.
    pub family: Option<u32>,
}

/// The chips that `kilograd image` knows.
///
/// Sizes are those of the data sheets; families those of Microsoft's list in the repository `uf2`, and of the RP2350's
/// data sheet (section 5.5).
pub const CHIPS: &[Chip] = &[
    Chip {
        name: "nrf51822",
        what: "Nordic nRF51822, 256 KB (micro:bit 1)",
        base: 0,
        flash: 256 * 1024,
        sectors: &[(1024, 0)],
        write: 4,
        family: None,
    },
    Chip {
        name: "nrf52840",
        what: "Nordic nRF52840, 1 MB",
        base: 0,
        flash: 1024 * 1024,
        sectors: &[(4096, 0)],
        write: 4,
        family: Some(0xada5_2840),
    },
    Chip {
        name: "rp2040",
        what: "RP2040 with 2 MB (Pico)",
        base: 0x1000_0000,
        flash: 2 * 1024 * 1024,
        sectors: &[(4096, 0)],
        write: 1,
        family: Some(0xe48b_ff56),
    },
    Chip {
        name: "rp2350",
        what: "RP2350 with 4 MB (Pico 2), Arm cores, secure",
        base: 0x1000_0000,
        flash: 4 * 1024 * 1024,
        sectors: &[(4096, 0)],
        write: 1,
        family: Some(0xe48b_ff59),
    },
    Chip {
        name: "stm32f407",
        what: "STM32F407xG, 1 MB",
        base: 0x0800_0000,
        flash: 1024 * 1024,
        sectors: &[(16 * 1024, 4), (64 * 1024, 1), (128 * 1024, 0)],
        write: 4,
        family: Some(0x6d09_22fa),
    },
    Chip {
        name: "stm32l476",
        what: "STM32L476xG, 1 MB",
        base: 0x0800_0000,
        flash: 1024 * 1024,
        sectors: &[(2048, 0)],
        write: 8,
        family: Some(0x00ff_6919),
    },
    Chip {
        name: "esp32c3",
        what: "ESP32-C3 with 4 MB; addresses are offsets in its flash",
        base: 0,
        flash: 4 * 1024 * 1024,
        sectors: &[(4096, 0)],
        write: 4,
        family: Some(0xd42b_a06c),
    },
    Chip {
        name: "qemu-microbit",
        what: "QEMU's microbit: an nRF51822",
        base: 0,
        flash: 256 * 1024,
        sectors: &[(1024, 0)],
        write: 4,
        family: None,
    },
    Chip {
        name: "qemu-virt",
        what: "QEMU's RISC-V virt: its second CFI flash, 32 MB",
        base: 0x2200_0000,
        flash: 32 * 1024 * 1024,
        sectors: &[(256 * 1024, 0)],
        write: 4,
        family: None,
    },
];

impl Chip {
    /// The chip of this name, whatever its case.
    ///
    /// # Errors
    /// A [`Complaint`] that lists what there is.
    pub fn named(name: &str) -> Result<Self, Complaint> {
        let wanted = name.to_lowercase();
        CHIPS
            .iter()
            .find(|chip| chip.name == wanted)
            .copied()
            .ok_or_else(|| {
                let names: Vec<&str> = CHIPS.iter().map(|chip| chip.name).collect();
                let near = suggestion(name, &names, "`--chip`");
                let help = format!("{near}; for another one name that of the same units, with --flash-size");
                Complaint::new(format!("there is no chip \"{name}\" in the table"), help)
            })
    }

    /// The addresses of its flash.
    pub fn range(&self) -> Range<u64> {
        let base = u64::from(self.base);
        base..base + u64::from(self.flash)
    }

    /// Erase units as (address, bytes), from the base to the end of the flash.
    fn units(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut at = self.range().start;
        let kinds = self.sectors.iter().flat_map(|(bytes, count)| {
            let count = if *count == 0 { usize::MAX } else { *count as usize };
            std::iter::repeat_n(u64::from(*bytes), count)
        });
        kinds
            .map(move |bytes| {
                let unit = (at, bytes);
                at += bytes;
                unit
            })
            .take_while(|(at, _)| *at < self.range().end)
    }

    /// Bytes of the erase unit that an address is in.
    pub fn unit_at(&self, address: u32) -> Option<u32> {
        let address = u64::from(address);
        let found = self
            .units()
            .find(|(at, bytes)| (*at..at + bytes).contains(&address));
        found.map(|(_, bytes)| bytes as u32)
    }

    /// Bytes of the erase units that make up `region`.
    ///
    /// # Errors
    /// A [`Complaint`] when it is outside the flash, cuts a unit, or has units of several sizes.
    pub fn erase_unit(&self, region: &Range<u64>) -> Result<u32, Complaint> {
        let flash = self.range();
        let hex = |range: &Range<u64>| format!("{:#010x}..{:#010x}", range.start, range.end);
        if region.start < flash.start || region.end > flash.end || region.is_empty() {
            let message = format!(
                "the region {} lies outside the flash of {}",
                hex(region),
                self.name
            );
            let help = format!(
                "choose an --address inside {}, with room for {} bytes; --flash-size is for a board with more",
                hex(&flash),
                region.end.saturating_sub(region.start)
            );
            return Err(Complaint::new(message, help));
        }
        let units: Vec<(u64, u64)> = self
            .units()
            .filter(|(at, bytes)| *at < region.end && at + bytes > region.start)
            .collect();
        let cut = |edge: u64| !self.units().any(|(at, bytes)| at == edge || at + bytes == edge);
        for (edge, which) in [(region.start, "begins"), (region.end, "ends")] {
            if cut(edge) {
                let (at, bytes) = units
                    .iter()
                    .copied()
                    .find(|(at, bytes)| (*at..at + bytes).contains(&edge))
                    .unwrap_or((edge, 1));
                let message = format!(
                    "the region {} {which} inside an erase unit of {}",
                    hex(region),
                    self.name
                );
                let help = format!(
                    "its units have {bytes} bytes there: {which} at {at:#x} or {:#x}",
                    at + bytes
                );
                return Err(Complaint::new(message, help));
            }
        }
        let first = units.first().map_or(0, |(_, bytes)| *bytes);
        if let Some((at, bytes)) = units.iter().find(|(_, bytes)| *bytes != first) {
            let message = format!(
                "the region {} has erase units of {first} and of {bytes} bytes (from {at:#x} on)",
                hex(region)
            );
            let kinds: Vec<String> = self
                .sectors
                .iter()
                .map(|(bytes, count)| match count {
                    0 => format!("{bytes} to the end"),
                    count => format!("{count} x {bytes}"),
                })
                .collect();
            let help = format!("keep to units of one size; {} has {}", self.name, listed(&kinds));
            return Err(Complaint::new(message, help));
        }
        Ok(first as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chip_has_whole_units() {
        for chip in CHIPS {
            let end = chip.units().map(|(at, bytes)| at + bytes).last();
            assert_eq!(end, Some(chip.range().end), "{}", chip.name);
            assert!(chip.write.is_power_of_two() && chip.write <= 512);
            assert!(
                chip.sectors
                    .iter()
                    .all(|(bytes, _)| bytes.is_power_of_two() && bytes % chip.write == 0)
            );
            assert_eq!(Chip::named(&chip.name.to_uppercase()), Ok(*chip));
        }
    }

    #[test]
    fn a_region_is_whole_units_of_one_size_inside_the_flash() {
        let chip = Chip::named("stm32f407").unwrap();
        let unit = |from: u64, to: u64| {
            let region = 0x0800_0000 + from..0x0800_0000 + to;
            chip.erase_unit(&region).map_err(|error| error.to_string())
        };
        assert_eq!(unit(0x4000, 0xc000), Ok(16 * 1024));
        assert_eq!(unit(0x2_0000, 0x6_0000), Ok(128 * 1024));
        let fault = |from, to, part: &str| {
            let message = unit(from, to).unwrap_err();
            assert!(message.contains(part), "{message}");
        };
        fault(
            0x8000,
            0x2_0000,
            "units of 16384 and of 65536 bytes (from 0x8010000 on)",
        );
        fault(
            0x3_0000,
            0x6_0000,
            "begins inside an erase unit of stm32f407\n  help: its units have 131072 bytes there: begins at 0x8020000 or 0x8040000",
        );
        fault(0x2_0000, 0x5_0000, "ends inside an erase unit");
        fault(0xe_0000, 0x12_0000, "outside the flash");
        fault(0, 0, "outside the flash");
    }
}
