//! Promise: a sample that is no number raises an alarm, changes no parameter, and spoils no figure.

use kilograd::engine::{Arena, Clip, Trainer, Training, Update};
use kilograd::load::Split;
use kilograd::loss::{Loss, Target};
use kilograd::network::{Model, PlanOf, Shape, dense};
use kilograd::number::View;
use kilograd::optim::Sgd;
use kilograd::train::{Alarm, Event, Goals, Stop};
use support::learner::{Raw, epochs, run, set, steps, with_trainer};

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

#[test]
fn a_parameter_is_set_whole_and_finite_or_not_at_all() {
    const NET: Model = Model::new(Shape::vector(2), &[dense(2)]);
    const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy));
    let mut memory = Arena::<{ PLAN.bytes() }>::ZERO;
    let mut trainer = Trainer::<f32, Sgd, { PLAN.uses() }>::new(&PLAN, &mut memory, Sgd::default()).unwrap();
    trainer.init(1);
    let before = trainer.parameter_bytes().to_vec();
    let mut set = |name: &str, values: &[f32]| {
        let done = trainer.set_parameter(0, name, values.iter().copied());
        (done, trainer.parameter_bytes() == before)
    };
    for (name, values) in [
        ("weight", &[1.0; 3][..]),
        ("weight", &[1.0; 5]),
        ("weight", &[1.0, 2.0, f32::NAN, 4.0]),
        ("bias", &[f32::INFINITY, 0.0]),
        ("gamma", &[1.0; 2]),
    ] {
        assert_eq!(set(name, values), (false, true), "{name} {values:?}");
    }
    assert_eq!(set("weight", &[1.0; 4]), (true, false));
}
