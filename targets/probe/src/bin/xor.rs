//! XOR 2-8-1 with Adam: learn and update, nothing else. Its list of functions holds no panic.
#![no_std]
#![no_main]

use core::hint::black_box;
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::loss::{Loss, Target};
use kilograd::network::{Model, PlanOf, Shape, dense, relu};
use kilograd::number::View;
use kilograd::optim::Adam;
use probe::exit;
use static_cell::ConstStaticCell;

probe::small_memory!();

const NET: Model = Model::new(Shape::vector(2), &[dense(8), relu(), dense(1)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Adam>::new(Loss::MeanSquaredError));
/// What is compiled in: what the plan uses, or, to see what that saves, everything.
const USES: u128 = if cfg!(everything) { u128::MAX } else { PLAN.uses() };
static MEMORY: ConstStaticCell<Arena<{ PLAN.bytes() }>> = ConstStaticCell::new(Arena::ZERO);

const TRUTH: [([f32; 2], f32); 4] = [
    ([0.0, 0.0], 0.0),
    ([0.0, 1.0], 1.0),
    ([1.0, 0.0], 1.0),
    ([1.0, 1.0], 0.0),
];
const EPOCHS: u32 = 500;

#[cortex_m_rt::entry]
fn main() -> ! {
    let Some(memory) = MEMORY.try_take() else {
        exit(false)
    };
    let adam = Adam {
        learning_rate: 1.0 / 64.0,
        ..Adam::default()
    };
    let Ok(mut trainer) = Trainer::<f32, Adam, USES>::new(&PLAN, memory, adam) else {
        exit(false)
    };
    trainer.init(1);
    let mut last = f32::INFINITY;
    for _ in 0..EPOCHS {
        last = 0.0;
        for (x, y) in &TRUTH {
            let target = Target::Values(View::plain(core::slice::from_ref(y)));
            last += trainer
                .learn(View::plain(black_box(x)), target)
                .unwrap_or(f32::INFINITY);
            trainer.update();
        }
    }
    // It must really learn, or its size says nothing.
    exit(last < 0.01)
}
