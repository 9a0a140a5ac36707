//! A sample that lies in the arena, for a model that begins with an [`input`](crate::network::input) layer.

use super::Trainer;
use super::work::{scale, span};
use crate::kernel::Kernel;
use crate::network::{Layer, Slot, TensorMut};
use crate::number::{Element, Number, View, cast_mut};
use crate::optim::Optimizer;
use core::ops::Range;

/// In place of a sample: it lies in the arena, where [`Trainer::sample_mut`] or [`Trainer::widen_sample`] left it.
///
/// Each [`infer`](Trainer::infer), [`evaluate`](Trainer::evaluate) or [`learn`](Trainer::learn) may write over
/// it, so it is filled anew before each of them. A target that is the sample itself needs one from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inside;

impl<N: Number> From<Inside> for View<'_, N> {
    fn from(_: Inside) -> Self {
        View::plain(&[])
    }
}

impl<'a, N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'a, N, O, USES> {
    /// The first layer, if it holds the sample, and where that lies in the work region.
    fn sample_place(&self) -> Option<(&'a Slot, Range<usize>)> {
        let slot = self.plan.slots().first()?;
        matches!(slot.layer, Layer::Input(_)).then(|| (slot, span::<N>(slot.y, slot.output)))
    }

    /// The place of the sample in the arena, to be filled before the next pass. `None` if the model does not
    /// begin with an [`input`](crate::network::input) layer.
    pub fn sample_mut(&mut self) -> Option<TensorMut<'_, N::Elem>> {
        let (slot, place) = self.sample_place()?;
        Some(TensorMut {
            shape: slot.output,
            data: cast_mut(self.work.get_mut(place)?),
            scale: scale::<N>(self.tracks, slot.track),
        })
    }

    /// Room for the sample as bytes, one for each element, at the end of the place where it will lie as
    /// numbers: a camera can write its frame there, and no second buffer is needed.
    /// [`widen_sample`](Self::widen_sample) makes numbers of them. `None` as of [`sample_mut`](Self::sample_mut).
    pub fn sample_bytes_mut(&mut self) -> Option<&mut [u8]> {
        let (slot, place) = self.sample_place()?;
        let room = self.work.get_mut(place)?;
        let first = room.len().checked_sub(slot.output.len())?;
        room.get_mut(first..)
    }

    /// Makes elements of the bytes of the sample, where they lie: `x[i] = value(byte[i])`. `false` if the model
    /// does not begin with an [`input`](crate::network::input) layer.
    pub fn widen_sample(&mut self, mut value: impl FnMut(u8) -> f32) -> bool {
        let Some((slot, place)) = self.sample_place() else {
            return false;
        };
        let (count, scale) = (slot.output.len(), scale::<N>(self.tracks, slot.track));
        let Some(bytes) = self.work.get_mut(place) else {
            return false;
        };
        // Of `n` elements of `w` bytes the one at `i` ends at `w (i + 1)`, which is at most `(w − 1) n + i + 1`, where
        // the bytes begin that have not been read yet.
        let width = size_of::<N::Elem>();
        let first = (width - 1) * count;
        for i in 0..count {
            let Some(byte) = bytes.get(first + i).copied() else {
                return false;
            };
            let element = N::Elem::from_f32(value(byte), scale);
            if let Some(to) = bytes.get_mut(i * width..(i + 1) * width) {
                to.copy_from_slice(bytemuck::bytes_of(&element));
            }
        }
        true
    }
}
