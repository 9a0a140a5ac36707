//! Tensors of the work region, found by the plan.

use crate::network::{MAX_PARAMS, Parameters, Shape, Slot};
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

/// Copies of the tracks of a layer's parameter tensors. Nothing for floats.
pub(super) fn own_tracks<N: Number>(tracks: &[N::Track], slot: &Slot) -> [N::Track; MAX_PARAMS] {
    let first = param_track(slot, 0);
    core::array::from_fn(|index| tracks.get(first + index).copied().unwrap_or_default())
}

/// Index of the track of the layer's parameter tensor `index`.
pub(super) fn param_track(slot: &Slot, index: usize) -> usize {
    usize::from(slot.tracks) + 2 + index
}

/// The tracks of a layer's parameter tensors, and of the tensors that it keeps to itself, to write.
pub(super) fn tracks_mut<'t, N: Number>(
    tracks: &'t mut [N::Track],
    slot: &Slot,
) -> (&'t mut [N::Track], &'t mut [N::Track]) {
    let from = param_track(slot, 0);
    let params = slot.tensors.count();
    match tracks.get_mut(from..from + params + usize::from(slot.inner)) {
        Some(own) => own.split_at_mut_checked(params).unwrap_or_default(),
        None => Default::default(),
    }
}

/// A layer's parameters, from the part of the RAM that begins with them, and their tracks.
pub(super) fn parameters<'a, N: Number>(
    ram: &'a [u8],
    flash: &'a [u8],
    tracks: &'a [N::Track],
    slot: &'a Slot,
) -> Parameters<'a, N> {
    Parameters {
        ram,
        flash: flash.get(slot.frozen as usize..).unwrap_or(&[]),
        tracks,
        tensors: &slot.tensors,
    }
}
