//! XOR 2-8-1 with Adam and checkpoints: load or begin, learn, save; then boot once more and find it all.
#![no_std]
#![no_main]

use core::hint::black_box;
use kilograd::checkpoint::{LoadError, Store};
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::loss::{Loss, Target};
use kilograd::network::{Model, PlanOf, Shape, dense, relu};
use kilograd::number::View;
use kilograd::optim::Adam;
use nor::Nor;
use probe::exit;
use static_cell::ConstStaticCell;

probe::small_memory!();

const NET: Model = Model::new(Shape::vector(2), &[dense(8), relu(), dense(1)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Adam>::new(Loss::MeanSquaredError));
static MEMORY: ConstStaticCell<Arena<{ PLAN.bytes() }>> = ConstStaticCell::new(Arena::ZERO);
static FLASH: ConstStaticCell<[u8; BYTES]> = ConstStaticCell::new([0; BYTES]);

const TRUTH: [([f32; 2], f32); 4] = [
    ([0.0, 0.0], 0.0),
    ([0.0, 1.0], 1.0),
    ([1.0, 0.0], 1.0),
    ([1.0, 1.0], 0.0),
];
/// Two segments of a kilobyte each would do; this is more than two.
const BYTES: usize = 4 * nor::UNIT;
const EPOCHS: u32 = 250;

#[cortex_m_rt::entry]
fn main() -> ! {
    let (Some(memory), Some(flash)) = (MEMORY.try_take(), FLASH.try_take()) else {
        exit(false)
    };
    flash.fill(0xff);
    let mut loss = None;
    // Two boots: nothing but the flash lives on from one to the next.
    for _ in 0..2 {
        memory.fill(0);
        loss = boot(memory, flash);
    }
    // It must really go on from where it was, or its size says nothing.
    exit(loss.is_some_and(|loss| loss < 0.01))
}

/// One boot; returns the loss of its last epoch.
#[inline(never)]
fn boot(memory: &mut [u8], flash: &mut [u8; BYTES]) -> Option<f32> {
    let adam = Adam {
        learning_rate: 1.0 / 64.0,
        ..Adam::default()
    };
    let mut trainer = Trainer::<f32, Adam, { PLAN.uses() }>::new(&PLAN, memory, adam).ok()?;
    let mut store: Store<_, 256> = Store::new(Nor(flash), 0..BYTES as u32).ok()?;
    match store.load(&mut trainer) {
        Ok(_) => {}
        Err(LoadError::Empty) => trainer.init(1),
        Err(_) => return None,
    }
    let mut last = 0.0;
    for _ in 0..EPOCHS {
        last = 0.0;
        for (x, y) in &TRUTH {
            let target = Target::Values(View::plain(core::slice::from_ref(y)));
            last += trainer.learn(View::plain(black_box(x)), target)?;
            trainer.update();
        }
    }
    store.save(&trainer).ok()?;
    Some(last)
}
