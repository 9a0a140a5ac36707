//! Promise: a frame that the ring could not take is never silent: no window spans it, even where the time
//! stamps do not show it.

use kilograd::app::{App, Board, Kit, Settings, Status};
use kilograd::checkpoint::Store;
use kilograd::collect::{Drain, Feeder, Frame, Pool, Ring, Tally, Windows};
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::loss::Loss;
use kilograd::network::{Model, PlanOf, Shape, dense};
use kilograd::optim::Sgd;
use kilograd::prepare::Standardizer;
use kilograd::train::{Clock, Event};
use kilograd_sim::flash::{FaultFlash, Nrf52};

const LENGTH: usize = 4;
const NET: Model = Model::new(Shape::vector(LENGTH as u16), &[dense(2)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy));

/// A sensor whose clock stands still: only the ring knows what is missing.
struct Blind<'a> {
    feeder: Feeder<'a, 1>,
    drain: Drain<'a, 1>,
    windows: u32,
}

impl Clock for Blind<'_> {
    fn now(&self) -> u64 {
        0
    }
}

impl Board<1> for Blind<'_> {
    fn frame(&mut self) -> Option<Frame<1>> {
        self.drain.pop()
    }

    fn lost(&self) -> u16 {
        self.drain.lost()
    }

    fn label(&mut self, _: u64) -> Option<u16> {
        Some(0)
    }

    fn ended(&self) -> bool {
        false
    }

    fn rewind(&mut self, _: u64) -> bool {
        false
    }

    fn report(&mut self, event: &Event) {
        self.windows += u32::from(matches!(event, Event::Window { .. }));
    }
}

/// Windows that come of pushing so many frames at a time, taking all each time.
fn windows(bursts: &[usize]) -> u32 {
    let mut memory = Arena::<{ PLAN.bytes() }>::ZERO;
    let (mut window, mut samples, mut labels) = ([0; LENGTH], [0; 4 * LENGTH], [0; 4]);
    let (mut tallies, mut sample) = ([Tally::ZERO; 2], [0.0; LENGTH]);
    let mut ring = Ring::<1, 4>::new();
    let (feeder, drain) = ring.split();
    let mut board = Blind {
        feeder,
        drain,
        windows: 0,
    };
    let kit = Kit {
        trainer: Trainer::<f32, Sgd, { PLAN.uses() }>::new(&PLAN, &mut memory, Sgd::default()).unwrap(),
        windows: Windows::<1>::new(&mut window, LENGTH).unwrap(),
        pool: Pool::new(&mut samples, &mut labels, &mut tallies, 1).unwrap(),
        scaler: Standardizer::new(1.0),
        sample: &mut sample,
    };
    let flash = FaultFlash::<Nrf52>::new(0x4000, 1);
    let settings = Settings {
        least_windows: u16::MAX,
        epochs_per_window: 1,
        save_every: 0,
    };
    let store = Store::<_, 256>::new(flash, 0..0x4000).unwrap();
    let mut app = App::new(kit, store, settings, 1);
    for burst in bursts {
        for value in 0..*burst {
            board.feeder.push(Frame {
                at: 0,
                values: [value as i16],
            });
        }
        while app.poll(&mut board).unwrap() != Status::Waiting {}
    }
    board.windows
}

#[test]
fn no_window_spans_frames_that_the_ring_lost() {
    // The ring holds three. Twelve frames in time make three windows of four.
    assert_eq!(windows(&[3, 3, 3, 3]), 3);
    // The fourth of a burst is lost, so each burst of three begins anew, and no window is whole.
    assert_eq!(windows(&[4, 4, 4, 4]), 0);
    // After one loss three frames and one more are a window again.
    assert_eq!(windows(&[4, 3, 1, 4]), 1);
}
