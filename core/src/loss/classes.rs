//! Losses against classes and tokens.

use super::Target;
use crate::kernel::{Judged, Kernel};
use crate::number::Shape;
use crate::number::{View, ViewMut};

/// The class, if it is one and the output has it.
fn class<N: Kernel>(y: View<'_, N>, target: Target<'_, N>) -> Option<usize> {
    match target {
        Target::Class(class) if class < y.data.len() => Some(class),
        _ => None,
    }
}

pub(super) fn plain<N: Kernel>(
    y: View<'_, N>,
    target: Target<'_, N>,
    dy: ViewMut<'_, N>,
) -> Option<Judged<N>> {
    Some(N::softmax_cross_entropy(y, class(y, target)?, dy))
}

pub(super) fn weighted<N: Kernel>(
    y: View<'_, N>,
    target: Target<'_, N>,
    smoothing: f32,
    weights: &[f32],
    dy: ViewMut<'_, N>,
) -> Option<Judged<N>> {
    Some(N::weighted_cross_entropy(
        y,
        class(y, target)?,
        smoothing,
        weights,
        dy,
    ))
}

pub(super) fn next_token<N: Kernel>(
    output: Shape,
    x: View<'_, N>,
    y: View<'_, N>,
    target: Target<'_, N>,
    dy: ViewMut<'_, N>,
) -> Option<Judged<N>> {
    let (length, vocabulary) = (output.dim(0), output.dim(1));
    // Asked for twice: all tokens have to fit before anything is learnt from one.
    let judge = |frames: usize, token: &dyn Fn(usize) -> Option<usize>, dy| {
        let fits = frames > 0 && (0..frames).all(|t| token(t).is_some_and(|token| token < vocabulary));
        fits.then(|| N::next_token(y, vocabulary, frames, token, dy))
    };
    match target {
        Target::Tokens(tokens) if tokens.len() == length => {
            judge(length, &|t| tokens.get(t).map(|token| usize::from(*token)), dy)
        }
        Target::Itself if x.data.len() == length => judge(
            length.saturating_sub(1),
            &|t| N::token(*x.data.get(t + 1)?, x.scale),
            dy,
        ),
        _ => None,
    }
}
