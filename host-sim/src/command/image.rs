//! `kilograd image`: a checkpoint as a region of a chip's flash, alone or with its firmware.

use super::export::write;
use super::table::grouped;
use crate::chip::Chip;
use crate::complaint::{Complaint, Failure};
use crate::exchange::Checkpoint;
use crate::image::region::{Region, Wanted, region};
use crate::image::{Clash, Form, Image, Pieces, Saved, hex, uf2};
use crate::report::say;
use crate::run::{NumberFile, RunFile, WithTraining};
use crate::session::{Network, Source};
use kilograd::checkpoint::Contents;
use kilograd::flash::MARK_BYTES;
use kilograd::kernel::Kernel;
use kilograd::optim::Optimizer;
use kilograd::persist::{Fingerprint, Parts, Persist};
use kilograd::train::State;
use std::path::{Path, PathBuf};

/// Bytes of a chunk where neither the command nor the checkpoint has one that fits.
const CHUNK: u32 = 256;

const EXAMPLES: &str = "\
Examples:
  kilograd image --checkpoint dump.bin --chip nrf52840 --address 0xf0000 --out factory.hex
  kilograd image digits-mlp --checkpoint out/digits-mlp/checkpoint.bin --chip rp2040 --address 0x101f0000 --out model.uf2
  kilograd image --checkpoint dump.bin --chip stm32l476 --address 0x080f0000 --firmware app.elf --out product.hex

Without a run file the state is flashed as it was saved. With one it becomes what a firmware of that model keeps that
calls `Fit::checkpoint(&mut store, &[&Contents::new(&PLAN)])`: the trainer as it is, and a run that has just begun.";

/// What `kilograd image` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The run file of the model, or the name of a ready run, to begin a firmware's run with its weights
    #[arg(value_name = "RUN.toml")]
    run: Option<PathBuf>,
    /// A checkpoint, or any image or dump with one
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// The number that the firmware trains in, in place of the file's
    #[arg(long, value_name = "NUMBER", requires = "run")]
    number: Option<NumberFile>,
    /// The checkpoint that the frozen layers were taken from [default: the run file's seed draws them]
    #[arg(long, value_name = "FILE", requires = "run")]
    base: Option<PathBuf>,
    /// The chip: nrf51822, nrf52840, rp2040, rp2350, stm32f407, stm32l476, esp32c3, qemu-microbit, qemu-virt
    #[arg(long, value_name = "NAME")]
    chip: String,
    /// Address of the region, as a linker script has it
    #[arg(long, value_name = "ADDRESS", value_parser = number)]
    address: u32,
    /// Bytes of the region [default: three segments]
    #[arg(long, value_name = "BYTES", value_parser = number)]
    size: Option<u32>,
    /// Bytes of a chunk: CHUNK of the firmware's store [default: the checkpoint's, or 256]
    #[arg(long, value_name = "BYTES", value_parser = number)]
    chunk: Option<u32>,
    /// WRITE_SIZE of the firmware's flash driver [default: the chip's]
    #[arg(long, value_name = "BYTES", value_parser = number)]
    write_size: Option<u32>,
    /// Bytes of the flash, for a board with another than the usual one
    #[arg(long, value_name = "BYTES", value_parser = number)]
    flash_size: Option<u32>,
    /// A firmware to put into the same file: ELF, Intel HEX or UF2
    #[arg(long, value_name = "FILE")]
    firmware: Option<PathBuf>,
    /// The file to write: .bin, .hex or .uf2
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// A number in the command line: 4096, 0x1000, 4K, 1M.
pub(super) fn number(text: &str) -> Result<u32, String> {
    let plain = text.replace('_', "");
    let (digits, unit) = match plain.strip_suffix(['K', 'k']) {
        Some(digits) => (digits, 1024),
        None => plain
            .strip_suffix(['M', 'm'])
            .map_or((plain.as_str(), 1), |digits| (digits, 1024 * 1024)),
    };
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hexadecimal) if !hexadecimal.starts_with('+') => u32::from_str_radix(hexadecimal, 16),
        Some(_) => return Err("write a number as 4096, 0x1000, 4K or 1M".into()),
        None => digits.parse(),
    };
    value
        .ok()
        .and_then(|value| value.checked_mul(unit))
        .ok_or_else(|| "write a number below 2^32 as 4096, 0x1000, 4K or 1M".into())
}

/// The state that a firmware begins with.
struct Begin<'a>(Checkpoint<'a>);

impl WithTraining for Begin<'_> {
    type Output = Result<Saved, Failure>;

    fn call<N: Kernel, O: Optimizer<N>>(self, optimizer: O) -> Self::Output {
        let seed = self.0.run.fit.seed;
        self.0.restore::<N, O, _>(optimizer, |trainer, _, saved| {
            let contents = Contents::of(trainer);
            let begun = State::beginning(seed);
            let extra: [&dyn Persist; 1] = [&contents];
            let parts = Parts(&[trainer, &begun, &Parts(&extra)]);
            let mut payload = vec![0; parts.size()];
            parts.read(0, &mut payload);
            let mut digest = Fingerprint::new();
            parts.describe(&mut digest);
            Ok(Saved {
                payload,
                fingerprint: digest.value(),
                step: parts.step(),
                chunk: saved.chunk,
            })
        })
    }
}

/// Runs the command.
///
/// # Errors
/// When a file or a flag is wrong, the region does not fit, or nothing can be written.
pub fn run(options: &Options) -> Result<(), Failure> {
    let form = Form::to_write(&options.out)?;
    let mut chip = Chip::named(&options.chip)?;
    chip.flash = options.flash_size.unwrap_or(chip.flash);
    let write_size = options.write_size.unwrap_or(chip.write);
    if !write_size.is_power_of_two() || write_size > 512 {
        let message = format!("a write size of {write_size} bytes is none");
        return Err(Complaint::new(message, "give --write-size a power of two from 1 to 512").into());
    }
    let name = options.checkpoint.display().to_string();
    let image = Image::read(&options.checkpoint, 0)?;
    let found = image.newest(&name)?;
    let saved = match &options.run {
        None => found.saved()?,
        Some(path) => {
            let mut run = RunFile::read(path)?;
            run.fit.number.value = options.number.unwrap_or(run.fit.number.value);
            let network = Network::new(&run)?;
            let base = match &options.base {
                Some(path) => Some(Source::read(path, None)?),
                None => None,
            };
            run.with(Begin(Checkpoint {
                name: &name,
                found,
                run: &run,
                network: &network,
                base: base.as_ref(),
            }))?
        }
    };
    let least = (MARK_BYTES as u32).next_multiple_of(write_size);
    let fits = |chunk: &u32| *chunk >= least && chunk.is_multiple_of(write_size);
    let usual = Some(saved.chunk).filter(fits).unwrap_or(CHUNK.max(least));
    let region = region(
        &saved,
        &Wanted {
            chip: &chip,
            address: options.address,
            size: options.size,
            chunk: options.chunk.unwrap_or(usual),
            write: write_size,
        },
    )?;
    let mut pieces = region.pieces();
    let firmware = match &options.firmware {
        Some(path) => Some(merge(&mut pieces, &region, &chip, path)?),
        None => None,
    };
    let (bytes, place) = encoded(&chip, &pieces, &region, form, options)?;
    write(&options.out, &bytes)?;
    say(told(&Told {
        options,
        chip: &chip,
        region: &region,
        saved: &saved,
        chunk: options.chunk.unwrap_or(usual),
        write_size,
        firmware,
        place,
    }))
}

/// Adds a firmware; what to say of it.
fn merge(pieces: &mut Pieces, region: &Region, chip: &Chip, path: &Path) -> Result<String, Complaint> {
    let name = path.display().to_string();
    let image = Image::read(path, chip.base)?;
    if image.form == Form::Plain {
        let help = "give the ELF file that the linker made, an Intel HEX file, or a UF2 file: plain bytes do not say \
                    where they belong";
        return Err(Complaint::new(
            format!("{name}: this is no firmware of a known format"),
            help,
        ));
    }
    if let Some(at) = image.pieces.meets(&region.range) {
        let message = format!(
            "{name}: the firmware has a byte at {at:#010x}, inside the region {:#010x}..{:#010x}",
            region.range.start, region.range.end
        );
        let help = "choose another --address, and keep the firmware out of the region by its linker script";
        return Err(Complaint::new(message, help));
    }
    if image.pieces.meets(&chip.range()).is_none() {
        let message = format!("{name}: the firmware has nothing in the flash of {}", chip.name);
        let help = format!(
            "it was linked for another chip: this one's flash is {:#010x}..{:#010x}",
            chip.range().start,
            chip.range().end
        );
        return Err(Complaint::new(message, help));
    }
    let (mut inside, mut outside) = (0, 0);
    for (address, bytes) in image.pieces.iter() {
        pieces.put(address, bytes).map_err(|clash| {
            let at = match clash {
                Clash::Taken(at) => at,
                Clash::PastEnd => address,
            };
            Complaint::new(
                format!("{name}: the firmware has a second byte at {at:#010x}"),
                "link it anew",
            )
        })?;
        match chip.range().contains(&u64::from(address)) {
            true => inside += bytes.len(),
            false => outside += bytes.len(),
        }
    }
    let mut text = format!("{name} ({}), {} bytes", image.form.name(), grouped(inside));
    if outside > 0 {
        text += &format!(
            "; {} bytes outside the flash are passed on as they are",
            grouped(outside)
        );
    }
    Ok(text)
}

/// The file's bytes, and where they go.
fn encoded(
    chip: &Chip,
    pieces: &Pieces,
    region: &Region,
    form: Form,
    options: &Options,
) -> Result<(Vec<u8>, String), Complaint> {
    match form {
        Form::Hex => Ok((hex::write(pieces).into_bytes(), "Intel HEX".into())),
        Form::Uf2 => {
            let family = chip.family.ok_or_else(|| {
                Complaint::new(
                    format!("{} takes no UF2 files: there is no family for it", chip.name),
                    "write an Intel HEX file: end the name of --out in .hex",
                )
            })?;
            Ok((uf2::write(pieces, family), format!("UF2, family {family:#010x}")))
        }
        Form::Plain | Form::Elf if options.firmware.is_none() => {
            let place = format!("plain bytes, to write at {:#010x}", region.range.start);
            Ok((region.bytes.clone(), place))
        }
        Form::Plain | Form::Elf => {
            let bounds = pieces.bounds().unwrap_or_default();
            let flash = chip.range();
            if bounds.start < flash.start || bounds.end > flash.end {
                let message = format!(
                    "the firmware has bytes outside the flash of {}, which plain bytes cannot hold",
                    chip.name
                );
                return Err(Complaint::new(message, "end the name of --out in .hex or .uf2"));
            }
            let (address, bytes) = pieces.filled().unwrap_or_default();
            Ok((bytes, format!("plain bytes, to write at {address:#010x}")))
        }
    }
}

/// What the command says in the end.
struct Told<'a> {
    options: &'a Options,
    chip: &'a Chip,
    region: &'a Region,
    saved: &'a Saved,
    chunk: u32,
    write_size: u32,
    firmware: Option<String>,
    place: String,
}

fn told(told: &Told<'_>) -> String {
    let Told {
        chip,
        region,
        saved,
        chunk,
        ..
    } = told;
    let from = region.range.start - u64::from(chip.base);
    let to = region.range.end - u64::from(chip.base);
    let mut text = format!("{}: {}\n", told.options.out.display(), told.place);
    text += &format!("chip      {}\n", chip.what);
    text += &format!(
        "region    {:#010x}..{:#010x}: {} bytes, {} segments of {} (frames in each: {}), erase units of {}\n",
        region.range.start,
        region.range.end,
        grouped(region.bytes.len()),
        region.segments(),
        grouped(region.layout.segment() as usize),
        region.layout.frames(),
        grouped(region.erase as usize),
    );
    text += &format!(
        "state     {} bytes in chunks of {chunk}, write size {}; step {}, fingerprint {:016x}\n",
        grouped(saved.payload.len()),
        told.write_size,
        saved.step,
        saved.fingerprint
    );
    if let Some(firmware) = &told.firmware {
        text += &format!("firmware  {firmware}\n");
    }
    text += &format!("In the firmware: Store::<_, {chunk}>::new(flash, {from:#x}..{to:#x})");
    if chip.base != 0 {
        text += ", where the driver counts from the first byte of flash";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_prefixes_and_suffixes() {
        for (text, value) in [
            ("4096", 4096),
            ("0x1000", 4096),
            ("4K", 4096),
            ("2M", 2 << 20),
            ("0x1010_0000", 0x1010_0000),
        ] {
            assert_eq!(number(text), Ok(value));
        }
        for text in ["", "x", "-1", "0x", "0x+1", "5G", "4096M", "99999999999", "K"] {
            assert!(number(text).is_err(), "{text}");
        }
    }
}
