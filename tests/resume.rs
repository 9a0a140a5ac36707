//! Promise: a run that loses its power goes on from flash, and ends with the same bits as a run that
//! never did.

use kilograd::app::Board;
use kilograd::checkpoint::Frames;
use kilograd::collect::{Drain, Feeder, Frame, Ring};
use kilograd::engine::{Clip, Training};
use kilograd::loss::Loss;
use kilograd::number::random::Pcg;
use kilograd::optim::{Adam, Momentum, Optimizer, Sgd};
use kilograd::train::{Clock, Event};
use kilograd_sim::flash::Torn;
use support::watch::{End, Flash, PERIOD, Recorded, Watch, assert_same, newest, world};

const SGD: Watch<Sgd> = Watch {
    optimizer: Sgd {
        learning_rate: 0.05,
        weight_decay: 0.001,
    },
    training: || Training::new(Loss::CrossEntropy),
    save_every: 7,
};

const MOMENTUM: Watch<Momentum> = Watch {
    optimizer: Momentum {
        learning_rate: 0.02,
        momentum: 0.9,
        dampening: 0.0,
        nesterov: true,
        weight_decay: 0.0,
    },
    training: || Training::new(Loss::CrossEntropy).batch(2),
    save_every: 5,
};

const ADAM: Watch<Adam> = Watch {
    optimizer: Adam {
        learning_rate: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.0,
    },
    training: || Training::new(Loss::CrossEntropy).batch(4).clip(Clip::Norm(1.0)),
    save_every: 3,
};

type Labelled = (Frame<2>, Option<u16>);

fn recording() -> Vec<Labelled> {
    (0..400).map(|tick| world(tick * PERIOD)).collect()
}

/// Cuts a run over a recording `cuts` times, then lets it end; its state, and the pieces of work of its last life.
fn cut<O: Optimizer<f32>>(
    watch: &Watch<O>,
    frames: &[Labelled],
    cuts: u32,
    whole: &Whole,
    seed: u64,
) -> Vec<u8> {
    let mut dice = Pcg::new(seed);
    let mut flash = watch.flash(seed);
    for _ in 0..cuts {
        // Either in the middle of a word or an erase, or between two pieces of work.
        let mut polls = u64::MAX;
        if dice.below(2) == 0 {
            let operations = dice.below(whole.operations / cuts) + 1;
            flash.cut_after(operations.into(), Torn::ALL[dice.below(5) as usize]);
        } else {
            polls = u64::from(dice.below(whole.polls / cuts));
        }
        let mut board = Recorded { frames, next: 0 };
        let end = watch.live(&mut flash, &mut board, polls, dice.below(256) as u8, |_| {});
        assert_eq!(end, End::Cut, "the cut came too late");
        flash.power_on();
    }
    let mut board = Recorded { frames, next: 0 };
    assert_eq!(
        watch.live(&mut flash, &mut board, u64::MAX, 0xa5, |_| {}),
        End::Done
    );
    newest(&mut flash)
}

/// A run that was never cut.
struct Whole {
    state: Vec<u8>,
    polls: u32,
    operations: u32,
}

fn whole<O: Optimizer<f32>>(watch: &Watch<O>, frames: &[Labelled]) -> Whole {
    let mut flash = watch.flash(0);
    let mut polls = 0;
    let mut board = Recorded { frames, next: 0 };
    let end = watch.live(&mut flash, &mut board, u64::MAX, 0, |_| polls += 1);
    assert_eq!(end, End::Done);
    Whole {
        state: newest(&mut flash),
        polls,
        operations: flash.counters().operations as u32,
    }
}

fn a_recording_goes_on_where_it_was<O: Optimizer<f32>>(watch: &Watch<O>) {
    let frames = recording();
    let whole = whole(watch, &frames);
    println!("{} pieces, {} flash operations", whole.polls, whole.operations);
    assert!(whole.polls > 1000 && whole.operations > 10_000);
    for seed in 0..100 {
        let state = cut(watch, &frames, 1, &whole, seed);
        assert_same(&state, &whole.state, &format!("one cut, {seed}"));
    }
    for seed in 100..105 {
        let state = cut(watch, &frames, 8, &whole, seed);
        assert_same(&state, &whole.state, &format!("eight cuts, {seed}"));
    }
}

#[test]
fn sgd_goes_on_where_it_was() {
    a_recording_goes_on_where_it_was(&SGD);
}

#[test]
fn momentum_goes_on_where_it_was() {
    a_recording_goes_on_where_it_was(&MOMENTUM);
}

#[test]
fn adam_goes_on_where_it_was() {
    a_recording_goes_on_where_it_was(&ADAM);
}

/// A sensor: time goes on while the watch works or is off, and what was not taken is lost.
struct Live<'a> {
    feeder: Feeder<'a, 2>,
    drain: Drain<'a, 2>,
    /// Pieces of work since the first boot, of which several pass between frames.
    time: u64,
    end: u64,
    /// The watch's clock stands while it is off, so that stamps show no gap.
    stands: bool,
    /// How far that clock is behind.
    behind: u64,
    boot: u64,
    /// What was taken, and at which boot, but for what a cut has undone.
    taken: Vec<(Frame<2>, Option<u16>, u64)>,
}

/// Pieces of work from one frame to the next.
const PIECES: u64 = 4;

impl Live<'_> {
    fn tick(&mut self) {
        self.time += 1;
        if self.time.is_multiple_of(PIECES) {
            self.feeder.push(world(self.time / PIECES * PERIOD).0);
        }
    }
}

impl Clock for Live<'_> {
    fn now(&self) -> u64 {
        self.time
    }
}

impl Board<2> for Live<'_> {
    fn frame(&mut self) -> Option<Frame<2>> {
        let mut frame = self.drain.pop()?;
        let label = world(frame.at).1;
        if self.stands && self.taken.last().is_some_and(|(_, _, boot)| *boot != self.boot) {
            // The worst case: the first frame of a boot seems to follow the last one before.
            self.behind = frame.at - self.taken[self.taken.len() - 1].0.at - PERIOD;
        }
        frame.at -= self.behind;
        self.taken.push((frame, label, self.boot));
        Some(frame)
    }

    fn lost(&self) -> u16 {
        self.drain.lost()
    }

    fn label(&mut self, _: u64) -> Option<u16> {
        self.taken.last()?.1
    }

    fn ended(&self) -> bool {
        self.time > self.end
    }

    /// It cannot; what was taken after the checkpoint is forgotten.
    fn rewind(&mut self, frames: u64) -> bool {
        self.taken.truncate(frames as usize);
        false
    }

    fn report(&mut self, _: &Event) {}
}

/// Cuts a run on a sensor twice. What it has taken, but for what the cuts have undone.
fn live<O: Optimizer<f32>>(
    watch: &Watch<O>,
    flash: &mut Flash,
    seed: u64,
) -> Vec<(Frame<2>, Option<u16>, u64)> {
    let mut dice = Pcg::new(seed);
    let (mut taken, mut time, mut behind) = (Vec::new(), 1_000_000, 0);
    for boot in 0.. {
        // What the ring held is lost with the power.
        let mut ring = Ring::<2, 16>::new();
        let (feeder, drain) = ring.split();
        // Off for at least as long as makes a gap.
        time += PIECES * u64::from(dice.below(60) + 2);
        let mut polls = u64::MAX;
        if boot < 2 && dice.below(2) == 0 {
            let operations = dice.below(20_000) + 1;
            flash.cut_after(operations.into(), Torn::ALL[dice.below(5) as usize]);
        } else if boot < 2 {
            polls = u64::from(dice.below(12_000));
        }
        let mut board = Live {
            feeder,
            drain,
            time,
            end: time + 30_000,
            stands: seed.is_multiple_of(2),
            behind,
            boot,
            taken,
        };
        let end = watch.live(flash, &mut board, polls, dice.below(256) as u8, Live::tick);
        (taken, time, behind) = (board.taken, board.time, board.behind);
        if end == End::Done {
            assert_eq!(boot, 2);
            break;
        }
        flash.power_on();
        if Frames::new(flash, 0..12 * 1024).next().is_none() {
            // The next boot finds nothing, and begins anew.
            taken.clear();
        }
    }
    taken
}

/// Compares runs that were cut with runs that saw the same frames with the same gaps.
fn a_sensor_goes_on_behind_a_gap<O: Optimizer<f32>>(watch: &Watch<O>, lives: u64) {
    let mut gaps = 0;
    for seed in 0..lives {
        let mut flash = watch.flash(seed);
        let taken = live(watch, &mut flash, seed);
        gaps += taken.windows(2).filter(|pair| pair[0].2 != pair[1].2).count();
        // One second between boots, so that a run without a boot sees the gap: of what was taken before
        // only the order matters.
        let stamped = |&(frame, label, boot): &(Frame<2>, Option<u16>, u64)| {
            let at = frame.at - 1_000_000 * (2 - boot);
            (Frame { at, ..frame }, label)
        };
        let frames: Vec<Labelled> = taken.iter().map(stamped).collect();
        let mut board = Recorded {
            frames: &frames,
            next: 0,
        };
        let mut never_cut = watch.flash(0);
        let end = watch.live(&mut never_cut, &mut board, u64::MAX, 0, |_| {});
        assert_eq!(end, End::Done);
        assert_same(
            &newest(&mut flash),
            &newest(&mut never_cut),
            &format!("life {seed}"),
        );
    }
    println!("{gaps} gaps in {lives} lives");
    assert!(gaps >= lives as usize);
}

#[test]
fn a_sensor_goes_on_behind_a_gap_with_sgd() {
    a_sensor_goes_on_behind_a_gap(&SGD, 20);
}

#[test]
fn a_sensor_goes_on_behind_a_gap_with_momentum() {
    a_sensor_goes_on_behind_a_gap(&MOMENTUM, 20);
}

#[test]
fn a_sensor_goes_on_behind_a_gap_with_adam() {
    a_sensor_goes_on_behind_a_gap(&ADAM, 20);
}
