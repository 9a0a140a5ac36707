//! Promise: the gradient of any model is the derivative of its loss.
//!
//! Random models from the whole layer set run in double precision; each gradient is compared with
//! central differences of a loss that this file computes by itself from the model's output.

use kilograd::engine::Clip;
use kilograd::loss::{Loss, Target};
use kilograd::network::Model;
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::Sgd;
use support::random_model::{RandomModel, draw};
use support::real::{AnyTrainer, gap, gradients, parameters, set_parameters, with_trainer};

const MODELS: u64 = 1000;

/// Two steps, so that the difference quotient can be extrapolated and a kink noticed. Parameters are
/// multiples of 2⁻¹⁰ below 8, so that parameter plus step is exact in the singles by which they are set.
const STEP: f64 = 1.0 / 8192.0;

/// One model, with its samples and what it should say to them.
struct Problem {
    model: RandomModel,
    loss: Loss,
    parameters: Vec<f32>,
    samples: Vec<Sample>,
}

struct Sample {
    x: Vec<f64>,
    class: usize,
    /// Empty where the input is its own target.
    values: Vec<f64>,
}

impl Problem {
    fn draw(seed: u64) -> Self {
        let random = &mut Pcg::new(seed);
        let depth = 1 + random.below(9) as usize;
        let model = draw(random, depth);
        let loss = if random.below(2) == 0 {
            Loss::CrossEntropy
        } else {
            Loss::MeanSquaredError
        };
        let mut shape = model.input;
        let mut parameters = Vec::new();
        for entry in &model.layers {
            let specs = entry.layer().params(shape);
            for param in (0..specs.len()).filter_map(|index| specs.get(index)) {
                let bound = (3.0 / param.fan_in as f32).sqrt();
                let draws = (0..param.shape.len()).map(|_| bound * (2.0 * random.uniform() - 1.0));
                parameters.extend(draws.map(|value| (value * 1024.0).round() / 1024.0));
            }
            shape = entry.layer().output(shape).expect("drawn to fit");
        }
        let itself = model.output.len() == model.input.len() && random.below(2) == 0;
        let samples = (0..1 + random.below(3)).map(|_| Sample {
            x: numbers(random, model.input.len()),
            class: random.below(model.output.len() as u32) as usize,
            values: if itself {
                vec![]
            } else {
                numbers(random, model.output.len())
            },
        });
        let samples = samples.collect();
        Self {
            model,
            loss,
            parameters,
            samples,
        }
    }

    /// The loss of one output, straight from its formula.
    fn loss_of(&self, sample: &Sample, y: &[f64]) -> f64 {
        match self.loss {
            Loss::CrossEntropy => y.iter().map(|z| (z - y[sample.class]).exp()).sum::<f64>().ln(),
            Loss::MeanSquaredError => {
                let target = if sample.values.is_empty() {
                    &sample.x
                } else {
                    &sample.values
                };
                y.iter().zip(target).map(|(y, t)| (y - t) * (y - t)).sum::<f64>() / y.len() as f64
            }
            loss => unreachable!("{loss:?} is not drawn"),
        }
    }

    /// The summed loss of all samples with these parameters.
    fn total(&self, trainer: &mut AnyTrainer<'_, f64, Sgd>, parameters: &[f32]) -> f64 {
        set_parameters(trainer, parameters);
        self.samples
            .iter()
            .map(|sample| self.loss_of(sample, trainer.infer(View::plain(&sample.x)).data))
            .sum()
    }
}

fn numbers(random: &mut Pcg, count: usize) -> Vec<f64> {
    (0..count)
        .map(|_| f64::from(3.0 * random.uniform() - 1.5))
        .collect()
}

/// What checking one model found.
#[derive(Default)]
struct Found {
    /// Largest `|gradient − difference| / scale`.
    worst: f64,
    checked: usize,
    /// Parameters so near to a kink of a relu that the loss has no derivative there.
    skipped: usize,
    frozen: usize,
}

fn check(problem: &Problem) -> Found {
    let model = Model::new(problem.model.input, &problem.model.layers);
    let batch = problem.samples.len() as u16;
    with_trainer(
        &model,
        problem.loss,
        (batch, Clip::None),
        Sgd::default(),
        &problem.parameters,
        |trainer| {
            let middle = problem.total(trainer, &problem.parameters);
            let mut reported = 0.0;
            for sample in &problem.samples {
                let target = match (problem.loss, sample.values.is_empty()) {
                    (Loss::CrossEntropy, _) => Target::Class(sample.class),
                    (_, true) => Target::Itself,
                    (_, false) => Target::Values(View::plain(&sample.values)),
                };
                reported += trainer
                    .learn(View::plain(&sample.x), target)
                    .expect("the target fits the loss");
            }
            assert!(
                (reported - middle).abs() <= 1e-12 * middle.abs().max(1.0),
                "loss {reported} is {middle}"
            );

            let gradients = gradients(trainer);
            assert_eq!(gradients.len(), problem.parameters.len());
            let largest = gradients
                .iter()
                .flatten()
                .fold(0.0_f64, |largest, g| largest.max(g.abs()));
            let mut found = Found::default();
            let mut parameters = problem.parameters.clone();
            for (index, gradient) in gradients.iter().enumerate() {
                let Some(gradient) = *gradient else {
                    found.frozen += 1;
                    continue;
                };
                let mut at = |step: f64| {
                    parameters[index] = problem.parameters[index] + step as f32;
                    let loss = problem.total(trainer, &parameters);
                    parameters[index] = problem.parameters[index];
                    loss
                };
                let (low, high) = (at(-STEP), at(STEP));
                let (low_half, high_half) = (at(-STEP / 2.0), at(STEP / 2.0));
                let slope = (high - low) / (2.0 * STEP);
                let slope_half = (high_half - low_half) / STEP;
                // Richardson: the error of second order cancels.
                let difference = (4.0 * slope_half - slope) / 3.0;
                let scale = gradient.abs().max(difference.abs()).max(1e-3 * largest).max(1e-4);
                // A kink inside the step shows in the curvature, which then depends on the step.
                let curvature = (high - 2.0 * middle + low) / (STEP * STEP);
                let curvature_half = (high_half - 2.0 * middle + low_half) / (STEP * STEP / 4.0);
                if gap(curvature, curvature_half) > 1e-2 * scale {
                    found.skipped += 1;
                    continue;
                }
                found.checked += 1;
                let error = gap(gradient, difference) / scale;
                found.worst = found.worst.max(error);
            }
            found
        },
    )
}

#[test]
fn gradients_of_random_models_are_derivatives() {
    let mut all = Found::default();
    let mut layers = 0;
    for seed in 0..MODELS {
        let problem = Problem::draw(seed);
        let found = check(&problem);
        assert!(
            found.worst <= 1e-6,
            "model {seed}: a gradient is off by {:.2e} of its size: {:?} {:?}",
            found.worst,
            problem.model,
            problem.loss,
        );
        all.worst = all.worst.max(found.worst);
        all.checked += found.checked;
        all.skipped += found.skipped;
        all.frozen += found.frozen;
        layers += problem.model.layers.len();
    }
    println!(
        "{MODELS} models of {layers} layers: {} gradients, worst relative error {:.1e}; {} at a kink, {} frozen",
        all.checked, all.worst, all.skipped, all.frozen
    );
    assert!(
        all.checked >= 10_000,
        "only {} gradients were checked",
        all.checked
    );
    assert!(
        all.skipped * 50 <= all.checked,
        "{} of {} lie at a kink",
        all.skipped,
        all.checked
    );
    assert!(all.frozen > 0, "no frozen layer was drawn");
}

/// An update moves what has a gradient, and nothing that is frozen.
#[test]
fn frozen_parameters_stay() {
    let (mut moved, mut stayed) = (0, 0);
    for seed in 0..MODELS / 10 {
        let problem = Problem::draw(seed);
        let model = Model::new(problem.model.input, &problem.model.layers);
        with_trainer::<f64, _, _>(
            &model,
            Loss::CrossEntropy,
            (1, Clip::None),
            Sgd::default(),
            &problem.parameters,
            |trainer| {
                let sample = &problem.samples[0];
                let loss = trainer.learn(View::plain(&sample.x), Target::Class(sample.class));
                assert!(loss.is_some_and(f64::is_finite));
                let gradients = gradients(trainer);
                trainer.update();
                let after = parameters(trainer);
                for ((before, after), gradient) in problem.parameters.iter().zip(after).zip(gradients) {
                    let expected = f64::from(*before) - f64::from(0.01_f32) * gradient.unwrap_or(0.0);
                    assert_eq!(after, expected, "model {seed}, gradient {gradient:?}");
                    moved += usize::from(gradient.is_some_and(|g| g != 0.0));
                    stayed += usize::from(gradient.is_none());
                }
            },
        );
    }
    assert!(moved > 1000 && stayed > 100, "{moved} moved and {stayed} stayed");
}

/// What is drawn covers what there is: each kind, both reaches of an add, strides, padding, frozen layers.
#[test]
fn random_models_cover_every_layer() {
    let text: String = (0..MODELS)
        .map(|seed| format!("{:?}", Problem::draw(seed).model))
        .collect();
    let words = [
        "Dense(",
        "Relu(",
        "Tanh(",
        "Sigmoid(",
        "GlobalAverage",
        "part: Nothing",
        "back: 2",
        "back: 3",
        "back: 4",
    ];
    for word in words
        .iter()
        .chain(&["stride: 2", "stride: 3", "padding: 1", "padding: 2"])
    {
        assert!(text.matches(word).count() >= 10, "hardly any model has {word}");
    }
}
