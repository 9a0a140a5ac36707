//! Accuracy on held-out recordings.

use super::failed;
use super::model::{AXES, CLASSES, Learner, OPTIMIZER, PLAN, WIDTH};
use super::recordings::Recordings;
use crate::complaint::Failure;
use kilograd::engine::{Arena, Trainer};
use kilograd::evaluate::{Confusion, argmax};
use kilograd::number::View;
use kilograd::persist::{Fingerprint, Persist, Restore};
use kilograd::prepare::Standardizer;

/// 64-bit FNV-1a of the parameters.
pub fn hash(learner: &Learner<'_>) -> u64 {
    digest(learner.parameter_bytes())
}

/// The same of everything that the learner needs to go on: parameters, momentum, counters, random state.
pub fn state_hash(learner: &Learner<'_>) -> u64 {
    digest(&state(learner))
}

fn digest(bytes: &[u8]) -> u64 {
    let digest = bytes
        .iter()
        .fold(Fingerprint::new(), |digest, byte| digest.byte(*byte));
    digest.value()
}

fn state(learner: &Learner<'_>) -> Vec<u8> {
    let mut bytes = vec![0; learner.size()];
    learner.read(0, &mut bytes);
    bytes
}

/// Copies the learner's state and scores the copy: an examination does not touch the device.
///
/// # Errors
/// When the recordings do not fit the model.
pub fn examine(
    learner: &Learner<'_>,
    scaler: &Standardizer<AXES>,
    recordings: &Recordings,
) -> Result<Confusion<CLASSES>, Failure> {
    let mut memory = Box::new(Arena::<{ PLAN.bytes() }>::ZERO);
    let mut copy: Learner<'_> = Trainer::new(&PLAN, &mut memory, OPTIMIZER).map_err(failed)?;
    copy.write(0, &state(learner))
        .map_err(|_| failed("the learner's state does not decode"))?;
    let mut confusion = Confusion::new();
    let mut x = [0.0; WIDTH];
    for (values, class) in recordings.each() {
        scaler.apply(values, &mut x).map_err(failed)?;
        let scores = copy.infer(View::plain(&x));
        if let Some(predicted) = argmax(scores.data) {
            confusion.push(class.into(), predicted).map_err(failed)?;
        }
    }
    Ok(confusion)
}

/// The share of `recordings` that the learner names rightly.
///
/// # Errors
/// As [`examine`].
pub fn accuracy(
    learner: &Learner<'_>,
    scaler: &Standardizer<AXES>,
    recordings: &Recordings,
) -> Result<f32, Failure> {
    Ok(examine(learner, scaler, recordings)?.accuracy().unwrap_or(0.0))
}
