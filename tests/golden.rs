//! Promise: every layer, loss and optimizer computes what PyTorch computes.
//!
//! `tests/golden/make.py` made the values and says how.

use kilograd::loss::{Loss, Target};
use kilograd::number::View;
use kilograd::optim::Optimizer;
use support::golden::{Case, Rule, cases};
use support::real::{Real, gap, gradients, parameters, with_trainer};

const STEPS: usize = 20;

/// The five results of a case, by their names in the file.
struct Results {
    output: Vec<f64>,
    loss: Vec<f64>,
    gradients: Vec<f64>,
    curve: Vec<f64>,
    last: Vec<f64>,
}

fn run<N: Real>(case: &Case) -> Results {
    match case.optimizer {
        Rule::Sgd(optimizer) => run_with::<N, _>(case, optimizer),
        Rule::Momentum(optimizer) => run_with::<N, _>(case, optimizer),
        Rule::Adam(optimizer) => run_with::<N, _>(case, optimizer),
    }
}

fn run_with<N: Real, O: Optimizer<N>>(case: &Case, optimizer: O) -> Results {
    let elements = |name| {
        case.start(name)
            .iter()
            .map(|&value| N::from_f32(value, ()))
            .collect::<Vec<N>>()
    };
    let (x, targets) = (elements("x"), elements("targets"));
    let width = case.input.len();
    let wide = targets.len() / case.samples();
    with_trainer(
        &case.model(),
        case.loss,
        (case.batch as u16, case.clip),
        optimizer,
        case.start("parameters"),
        |trainer| {
            let mut results = Results {
                output: vec![],
                loss: vec![],
                gradients: vec![],
                curve: vec![],
                last: vec![],
            };
            for step in 0..STEPS {
                let mut sum = 0.0;
                for i in 0..case.batch {
                    let sample = (step * case.batch + i) % case.samples();
                    let x = View::plain(&x[sample * width..][..width]);
                    let target = match case.loss {
                        Loss::CrossEntropy => Target::Class(case.classes[sample]),
                        Loss::MeanSquaredError => {
                            Target::Values(View::plain(&targets[sample * wide..][..wide]))
                        }
                        loss => unreachable!("{loss:?} has no target in a case"),
                    };
                    let loss: f64 = trainer.learn(x, target).expect("the target fits the loss").into();
                    sum += loss;
                    if step == 0 {
                        results
                            .output
                            .extend(trainer.output().data.iter().map(|&value| -> f64 { value.into() }));
                    }
                }
                let batch = case.batch as f64;
                if step == 0 {
                    results.loss.push(sum / batch);
                    let summed = gradients(trainer).into_iter();
                    results.gradients = summed
                        .map(|sum| sum.expect("nothing is frozen") / batch)
                        .collect();
                }
                results.curve.push(sum / batch);
                trainer.update();
            }
            results.last = parameters(trainer);
            results
        },
    )
}

/// `max |found − expected| / max |expected|`
fn distance(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = expected
        .iter()
        .fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let worst = found
        .iter()
        .zip(expected)
        .map(|(a, b)| gap(*a, *b))
        .fold(0.0, f64::max);
    worst / largest.max(f64::MIN_POSITIVE)
}

/// Compares every case with PyTorch's doubles, and returns what is farther than `limit` allows.
fn compare<N: Real>(name: &str, limit: impl Fn(&Case, &str) -> f64) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut worst = [(0.0, String::new()), (0.0, String::new()), (0.0, String::new())];
    for case in cases() {
        let found = run::<N>(&case);
        let adam = matches!(case.optimizer, Rule::Adam(_));
        let curve = if adam { 2 } else { 1 };
        let results = [
            ("output", &found.output, 0),
            ("loss", &found.loss, 0),
            ("gradients", &found.gradients, 0),
            ("curve", &found.curve, curve),
            ("final", &found.last, curve),
        ];
        for (result, found, group) in results {
            let distance = distance(found, case.result(result));
            let limit = limit(&case, result);
            if distance > worst[group].0 {
                worst[group] = (distance, format!("{} {result}", case.name));
            }
            if distance > limit {
                complaints.push(format!(
                    "{} {result}: {distance:.2e} is above {limit:.2e}",
                    case.name
                ));
            }
        }
    }
    println!("{name}, largest distance relative to the largest value");
    for ((distance, what), group) in worst.iter().zip(["one pass", "20 steps, SGD", "20 steps, Adam"]) {
        println!("  {group}: {distance:.2e} ({what})");
    }
    complaints
}

/// In double precision only the order of summation differs, so the agreement is near the last bit.
#[test]
fn double_precision_agrees_with_pytorch() {
    let complaints = compare::<f64>("f64", |_, _| 1e-13);
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// In single precision the distance to PyTorch's doubles is that of rounding: a few last bits, or a few
/// times what PyTorch itself is off by when it computes in single precision.
#[test]
fn single_precision_is_as_exact_as_pytorch() {
    let complaints = compare::<f32>("f32", |case, result| {
        let theirs: Vec<f64> = case
            .single_result(result)
            .iter()
            .map(|&value| value.into())
            .collect();
        4.0 * distance(&theirs, case.result(result)) + 4.0 * f64::from(f32::EPSILON)
    });
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// What is compared covers what there is.
#[test]
fn the_cases_cover_every_layer_loss_and_optimizer() {
    let cases = cases();
    let text = |case: &Case| format!("{:?} {:?} {:?}", case.layers, case.loss, case.optimizer);
    let all: String = cases.iter().map(text).collect();
    let words = [
        "Dense(",
        "Conv1d(",
        "Relu(",
        "Tanh(",
        "Sigmoid(",
        "GlobalAverage(",
        "Add(",
    ];
    let rest = [
        "CrossEntropy",
        "MeanSquaredError",
        "Sgd(",
        "Momentum(",
        "nesterov: true",
        "Adam(",
    ];
    for word in words.iter().chain(&rest) {
        assert!(all.contains(word), "no case has {word}");
    }
    let batches = cases.iter().filter(|case| case.batch > 1).count();
    assert!(
        cases.len() >= 50 && batches >= 10,
        "{} cases, {batches} with batches",
        cases.len()
    );
}
