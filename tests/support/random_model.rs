//! Random models: of the kinds that the first version had ([`draw`]), and of all ([`draw_any`]).

mod any;

pub use any::{KINDS, draw_any, is_adapter};

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::{
    Entry, Layer, Model, PlanOf, Shape, add, conv1d, dense, global_average, relu, sigmoid, tanh,
};
use kilograd::number::random::Pcg;
use kilograd::optim::Sgd;

/// The most layers of a random model.
pub const LAYERS: usize = 32;

/// A model that the planner accepts, drawn at random.
#[derive(Debug, Clone)]
pub struct RandomModel {
    pub input: Shape,
    pub layers: Vec<Entry>,
    /// Shape of the last output.
    pub output: Shape,
    /// Which layers are frozen.
    pub frozen: Vec<bool>,
    /// How many tokens there are, if the input is tokens; else 0.
    pub tokens: u16,
}

impl RandomModel {
    /// A random sample.
    pub fn sample(&self, random: &mut Pcg) -> Vec<f32> {
        // Now and then a large one, so that bounds are met.
        let reach = if random.below(6) == 0 { 8.0 } else { 1.5 };
        (0..self.input.len())
            .map(|_| match self.tokens {
                0 => reach * (2.0 * random.uniform() - 1.0),
                tokens => random.below(tokens.into()) as f32,
            })
            .collect()
    }

    /// The model itself.
    pub fn model(&self) -> Model<'_> {
        Model::new(self.input, &self.layers)
    }

    /// Its plan; `None` if nothing is trained.
    ///
    /// # Panics
    /// If the planner refuses it for another reason.
    pub fn plan(&self) -> Option<PlanOf<LAYERS>> {
        match self
            .model()
            .try_plan(&Training::<f32, Sgd>::new(Loss::MeanSquaredError))
        {
            Ok(plan) => Some(plan),
            Err(error) if error.fault.starts_with("has nothing to train") => None,
            Err(error) => panic!("{error}: {self:?}"),
        }
    }
}

/// Draws a model of about `depth` layers; at least one has parameters and is trained.
pub fn draw(random: &mut Pcg, depth: usize) -> RandomModel {
    loop {
        let model = attempt(random, depth);
        let trains = model
            .layers
            .iter()
            .zip(&model.frozen)
            .any(|(entry, frozen)| has_weights(entry) && !frozen);
        if trains {
            return model;
        }
    }
}

fn has_weights(entry: &Entry) -> bool {
    matches!(entry.layer(), Layer::Dense(_) | Layer::Conv1d(_))
}

fn attempt(random: &mut Pcg, depth: usize) -> RandomModel {
    let input = match random.below(3) {
        0 => Shape::vector(between(random, 1, 6)),
        _ => Shape::series(between(random, 1, 3), between(random, 1, 9)),
    };
    let mut layers = Vec::new();
    // `shapes[i]` is what layer `i` reads.
    let mut shapes = vec![input];
    while layers.len() < depth {
        let entry = layer(random, &shapes);
        shapes.push(
            entry
                .layer()
                .output(*shapes.last().unwrap())
                .expect("drawn to fit"),
        );
        layers.push(entry);
    }
    let mut frozen = Vec::new();
    for entry in &mut layers {
        let freeze = has_weights(entry) && random.below(6) == 0;
        if freeze {
            *entry = entry.frozen();
        }
        frozen.push(freeze);
    }
    RandomModel {
        input,
        layers,
        output: *shapes.last().unwrap(),
        frozen,
        tokens: 0,
    }
}

fn layer(random: &mut Pcg, shapes: &[Shape]) -> Entry {
    let shape = shapes[shapes.len() - 1];
    let series = shape.rank() == 2;
    match random.below(12) {
        0..=1 if series => {
            let kernel = between(random, 1, 5);
            let padding = random.below(u32::from(kernel)) as u16;
            let kernel = kernel.min(shape.dim(0) as u16 + 2 * padding).max(padding + 1);
            conv1d(between(random, 1, 3), kernel)
                .stride(between(random, 1, 3))
                .padding(padding)
        }
        // Keeps the shape, so that an add can reach over it.
        2..=3 if series => conv1d(shape.channels() as u16, 3).padding(1),
        4 if series => global_average(),
        0..=1 => dense(between(random, 1, 6)),
        2..=3 if shape.rank() == 1 => dense(shape.len() as u16),
        5 => relu(),
        6 => tanh(),
        7 => sigmoid(),
        8 => dense(between(random, 1, 6)),
        _ => reach(random, shapes).unwrap_or_else(tanh),
    }
}

/// An add to any earlier output of the same shape.
fn reach(random: &mut Pcg, shapes: &[Shape]) -> Option<Entry> {
    let last = shapes.len() - 1;
    let same: Vec<u8> = (2..=last + 1)
        .filter(|back| shapes[last + 1 - back] == shapes[last])
        .map(|back| back as u8)
        .collect();
    (!same.is_empty()).then(|| add(same[random.below(same.len() as u32) as usize]))
}

fn between(random: &mut Pcg, low: u16, high: u16) -> u16 {
    low + random.below(u32::from(high - low) + 1) as u16
}
