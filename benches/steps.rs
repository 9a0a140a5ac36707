//! Training steps on a desktop: `cargo bench --bench steps`.
//!
//! W1, W2 and W4 are the workloads whose cost on a chip `cargo xtask bench-mcu` counts.

#[path = "workloads.rs"]
mod workloads;

use criterion::{Criterion, criterion_group, criterion_main};
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::kernel::Kernel;
use kilograd::loss::{Loss, Target};
use kilograd::network::{Plan, PlanOf};
use kilograd::number::View;
use kilograd::optim::{Adam, Momentum, Optimizer};
use std::hint::black_box;
use workloads::{W1, W2, W4};

const W1_PLAN: PlanOf<{ W1.len() }> = W1.plan(Training::<f32, Momentum>::new(Loss::CrossEntropy));
const W1_ADAM: PlanOf<{ W1.len() }> = W1.plan(Training::<f32, Adam>::new(Loss::CrossEntropy));
const W2_PLAN: PlanOf<{ W2.len() }> = W2.plan(Training::<f32, Momentum>::new(Loss::MeanSquaredError));
const W4_PLAN: PlanOf<{ W4.len() }> = W4.plan(Training::<f32, Momentum>::new(Loss::CrossEntropy));

/// Samples that a run cycles through, so that it neither converges nor meets subnormal momenta.
const SAMPLES: usize = 64;

fn step<const BYTES: usize, const USES: u128, O: Optimizer<f32>>(
    criterion: &mut Criterion,
    name: &str,
    plan: &'static Plan,
    optimizer: O,
    target: impl Fn(usize) -> Target<'static, f32>,
) where
    f32: Kernel,
{
    let mut memory = Box::new(Arena::<BYTES>::ZERO);
    let mut trainer =
        Trainer::<f32, O, USES>::new(plan, &mut memory, optimizer).expect("the plan's own arena");
    trainer.init(1);
    let width = plan.input.len();
    let samples: Vec<f32> = (0..SAMPLES * width)
        .map(|i| ((i * 2_654_435_761) % 1000) as f32 / 500.0 - 1.0)
        .collect();
    let mut i = 0;
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            let x = &samples[i * width..(i + 1) * width];
            black_box(trainer.learn(View::plain(black_box(x)), target(i)));
            black_box(trainer.update());
            i = (i + 1) % SAMPLES;
        });
    });
}

fn steps(criterion: &mut Criterion) {
    let momentum = Momentum {
        learning_rate: 1e-3,
        ..Momentum::default()
    };
    step::<{ W1_PLAN.bytes() }, { W1_PLAN.uses() }, _>(criterion, "W1 momentum", &W1_PLAN, momentum, |i| {
        Target::Class(i % 10)
    });
    step::<{ W1_ADAM.bytes() }, { W1_ADAM.uses() }, _>(
        criterion,
        "W1 Adam",
        &W1_ADAM,
        Adam::default(),
        |i| Target::Class(i % 10),
    );
    step::<{ W2_PLAN.bytes() }, { W2_PLAN.uses() }, _>(criterion, "W2 momentum", &W2_PLAN, momentum, |_| {
        Target::Itself
    });
    step::<{ W4_PLAN.bytes() }, { W4_PLAN.uses() }, _>(criterion, "W4 momentum", &W4_PLAN, momentum, |i| {
        Target::Class(i % 4)
    });
}

criterion_group!(benches, steps);
criterion_main!(benches);
