//! The flash itself.

use super::error::FlashError;
use super::part::{Part, Rules};
use super::torn::{Dice, Torn, tear};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash, check_erase, check_read, check_write};
use std::marker::PhantomData;

/// What a unit can no longer do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wear {
    /// It is sound.
    None,
    /// A bit of every word programmed is wrong.
    Programs,
    /// A bit stays zero when it is erased.
    Erases,
}

/// What the flash has done since it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Words programmed and units erased: what [`FaultFlash::cut_after`] counts.
    pub operations: u64,
    /// Bytes programmed.
    pub bytes: u64,
    /// Erases of each unit.
    pub erases: Vec<u32>,
    /// Simulated time that programming and erasing took.
    pub micros: u64,
}

/// A simulated NOR flash of part `P`.
#[derive(Debug, Clone)]
pub struct FaultFlash<P> {
    bytes: Vec<u8>,
    /// Bits that read differently each time.
    unsettled: Vec<u8>,
    /// Any unsettled bit at all, so that sound flash reads fast.
    is_unsettled: bool,
    /// Words touched since their unit was erased.
    touched: Vec<bool>,
    /// Words whose code is wrong.
    poisoned: Vec<bool>,
    worn: Vec<Wear>,
    rules: Rules,
    torn: Torn,
    dice: Dice,
    powered: bool,
    /// Operations until the power goes; none: it stays.
    budget: Option<u64>,
    counters: Counters,
    part: PhantomData<P>,
}

impl<P: Part> FaultFlash<P> {
    /// An erased flash of `capacity` bytes, rounded up to erase units, under [`Rules::Strict`].
    pub fn new(capacity: usize, seed: u64) -> Self {
        let units = capacity.div_ceil(P::ERASE);
        let bytes = units * P::ERASE;
        Self {
            bytes: vec![0xff; bytes],
            unsettled: vec![0; bytes],
            is_unsettled: false,
            touched: vec![false; bytes / P::WRITE],
            poisoned: vec![false; bytes / P::WRITE],
            worn: vec![Wear::None; units],
            rules: Rules::Strict,
            torn: Torn::Nothing,
            dice: Dice(seed),
            powered: true,
            budget: None,
            counters: Counters {
                erases: vec![0; units],
                ..Counters::default()
            },
            part: PhantomData,
        }
    }

    /// A flash that holds `image`, as a programmer would have written it.
    pub fn from_image(image: &[u8], seed: u64) -> Self {
        let mut flash = Self::new(image.len(), seed);
        flash.bytes[..image.len()].copy_from_slice(image);
        for (touched, word) in flash.touched.iter_mut().zip(flash.bytes.chunks(P::WRITE)) {
            *touched = word.iter().any(|byte| *byte != 0xff);
        }
        flash
    }

    /// The cells, as far as they are settled.
    pub fn image(&self) -> &[u8] {
        &self.bytes
    }

    /// Changes what happens to a word that is programmed twice.
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Starts other dice, so that two branches of a test differ.
    pub fn reseed(&mut self, seed: u64) {
        self.dice = Dice(seed);
    }

    /// Lets `operations` more complete; the one after them is torn and the power is off. Words count one each.
    pub fn cut_after(&mut self, operations: u64, torn: Torn) {
        self.budget = Some(operations);
        self.torn = torn;
    }

    /// Power on, and no cut to come.
    pub fn power_on(&mut self) {
        self.powered = true;
        self.budget = None;
    }

    /// Whether a cut has happened.
    pub fn is_off(&self) -> bool {
        !self.powered
    }

    /// From now on a unit fails like this, and says nothing of it.
    pub fn wear_out(&mut self, unit: usize, wear: Wear) {
        self.worn[unit] = wear;
    }

    /// Flips a bit, as age or radiation does. The error-correcting code does not see it.
    pub fn flip(&mut self, bit: usize) {
        self.bytes[bit / 8] ^= 1 << (bit % 8);
    }

    /// What it has done.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether this operation is the one that is torn.
    fn is_cut(&mut self) -> bool {
        let cut = self.budget == Some(0);
        self.budget = self.budget.map(|left| left.saturating_sub(1));
        self.powered = !cut;
        cut
    }

    fn program_word(&mut self, address: usize, data: &[u8]) -> Result<(), FlashError> {
        let word = address / P::WRITE;
        if self.touched[word] && self.rules == Rules::Strict {
            return Err(FlashError::Rewrite {
                address: address as u32,
            });
        }
        let cut = self.is_cut();
        let second = self.touched[word];
        self.touched[word] = true;
        let range = address..address + P::WRITE;
        let now = &mut self.bytes[range.clone()];
        let goal: Vec<u8> = now.iter().zip(data).map(|(now, data)| now & data).collect();
        if cut {
            tear(
                self.torn,
                &mut self.dice,
                now,
                &goal,
                &mut self.unsettled[range],
                false,
            );
            self.is_unsettled |= self.torn == Torn::Unsettled;
            self.poisoned[word] |=
                P::ECC && self.bytes[address..address + P::WRITE] != goal[..] && self.torn != Torn::Nothing;
            return Err(FlashError::PowerCut);
        }
        now.copy_from_slice(&goal);
        self.poisoned[word] |= P::ECC && second;
        if self.worn[address / P::ERASE] == Wear::Programs {
            now[0] ^= 1;
        }
        self.counters.operations += 1;
        self.counters.bytes += P::WRITE as u64;
        self.counters.micros += P::PROGRAM_US;
        Ok(())
    }

    fn erase_unit(&mut self, unit: usize) -> Result<(), FlashError> {
        let cut = self.is_cut();
        let range = unit * P::ERASE..(unit + 1) * P::ERASE;
        let words = range.start / P::WRITE..range.end / P::WRITE;
        if cut {
            let goal = vec![0xff; P::ERASE];
            let (now, unsettled) = (&mut self.bytes[range.clone()], &mut self.unsettled[range]);
            tear(self.torn, &mut self.dice, now, &goal, unsettled, true);
            self.is_unsettled |= self.torn == Torn::Unsettled;
            if P::ECC && matches!(self.torn, Torn::Random | Torn::Unsettled) {
                for word in words.clone() {
                    self.poisoned[word] = self.dice.below(4) != 0;
                }
            }
            // Only a whole erase makes a unit fit to be written.
            self.touched[words].fill(true);
            return Err(FlashError::PowerCut);
        }
        self.bytes[range.clone()].fill(0xff);
        self.unsettled[range.clone()].fill(0);
        if self.worn[unit] == Wear::Erases {
            self.bytes[range.end - 1] &= 0x7f;
        }
        self.touched[words.clone()].fill(false);
        self.poisoned[words].fill(false);
        self.counters.operations += 1;
        self.counters.erases[unit] += 1;
        self.counters.micros += P::ERASE_US;
        Ok(())
    }

    fn power(&self) -> Result<(), FlashError> {
        if self.powered {
            Ok(())
        } else {
            Err(FlashError::PowerCut)
        }
    }
}

impl<P> ErrorType for FaultFlash<P> {
    type Error = FlashError;
}

impl<P: Part> ReadNorFlash for FaultFlash<P> {
    const READ_SIZE: usize = P::READ;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.power()?;
        check_read(self, offset, bytes.len()).map_err(FlashError::Call)?;
        let range = offset as usize..offset as usize + bytes.len();
        if P::ECC {
            for word in range.start / P::WRITE..range.end.div_ceil(P::WRITE) {
                if self.poisoned[word] {
                    return Err(FlashError::Ecc {
                        address: (word * P::WRITE) as u32,
                    });
                }
            }
        }
        bytes.copy_from_slice(&self.bytes[range.clone()]);
        if self.is_unsettled {
            for (byte, unsettled) in bytes.iter_mut().zip(&self.unsettled[range]) {
                if *unsettled != 0 {
                    *byte ^= self.dice.byte() & unsettled;
                }
            }
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<P: Part> NorFlash for FaultFlash<P> {
    const WRITE_SIZE: usize = P::WRITE;
    const ERASE_SIZE: usize = P::ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.power()?;
        check_erase(self, from, to).map_err(FlashError::Call)?;
        (from as usize / P::ERASE..to as usize / P::ERASE).try_for_each(|unit| self.erase_unit(unit))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.power()?;
        check_write(self, offset, bytes.len()).map_err(FlashError::Call)?;
        let words = bytes.chunks(P::WRITE).zip((offset as usize..).step_by(P::WRITE));
        for (word, address) in words {
            self.program_word(address, word)?;
        }
        Ok(())
    }
}
