//! What a loss can ask of a number.
//!
//! Settings are `f32`, as they stand in a [`Loss`](crate::loss::Loss); a number rounds them to itself.

mod classes;
mod contrast;
mod values;

use super::Loops;
use crate::number::{Number, Scalar, View, ViewMut};

/// A loss's figure, and the peak of its gradient.
pub(crate) type Judged<N> = (<N as Number>::Scalar, <N as Number>::Peak);

/// Which member of a triplet the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Member {
    /// The one that is compared with the other two.
    Anchor,
    /// The one of the anchor's class.
    Positive,
    /// The one of another class.
    Negative,
}

/// The losses. Each returns its figure and writes its gradient by the output.
///
/// Slices that do not fit each other give a shorter result and never a panic;
/// [`Loss`](crate::loss::Loss) makes sure that they do fit. A number's
/// [`KINDS`](super::Kernel::KINDS) name those that it has; the bodies here belong to one that it has not.
pub trait Judge: Number {
    /// `L = ln Σ e^z − z[class]`, `dz = softmax(z) − onehot(class)`, shifted by the largest logit.
    fn softmax_cross_entropy(z: View<'_, Self>, class: usize, dz: ViewMut<'_, Self>) -> Judged<Self>;

    /// `L = (1/n) Σ (y − t)²`, `dy = (2/n) (y − t)`.
    fn mean_squared_error(y: View<'_, Self>, target: View<'_, Self>, dy: ViewMut<'_, Self>) -> Judged<Self>;

    /// `L = −Σ_k q[k] ln p[k]`, `dz = p Σ_k q[k] − q`, with `p = softmax(z)` and
    /// `q[k] = (1 − ε) w[k] [k = class] + (ε / K) w[k]`. No weights stand for ones.
    fn weighted_cross_entropy(
        _z: View<'_, Self>,
        _class: usize,
        _smoothing: f32,
        _weights: &[f32],
        _dz: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        Default::default()
    }

    /// `L = (1/T) Σ_t (ln Σ_o e^z[t][o] − z[t][token(t)])` over the `frames` first frames of `vocabulary` logits;
    /// the gradient of later frames is zero. `token` is only asked for those.
    fn next_token(
        _z: View<'_, Self>,
        _vocabulary: usize,
        _frames: usize,
        _token: impl Fn(usize) -> Option<usize>,
        _dz: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        Default::default()
    }

    /// `L = (1/n) Σ (max(z, 0) − z t + ln(1 + e^−|z|))`, `dz = (σ(z) − t) / n`.
    fn binary_cross_entropy(
        _z: View<'_, Self>,
        _target: View<'_, Self>,
        _dz: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        Default::default()
    }

    /// `L = (1/n) Σ |y − t|`, `dy = sign(y − t) / n`.
    fn mean_absolute_error(
        _y: View<'_, Self>,
        _target: View<'_, Self>,
        _dy: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        Default::default()
    }

    /// `L = (1/n) Σ h(y − t)` with `h(e) = e² / 2` for `|e| ≤ δ`, else `δ (|e| − δ / 2)`.
    fn huber(
        _y: View<'_, Self>,
        _target: View<'_, Self>,
        _delta: f32,
        _dy: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        Default::default()
    }

    /// `L = d² / 2` for the same, else `max(0, m − d)² / 2`, with `d = ‖y − other‖₂`.
    fn pair(
        _y: View<'_, Self>,
        _other: View<'_, Self>,
        _same: bool,
        _margin: f32,
        _dy: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        Default::default()
    }

    /// `L = max(0, d(a, p) − d(a, n) + m)`, `d(u, v) = ‖u − v + 10⁻⁶‖₂`; the gradient is that of `member`, which is
    /// also where the output stands among anchor, positive and negative.
    fn triplet(
        _members: [View<'_, Self>; 3],
        _member: Member,
        _margin: f32,
        _dy: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        Default::default()
    }

    /// `L = ln Σ_k e^s[k] − s[positive]`, `s[k] = ŷ · ê[k] / τ`, over the rows `e[k]` of `memory`, each as long as
    /// `y`; `v̂ = v / max(‖v‖₂, 10⁻¹²)`.
    fn info_nce(
        _y: View<'_, Self>,
        _memory: View<'_, Self>,
        _positive: usize,
        _temperature: f32,
        _dy: ViewMut<'_, Self>,
    ) -> Judged<Self> {
        Default::default()
    }
}

impl<F: Loops + Scalar> Judge for F {
    fn softmax_cross_entropy(z: View<'_, F>, class: usize, dz: ViewMut<'_, F>) -> Judged<F> {
        (classes::softmax_cross_entropy(z.data, class, dz.data), ())
    }

    fn weighted_cross_entropy(
        z: View<'_, F>,
        class: usize,
        smoothing: f32,
        weights: &[f32],
        dz: ViewMut<'_, F>,
    ) -> Judged<F> {
        let smoothing = F::from_f32(smoothing, ());
        (classes::weighted(z.data, class, smoothing, weights, dz.data), ())
    }

    fn next_token(
        z: View<'_, F>,
        vocabulary: usize,
        frames: usize,
        token: impl Fn(usize) -> Option<usize>,
        dz: ViewMut<'_, F>,
    ) -> Judged<F> {
        (
            classes::next_token(z.data, vocabulary, frames, token, dz.data),
            (),
        )
    }

    fn binary_cross_entropy(z: View<'_, F>, target: View<'_, F>, dz: ViewMut<'_, F>) -> Judged<F> {
        (values::binary_cross_entropy(z.data, target.data, dz.data), ())
    }

    fn mean_squared_error(y: View<'_, F>, target: View<'_, F>, dy: ViewMut<'_, F>) -> Judged<F> {
        (values::squared(y.data, target.data, dy.data), ())
    }

    fn mean_absolute_error(y: View<'_, F>, target: View<'_, F>, dy: ViewMut<'_, F>) -> Judged<F> {
        (values::absolute(y.data, target.data, dy.data), ())
    }

    fn huber(y: View<'_, F>, target: View<'_, F>, delta: f32, dy: ViewMut<'_, F>) -> Judged<F> {
        let delta = F::from_f32(delta, ());
        (values::huber(y.data, target.data, delta, dy.data), ())
    }

    fn pair(y: View<'_, F>, other: View<'_, F>, same: bool, margin: f32, dy: ViewMut<'_, F>) -> Judged<F> {
        let margin = F::from_f32(margin, ());
        (contrast::pair(y.data, other.data, same, margin, dy.data), ())
    }

    fn triplet(members: [View<'_, F>; 3], member: Member, margin: f32, dy: ViewMut<'_, F>) -> Judged<F> {
        let members = members.map(|view| view.data);
        (
            contrast::triplet(members, member, F::from_f32(margin, ()), dy.data),
            (),
        )
    }

    fn info_nce(
        y: View<'_, F>,
        memory: View<'_, F>,
        positive: usize,
        temperature: f32,
        dy: ViewMut<'_, F>,
    ) -> Judged<F> {
        let temperature = F::from_f32(temperature, ());
        (
            contrast::info_nce(y.data, memory.data, positive, temperature, dy.data),
            (),
        )
    }
}
