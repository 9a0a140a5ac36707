//! The list of tensors that a state may carry, so that its weights can be found without the program that wrote it.

use crate::engine::Trainer;
use crate::flash::Checksum;
use crate::kernel::Kernel;
use crate::network::{MAX_PARAMS, Param, Plan, Role, Shape, Slot};
use crate::number::Number;
use crate::optim::Optimizer;
use crate::persist::{Fingerprint, Malformed, Persist, Restore};
use core::marker::PhantomData;

/// Version of the list.
pub(super) const VERSION: u8 = 1;

/// Bytes of one tensor's entry.
pub(super) const ENTRY: usize = 36;

/// Bytes of what stands behind the entries.
pub(super) const FOOT: usize = 44;

const MAGIC: [u8; 4] = *b"KGTL";

/// Longest name of a tensor.
const NAME: usize = 16;

/// Stands for "no track" in an entry.
const NO_TRACK: u32 = u32::MAX;

/// A part of a state that lists the tensors of the trainer in it: which layer's, how large, and where they lie.
///
/// It is made from the plan and takes no RAM. In a state the **trainer is the first part and this the last**: a reader
/// finds it from the end, and offsets count from the beginning. With it, [`Weights`](super::Weights) takes the weights
/// into another model, and `kilograd export` and `inspect` need no more than the image. The bytes are in
/// `docs/formats.md`.
#[derive(Debug)]
pub struct Contents<'p, N> {
    plan: &'p Plan,
    frozen: u64,
    number: PhantomData<N>,
}

impl<N> Clone for Contents<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Contents<'_, N> {}

/// A tensor as a state lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Listed {
    name: [u8; NAME],
    /// Index of its layer in the model that was saved.
    pub layer: u16,
    /// Its layer's kind: [`Layer::code`](crate::network::Layer::code).
    pub kind: u8,
    flags: u8,
    dims: [u16; 4],
    at: u32,
    track: u32,
}

impl Listed {
    /// Its name within the layer: `weight`, `bias`.
    pub fn name(&self) -> &str {
        let end = self.name.iter().position(|byte| *byte == 0).unwrap_or(NAME);
        let name = self.name.get(..end).unwrap_or(&[]);
        core::str::from_utf8(name).unwrap_or("?")
    }

    /// Its extents, outermost first, as in the saved model's memory; `None` when they are not a shape.
    pub fn shape(&self) -> Option<Shape> {
        let rank = self.dims.iter().position(|extent| *extent == 0).unwrap_or(4);
        let [a, b, c, d] = self.dims;
        Some(match rank {
            1 => Shape::new([a]),
            2 => Shape::new([a, b]),
            3 => Shape::new([a, b, c]),
            4 => Shape::new([a, b, c, d]),
            _ => return None,
        })
    }

    /// What it is for.
    pub const fn role(&self) -> Role {
        match self.flags & 3 {
            0 => Role::Weight,
            1 => Role::Bias,
            _ => Role::Statistic,
        }
    }

    /// Whether its elements are in the state. Those of a frozen tensor lie in the firmware.
    pub const fn saved(&self) -> bool {
        self.flags & 4 != 0
    }

    /// Whether it was trained.
    pub const fn trained(&self) -> bool {
        self.flags & 8 != 0
    }

    /// Offset in the payload of its elements, which lie as in RAM; none when it is not [saved](Self::saved).
    pub const fn elements_at(&self) -> Option<u32> {
        if self.saved() { Some(self.at) } else { None }
    }

    /// Offset in the payload of its track, whose first two bytes are its exponent; none for a float.
    pub const fn track_at(&self) -> Option<u32> {
        if self.track == NO_TRACK {
            None
        } else {
            Some(self.track)
        }
    }

    /// Whether it is a tensor of this name, role and shape.
    pub(super) fn is(&self, param: &Param) -> bool {
        self.name() == param.name && self.role() == param.role && self.shape() == Some(param.shape)
    }

    fn encode(&self) -> [u8; ENTRY] {
        let mut bytes = [0; ENTRY];
        let mut out = bytes.iter_mut();
        let mut put = |data: &[u8]| out.by_ref().zip(data).for_each(|(to, from)| *to = *from);
        put(&self.name);
        put(&self.layer.to_le_bytes());
        put(&[self.kind, self.flags]);
        for extent in self.dims {
            put(&extent.to_le_bytes());
        }
        put(&self.at.to_le_bytes());
        put(&self.track.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; ENTRY]) -> Self {
        let mut name = [0; NAME];
        name.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let (half, word) = (|at| half(bytes, at), |at| word(bytes, at));
        Self {
            name,
            layer: half(16),
            kind: bytes[18],
            flags: bytes[19],
            dims: [half(20), half(22), half(24), half(26)],
            at: word(28),
            track: word(32),
        }
    }
}

/// What stands behind the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Foot {
    /// [`Number::CODE`].
    pub number: u8,
    /// The optimizer's code.
    pub optimizer: u8,
    pub tensors: u16,
    pub layers: u16,
    /// [`Plan::fingerprint`].
    pub plan: u64,
    pub input: [u16; 4],
    /// Digest of the image of the frozen parameters; 0 for none.
    pub frozen: u64,
    /// Bytes of the trainer's part: where the second part begins.
    pub trainer: u32,
}

impl Foot {
    /// All but the checksum.
    fn encode(&self) -> [u8; FOOT - 4] {
        let mut bytes = [0; FOOT - 4];
        let mut out = bytes.iter_mut();
        let mut put = |data: &[u8]| out.by_ref().zip(data).for_each(|(to, from)| *to = *from);
        put(&self.tensors.to_le_bytes());
        put(&self.layers.to_le_bytes());
        put(&self.plan.to_le_bytes());
        for extent in self.input {
            put(&extent.to_le_bytes());
        }
        put(&self.frozen.to_le_bytes());
        put(&self.trainer.to_le_bytes());
        put(&[self.number, self.optimizer, 0, VERSION]);
        put(&MAGIC);
        bytes
    }

    /// The foot and its checksum, when `bytes` are a foot of this version.
    pub(super) fn decode(bytes: &[u8; FOOT]) -> Option<(Self, u32)> {
        let (half, word) = (|at| half(bytes, at), |at| word(bytes, at));
        let double = |at| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        if bytes[34] != 0 || bytes[35] != VERSION || bytes[36..40] != MAGIC {
            return None;
        }
        let foot = Self {
            tensors: half(0),
            layers: half(2),
            plan: double(4),
            input: [half(12), half(14), half(16), half(18)],
            frozen: double(20),
            trainer: word(28),
            number: bytes[32],
            optimizer: bytes[33],
        };
        Some((foot, word(40)))
    }
}

impl<'p, N: Number> Contents<'p, N> {
    /// The list of what a trainer of `plan`, in the number `N`, saves. For a plan that freezes nothing; otherwise
    /// take [`of`](Self::of).
    pub const fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            frozen: 0,
            number: PhantomData,
        }
    }

    /// Number of tensors.
    fn tensors(&self) -> usize {
        self.plan.slots().iter().map(|slot| slot.tensors.count()).sum()
    }

    /// Tensor `index` in the order of layers, frozen ones too.
    fn entry(&self, index: usize) -> Option<Listed> {
        let mut before = 0;
        for (slot, layer) in self.plan.slots().iter().zip(0..) {
            let tensor = index.wrapping_sub(before);
            if tensor < slot.tensors.count() {
                return self.listed(slot, layer, tensor);
            }
            before += slot.tensors.count();
        }
        None
    }

    fn listed(&self, slot: &Slot, layer: u16, tensor: usize) -> Option<Listed> {
        let param = slot.specs().get(tensor)?;
        let mut name = [0; NAME];
        name.iter_mut()
            .zip(param.name.bytes())
            .for_each(|(to, from)| *to = from);
        let role = match param.role {
            Role::Weight => 0,
            Role::Bias => 1,
            Role::Statistic => 2,
        };
        let saved = slot.tensors.resident(tensor);
        let mut flags = role;
        flags |= u8::from(saved) << 2;
        flags |= u8::from(slot.tensors.trained(tensor)) << 3;
        let params = crate::engine::COUNTERS as u32;
        let tracks = self.plan.regions.params + self.plan.regions.state;
        let track = (usize::from(slot.tracks) + 2 + tensor) * N::TRACK_BYTES + tracks;
        let at = slot.params + slot.tensors.span::<N>(tensor).start as u32;
        Some(Listed {
            name,
            layer,
            kind: slot.layer.code(),
            flags,
            dims: extents(param.shape),
            at: if saved { params.wrapping_add(at) } else { 0 },
            track: if N::TRACK_BYTES > 0 {
                params.wrapping_add(track as u32)
            } else {
                NO_TRACK
            },
        })
    }

    fn foot(&self) -> [u8; FOOT] {
        let regions = self.plan.regions;
        let gradients = if self.plan.batch > 1 { regions.gradients } else { 0 };
        let saved = regions.params + regions.state + regions.tracks + gradients;
        let foot = Foot {
            number: N::CODE,
            optimizer: self.plan.optimizer,
            tensors: self.tensors() as u16,
            layers: self.plan.layers as u16,
            plan: self.plan.fingerprint,
            input: extents(self.plan.input),
            frozen: self.frozen,
            trainer: (crate::engine::COUNTERS + saved) as u32,
        }
        .encode();
        let mut checksum = Checksum::new();
        for index in 0..self.tensors() {
            if let Some(entry) = self.entry(index) {
                checksum.update(&entry.encode());
            }
        }
        checksum.update(&foot);
        let mut bytes = [0; FOOT];
        let value = checksum.value().to_le_bytes();
        let both = foot.iter().chain(&value);
        bytes.iter_mut().zip(both).for_each(|(to, from)| *to = *from);
        bytes
    }
}

fn half(bytes: &[u8], at: usize) -> u16 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    u16::from_le_bytes(*field.unwrap_or(&[0; 2]))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    u32::from_le_bytes(*field.unwrap_or(&[0; 4]))
}

impl<'p, N: Kernel> Contents<'p, N> {
    /// The list of what this trainer saves.
    pub fn of<O: Optimizer<N>, const USES: u128>(trainer: &Trainer<'p, N, O, USES>) -> Self {
        Self {
            frozen: trainer.frozen_digest(),
            ..Self::new(trainer.plan())
        }
    }
}

/// Extents with zeros past the rank.
fn extents(shape: Shape) -> [u16; 4] {
    let mut extents = [0; 4];
    extents
        .iter_mut()
        .zip(shape.dims())
        .for_each(|(to, from)| *to = *from);
    extents
}

impl<N: Number> Persist for Contents<'_, N> {
    fn size(&self) -> usize {
        self.tensors() * ENTRY + FOOT
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        out.fill(0);
        let mut at = offset;
        let mut rest = out;
        // Entry by entry; the foot, whose checksum is over all of them, is worked out once.
        while !rest.is_empty() && at < self.size() {
            let index = at / ENTRY;
            let (entry, foot);
            let (piece, start): (&[u8], usize) = match self.entry(index) {
                Some(found) => {
                    entry = found.encode();
                    (&entry, index * ENTRY)
                }
                None => {
                    foot = self.foot();
                    (&foot, self.tensors() * ENTRY)
                }
            };
            let piece = piece.get(at.saturating_sub(start)..).unwrap_or(&[]);
            let count = piece.len().min(rest.len());
            if count == 0 {
                return;
            }
            let (now, later) = rest.split_at_mut(count);
            now.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
            rest = later;
            at += count;
        }
    }

    fn describe(&self, digest: &mut Fingerprint) {
        // What it lists follows from the trainer's plan, which the trainer describes.
        *digest = digest
            .number(u64::from_le_bytes(*b"tensors\0"))
            .number(VERSION.into());
    }
}

impl<N: Number> Restore for Contents<'_, N> {
    /// Nothing: the plan knows.
    fn write(&mut self, _: usize, _: &[u8]) -> Result<(), Malformed> {
        Ok(())
    }
}

/// Tensors that a list may have: more are refused before they are looked for.
pub(super) const MOST_TENSORS: usize = 1024 * MAX_PARAMS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_survives_its_bytes() {
        let mut name = [0; NAME];
        name[..6].copy_from_slice(b"weight");
        let listed = Listed {
            name,
            layer: 0x0102,
            kind: 3,
            flags: 4 | 8 | 1,
            dims: [0x0405, 0x0607, 8, 0],
            at: 0x090a_0b0c,
            track: 0x0d0e_0f10,
        };
        assert_eq!(Listed::decode(&listed.encode()), listed);
        assert_eq!(listed.name(), "weight");
        assert_eq!(listed.shape(), Some(Shape::new([0x0405, 0x0607, 8])));
        assert_eq!(listed.role(), Role::Bias);
        assert!(listed.saved() && listed.trained());
    }

    #[test]
    fn a_foot_survives_its_bytes() {
        let foot = Foot {
            number: 16,
            optimizer: 2,
            tensors: 0x0304,
            layers: 0x0506,
            plan: 0x0708_090a_0b0c_0d0e,
            input: [1, 2, 3, 0],
            frozen: 0x2122_2324_2526_2728,
            trainer: 0x1112_1314,
        };
        let mut bytes = [0; FOOT];
        bytes[..FOOT - 4].copy_from_slice(&foot.encode());
        bytes[FOOT - 4..].copy_from_slice(&[1, 2, 3, 4]);
        assert_eq!(Foot::decode(&bytes), Some((foot, 0x0403_0201)));
        for at in 34..40 {
            let mut other = bytes;
            other[at] ^= 1;
            assert_eq!(Foot::decode(&other), None, "byte {at}");
        }
    }
}
