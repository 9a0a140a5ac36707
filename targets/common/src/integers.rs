//! A short training in 16-bit block fixed point: its losses and parameters too are equal everywhere.

use crate::data::{self, CHANNELS, CLASSES, RECORDINGS, WIDTH};
use crate::program::{Failure, hash};
use core::fmt::Write;
use kilograd::engine::{Arena, Trainer, Training, Update};
use kilograd::loss::{Loss, Target};
use kilograd::network::{Model, PlanOf, Shape, dense, relu};
use kilograd::number::bfp::Exponent;
use kilograd::number::{Bfp14, Scalar, View};
use kilograd::optim::Sgd;

/// The first frames of a recording.
const INPUTS: usize = 24 * CHANNELS;
/// A quarter of a raw value is within the mantissa's 14 bits.
const SCALE: Exponent = Exponent(-11);
const BATCH: u16 = 4;
const EPOCHS: usize = 8;

const NET: Model = Model::new(
    Shape::vector(INPUTS as u16),
    &[dense(8), relu(), dense(CLASSES as u16)],
);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<Bfp14, Sgd>::new(Loss::CrossEntropy).batch(BATCH));

/// What the program needs.
pub type Memory = Arena<{ PLAN.bytes() }>;

/// Trains, and prints every loss as bits and a hash of the parameters.
pub fn run(memory: &mut Memory, out: &mut impl Write) -> Result<(), Failure> {
    let sgd = Sgd {
        learning_rate: 1.0 / 32.0,
        weight_decay: 0.0,
    };
    let mut trainer = Trainer::<Bfp14, Sgd, { PLAN.uses() }>::new(&PLAN, memory, sgd)?;
    trainer.init(1);
    let mut x = [0; INPUTS];
    for sample in 0..EPOCHS * RECORDINGS {
        let recording = sample % RECORDINGS;
        let raw = data::all().chunks_exact(WIDTH).nth(recording).unwrap_or(&[]);
        for (x, raw) in x.iter_mut().zip(raw) {
            *x = raw / 4;
        }
        let x = View {
            data: &x,
            scale: SCALE,
        };
        let loss = trainer.learn(x, Target::Class(recording % CLASSES));
        let loss = loss.map_or(0, |loss| loss.to_bits());
        if trainer.summed() == BATCH
            && let Update::Done(norm) = trainer.update()
        {
            let step = trainer.steps();
            writeln!(
                out,
                "integers: step {step} loss {loss:x} norm {:x}",
                norm.to_bits()
            )?;
        }
    }
    writeln!(
        out,
        "integers: parameters {:016x}",
        hash(trainer.parameter_bytes())
    )?;
    Ok(())
}
