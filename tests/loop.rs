//! Promise: the training loop stops when it should and says why, and gives the same bits however its time
//! is sliced.

use kilograd::checkpoint::SaveError;
use kilograd::engine::Clip;
use kilograd::load::{Loader, Split, Table};
use kilograd::loss::Target;
use kilograd::number::View;
use kilograd::train::{Clock, Event, Fit, Goals, State, Stop};
use std::cell::Cell;
use support::learner::{epochs, run, set, steps, with_trainer};

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

#[test]
fn validation_scores_every_held_out_sample_once() {
    let (values, labels) = set(30, 2.0);
    let table = Table::new(&values, &labels, 3, ()).unwrap();
    let split = Split::new(30, 7, 2);
    with_trainer(1, Clip::None, |mut trainer| {
        let (mut state, mut sample) = (State::beginning(9), [0.0; 3]);
        let loader = Loader::new(&table, split, 0).unwrap();
        let goals = Goals {
            epochs: 1,
            ..Goals::default()
        };
        let mut fit = Fit::new(&mut trainer, loader, &mut sample, &mut state, goals);
        let mut events = vec![];
        while let Some(event) = fit.next_event().unwrap() {
            events.push(event);
        }
        // The parameters are those that were scored.
        let (mut sum, mut right) = (0.0, 0);
        for index in (0..7).map(|held_out| split.validation(held_out).unwrap() as usize) {
            let (x, class) = (&values[3 * index..3 * index + 3], usize::from(labels[index]));
            sum += trainer.evaluate(View::plain(x), Target::Class(class)).unwrap();
            let y = trainer.output().data;
            right += u32::from((0..3).all(|other| other == class || y[other] < y[class]));
        }
        let (_, validation, accuracy) = epochs(&events)[0];
        assert_eq!(
            (validation, accuracy),
            (Some(sum / 7.0), Some(right as f32 / 7.0))
        );
        assert!((1..7).contains(&right));
    });
}
