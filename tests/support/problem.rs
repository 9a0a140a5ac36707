//! A random model with parameters, a loss, samples and what it should say to them.

use crate::random_loss::{self, Aim};
use crate::random_model::{RandomModel, draw_any};
use crate::real::AnyTrainer;
use kilograd::engine::ParameterMut;
use kilograd::loss::Loss;
use kilograd::network::{Plan, Role, Start};
use kilograd::number::random::Pcg;
use kilograd::optim::Sgd;

/// In double precision, so that differences tell a derivative.
pub type AnyF64<'a> = AnyTrainer<'a, f64, Sgd>;

/// One model, with its samples and what it should say to them.
pub struct Problem {
    pub seed: u64,
    pub model: RandomModel,
    pub loss: Loss,
    pub tensors: Vec<Tensor>,
    pub parameters: Vec<f32>,
    pub samples: Vec<Sample>,
}

pub struct Sample {
    pub x: Vec<f64>,
    pub aim: Aim,
}

/// A parameter tensor of the model.
pub struct Tensor {
    pub layer: usize,
    pub kind: &'static str,
    pub name: &'static str,
    pub role: Role,
    /// Where it stands among all parameters.
    pub from: usize,
    pub length: usize,
}

impl Problem {
    pub fn draw(seed: u64) -> Self {
        let random = &mut Pcg::new(seed);
        let depth = 1 + random.below(9) as usize;
        let model = draw_any(random, depth);
        let loss = random_loss::draw(random, &model);
        let plan = model.plan().expect("drawn to train");
        let plan: &Plan = &plan;
        let (mut parameters, mut tensors) = (Vec::new(), Vec::new());
        for (layer, slot) in plan.slots().iter().enumerate() {
            let specs = slot.specs();
            for param in (0..specs.len()).filter_map(|index| specs.get(index)) {
                let length = param.shape.len();
                tensors.push(Tensor {
                    layer,
                    kind: slot.layer.name(),
                    name: param.name,
                    role: param.role,
                    from: parameters.len(),
                    length,
                });
                let bound = (3.0_f32 / param.fan_in as f32).sqrt();
                parameters.extend((0..length).map(|_| {
                    let draw = 2.0 * random.uniform() - 1.0;
                    match (param.role, param.start) {
                        // A gain is no small number of either sign, a variance none below 0.
                        (Role::Bias, Start::Ones) => draw + draw.signum() * 0.5,
                        (Role::Statistic, Start::Ones) => 1.25 + draw,
                        _ => bound * draw,
                    }
                }));
            }
        }
        let samples = (0..1 + random.below(3)).map(|_| Sample {
            x: model.sample(random).into_iter().map(f64::from).collect(),
            aim: random_loss::aim(random, loss, &model),
        });
        let samples = samples.collect();
        Self {
            seed,
            model,
            loss,
            tensors,
            parameters,
            samples,
        }
    }

    pub fn figure(&self, sample: &Sample, y: &[f64]) -> f64 {
        random_loss::figure(self.loss, &sample.aim, &sample.x, y, self.model.output)
    }

    /// Sets all parameters that are not frozen, and takes the random state back to the start.
    pub fn restart(&self, trainer: &mut AnyF64<'_>, parameters: &[f64]) {
        trainer.init(self.seed);
        for tensor in &self.tensors {
            write(
                trainer,
                tensor,
                0,
                &parameters[tensor.from..tensor.from + tensor.length],
            );
        }
    }
}

/// Writes elements of a tensor, unless it is frozen.
pub fn write(trainer: &mut AnyF64<'_>, tensor: &Tensor, at: usize, values: &[f64]) {
    if let Some(ParameterMut::Weight(to) | ParameterMut::Bias(to)) =
        trainer.parameter_mut(tensor.layer, tensor.name)
    {
        to.data[at..at + values.len()].copy_from_slice(values);
    }
}
