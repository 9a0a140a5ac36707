//! The weights of a checkpoint into a trainer of a run file.

use crate::complaint::Complaint;
use crate::image::Found;
use crate::run::RunFile;
use crate::session::AnyTrainer;
use kilograd::checkpoint::{Listed, Taken, Weights, WeightsError};
use kilograd::kernel::Kernel;
use kilograd::network::{Layer, Role, Shape};
use kilograd::number::bfp::{High, Low8, Low16, Master};
use kilograd::number::{Bfp14, Element, Number};
use kilograd::optim::Optimizer;
use std::num::Saturating;

/// Reads a listed tensor of so many elements.
type Decode = fn(&Found<'_>, &Listed, usize) -> Option<Vec<f32>>;

/// The values of a tensor in block fixed point, in the number of the weights; none for floats, which the core reads.
fn decoder(number: u8) -> Option<Decode> {
    match number {
        Low16::CODE => Some(decoded::<Low16>),
        Low8::CODE => Some(decoded::<Low8>),
        High::CODE => Some(decoded::<High>),
        _ => None,
    }
}

/// The values of a listed tensor as `f32`, in memory order. `None` if they are not in the state, or it makes no sense.
pub fn values(found: &Found<'_>, weights: &Weights, listed: &Listed) -> Option<Vec<f32>> {
    let count = listed.shape()?.len();
    // A list under a right checksum may still promise more than there is.
    if count > found.frame.mark.length as usize {
        return None;
    }
    if let Some(decode) = decoder(weights.number()) {
        return decode(found, listed, count);
    }
    let (mut view, at) = (found.view(), listed.elements_at()?);
    let mut read = |bytes: usize| {
        let mut raw = vec![0; bytes];
        found.frame.read(&mut view, at, &mut raw)?;
        Some(raw)
    };
    if weights.number() == <f64 as Number>::CODE {
        let raw = read(count.checked_mul(8)?)?;
        let words = raw.as_chunks::<8>().0.iter();
        return Some(words.map(|word| f64::from_le_bytes(*word) as f32).collect());
    }
    if weights.number() != <f32 as Number>::CODE {
        return None;
    }
    let raw = read(count.checked_mul(4)?)?;
    let words = raw.as_chunks::<4>().0.iter();
    Some(words.map(|word| f32::from_le_bytes(*word)).collect())
}

/// Takes the weights of the first `layers` layers, from whatever number they are in.
///
/// # Errors
/// [`WeightsError`].
pub fn fill<N: Kernel, O: Optimizer<N>>(
    found: &Found<'_>,
    weights: &Weights,
    trainer: &mut AnyTrainer<'_, N, O>,
    layers: usize,
) -> Result<Taken, WeightsError> {
    let mut view = found.view();
    let Some(decode) = decoder(weights.number()).filter(|_| weights.number() != N::CODE) else {
        return weights.take(&mut view, trainer, layers);
    };
    let plan = trainer.plan();
    weights.compare(&mut view, plan, layers)?;
    let mut taken = Taken::default();
    let mut next = 0;
    for (slot, layer) in plan.slots().iter().zip(0..).take(layers) {
        for tensor in 0..slot.tensors.count() {
            let listed = weights.tensor(&mut view, next)?;
            next += 1;
            if !slot.tensors.resident(tensor) {
                taken.frozen += 1;
                continue;
            }
            let count = slot.tensors.elements(tensor);
            let values = decode(found, &listed, count).ok_or(WeightsError::Malformed)?;
            if !trainer.set_parameter(layer, listed.name(), values.into_iter()) {
                return Err(WeightsError::Malformed);
            }
            taken.tensors += 1;
            taken.parameters += count as u32;
        }
        taken.layers += u16::from(slot.tensors.count() > 0);
    }
    let with = |slot: &&kilograd::network::Slot| slot.tensors.count() > 0;
    taken.left = plan.slots().iter().skip(layers).filter(with).count() as u16;
    Ok(taken)
}

/// The values of a tensor in block fixed point whose master weights are those of `M`: what was learned, and not only the
/// plane that is multiplied with.
fn decoded<M: Master>(found: &Found<'_>, listed: &Listed, count: usize) -> Option<Vec<f32>> {
    let (mut view, frame) = (found.view(), found.frame);
    let at = listed.elements_at()?;
    if listed.role() != Role::Weight {
        let mut bytes = vec![0; count.checked_mul(4)?];
        frame.read(&mut view, at, &mut bytes)?;
        let words = bytes.as_chunks::<4>().0.iter().copied().map(i32::from_le_bytes);
        return Some(words.map(|word| Saturating(word).to_f32(())).collect());
    }
    // Words, since planes are read as what they are made of.
    let bytes = count.checked_mul(M::BYTES)?;
    let mut words = vec![0u64; bytes.div_ceil(8)];
    let bytes = bytemuck::cast_slice_mut(&mut words).get_mut(..bytes)?;
    frame.read(&mut view, at, bytes)?;
    let mut track = <Bfp14<M> as Number>::Track::default();
    frame.read(&mut view, listed.track_at()?, bytemuck::bytes_of_mut(&mut track))?;
    let exponent = <Bfp14<M> as Number>::scale(Some(&track)).0;
    let unit = (f64::from(exponent) - 16.0).exp2();
    let planes = <Bfp14<M> as Number>::weights_mut(bytes, 0..count);
    let both = planes.high.iter().zip(planes.low);
    // Up to 30 bits, rounded once to 24.
    Some(
        both.map(|(high, low)| (f64::from(M::load(*high, &low)) * unit) as f32)
            .collect(),
    )
}

/// What is wrong, at the line of its layer, with what was found and what is expected.
pub fn explain(name: &str, run: &RunFile, error: &WeightsError) -> Complaint {
    let kind = |code: u8| match Layer::name_of(code) {
        Some(name) => name.to_owned(),
        None => format!("kind {code}"),
    };
    let extents = |shape: Shape| format!("{:?}", shape.dims());
    let at = |layer: u16, message: String| {
        let line = run.model.layers.get(usize::from(layer));
        let span = line.map_or(run.model.input.span.clone(), |line| line.span.clone());
        let help = "give the run file of the model that was saved, or `--layers N` to take the first N alone";
        run.complain(span, format!("{name}: {message}"), help)
    };
    match *error {
        WeightsError::Missing { layer, expected } => at(
            layer,
            format!(
                "the checkpoint has no layer left for layer {layer} ({})",
                kind(expected)
            ),
        ),
        WeightsError::Kind {
            layer,
            found,
            expected,
        } => at(
            layer,
            format!(
                "layer {layer} is of kind {}, but {} in the checkpoint",
                kind(expected),
                kind(found)
            ),
        ),
        WeightsError::Shape {
            layer,
            tensor,
            found,
            expected,
        } => at(
            layer,
            format!(
                "tensor {tensor} of layer {layer} has the extents {}, but {} in the checkpoint",
                extents(expected),
                extents(found)
            ),
        ),
        WeightsError::Frozen { layer, .. } => at(
            layer,
            format!(
                "the checkpoint has not all of layer {layer}: some of it was frozen, and lies in the firmware"
            ),
        ),
        other => Complaint::new(
            format!("{name}: {other}"),
            "`kilograd inspect` shows what the file holds",
        ),
    }
}
