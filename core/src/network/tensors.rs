//! The parameter tensors of a planned layer, as few words as the chip needs.

use super::Init;
use super::param::{MAX_PARAMS, Params, Role, Start, width};
use crate::number::Number;
use core::ops::Range;

/// Sizes of a layer's parameter tensors, and which of them are trained and where they lie.
///
/// A bit per tensor. What a tensor is called, and its shape, is asked of the layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tensors {
    elements: [u32; MAX_PARAMS],
    bounds: [f32; MAX_PARAMS],
    weights: u8,
    statistics: u8,
    trained: u8,
    resident: u8,
    count: u8,
    weighs: bool,
}

/// Stands for a tensor of ones in the place of a bound.
const ONES: f32 = -1.0;

impl Tensors {
    /// No tensor at all.
    pub(super) const NONE: Self = Self {
        elements: [0; MAX_PARAMS],
        bounds: [0.0; MAX_PARAMS],
        weights: 0,
        statistics: 0,
        trained: 0,
        resident: 0,
        count: 0,
        weighs: false,
    };

    /// The tensors of `params`: `trained` by bit, and with `resident` those that lie in RAM; with `bytes`, the
    /// weights of the others lie in flash as bytes.
    pub(super) const fn of(params: &Params, trained: u8, resident: u8, init: Init, bytes: bool) -> Self {
        let mut tensors = Self::NONE;
        let mut i = 0;
        while i < params.len() {
            if let Some(param) = params.get(i) {
                let bit = 1 << i;
                tensors.elements[i] = param.shape.len() as u32;
                tensors.bounds[i] = match param.start {
                    Start::Drawn => init.bound(&param),
                    Start::Zeros => 0.0,
                    Start::Ones => ONES,
                };
                if bytes && resident & bit == 0 && matches!(param.role, Role::Weight) {
                    // Nothing is drawn into a frozen tensor, so a bound's place is free for its channels. Its sign
                    // says, as ever, whether the tensor counts as drawn.
                    let drawn = matches!(param.start, Start::Drawn);
                    let sign = if drawn { 0 } else { 1 << 31 };
                    let channels = param.shape.dim(param.shape.rank() - 1) as u32;
                    tensors.bounds[i] = f32::from_bits(sign | channels);
                }
                match param.role {
                    Role::Weight => tensors.weights |= bit,
                    Role::Bias => {}
                    Role::Statistic => tensors.statistics |= bit,
                }
                tensors.trained |= trained & bit & !tensors.statistics;
                tensors.resident |= resident & bit;
                tensors.weighs |= tensors.trained(i) && (tensors.weight(i) || tensors.bounds[i] != 0.0);
            }
            i += 1;
        }
        tensors.count = params.len() as u8;
        tensors
    }

    /// Number of tensors.
    pub const fn count(&self) -> usize {
        self.count as usize
    }

    /// Number of elements of tensor `index`.
    pub const fn elements(&self, index: usize) -> usize {
        // A match of lengths, and not an index: nothing may be able to panic on the chip.
        match self.elements.as_slice().split_at_checked(index) {
            Some((_, [first, ..])) => *first as usize,
            _ => 0,
        }
    }

    /// How tensor `index` starts: drawn within a bound of its own, or all at one value.
    pub(crate) const fn start(&self, index: usize) -> (Start, f32) {
        let bound = match self.bounds.as_slice().split_at_checked(index) {
            Some((_, [first, ..])) => *first,
            _ => 0.0,
        };
        // By its bits, so that a chip that trains in integers compares no floats.
        match bound.to_bits() {
            0 => (Start::Zeros, 0.0),
            bits if bits >> 31 != 0 => (Start::Ones, 0.0),
            _ => (Start::Drawn, bound),
        }
    }

    /// Output channels of tensor `index`, a frozen weight in a plan that keeps those as bytes.
    pub(crate) const fn channels(&self, index: usize) -> usize {
        match self.bounds.as_slice().split_at_checked(index) {
            Some((_, [first, ..])) => (first.to_bits() & 0xffff) as usize,
            _ => 0,
        }
    }

    const fn has(bits: u8, index: usize) -> bool {
        bits >> (index & 7) & 1 != 0
    }

    /// Whether tensor `index` is multiplied with activations.
    pub const fn weight(&self, index: usize) -> bool {
        Self::has(self.weights, index)
    }

    /// Whether tensor `index` is a running statistic.
    pub const fn statistic(&self, index: usize) -> bool {
        Self::has(self.statistics, index)
    }

    /// Whether any tensor is a running statistic.
    pub const fn statistics(&self) -> bool {
        self.statistics != 0
    }

    /// Whether tensor `index` is trained.
    pub const fn trained(&self, index: usize) -> bool {
        Self::has(self.trained, index)
    }

    /// Whether tensor `index` lies in RAM. Otherwise it is frozen, and lies in flash.
    pub const fn resident(&self, index: usize) -> bool {
        Self::has(self.resident, index)
    }

    /// Whether any tensor is trained.
    pub const fn trains(&self) -> bool {
        self.trained != 0
    }

    /// Whether any tensor is trained that is multiplied with something. A bias, which starts at zero, is not.
    pub const fn weighs(&self) -> bool {
        self.weighs
    }

    /// Bytes of tensor `index` as `N` stores it: of a frozen weight, which no update moves, the plane that is
    /// multiplied with alone.
    pub const fn stored_bytes<N: Number>(&self, index: usize) -> usize {
        self.elements(index) * self.element_bytes::<N>(index, self.resident(index))
    }

    const fn element_bytes<N: Number>(&self, index: usize, resident: bool) -> usize {
        if self.weight(index) && !resident {
            size_of::<N::Elem>()
        } else {
            width::<N>(self.weight(index))
        }
    }

    /// Bytes of tensor `index`, a frozen one, in a plan that keeps frozen weights as bytes.
    const fn packed_bytes<N: Number>(&self, index: usize) -> usize {
        if self.weight(index) {
            self.elements(index) + self.channels(index)
        } else {
            self.stored_bytes::<N>(index)
        }
    }

    /// Bytes of all tensors in flash before `index`, in a plan that keeps frozen weights as bytes, each rounded up so
    /// that the next one is aligned.
    pub(super) const fn packed_before<N: Number>(&self, index: usize) -> usize {
        let mut bytes = 0;
        let mut i = 0;
        while i < index && i < self.count as usize {
            if !self.resident(i) {
                bytes += self.packed_bytes::<N>(i).next_multiple_of(align_of::<N::Bias>());
            }
            i += 1;
        }
        bytes
    }

    /// Where tensor `index`, a frozen one, lies in its layer's part of the image, in a plan that keeps frozen weights
    /// as bytes.
    pub(crate) const fn packed_span<N: Number>(&self, index: usize) -> Range<usize> {
        let from = self.packed_before::<N>(index);
        from..from + self.packed_bytes::<N>(index)
    }

    /// Bytes of all frozen tensors as they lie in flash where weights are no bytes; 0 if there is no frozen weight.
    pub(crate) const fn unpacked_bytes<N: Number>(&self) -> usize {
        if self.weights & !self.resident != 0 {
            self.bytes_before::<N>(MAX_PARAMS, false)
        } else {
            0
        }
    }

    /// Bytes of all tensors in RAM (`resident`) or in flash before `index`, each rounded up so that
    /// the next one is aligned.
    pub const fn bytes_before<N: Number>(&self, index: usize, resident: bool) -> usize {
        let mut bytes = 0;
        let mut i = 0;
        while i < index && i < self.count as usize {
            if self.resident(i) == resident {
                let stored = self.elements(i) * self.element_bytes::<N>(i, resident);
                bytes += stored.next_multiple_of(align_of::<N::Bias>());
            }
            i += 1;
        }
        bytes
    }

    /// Where tensor `index` lies in its layer's part of its region, in bytes.
    pub const fn span<N: Number>(&self, index: usize) -> Range<usize> {
        let from = self.bytes_before::<N>(index, self.resident(index));
        from..from + self.stored_bytes::<N>(index)
    }

    /// Where the statistics lie, one after the other, in the layer's part of the RAM; empty if they
    /// are frozen.
    pub const fn statistics_span<N: Number>(&self) -> Range<usize> {
        let first = self.statistics.trailing_zeros() as usize;
        if !self.resident(first) || first >= MAX_PARAMS {
            return 0..0;
        }
        self.bytes_before::<N>(first, true)..self.bytes_before::<N>(MAX_PARAMS, true)
    }

    /// A bit for each tensor in flash.
    pub(super) const fn frozen_bits(&self) -> u8 {
        let mut bits = 0;
        let mut i = 0;
        while i < self.count as usize {
            if !self.resident(i) {
                bits |= 1 << i;
            }
            i += 1;
        }
        bits
    }

    /// Number of tensors in flash.
    pub(super) const fn frozen(&self) -> usize {
        let mut count = 0;
        let mut i = 0;
        while i < self.count as usize {
            if !self.resident(i) {
                count += 1;
            }
            i += 1;
        }
        count
    }

    /// Number of trained parameters before tensor `index`.
    pub const fn gradients_before(&self, index: usize) -> usize {
        let mut elements = 0;
        let mut i = 0;
        while i < index && i < self.count as usize {
            if self.trained(i) {
                elements += self.elements(i);
            }
            i += 1;
        }
        elements
    }

    /// Number of trained parameters.
    pub const fn gradients(&self) -> usize {
        self.gradients_before(MAX_PARAMS)
    }
}
