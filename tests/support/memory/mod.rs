//! What training has to remember, worked out anew from the mathematics of each layer.
//!
//! [`mathematics`] says for each kind what its formulas read, [`schedule`] what each operation of a step reads and
//! writes, [`bound`] what is alive at the busiest of them: no plan can need less. [`play`] runs the same operations
//! over bytes that know which tensor they hold, at the places of a plan, and notices when one is lost.
//! Of a plan only the places are used, and nothing of how they were found.

pub mod bound;
pub mod draw;
pub mod mathematics;
pub mod parameters;
pub mod play;
pub mod ready;
pub mod schedule;
mod windows;

use kilograd::network::{Entry, Layer, Model, Shape};

/// Which parameters of a layer are trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    All,
    Biases,
    Nothing,
}

/// A model, and what of it is trained.
#[derive(Debug, Clone)]
pub struct Net {
    pub input: Shape,
    pub layers: Vec<Entry>,
    pub choices: Vec<Choice>,
}

impl Net {
    /// A model that trains whole.
    pub fn new(model: &Model<'_>) -> Self {
        Self {
            input: model.input,
            layers: model.layers.to_vec(),
            choices: vec![Choice::All; model.layers.len()],
        }
    }

    /// The layers `which` train `choice`.
    pub fn choose(mut self, which: impl IntoIterator<Item = usize>, choice: Choice) -> Self {
        for index in which {
            let entry = self.layers[index];
            self.choices[index] = choice;
            self.layers[index] = match choice {
                Choice::All => entry.trained(),
                Choice::Biases => entry.bias_only(),
                Choice::Nothing => entry.frozen(),
            };
        }
        self
    }

    /// All but the last `count` layers with parameters frozen.
    pub fn head(self, count: usize) -> Self {
        let inputs = self.inputs();
        let with = (0..self.layers.len()).rev();
        let mut with = with.filter(|index| {
            let own = parameters::parameters(self.layer(*index), inputs[*index]);
            own.all() > 0
        });
        let first = with.nth(count - 1).expect("as many layers with parameters");
        self.choose(0..first, Choice::Nothing)
    }

    /// The model as a value.
    pub fn model(&self) -> Model<'_> {
        Model::new(self.input, &self.layers)
    }

    pub fn layer(&self, index: usize) -> &Layer {
        self.layers[index].layer()
    }

    /// The layer whose output is the input of `index`; `None` is the model's input.
    pub fn below(&self, index: usize) -> Option<usize> {
        index.checked_sub(usize::from(self.layers[index].reach()))
    }

    /// The layer whose output `index` reads besides its input; `Some(None)` is the model's input.
    pub fn earlier(&self, index: usize) -> Option<Option<usize>> {
        let back = match self.layer(index) {
            Layer::Add(layer) => layer.back,
            Layer::Concat(layer) => layer.back,
            _ => return None,
        };
        Some(index.checked_sub(usize::from(back)))
    }

    /// Shape of each layer's input.
    pub fn inputs(&self) -> Vec<Shape> {
        let outputs = self.outputs();
        (0..self.layers.len())
            .map(|index| self.at(&outputs, self.below(index)))
            .collect()
    }

    /// Shape of each layer's output.
    pub fn outputs(&self) -> Vec<Shape> {
        let mut outputs = vec![];
        for index in 0..self.layers.len() {
            let x = self.at(&outputs, self.below(index));
            outputs.push(match (self.layer(index), self.earlier(index)) {
                (Layer::Concat(_), Some(earlier)) => joined(x, self.at(&outputs, earlier)),
                (layer, _) => layer.output(x).expect("a model that fits together"),
            });
        }
        outputs
    }

    fn at(&self, outputs: &[Shape], layer: Option<usize>) -> Shape {
        layer.map_or(self.input, |layer| outputs[layer])
    }
}

/// The channels of both, position by position.
fn joined(x: Shape, e: Shape) -> Shape {
    match (x.dims(), e.dims()) {
        ([a], [b]) => Shape::vector(a + b),
        ([t, a], [_, b]) => Shape::series(a + b, *t),
        ([h, w, a], [_, _, b]) => Shape::image(a + b, *h, *w),
        _ => unreachable!("nothing has four dimensions"),
    }
}
