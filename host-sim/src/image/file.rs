//! A file of a flash, whichever format it has.

use super::pieces::{Clash, Pieces};
use super::saved::Found;
use super::{View, elf, hex, uf2};
use crate::complaint::{Complaint, Source};
use kilograd::checkpoint::Frames;
use std::path::Path;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Plain bytes from one address on.
    Plain,
    /// Intel HEX.
    Hex,
    /// UF2.
    Uf2,
    /// ELF.
    Elf,
}

impl Form {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain bytes",
            Self::Hex => "Intel HEX",
            Self::Uf2 => "UF2",
            Self::Elf => "ELF",
        }
    }

    /// The format that a file to be written has by its name.
    ///
    /// # Errors
    /// A [`Complaint`] when its ending is of none.
    pub fn to_write(path: &Path) -> Result<Self, Complaint> {
        let ending = path
            .extension()
            .map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("bin") => Ok(Self::Plain),
            Some("hex" | "ihex") => Ok(Self::Hex),
            Some("uf2") => Ok(Self::Uf2),
            _ => Err(Complaint::new(
                format!("{}: the ending tells no format", path.display()),
                "end the name of --out in .bin (plain bytes), .hex (Intel HEX) or .uf2",
            )),
        }
    }
}

/// A file of a flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What it had as a file.
    pub form: Form,
    /// What is in it.
    pub pieces: Pieces,
    /// What a device would read: the same, and erased flash in the smaller gaps.
    flash: Pieces,
}

/// Gaps up to this are read as erased flash.
const GAP: u64 = 64 * 1024;

impl Image {
    /// Reads a file; its first bytes tell its format. Plain bytes begin at `address`.
    ///
    /// # Errors
    /// A [`Complaint`] when it cannot be read, or is not what it begins as.
    pub fn read(path: &Path, address: u32) -> Result<Self, Complaint> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| Complaint::unreadable(&name, &error))?;
        Self::parse(name, bytes, address)
    }

    /// [`read`](Self::read) of bytes.
    ///
    /// # Errors
    /// A [`Complaint`].
    pub fn parse(name: String, bytes: Vec<u8>, address: u32) -> Result<Self, Complaint> {
        let (form, pieces) = if elf::begins(&bytes) {
            (Form::Elf, elf::read(&name, &bytes)?)
        } else if uf2::begins(&bytes) {
            (Form::Uf2, uf2::read(&name, &bytes)?)
        } else if bytes.first() == Some(&b':')
            && let Ok(text) = String::from_utf8(bytes.clone())
        {
            (Form::Hex, hex::read(&Source { name, text })?)
        } else {
            let mut pieces = Pieces::default();
            pieces.put(address, &bytes).map_err(|clash| {
                let what = match clash {
                    Clash::Taken(_) | Clash::PastEnd => "its bytes go past the last address",
                };
                Complaint::new(format!("{name}: {what}"), "name a lower --address")
            })?;
            (Form::Plain, pieces)
        };
        let flash = pieces.joined(GAP);
        Ok(Self { form, pieces, flash })
    }

    /// Every frame in it, in order of address, with the stretch that it lies in.
    pub fn frames(&self) -> Vec<Found<'_>> {
        let mut all = vec![];
        for (base, bytes) in self.flash.iter() {
            let Ok(end) = u32::try_from(bytes.len()) else {
                continue;
            };
            let mut view = View(bytes);
            all.extend(Frames::new(&mut view, 0..end).map(|frame| Found { base, bytes, frame }));
        }
        all
    }

    /// The frame that a device would load: the valid one with the largest sequence, of equal ones that at the
    /// highest address.
    ///
    /// # Errors
    /// A [`Complaint`] that says what there is instead.
    pub fn newest(&self, name: &str) -> Result<Found<'_>, Complaint> {
        let frames = self.frames();
        let newest = frames
            .iter()
            .filter(|found| found.is_valid())
            .max_by_key(|found| found.frame.mark.sequence);
        newest.copied().ok_or_else(|| {
            let what = match frames.len() {
                0 => "there is no checkpoint in it".to_owned(),
                count => format!("none of its {count} checkpoints is valid"),
            };
            let help = "give a checkpoint.bin of `kilograd train` (with `checkpoint_every` in [fit]), or a dump of \
                        a device's region; `kilograd inspect` shows what a file holds";
            Complaint::new(format!("{name}: {what}"), help)
        })
    }
}
