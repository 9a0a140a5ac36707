//! Promise: every layer, loss, optimizer and schedule computes what PyTorch computes.
//!
//! `tests/golden/make.py` made the values and says how. The distance of two tensors is `max |a − b| / max |b|`.

use kilograd::loss::{Loss, Target};
use kilograd::network::Plan;
use kilograd::number::View;
use kilograd::optim::{Course, Optimizer, Plateau, Rate};
use std::collections::{BTreeMap, BTreeSet};
use support::golden::{Aim, Case, Rule, Tensor, cases};
use support::real::{Real, gap, gradients, parameters, with_trainer};

const STEPS: usize = 20;

/// Results of a case, by their names in the file.
type Results = BTreeMap<&'static str, Vec<f64>>;

fn run<N: Real>(case: &Case) -> Results {
    match case.optimizer {
        Rule::Sgd(optimizer) => run_with::<N, _>(case, optimizer),
        Rule::Momentum(optimizer) => run_with::<N, _>(case, optimizer),
        Rule::Adam(optimizer) => run_with::<N, _>(case, optimizer),
        Rule::AdamW(optimizer) => run_with::<N, _>(case, optimizer),
        Rule::RmsProp(optimizer) => run_with::<N, _>(case, optimizer),
        Rule::Centered(optimizer) => run_with::<N, _>(case, optimizer),
        Rule::Moving(optimizer) => run_with::<N, _>(case, optimizer),
        Rule::CenteredMoving(optimizer) => run_with::<N, _>(case, optimizer),
    }
}

/// Samples and targets of a case in the number that it runs in.
struct Data<'a, N> {
    case: &'a Case,
    x: Vec<N>,
    targets: Vec<N>,
    memory: Vec<N>,
    tokens: Vec<u16>,
}

impl<'a, N: Real> Data<'a, N> {
    fn new(case: &'a Case) -> Self {
        let elements = |name| {
            let values = case.start(name).iter();
            values.map(|&value| N::from_f32(value, ())).collect::<Vec<N>>()
        };
        Self {
            case,
            x: elements("x"),
            targets: elements("targets"),
            memory: elements("memory"),
            tokens: case.classes.iter().map(|&class| class as u16).collect(),
        }
    }

    /// The part of a sample.
    fn of<'d, T>(&self, sample: usize, all: &'d [T]) -> &'d [T] {
        let wide = all.len() / self.case.samples();
        &all[sample * wide..][..wide]
    }

    fn x(&self, sample: usize) -> View<'_, N> {
        View::plain(self.of(sample, &self.x))
    }

    fn target(&self, sample: usize) -> Target<'_, N> {
        let class = || self.case.classes[sample];
        let values = self.of(sample, &self.targets);
        let (first, second) = values.split_at(values.len() / 2);
        let (first, second) = (View::plain(first), View::plain(second));
        match (self.case.loss, self.case.aim) {
            (_, Aim::Itself) => Target::Itself,
            (Loss::CrossEntropy | Loss::WeightedCrossEntropy { .. }, _) => Target::Class(class()),
            (Loss::BinaryCrossEntropy, _) if values.is_empty() => Target::Class(class()),
            (Loss::NextToken, _) => Target::Tokens(self.of(sample, &self.tokens)),
            (Loss::Pair { .. }, _) => Target::Pair {
                other: View::plain(values),
                same: class() == 1,
            },
            (Loss::Triplet { .. }, Aim::Positive) => Target::Positive {
                anchor: first,
                negative: second,
            },
            (Loss::Triplet { .. }, Aim::Negative) => Target::Negative {
                anchor: first,
                positive: second,
            },
            (Loss::Triplet { .. }, Aim::Listed) => Target::Triplet {
                positive: first,
                negative: second,
            },
            (Loss::InfoNce { .. }, _) => Target::Memory {
                embeddings: View::plain(&self.memory),
                positive: class(),
            },
            _ => Target::Values(View::plain(values)),
        }
    }
}

/// Layer, name and length of each parameter tensor.
fn tensors(plan: &Plan) -> Vec<(usize, &str, usize)> {
    let slots = plan.slots().iter().enumerate();
    let tensors = slots.flat_map(|(layer, slot)| {
        let params = slot.specs();
        (0..params.len()).filter_map(move |index| {
            params
                .get(index)
                .map(|param| (layer, param.name, param.shape.len()))
        })
    });
    tensors.collect()
}

fn run_with<N: Real, O: Optimizer<N>>(case: &Case, optimizer: O) -> Results {
    let data = Data::<N>::new(case);
    let batch = case.batch as f64;
    let mut results = Results::new();
    let steps = if case.learns() { STEPS } else { 0 };
    let (updates, share) = case.warm_up;
    let course = Rate::new(optimizer.learning_rate(), case.schedule).warm_up(updates, share);
    let mut plateau = Plateau::NEW;
    let model = case.model();
    let (options, start) = ((case.batch as u16, case.clip), case.start("parameters"));
    with_trainer(&model, case.loss, options, optimizer, start, |trainer| {
        assert_eq!(
            tensors(trainer.plan()),
            case.tensors.iter().map(Tensor::place).collect::<Vec<_>>()
        );
        for step in 0..steps {
            let rate = course.rate(step as u32, &plateau);
            trainer.optimizer().set_learning_rate(rate);
            results.entry("rates").or_default().push(rate.into());
            let mut sum = 0.0;
            for i in 0..case.batch {
                let sample = (step * case.batch + i) % case.samples();
                let loss = trainer.learn(data.x(sample), data.target(sample));
                sum += loss.expect("the target fits the loss").into();
                if step == 0 {
                    let output = trainer.output().data.iter().map(|&value| -> f64 { value.into() });
                    results.entry("output").or_default().extend(output);
                }
            }
            if step == 0 {
                results.insert("loss", vec![sum / batch]);
                let summed = gradients(trainer).into_iter().flatten();
                results.insert("gradients", summed.map(|sum| sum / batch).collect());
            }
            results.entry("curve").or_default().push(sum / batch);
            trainer.update();
            course.judge(&mut plateau, (sum / batch) as f32);
        }
        if steps > 0 {
            results.insert("final", parameters(trainer));
        }
        for sample in 0..case.batch {
            let output = trainer.infer(data.x(sample));
            let output = output.data.iter().map(|&value| -> f64 { value.into() });
            results.entry("inference").or_default().extend(output);
        }
    });
    results
}

/// The largest of `max |found − expected| / max |expected|` over the tensors of a result.
///
/// A tensor that is zero but for rounding, as the gradient of a bias that a normalisation takes off again, is
/// measured by the largest of all.
fn distance(found: &[f64], expected: &[f64], parts: &[usize]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = |values: &[f64]| {
        values
            .iter()
            .fold(0.0_f64, |largest, value| largest.max(value.abs()))
    };
    let all = largest(expected);
    let (mut at, mut worst) = (0, 0.0_f64);
    for &length in parts {
        let (found, expected) = (&found[at..at + length], &expected[at..at + length]);
        at += length;
        let off = found
            .iter()
            .zip(expected)
            .map(|(a, b)| gap(*a, *b))
            .fold(0.0, f64::max);
        let own = largest(expected);
        let measure = if own > 1e-12 * all { own } else { all };
        worst = worst.max(off / measure.max(f64::MIN_POSITIVE));
    }
    assert_eq!(at, expected.len());
    worst
}

/// What a result is: of one pass, or of 20 steps.
fn group(case: &Case, result: &str) -> &'static str {
    match (result, case.optimizer) {
        ("output" | "loss" | "gradients", _) => "one pass",
        (_, Rule::Sgd(_) | Rule::Momentum(_)) => "20 steps, SGD family",
        _ => "20 steps, Adam family",
    }
}

/// Compares every case with PyTorch's doubles, and returns what is farther than `limit` allows.
fn compare<N: Real>(name: &str, limit: impl Fn(&Case, &str) -> f64) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut worst = BTreeMap::<&str, (f64, String)>::new();
    for case in cases() {
        for (result, found) in run::<N>(&case).into_iter().filter(|(result, _)| case.has(result)) {
            let distance = distance(&found, case.result(result), &case.parts(result));
            let limit = limit(&case, result);
            let so_far = worst.entry(group(&case, result)).or_default();
            if distance > so_far.0 {
                *so_far = (distance, format!("{} {result}", case.name));
            }
            if distance > limit {
                complaints.push(format!(
                    "{} {result}: {distance:.2e} is above {limit:.2e}",
                    case.name
                ));
            }
        }
    }
    println!("{name}, largest distance");
    for (group, (distance, what)) in worst {
        println!("  {group}: {distance:.2e} ({what})");
    }
    complaints
}

/// In double precision only the order of summation differs, so the agreement is near the last bit.
#[test]
fn double_precision_agrees_with_pytorch() {
    let complaints = compare::<f64>("f64", |_, _| 1e-9);
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// In single precision the distance to PyTorch's doubles is that of rounding.
#[test]
fn single_precision_agrees_with_pytorch() {
    let complaints = compare::<f32>("f32", |case, result| match (group(case, result), result) {
        ("one pass", _) => 1e-5,
        ("20 steps, SGD family", _) => 1e-3,
        _ => 1e-2,
    });
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// … and that of PyTorch's own singles is not much less: a few last bits, or a few times as much.
#[test]
fn single_precision_is_as_exact_as_pytorch() {
    let complaints = compare::<f32>("f32", |case, result| {
        let theirs = case.single_result(result).iter().map(|&value| value.into());
        let theirs = theirs.collect::<Vec<_>>();
        8.0 * distance(&theirs, case.result(result), &case.parts(result)) + 16.0 * f64::from(f32::EPSILON)
    });
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// What is compared covers what there is: each kind of layer is the main thing of some cases, with both sizes of a batch.
#[test]
fn the_cases_cover_every_kind() {
    let cases = cases();
    let mut kinds = BTreeMap::<&str, [usize; 2]>::new();
    let mut rest = String::new();
    for case in &cases {
        let layers = case.layers.iter().map(|entry| entry.layer().name());
        for kind in layers.collect::<BTreeSet<_>>() {
            kinds.entry(kind).or_default()[usize::from(case.batch > 1)] += 1;
        }
        let settings = (case.loss, case.optimizer, case.schedule, case.clip, case.aim);
        rest += &format!("{settings:?}\n");
    }
    let expected = "dense conv1d relu tanh sigmoid global_average add relu6 leaky_relu elu gelu silu softmax conv2d depthwise1d \
        depthwise2d transposed1d transposed2d upsample max_pool average_pool global_max batch_norm layer_norm rms_norm \
        group_norm dropout embedding position attention rnn gru lstm last concat reshape flatten \
        low_rank channels";
    let expected: BTreeSet<_> = expected.split_whitespace().collect();
    assert_eq!(kinds.keys().copied().collect::<BTreeSet<_>>(), expected);
    for (kind, [single, batched]) in kinds {
        assert!(
            single > 0 && batched > 0,
            "{kind}: {single} cases of batch 1, {batched} of more"
        );
    }
    let words = "(CrossEntropy, WeightedCrossEntropy BinaryCrossEntropy MeanSquaredError MeanAbsoluteError Huber Pair \
        Triplet InfoNce NextToken Itself Positive Negative Sgd(Sgd Momentum(Momentum nesterov:true Adam(Adam AdamW(AdamW \
        RmsProp(RmsProp Centered(RmsProp Moving(RmsProp CenteredMoving(RmsProp Constant Step Exponential Cosine Plateau \
        Norm( Value(";
    let rest = rest.replace(": ", ":");
    for word in words.split_whitespace() {
        assert!(rest.contains(word), "no case has {word}");
    }
    assert!(cases.len() >= 350, "{} cases", cases.len());
}
