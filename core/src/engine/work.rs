//! Tensors of the work region, found by the plan.

use crate::network::{Parameters, Shape, Slot};
use crate::number::{Number, Scale, cast, cast_mut};
use core::ops::Range;

/// Where a tensor lies in the work region, in bytes.
pub(super) fn span<N: Number>(offset: u32, shape: Shape) -> Range<usize> {
    let from = offset as usize;
    from..from + shape.len() * size_of::<N::Elem>()
}

/// A tensor to read.
pub(super) fn tensor<N: Number>(work: &[u8], span: Range<usize>) -> &[N::Elem] {
    work.get(span).map_or(&[], cast)
}

/// A tensor to write.
pub(super) fn tensor_mut<N: Number>(work: &mut [u8], span: Range<usize>) -> &mut [N::Elem] {
    work.get_mut(span).map_or(&mut [], cast_mut)
}

/// Two tensors, which the plan keeps apart: one to read, one to write.
pub(super) fn pair<N: Number>(
    work: &mut [u8],
    read: Range<usize>,
    write: Range<usize>,
) -> (&[N::Elem], &mut [N::Elem]) {
    match work.get_disjoint_mut([read, write]) {
        Ok([read, write]) => (cast(read), cast_mut(write)),
        Err(_) => (&[], &mut []),
    }
}

/// The scale that a track holds.
pub(super) fn scale<N: Number>(tracks: &[N::Track], track: u16) -> Scale<N> {
    N::scale(tracks.get(usize::from(track)))
}

/// A layer's parameters.
pub(super) fn parameters<'a, N: Number>(
    params: &'a [u8],
    tracks: &'a [N::Track],
    slot: &Slot,
) -> Parameters<'a, N> {
    let specs = slot.specs();
    let from = slot.params as usize;
    Parameters {
        bytes: params.get(from..from + specs.bytes::<N>()).unwrap_or(&[]),
        tracks: tracks.get(usize::from(slot.track) + 2..).unwrap_or(&[]),
        specs,
    }
}
