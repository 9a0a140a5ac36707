//! `kilograd plan`: the memory of a model, byte for byte, before anything runs.

use super::arena::Timeline;
use super::table::{extents, grouped, table};
use crate::complaint::{Complaint, Failure};
use crate::report::say;
use crate::run::{NumberFile, RunFile, WithTraining};
use crate::session::{MAX_LAYERS, Network};
use kilograd::kernel::Kernel;
use kilograd::network::{Layout, Plan, PlanOf, Shape, Slot, mode};
use kilograd::optim::Optimizer;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  kilograd plan digits-mlp.toml
  kilograd plan digits-mlp.toml --json
  kilograd plan digits-mlp.toml --svg memory.svg

On a device the same figures come from a constant: `const PLAN: PlanOf<3> = NET.plan(..)`, and
`const _: () = PLAN.budget(RAM, FLASH)` stops a build that exceeds them.";

/// What `kilograd plan` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// The run file, or the name of a ready run: its [model], [optimizer] and [fit] decide
    #[arg(value_name = "RUN.toml")]
    run: PathBuf,
    /// The number, in place of the file's
    #[arg(long, value_name = "NUMBER")]
    number: Option<NumberFile>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Draw the memory of training over time into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Draw that of an inference
    #[arg(long, requires = "svg")]
    inference: bool,
}

/// A model's plan for training and for inference alone.
struct Both {
    training: PlanOf<MAX_LAYERS>,
    training_layout: Layout<MAX_LAYERS>,
    inference: PlanOf<MAX_LAYERS>,
    inference_layout: Layout<MAX_LAYERS>,
    /// Bytes of a layer's parameters, gradients and optimizer state.
    parameters: Vec<[usize; 3]>,
    /// Bytes of one activation.
    element: usize,
}

struct PlanBoth<'a>(&'a RunFile, &'a Network);

impl WithTraining for PlanBoth<'_> {
    type Output = Result<Both, Complaint>;

    fn call<N: Kernel, O: Optimizer<N>>(self, _: O) -> Self::Output {
        let Self(run, network) = self;
        let (training, training_layout) = network.layout::<N, O>(run, true)?;
        let (inference, inference_layout) = network.layout::<N, O>(run, false)?;
        let fused = training.uses & mode::FUSED != 0;
        let plan: &Plan = &training;
        let parameters = plan.slots().iter().map(|slot| {
            let stored = (0..slot.tensors.count()).map(|index| slot.tensors.stored_bytes::<N>(index));
            let trained = slot.tensors.gradients();
            let gradients = if fused {
                0
            } else {
                trained * size_of::<N::Gradient>()
            };
            [stored.sum(), gradients, trained * O::SLOTS * N::STATE_BYTES]
        });
        let parameters = parameters.collect();
        Ok(Both {
            parameters,
            element: size_of::<N::Elem>(),
            training,
            training_layout,
            inference,
            inference_layout,
        })
    }
}

/// Runs the command.
///
/// # Errors
/// When the run file or the model is wrong.
pub fn run(options: &Options) -> Result<(), Failure> {
    let mut run = RunFile::read(&options.run)?;
    run.fit.number.value = options.number.unwrap_or(run.fit.number.value);
    let network = Network::new(&run)?;
    let both = run.with(PlanBoth(&run, &network))?;
    if let Some(path) = &options.svg {
        draw(&run, &both, path, options.inference)?;
    }
    let rows = rows(&both);
    if options.json {
        say(as_json(&run, &both, &rows))
    } else {
        say(as_text(&run, &both, &rows))
    }
}

/// Draws the work region over time.
fn draw(run: &RunFile, both: &Both, path: &Path, inference: bool) -> Result<(), Failure> {
    let (what, plan, layout) = if inference {
        ("inference", &both.inference, &both.inference_layout)
    } else {
        ("training", &both.training, &both.training_layout)
    };
    let title = format!("{}: {what} in {} bytes", run.name(), grouped(plan.bytes()));
    let picture = Timeline::new(plan, layout).picture(title);
    let written = picture.write_svg(path);
    written.map_err(|error| Failure::Run(format!("{}: {error}", path.display())))
}

/// The bytes of one layer.
struct Row {
    kind: &'static str,
    output: Shape,
    parameters: usize,
    parameter_bytes: usize,
    gradient_bytes: usize,
    state_bytes: usize,
    /// Its output, 0 if it lies where the input was.
    activation_bytes: usize,
    /// The gradient of its output, 0 if it is not needed or shares that of the layer above.
    delta_bytes: usize,
    /// What it keeps for its backward pass besides.
    kept_bytes: usize,
    /// Its output in a plan for inference.
    inference_bytes: usize,
    macs: usize,
}

fn rows(both: &Both) -> Vec<Row> {
    let plan: &Plan = &both.training;
    let inference: &Plan = &both.inference;
    let slots = plan.slots();
    slots
        .iter()
        .zip(inference.slots())
        .enumerate()
        .map(|(index, (slot, alone))| {
            let [parameter_bytes, gradient_bytes, state_bytes] =
                both.parameters.get(index).copied().unwrap_or_default();
            let bytes = |slot: &Slot| slot.output.len() * both.element;
            Row {
                kind: slot.layer.name(),
                output: slot.output,
                parameters: slot.specs().elements(),
                parameter_bytes,
                gradient_bytes,
                state_bytes,
                activation_bytes: if slot.in_place { 0 } else { bytes(slot) },
                delta_bytes: if owns_delta(slot, slots.get(index + 1)) {
                    bytes(slot)
                } else {
                    0
                },
                kept_bytes: slot.kept.bytes as usize,
                inference_bytes: if alone.in_place { 0 } else { bytes(alone) },
                macs: slot.layer.macs(slot.input),
            }
        })
        .collect()
}

/// Whether the gradient of the layer's output has a place of its own: an in-place layer above works
/// in the gradient that it was given and passes it down.
fn owns_delta(slot: &Slot, above: Option<&Slot>) -> bool {
    let passed = above.is_some_and(|above| above.elementwise && above.passes && !above.shared);
    (slot.trains || slot.passes) && !passed
}

fn as_json(run: &RunFile, both: &Both, rows: &[Row]) -> Value {
    let layers: Vec<Value> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            json!({
                "layer": index,
                "kind": row.kind,
                "output": row.output.dims(),
                "params": row.parameters,
                "parameter_bytes": row.parameter_bytes,
                "gradient_bytes": row.gradient_bytes,
                "state_bytes": row.state_bytes,
                "activation_bytes": row.activation_bytes,
                "delta_bytes": row.delta_bytes,
                "kept_bytes": row.kept_bytes,
                "inference_activation_bytes": row.inference_bytes,
                "macs": row.macs,
            })
        })
        .collect();
    let total = |plan: &PlanOf<MAX_LAYERS>| {
        json!({
            "parameter_bytes": plan.regions.params,
            "gradient_bytes": plan.regions.gradients,
            "state_bytes": plan.regions.state,
            "activation_bytes": plan.regions.work,
            "ram_bytes": plan.bytes(),
        })
    };
    let timeline = Timeline::new(&both.training, &both.training_layout);
    let (step, used) = timeline.peak();
    let alive: Vec<Value> = timeline
        .dominant()
        .iter()
        .map(|block| json!({ "what": timeline.holds(block), "bytes": block.bytes, "offset": block.offset }))
        .collect();
    json!({
        "run": run.name(),
        "number": run.fit.number.value.name(),
        "optimizer": run.optimizer.name(),
        "batch": both.training.batch,
        "input": both.training.input.dims(),
        "params": both.training.parameters,
        "trained": both.training.trained,
        "layers": layers,
        "busiest": { "step": timeline.spoken(step), "bytes": used, "alive": alive },
        "training": total(&both.training),
        "inference": total(&both.inference),
    })
}

fn as_text(run: &RunFile, both: &Both, rows: &[Row]) -> String {
    let plan = &both.training;
    let mut text = format!(
        "{}: {} parameters in {}, {}, batch {}. All figures in bytes.\n\n",
        run.name(),
        grouped(plan.parameters),
        run.fit.number.value.name(),
        run.optimizer.name(),
        plan.batch
    );
    let head = [
        "layer",
        "kind",
        "output",
        "parameters",
        "gradients",
        "state",
        "activations",
        "their gradients",
        "kept",
        "MACs",
    ];
    let mut lines = vec![head.map(str::to_owned)];
    let mut add = |first: String, kind: &str, output: String, figures: [usize; 7]| {
        let [a, b, c, d, e, f, g] =
            figures.map(|figure| if figure == 0 { "-".into() } else { grouped(figure) });
        lines.push([first, kind.to_owned(), output, a, b, c, d, e, f, g]);
    };
    for (index, row) in rows.iter().enumerate() {
        let parts = [
            row.parameter_bytes,
            row.gradient_bytes,
            row.state_bytes,
            row.activation_bytes,
            row.delta_bytes,
            row.kept_bytes,
            row.macs,
        ];
        add(index.to_string(), row.kind, extents(row.output), parts);
    }
    let sum = |of: fn(&Row) -> usize| rows.iter().map(of).sum();
    let sums = [
        sum(|row| row.parameter_bytes),
        sum(|row| row.gradient_bytes),
        sum(|row| row.state_bytes),
        sum(|row| row.activation_bytes),
        sum(|row| row.delta_bytes),
        sum(|row| row.kept_bytes),
        sum(|row| row.macs),
    ];
    add(String::new(), "sum", String::new(), sums);
    text += &table(&lines);
    let apart = sums[3] + sums[4] + sums[5];
    let regions = plan.regions;
    text += &format!(
        "\nTraining   {:>9} = parameters {} + gradients {} + optimizer state {} + activations {}\n",
        grouped(plan.bytes()),
        grouped(regions.params),
        grouped(regions.gradients),
        grouped(regions.state),
        grouped(regions.work)
    );
    let alone = &both.inference;
    text += &format!(
        "Inference  {:>9} = parameters {} + activations {}\n",
        grouped(alone.bytes()),
        grouped(alone.regions.params),
        grouped(alone.regions.work)
    );
    if apart > regions.work {
        text += &format!(
            "\nActivations and their gradients share places where they never live together: {} instead of {}.\n",
            grouped(regions.work),
            grouped(apart)
        );
    }
    if plan.uses & mode::FUSED != 0 {
        text += "\nEach parameter moves as soon as its gradient is known, so the gradients are a few rows.\n";
    }
    text += &Timeline::new(&both.training, &both.training_layout).summary();
    text += &format!(
        "A sample of {} is the caller's and not counted.",
        grouped(plan.input.len() * both.element)
    );
    text
}
