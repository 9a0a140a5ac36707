//! The trainer: a planned model with its memory, its optimizer and its random state.

use super::arena::{Carved, NewError, carve};
use super::frozen::Stored;
use super::work::param_track;
use crate::kernel::Kernel;
use crate::network::{Param, Plan, Role, Shape, Slot, Start, Tensor, TensorMut};
use crate::number::random::Pcg;
use crate::number::{Element, Scale, View, cast, cast_mut};
use crate::optim::Optimizer;

/// Trains one model, in the number `N`, with the optimizer `O`.
///
/// `USES` is the plan's mask, `{ PLAN.uses() }`: what it leaves out is not compiled in. On a desktop,
/// where a model comes from a file, it is `u128::MAX`.
///
/// Construction may fail; nothing after it can.
#[derive(Debug)]
pub struct Trainer<'a, N: Kernel, O: Optimizer<N>, const USES: u128> {
    pub(super) plan: &'a Plan,
    pub(super) params: &'a mut [u8],
    /// The image of the frozen parameters, in flash.
    pub(super) frozen: &'a [u8],
    pub(super) frozen_digest: u64,
    pub(super) gradients: &'a mut [N::Gradient],
    pub(super) state: &'a mut [u8],
    pub(super) tracks: &'a mut [N::Track],
    pub(super) work: &'a mut [u8],
    pub(super) optimizer: O,
    pub(super) random: Pcg,
    /// Updates done.
    pub(super) steps: u32,
    /// Samples whose gradient has been summed since the last update.
    pub(super) summed: u16,
    /// Samples since the scales last moved.
    pub(super) window: u16,
    /// Sum of the squared gradients so far, where the update is fused.
    pub(super) squares: N::Scalar,
    /// Something in this sample was not finite, where the update is fused.
    pub(super) refused: bool,
    /// The sample is run to find scales, and nothing moves.
    pub(super) trial: bool,
}

/// A parameter tensor that can be written. In block fixed point a weight is the plane that is
/// multiplied with; [`Trainer::set_parameter`] sets both planes and the scale.
#[derive(Debug)]
pub enum ParameterMut<'a, N: Kernel> {
    /// Multiplied with activations.
    Weight(TensorMut<'a, N::Elem>),
    /// Added to sums.
    Bias(TensorMut<'a, N::Bias>),
}

/// A parameter tensor as people see it.
#[derive(Debug, Clone, Copy)]
pub enum Parameter<'a, N: Kernel> {
    /// Multiplied with activations.
    Weight(Tensor<'a, N::Elem>),
    /// Added to sums.
    Bias(Tensor<'a, N::Bias>),
    /// Multiplied with activations, frozen, and in flash as bytes.
    Bytes(Bytes<'a, N>),
}

/// Weights as bytes: `w[k][o] = byte[k][o] · gain[o] · 2^e`. See
/// [`Training::frozen_bytes`](super::Training::frozen_bytes).
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a, N: Kernel> {
    /// The tensor's extents, outermost first; the last is that of the channels `o`.
    pub shape: Shape,
    /// A byte per weight.
    pub bytes: &'a [i8],
    /// The gain of each channel.
    pub gains: &'a [u8],
    /// The tensor's exponent.
    pub scale: Scale<N>,
}

impl<'a, N: Kernel> Bytes<'a, N> {
    /// The values as `f32`, in memory order.
    pub fn values(self) -> impl Iterator<Item = f32> + 'a {
        let scale = self.scale;
        let rows = self.bytes.chunks(self.gains.len().max(1));
        let pairs = rows.flat_map(move |row| row.iter().zip(self.gains));
        pairs.map(move |(byte, gain)| N::unpacked(*byte, *gain).to_f32(scale))
    }
}

impl<'a, N: Kernel> Parameter<'a, N> {
    /// The values as `f32`, in memory order.
    pub fn values(self) -> impl Iterator<Item = f32> + 'a {
        let (weight, bias, bytes) = match self {
            Self::Weight(tensor) => (Some(tensor), None, None),
            Self::Bias(tensor) => (None, Some(tensor), None),
            Self::Bytes(tensor) => (None, None, Some(tensor)),
        };
        weight
            .into_iter()
            .flat_map(Tensor::values)
            .chain(bias.into_iter().flat_map(Tensor::values))
            .chain(bytes.into_iter().flat_map(Bytes::values))
    }
}

impl<'a, N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'a, N, O, USES> {
    /// Builds a trainer in `memory`, which may hold anything. Parameters are zero until
    /// [`init`](Self::init) or a checkpoint sets them.
    ///
    /// # Errors
    /// [`NewError`] if the memory is too small or misaligned, the plan is another's, or it has frozen
    /// parameters, which [`with_frozen`](Self::with_frozen) takes.
    pub fn new(plan: &'a Plan, memory: &'a mut [u8], optimizer: O) -> Result<Self, NewError> {
        Self::with_frozen(plan, memory, optimizer, &[])
    }

    /// [`new`](Self::new) for a plan with frozen parameters: `frozen` holds them, in flash, as
    /// [`write_frozen`](Self::write_frozen) wrote them. They are read where they lie.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`NewError::Frozen`] if `frozen` is not as long as the plan says or does
    /// not begin at a multiple of 8 bytes.
    pub fn with_frozen(
        plan: &'a Plan,
        memory: &'a mut [u8],
        optimizer: O,
        frozen: &'a [u8],
    ) -> Result<Self, NewError> {
        let missing = plan.uses & !USES;
        if missing != 0 {
            return Err(NewError::Uses { missing });
        }
        if plan.number != N::CODE || plan.optimizer != O::CODE {
            return Err(NewError::Plan);
        }
        if frozen.len() != plan.frozen || (plan.frozen > 0 && frozen.as_ptr().align_offset(8) != 0) {
            return Err(NewError::Frozen { needed: plan.frozen });
        }
        let Carved {
            params,
            gradients,
            state,
            tracks,
            work,
        } = carve(memory, plan.regions)?;
        params.fill(0);
        gradients.fill(0);
        state.fill(0);
        tracks.fill(0);
        let mut trainer = Self {
            plan,
            params,
            frozen,
            frozen_digest: 0,
            gradients: cast_mut(gradients),
            state,
            tracks: cast_mut(tracks),
            work,
            optimizer,
            random: Pcg::new(0),
            steps: 0,
            summed: 0,
            window: 0,
            squares: N::Scalar::default(),
            refused: false,
            trial: false,
        };
        trainer.take_frozen();
        Ok(trainer)
    }

    /// Starts from scratch: every weight drawn anew from `seed` by the rule of its layer, biases,
    /// gradients and optimizer state zero.
    pub fn init(&mut self, seed: u64) {
        self.random = Pcg::new(seed);
        self.steps = 0;
        self.summed = 0;
        self.window = 0;
        self.state.fill(0);
        self.tracks.fill(N::Track::default());
        self.take_frozen();
        let plan = self.plan;
        for slot in plan.slots() {
            self.init_layer(slot);
        }
    }

    fn init_layer(&mut self, slot: &Slot) {
        for index in 0..slot.tensors.count() {
            let count = slot.tensors.elements(index);
            let (start, bound) = slot.tensors.start(index);
            let mut draws = self.random;
            if start == Start::Drawn {
                // Frozen tensors draw too, so that the others start alike whatever is frozen.
                for _ in 0..count {
                    self.random.next_u32();
                }
            }
            if !slot.tensors.resident(index) {
                continue;
            }
            let place = slot.tensors.span::<N>(index);
            let from = slot.params as usize;
            let Some(bytes) = self.params.get_mut(from + place.start..from + place.end) else {
                return;
            };
            let values = core::iter::repeat_with(move || match start {
                Start::Drawn => N::draw(&mut draws, bound),
                Start::Zeros => 0.0,
                Start::Ones => 1.0,
            });
            let track = self.tracks.get_mut(param_track(slot, index));
            set_tensor::<N>(slot.tensors.weight(index), bytes, track, values.take(count));
        }
    }

    /// The plan.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The optimizer, whose settings may change from one update to the next.
    pub fn optimizer(&mut self) -> &mut O {
        &mut self.optimizer
    }

    /// Updates done since [`init`](Self::init).
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Samples whose gradient waits for the next update.
    pub fn summed(&self) -> u16 {
        self.summed
    }

    /// Every parameter's bytes, for a hash or a copy.
    pub fn parameter_bytes(&self) -> &[u8] {
        self.params
    }

    /// Parameter tensor `name` (`weight`, `bias`) of layer `layer`.
    pub fn parameter(&self, layer: usize, name: &str) -> Option<Parameter<'_, N>> {
        let slot = self.plan.slots().get(layer)?;
        let (index, param) = find(slot, name)?;
        let Stored { bytes, packed } = self.stored(slot, index)?;
        let track = self.tracks.get(param_track(slot, index));
        Some(match param.role {
            Role::Weight if packed => {
                let (bytes, gains) = bytes.split_at_checked(param.shape.len())?;
                Parameter::Bytes(Bytes {
                    shape: param.shape,
                    bytes: cast(bytes),
                    gains,
                    scale: N::scale(track),
                })
            }
            Role::Weight => {
                let View { data, scale } = N::weights(bytes, param.shape.len(), track);
                Parameter::Weight(Tensor {
                    shape: param.shape,
                    data,
                    scale,
                })
            }
            Role::Bias | Role::Statistic => Parameter::Bias(Tensor {
                shape: param.shape,
                data: cast(bytes),
                scale: (),
            }),
        })
    }

    /// Parameter tensor `name` of layer `layer`, to write. `None` if there is none, or it is frozen.
    pub fn parameter_mut(&mut self, layer: usize, name: &str) -> Option<ParameterMut<'_, N>> {
        let slot = self.plan.slots().get(layer)?;
        let (index, param) = find(slot, name).filter(|(index, _)| slot.tensors.resident(*index))?;
        let place = slot.tensors.span::<N>(index);
        let from = slot.params as usize;
        let bytes = self.params.get_mut(from + place.start..from + place.end)?;
        let shape = param.shape;
        Some(match param.role {
            Role::Weight => {
                let scale = N::scale(self.tracks.get(param_track(slot, index)));
                let data = cast_mut(bytes).get_mut(..shape.len())?;
                ParameterMut::Weight(TensorMut { shape, data, scale })
            }
            Role::Bias | Role::Statistic => ParameterMut::Bias(TensorMut {
                shape,
                data: cast_mut(bytes),
                scale: (),
            }),
        })
    }

    /// Sets parameter tensor `name` of layer `layer` to `values`, in memory order, and says whether it did:
    /// not if there is no such tensor, it is frozen, it has another number of elements, or a value is not
    /// finite.
    pub fn set_parameter(
        &mut self,
        layer: usize,
        name: &str,
        values: impl Iterator<Item = f32> + Clone,
    ) -> bool {
        let Some(slot) = self.plan.slots().get(layer) else {
            return false;
        };
        let Some((index, param)) = find(slot, name) else {
            return false;
        };
        // Block fixed point chooses the scale from all values, so they come whole or not at all.
        if values.clone().count() != param.shape.len() || !values.clone().all(f32::is_finite) {
            return false;
        }
        if !slot.tensors.resident(index) {
            return false;
        }
        let place = slot.tensors.span::<N>(index);
        let from = slot.params as usize;
        let Some(bytes) = self.params.get_mut(from + place.start..from + place.end) else {
            return false;
        };
        let track = self.tracks.get_mut(param_track(slot, index));
        set_tensor::<N>(slot.tensors.weight(index), bytes, track, values);
        true
    }

    /// The gradient of parameter tensor `name` of layer `layer`, as summed since the last update.
    /// `None` if there is no such tensor, or it is not trained, or nothing has been summed yet, or the
    /// update is fused, so that no gradient is kept.
    pub fn gradient(&self, layer: usize, name: &str) -> Option<Tensor<'_, N::Gradient>> {
        let slot = self
            .plan
            .slots()
            .get(layer)
            .filter(|_| !self.is_fused() && self.summed > 0)?;
        let (index, param) = find(slot, name).filter(|(index, _)| slot.tensors.trained(*index))?;
        let from = slot.gradient as usize + slot.tensors.gradients_before(index);
        let data = self.gradients.get(from..from + param.shape.len())?;
        let scale = N::gradient_scale(self.tracks.get(param_track(slot, index)));
        Some(Tensor {
            shape: param.shape,
            data,
            scale,
        })
    }
}

/// Writes a parameter tensor.
fn set_tensor<N: Kernel>(
    weight: bool,
    bytes: &mut [u8],
    track: Option<&mut N::Track>,
    values: impl Iterator<Item = f32> + Clone,
) {
    if weight {
        return N::store_weights(bytes, track, values);
    }
    for (to, value) in cast_mut::<N::Bias>(bytes).iter_mut().zip(values) {
        *to = crate::number::Element::from_f32(value, ());
    }
}

/// The layer's parameter tensor of that name.
fn find(slot: &Slot, name: &str) -> Option<(usize, Param)> {
    let specs = slot.specs();
    (0..specs.len()).find_map(|index| {
        specs
            .get(index)
            .filter(|param| param.name == name)
            .map(|param| (index, param))
    })
}
