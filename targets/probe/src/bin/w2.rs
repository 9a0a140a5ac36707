//! W2: autoencoder 128-64-16-64-128, ReLU, mean squared error.
#![no_std]
#![no_main]

use kilograd::engine::{Arena, Trainer, Training};
use kilograd::loss::Loss;
use kilograd::network::PlanOf;
use probe::choice::{BATCH, Method, Number};
use probe::workloads::W2 as NET;
use probe::{exit, measure::measure, network::Network};
use static_cell::ConstStaticCell;

const PLAN: PlanOf<{ NET.len() }> =
    NET.plan(Training::<Number, Method>::new(Loss::MeanSquaredError).batch(BATCH));
static MEMORY: ConstStaticCell<Arena<{ PLAN.bytes() }>> = ConstStaticCell::new(Arena::ZERO);

#[cortex_m_rt::entry]
fn main() -> ! {
    let trainer = Trainer::<Number, Method, { PLAN.uses() }>::new(&PLAN, MEMORY.take(), Method::default());
    if let Ok(trainer) = trainer {
        measure(&mut Network::<{ NET.input.len() }, _>::new(trainer, 0));
        exit(true)
    }
    exit(false)
}
