//! Promise: what a number is too coarse for is counted layer by layer, raises alarms past their limits, and a run that was
//! cut raises the same ones.

use kilograd::engine::{Arena, Trainer, Training};
use kilograd::load::{Loader, Split, Table};
use kilograd::loss::{Loss, Target};
use kilograd::network::*;
use kilograd::number::bfp::{Exponent, High};
use kilograd::number::{Bfp14, View};
use kilograd::optim::{Momentum, Sgd};
use kilograd::persist::{Parts, PartsMut, Persist, Restore};
use kilograd::train::{Alarm, Event, Fit, Goals, Limits, State};

const NET: Model = Model::new(Shape::vector(4), &[dense(8), relu(), dense(2)]);
const SCALE: Exponent = Exponent(-10);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<Bfp14, Momentum>::new(Loss::CrossEntropy).batch(2));
const FLOAT: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Momentum>::new(Loss::CrossEntropy).batch(2));
const RATE: Momentum = Momentum {
    learning_rate: 0.05,
    momentum: 0.9,
    dampening: 0.0,
    nesterov: false,
    weight_decay: 0.0,
};

/// Small samples, and then some a hundred times as large: the scales fit the first ones.
fn samples() -> (Vec<i16>, Vec<u16>) {
    let mut values = vec![];
    let mut labels = vec![];
    for sample in 0..64_i16 {
        let factor = if sample < 48 { 1 } else { 100 };
        let class = sample % 2;
        for index in 0..4 {
            let sign = if (index < 2) == (class == 0) { 1 } else { -1 };
            values.push(sign * factor * (20 + 3 * index + sample % 7));
        }
        labels.push(class as u16);
    }
    (values, labels)
}

#[test]
fn a_sample_that_does_not_fit_is_counted_and_the_account_begins_anew() {
    let mut memory = Arena::<4096>::ZERO;
    let mut trainer = Trainer::<Bfp14, Momentum, { PLAN.uses() }>::new(&PLAN, &mut memory, RATE).unwrap();
    trainer.init(3);
    let learn = |trainer: &mut Trainer<'_, Bfp14, Momentum, { PLAN.uses() }>, exponent: i16| {
        let view = View {
            data: &[20, 30, -20, -30],
            scale: Exponent(exponent),
        };
        trainer.learn(view, Target::Class(0)).unwrap();
    };
    learn(&mut trainer, -1);
    // The search for scales begins at ±1, saturates by design, and is not counted.
    assert_eq!(trainer.health(0).unwrap().saturated, 0);
    learn(&mut trainer, 6);
    let health = trainer.health(0).unwrap();
    assert!(health.saturated > 0 && health.saturated <= 16, "{health:?}");
    assert_eq!((health.elements, health.parameters), (16, 40));
    assert_eq!(health.saturated_share(2), (health.saturated * 1000 / 32) as u16);
    trainer.forget_health(0);
    assert_eq!(trainer.health(0).unwrap().saturated, 0);
    assert!(trainer.health(3).is_none());
}

#[test]
fn an_update_that_moves_nothing_is_counted() {
    const PLAN: PlanOf<{ NET.len() }> =
        NET.plan(Training::<Bfp14<High>, Sgd>::new(Loss::CrossEntropy).batch(2));
    let mut stalled = [0, 0];
    for (stalled, learning_rate) in stalled.iter_mut().zip([0.1, 1e-12]) {
        let mut memory = Arena::<4096>::ZERO;
        let sgd = Sgd {
            learning_rate,
            weight_decay: 0.0,
        };
        let mut trainer = Trainer::<Bfp14<High>, Sgd, { PLAN.uses() }>::new(&PLAN, &mut memory, sgd).unwrap();
        trainer.init(3);
        let before = trainer.parameter_bytes().to_vec();
        for _ in 0..2 {
            let data = [2000, 3000, -2000, -3000];
            let view = View {
                data: &data,
                scale: SCALE,
            };
            trainer.learn(view, Target::Class(0)).unwrap();
        }
        trainer.update();
        *stalled = trainer.health(2).unwrap().stalled;
        assert_eq!(trainer.parameter_bytes() == before, learning_rate < 0.01);
    }
    // Every parameter of the last layer that has a gradient, or none.
    assert!(
        stalled[0] < 3 && stalled[1] >= 6 && stalled[1] <= 18,
        "{stalled:?}"
    );
}

#[test]
fn floats_keep_no_account() {
    let mut memory = Arena::<4096>::ZERO;
    let mut trainer = Trainer::<f32, Momentum, { FLOAT.uses() }>::new(&FLOAT, &mut memory, RATE).unwrap();
    trainer.init(3);
    trainer
        .learn(View::plain(&[1e6, 1.0, 1.0, 1.0]), Target::Class(0))
        .unwrap();
    let health = trainer.health(0).unwrap();
    assert_eq!((health.saturated, health.stalled, health.elements), (0, 0, 16));
}

const LIMITS: Limits = Limits {
    every: 4,
    saturated: 10,
    stalled: 900,
};

/// The events of a run that is cut and taken up again every `slice` events; uncut if it is 0.
fn events(slice: usize) -> Vec<Event> {
    let (values, labels) = samples();
    let table = Table::new(&values, &labels, 4, SCALE).unwrap();
    let goals = Goals {
        epochs: 3,
        ..Goals::default()
    };
    let mut saved: Option<Vec<u8>> = None;
    let mut heard = vec![];
    loop {
        let mut memory = Arena::<4096>::ZERO;
        let mut trainer = Trainer::<Bfp14, Momentum, { PLAN.uses() }>::new(&PLAN, &mut memory, RATE).unwrap();
        trainer.init(3);
        let mut state = State::beginning(5);
        if let Some(saved) = &saved {
            PartsMut(&mut [&mut trainer, &mut state]).write(0, saved).unwrap();
        }
        let loader = Loader::new(&table, Split::new(64, 8, 1), 5).unwrap();
        let mut sample = [0; 4];
        let mut fit = Fit::new(&mut trainer, loader, &mut sample, &mut state, goals).alarms(LIMITS);
        let mut left = slice;
        while let Some(event) = fit.next_event().unwrap() {
            heard.push(event);
            left = left.wrapping_sub(1);
            if left == 0 {
                break;
            }
        }
        let parts = Parts(&[&trainer, &state]);
        let mut bytes = vec![0; parts.size()];
        parts.read(0, &mut bytes);
        saved = Some(bytes);
        if matches!(heard.last(), Some(Event::Stopped(_))) {
            return heard;
        }
    }
}

#[test]
fn alarms_come_when_values_do_not_fit_and_again_after_a_cut() {
    let whole = events(0);
    let alarms: Vec<&Event> = whole
        .iter()
        .filter(|event| matches!(event, Event::Alarm(_)))
        .collect();
    println!("{alarms:?}");
    let saturated =
        |event: &&&Event| matches!(event, Event::Alarm(Alarm::Saturated { share, .. }) if *share > 10);
    assert!(alarms.iter().filter(saturated).count() >= 2, "{alarms:?}");
    // Each tells of one layer; 21 looks at 3 layers could tell 63 times.
    assert!(alarms.len() < 30, "{alarms:?}");
    for slice in 1..6 {
        assert_eq!(events(slice), whole, "cut every {slice} events");
    }
}
