//! Promise: the ready models of images and sound learn in integers as they do in f32, and nothing overflows: these run
//! with overflow checks.

use kilograd::engine::{Trainer, Training, Update};
use kilograd::kernel::Kernel;
use kilograd::loss::{Loss, Target};
use kilograd::network::{Model, Plan, PlanOf, ready};
use kilograd::number::bfp::Exponent;
use kilograd::number::random::Pcg;
use kilograd::number::{Bfp14, Element, Scalar, Scale, View};
use kilograd::optim::{Optimizer, Sgd};

/// Losses of `steps` steps on two samples in turn.
fn losses<N: Kernel>(model: &Model<'_>, scale: Scale<N>, steps: usize, rate: f32) -> Vec<f32>
where
    Sgd: Optimizer<N>,
{
    let training = Training::<N, Sgd>::new(Loss::CrossEntropy).batch(2);
    let plan: PlanOf<128> = model
        .try_plan(&training)
        .unwrap_or_else(|error| panic!("{error}"));
    let plan: &Plan = &plan;
    // An arena on the heap: the largest would not fit a test's stack.
    let mut memory = vec![0_u8; plan.bytes() + 8];
    let start = memory.as_ptr().align_offset(8);
    let memory = &mut memory[start..start + plan.bytes()];
    let sgd = Sgd {
        learning_rate: rate,
        weight_decay: 0.0,
    };
    let mut trainer = Trainer::<N, Sgd, { u128::MAX }>::new(plan, memory, sgd).expect("planned for it");
    trainer.init(5);
    let random = &mut Pcg::new(3);
    // Both numbers see the same.
    let mut draw = || (random.below(4096) as i16 - 2048).to_f32(Exponent(-10));
    let mut sample = || {
        (0..model.input.len())
            .map(|_| N::Elem::from_f32(draw(), scale))
            .collect()
    };
    let samples: [Vec<N::Elem>; 2] = core::array::from_fn(|_| sample());
    (0..steps)
        .map(|_| {
            let mut sum = N::Scalar::default();
            for (class, data) in samples.iter().enumerate() {
                let x = View { data, scale };
                sum = sum.plus(trainer.learn(x, Target::Class(class)).expect("fits"));
            }
            assert!(matches!(trainer.update(), Update::Done(norm) if norm.to_f32() > 0.0));
            sum.over(2).to_f32()
        })
        .collect()
}

fn learns(what: &str, model: &Model<'_>, steps: usize, rate: f32) {
    let float = losses::<f32>(model, (), steps, rate);
    let fixed = losses::<Bfp14>(model, Exponent(-10), steps, rate);
    println!("{what}: f32 {float:.3?}, bfp14 {fixed:.3?}");
    for (step, (a, b)) in float.iter().zip(&fixed).enumerate() {
        assert!(
            (a - b).abs() <= 0.04 * a,
            "{what}, step {step}: {float:?} and {fixed:?}"
        );
    }
    // Batch norm begins with statistics that are not those of the data, and shrinks what it has not seen yet.
    assert!(fixed[steps - 1] < 0.998 * fixed[0], "{what} learns: {fixed:?}");
}

#[test]
fn keywords() {
    learns("ds_cnn with group norms", &ready::DS_CNN_GROUPS, 6, 0.005);
    learns("ds_cnn", &ready::DS_CNN, 6, 0.005);
}

#[test]
fn pictures() {
    learns("resnet8 with group norms", &ready::RESNET8_GROUPS, 5, 0.005);
    learns("resnet8", &ready::RESNET8, 5, 0.005);
}

#[test]
fn persons() {
    learns("mobilenet with group norms", &ready::MOBILENET_GROUPS, 5, 0.005);
    learns("mobilenet", &ready::MOBILENET, 5, 0.005);
}
