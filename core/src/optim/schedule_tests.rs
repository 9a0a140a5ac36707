//! Schedules against the bits of PyTorch's.
//!
//! The rates below are those of torch 2's `lr_scheduler` classes from a rate of 0.1, in Python's double precision, rounded
//! to `f32`: `StepLR(3, 0.3)`, `ExponentialLR(0.9)`, `CosineAnnealingLR(10, 0.001)`, `SequentialLR` of
//! `LinearLR(0.25, total_iters=4)` and `CosineAnnealingLR(6, 0.001)`, and `ReduceLROnPlateau(factor=0.5, patience=1,
//! threshold=0.01, threshold_mode="abs", min_lr=0.02, eps=0)` fed with `LOSSES`. Settings are the doubles of their `f32`.

use super::{Course, Plateau, Rate, Schedule};

const STEP: [u32; 12] = [
    0x3dcccccd, 0x3dcccccd, 0x3dcccccd, 0x3cf5c290, 0x3cf5c290, 0x3cf5c290, 0x3c1374bd, 0x3c1374bd,
    0x3c1374bd, 0x3b30f27d, 0x3b30f27d, 0x3b30f27d,
];
const EXPONENTIAL: [u32; 12] = [
    0x3dcccccd, 0x3db851eb, 0x3da5e354, 0x3d954c98, 0x3d865e88, 0x3d71dd5b, 0x3d59ad9f, 0x3d43e90e,
    0x3d3051c0, 0x3d1eaff9, 0x3d0ed193, 0x3d00896b,
];
const COSINE: [u32; 11] = [
    0x3dcccccd, 0x3dc7d69b, 0x3db9705c, 0x3da302e6, 0x3d86c03c, 0x3d4ed917, 0x3d1031b6, 0x3caf58c3,
    0x3c2b45d3, 0x3b604f6b, 0x3a83126f,
];
const WARM_COSINE: [u32; 10] = [
    0x3ccccccd, 0x3d333333, 0x3d800000, 0x3da66667, 0x3dcccccd, 0x3dbf37dc, 0x3d9a1cac, 0x3d4ed917,
    0x3cd2f1aa, 0x3bfa13b3,
];
const LOSSES: [f32; 16] = [
    1.0, 0.9, 0.895, 0.85, 0.9, 0.9, 0.86, 0.849, 0.5, 0.51, 0.52, 0.53, 0.54, 0.55, 0.56, 0.57,
];
const PLATEAU: [u32; 16] = [
    0x3dcccccd, 0x3dcccccd, 0x3dcccccd, 0x3dcccccd, 0x3dcccccd, 0x3d4ccccd, 0x3d4ccccd, 0x3ccccccd,
    0x3ccccccd, 0x3ccccccd, 0x3ca3d70a, 0x3ca3d70a, 0x3ca3d70a, 0x3ca3d70a, 0x3ca3d70a, 0x3ca3d70a,
];

const COURSE: Schedule = Schedule::Plateau {
    patience: 1,
    factor: 0.5,
    floor: 0.02,
    delta: 0.01,
};

fn follows(rate: Rate, bits: &[u32]) {
    for (step, bits) in (0..).zip(bits) {
        let found = rate.rate(step, &Plateau::NEW);
        assert_eq!(found.to_bits(), *bits, "{rate:?}, {step}: {found}");
    }
}

#[test]
fn rates_have_the_bits_of_pytorch() {
    let step = Schedule::Step {
        every: 3,
        factor: 0.3,
    };
    follows(Rate::new(0.1, step), &STEP);
    follows(
        Rate::new(0.1, Schedule::Exponential { factor: 0.9 }),
        &EXPONENTIAL,
    );
    let cosine = |steps| Schedule::Cosine { steps, floor: 0.001 };
    follows(Rate::new(0.1, cosine(10)), &COSINE);
    follows(Rate::new(0.1, cosine(6)).warm_up(4, 0.25), &WARM_COSINE);
    follows(Rate::new(0.1, Schedule::Constant), &[0.1_f32.to_bits(); 3]);
}

#[test]
fn a_plateau_lowers_the_rate_as_in_pytorch() {
    let rate = Rate::new(0.1, COURSE);
    let mut plateau = Plateau::NEW;
    for (loss, bits) in LOSSES.into_iter().zip(PLATEAU) {
        rate.judge(&mut plateau, loss);
        assert_eq!(
            rate.rate(1000, &plateau).to_bits(),
            bits,
            "after {loss}: {plateau:?}"
        );
    }
    assert_eq!(plateau.reductions(), 5);
}

#[test]
fn a_loss_that_is_no_number_is_no_improvement() {
    let rate = Rate::new(0.1, COURSE);
    let mut plateau = Plateau::NEW;
    for loss in [f32::NAN, f32::NEG_INFINITY, 1.0, f32::NAN, f32::NAN] {
        rate.judge(&mut plateau, loss);
    }
    // Two bad ones before the first good one, two after it.
    assert_eq!(plateau.reductions(), 2);
    assert_eq!(plateau.best, Some(1.0_f32.to_bits()));
}

#[test]
fn other_schedules_leave_the_plateau_alone() {
    let mut plateau = Plateau::NEW;
    for _ in 0..9 {
        Rate::new(0.1, Schedule::Constant).judge(&mut plateau, 1.0);
    }
    assert_eq!(plateau, Plateau::NEW);
}

#[test]
fn ends_are_finite() {
    for schedule in [
        Schedule::Step {
            every: 0,
            factor: 0.5,
        },
        Schedule::Exponential { factor: 0.999 },
        Schedule::Cosine {
            steps: 0,
            floor: 0.25,
        },
        Schedule::Cosine {
            steps: u32::MAX,
            floor: 0.25,
        },
    ] {
        for step in [0, 1, u32::MAX - 1, u32::MAX] {
            let rate = Rate::new(0.5, schedule).warm_up(1, 0.5).rate(step, &Plateau::NEW);
            assert!((0.0..=0.5).contains(&rate), "{schedule:?} {step}: {rate}");
        }
    }
}
