//! Promise: a fit over a set that is cut at any piece of work goes on with the same bits, and with the
//! same events from there on.

use kilograd::checkpoint::{Frames, LoadError, Store};
use kilograd::engine::Trainer;
use kilograd::engine::{Arena, Training};
use kilograd::kernel::Kernel;
use kilograd::load::{Loader, Split, Table};
use kilograd::loss::Loss;
use kilograd::network::{Model, PlanOf, Shape, dense, relu};
use kilograd::number::bfp::Exponent;
use kilograd::number::random::Pcg;
use kilograd::number::{Bfp14, Element, Scale};
use kilograd::optim::{Adam, Momentum, Optimizer, Rate, RmsProp, Schedule, Sgd};
use kilograd::persist::{Parts, PartsMut, Persist};
use kilograd::train::{Event, Fit, Goals, State, Stop};
use kilograd_sim::flash::{Cell, FaultFlash, Torn};
use support::watch::assert_same;

type Flash = FaultFlash<Cell<8, 512>>;

const NET: Model = Model::new(Shape::vector(4), &[dense(6), relu(), dense(3)]);

/// Samples of three classes that overlap, so that training is worth stopping early.
fn set() -> (Vec<f32>, Vec<u16>) {
    let mut dice = Pcg::new(8);
    let labels: Vec<u16> = (0..61).map(|index| index % 3).collect();
    let values = labels.iter().flat_map(|label| {
        let mut value = |from: u16| f32::from(from == *label) + 3.0 * dice.uniform() - 1.5;
        [value(0), value(1), value(2), value(9)]
    });
    (values.collect(), labels)
}

/// How a run is trained.
#[derive(Clone, Copy)]
struct Setup<N: Kernel, O> {
    optimizer: O,
    batch: u16,
    scale: Scale<N>,
    course: Rate,
}

/// What a life between two boots showed.
struct Life {
    /// Updates behind the checkpoint that it began with.
    from: Option<u64>,
    events: Vec<Event>,
    pieces: u32,
}

/// Boots, and fits until the end, or until the power goes, or for so many pieces of work. Then it loses
/// its power, or saves once more and sleeps.
fn live<N: Kernel, O: Optimizer<N>>(
    flash: &mut Flash,
    setup: Setup<N, O>,
    pieces: u32,
    garbage: u8,
    sleeps: bool,
) -> Life {
    let training = Training::<N, O>::new(Loss::CrossEntropy).batch(setup.batch);
    let plan: PlanOf<3> = NET.try_plan(&training).unwrap();
    let mut arena = Arena::<2048>::ZERO;
    arena.fill(garbage);
    let mut trainer = Trainer::<N, O, { u128::MAX }>::new(&plan, &mut arena, setup.optimizer).unwrap();
    let mut state = State::beginning(77);
    let region = 0..flash.image().len() as u32;
    let mut store = Store::<_, 64>::new(flash, region).unwrap();
    let mut life = Life {
        from: None,
        events: vec![],
        pieces: 0,
    };
    match store.load(&mut PartsMut(&mut [
        &mut trainer,
        &mut state,
        &mut PartsMut(&mut []),
    ])) {
        Ok(loaded) => life.from = Some(loaded.step),
        Err(LoadError::Empty) => trainer.init(4),
        Err(error) => {
            assert!(store.release().is_off(), "{error}");
            return life;
        }
    }
    let (values, labels) = set();
    let element = |value: &f32| N::Elem::from_f32(*value, setup.scale);
    let values: Vec<N::Elem> = values.iter().map(element).collect();
    let table = Table::new(&values, &labels, 4, setup.scale).unwrap();
    let loader = Loader::new(&table, Split::by_fraction(61, 1, 4, 5), 0).unwrap();
    let mut sample = [N::Elem::default(); 4];
    let goals = Goals {
        epochs: 60,
        patience: Some(4),
        save_every: 5,
    };
    let fit = Fit::new(&mut trainer, loader, &mut sample, &mut state, goals).schedule(&setup.course);
    let mut fit = fit.checkpoint(&mut store, &[]);
    while life.pieces < pieces && !matches!(life.events.last(), Some(Event::Stopped(_))) {
        match fit.advance() {
            Ok(event) => life.events.extend(event),
            Err(error) => {
                assert!(store.release().is_off(), "{error}");
                return life;
            }
        }
        life.pieces += 1;
    }
    if sleeps || matches!(life.events.last(), Some(Event::Stopped(_))) {
        let parts: [&dyn Persist; 3] = [&trainer, &state, &Parts(&[])];
        store.save(&Parts(&parts)).unwrap();
    }
    life
}

fn newest(flash: &mut Flash) -> Vec<u8> {
    let end = flash.image().len() as u32;
    let newest = Frames::new(flash, 0..end)
        .max_by_key(|frame| frame.mark.sequence)
        .unwrap();
    let mut state = vec![0; newest.mark.length as usize];
    newest.read(flash, 0, &mut state).unwrap();
    state
}

fn a_fit_goes_on_where_it_was<N: Kernel, O: Optimizer<N>>(setup: Setup<N, O>) {
    let mut never_cut = Flash::new(12 * 1024, 0);
    let whole = live(&mut never_cut, setup, u32::MAX, 0, false);
    assert_eq!(whole.events.last(), Some(&Event::Stopped(Stop::Patience)));
    let operations = never_cut.counters().operations as u32;
    println!(
        "{} events, {} pieces, {operations} flash operations",
        whole.events.len(),
        whole.pieces
    );
    let expected = newest(&mut never_cut);
    for seed in 0..100 {
        let mut dice = Pcg::new(seed);
        let mut flash = Flash::new(12 * 1024, seed);
        for cuts in 1..=1 + dice.below(3) {
            let mut pieces = u32::MAX;
            if dice.below(2) == 0 {
                flash.cut_after(
                    dice.below(operations / 2 / cuts).into(),
                    Torn::ALL[dice.below(5) as usize],
                );
            } else {
                pieces = dice.below(whole.pieces / 2 / cuts);
            }
            let life = live(&mut flash, setup, pieces, dice.below(256) as u8, false);
            assert_goes_on(&whole.events, &life);
            flash.power_on();
        }
        let life = live(&mut flash, setup, u32::MAX, 0xa5, false);
        let rest = assert_goes_on(&whole.events, &life);
        assert_eq!(rest, 0, "{seed}: the run ended with events missing");
        assert_same(&newest(&mut flash), &expected, &format!("run {seed}"));
    }
}

/// The events of a life are those of the whole run behind the checkpoint that it began with, but for the
/// numbers of frames, since a cut uses some up. Returns how many of the whole run's are still to come.
fn assert_goes_on(whole: &[Event], life: &Life) -> usize {
    let first = life.from.map_or(0, |loaded| {
        let saved = |event: &Event| matches!(event, Event::Saved { step, .. } if u64::from(*step) == loaded);
        1 + whole.iter().position(saved).unwrap()
    });
    let plain = |event: &Event| match *event {
        Event::Saved { step, .. } => Event::Saved { step, sequence: 0 },
        other => other,
    };
    let expected = &whole[first..];
    for (found, expected) in life.events.iter().zip(expected) {
        assert_eq!(plain(found), plain(expected));
    }
    expected.len() - life.events.len()
}

fn float<O: Optimizer<f32>>(optimizer: O, batch: u16) -> Setup<f32, O> {
    Setup {
        optimizer,
        batch,
        scale: (),
        course: Rate::new(optimizer.learning_rate(), Schedule::Constant),
    }
}

#[test]
fn sgd_goes_on_where_it_was() {
    let sgd = Sgd {
        learning_rate: 0.25,
        ..Sgd::default()
    };
    a_fit_goes_on_where_it_was(float(sgd, 4));
}

#[test]
fn momentum_goes_on_where_it_was() {
    let momentum = Momentum {
        learning_rate: 0.0625,
        ..Momentum::default()
    };
    a_fit_goes_on_where_it_was(float(momentum, 4));
}

#[test]
fn adam_goes_on_where_it_was() {
    let adam = Adam {
        learning_rate: 0.03125,
        ..Adam::default()
    };
    a_fit_goes_on_where_it_was(float(adam, 4));
    a_fit_goes_on_where_it_was(float(adam, 1));
}

/// In fixed point the scales of all tensors, and the peaks that move them, are state too.
#[test]
fn fixed_point_goes_on_where_it_was() {
    let sgd = Sgd {
        learning_rate: 0.25,
        ..Sgd::default()
    };
    for batch in [1, 4] {
        a_fit_goes_on_where_it_was(Setup::<Bfp14, Sgd> {
            optimizer: sgd,
            batch,
            scale: Exponent(-11),
            course: Rate::new(0.25, Schedule::Constant),
        });
    }
}

/// The rate of the next update follows from what is in the checkpoint: the number of updates, and where a
/// plateau stands. After a boot the optimizer has its first rate again.
#[test]
fn scheduled_rates_go_on_where_they_were() {
    let schedules = [
        Schedule::Step {
            every: 30,
            factor: 0.5,
        },
        Schedule::Cosine {
            steps: 300,
            floor: 0.001,
        },
        Schedule::Plateau {
            patience: 0,
            factor: 0.5,
            floor: 0.001,
            delta: 0.001,
        },
    ];
    for schedule in schedules {
        let mut setup = float(RmsProp::<true, true>::default(), 4);
        setup.course = Rate::new(0.01, schedule).warm_up(20, 0.1);
        a_fit_goes_on_where_it_was(setup);
    }
}

#[test]
fn a_fit_that_slept_in_the_middle_of_a_batch_goes_on() {
    let setup = float(Momentum::default(), 4);
    let steps = |life: &Life| -> Vec<Event> {
        let events = life.events.iter().copied();
        events
            .filter(|event| !matches!(event, Event::Saved { .. }))
            .collect()
    };
    let mut never_cut = Flash::new(12 * 1024, 0);
    let whole = live(&mut never_cut, setup, u32::MAX, 0, false);
    let expected = newest(&mut never_cut);
    for pieces in (0..whole.pieces - 1).step_by(7) {
        let mut flash = Flash::new(12 * 1024, 0);
        let before = live(&mut flash, setup, pieces, 0xa5, true);
        let after = live(&mut flash, setup, u32::MAX, 0x5a, false);
        let events = [steps(&before), steps(&after)].concat();
        assert!(events == steps(&whole), "asleep after {pieces} pieces");
        assert_same(
            &newest(&mut flash),
            &expected,
            &format!("asleep after {pieces} pieces"),
        );
    }
}
