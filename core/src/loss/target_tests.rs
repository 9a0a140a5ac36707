//! Which targets and settings a loss takes.

extern crate std;

use super::{Loss, Target, VECTOR, View, WEIGHTS, judge};
use crate::network::Shape;
use crate::number::ViewMut;

/// Equal embeddings have no direction between them; nothing is divided by zero.
#[test]
fn equal_embeddings_have_a_finite_gradient() {
    let y = [1.0, -2.0, 0.5];
    let other = View::plain(&y[..]);
    let shape = Shape::vector(3);
    let target = Target::Pair { other, same: false };
    let judged = judge(Loss::Pair { margin: 2.0 }, shape, &[], &y, target);
    assert_eq!(judged, Some((2.0, std::vec![0.0; 3])));
    let memory = [0.0; 6];
    let target = Target::Memory {
        embeddings: View::plain(&memory),
        positive: 1,
    };
    let (loss, dy) = judge(Loss::InfoNce { temperature: 0.5 }, shape, &[], &[0.0; 3], target).unwrap();
    assert!((loss - libm::log(2.0)).abs() < 1e-12 && dy.iter().all(|dy| *dy == 0.0));
}

#[test]
fn a_target_that_does_not_fit_gives_nothing() {
    let y = [0.5, 0.25, 0.125, 1.0];
    let (short, many) = ([0.5; 3], [0.25; 9]);
    let (short, whole) = (View::plain(&short[..]), View::plain(&y[..]));
    let vector = Shape::vector(4);
    let frames = Shape::series(2, 2);
    let pair = Loss::Pair { margin: 1.0 };
    let triplet = Loss::Triplet { margin: 1.0 };
    let memory = Loss::InfoNce { temperature: 1.0 };
    let weighted = Loss::WeightedCrossEntropy {
        smoothing: 0.1,
        weights: &[],
    };
    let values = |values| Target::Values(values);
    let at = |embeddings, positive| Target::Memory { embeddings, positive };
    let above = [0.5, 1.5, 0.0, 0.0];
    let none: &[(Loss, Shape, &[f64], Target<'_, f64>)] = &[
        (Loss::CrossEntropy, vector, &y, Target::Class(4)),
        (Loss::CrossEntropy, vector, &y, Target::Itself),
        (weighted, vector, &y, Target::Class(4)),
        (weighted, vector, &y, values(whole)),
        (Loss::MeanSquaredError, vector, &y, Target::Class(1)),
        (Loss::MeanSquaredError, vector, &y, values(short)),
        (Loss::MeanSquaredError, vector, &y[..3], Target::Itself),
        (Loss::MeanAbsoluteError, vector, &y, values(short)),
        (Loss::Huber { delta: 1.0 }, vector, &y, values(short)),
        (Loss::BinaryCrossEntropy, vector, &y, Target::Class(1)),
        (Loss::BinaryCrossEntropy, vector, &y, values(View::plain(&above))),
        (Loss::BinaryCrossEntropy, vector, &above, Target::Itself),
        (pair, vector, &y, values(whole)),
        (
            pair,
            vector,
            &y,
            Target::Pair {
                other: short,
                same: true,
            },
        ),
        (
            triplet,
            vector,
            &y,
            Target::Triplet {
                positive: short,
                negative: whole,
            },
        ),
        (
            triplet,
            vector,
            &y,
            Target::Negative {
                positive: whole,
                anchor: short,
            },
        ),
        (
            triplet,
            vector,
            &y,
            Target::Pair {
                other: whole,
                same: true,
            },
        ),
        (memory, vector, &y, at(View::plain(&many), 0)),
        (memory, vector, &y, at(whole, 1)),
        (memory, vector, &y, at(View::plain(&[]), 0)),
        (Loss::NextToken, frames, &y, Target::Tokens(&[1])),
        (Loss::NextToken, frames, &y, Target::Tokens(&[1, 2])),
        (Loss::NextToken, frames, &[0.0, 2.0], Target::Itself),
        (Loss::NextToken, frames, &[0.0, 0.5], Target::Itself),
        (Loss::NextToken, frames, &[0.0, -1.0], Target::Itself),
        (Loss::NextToken, frames, &[0.0, f64::NAN], Target::Itself),
        (Loss::NextToken, frames, &y, Target::Itself),
        (Loss::NextToken, frames, &y, Target::Class(0)),
    ];
    for (loss, output, x, target) in none {
        assert_eq!(judge(*loss, *output, x, &y, *target), None, "{loss:?} {target:?}");
    }
    let fine: &[(Loss, Shape, &[f64], Target<'_, f64>)] = &[
        (Loss::NextToken, frames, &[0.0, 1.0], Target::Itself),
        (Loss::NextToken, frames, &y, Target::Tokens(&[1, 0])),
        (memory, vector, &y, at(whole, 0)),
        (
            triplet,
            vector,
            &y,
            Target::Negative {
                positive: whole,
                anchor: whole,
            },
        ),
    ];
    for (loss, output, x, target) in fine {
        assert!(
            judge(*loss, *output, x, &y, *target).is_some(),
            "{loss:?} {target:?}"
        );
    }
}

/// A firmware with one loss has no other.
#[test]
fn a_loss_outside_the_mask_gives_nothing() {
    let (y, mut dy) = ([0.5, 0.25], [0.0; 2]);
    const ONLY: u128 = Loss::MeanSquaredError.bit();
    for (loss, learns) in [(Loss::MeanSquaredError, true), (Loss::MeanAbsoluteError, false)] {
        let to = ViewMut {
            data: &mut dy,
            scale: (),
        };
        let judged = loss.gradient::<f64, ONLY>(
            Shape::vector(2),
            View::plain(&y),
            View::plain(&y),
            Target::Itself,
            to,
        );
        assert_eq!(judged.is_some(), learns);
    }
}

#[test]
fn settings_without_sense_are_refused() {
    let faults = [
        (Loss::Huber { delta: 0.0 }, true),
        (Loss::Huber { delta: f32::INFINITY }, true),
        (Loss::Huber { delta: 1.0 }, false),
        (Loss::Pair { margin: -1.0 }, true),
        (Loss::Triplet { margin: f32::NAN }, true),
        (Loss::Triplet { margin: 1.0 }, false),
        (Loss::InfoNce { temperature: 0.0 }, true),
        (Loss::InfoNce { temperature: 0.07 }, false),
        (Loss::NextToken, true),
        (
            Loss::WeightedCrossEntropy {
                smoothing: 1.1,
                weights: &[],
            },
            true,
        ),
        (
            Loss::WeightedCrossEntropy {
                smoothing: 0.1,
                weights: &[1.0],
            },
            true,
        ),
        (
            Loss::WeightedCrossEntropy {
                smoothing: 0.1,
                weights: &[1.0, -1.0, 1.0, 1.0, 1.0, 1.0],
            },
            true,
        ),
        (
            Loss::WeightedCrossEntropy {
                smoothing: 0.1,
                weights: WEIGHTS,
            },
            false,
        ),
    ];
    for (loss, wrong) in faults {
        assert_eq!(loss.fault(VECTOR).is_some(), wrong, "{loss:?}");
    }
    assert_eq!(Loss::NextToken.fault(Shape::series(3, 4)), None);
}

/// Fingerprints and masks hold them.
#[test]
fn codes_are_those_that_are_written_down() {
    let losses = [
        Loss::CrossEntropy,
        Loss::MeanSquaredError,
        Loss::WeightedCrossEntropy {
            smoothing: 0.0,
            weights: &[],
        },
        Loss::BinaryCrossEntropy,
        Loss::MeanAbsoluteError,
        Loss::Huber { delta: 1.0 },
        Loss::Pair { margin: 1.0 },
        Loss::Triplet { margin: 1.0 },
        Loss::InfoNce { temperature: 1.0 },
        Loss::NextToken,
    ];
    for (code, loss) in (0..).zip(losses) {
        assert_eq!((loss.code(), loss.bit()), (code, 1 << (96 + code)), "{loss:?}");
    }
}

/// Another setting is another model to a checkpoint.
#[test]
fn settings_are_part_of_the_fingerprint() {
    use crate::persist::Fingerprint;
    let weighted = |smoothing, weights| Loss::WeightedCrossEntropy { smoothing, weights };
    let losses = [
        weighted(0.1, &[]),
        weighted(0.2, &[]),
        weighted(0.1, &[1.0]),
        weighted(0.1, &[2.0]),
        Loss::Huber { delta: 1.0 },
        Loss::Huber { delta: 2.0 },
    ];
    let marks = losses.map(|loss| loss.mix(Fingerprint::new()));
    for (i, mark) in marks.iter().enumerate() {
        assert!(
            !marks[..i].contains(mark) && *mark != Fingerprint::new(),
            "{:?}",
            losses[i]
        );
    }
    assert_eq!(Loss::CrossEntropy.mix(Fingerprint::new()), Fingerprint::new());
}
