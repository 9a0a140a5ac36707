//! Weights out of any saved state, into a model of the same or of compatible layers.

use super::contents::{ENTRY, FOOT, Foot, Listed, MOST_TENSORS};
use super::frames::{Frame, Frames, Verdict};
use crate::engine::Trainer;
use crate::flash::Checksum;
use crate::kernel::Kernel;
use crate::network::{Plan, Shape, Slot};
use crate::number::Float;
use crate::optim::Optimizer;
use core::cell::RefCell;
use core::fmt;
use core::ops::Range;
use embedded_storage::nor_flash::ReadNorFlash;

/// The weights of a saved state: a valid frame that [lists its tensors](super::Contents).
///
/// Layers are matched in order, those without parameters left out of the count: a dropout more or an activation less
/// changes nothing. Two layers match when they are of one kind and all their tensors have the same names and shapes.
///
/// ```text
/// let weights = Weights::newest(&mut flash, FACTORY)?;
/// trainer.init(seed);                                     // the new head
/// let taken = weights.take(&mut flash, &mut trainer, 4)?; // layers 0 to 3 must match
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Weights {
    frame: Frame,
    foot: Foot,
}

/// Why no weights were taken. The trainer is as it was, but for [`Flash`](Self::Flash) and
/// [`Malformed`](Self::Malformed) out of [`Weights::take`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WeightsError {
    /// There is no valid frame.
    NoFrame,
    /// The frame's state does not end with a list of its tensors.
    Unlisted,
    /// The weights are in a number that cannot be turned into this one: block fixed point is taken by its own kind,
    /// floats by every number.
    Number {
        /// Code of the frame's number.
        found: u8,
        /// Code of the trainer's.
        expected: u8,
    },
    /// The saved model has no layer with parameters left for this layer.
    Missing {
        /// The layer.
        layer: u16,
        /// Kind that it is of.
        expected: u8,
    },
    /// The saved layer is of another kind.
    Kind {
        /// The layer.
        layer: u16,
        /// Kind of the saved one.
        found: u8,
        /// Kind that it is of.
        expected: u8,
    },
    /// A tensor of the saved layer has another shape, or another name (then the shapes may be equal).
    Shape {
        /// The layer.
        layer: u16,
        /// Which of its tensors, from 0.
        tensor: u8,
        /// Shape of the saved one.
        found: Shape,
        /// Shape that it has.
        expected: Shape,
    },
    /// A tensor is listed but not in the state: it was frozen, and lies in the firmware that wrote the state.
    Frozen {
        /// The layer.
        layer: u16,
        /// Which of its tensors, from 0.
        tensor: u8,
    },
    /// The list is intact and speaks of what cannot be, or a value is not finite.
    Malformed,
    /// The flash does not read.
    Flash,
}

/// What was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Taken {
    /// Layers whose parameters now are those of the saved state.
    pub layers: u16,
    /// Their tensors.
    pub tensors: u16,
    /// Parameters in them.
    pub parameters: u32,
    /// Tensors that matched and are frozen here: theirs is what lies in this firmware.
    pub frozen: u16,
    /// Layers with parameters that were left as they were.
    pub left: u16,
    /// Layers with parameters of the saved state that were not asked for.
    pub unused: u16,
}

impl Weights {
    /// The newest state in these addresses that is valid: the frame with the largest sequence, of whatever model.
    ///
    /// # Errors
    /// [`WeightsError::NoFrame`]; and as [`of`](Self::of).
    pub fn newest<F: ReadNorFlash>(flash: &mut F, region: Range<u32>) -> Result<Self, WeightsError> {
        let newest = Frames::new(flash, region)
            .filter(|frame| matches!(frame.verdict, Verdict::Valid { .. }))
            .max_by_key(|frame| frame.mark.sequence);
        Self::of(flash, newest.ok_or(WeightsError::NoFrame)?)
    }

    /// The weights in `frame`, which is valid.
    ///
    /// # Errors
    /// [`WeightsError::Unlisted`], [`WeightsError::Flash`].
    pub fn of<F: ReadNorFlash>(flash: &mut F, frame: Frame) -> Result<Self, WeightsError> {
        let foot_at = frame.mark.length.checked_sub(FOOT as u32);
        let foot_at = foot_at.ok_or(WeightsError::Unlisted)?;
        let mut bytes = [0; FOOT];
        frame
            .read(flash, foot_at, &mut bytes)
            .ok_or(WeightsError::Flash)?;
        let (foot, expected) = Foot::decode(&bytes).ok_or(WeightsError::Unlisted)?;
        let weights = Self { frame, foot };
        if usize::from(foot.tensors) > MOST_TENSORS || weights.list_at().is_none() {
            return Err(WeightsError::Unlisted);
        }
        let mut checksum = Checksum::new();
        let mut entry = [0; ENTRY];
        for index in 0..foot.tensors {
            weights.entry(flash, index, &mut entry)?;
            checksum.update(&entry);
        }
        checksum.update(bytes.get(..FOOT - 4).unwrap_or(&[]));
        if checksum.value() == expected {
            Ok(weights)
        } else {
            Err(WeightsError::Unlisted)
        }
    }

    /// Where the list begins in the payload.
    fn list_at(&self) -> Option<u32> {
        let list = u32::from(self.foot.tensors)
            .wrapping_mul(ENTRY as u32)
            .wrapping_add(FOOT as u32);
        self.frame.mark.length.checked_sub(list)
    }

    fn entry<F: ReadNorFlash>(
        &self,
        flash: &mut F,
        index: u16,
        out: &mut [u8; ENTRY],
    ) -> Result<(), WeightsError> {
        let at = self.list_at().ok_or(WeightsError::Unlisted)?;
        let at = at.wrapping_add(u32::from(index).wrapping_mul(ENTRY as u32));
        self.frame.read(flash, at, out).ok_or(WeightsError::Flash)
    }

    /// The frame that they lie in.
    pub const fn frame(&self) -> &Frame {
        &self.frame
    }

    /// [Code](crate::number::Number::CODE) of the number that they are stored in.
    pub const fn number(&self) -> u8 {
        self.foot.number
    }

    /// Code of the optimizer that the state goes on with.
    pub const fn optimizer(&self) -> u8 {
        self.foot.optimizer
    }

    /// [Fingerprint](Plan::fingerprint) of the plan that was saved.
    pub const fn plan(&self) -> u64 {
        self.foot.plan
    }

    /// Layers of the saved model.
    pub const fn layers(&self) -> u16 {
        self.foot.layers
    }

    /// Extents of its input, outermost first, 0 past the rank.
    pub const fn input(&self) -> [u16; 4] {
        self.foot.input
    }

    /// Digest of the image of the parameters that were frozen, which lie in the firmware:
    /// [`Trainer::frozen_digest`]. 0 for none.
    pub const fn frozen_digest(&self) -> u64 {
        self.foot.frozen
    }

    /// Bytes of the trainer's part of the payload, which is the first: where the second begins.
    pub const fn trainer_bytes(&self) -> u32 {
        self.foot.trainer
    }

    /// Number of listed tensors.
    pub const fn tensors(&self) -> u16 {
        self.foot.tensors
    }

    /// Listed tensor `index`, in the order of layers.
    ///
    /// # Errors
    /// [`WeightsError::Malformed`] past the last one, [`WeightsError::Flash`].
    pub fn tensor<F: ReadNorFlash>(&self, flash: &mut F, index: u16) -> Result<Listed, WeightsError> {
        if index >= self.foot.tensors {
            return Err(WeightsError::Malformed);
        }
        let mut entry = [0; ENTRY];
        self.entry(flash, index, &mut entry)?;
        Ok(Listed::decode(&entry))
    }

    /// How many of the first layers of `plan` match, up to the first that does not.
    ///
    /// # Errors
    /// [`WeightsError::Flash`].
    pub fn matching<F: ReadNorFlash>(&self, flash: &mut F, plan: &Plan) -> Result<usize, WeightsError> {
        let mut next = 0;
        for (slot, layer) in plan.slots().iter().zip(0..) {
            match self.check(flash, slot, layer, next) {
                Ok(after) => next = after,
                Err(WeightsError::Flash) => return Err(WeightsError::Flash),
                Err(_) => return Ok(layer.into()),
            }
        }
        Ok(plan.layers)
    }

    /// Whether the first `layers` layers of `plan` match.
    ///
    /// # Errors
    /// [`WeightsError`], with what was found and what is expected.
    pub fn compare<F: ReadNorFlash>(
        &self,
        flash: &mut F,
        plan: &Plan,
        layers: usize,
    ) -> Result<(), WeightsError> {
        let mut next = 0;
        for (slot, layer) in plan.slots().iter().zip(0..).take(layers) {
            next = self.check(flash, slot, layer, next)?;
        }
        Ok(())
    }

    /// Copies the parameters of the first `layers` layers into `trainer`; the others keep what they have (initialise
    /// before). Optimizer state, counters and random state stay as they are.
    ///
    /// All is compared before the first parameter moves. One tensor's element is in RAM at a time.
    ///
    /// # Errors
    /// [`WeightsError`], with what was found and what is expected.
    pub fn take<F: ReadNorFlash, N: Kernel, O: Optimizer<N>, const USES: u128>(
        &self,
        flash: &mut F,
        trainer: &mut Trainer<'_, N, O, USES>,
        layers: usize,
    ) -> Result<Taken, WeightsError> {
        let plain = [f32::CODE, f64::CODE].contains(&self.foot.number);
        if self.foot.number != N::CODE && !plain {
            let (found, expected) = (self.foot.number, N::CODE);
            return Err(WeightsError::Number { found, expected });
        }
        let plan = trainer.plan();
        self.compare(flash, plan, layers)?;
        let mut taken = Taken::default();
        let mut next = 0;
        for (slot, layer) in plan.slots().iter().zip(0..).take(layers) {
            for tensor in 0..slot.tensors.count() {
                if slot.tensors.resident(tensor) {
                    let listed = self.tensor(flash, next)?;
                    self.copy(flash, trainer, layer, tensor, &listed)?;
                    taken.tensors += 1;
                    taken.parameters = taken
                        .parameters
                        .saturating_add(slot.tensors.elements(tensor) as u32);
                } else {
                    taken.frozen += 1;
                }
                next += 1;
            }
            taken.layers += u16::from(slot.tensors.count() > 0);
        }
        let with = |slot: &&Slot| slot.tensors.count() > 0;
        taken.left = plan.slots().iter().skip(layers).filter(with).count() as u16;
        let mut last = None;
        for index in next..self.foot.tensors {
            let layer = self.tensor(flash, index)?.layer;
            taken.unused += u16::from(last != Some(layer));
            last = Some(layer);
        }
        Ok(taken)
    }

    /// Compares a layer with the listed tensors from `first` on; the index of the tensor behind it.
    fn check<F: ReadNorFlash>(
        &self,
        flash: &mut F,
        slot: &Slot,
        layer: u16,
        first: u16,
    ) -> Result<u16, WeightsError> {
        let specs = slot.specs();
        let mut source = None;
        let mut index = first;
        for (param, tensor) in (0..specs.len()).filter_map(|at| specs.get(at)).zip(0..) {
            let expected = slot.layer.code();
            if index >= self.foot.tensors {
                return Err(WeightsError::Missing { layer, expected });
            }
            let listed = self.tensor(flash, index)?;
            let found = listed.kind;
            if found != expected {
                return Err(WeightsError::Kind {
                    layer,
                    found,
                    expected,
                });
            }
            if *source.get_or_insert(listed.layer) != listed.layer || !listed.is(&param) {
                return Err(WeightsError::Shape {
                    layer,
                    tensor,
                    found: listed.shape().ok_or(WeightsError::Malformed)?,
                    expected: param.shape,
                });
            }
            if !listed.saved() && slot.tensors.resident(tensor.into()) {
                return Err(WeightsError::Frozen { layer, tensor });
            }
            index += 1;
        }
        Ok(index)
    }

    /// Copies one tensor: byte for byte with its scale from the same number, through `f32` from a float.
    fn copy<F: ReadNorFlash, N: Kernel, O: Optimizer<N>, const USES: u128>(
        &self,
        flash: &mut F,
        trainer: &mut Trainer<'_, N, O, USES>,
        layer: usize,
        tensor: usize,
        listed: &Listed,
    ) -> Result<(), WeightsError> {
        let at = listed.elements_at().ok_or(WeightsError::Malformed)?;
        if self.foot.number == N::CODE {
            let (bytes, track) = trainer.stored_mut(layer, tensor).ok_or(WeightsError::Malformed)?;
            self.frame.read(flash, at, bytes).ok_or(WeightsError::Flash)?;
            if let (Some(track), Some(at)) = (track, listed.track_at()) {
                // The exponent alone: what else a track holds is of gradients and optimizer state.
                let bytes = bytemuck::bytes_of_mut(track).get_mut(..2);
                let bytes = bytes.ok_or(WeightsError::Malformed)?;
                self.frame.read(flash, at, bytes).ok_or(WeightsError::Flash)?;
            }
            return Ok(());
        }
        let param = trainer
            .plan()
            .slots()
            .get(layer)
            .and_then(|slot| slot.specs().get(tensor));
        let param = param.ok_or(WeightsError::Malformed)?;
        let values = Values {
            flash: &RefCell::new(flash),
            frame: self.frame,
            at,
            left: param.shape.len(),
            double: self.foot.number == f64::CODE,
        };
        if trainer.set_parameter(layer, param.name, values) {
            Ok(())
        } else {
            Err(WeightsError::Malformed)
        }
    }
}

/// The elements of a tensor in a float, read as they are asked for.
struct Values<'c, F> {
    flash: &'c RefCell<&'c mut F>,
    frame: Frame,
    at: u32,
    left: usize,
    double: bool,
}

impl<F> Clone for Values<'_, F> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<F: ReadNorFlash> Iterator for Values<'_, F> {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        self.left = self.left.checked_sub(1)?;
        let mut flash = self.flash.try_borrow_mut().ok()?;
        let (mut word, mut long) = ([0; 4], [0; 8]);
        let bytes: &mut [u8] = if self.double { &mut long } else { &mut word };
        self.frame.read(&mut **flash, self.at, bytes)?;
        self.at = self.at.checked_add(bytes.len() as u32)?;
        Some(if self.double {
            f64::from_le_bytes(long) as f32
        } else {
            f32::from_le_bytes(word)
        })
    }
}

impl fmt::Display for WeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFrame => f.write_str("there is no valid checkpoint"),
            Self::Unlisted => {
                f.write_str("the checkpoint does not list its tensors: save it with `checkpoint::Contents` as the last part")
            }
            Self::Number { found, expected } => write!(
                f,
                "the weights are in number {found}, the model is in {expected}: only floats can be turned into another"
            ),
            Self::Missing { layer, expected } => {
                write!(f, "layer {layer}, of kind {expected}, has no match: the checkpoint has no layer left")
            }
            Self::Kind {
                layer,
                found,
                expected,
            } => write!(f, "layer {layer} is of kind {expected}, but of kind {found} in the checkpoint"),
            Self::Shape {
                layer,
                tensor,
                found,
                expected,
            } => write!(
                f,
                "tensor {tensor} of layer {layer} has the extents {:?}, but {:?} in the checkpoint",
                expected.dims(),
                found.dims()
            ),
            Self::Frozen { layer, tensor } => write!(
                f,
                "tensor {tensor} of layer {layer} is not in the checkpoint: it was frozen, and lies in the firmware"
            ),
            Self::Malformed => f.write_str("the checkpoint's list of tensors makes no sense: another version wrote it"),
            Self::Flash => f.write_str("the flash does not read"),
        }
    }
}

impl core::error::Error for WeightsError {}
