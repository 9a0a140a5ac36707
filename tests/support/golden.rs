//! Reads `tests/golden/pytorch.txt`. The format is described in `make.py` beside it.

use kilograd::engine::Clip;
use kilograd::loss::Loss;
use kilograd::network::{Entry, Model, Shape, add, conv1d, dense, global_average, relu, sigmoid, tanh};
use kilograd::optim::{Adam, Momentum, Sgd};
use std::collections::BTreeMap;

/// One case: what to compute, and what PyTorch computed.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub input: Shape,
    pub layers: Vec<Entry>,
    pub loss: Loss,
    pub optimizer: Rule,
    pub clip: Clip,
    pub batch: usize,
    /// Class of each sample, where the loss wants one.
    pub classes: Vec<usize>,
    /// Starting values: `x`, `targets`, `parameters`; and results in single precision.
    single: BTreeMap<String, Vec<f32>>,
    /// Results in double precision.
    double: BTreeMap<String, Vec<f64>>,
}

/// The optimizer of a case.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    Sgd(Sgd),
    Momentum(Momentum),
    Adam(Adam),
}

impl Case {
    pub fn model(&self) -> Model<'_> {
        Model::new(self.input, &self.layers)
    }

    /// Samples of the case.
    pub fn samples(&self) -> usize {
        self.start("x").len() / self.input.len()
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
}

/// All cases of the file.
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
            body.push(line.split(' ').collect::<Vec<_>>());
        }
        cases.push(case(name, &body));
    }
    cases
}

fn case(name: &str, lines: &[Vec<&str>]) -> Case {
    let mut case = Case {
        name: name.to_owned(),
        input: Shape::vector(0),
        layers: Vec::new(),
        loss: Loss::CrossEntropy,
        optimizer: Rule::Sgd(Sgd::default()),
        clip: Clip::None,
        batch: 1,
        classes: Vec::new(),
        single: BTreeMap::new(),
        double: BTreeMap::new(),
    };
    for line in lines {
        match line.as_slice() {
            ["input", length] => case.input = Shape::vector(number(length)),
            ["input", length, channels] => case.input = Shape::series(number(channels), number(length)),
            ["layer", layer @ ..] => case.layers.push(entry(layer)),
            ["loss", "cross_entropy"] => case.loss = Loss::CrossEntropy,
            ["loss", "squared_error"] => case.loss = Loss::MeanSquaredError,
            ["optimizer", rule @ ..] => case.optimizer = optimizer(rule),
            ["clip", norm] => case.clip = Clip::Norm(number(norm)),
            ["batch", size] => case.batch = number(size),
            ["classes", classes @ ..] => case.classes = classes.iter().map(|class| number(class)).collect(),
            ["f32", name, count, bits @ ..] => {
                let values = bits
                    .iter()
                    .map(|bits| f32::from_bits(u32::from_str_radix(bits, 16).unwrap()));
                let values: Vec<_> = values.collect();
                assert_eq!(values.len(), number::<usize>(count));
                case.single.insert((*name).to_owned(), values);
            }
            ["f64", name, count, bits @ ..] => {
                let values = bits
                    .iter()
                    .map(|bits| f64::from_bits(u64::from_str_radix(bits, 16).unwrap()));
                let values: Vec<_> = values.collect();
                assert_eq!(values.len(), number::<usize>(count));
                case.double.insert((*name).to_owned(), values);
            }
            other => panic!("{name}: unknown line {other:?}"),
        }
    }
    case
}

fn entry(words: &[&str]) -> Entry {
    match words {
        ["dense", outputs] => dense(number(outputs)),
        ["conv1d", channels, kernel, stride, padding] => conv1d(number(channels), number(kernel))
            .stride(number(stride))
            .padding(number(padding)),
        ["relu"] => relu(),
        ["tanh"] => tanh(),
        ["sigmoid"] => sigmoid(),
        ["global_average"] => global_average(),
        ["add", back] => add(number(back)),
        other => panic!("unknown layer {other:?}"),
    }
}

fn optimizer(words: &[&str]) -> Rule {
    let values: Vec<f32> = words[1..].iter().map(|word| number(word)).collect();
    match (words[0], values.as_slice()) {
        ("sgd", &[learning_rate, 0.0, 0.0, weight_decay]) => Rule::Sgd(Sgd {
            learning_rate,
            weight_decay,
        }),
        ("sgd", &[learning_rate, momentum, nesterov, weight_decay]) => Rule::Momentum(Momentum {
            learning_rate,
            momentum,
            dampening: 0.0,
            nesterov: nesterov != 0.0,
            weight_decay,
        }),
        ("adam", &[learning_rate, beta1, beta2, epsilon, weight_decay]) => Rule::Adam(Adam {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay,
        }),
        other => panic!("unknown optimizer {other:?}"),
    }
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(word: &str) -> T {
    word.parse().unwrap_or_else(|error| panic!("{word}: {error:?}"))
}
