//! The plan: every byte of training, laid out before it runs.

use super::layer::{Layer, Visit};
use super::tensors::Tensors;
use super::{Params, Shape};
use crate::loss::Loss;

/// The loss, training modes and clipping have their bits above those of the layer kinds.
pub mod mode {
    /// The plan trains (a plan for inference has no gradient and no backward pass).
    pub const TRAIN: u128 = 1 << 120;
    /// Gradients are summed over more than one sample.
    pub const BATCH: u128 = 1 << 121;
    /// Gradients are clipped by their norm.
    pub const CLIP: u128 = 1 << 122;
    /// Some layer keeps tensors of its own, has running statistics, or joins an earlier output.
    pub const EXTRAS: u128 = 1 << 123;
    /// Parameters are updated in the backward pass, layer by layer, so that no gradient is kept.
    pub const FUSED: u128 = 1 << 124;
    /// Gradients are kept until the update.
    pub const KEPT: u128 = 1 << 125;
    /// Some layer reads an earlier output.
    pub const BACK: u128 = 1 << 126;
    /// Some parameters lie in flash.
    pub const FROZEN: u128 = 1 << 127;
    /// Some outputs are computed again in the backward pass.
    pub const AGAIN: u128 = 1 << 118;
    /// Elements of gradients are clamped.
    pub const CLIP_VALUE: u128 = 1 << 119;
    /// Frozen weights lie in flash as bytes.
    pub const BYTES: u128 = 1 << 117;
}

/// One layer as planned: what it is, and where its tensors lie.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// The layer.
    pub layer: Layer,
    /// Shape of its input.
    pub input: Shape,
    /// Shape of its output.
    pub output: Shape,
    /// Some of its parameters are trained.
    pub trains: bool,
    /// The gradient of its input is needed, because a layer below trains.
    pub passes: bool,
    /// It changes its input where it lies, and in the backward pass the gradient; the engine copies what
    /// must survive.
    pub elementwise: bool,
    /// Its output lies where its input was.
    pub in_place: bool,
    /// Its backward pass reads its input.
    pub reads_input: bool,
    /// Its backward pass reads its output. A relu may keep a bit of each element instead.
    pub reads_output: bool,
    /// Where its input comes from: index of the layer plus 1, 0 for the model's input.
    pub from: u16,
    /// The gradient of its output is the sum of what several readers add, so it has a buffer of its own.
    pub several: bool,
    /// The same of its input.
    pub shared: bool,
    /// It is the first in the backward pass to add to the gradient of its input.
    pub clears: bool,
    /// The earlier output that it reads besides its input: index of the layer plus 1, 0 for the model's input.
    pub source: Option<u16>,
    /// The gradient of that earlier output is needed.
    pub passes_source: bool,
    /// It is the first in the backward pass to add to it.
    pub clears_source: bool,
    /// It adds to the gradient of the earlier output itself; otherwise the engine hands on its own.
    pub joins: bool,
    /// Its parameter tensors.
    pub tensors: Tensors,
    /// Elements in a row of its matrix, if the gradient of the matrix can be taken by rows; 0 otherwise.
    pub row: u16,
    /// The gradient of its matrix is the product of its input and the gradient of its output.
    pub outer: bool,
    /// Byte offset of its parameters in the parameter region.
    pub params: u32,
    /// Byte offset of its frozen parameters in the image in flash.
    pub frozen: u32,
    /// Index of its first gradient, counted over all trained parameters.
    pub gradient: u32,
    /// Index of the first of its own tracks: of its output, of that's gradient, of each parameter tensor, and of each tensor
    /// that it keeps to itself.
    pub tracks: u16,
    /// Tracks of tensors that it keeps to itself.
    pub inner: u8,
    /// Whether it works in place, to an output at another scale.
    pub rescales: bool,
    /// Index of the track of its output: that of the input where it works in place, unless it rescales.
    pub track: u16,
    /// Index of the track of its output's gradient.
    pub delta_track: u16,
    /// Byte offset of its output in the work region.
    pub y: u32,
    /// Byte offset of the gradient of its output in the work region.
    pub dy: u32,
    /// How many layers right below it are computed again before it goes backward.
    pub again: u16,
    /// Its output is one that is computed again.
    pub recomputed: bool,
    /// Where the backward pass finds its output: [`y`](Self::y), unless it is computed again.
    pub y_again: u32,
    /// The same of [`kept`](Self::kept), and the place of [`scratch`](Self::scratch) when it is computed again.
    pub kept_again: Span,
    /// See [`kept_again`](Self::kept_again).
    pub scratch_again: Span,
    /// What it keeps for its backward pass beside input and output.
    pub kept: Span,
    /// What it needs during its forward step.
    pub scratch: Span,
    /// What it needs during its backward step.
    pub backward_scratch: Span,
}

/// A piece of the work region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Byte offset.
    pub offset: u32,
    /// Bytes.
    pub bytes: u32,
}

impl Span {
    /// Nothing.
    pub const NONE: Self = Self { offset: 0, bytes: 0 };

    /// As a range of bytes.
    pub const fn range(&self) -> core::ops::Range<usize> {
        self.offset as usize..self.offset as usize + self.bytes as usize
    }
}

impl Slot {
    /// The layer's parameter tensors.
    pub const fn specs(&self) -> Params {
        self.layer.params(self.input)
    }

    /// What the backward pass wants of the layer.
    pub const fn visit(&self) -> Visit {
        Visit {
            trains: self.trains,
            weighs: self.tensors.weighs(),
            passes: self.passes,
        }
    }

    /// Whether it keeps a bit of each element, which its backward pass reads instead of its output.
    pub(super) const fn gated(&self) -> bool {
        self.passes && !self.reads_output && self.layer.gate(self.input) > 0
    }

    /// Whether the engine must give it more than input, output, parameters and their gradients.
    pub(super) const fn extra(&self) -> bool {
        let pieces = self.kept.bytes + self.scratch.bytes + self.backward_scratch.bytes;
        let whole = self.row == 0 && (self.trains || self.reads_input);
        pieces > 0 || whole || self.joins || self.tensors.statistics() || self.in_place && !self.elementwise
    }

    /// Whether the backward pass comes here at all.
    pub const fn visited(&self) -> bool {
        self.trains || self.passes || self.passes_source
    }
}

/// Bytes of each region of the arena, in the order in which they lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Regions {
    /// Parameters.
    pub params: usize,
    /// Gradients of the trained parameters, summed over a batch; of a few rows, where the update is
    /// fused into the backward pass.
    pub gradients: usize,
    /// Optimizer state of the trained parameters.
    pub state: usize,
    /// Scales of tensors. None for floats.
    pub tracks: usize,
    /// Activations and their gradients, overlapping where they never live together.
    pub work: usize,
}

impl Regions {
    /// Bytes of all regions.
    pub const fn total(&self) -> usize {
        self.params + self.gradients + self.state + self.tracks + self.work
    }
}

/// Everything about a model's memory, computed at build time.
///
/// `Plan<[Slot; L]>` is the sized owner; a reference to it becomes `&Plan`, whatever its length.
/// The `const` lies in flash as it is.
#[derive(Debug, Clone, Copy)]
pub struct Plan<S: ?Sized = [Slot]> {
    /// Number of layers.
    pub layers: usize,
    /// Shape of a sample.
    pub input: Shape,
    /// Shape of the last layer's output.
    pub output: Shape,
    /// Bit mask of the layer kinds, the loss and the modes that the plan needs.
    pub uses: u128,
    /// Bytes of each region of the arena.
    pub regions: Regions,
    /// The number format's code.
    pub number: u8,
    /// The optimizer's code.
    pub optimizer: u8,
    /// The loss and its settings.
    pub loss: Loss,
    /// Number of parameters.
    pub parameters: usize,
    /// Number of trained parameters.
    pub trained: usize,
    /// Bytes of the frozen parameters, which lie in flash.
    pub frozen: usize,
    /// Values of optimizer state per trained parameter.
    pub state_slots: usize,
    /// The most samples that one update is averaged over.
    pub batch: u16,
    /// Bound on the norm of the gradient, as the bits of an `f32`; 0 for none.
    pub clip: u32,
    /// Bound on each element of the gradient, as the bits of an `f32`; 0 for none.
    pub clip_value: u32,
    /// Digest of layer kinds, shapes, settings, number format, optimizer and loss.
    pub fingerprint: u64,
    /// The layers.
    pub slots: S,
}

/// A plan for `LAYERS` layers: the type of a `const PLAN`.
pub type PlanOf<const LAYERS: usize> = Plan<[Slot; LAYERS]>;

impl<S: ?Sized> Plan<S> {
    /// Bytes of the arena: exactly what training needs.
    pub const fn bytes(&self) -> usize {
        self.regions.total()
    }

    /// The mask by which a [`Trainer`](crate::engine::Trainer) leaves out of flash what the plan does not use.
    pub const fn uses(&self) -> u128 {
        self.uses
    }

    /// Fails the build if the arena needs more than `ram` bytes, or parameters and this plan more
    /// than `flash` bytes: `const _: () = PLAN.budget(RAM, FLASH);`
    ///
    /// Code is not counted: no one knows its size before the linker does.
    ///
    /// # Panics
    /// At build time, when the budget is exceeded.
    pub const fn budget(&self, ram: usize, flash: usize)
    where
        S: Sized,
    {
        assert!(
            self.bytes() <= ram,
            "the plan needs more RAM than its budget: take smaller layers, a smaller batch or an optimizer with less state"
        );
        assert!(
            self.regions.params + self.frozen + size_of::<Self>() <= flash,
            "parameters and plan need more flash than their budget: take smaller layers"
        );
    }
}

impl Plan {
    /// The planned layers.
    pub fn slots(&self) -> &[Slot] {
        self.slots.get(..self.layers).unwrap_or(&self.slots)
    }
}

/// Why a model cannot be planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanError {
    /// The layer at fault, counted from 0; `None` if it is the model as a whole.
    pub layer: Option<usize>,
    /// The layer's kind, or `model`.
    pub kind: &'static str,
    /// What is wrong, and what would be right.
    pub fault: &'static str,
}

impl core::fmt::Display for PlanError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.layer {
            Some(layer) => write!(f, "layer {layer}: {} {}", self.kind, self.fault),
            None => write!(f, "{} {}", self.kind, self.fault),
        }
    }
}

impl core::error::Error for PlanError {}

impl PlanError {
    /// Stops a build with the error's text.
    ///
    /// # Panics
    /// Always: that is how a `const` reports.
    pub(crate) const fn fail_build(&self) -> ! {
        let mut text = Text {
            bytes: [0; 160],
            length: 0,
        };
        if let Some(layer) = self.layer {
            text.push("layer ");
            text.push_number(layer);
            text.push(": ");
        }
        text.push(self.kind);
        text.push(" ");
        text.push(self.fault);
        let (used, _) = text.bytes.split_at(text.length);
        match core::str::from_utf8(used) {
            Ok(message) => panic!("{}", message),
            Err(_) => panic!("the model cannot be planned"),
        }
    }
}

/// A message put together at build time.
struct Text {
    bytes: [u8; 160],
    length: usize,
}

impl Text {
    const fn push(&mut self, part: &str) {
        let part = part.as_bytes();
        let mut i = 0;
        while i < part.len() && self.length < self.bytes.len() {
            self.bytes[self.length] = part[i];
            self.length += 1;
            i += 1;
        }
    }

    const fn push_number(&mut self, number: usize) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        if self.length < self.bytes.len() {
            self.bytes[self.length] = b'0' + (number % 10) as u8;
            self.length += 1;
        }
    }
}
