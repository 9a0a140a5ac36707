//! The BBC micro:bit (nRF51822: Cortex-M0, 16 KB of RAM in all): a network learns four activities in
//! integers, keeps its checkpoints through the chip's own flash controller, and goes on after a reset.
#![no_std]
#![no_main]

mod learn;
mod motions;
mod nvmc;
mod ram;

use common::chip::{self, Console};
use core::fmt::{self, Write};
use cortex_m::peripheral::SCB;
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use kilograd::checkpoint::{FormatError, LoadError, RegionError, SaveError, Store};
use kilograd::engine::NewError;
use kilograd::persist::Fingerprint;
use learn::{Learner, Memory};
use motions::Scaling;
use nvmc::{Nvmc, NvmcError};
use portable_atomic as _;
use ram::Ram;
use static_cell::ConstStaticCell;

static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::ZERO);

/// Bytes of a chunk of a checkpoint.
const CHUNK: usize = 128;
/// Updates after which the first life ends: in the middle of an epoch, some updates behind a checkpoint.
const CUT: u32 = 255;
/// Right answers that it must give, of 100.
const LEAST: u32 = 90;

/// Why the program stopped early.
#[derive(Debug)]
#[expect(dead_code, reason = "what is in it is printed by Debug")]
enum Failure {
    Memory(NewError),
    Region(RegionError),
    Format(FormatError),
    Load(LoadError),
    Save(SaveError),
    Print,
    /// The controller took what it must not, or does not hold what was written.
    Flash,
    /// A sample was not learned.
    Refused,
    /// Too few right answers.
    Poor,
    /// The run that was cut ended elsewhere.
    Different,
}

macro_rules! from {
    ($($kind:ident($error:ty)),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::$kind(error)
            }
        })*
    };
}
from!(
    Memory(NewError),
    Region(RegionError),
    Format(FormatError),
    Load(LoadError),
    Save(SaveError)
);

impl From<fmt::Error> for Failure {
    fn from(_: fmt::Error) -> Self {
        Self::Print
    }
}

type Checkpoints = Store<Nvmc, CHUNK>;

#[cortex_m_rt::entry]
fn main() -> ! {
    ram::paint();
    chip::exit(live(MEMORY.take(), &mut Console::open()))
}

/// One life, from reset to the end or to the next reset: only flash remembers anything.
#[inline(never)]
fn live(memory: &mut Memory, out: &mut Console) -> Result<(), Failure> {
    let (mut trainer, sample) = memory.split()?;
    let mut flash = Nvmc::take();
    let capacity = flash.capacity() as u32;
    let scaling = Scaling::learn();
    let mut store = Checkpoints::new(flash, 0..capacity)?;
    let last = match store.load(&mut trainer) {
        Ok(_) => {
            writeln!(out, "boot at update {}", trainer.steps())?;
            learn::UPDATES
        }
        // Pages that were never erased read as anything.
        Err(LoadError::Empty | LoadError::Unknown) => {
            flash = store.release();
            try_out(&mut flash)?;
            store = Checkpoints::new(flash, 0..capacity)?;
            store.format()?;
            learn::begin(&mut trainer);
            store.save(&trainer)?;
            writeln!(out, "boot with blank flash")?;
            CUT
        }
        Err(error) => return Err(error.into()),
    };
    train(&mut trainer, &scaling, sample, last, |trainer, loss| {
        if trainer.steps().is_multiple_of(learn::SAVE_EVERY) {
            store.save(trainer)?;
            writeln!(out, "update {} loss {loss:x}, saved", trainer.steps())?;
        }
        Ok(())
    })?;
    if last == CUT {
        writeln!(out, "the power goes at update {}", trainer.steps())?;
        SCB::sys_reset()
    }
    let (right, all) = learn::examine(&mut trainer, &scaling, sample);
    writeln!(out, "{right} of {all} held out right")?;
    let resumed = hash(&trainer);
    writeln!(out, "parameters {resumed:016x}")?;
    if right * 100 < all * LEAST {
        return Err(Failure::Poor);
    }

    // Once more, without a cut and without the flash.
    learn::begin(&mut trainer);
    train(&mut trainer, &scaling, sample, learn::UPDATES, |_, _| Ok(()))?;
    if hash(&trainer) != resumed {
        return Err(Failure::Different);
    }
    let ram = Ram::used();
    writeln!(
        out,
        "memory: {} bytes of RAM: arena {}, other statics {}, stack {}, never touched {}",
        ram.total,
        Memory::ARENA,
        ram.statics - Memory::ARENA,
        ram.stack,
        ram.untouched
    )?;
    Ok(())
}

/// Goes on to `last` updates.
fn train(
    trainer: &mut Learner<'_>,
    scaling: &Scaling,
    sample: &mut [i16; common::motions::WIDTH],
    last: u32,
    mut each: impl FnMut(&Learner<'_>, u64) -> Result<(), Failure>,
) -> Result<(), Failure> {
    while trainer.steps() < last {
        let loss = learn::step(trainer, scaling, sample).ok_or(Failure::Refused)?;
        each(trainer, loss)?;
    }
    Ok(())
}

/// The controller does what the manual says: an erase sets all bits of its page and no others, a write
/// clears bits, and nothing is done outside the region or between units.
fn try_out(flash: &mut Nvmc) -> Result<(), Failure> {
    let page = Nvmc::ERASE_SIZE as u32;
    let capacity = flash.capacity() as u32;
    let good = (|| {
        flash.erase(0, 2 * page)?;
        flash.write(page - 4, &[0xf0, 0xff, 0x0f, 0xff])?;
        flash.write(page, &[1, 2, 3, 4])?;
        flash.write(page - 4, &[0xff, 0x00, 0xff, 0xff])?;
        let first = word(flash, page - 4)? == [0xf0, 0x00, 0x0f, 0xff];
        flash.erase(page, 2 * page)?;
        Ok::<_, NvmcError>(
            first && word(flash, page)? == [0xff; 4] && word(flash, page - 4)? == [0xf0, 0x00, 0x0f, 0xff],
        )
    })();
    let refused = flash.write(2, &[0; 4]) == Err(NvmcError::Unaligned)
        && flash.write(0, &[0; 3]) == Err(NvmcError::Unaligned)
        && flash.erase(0, page / 2) == Err(NvmcError::Unaligned)
        && flash.write(capacity, &[0; 4]) == Err(NvmcError::Outside)
        && flash.erase(0, capacity + page) == Err(NvmcError::Outside);
    if good == Ok(true) && refused {
        Ok(())
    } else {
        Err(Failure::Flash)
    }
}

fn word(flash: &mut Nvmc, offset: u32) -> Result<[u8; 4], NvmcError> {
    let mut word = [0; 4];
    flash.read(offset, &mut word)?;
    Ok(word)
}

/// 64-bit FNV-1a of the parameters.
fn hash(trainer: &Learner<'_>) -> u64 {
    let bytes = trainer.parameter_bytes().iter();
    bytes
        .fold(Fingerprint::new(), |digest, byte| digest.byte(*byte))
        .value()
}
