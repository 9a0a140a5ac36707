//! Planning the model of a run file, where every fault of it points at a line.

use crate::complaint::Complaint;
use crate::data::spoken;
use crate::run::{RunFile, Target};
use kilograd::engine::Training;
use kilograd::kernel::Kernel;
use kilograd::loss::Loss;
use kilograd::network::{Entry, Layout, Model, PlanError, PlanOf, Shape};
use kilograd::optim::Optimizer;

/// Layers that a run file may have.
pub const MAX_LAYERS: usize = 128;

/// The model of a run file, owned.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    input: Shape,
    layers: Vec<Entry>,
}

impl Network {
    /// The model that `run` describes.
    ///
    /// # Errors
    /// A [`Complaint`] if there are more layers than [`MAX_LAYERS`].
    pub fn new(run: &RunFile) -> Result<Self, Complaint> {
        let layers: Vec<Entry> = run.model.layers.iter().map(|line| line.entry).collect();
        match run.model.layers.get(MAX_LAYERS) {
            Some(line) => {
                let message = format!("layer {MAX_LAYERS} is one too many");
                Err(run.complain(line.span.clone(), message, format!("keep to {MAX_LAYERS} layers")))
            }
            None => Ok(Self {
                input: run.model.input.value,
                layers,
            }),
        }
    }

    /// The model as a value.
    pub fn model(&self) -> Model<'_> {
        Model::new(self.input, &self.layers)
    }

    /// The same with nothing frozen.
    pub fn trained(&self) -> Self {
        Self {
            input: self.input,
            layers: self.layers.iter().map(|entry| entry.trained()).collect(),
        }
    }

    /// Plans training in `N` with `O`, or inference.
    ///
    /// # Errors
    /// A [`Complaint`] about the line of the layer at fault.
    pub fn plan<N: Kernel, O: Optimizer<N>>(
        &self,
        run: &RunFile,
        train: bool,
    ) -> Result<PlanOf<MAX_LAYERS>, Complaint> {
        self.layout::<N, O>(run, train).map(|(plan, _)| plan)
    }

    /// The plan, and what lies where in its work region and when.
    ///
    /// # Errors
    /// As [`plan`](Self::plan).
    pub fn layout<N: Kernel, O: Optimizer<N>>(
        &self,
        run: &RunFile,
        train: bool,
    ) -> Result<(PlanOf<MAX_LAYERS>, Layout<MAX_LAYERS>), Complaint> {
        let batch = u16::try_from(run.fit.batch.value).map_err(|_| {
            let message = format!("a batch of {} is too large", run.fit.batch.value);
            run.complain(run.fit.batch.span.clone(), message, "write at most 65535")
        })?;
        let training = Training::<N, O>::new(run.model.loss.value)
            .batch(batch)
            .clip(run.fit.clip);
        let training = if train { training } else { training.inference() };
        let (plan, layout) = self
            .model()
            .try_layout(&training)
            .map_err(|error| faulty(run, &error))?;
        if run.model.loss.value == Loss::NextToken {
            let frames = plan.output.dim(0);
            if frames != self.input.len() {
                let message = format!(
                    "the model answers with {frames} frames, but its input has {} tokens",
                    self.input.len()
                );
                let help = "keep one frame per token up to the last layer";
                return Err(run.complain(last_layer(run), message, help));
            }
        } else if run.data.target == Target::Input && plan.output.len() != self.input.len() {
            let message = format!(
                "the model answers with {} values, but is to reproduce its input of {}",
                plan.output.len(),
                self.input.len()
            );
            let help = format!("end with `{{ kind = \"dense\", units = {} }}`", self.input.len());
            return Err(run.complain(last_layer(run), message, help));
        }
        Ok((plan, layout))
    }
}

/// The line of the last layer, which decides the output.
pub(super) fn last_layer(run: &RunFile) -> std::ops::Range<usize> {
    run.model
        .layers
        .last()
        .map_or(run.model.input.span.clone(), |line| line.span.clone())
}

/// A planner's error, at the line of its layer.
///
/// The planner's text says what is wrong and what is right; the help adds what the layer is given.
fn faulty(run: &RunFile, error: &PlanError) -> Complaint {
    let Some((number, line)) = error
        .layer
        .and_then(|layer| Some((layer, run.model.layers.get(layer)?)))
    else {
        let span = match error.kind {
            "loss" => run.model.loss.span.clone(),
            _ => run.model.input.span.clone(),
        };
        return run.complain(span, error.to_string(), "");
    };
    let mut outputs = vec![run.model.input.value];
    let mut input = None;
    for line in run.model.layers.iter().take(number + 1) {
        input = outputs
            .len()
            .checked_sub(usize::from(line.entry.reach()))
            .map(|place| outputs[place]);
        let shape = input.unwrap_or(run.model.input.value);
        outputs.push(line.entry.layer().output(shape).unwrap_or(shape));
    }
    let help = match input {
        Some(input) => format!("the input of layer {number} is {}", spoken(input)),
        None => format!("`from` is at most {}, which is the model's input", number + 1),
    };
    run.complain(line.span.clone(), error.to_string(), help)
}
