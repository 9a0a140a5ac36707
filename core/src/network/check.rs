//! The first pass of the planner: whether the layers fit together, and what each of them needs.

use super::needs::Needs;
use super::pack::aligned;
use super::plan::{Plan, PlanError, PlanOf, Regions, Slot, mode};
use super::{Init, Layer, Model, Shape};
use crate::number::Number;

const EMPTY: Slot = Slot {
    layer: Layer::Relu(super::layer::Pointwise::new()),
    input: Shape::vector(0),
    output: Shape::vector(0),
    init: Init::Auto,
    trains: false,
    passes: false,
    in_place: false,
    shared: false,
    clears: false,
    source: None,
    clears_source: false,
    params: 0,
    gradient: 0,
    track: 0,
    delta_track: 0,
    y: 0,
    dy: 0,
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
    let mut slots = [EMPTY; L];
    let mut uses = needs.loss.bit();
    let mut shape = model.input;
    let (mut bytes, mut elements, mut trained, mut tracks) = (0, 0, 0, 0);
    let mut i = 0;
    while i < count {
        let entry = &model.layers[i];
        if let Some(text) = entry.fault {
            return fault(model, i, text);
        }
        if needs.kinds & (1 << entry.layer.code()) == 0 {
            return fault(model, i, "is not available in this number format");
        }
        let output = match entry.layer.output(shape) {
            Ok(output) => output,
            Err(text) => return fault(model, i, text),
        };
        if output.len() > u16::MAX as usize {
            return fault(model, i, "has an output of more than 65535 elements");
        }
        let specs = entry.layer.params(shape);
        if let Some(param) = specs.get(0)
            && param.fan_in > needs.terms
        {
            return fault(
                model,
                i,
                "sums more inputs than this number format can: 8192 in bfp14",
            );
        }
        let slot = &mut slots[i];
        slot.layer = entry.layer;
        slot.input = shape;
        slot.output = output;
        slot.trains = needs.train && !entry.frozen && !specs.is_empty();
        slot.params = bytes as u32;
        slot.gradient = trained as u32;
        slot.track = tracks as u16;
        slot.init = match entry.init {
            Init::Auto if i + 1 < count && matches!(model.layers[i + 1].layer, Layer::Relu(_)) => Init::He,
            Init::Auto => Init::Glorot,
            chosen => chosen,
        };
        if let Layer::Add(add) = entry.layer {
            let back = add.back as usize;
            if back < 2 || back > i + 1 {
                return fault(
                    model,
                    i,
                    "must reach 2 places back or more, and at most to the model's input",
                );
            }
            let earlier = if back == i + 1 {
                model.input
            } else {
                slots[i - back].output
            };
            if !same(earlier, shape) {
                return fault(model, i, "needs an earlier output of the same shape as its input");
            }
            slots[i].source = Some((i + 1 - back) as u16);
        }
        bytes += specs.bytes::<N>();
        elements += specs.elements();
        if slots[i].trains {
            trained += specs.elements();
        }
        tracks += 2 + specs.len();
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
    if needs.batch > 1 {
        uses |= mode::BATCH;
    }
    if needs.clip != 0 {
        uses |= mode::CLIP;
    }
    let regions = Regions {
        params: aligned::<N>(bytes),
        gradients: aligned::<N>(trained * size_of::<N::Gradient>()),
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
        state_slots: needs.state_slots,
        batch: needs.batch,
        clip: needs.clip,
        fingerprint: 0,
        slots,
    })
}

const fn same(a: Shape, b: Shape) -> bool {
    let mut i = 0;
    while i < 4 {
        if a.dim(i) != b.dim(i) {
            return false;
        }
        i += 1;
    }
    a.rank() == b.rank()
}
