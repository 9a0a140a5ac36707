//! Contrastive losses: an embedding against others, which are constants of the call.

use super::Target;
use crate::kernel::{Judged, Kernel, Member};
use crate::number::{View, ViewMut};

pub(super) fn pair<N: Kernel>(
    y: View<'_, N>,
    target: Target<'_, N>,
    margin: f32,
    dy: ViewMut<'_, N>,
) -> Option<Judged<N>> {
    let Target::Pair { other, same } = target else {
        return None;
    };
    (other.data.len() == y.data.len()).then(|| N::pair(y, other, same, margin, dy))
}

pub(super) fn triplet<N: Kernel>(
    y: View<'_, N>,
    target: Target<'_, N>,
    margin: f32,
    dy: ViewMut<'_, N>,
) -> Option<Judged<N>> {
    let (members, member) = match target {
        Target::Triplet { positive, negative } => ([y, positive, negative], Member::Anchor),
        Target::Positive { anchor, negative } => ([anchor, y, negative], Member::Positive),
        Target::Negative { anchor, positive } => ([anchor, positive, y], Member::Negative),
        _ => return None,
    };
    let fits = members.iter().all(|member| member.data.len() == y.data.len());
    fits.then(|| N::triplet(members, member, margin, dy))
}

pub(super) fn info_nce<N: Kernel>(
    y: View<'_, N>,
    target: Target<'_, N>,
    temperature: f32,
    dy: ViewMut<'_, N>,
) -> Option<Judged<N>> {
    let Target::Memory { embeddings, positive } = target else {
        return None;
    };
    let count = embeddings.data.len().checked_div(y.data.len())?;
    let fits = positive < count && count * y.data.len() == embeddings.data.len();
    fits.then(|| N::info_nce(y, embeddings, positive, temperature, dy))
}
