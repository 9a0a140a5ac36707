//! Promise: the training loop stops when it should and says why, takes no harm from a bad sample, and
//! gives the same bits however its time is sliced.

use kilograd::checkpoint::SaveError;
use kilograd::engine::{Arena, Clip, Trainer, Training, Update};
use kilograd::load::{Label, Loader, Samples, Split, Table};
use kilograd::loss::{Loss, Target};
use kilograd::network::{Model, PlanOf, Shape, dense, tanh};
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::Sgd;
use kilograd::train::{Alarm, Clock, Event, Fit, Goals, State, Stop};
use std::cell::Cell;

const NET: Model = Model::new(Shape::vector(3), &[dense(5), tanh(), dense(3)]);

const SGD: Sgd = Sgd {
    learning_rate: 0.25,
    weight_decay: 0.0,
};

type Learner<'a> = Trainer<'a, f32, Sgd, { u128::MAX }>;

/// Calls `f` with a fresh trainer.
fn with_trainer<T>(batch: u16, clip: Clip, f: impl FnOnce(Learner<'_>) -> T) -> T {
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
fn set(count: u16, noise: f32) -> (Vec<f32>, Vec<u16>) {
    let mut dice = Pcg::new(5);
    let labels: Vec<u16> = (0..count).map(|index| index % 3).collect();
    let values = labels.iter().flat_map(|label| {
        let mut value = |of: u16| f32::from(of == *label) + noise * (dice.uniform() - 0.5);
        [value(0), value(1), value(2)]
    });
    (values.collect(), labels)
}

/// A set that checks nothing, to hold what a [`Table`] would refuse.
struct Raw(Vec<f32>, Vec<u16>);

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
fn run(set: &impl Samples<f32>, split: Split, batch: u16, goals: Goals) -> (Vec<Event>, Vec<u8>) {
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

fn epochs(events: &[Event]) -> Vec<(f32, Option<f32>, Option<f32>)> {
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

fn steps(events: &[Event]) -> Vec<(u32, f32, f32)> {
    let step = |event: &Event| match *event {
        Event::Step { step, loss, norm } => Some((step, loss, norm)),
        _ => None,
    };
    events.iter().filter_map(step).collect()
}

#[test]
fn it_trains_the_epochs_that_were_asked_for() {
    let (values, labels) = set(24, 0.5);
    let table = Table::new(&values, &labels, 3, ()).unwrap();
    let goals = Goals {
        epochs: 30,
        ..Goals::default()
    };
    let (events, _) = run(&table, Split::new(24, 4, 1), 1, goals);
    let epochs = epochs(&events);
    assert_eq!((epochs.len(), steps(&events).len()), (30, 30 * 20));
    assert_eq!(events.last(), Some(&Event::Stopped(Stop::Epochs)));
    let numbers: Vec<u32> = steps(&events).iter().map(|step| step.0).collect();
    assert_eq!(numbers, Vec::from_iter(1..=600));
    // The mean of an epoch is that of its steps, as they were learned.
    for (epoch, steps) in epochs.iter().zip(steps(&events).chunks(20)) {
        let sum = steps.iter().fold(0.0, |sum, step| sum + step.1);
        assert_eq!(epoch.0, sum / 20.0);
    }
    assert!(
        epochs[29].0 < 0.1 && epochs[29].1 < Some(0.2) && epochs[29].2 == Some(1.0),
        "{epochs:?}"
    );
}

#[test]
fn without_held_out_samples_there_is_no_validation() {
    let (values, labels) = set(24, 0.5);
    let table = Table::new(&values, &labels, 3, ()).unwrap();
    let (events, _) = run(&table, Split::all(24), 1, Goals::default());
    assert!(
        epochs(&events)
            .iter()
            .all(|(_, validation, accuracy)| (validation, accuracy) == (&None, &None))
    );
}

#[test]
fn a_batch_that_the_epoch_cuts_short_is_averaged_over_what_it_has() {
    let (values, labels) = set(10, 0.5);
    let table = Table::new(&values, &labels, 3, ()).unwrap();
    let goals = Goals {
        epochs: 2,
        ..Goals::default()
    };
    let (events, _) = run(&table, Split::all(10), 4, goals);
    let epochs = epochs(&events);
    assert_eq!(steps(&events).len(), 6, "4 + 4 + 2 samples, twice");
    for (epoch, steps) in epochs.iter().zip(steps(&events).chunks(3)) {
        let mean = (4.0 * steps[0].1 + 4.0 * steps[1].1 + 2.0 * steps[2].1) / 10.0;
        assert!((epoch.0 - mean).abs() < 1e-6, "{epoch:?} {mean}");
    }
}

#[test]
fn patience_ends_a_run_that_no_longer_improves() {
    let (values, labels) = set(40, 4.0);
    let table = Table::new(&values, &labels, 3, ()).unwrap();
    for patience in [1, 3, 7] {
        let goals = Goals {
            epochs: 500,
            patience: Some(patience),
            save_every: 0,
        };
        let (events, _) = run(&table, Split::new(40, 15, 1), 1, goals);
        let losses: Vec<f32> = epochs(&events).iter().map(|epoch| epoch.1.unwrap()).collect();
        assert_eq!(events.last(), Some(&Event::Stopped(Stop::Patience)));
        assert!(losses.len() < 500);
        // The best one has been beaten by none of exactly so many after it, and that was the first time.
        let mut since = 0;
        let mut best = f32::INFINITY;
        for (epoch, loss) in losses.iter().enumerate() {
            since = if *loss < best { 0 } else { since + 1 };
            best = best.min(*loss);
            assert_eq!(
                since == patience,
                epoch + 1 == losses.len(),
                "{patience}: {losses:?}"
            );
        }
    }
}

#[test]
fn a_run_without_samples_stops_at_once() {
    let table = Table::new(&[], &[], 3, ()).unwrap();
    let (events, _) = run(&table, Split::all(0), 1, Goals::default());
    assert_eq!(events, [Event::Stopped(Stop::NoSamples)]);
    let (values, labels) = set(4, 0.0);
    let table = Table::new(&values, &labels, 3, ()).unwrap();
    let (events, _) = run(&table, Split::new(4, 4, 1), 1, Goals::default());
    assert_eq!(events, [Event::Stopped(Stop::NoSamples)]);
    let (events, _) = run(
        &table,
        Split::all(4),
        1,
        Goals {
            epochs: 0,
            ..Goals::default()
        },
    );
    assert_eq!(events, [Event::Stopped(Stop::Epochs)]);
}

#[test]
fn a_label_that_the_model_has_no_output_for_stops_the_run() {
    let (values, mut labels) = set(9, 0.5);
    labels[4] = 3;
    let table = Table::new(&values, &labels, 3, ()).unwrap();
    let (events, _) = run(&table, Split::all(9), 1, Goals::default());
    assert_eq!(events.last(), Some(&Event::Stopped(Stop::Label)));
    assert!(epochs(&events).is_empty());
    // Held out, it is met at the end of the first epoch.
    let held_out = (0..100)
        .map(|key| Split::new(9, 3, key))
        .find(|split| (0..3).any(|i| split.validation(i) == Some(4)));
    let (events, _) = run(&table, held_out.unwrap(), 1, Goals::default());
    assert_eq!(
        (steps(&events).len(), events.last()),
        (6, Some(&Event::Stopped(Stop::Label)))
    );
    let unlabelled = Table::unlabelled(&values, 3, ()).unwrap();
    let (events, _) = run(&unlabelled, Split::all(9), 1, Goals::default());
    assert_eq!(events, [Event::Stopped(Stop::Label)]);
}

#[test]
fn a_sample_that_is_no_number_raises_an_alarm_and_changes_nothing() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let (mut values, labels) = set(12, 0.5);
        values[3 * 5 + 1] = bad;
        let set = Raw(values, labels);
        let goals = Goals {
            epochs: 4,
            patience: Some(3),
            save_every: 0,
        };
        let (events, parameters) = run(&set, Split::all(12), 1, goals);
        let alarms = events
            .iter()
            .filter(|event| matches!(event, Event::Alarm(Alarm::NotFinite { .. })));
        assert_eq!((alarms.count(), steps(&events).len()), (4, 4 * 11), "{bad}");
        // The other samples are learned as if there were nothing wrong.
        assert_eq!(events.last(), Some(&Event::Stopped(Stop::Epochs)));
        let losses: Vec<f32> = epochs(&events).iter().map(|epoch| epoch.0).collect();
        assert!(
            losses.iter().all(|loss| loss.is_finite()) && losses[3] < losses[0],
            "{bad}: {losses:?}"
        );
        let (values, _) = parameters.as_chunks::<4>();
        assert!(values.iter().all(|bits| f32::from_le_bytes(*bits).is_finite()));
    }
}

#[test]
fn a_batch_with_a_bad_sample_changes_no_bit() {
    with_trainer(4, Clip::Norm(1.0), |mut trainer| {
        let before = trainer.parameter_bytes().to_vec();
        for x in [
            [0.1, 0.2, 0.3],
            [0.1, f32::NAN, 0.0],
            [0.5, 0.5, 0.5],
            [1.0, 0.0, 0.0],
        ] {
            trainer.learn(View::plain(&x), Target::Class(1)).unwrap();
        }
        assert_eq!((trainer.update(), trainer.steps()), (Update::Refused, 0));
        assert_eq!(trainer.parameter_bytes(), before);
        // And nothing of it is left in the next one.
        trainer
            .learn(View::plain(&[1.0, 0.0, 0.0]), Target::Class(0))
            .unwrap();
        assert!(matches!(trainer.update(), Update::Done(norm) if norm.is_finite()));
        assert_eq!(trainer.update(), Update::Nothing);
    });
}

#[test]
fn a_run_of_bad_samples_alone_is_told_and_is_never_the_best() {
    let set = Raw(vec![f32::NAN; 9], vec![0, 1, 2]);
    let goals = Goals {
        epochs: 50,
        patience: Some(2),
        save_every: 0,
    };
    let (events, _) = run(&set, Split::all(3), 1, goals);
    let losses = epochs(&events);
    assert_eq!(
        (losses.len(), events.last()),
        (2, Some(&Event::Stopped(Stop::Patience)))
    );
    assert!(
        losses
            .iter()
            .all(|(loss, ..)| loss.to_bits() == f32::NAN.to_bits()),
        "{losses:?}"
    );
}

/// Gradient of one sample, all parameters in order.
fn gradient(trainer: &Learner<'_>) -> Vec<f32> {
    let tensors = [(0, "weight"), (0, "bias"), (2, "weight"), (2, "bias")];
    tensors
        .iter()
        .flat_map(|(layer, name)| trainer.gradient(*layer, name).unwrap().data.to_vec())
        .collect()
}

#[test]
fn the_gradient_of_a_batch_is_the_mean_of_its_samples() {
    let (values, labels) = set(4, 1.0);
    let single = |index: usize| {
        with_trainer(4, Clip::None, |mut trainer| {
            let x = &values[3 * index..3 * index + 3];
            trainer
                .learn(View::plain(x), Target::Class(labels[index].into()))
                .unwrap();
            gradient(&trainer)
        })
    };
    let singles = [single(0), single(1), single(2), single(3)];
    with_trainer(4, Clip::None, |mut trainer| {
        let before = trainer.parameter_bytes().to_vec();
        for (x, label) in values.chunks(3).zip(&labels) {
            trainer
                .learn(View::plain(x), Target::Class((*label).into()))
                .unwrap();
        }
        let summed = gradient(&trainer);
        let expected: Vec<f32> = (0..summed.len())
            .map(|at| {
                singles[1..]
                    .iter()
                    .fold(singles[0][at], |sum, single| sum + single[at])
            })
            .collect();
        // One term after the other, so to the bit.
        assert_eq!(summed, expected);
        let Update::Done(norm) = trainer.update() else {
            panic!()
        };
        let mean: Vec<f32> = expected.iter().map(|g| g * 0.25).collect();
        let square: f32 = mean.iter().map(|g| g * g).sum();
        assert!((norm - square.sqrt()).abs() < 1e-6);
        let floats = |bytes: &[u8]| -> Vec<f32> {
            bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|bits| f32::from_le_bytes(*bits))
                .collect()
        };
        let moved: Vec<f32> = floats(&before)
            .iter()
            .zip(&mean)
            .map(|(w, g)| w - 0.25 * g)
            .collect();
        assert_eq!(floats(trainer.parameter_bytes()), moved);
    });
}

#[test]
fn clipping_bounds_the_step_and_only_when_it_must() {
    let (values, labels) = set(4, 1.0);
    let step = |clip: Clip| {
        with_trainer(4, clip, |mut trainer| {
            let floats = |trainer: &Learner<'_>| -> Vec<f32> {
                let bytes = trainer.parameter_bytes().as_chunks::<4>().0;
                bytes.iter().map(|bits| f32::from_le_bytes(*bits)).collect()
            };
            let before = floats(&trainer);
            for (x, label) in values.chunks(3).zip(&labels) {
                trainer
                    .learn(View::plain(x), Target::Class((*label).into()))
                    .unwrap();
            }
            let Update::Done(norm) = trainer.update() else {
                panic!()
            };
            let step = before
                .iter()
                .zip(floats(&trainer))
                .map(|(w, v)| (w - v) * (w - v))
                .sum::<f32>();
            (norm, step.sqrt() / 0.25, floats(&trainer))
        })
    };
    let (norm, free, unclipped) = step(Clip::None);
    assert!((free - norm).abs() < 1e-4 && norm > 0.3, "{norm} {free}");
    for bound in [0.25, 0.1, 0.01] {
        let (reported, moved, _) = step(Clip::Norm(bound));
        assert_eq!(reported, norm, "the norm is that before clipping");
        assert!((moved - bound).abs() < bound * 1e-3, "{moved} for {bound}");
    }
    assert_eq!(step(Clip::Norm(norm * 1.01)).2, unclipped);
}

/// A clock that goes on by one microsecond whenever it is read.
struct Ticking(Cell<u64>);

impl Clock for Ticking {
    fn now(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(1));
        self.0.get()
    }
}

#[test]
fn slices_of_time_end_in_time_and_change_no_bit() {
    let (values, labels) = set(30, 1.0);
    let table = Table::new(&values, &labels, 3, ()).unwrap();
    let split = Split::new(30, 8, 1);
    let goals = Goals {
        epochs: 5,
        ..Goals::default()
    };
    let (whole, parameters) = run(&table, split, 4, goals);
    for budget in [0, 1, 2, 3, 10, u64::MAX] {
        with_trainer(4, Clip::None, |mut trainer| {
            let (mut state, clock) = (State::beginning(9), Ticking(Cell::new(u64::MAX - 50)));
            let (mut events, mut slices) = (vec![], 0);
            while state.value.stopped().is_none() {
                // All that lives between two slices is the trainer and the state.
                let mut sample = [f32::NAN; 3];
                let loader = Loader::new(&table, split, 0).unwrap();
                let mut fit = Fit::new(&mut trainer, loader, &mut sample, &mut state, goals);
                let start = clock.0.get();
                let event: Result<Option<Event>, SaveError> = fit.run_for(&clock, budget);
                // One reading at the start, and one after each piece but that of an event.
                let spent = clock.0.get().wrapping_sub(start);
                assert!(spent <= budget.saturating_add(1).max(2), "{spent} of {budget}");
                events.extend(event.unwrap());
                slices += 1;
            }
            assert!(events == whole, "slices of {budget}");
            assert_eq!(trainer.parameter_bytes(), parameters);
            assert!(
                slices >= events.len() && (budget > 1 || slices > 5 * 30),
                "{slices} slices"
            );
        });
    }
}
