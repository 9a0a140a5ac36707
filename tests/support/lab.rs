//! A laboratory for the checkpoint store: a state that knows whether it is a mixture, a device that
//! loses power, and the promises, checked at each boot.

use kilograd::checkpoint::{LoadError, Loaded, SaveError, Store};
use kilograd::persist::{Fingerprint, Malformed, Persist, Restore};
use kilograd_sim::flash::{FaultFlash, Part, Torn};

/// A state whose every byte follows from one number, so that a mixture of two is seen.
#[derive(Clone)]
pub struct Numbered {
    bytes: Vec<u8>,
}

fn byte(number: u64, at: usize) -> u8 {
    match number.to_le_bytes().get(at) {
        Some(byte) => *byte,
        None => {
            (number
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .wrapping_add(at as u64 * 0x0101_6b5d)
                >> 13) as u8
        }
    }
}

impl Numbered {
    /// State `number`, `size` bytes long, at least 8.
    pub fn new(number: u64, size: usize) -> Self {
        Self {
            bytes: (0..size).map(|at| byte(number, at)).collect(),
        }
    }

    /// Its number.
    ///
    /// # Panics
    /// When it is a mixture.
    pub fn number(&self) -> u64 {
        let number = u64::from_le_bytes(*self.bytes.first_chunk().unwrap());
        for (at, found) in self.bytes.iter().enumerate() {
            assert_eq!(
                *found,
                byte(number, at),
                "state {number} is a mixture at byte {at}"
            );
        }
        number
    }
}

impl Persist for Numbered {
    fn size(&self) -> usize {
        self.bytes.len()
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        out.fill(0);
        for (to, from) in out.iter_mut().zip(self.bytes.iter().skip(offset)) {
            *to = *from;
        }
    }

    fn describe(&self, digest: &mut Fingerprint) {
        *digest = digest.number(0x6e75_6d62);
    }

    fn step(&self) -> u64 {
        u64::from_le_bytes(*self.bytes.first_chunk().unwrap()) * 10
    }
}

impl Restore for Numbered {
    fn write(&mut self, offset: usize, data: &[u8]) -> Result<(), Malformed> {
        self.bytes[offset..offset + data.len()].copy_from_slice(data);
        Ok(())
    }
}

/// A device and what it is owed.
#[derive(Clone)]
pub struct Device<P: Part, const CHUNK: usize> {
    /// Its flash; the store's region is all of it.
    pub flash: FaultFlash<P>,
    size: usize,
    /// The newest state that was acknowledged or seen: an older one must never come back.
    floor: Option<u64>,
    /// The last state that a save was tried with.
    tried: u64,
}

impl<P: Part, const CHUNK: usize> Device<P, CHUNK> {
    /// A blank device whose region has this many segments.
    pub fn new(size: usize, segments: usize, seed: u64) -> Self {
        let layout =
            kilograd::checkpoint::Layout::new(size as u32, CHUNK as u32, P::WRITE as u32, P::ERASE as u32);
        let segment = layout.unwrap().segment() as usize;
        Self {
            flash: FaultFlash::new(segments * segment, seed),
            size,
            floor: None,
            tried: 0,
        }
    }

    fn store(&mut self) -> Store<&mut FaultFlash<P>, CHUNK> {
        let region = 0..self.flash.image().len() as u32;
        Store::new(&mut self.flash, region).unwrap()
    }

    /// One boot: load, then `saves` saves, each of the next state. Checks every promise that can be checked.
    /// Returns what was loaded; `None` when the flash was blank or the power went before.
    ///
    /// # Panics
    /// When a promise is broken.
    pub fn boot(&mut self, saves: usize) -> Option<u64> {
        let (size, floor, tried) = (self.size, self.floor, self.tried);
        let mut state = Numbered::new(0, size);
        let mut store = self.store();
        let loaded = store.load(&mut state);
        let mut seen = None;
        let mut acknowledged = None;
        let mut last = tried;
        match loaded {
            Ok(Loaded { step, .. }) => {
                let number = state.number();
                assert_eq!(step, number * 10);
                assert!(
                    number <= tried,
                    "state {number} was never saved, only up to {tried}"
                );
                assert!(
                    Some(number) >= floor,
                    "state {floor:?} was acknowledged or seen, now it is {number}"
                );
                seen = Some(number);
            }
            Err(LoadError::Empty) => assert!(floor.is_none(), "state {floor:?} is lost: Empty"),
            Err(error) => {
                assert!(store.release().is_off(), "state {floor:?} is lost: {error:?}");
                return None;
            }
        }
        for _ in 0..saves {
            last += 1;
            match store.save(&Numbered::new(last, size)) {
                Ok(saved) => {
                    assert_eq!(saved.retries, 0, "sound flash takes a frame at the first try");
                    acknowledged = Some(last);
                }
                Err(error @ (SaveError::WornOut | SaveError::Occupied(_))) => {
                    assert!(
                        store.release().is_off(),
                        "state {last} is not saved on sound flash: {error:?}"
                    );
                    break;
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        self.floor = self.floor.max(seen).max(acknowledged);
        self.tried = last;
        seen
    }

    /// Boots after the power has come back, and finds everything in order: a state that stays,
    /// and a flash that takes the next save.
    ///
    /// # Panics
    /// When a promise is broken.
    pub fn settle(&mut self) {
        self.flash.power_on();
        for saves in [0, 0, 1] {
            self.boot(saves);
        }
        assert_eq!(
            self.boot(0),
            Some(self.tried),
            "a clean save is not what the next boot finds"
        );
    }

    /// Boots with a cut to come after `operations`; false when the boot needed no more than those.
    pub fn cut_boot(&mut self, operations: u64, torn: Torn, saves: usize) -> bool {
        self.flash.power_on();
        self.flash.cut_after(operations, torn);
        self.boot(saves);
        self.flash.is_off()
    }
}
