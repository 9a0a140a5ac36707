//! The planner: a model as a `const`, its exact bytes, and no overlap among live buffers.

use kilograd::engine::{Arena, Trainer, Training, Update};
use kilograd::loss::{Loss, Target};
use kilograd::network::*;
use kilograd::number::View;
use kilograd::optim::{Adam, Momentum};

const NET: Model = Model::new(Shape::vector(2), &[dense(8), relu(), dense(2)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Adam>::new(Loss::CrossEntropy).batch(4));
const _: () = PLAN.budget(2048, 4096);

#[test]
fn xor_is_learned() {
    let mut memory = Arena::<{ PLAN.bytes() }>::ZERO;
    let adam = Adam {
        learning_rate: 0.05,
        ..Adam::default()
    };
    let mut trainer = Trainer::<f32, Adam, { PLAN.uses() }>::new(&PLAN, &mut memory, adam).unwrap();
    trainer.init(1);
    let mut last = 0.0;
    for _ in 0..200 {
        last = 0.0;
        for (x, class) in [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)] {
            last += trainer.learn(View::plain(&x), Target::Class(class)).unwrap();
        }
        assert!(matches!(trainer.update(), Update::Done(norm) if norm.is_finite()));
    }
    assert!(last < 0.05, "loss {last}");
}

const W4: Model = Model::new(
    Shape::series(6, 100),
    &[
        conv1d(8, 5).stride(2),
        relu(),
        conv1d(16, 5).stride(2),
        relu(),
        global_average(),
        dense(4),
    ],
);
const W4_PLAN: PlanOf<{ W4.len() }> = W4.plan(Training::<f32, Momentum>::new(Loss::CrossEntropy));

#[test]
fn sizes() {
    println!("{:?} {}", W4_PLAN.regions, W4_PLAN.bytes());
    println!("{:?} {}", PLAN.regions, PLAN.bytes());
    assert_eq!(W4_PLAN.parameters, 972);
}
