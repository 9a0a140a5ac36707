//! How good a trained model is on a data set.

use crate::data::Dataset;
use kilograd::engine::Trainer;
use kilograd::evaluate::{Accuracy, MeanLoss, predicted};
use kilograd::load::{Label, Samples};
use kilograd::loss::Target;
use kilograd::number::View;
use kilograd::optim::Optimizer;

/// Mean loss, and the share of right answers where there are classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Mean loss.
    pub loss: f32,
    /// From 0 to 1.
    pub accuracy: Option<f32>,
}

/// What a label asks of the model.
fn target<'a>(label: Label) -> Target<'a, f32> {
    match label {
        Label::Class(class) => Target::Class(usize::from(class)),
        Label::Itself => Target::Itself,
    }
}

/// Scores every sample of `data`; `None` if there is none.
pub fn score<O: Optimizer<f32>, const USES: u128>(
    trainer: &mut Trainer<'_, f32, O, USES>,
    data: &Dataset,
) -> Option<Score> {
    let (mut loss, mut accuracy) = (MeanLoss::new(), Accuracy::new());
    let mut x = vec![0.0; data.shape.len()];
    for index in 0..data.len() {
        let label = data.read(index, &mut x)?;
        loss.push(trainer.evaluate(View::plain(&x), target(label))?);
        if let Label::Class(class) = label {
            let answer = predicted(trainer.plan().loss, trainer.output().data);
            accuracy.push(answer == Some(class.into()));
        }
    }
    Some(Score {
        loss: loss.value()?,
        accuracy: accuracy.value(),
    })
}
