//! A random loss with what it asks of each sample, and its figure straight from the formula.

use crate::random_model::RandomModel;
use kilograd::loss::{Loss, Target};
use kilograd::network::Shape;
use kilograd::number::View;
use kilograd::number::random::Pcg;

/// What a sample's output should be.
#[derive(Debug, Clone)]
pub enum Aim {
    Class(usize),
    Values(Vec<f64>),
    Itself,
}

impl Aim {
    /// As the trainer takes it.
    pub fn target(&self) -> Target<'_, f64> {
        match self {
            Self::Class(class) => Target::Class(*class),
            Self::Values(values) => Target::Values(View::plain(values)),
            Self::Itself => Target::Itself,
        }
    }
}

/// A loss that fits the model.
pub fn draw(random: &mut Pcg, _model: &RandomModel) -> Loss {
    if random.below(2) == 0 {
        Loss::CrossEntropy
    } else {
        Loss::MeanSquaredError
    }
}

/// What the loss asks of one sample.
pub fn aim(random: &mut Pcg, loss: Loss, model: &RandomModel) -> Aim {
    let length = model.output.len();
    match loss {
        Loss::CrossEntropy => Aim::Class(random.below(length as u32) as usize),
        Loss::MeanSquaredError if length == model.input.len() && random.below(2) == 0 => Aim::Itself,
        Loss::MeanSquaredError => Aim::Values(numbers(random, length)),
    }
}

fn numbers(random: &mut Pcg, count: usize) -> Vec<f64> {
    (0..count)
        .map(|_| f64::from(3.0 * random.uniform() - 1.5))
        .collect()
}

/// The loss of the output `y` for the sample `x`.
///
/// # Panics
/// If the aim is not one of the loss.
pub fn figure(loss: Loss, aim: &Aim, x: &[f64], y: &[f64], _output: Shape) -> f64 {
    let values = match aim {
        Aim::Values(values) => values,
        _ => x,
    };
    let errors = || y.iter().zip(values).map(|(y, t)| y - t);
    let mean = |terms: &mut dyn Iterator<Item = f64>| terms.sum::<f64>() / y.len() as f64;
    match (loss, aim) {
        (Loss::CrossEntropy, Aim::Class(class)) => surprise(y, *class),
        (Loss::MeanSquaredError, _) => mean(&mut errors().map(|e| e * e)),
        _ => panic!("{loss:?} has no {aim:?}"),
    }
}

/// `−ln softmax(z)[class]`
fn surprise(z: &[f64], class: usize) -> f64 {
    z.iter().map(|other| (other - z[class]).exp()).sum::<f64>().ln()
}
