//! A training step as a play of bytes: each byte of the work region knows which tensor it holds, and every read makes
//! sure that the tensor is still there.

use super::mathematics::Over;
use super::schedule::{Operation, Schedule, Tensor};
use kilograd::network::{Plan, Slot};
use std::ops::Range;

/// What is wrong with a plan.
pub type Fault = String;

/// What a byte holds: a tensor, and how many times that had been written to.
type Holds = Option<(Tensor, usize)>;

struct Play<'p> {
    plan: &'p Plan,
    schedule: &'p Schedule,
    bytes: Vec<Holds>,
    /// Tensors that have been written to, and how many times.
    written: Vec<(Tensor, usize)>,
}

/// Plays the operations of `schedule` at the places of `plan`.
///
/// # Errors
/// [`Fault`]: where the plan loses a tensor that is still needed, or has no room for it.
pub fn play(schedule: &Schedule, plan: &Plan) -> Result<(), Fault> {
    let mut play = Play {
        plan,
        schedule,
        bytes: vec![None; plan.regions.work],
        written: vec![],
    };
    for (at, operation) in schedule.operations.iter().enumerate() {
        play.run(operation)
            .map_err(|fault| format!("operation {at}: {fault}"))?;
    }
    Ok(())
}

/// Where `tensor` lies in the work region.
pub fn place(schedule: &Schedule, slots: &[Slot], tensor: Tensor) -> Range<usize> {
    let bytes = schedule.bytes(tensor);
    let from = |offset: u32, bytes: usize| offset as usize..offset as usize + bytes;
    match tensor {
        Tensor::Output(of) => from(slots[of].y, bytes),
        Tensor::Gradient(of) => from(slots[of].dy, bytes),
        Tensor::Kept(of) => slots[of].kept.range(),
        Tensor::Forward(of) => slots[of].scratch.range(),
        Tensor::Backward(of) => slots[of].backward_scratch.range(),
    }
}

impl Play<'_> {
    fn place(&self, tensor: Tensor) -> Range<usize> {
        place(self.schedule, self.plan.slots(), tensor)
    }

    fn times(&self, tensor: Tensor) -> usize {
        self.written
            .iter()
            .find(|(of, _)| *of == tensor)
            .map_or(0, |(_, times)| *times)
    }

    /// Whether the plan writes the output over the input.
    fn overwrites(&self, operation: &Operation) -> Result<bool, Fault> {
        // A layer knows from its slot whether it works in place.
        if let Some(Tensor::Output(of)) = operation.writes.last() {
            let claimed = self.plan.slots()[*of].in_place;
            let shares = operation
                .over
                .is_some_and(|(x, y)| self.place(x).start == self.place(y).start);
            // Of a tensor that is its own input there is nothing to be in place of.
            if claimed != shares {
                return Err(format!(
                    "layer {of} is in place or not, and its places say otherwise"
                ));
            }
            return Ok(shares);
        }
        // In the backward pass an elementwise layer changes the gradient where it lies.
        let Some((dy, dx)) = operation.over else {
            return Ok(false);
        };
        if !operation.inside {
            return Ok(false);
        }
        if self.place(dy) != self.place(dx) {
            return Err(format!(
                "{dx:?} must lie where {dy:?} lies, which is changed in its place"
            ));
        }
        Ok(true)
    }

    /// All that an operation reads must be there before it, and when it has written: it may read it at any time. So
    /// must all that it writes, when it is done.
    fn run(&mut self, operation: &Operation) -> Result<(), Fault> {
        let overwrites = self.overwrites(operation)?;
        operation
            .reads
            .iter()
            .try_for_each(|tensor| self.check(*tensor))?;
        for tensor in &operation.writes {
            self.write(*tensor, operation, overwrites)?;
        }
        let gone = operation.over.filter(|_| overwrites).map(|(from, _)| from);
        if let Some((from, to)) = operation.over.filter(|_| overwrites) {
            // What is written over may be longer than what is written: nothing else may lie there either.
            let from = self.place(from);
            let meets = |place: Range<usize>| place.start < from.end && from.start < place.end;
            let others = operation.writes.iter().filter(|tensor| **tensor != to);
            if let Some(other) = others.into_iter().find(|tensor| meets(self.place(**tensor))) {
                return Err(format!("{other:?} lies on what {to:?} is made of"));
            }
        }
        let reads = operation.reads.iter().filter(|tensor| Some(**tensor) != gone);
        reads
            .chain(&operation.writes)
            .try_for_each(|tensor| self.check(*tensor))
    }

    fn check(&self, tensor: Tensor) -> Result<(), Fault> {
        let place = self.place(tensor);
        let expected = Some((tensor, self.times(tensor)));
        let found = self.bytes.get(place.clone());
        let found = found.ok_or(format!("{tensor:?} lies outside: {place:?}"))?;
        match found.iter().find(|holds| **holds != expected) {
            None => Ok(()),
            Some(other) => Err(format!(
                "{tensor:?} at {place:?} should hold {expected:?} and holds {other:?}"
            )),
        }
    }

    fn write(&mut self, tensor: Tensor, operation: &Operation, overwrites: bool) -> Result<(), Fault> {
        let place = self.place(tensor);
        let mut needed = self.schedule.bytes(tensor);
        if let Tensor::Forward(of) = tensor
            && !overwrites
            && matches!(self.schedule.memory[of].over, Over::Aside(_))
        {
            needed = 0;
        }
        if place.len() < needed {
            return Err(format!("{tensor:?} needs {needed} bytes and has {}", place.len()));
        }
        if !place.start.is_multiple_of(4) {
            return Err(format!("{tensor:?} is not aligned: {place:?}"));
        }
        let times = self.times(tensor);
        // A first share clears, every other finds the sum so far, which was among the reads.
        let known = operation.reads.contains(&tensor);
        if (times == 0) == known && matches!(tensor, Tensor::Gradient(_)) {
            return Err(format!("{tensor:?} is written to for the first time or not"));
        }
        self.written.retain(|(of, _)| *of != tensor);
        self.written.push((tensor, times + 1));
        let bytes = self.bytes.get_mut(place.clone());
        bytes
            .ok_or(format!("{tensor:?} lies outside: {place:?}"))?
            .fill(Some((tensor, times + 1)));
        Ok(())
    }
}
