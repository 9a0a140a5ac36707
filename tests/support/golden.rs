//! Reads `tests/golden/pytorch.txt`. The format is described in `make.py` beside it.

mod words;

use kilograd::engine::Clip;
use kilograd::loss::Loss;
use kilograd::network::{Entry, Model, Shape};
use kilograd::optim::{Adam, AdamW, Momentum, RmsProp, Schedule, Sgd};
use std::collections::BTreeMap;

/// One case: what to compute, and what PyTorch computed.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub input: Shape,
    pub layers: Vec<Entry>,
    pub loss: Loss,
    pub aim: Aim,
    pub optimizer: Rule,
    pub schedule: Schedule,
    /// Updates of the warm-up, and the share of the rate that it starts from.
    pub warm_up: (u32, f32),
    pub clip: Clip,
    pub batch: usize,
    /// Class of each sample, or token of each frame, where the loss wants one.
    pub classes: Vec<usize>,
    /// The parameter tensors, in their order.
    pub tensors: Vec<Tensor>,
    /// Starting values: `x`, `targets`, `memory`, `parameters`; and results in single precision.
    single: BTreeMap<String, Vec<f32>>,
    /// Results in double precision.
    double: BTreeMap<String, Vec<f64>>,
}

/// What the target of a sample is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// The classes and targets of the case; the output of a triplet is its anchor.
    Listed,
    /// The sample itself.
    Itself,
    /// The output of a triplet is its positive member.
    Positive,
    /// The output of a triplet is its negative member.
    Negative,
}

/// The optimizer of a case.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    Sgd(Sgd),
    Momentum(Momentum),
    Adam(Adam),
    AdamW(AdamW),
    RmsProp(RmsProp),
    Centered(RmsProp<true, false>),
    Moving(RmsProp<false, true>),
    CenteredMoving(RmsProp<true, true>),
}

/// A parameter tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    pub layer: usize,
    pub name: String,
    pub state: State,
    pub length: usize,
}

impl Tensor {
    /// Layer, name and length.
    pub fn place(&self) -> (usize, &str, usize) {
        (self.layer, &self.name, self.length)
    }
}

/// How a parameter tensor takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Trained,
    Frozen,
    /// Moved, but not along a gradient.
    Statistic,
}

impl Case {
    pub fn model(&self) -> Model<'_> {
        Model::new(self.input, &self.layers)
    }

    /// Samples of the case.
    pub fn samples(&self) -> usize {
        self.start("x").len() / self.input.len()
    }

    /// Whether the case has steps; one without has an inference alone.
    pub fn learns(&self) -> bool {
        self.has("curve")
    }

    /// Whether the case has that result.
    pub fn has(&self, result: &str) -> bool {
        self.double.contains_key(result)
    }

    /// Starting values by name; empty if the case has none.
    pub fn start(&self, name: &str) -> &[f32] {
        self.single.get(name).map_or(&[], Vec::as_slice)
    }

    /// A result in double precision.
    pub fn result(&self, name: &str) -> &[f64] {
        &self.double[name]
    }

    /// The same result as PyTorch has it when it computes in single precision.
    pub fn single_result(&self, name: &str) -> &[f32] {
        &self.single[name]
    }

    /// The lengths of the tensors that a result is made of, in their order.
    pub fn parts(&self, result: &str) -> Vec<usize> {
        let trained = |tensor: &&Tensor| result == "final" || tensor.state == State::Trained;
        match result {
            "gradients" | "final" => self
                .tensors
                .iter()
                .filter(trained)
                .map(|tensor| tensor.length)
                .collect(),
            _ => vec![self.result(result).len()],
        }
    }
}

/// All cases of the file.
///
/// # Panics
/// Where a line has a word that this reader does not know.
pub fn cases() -> Vec<Case> {
    let text = include_str!("../golden/pytorch.txt");
    let mut lines = text.lines().filter(|line| !line.starts_with('#')).peekable();
    assert_eq!(
        lines.next(),
        Some("layout in_out"),
        "the core keeps weights input-major"
    );
    let mut cases = Vec::new();
    while let Some(line) = lines.next() {
        let name = line
            .strip_prefix("case ")
            .unwrap_or_else(|| panic!("not a case: {line}"));
        let mut body = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("case ")) {
            body.push(line);
        }
        cases.push(case(name, &body));
    }
    cases
}

fn case(name: &str, lines: &[&str]) -> Case {
    let mut case = Case {
        name: name.to_owned(),
        input: Shape::vector(0),
        layers: Vec::new(),
        loss: Loss::CrossEntropy,
        aim: Aim::Listed,
        optimizer: Rule::Sgd(Sgd::default()),
        schedule: Schedule::Constant,
        warm_up: (0, 0.0),
        clip: Clip::None,
        batch: 1,
        classes: Vec::new(),
        tensors: Vec::new(),
        single: BTreeMap::new(),
        double: BTreeMap::new(),
    };
    for line in lines {
        let words: Vec<_> = line.split(' ').collect();
        read(&mut case, &words).unwrap_or_else(|| panic!("{name}: what is `{line}`?"));
    }
    case
}

/// Reads one line into the case; `None` where it has an unknown word.
fn read(case: &mut Case, words: &[&str]) -> Option<()> {
    match *words {
        ["input", ref dims @ ..] => case.input = words::shape(dims)?,
        ["layer", ref layer @ ..] => case.layers.push(words::layer(layer)?),
        ["frozen", ref layers @ ..] => {
            for layer in words::numbers::<usize>(layers) {
                case.layers[layer] = case.layers[layer].frozen();
            }
        }
        ["bias_only", ref layers @ ..] => {
            for layer in words::numbers::<usize>(layers) {
                case.layers[layer] = case.layers[layer].bias_only();
            }
        }
        ["low_rank", layer, rank] => {
            let layer = words::number::<usize>(layer);
            case.layers[layer] = case.layers[layer].low_rank(words::number(rank));
        }
        ["channels", layer, from, count] => {
            let layer = words::number::<usize>(layer);
            case.layers[layer] = case.layers[layer].channels(words::number(from), words::number(count));
        }
        ["loss", ref loss @ ..] => (case.loss, case.aim) = words::loss(loss)?,
        ["target", "itself"] => case.aim = Aim::Itself,
        ["optimizer", ref rule @ ..] => case.optimizer = words::optimizer(rule)?,
        ["schedule", ref schedule @ ..] => case.schedule = words::schedule(schedule)?,
        ["warmup", steps, share] => case.warm_up = (words::number(steps), words::number(share)),
        ["clip", ref clip @ ..] => case.clip = words::clip(clip)?,
        ["batch", size] => case.batch = words::number(size),
        ["classes", ref classes @ ..] => case.classes = words::numbers(classes),
        ["tensor", layer, name, state, ref dims @ ..] => case.tensors.push(Tensor {
            layer: words::number(layer),
            name: name.to_owned(),
            state: words::state(state)?,
            length: words::numbers::<usize>(dims).into_iter().product(),
        }),
        ["f32", name, count, ref bits @ ..] => {
            let value = |bits: &&str| f32::from_bits(u32::from_str_radix(bits, 16).unwrap());
            let values: Vec<_> = bits.iter().map(value).collect();
            assert_eq!(values.len(), words::number::<usize>(count));
            case.single.insert(name.to_owned(), values);
        }
        ["f64", name, count, ref bits @ ..] => {
            let value = |bits: &&str| f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
            let values: Vec<_> = bits.iter().map(value).collect();
            assert_eq!(values.len(), words::number::<usize>(count));
            case.double.insert(name.to_owned(), values);
        }
        _ => return None,
    }
    Some(())
}
