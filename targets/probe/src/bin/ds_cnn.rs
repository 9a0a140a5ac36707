//! The kinds of a keyword spotter, small: convolutions over an image, depthwise and pointwise, with batch norms.
#![no_std]
#![no_main]

use kilograd::engine::{Arena, Trainer, Training};
use kilograd::loss::Loss;
use kilograd::network::{Model, PlanOf, Shape, batch_norm, conv2d, dense, depthwise2d, global_average, relu};
use kilograd::optim::Momentum;
use probe::exit;
use probe::learn::by_heart;
use static_cell::ConstStaticCell;

probe::small_memory!();

const NET: Model = Model::new(
    Shape::image(1, 12, 8),
    &[
        conv2d(8, [4, 3]).stride(2).padding_by_side([1, 1]),
        batch_norm(),
        relu(),
        depthwise2d([3, 3]).padding(1),
        batch_norm(),
        relu(),
        conv2d(8, [1, 1]),
        batch_norm(),
        relu(),
        global_average(),
        dense(4),
    ],
);
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
    exit(by_heart::<_, { NET.input.len() }, _>(&mut trainer, 200) < 0.4)
}
