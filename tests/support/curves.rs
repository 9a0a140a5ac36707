//! Reads `tests/golden/ready.txt`, and makes the start and the samples that it leaves out. `ready.py` and `ready_models.py`
//! beside it say how.

use kilograd::network::Model;
use kilograd::optim::{Adam, Momentum};
use kilograd_sim::data::{builtin, text};
use std::collections::BTreeMap;

/// What PyTorch reached with one ready model.
#[derive(Debug)]
pub struct Curve {
    pub name: String,
    pub data: String,
    pub samples: usize,
    pub batch: usize,
    pub rule: Rule,
    pub tensors: Vec<Tensor>,
    results: BTreeMap<String, Vec<f64>>,
}

/// The optimizer.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    Momentum(Momentum),
    Adam(Adam),
}

/// A parameter tensor and what it starts from: `centre ± bound`.
#[derive(Debug)]
pub struct Tensor {
    pub layer: usize,
    pub name: String,
    pub length: usize,
    centre: f64,
    bound: f64,
}

/// Samples one after the other, and a class of each, where there is one.
#[derive(Debug)]
pub struct Data {
    pub x: Vec<f32>,
    pub classes: Vec<usize>,
}

impl Curve {
    /// `f64 output`, `f32 curve` …
    pub fn result(&self, name: &str) -> &[f64] {
        &self.results[name]
    }

    pub fn steps(&self) -> usize {
        self.result("f64 curve").len()
    }

    /// Steps over which a loss is averaged: those that learn from every sample once, or a fifth of all if that is less.
    pub fn epoch(&self) -> usize {
        (self.samples / self.batch).min(self.steps() / 5)
    }
}

impl Tensor {
    /// The values that tensor `number` of its model starts from.
    pub fn start(&self, number: usize) -> impl Iterator<Item = f32> + Clone {
        let (centre, bound) = (self.centre, self.bound);
        (0..self.length).map(move |index| {
            let k = splitmix(((number as u64) << 32) + index as u64) >> 46;
            (centre + bound * ((2 * k + 1) as f64 / f64::from(1 << 18) - 1.0)) as f32
        })
    }
}

/// Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014.
fn splitmix(state: u64) -> u64 {
    let x = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Of many values four, evenly spaced; of few all.
pub fn some(values: &[f64]) -> Vec<f64> {
    match values.len() {
        0..=4 => values.to_vec(),
        count => (0..4).map(|i| values[i * count / 4]).collect(),
    }
}

/// Norm and [`some`] of a tensor's values.
pub fn summary(values: &[f64]) -> Vec<f64> {
    let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    std::iter::once(norm).chain(some(values)).collect()
}

/// All models of the file.
pub fn curves() -> Vec<Curve> {
    let mut curves = Vec::<Curve>::new();
    let lines = include_str!("../golden/ready.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        if let ["model", name] = *words {
            curves.push(Curve {
                name: name.to_owned(),
                data: String::new(),
                samples: 0,
                batch: 0,
                rule: Rule::Adam(Adam::default()),
                tensors: Vec::new(),
                results: BTreeMap::new(),
            });
            continue;
        }
        let curve = curves.last_mut().expect("a model comes first");
        match *words {
            ["data", data] => curve.data = data.to_owned(),
            ["batch", batch] => curve.batch = number(batch),
            ["samples", samples] => curve.samples = number(samples),
            ["optimizer", "sgd", learning_rate, momentum] => {
                curve.rule = Rule::Momentum(Momentum {
                    learning_rate: number(learning_rate),
                    momentum: number(momentum),
                    ..Momentum::default()
                });
            }
            ["optimizer", "adam", learning_rate] => {
                curve.rule = Rule::Adam(Adam {
                    learning_rate: number(learning_rate),
                    ..Adam::default()
                });
            }
            ["tensor", layer, name, length, centre, bound] => curve.tensors.push(Tensor {
                layer: number(layer),
                name: name.to_owned(),
                length: number(length),
                centre: number(centre),
                bound: number(bound),
            }),
            ["f64" | "f32", name, ref values @ ..] => {
                let values = values.iter().map(|value| number(value)).collect();
                curve.results.insert(format!("{} {name}", words[0]), values);
            }
            _ => panic!("no such line: {line}"),
        }
    }
    curves
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(word: &str) -> T {
    word.parse().unwrap_or_else(|error| panic!("{word}: {error:?}"))
}

/// The first samples of the data called `name`, for `model`.
pub fn data(name: &str, model: &Model<'_>, samples: usize) -> Data {
    let mut data = Data {
        x: Vec::with_capacity(samples * model.input.len()),
        classes: Vec::new(),
    };
    match name {
        "digits" | "images" => {
            let digits = builtin::digits();
            for index in 0..samples {
                let (pixels, class) = digits.sample(index).expect("there are 1,797");
                data.classes.push(usize::from(class));
                if name == "digits" {
                    data.x.extend(pixels.iter().map(|pixel| f32::from(*pixel) / 16.0));
                } else {
                    let begin = data.x.len();
                    let image = enlarged(pixels, model.input.dims()).into_iter().enumerate();
                    data.x
                        .extend(image.map(|(at, value)| value + texture(begin + at)));
                }
            }
        }
        "motions" => {
            let motions = builtin::motions();
            for index in 0..samples {
                let index = index * 27 % motions.len();
                let (values, class) = motions.sample(index).expect("a place among all");
                data.classes.push(usize::from(class));
                let scales = [4096.0, 4096.0, 4096.0, 1024.0, 1024.0, 1024.0].iter().cycle();
                let scaled = values.iter().zip(scales);
                data.x
                    .extend(scaled.map(|(value, scale)| f32::from(*value) / scale));
            }
        }
        "text" => {
            let (training, _) = text::text(64);
            (0..samples).for_each(|index| data.x.extend(training.sample(index)));
        }
        _ => panic!("no data are called {name}"),
    }
    data
}

/// Each pixel of 8 × 8 as many times as it takes.
fn enlarged(pixels: &[u8], dims: &[u16]) -> Vec<f32> {
    let (height, width, channels) = match *dims {
        [height, width, channels] => (height.into(), width.into(), channels.into()),
        _ => (20, 32, 1),
    };
    let mut image = Vec::with_capacity(height * width * channels);
    for i in 0..height {
        for j in 0..width {
            let pixel = pixels[i * 8 / height * 8 + j * 8 / width];
            image.extend(std::iter::repeat_n(f32::from(pixel) / 8.0 - 1.0, channels));
        }
    }
    image
}

/// The grain of element `index` of all images.
fn texture(index: usize) -> f32 {
    let m = (index as u32).wrapping_mul(0x9E37_79B9);
    let m = (m ^ m >> 15).wrapping_mul(0x85EB_CA6B);
    (m >> 24) as f32 / 128.0 - 1.0
}
