//! Losses against values.

use super::Target;
use crate::kernel::{Judged, Kernel};
use crate::number::{Element, Scale, View, ViewMut};

/// The values that the output should have, if there are as many.
fn values<'a, N: Kernel>(x: View<'a, N>, y: View<'_, N>, target: Target<'a, N>) -> Option<View<'a, N>> {
    let values = match target {
        Target::Itself => x,
        Target::Values(values) => values,
        _ => return None,
    };
    (values.data.len() == y.data.len()).then_some(values)
}

pub(super) fn squared<N: Kernel>(
    x: View<'_, N>,
    y: View<'_, N>,
    target: Target<'_, N>,
    dy: ViewMut<'_, N>,
) -> Option<Judged<N>> {
    Some(N::mean_squared_error(y, values(x, y, target)?, dy))
}

pub(super) fn absolute<N: Kernel>(
    x: View<'_, N>,
    y: View<'_, N>,
    target: Target<'_, N>,
    dy: ViewMut<'_, N>,
) -> Option<Judged<N>> {
    Some(N::mean_absolute_error(y, values(x, y, target)?, dy))
}

pub(super) fn huber<N: Kernel>(
    x: View<'_, N>,
    y: View<'_, N>,
    target: Target<'_, N>,
    delta: f32,
    dy: ViewMut<'_, N>,
) -> Option<Judged<N>> {
    Some(N::huber(y, values(x, y, target)?, delta, dy))
}

pub(super) fn binary<N: Kernel>(
    x: View<'_, N>,
    y: View<'_, N>,
    target: Target<'_, N>,
    dy: ViewMut<'_, N>,
) -> Option<Judged<N>> {
    if let Target::Class(class @ 0..=1) = target {
        let scale = Scale::<N>::default();
        let value = N::Elem::from_f32(if class == 1 { 1.0 } else { 0.0 }, scale);
        return (y.data.len() == 1).then(|| N::binary_cross_entropy(y, View::plain(&[value]), dy));
    }
    let target = values(x, y, target)?;
    // What is not a number passes, so that it is noticed as such.
    let outside = |value: &N::Elem| {
        let value = value.to_f32(target.scale);
        !value.is_nan() && !(0.0..=1.0).contains(&value)
    };
    let fits = !target.data.iter().any(outside);
    fits.then(|| N::binary_cross_entropy(y, target, dy))
}
