//! The first pass of the planner: whether the layers fit together, and what each of them needs.

use super::layer::{InPlace, Layer};
use super::links::{beside_input, stubborn, unread};
use super::needs::Needs;
use super::pack::aligned;
use super::param::MAX_PARAMS;
use super::plan::{Plan, PlanError, PlanOf, Regions, Slot, Span, mode};
use super::tensors::Tensors;
use super::turns::chunk;
use super::{Init, Model, Shape};
use crate::number::Number;

const EMPTY: Slot = Slot {
    layer: Layer::Relu(super::layer::Pointwise::new()),
    input: Shape::vector(0),
    output: Shape::vector(0),
    trains: false,
    passes: false,
    elementwise: false,
    in_place: false,
    reads_input: false,
    reads_output: false,
    from: 0,
    several: false,
    shared: false,
    clears: false,
    source: None,
    passes_source: false,
    clears_source: false,
    joins: false,
    tensors: Tensors::NONE,
    row: 0,
    outer: false,
    params: 0,
    frozen: 0,
    gradient: 0,
    tracks: 0,
    inner: 0,
    rescales: false,
    track: 0,
    delta_track: 0,
    y: 0,
    dy: 0,
    again: 0,
    recomputed: false,
    y_again: 0,
    kept_again: Span::NONE,
    scratch_again: Span::NONE,
    kept: Span::NONE,
    scratch: Span::NONE,
    backward_scratch: Span::NONE,
};

const fn fault<T>(model: &Model<'_>, layer: usize, fault: &'static str) -> Result<T, PlanError> {
    Err(PlanError {
        layer: Some(layer),
        kind: model.layers[layer].layer.name(),
        fault,
    })
}

/// Checks every layer, and fills in shapes, places of parameters and earlier outputs read.
pub(super) const fn check<N: Number, const L: usize>(
    model: &Model<'_>,
    needs: &Needs,
) -> Result<PlanOf<L>, PlanError> {
    let count = model.layers.len();
    if count == 0 || count > L {
        let fault = if count == 0 {
            "needs at least one layer"
        } else {
            "has more layers than the plan has places"
        };
        return Err(PlanError {
            layer: None,
            kind: "model",
            fault,
        });
    }
    if model.input.is_empty() || model.input.len() > u16::MAX as usize {
        return Err(PlanError {
            layer: None,
            kind: "model",
            fault: "needs an input of 1 to 65535 elements",
        });
    }
    if needs.kinds & needs.loss.bit() == 0 {
        return Err(PlanError {
            layer: None,
            kind: "loss",
            fault: "is not available in this number format",
        });
    }
    if needs.frozen_bytes && !N::BYTES {
        return Err(PlanError {
            layer: None,
            kind: "frozen_bytes",
            fault: "is not available in this number format: take bfp14, or leave frozen weights as they are",
        });
    }
    let mut slots = [EMPTY; L];
    let mut uses = needs.loss.bit();
    let mut shape = model.input;
    let (mut bytes, mut frozen, mut elements, mut trained, mut tracks) = (0, 0, 0, 0, 0);
    let mut frozen_tensors = 0;
    let mut i = 0;
    while i < count {
        let entry = &model.layers[i];
        if let Some(text) = entry.fault {
            return fault(model, i, text);
        }
        if needs.kinds & (1 << entry.layer.code()) == 0 {
            return fault(model, i, "is not available in this number format");
        }
        if entry.from > 1 {
            uses |= mode::BACK;
            shape = match earlier(model, &slots, i, entry.from as usize) {
                Some(earlier) => earlier,
                None => return fault(model, i, "reads from a place above the model's input"),
            };
            if let Some(back) = entry.layer.back()
                && back == entry.from
            {
                return fault(model, i, "reads the same output twice");
            }
        }
        let output = match entry.layer.back() {
            None => entry.layer.output(shape),
            Some(back) => match earlier(model, &slots, i, back as usize) {
                Some(earlier) => entry.layer.joined(shape, earlier),
                None => Err("must reach 2 places back or more, and at most to the model's input"),
            },
        };
        let output = match output {
            Ok(output) => output,
            Err(text) => return fault(model, i, text),
        };
        if output.len() > u16::MAX as usize {
            return fault(model, i, "has an output of more than 65535 elements");
        }
        let specs = entry.layer.params(shape);
        if specs.over() {
            return fault(model, i, "has more parameter tensors than a plan has places for");
        }
        if let Some(param) = specs.get(0)
            && param.fan_in > needs.terms
        {
            return fault(
                model,
                i,
                "sums more inputs than this number format can: 8192 in bfp14",
            );
        }
        if let Some(param) = specs.get(0)
            && needs.train
            && entry.layer.rows()
            && param.shape.dim(param.shape.rank() - 1) as u64 > needs.terms as u64
        {
            return fault(
                model,
                i,
                "sums more outputs than this number format can, for the gradient of its input: 8192 in bfp14",
            );
        }
        if !matches!(entry.init, Init::Auto) && !specs.draws() {
            return fault(model, i, "has no weights to initialise");
        }
        let resident = entry.part.resident(&specs);
        let init = match entry.init {
            Init::Auto if i + 1 < count && model.layers[i + 1].layer.rectifies() => Init::He,
            Init::Auto => Init::Glorot,
            chosen => chosen,
        };
        let learns = if needs.train {
            resident & entry.layer.learnable()
        } else {
            0
        };
        let tensors = Tensors::of(&specs, learns, resident, init, needs.frozen_bytes);
        let slot = &mut slots[i];
        slot.layer = entry.layer;
        slot.input = shape;
        slot.from = (i + 1 - entry.from as usize) as u16;
        slot.recomputed = entry.again && needs.train;
        slot.output = output;
        slot.trains = tensors.trains();
        slot.rescales = matches!(entry.layer.in_place(shape), InPlace::Rescaled);
        slot.elementwise = slot.rescales || matches!(entry.layer.in_place(shape), InPlace::Always);
        slot.outer = matches!(entry.layer, Layer::Dense(_));
        slot.joins = matches!(entry.layer, Layer::Concat(_));
        slot.params = bytes as u32;
        slot.frozen = frozen as u32;
        slot.gradient = trained as u32;
        slot.tracks = tracks as u16;
        slot.inner = entry.layer.inner() as u8;
        slot.tensors = tensors;
        if let Some(back) = entry.layer.back() {
            uses |= mode::BACK;
            slot.source = Some((i + 1 - back as usize) as u16);
        }
        if entry.layer.rows()
            && let Some(param) = specs.get(0)
        {
            slot.row = param.shape.dim(param.shape.rank() - 1) as u16;
        }
        bytes += tensors.bytes_before::<N>(MAX_PARAMS, true);
        frozen += if needs.frozen_bytes {
            tensors.packed_before::<N>(MAX_PARAMS)
        } else {
            tensors.bytes_before::<N>(MAX_PARAMS, false)
        };
        elements += specs.elements();
        trained += tensors.gradients();
        frozen_tensors += tensors.frozen();
        tracks += 2 + specs.len() + entry.layer.inner();
        uses |= 1 << entry.layer.code();
        shape = output;
        i += 1;
    }
    if let Some(fault) = needs.loss.fault(shape) {
        return Err(PlanError {
            layer: None,
            kind: "loss",
            fault,
        });
    }
    if let Some(stubborn) = stubborn(&slots, count) {
        return fault(
            model,
            stubborn,
            "cannot be computed again: it must read the layer above alone, and the layer below alone must read it",
        );
    }
    if let Some((layer, text)) = beside_input(&slots, count) {
        return fault(model, layer, text);
    }
    if let Some(unread) = unread(&slots, count) {
        return fault(model, unread, "has an output that no layer reads");
    }
    if needs.train && trained == 0 {
        let fault = "has nothing to train: leave at least one layer with parameters unfrozen, or plan it for inference";
        return Err(PlanError {
            layer: None,
            kind: "model",
            fault,
        });
    }
    if needs.train {
        uses |= mode::TRAIN;
    }
    if frozen > 0 {
        uses |= mode::FROZEN;
        if needs.frozen_bytes {
            uses |= mode::BYTES;
        }
    }
    if needs.batch > 1 {
        uses |= mode::BATCH;
    }
    if needs.clip != 0 {
        uses |= mode::CLIP;
    }
    if needs.clip_value != 0 {
        uses |= mode::CLIP_VALUE;
    }
    let fused = needs.fuse && needs.train && needs.batch == 1 && needs.clip == 0;
    if fused {
        uses |= mode::FUSED;
    } else if needs.train {
        uses |= mode::KEPT;
    }
    let regions = Regions {
        params: aligned::<N>(bytes),
        gradients: aligned::<N>(
            if fused {
                chunk(&slots, count, trained, needs.outer)
            } else {
                trained
            } * size_of::<N::Gradient>(),
        ),
        state: aligned::<N>(trained * needs.state_slots * N::STATE_BYTES),
        tracks: aligned::<N>(tracks * N::TRACK_BYTES),
        work: 0,
    };
    Ok(Plan {
        layers: count,
        input: model.input,
        output: shape,
        uses,
        regions,
        number: N::CODE,
        optimizer: needs.optimizer,
        loss: needs.loss,
        parameters: elements,
        trained,
        // Behind the parameters stand the tracks of the tensors, for a number that has any.
        frozen: aligned::<N>(frozen) + frozen_tensors * N::TRACK_BYTES,
        state_slots: needs.state_slots,
        batch: needs.batch,
        clip: needs.clip,
        clip_value: needs.clip_value,
        fingerprint: 0,
        slots,
    })
}

/// Shape of the output `back` places above layer `i`; `None` if there is no such place.
const fn earlier(model: &Model<'_>, slots: &[Slot], i: usize, back: usize) -> Option<Shape> {
    if back < 2 || back > i + 1 {
        None
    } else if back == i + 1 {
        Some(model.input)
    } else {
        Some(slots[i - back].output)
    }
}
