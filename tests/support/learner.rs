//! A small learner, the sets that it learns, and what a fit reported.

use kilograd::engine::{Arena, Clip, Trainer, Training};
use kilograd::load::{Label, Loader, Samples, Split};
use kilograd::loss::Loss;
use kilograd::network::{Model, PlanOf, Shape, dense, tanh};
use kilograd::number::random::Pcg;
use kilograd::optim::Sgd;
use kilograd::train::{Event, Fit, Goals, State};

const NET: Model = Model::new(Shape::vector(3), &[dense(5), tanh(), dense(3)]);

const SGD: Sgd = Sgd {
    learning_rate: 0.25,
    weight_decay: 0.0,
};

/// Its trainer.
pub type Learner<'a> = Trainer<'a, f32, Sgd, { u128::MAX }>;

/// Calls `f` with a fresh trainer.
pub fn with_trainer<T>(batch: u16, clip: Clip, f: impl FnOnce(Learner<'_>) -> T) -> T {
    let training = Training::<f32, Sgd>::new(Loss::CrossEntropy)
        .batch(batch)
        .clip(clip);
    let plan: PlanOf<3> = NET.try_plan(&training).unwrap();
    let mut memory = Arena::<1024>::ZERO;
    let mut trainer = Trainer::new(&plan, &mut memory, SGD).unwrap();
    trainer.init(1);
    f(trainer)
}

/// Samples of three classes that can be told apart but for some noise.
pub fn set(count: u16, noise: f32) -> (Vec<f32>, Vec<u16>) {
    let mut dice = Pcg::new(5);
    let labels: Vec<u16> = (0..count).map(|index| index % 3).collect();
    let values = labels.iter().flat_map(|label| {
        let mut value = |of: u16| f32::from(of == *label) + noise * (dice.uniform() - 0.5);
        [value(0), value(1), value(2)]
    });
    (values.collect(), labels)
}

/// A set that checks nothing, to hold what a table would refuse.
pub struct Raw(pub Vec<f32>, pub Vec<u16>);

impl Samples<f32> for Raw {
    fn len(&self) -> usize {
        self.1.len()
    }

    fn scale(&self) {}

    fn read(&self, index: usize, into: &mut [f32]) -> Option<Label> {
        into.copy_from_slice(self.0.get(index * 3..index * 3 + 3)?);
        Some(Label::Class(self.1[index]))
    }
}

/// Runs a fit to its end; its events and final parameters.
pub fn run(set: &impl Samples<f32>, split: Split, batch: u16, goals: Goals) -> (Vec<Event>, Vec<u8>) {
    with_trainer(batch, Clip::None, |mut trainer| {
        let loader = Loader::new(set, split, 0).unwrap();
        let (mut state, mut sample) = (State::beginning(9), [0.0; 3]);
        let mut fit = Fit::new(&mut trainer, loader, &mut sample, &mut state, goals);
        let mut events = vec![];
        while let Some(event) = fit.next_event().unwrap() {
            events.push(event);
        }
        assert_eq!(fit.next_event(), Ok(None), "what has ended stays so");
        (events, trainer.parameter_bytes().to_vec())
    })
}

/// Training loss, validation loss and accuracy of each epoch.
pub fn epochs(events: &[Event]) -> Vec<(f32, Option<f32>, Option<f32>)> {
    let epoch = |event: &Event| match *event {
        Event::Epoch {
            loss,
            validation,
            accuracy,
            ..
        } => Some((loss, validation, accuracy)),
        _ => None,
    };
    events.iter().filter_map(epoch).collect()
}

/// Number, loss and norm of each step.
pub fn steps(events: &[Event]) -> Vec<(u32, f32, f32)> {
    let step = |event: &Event| match *event {
        Event::Step { step, loss, norm } => Some((step, loss, norm)),
        _ => None,
    };
    events.iter().filter_map(step).collect()
}
