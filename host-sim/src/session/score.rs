//! How good a trained model is on a data set.

use super::auc::auc;
use super::samples::Encoded;
use crate::data::Dataset;
use kilograd::engine::Trainer;
use kilograd::evaluate::{Accuracy, MeanLoss, predicted};
use kilograd::kernel::Kernel;
use kilograd::load::{Label, Samples};
use kilograd::loss::{Loss, Target};
use kilograd::number::{Scalar, View};
use kilograd::optim::Optimizer;
use std::collections::BTreeMap;

/// What a score is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Share of right answers.
    Accuracy,
    /// Area under the curve: how well the loss of a recording tells odd ones from usual ones.
    Auc,
    /// e to the mean loss per token: among how many equally likely ones the model is left to guess.
    Perplexity,
    /// Mean loss.
    Loss,
}

impl Measure {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Auc => "auc",
            Self::Perplexity => "perplexity",
            Self::Loss => "loss",
        }
    }

    /// A value as people read it.
    pub fn written(self, value: f32) -> String {
        match self {
            Self::Accuracy => format!("{:.2} %", 100.0 * value),
            Self::Auc => format!("{value:.4}"),
            Self::Perplexity => format!("{value:.3}"),
            Self::Loss => format!("{value:.4}"),
        }
    }
}

/// Mean loss, and what else can be said about data of this kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Mean loss.
    pub loss: f32,
    /// From 0 to 1.
    pub accuracy: Option<f32>,
    /// Of the mean loss of each recording, where it is known which are odd.
    pub auc: Option<f32>,
    /// Of a text.
    pub perplexity: Option<f32>,
}

impl Score {
    /// In this measure, if it has one.
    pub fn of(&self, measure: Measure) -> Option<f32> {
        match measure {
            Measure::Accuracy => self.accuracy,
            Measure::Auc => self.auc,
            Measure::Perplexity => self.perplexity,
            Measure::Loss => Some(self.loss),
        }
    }

    /// In the measure that says most.
    pub fn best(&self) -> (Measure, f32) {
        let measures = [Measure::Accuracy, Measure::Auc, Measure::Perplexity];
        let mut known = measures.into_iter();
        known
            .find_map(|measure| Some((measure, self.of(measure)?)))
            .unwrap_or((Measure::Loss, self.loss))
    }
}

/// The mean figure of each recording, and whether the recording is odd.
pub(super) fn by_recording(data: &Dataset, figures: &[f64]) -> Vec<(f64, bool)> {
    let mut sums = BTreeMap::new();
    for ((recording, odd), figure) in data.recordings.iter().zip(&data.odd).zip(figures) {
        let (sum, count, _) = sums.entry(*recording).or_insert((0.0, 0u32, *odd));
        *sum += figure;
        *count += 1;
    }
    sums.into_values()
        .map(|(sum, count, odd)| (sum / f64::from(count), odd))
        .collect()
}

/// What a label asks of the model.
fn target<'a, N: Kernel>(label: Label) -> Target<'a, N> {
    match label {
        Label::Class(class) => Target::Class(usize::from(class)),
        Label::Itself => Target::Itself,
    }
}

/// Scores every sample of `data`; `None` if there is none.
pub fn score<N: Kernel, O: Optimizer<N>, const USES: u128>(
    trainer: &mut Trainer<'_, N, O, USES>,
    data: &Encoded<'_, N::Elem>,
) -> Option<Score> {
    let (mut loss, mut accuracy) = (MeanLoss::new(), Accuracy::new());
    let mut x = vec![N::Elem::default(); data.sample_len()];
    let scale = Samples::scale(data);
    let mut losses = Vec::with_capacity(data.len());
    let tokens = trainer.plan().loss == Loss::NextToken;
    for index in 0..data.len() {
        let label = data.read(index, &mut x)?;
        let found = trainer
            .evaluate(View { data: &x, scale }, target(label))?
            .to_f32();
        loss.push(found);
        losses.push(f64::from(found));
        if let Label::Class(class) = label {
            let answer = predicted(trainer.plan().loss, trainer.output().data);
            accuracy.push(answer == Some(class.into()));
        }
    }
    let loss = loss.value()?;
    Some(Score {
        loss,
        accuracy: accuracy.value(),
        auc: auc(&by_recording(data.set(), &losses)),
        perplexity: tokens.then(|| libm::expf(loss)),
    })
}
