//! Promise: the ready models learn as they do in PyTorch: the same curve, from the same start, on the same data.
//!
//! `tests/golden/ready.py` made PyTorch's side. The table: `cargo test --release --test curves -- --nocapture`.

use kilograd::engine::{Parameter, Trainer, Training};
use kilograd::loss::{Loss, Target};
use kilograd::network::{Entry, Model, PlanOf, ready};
use kilograd::number::View;
use kilograd::optim::Optimizer;
use std::fmt::Write;
use support::curves::{Curve, Rule, curves, data, some, summary};
use support::real::{Real, gap};

/// A ready model, and how near its final loss is to be.
struct Case {
    name: &'static str,
    model: Model<'static>,
    loss: Loss,
    /// Largest relative distance of the final loss in single precision.
    near: f64,
    /// Its batch norms go by each sample.
    per_sample: bool,
}

const fn case(name: &'static str, model: Model<'static>) -> Case {
    Case {
        name,
        model,
        loss: Loss::CrossEntropy,
        near: 0.02,
        per_sample: false,
    }
}

const CASES: &[Case] = &[
    case("perceptron", ready::PERCEPTRON),
    Case {
        near: 0.01,
        ..case("gru", ready::GRU)
    },
    case("lstm", ready::LSTM),
    Case {
        loss: Loss::NextToken,
        near: 0.01,
        ..case("transformer", ready::TRANSFORMER)
    },
    Case {
        loss: Loss::MeanSquaredError,
        ..case("autoencoder", ready::AUTOENCODER)
    },
    case("ds_cnn", ready::DS_CNN),
    Case {
        per_sample: true,
        ..case("ds_cnn_per_sample", ready::DS_CNN)
    },
    case("ds_cnn_groups", ready::DS_CNN_GROUPS),
    case("resnet_8", ready::RESNET8),
    case("resnet_8_groups", ready::RESNET8_GROUPS),
    case("mobilenet", ready::MOBILENET),
    case("mobilenet_groups", ready::MOBILENET_GROUPS),
];

/// What this side computes.
#[derive(Default)]
struct Found {
    output: Vec<f64>,
    /// Length and summary of each tensor.
    gradients: Vec<(usize, Vec<f64>)>,
    curve: Vec<f64>,
    last: Vec<(usize, Vec<f64>)>,
}

impl Case {
    fn run<N: Real>(&self, curve: &Curve) -> Found {
        match curve.rule {
            Rule::Momentum(optimizer) => self.run_with::<N, _>(curve, optimizer),
            Rule::Adam(optimizer) => self.run_with::<N, _>(curve, optimizer),
        }
    }

    /// The first batch with a gradient that can be read; then all steps as a device does them, at a batch of 1 with updates that are
    /// fused into the backward pass.
    fn run_with<N: Real, O: Optimizer<N> + Copy>(&self, curve: &Curve, optimizer: O) -> Found {
        let layers: Vec<Entry> = self.model.layers.iter().map(|entry| self.entry(entry)).collect();
        let model = Model::new(self.model.input, &layers);
        let data = data(&curve.data, &model, curve.samples);
        let x: Vec<N> = data.x.iter().map(|&value| N::from_f32(value, ())).collect();
        let training = || Training::<N, O>::new(self.loss).batch(curve.batch as u16);
        let mut found = Found::default();
        for (training, steps) in [(training().keep_gradients(), 1), (training(), curve.steps())] {
            let first = steps == 1;
            let plan: PlanOf<96> = model.try_plan(&training).expect("a ready model");
            let mut memory = vec![0xA5; plan.bytes() + 8];
            let aligned = memory.as_ptr().align_offset(8);
            let memory = &mut memory[aligned..aligned + plan.bytes()];
            let mut trainer =
                Trainer::<N, O, { u128::MAX }>::new(&plan, memory, optimizer).expect("so planned");
            let count: usize = trainer.plan().slots().iter().map(|slot| slot.specs().len()).sum();
            assert_eq!(curve.tensors.len(), count, "{}: its tensors", self.name);
            for (number, tensor) in curve.tensors.iter().enumerate() {
                let set = trainer.set_parameter(tensor.layer, &tensor.name, tensor.start(number));
                assert!(set, "{}: {tensor:?}", self.name);
            }
            for step in 0..steps {
                let mut sum = 0.0;
                for j in 0..curve.batch {
                    let sample = (step * curve.batch + j) % curve.samples;
                    let width = model.input.len();
                    let x = View::plain(&x[sample * width..][..width]);
                    let target = match self.loss {
                        Loss::CrossEntropy => Target::Class(data.classes[sample]),
                        _ => Target::Itself,
                    };
                    let loss: f64 = trainer.learn(x, target).expect("the target fits").into();
                    sum += loss;
                    if first {
                        let output = trainer.output().data.iter();
                        found.output.extend(output.map(|&value| -> f64 { value.into() }));
                    }
                }
                if first {
                    for tensor in &curve.tensors {
                        let Some(gradient) = trainer.gradient(tensor.layer, &tensor.name) else {
                            continue;
                        };
                        let mean = |&value: &N| Into::<f64>::into(value) / curve.batch as f64;
                        let gradient: Vec<f64> = gradient.data.iter().map(mean).collect();
                        found.gradients.push((gradient.len(), summary(&gradient)));
                    }
                    break;
                }
                found.curve.push(sum / curve.batch as f64);
                trainer.update();
            }
            if first {
                continue;
            }
            for tensor in &curve.tensors {
                let values = match trainer.parameter(tensor.layer, &tensor.name).expect("it was set") {
                    Parameter::Weight(tensor) | Parameter::Bias(tensor) => tensor.data,
                    Parameter::Bytes(_) => unreachable!("no float has bytes"),
                };
                let values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
                found.last.push((values.len(), summary(&values)));
            }
        }
        found.output = some(&found.output);
        found
    }

    fn entry(&self, entry: &Entry) -> Entry {
        if self.per_sample && entry.layer().name() == "batch_norm" {
            return entry.per_sample();
        }
        *entry
    }
}

/// `max |a − b| / max |b|`
fn distance(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let pairs = found.iter().zip(expected);
    let off = pairs.map(|(a, b)| gap(*a, *b)).fold(0.0, f64::max);
    let largest = expected
        .iter()
        .fold(0.0_f64, |largest, value| largest.max(value.abs()));
    off / largest.max(f64::MIN_POSITIVE)
}

/// The largest distance of a tensor, measured by the largest of its values that are shown, or their root mean square. One that is
/// zero but for rounding, as the gradient of a bias that a norm takes off again, is measured by the largest of all.
fn tensors(found: &[(usize, Vec<f64>)], expected: &[f64]) -> f64 {
    let largest = |values: &[f64]| {
        values
            .iter()
            .fold(0.0_f64, |largest, value| largest.max(value.abs()))
    };
    let all = largest(expected);
    let (mut rest, mut worst) = (expected, 0.0_f64);
    for (length, found) in found {
        let (expected, after) = rest.split_at(found.len());
        rest = after;
        let own = largest(&expected[1..]).max(expected[0] / (*length as f64).sqrt());
        let measure = if own > 1e-12 * all { own } else { all };
        let off = found.iter().zip(expected).skip(1);
        let off = off.map(|(a, b)| gap(*a, *b)).fold(0.0, f64::max);
        let norm = gap(found[0], expected[0]) / if own > 1e-12 * all { expected[0] } else { all };
        worst = worst.max(off / measure).max(norm);
    }
    assert!(rest.is_empty(), "{} values are left over", rest.len());
    worst
}

/// The mean over the last epoch of a curve.
fn last(curve: &[f64], epoch: usize) -> f64 {
    let last = &curve[curve.len().saturating_sub(epoch)..];
    last.iter().sum::<f64>() / last.len() as f64
}

/// One row of the table, and what is wrong.
fn compare(case: &Case, curve: &Curve) -> (String, Vec<String>) {
    let mut wrong = Vec::new();
    let mut hold = |what: &str, found: f64, limit: f64| {
        if found > limit || found.is_nan() {
            wrong.push(format!("{} {what}: {found:.2e} is above {limit:.0e}", case.name));
        }
    };
    let (theirs, epoch) = (curve.result("f64 curve"), curve.epoch());
    let double = case.run::<f64>(curve);
    let [output, gradients, parameters] =
        ["output", "gradients", "final"].map(|name| curve.result(&format!("f64 {name}")));
    hold("output", distance(&double.output, output), 1e-9);
    hold("gradients", tensors(&double.gradients, gradients), 1e-9);
    let all = distance(&double.curve, theirs);
    hold("curve", all, 1e-9);
    // Where a gradient is zero but for rounding, Adam steps along the rounding.
    let parameters = tensors(&double.last, parameters);
    hold("final parameters", parameters, 1e-8);
    let single = case.run::<f32>(curve);
    let [ours, begin, end] = [&single.curve[..], &theirs[..epoch], theirs].map(|curve| last(curve, epoch));
    let pytorch = last(curve.result("f32 curve"), epoch);
    hold("final loss", (ours / end - 1.0).abs(), case.near);
    hold("final loss over first", end / begin, 0.9);
    let mut row = String::new();
    let _ = write!(
        row,
        "{:21}{:5}{begin:9.4}{end:9.4}{ours:9.4}{:+10.1e}{:+10.1e}{all:9.1e}{parameters:9.1e}",
        case.name,
        curve.steps(),
        ours / end - 1.0,
        pytorch / end - 1.0,
    );
    (row, wrong)
}

#[test]
fn ready_models_learn_as_in_pytorch() {
    let curves = curves();
    let names: Vec<&str> = curves.iter().map(|curve| curve.name.as_str()).collect();
    assert_eq!(names, CASES.iter().map(|case| case.name).collect::<Vec<_>>());
    println!(
        "mean loss at first and at last; that of ours in single precision, and how far it and PyTorch's own are from last"
    );
    println!("model                steps    first     last     ours  ours/last  torch   curve64   final64");
    let next = std::sync::atomic::AtomicUsize::new(0);
    let rows = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    // The large ones first.
                    let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(index) = (CASES.len() - 1).checked_sub(index) else {
                        return;
                    };
                    let begin = std::time::Instant::now();
                    let (row, wrong) = compare(&CASES[index], &curves[index]);
                    let row = format!("{row}  {:.1} s", begin.elapsed().as_secs_f64());
                    rows.lock().unwrap().push((index, row, wrong));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort();
    rows.iter().for_each(|(_, row, _)| println!("{row}"));
    let wrong: Vec<&String> = rows.iter().flat_map(|(_, _, wrong)| wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
