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
    let bytes = learner.parameter_bytes().iter();
    bytes
        .fold(Fingerprint::new(), |digest, byte| digest.byte(*byte))
        .value()
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
    let mut bytes = vec![0; learner.size()];
    learner.read(0, &mut bytes);
    copy.write(0, &bytes)
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
