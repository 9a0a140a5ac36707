//! What all normalisations by the values' own statistics share.

use super::{Backward, Forward, Room, Visit};
use crate::kernel::{Groups, Kernel, Running};
use crate::network::{Gradients, Param, Params, Shape, Start};
use crate::number::{Number, View, cast, cast_mut};

/// Channels, where a vector counts as one position: each of its elements is a channel of its own.
pub(super) const fn channels(input: Shape) -> usize {
    if input.rank() == 1 {
        input.len()
    } else {
        input.channels()
    }
}

/// Positions of that many channels.
pub(super) const fn positions_of(input: Shape) -> usize {
    ratio(input.len(), channels(input))
}

/// A quotient that cannot fail: this runs on the chip.
pub(super) const fn ratio(a: usize, b: usize) -> usize {
    match a.checked_div(b) {
        Some(ratio) => ratio,
        None => 0,
    }
}

/// A gain for each channel.
pub(super) const fn gain(input: Shape) -> Params {
    let shape = Shape::vector(channels(input) as u16);
    Params::NONE.with(Param::bias("weight", shape, Start::Ones))
}

/// A gain and a shift for each channel.
pub(super) const fn gain_and_shift(input: Shape) -> Params {
    let shape = Shape::vector(channels(input) as u16);
    gain(input).with(Param::bias("bias", shape, Start::Zeros))
}

/// The channels of each position are a group.
pub(super) const fn positions(input: Shape, centred: bool) -> Groups {
    let channels = channels(input);
    Groups {
        count: positions_of(input),
        runs: 1,
        width: channels,
        step: channels,
        gains: 0,
        centred,
    }
}

/// So many channels are a group, over all positions.
pub(super) const fn spans(input: Shape, width: usize) -> Groups {
    let channels = channels(input);
    Groups {
        count: ratio(channels, width),
        runs: positions_of(input),
        width,
        step: channels,
        gains: width,
        centred: true,
    }
}

/// The normalised values, and, where the gradient of the input is needed, one scale per group.
pub(super) const fn room<N: Number>(input: Shape, count: usize, visit: Visit) -> Room {
    let elements = if visit.passes {
        input.len() + count
    } else if visit.weighs {
        input.len()
    } else {
        0
    };
    Room {
        kept: elements * size_of::<N::Elem>(),
        ..Room::NONE
    }
}

pub(super) fn forward<N: Kernel>(ports: Forward<'_, N>, groups: Groups, momentum: Option<f32>) -> N::Peak {
    let Forward {
        p,
        x,
        y,
        kept,
        statistics,
        ..
    } = ports;
    let kept = cast_mut::<N::Elem>(kept);
    let kept = kept.split_at_mut_checked(y.data.len()).unwrap_or_default();
    let running = momentum.map(|momentum| {
        let (mean, variance) = statistics.split_at_mut_checked(groups.count).unwrap_or_default();
        Running {
            mean,
            variance,
            momentum,
        }
    });
    N::normalise(y, x.scale, (p.bias(0), p.bias(1)), groups, kept, running)
}

pub(super) fn backward<N: Kernel>(ports: Backward<'_, N>, groups: Groups) -> N::Peak {
    let Backward {
        input,
        p,
        mut dp,
        dy,
        dx,
        kept,
        ..
    } = ports;
    let Some(dx) = dx else {
        return N::Peak::default();
    };
    let kept = cast::<N::Elem>(kept).split_at_checked(input.len());
    let (normalised, inverse) = kept.unwrap_or_default();
    parameters(
        &mut dp,
        View {
            data: &*dx.data,
            scale: dy.scale,
        },
        normalised,
    );
    N::normalise_gradient(dx, dy.scale, p.bias(0), groups, (normalised, inverse))
}

/// The gradients of gain and shift.
pub(super) fn parameters<N: Kernel>(dp: &mut Gradients<'_, N>, dy: View<'_, N>, normalised: &[N::Elem]) {
    let fresh = dp.fresh;
    if let Some(dgain) = dp.tensor(0) {
        N::gain_gradient(dy, normalised, dgain, fresh);
    }
    if let Some(dshift) = dp.tensor(1) {
        N::affine_bias(dy, dshift, fresh);
    }
}
