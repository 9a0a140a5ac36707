//! A network as a workload.

use crate::choice::{BATCH, Elem, Method, Number, draw, view};
use crate::measure::Workload;
use core::hint::black_box;
use kilograd::engine::Trainer;
use kilograd::loss::Target;
use kilograd::number::random::Pcg;

/// Samples that take turns, so that no step is about a sample that is already learned.
const SAMPLES: usize = 4;

/// A trainer and its data: random inputs of `INPUT` values.
pub struct Network<'a, const INPUT: usize, const USES: u128> {
    trainer: Trainer<'a, Number, Method, USES>,
    samples: [[Elem; INPUT]; SAMPLES],
    /// Classes that take turns; 0 when the target is the input itself.
    classes: usize,
    turn: usize,
}

impl<'a, const INPUT: usize, const USES: u128> Network<'a, INPUT, USES> {
    /// Starts a trainer anew and draws its data.
    pub fn new(mut trainer: Trainer<'a, Number, Method, USES>, classes: usize) -> Self {
        trainer.init(1);
        let mut random = Pcg::new(2);
        Self {
            trainer,
            samples: core::array::from_fn(|_| core::array::from_fn(|_| draw(&mut random))),
            classes,
            turn: 0,
        }
    }

    fn next(&mut self) -> usize {
        self.turn = if self.turn + 1 < SAMPLES { self.turn + 1 } else { 0 };
        self.turn
    }
}

impl<const INPUT: usize, const USES: u128> Workload for Network<'_, INPUT, USES> {
    fn forward(&mut self) {
        let turn = self.next();
        if let Some(sample) = self.samples.get(turn) {
            black_box(self.trainer.infer(view(sample)));
        }
    }

    fn step(&mut self) {
        for _ in 0..BATCH {
            self.learn();
        }
        black_box(self.trainer.update());
    }
}

impl<const INPUT: usize, const USES: u128> Network<'_, INPUT, USES> {
    fn learn(&mut self) {
        let turn = self.next();
        let target = if turn < self.classes {
            Target::Class(turn)
        } else {
            Target::Itself
        };
        if let Some(sample) = self.samples.get(turn) {
            black_box(self.trainer.learn(view(sample), target));
        }
    }
}
