//! A recurrent network: a GRU, whose last state tells classes apart.
#![no_std]
#![no_main]

use kilograd::engine::{Arena, Trainer, Training};
use kilograd::loss::Loss;
use kilograd::network::{Model, PlanOf, Shape, dense, gru, last};
use kilograd::optim::Momentum;
use probe::exit;
use probe::learn::by_heart;
use static_cell::ConstStaticCell;

probe::small_memory!();

const NET: Model = Model::new(Shape::series(3, 10), &[gru(8), last(), dense(4)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Momentum>::new(Loss::CrossEntropy));
static MEMORY: ConstStaticCell<Arena<{ PLAN.bytes() }>> = ConstStaticCell::new(Arena::ZERO);

#[cortex_m_rt::entry]
fn main() -> ! {
    let Some(memory) = MEMORY.try_take() else {
        exit(false)
    };
    let momentum = Momentum::default();
    let Ok(mut trainer) = Trainer::<f32, Momentum, { PLAN.uses() }>::new(&PLAN, memory, momentum) else {
        exit(false)
    };
    // It must really learn, or its size says nothing.
    exit(by_heart::<_, { NET.input.len() }, _>(&mut trainer, 400) < 0.4)
}
