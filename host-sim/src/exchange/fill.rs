//! The weights of a checkpoint into a trainer of a run file.

use crate::complaint::Complaint;
use crate::image::Found;
use crate::run::RunFile;
use crate::session::AnyTrainer;
use kilograd::checkpoint::{Listed, Taken, Weights, WeightsError};
use kilograd::network::{Layer, Role, Shape};
use kilograd::number::Element;
use kilograd::number::bfp::{High, Low8, Low16, Master};
use kilograd::optim::Optimizer;

/// Takes the weights of the first `layers` layers, from whatever number they are in.
///
/// # Errors
/// [`WeightsError`].
pub fn fill<O: Optimizer<f32>>(
    found: &Found<'_>,
    weights: &Weights,
    trainer: &mut AnyTrainer<'_, O>,
    layers: usize,
) -> Result<Taken, WeightsError> {
    let mut view = found.view();
    let Some(width) = width(weights.number()) else {
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
            let values = decoded(found, &listed, count, width).ok_or(WeightsError::Malformed)?;
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

/// Bytes of a weight, if the number is block fixed point.
fn width(number: u8) -> Option<usize> {
    fn of<M: Master>(number: u8) -> Option<usize> {
        (number == M::CODE).then_some(M::BYTES)
    }
    of::<Low16>(number).or(of::<Low8>(number)).or(of::<High>(number))
}

/// The values of a tensor in block fixed point, both planes of a weight: what was learned, not only what is multiplied
/// with.
fn decoded(found: &Found<'_>, listed: &Listed, count: usize, width: usize) -> Option<Vec<f32>> {
    let (mut view, frame) = (found.view(), found.frame);
    let weight = listed.role() == Role::Weight;
    let mut bytes = vec![0; count.checked_mul(if weight { width } else { 4 })?];
    frame.read(&mut view, listed.elements_at()?, &mut bytes)?;
    if !weight {
        let words = bytes.as_chunks::<4>().0.iter().copied().map(i32::from_le_bytes);
        return Some(
            words
                .map(|word| Element::to_f32(std::num::Saturating(word), ()))
                .collect(),
        );
    }
    let mut exponent = [0; 2];
    frame.read(&mut view, listed.track_at()?, &mut exponent)?;
    // Kept above that at which mantissas reach ±1.
    let exponent = i32::from(i16::from_le_bytes(exponent)) - 13;
    let halves = |bytes: &[u8]| -> Vec<i16> {
        let pairs = bytes.as_chunks::<2>().0.iter();
        pairs.copied().map(i16::from_le_bytes).collect()
    };
    let (high, low) = bytes.split_at(count * 2);
    let low: Vec<i64> = match width {
        4 => halves(low).into_iter().map(i64::from).collect(),
        3 => low.iter().map(|byte| i64::from(*byte as i8) << 8).collect(),
        _ => vec![0; count],
    };
    let both = halves(high).into_iter().zip(low);
    Some(
        both.map(|(high, low)| {
            // 30 bits, rounded once to 24.
            let fine = (i64::from(high) << 16) + low;
            (fine as f64 * f64::from(exponent - 16).exp2()) as f32
        })
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
