//! The planner: checks the shapes, finds when each buffer is born and dies, and lays them out.
//!
//! Time runs from step 0: layer `i` goes forward at step `i`, the loss is taken at step `L`, and layer
//! `i` goes backward at step `2L − i`. Two buffers whose lives share a step get different bytes. The
//! program runs at build time only; no firmware holds any of it.

use super::pack::{Buffer, pack};
use super::plan::{Plan, PlanError, PlanOf, Regions, Slot, mode};
use super::{Init, Layer, Model, Params, Shape};
use crate::number::Number;
use crate::persist::Fingerprint;

/// What a plan depends on beside the model and the number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    /// There is a backward pass and an update.
    pub train: bool,
    /// Values of optimizer state per parameter.
    pub state_slots: usize,
    /// The optimizer's number in the fingerprint.
    pub optimizer: u8,
    /// Bit of the loss.
    pub loss: u128,
    /// Samples per update.
    pub batch: u16,
    /// Bound on the gradient's norm, as the bits of an `f32`; 0 for none.
    pub clip: u32,
    /// Layer kinds and losses that the number can run.
    pub kinds: u128,
}

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
const fn shapes<N: Number, const L: usize>(model: &Model<'_>, needs: &Needs) -> Result<PlanOf<L>, PlanError> {
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
    if needs.kinds & needs.loss == 0 {
        return Err(PlanError {
            layer: None,
            kind: "loss",
            fault: "is not available in this number format",
        });
    }
    let mut slots = [EMPTY; L];
    let mut uses = needs.loss;
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
        parameters: elements,
        trained,
        state_slots: needs.state_slots,
        batch: needs.batch,
        clip: needs.clip,
        fingerprint: 0,
        slots,
    })
}

/// Plans a model for the number `N`.
pub(crate) const fn plan<N: Number, const L: usize>(
    model: &Model<'_>,
    needs: Needs,
) -> Result<PlanOf<L>, PlanError> {
    let mut plan = match shapes::<N, L>(model, &needs) {
        Ok(plan) => plan,
        Err(error) => return Err(error),
    };
    backward_flags(&mut plan);
    let mut values = [Buffer::UNUSED; L];
    let mut deltas = [Buffer::UNUSED; L];
    lives::<N, L>(&mut plan, &mut values, &mut deltas, needs.train);
    plan.regions.work = aligned::<N>(pack(&mut values, &mut deltas));
    let mut i = 0;
    while i < plan.layers {
        plan.slots[i].y = values[root(&plan.slots, i)].offset as u32;
        let owner = delta_root(&plan.slots, plan.layers, i);
        plan.slots[i].dy = deltas[owner].offset as u32;
        plan.slots[i].delta_track = plan.slots[owner].track + 1;
        i += 1;
    }
    // What lies in one buffer has one scale, so it has one track.
    let mut i = 0;
    while i < plan.layers {
        plan.slots[i].track = plan.slots[root(&plan.slots, i)].track;
        i += 1;
    }
    plan.fingerprint = fingerprint(&plan);
    Ok(plan)
}

/// Finds where the backward pass ends, and which gradients have more than one contribution.
const fn backward_flags<const L: usize>(plan: &mut PlanOf<L>) {
    let mut first = plan.layers;
    let mut i = plan.layers;
    while i > 0 {
        i -= 1;
        if plan.slots[i].trains {
            first = i;
        }
    }
    // Going backward, so that the first reader met is the first to contribute.
    let mut i = plan.layers;
    while i > 0 {
        i -= 1;
        plan.slots[i].passes = i > first;
        if let Some(source) = plan.slots[i].source {
            let source = source as usize;
            // The output `source − 1` gets a gradient only if something trains at or below it.
            if source > first && !plan.slots[source].shared {
                plan.slots[source].shared = true;
                plan.slots[i].clears_source = true;
            }
        }
    }
    let mut i = 0;
    while i < plan.layers {
        plan.slots[i].clears = plan.slots[i].passes && !plan.slots[i].shared;
        i += 1;
    }
}

/// When each value and each gradient is born and dies.
const fn lives<N: Number, const L: usize>(
    plan: &mut PlanOf<L>,
    values: &mut [Buffer; L],
    deltas: &mut [Buffer; L],
    train: bool,
) {
    let count = plan.layers;
    let mut i = 0;
    while i < count {
        plan.slots[i].in_place =
            i > 0 && plan.slots[i].layer.in_place() && !kept(&plan.slots, count, i - 1, i, train);
        i += 1;
    }
    let mut i = 0;
    while i < count {
        let bytes = aligned::<N>(plan.slots[i].output.len() * size_of::<N::Elem>());
        let owner = root(&plan.slots, i);
        values[owner].live(bytes, i, last_read(&plan.slots, count, i, train));
        i += 1;
    }
    if !train {
        return;
    }
    // The gradient of output `i` is born with its first contribution and dies when layer `i` has used it.
    let mut i = count;
    while i > 0 {
        i -= 1;
        let needed = plan.slots[i].trains || plan.slots[i].passes;
        if !needed {
            continue;
        }
        let bytes = aligned::<N>(plan.slots[i].output.len() * size_of::<N::Elem>());
        let mut born = if i + 1 == count {
            count
        } else {
            2 * count - (i + 1)
        };
        let mut j = i + 1;
        while j < count {
            if let Some(source) = plan.slots[j].source
                && source as usize == i + 1
                && 2 * count - j < born
            {
                born = 2 * count - j;
            }
            j += 1;
        }
        let owner = delta_root(&plan.slots, count, i);
        deltas[owner].live(bytes, born, 2 * count - i);
    }
}

/// Whether output `of` must survive beyond layer `reader`, so that `reader` may not write over it.
const fn kept(slots: &[Slot], count: usize, of: usize, reader: usize, train: bool) -> bool {
    let mut j = reader;
    while j < count {
        if let Some(source) = slots[j].source
            && source as usize == of + 1
        {
            return true;
        }
        j += 1;
    }
    train && slots[of].passes && slots[of].layer.reads().output
}

/// The last step at which output `i` is read.
const fn last_read(slots: &[Slot], count: usize, i: usize, train: bool) -> usize {
    // The next layer, or the loss, or the caller after an inference.
    let mut last = i + 1;
    let mut j = i + 1;
    while j < count {
        if let Some(source) = slots[j].source
            && source as usize == i + 1
            && j > last
        {
            last = j;
        }
        j += 1;
    }
    if train {
        if i + 1 < count && slots[i + 1].trains && slots[i + 1].layer.reads().input {
            last = 2 * count - (i + 1);
        }
        if slots[i].passes && slots[i].layer.reads().output {
            last = 2 * count - i;
        }
        if i + 1 == count {
            // The caller reads the output after the step.
            last = 2 * count;
        }
    }
    last
}

/// The layer whose buffer holds output `i`.
const fn root(slots: &[Slot], mut i: usize) -> usize {
    while slots[i].in_place {
        i -= 1;
    }
    i
}

/// The layer whose buffer holds the gradient of output `i`: an in-place layer above passes its own down.
const fn delta_root(slots: &[Slot], count: usize, mut i: usize) -> usize {
    while i + 1 < count && slots[i + 1].layer.in_place() && slots[i + 1].passes && !slots[i + 1].shared {
        i += 1;
    }
    i
}

const fn aligned<N: Number>(bytes: usize) -> usize {
    let align = if align_of::<N::Bias>() > 4 {
        align_of::<N::Bias>()
    } else {
        4
    };
    bytes.next_multiple_of(align)
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

const fn mix_shape(digest: Fingerprint, shape: Shape) -> Fingerprint {
    digest.number(shape.rank() as u64).number(
        (shape.dim(0) as u64) << 48
            | (shape.dim(1) as u64) << 32
            | (shape.dim(2) as u64) << 16
            | shape.dim(3) as u64,
    )
}

/// Everything that must be equal for saved parameters and optimizer state to mean the same.
const fn fingerprint<const L: usize>(plan: &PlanOf<L>) -> u64 {
    let mut digest = Fingerprint::new()
        .byte(plan.number)
        .byte(plan.optimizer)
        .number((plan.uses >> mode::LOSS) as u64 & 0xff_ffff);
    digest = mix_shape(digest, plan.input);
    let mut i = 0;
    while i < plan.layers {
        let slot = &plan.slots[i];
        digest = digest
            .byte(slot.layer.code())
            .byte(slot.trains as u8)
            .number(slot.layer.settings());
        digest = mix_shape(digest, slot.output);
        let specs: Params = slot.specs();
        digest = digest.number(specs.elements() as u64);
        i += 1;
    }
    digest.value()
}
