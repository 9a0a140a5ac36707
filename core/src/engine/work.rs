//! Tensors of the work region, found by the plan.

use crate::kernel::Kernel;
use crate::network::{MAX_PARAMS, Parameters, Plan, Shape, Slot, mode};
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

/// A layer's own tracks: of its output, of its output's gradient, of its parameters, of what it keeps to itself.
pub(super) fn all_tracks(slot: &Slot) -> Range<usize> {
    let to = param_track(slot, slot.tensors.count()) + usize::from(slot.inner);
    usize::from(slot.tracks)..to
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

/// A layer's frozen parameters, and what it may use of `scratch`. Where weights lie in flash as bytes they are unpacked
/// into the end of it, since kernels know no bytes.
pub(super) fn frozen<'a, N: Kernel, const USES: u128>(
    plan: &Plan,
    image: &'a [u8],
    slot: &Slot,
    scratch: &'a mut [u8],
) -> (&'a [u8], &'a mut [u8]) {
    let flash = image.get(slot.frozen as usize..).unwrap_or(&[]);
    if USES & mode::BYTES == 0 || plan.uses & mode::BYTES == 0 {
        return (flash, scratch);
    }
    let bytes = slot.tensors.unpacked_bytes::<N>();
    let own = scratch.len().saturating_sub(bytes);
    if bytes == 0 {
        return (flash, scratch);
    }
    let (scratch, room) = scratch.split_at_mut(own);
    unpack::<N>(slot, flash, room);
    (room, scratch)
}

/// Unpacks a layer's frozen tensors, as they would lie in flash where weights are no bytes.
#[inline(never)]
fn unpack<N: Number>(slot: &Slot, flash: &[u8], room: &mut [u8]) {
    let tensors = &slot.tensors;
    for tensor in (0..tensors.count()).filter(|tensor| !tensors.resident(*tensor)) {
        let from = flash.get(tensors.packed_span::<N>(tensor)).unwrap_or(&[]);
        let to = room.get_mut(tensors.span::<N>(tensor)).unwrap_or(&mut []);
        if tensors.weight(tensor) {
            unpack_weights::<N>(from, tensors.channels(tensor), cast_mut(to));
        } else {
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from;
            }
        }
    }
}

/// Unpacks weights, whose last dimension is `channels`, from a byte each, and the gain of each channel behind them.
pub(super) fn unpack_weights<N: Number>(packed: &[u8], channels: usize, weights: &mut [N::Elem]) {
    let Some((bytes, gains)) = packed.split_at_checked(weights.len()) else {
        return;
    };
    let rows = bytes.chunks(channels.max(1));
    for (to, row) in weights.chunks_mut(channels.max(1)).zip(rows) {
        for ((to, byte), gain) in to.iter_mut().zip(row).zip(gains) {
            *to = N::unpacked(*byte as i8, *gain);
        }
    }
}

/// A layer's parameters, from the parts of RAM and flash that begin with them, and their tracks.
pub(super) fn parameters<'a, N: Number>(
    ram: &'a [u8],
    flash: &'a [u8],
    tracks: &'a [N::Track],
    slot: &'a Slot,
) -> Parameters<'a, N> {
    Parameters {
        ram,
        flash,
        tracks,
        tensors: &slot.tensors,
    }
}
