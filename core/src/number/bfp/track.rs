//! What is kept per tensor to choose its scale, and what went wrong with it.

use super::{Exponent, MANTISSA, START};

/// What is kept per tensor: six numbers of 16 bits, all zero before anything is known. [`Field`] names them.
pub type Track = [i16; 6];

/// Where a track keeps what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Field {
    /// The tensor's exponent, above −13, at which mantissas reach ±1.
    Exponent = 0,
    /// Of a parameter: its gradient's exponent.
    Gradient = 1,
    /// Of an activation: the largest magnitude in the present window, before saturation. Of a parameter:
    /// the exponent of its optimizer state.
    Window = 2,
    /// Of an activation: the running largest magnitude. Of a parameter: the largest magnitude of its
    /// gradient in the calibration, in bits.
    Running = 3,
    /// The lower half of a counter of 32 bits, set back when it is asked for. Of an activation it counts the elements that
    /// were saturated; of a parameter the updates that moved nothing although there was something to move it by.
    Count = 4,
    /// Its upper half.
    CountHigh = 5,
}

/// One field.
pub(crate) fn get(track: Option<&Track>, field: Field) -> i16 {
    track
        .and_then(|track| track.get(field as usize))
        .copied()
        .unwrap_or(0)
}

/// Sets one field.
pub(crate) fn set(track: Option<&mut Track>, field: Field, value: i32) {
    if let Some(to) = track.and_then(|track| track.get_mut(field as usize)) {
        *to = value.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
    }
}

/// Counts `more` of what goes wrong with a tensor: see [`Field::Count`].
pub(crate) fn count(track: Option<&mut Track>, more: u32) {
    if more > 0
        && let Some(track) = track
    {
        let sum = counted(track).saturating_add(more);
        let [.., low, high] = track;
        (*low, *high) = (sum as i16, (sum >> 16) as i16);
    }
}

/// What was counted.
pub(crate) fn counted(track: &Track) -> u32 {
    let half = |field| u32::from(get(Some(track), field) as u16);
    half(Field::Count) | half(Field::CountHigh) << 16
}

/// Counts from 0 again.
pub(crate) fn forget(track: &mut Track) {
    let [.., low, high] = track;
    (*low, *high) = (0, 0);
}

/// The exponent of a tensor; at first −13.
pub(crate) fn exponent(track: Option<&Track>) -> Exponent {
    Exponent(get(track, Field::Exponent).saturating_add(START))
}

/// Sets the exponent of a tensor.
pub(crate) fn set_exponent(track: Option<&mut Track>, exponent: i32) {
    set(track, Field::Exponent, exponent - i32::from(START));
}

/// The finest and the coarsest exponent.
pub(super) const EXPONENTS: core::ops::RangeInclusive<i32> = -60..=30;

/// Ends a window of an activation; `true` if its exponent moved.
///
/// `r ← max(window, r − r/16)`; coarser at once if `r` does not fit, finer by one bit if two are free.
/// After the calibration, which has seen one sample, two bits are left free for the next ones.
pub(crate) fn turn(track: &mut Track, at_once: bool) -> bool {
    if at_once {
        // A scale that is still arbitrary saturates, and nothing is wrong.
        forget(track);
    }
    let window = i32::from(get(Some(track), Field::Window));
    let running = i32::from(get(Some(track), Field::Running));
    if window == 0 && running == 0 {
        return false;
    }
    let before = i32::from(exponent(Some(track)).0);
    let mut scale = before;
    let mut peak = window.max(running - running / 16);
    while (peak > MANTISSA || at_once && 4 * peak > MANTISSA) && scale < *EXPONENTS.end() {
        peak >>= 1;
        scale += 1;
    }
    let room = if at_once { 16 } else { 4 };
    while peak > 0 && room * peak <= MANTISSA && scale > *EXPONENTS.start() {
        peak <<= 1;
        scale -= 1;
        if !at_once {
            break;
        }
    }
    set_exponent(Some(track), scale);
    set(Some(track), Field::Window, 0);
    // In a calibration the next round sees the same sample at its new scale.
    set(
        Some(track),
        Field::Running,
        if at_once && scale != before { 0 } else { peak },
    );
    scale != before
}
