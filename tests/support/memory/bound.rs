//! The least memory that training can need: what is alive at the busiest operation.

use super::Net;
use super::mathematics::Over;
use super::parameters::parameters;
use super::schedule::{Schedule, Tensor};

/// Bytes that no plan can do without, in the order of its regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    pub parameters: usize,
    /// None where the update is fused: each parameter can move as soon as its gradient is known.
    pub gradients: usize,
    pub state: usize,
    pub work: usize,
}

impl Bound {
    /// The bound of training with `slots` values of optimizer state per parameter, or of an inference. `kept`:
    /// gradients are summed over a batch, or clipped by their norm.
    pub fn of(net: &Net, width: usize, train: bool, kept: bool, slots: usize) -> Self {
        let inputs = net.inputs();
        let each = || {
            (0..net.layers.len())
                .map(|layer| (parameters(net.layer(layer), inputs[layer]), net.choices[layer]))
        };
        let resident: usize = each().map(|(own, choice)| own.resident(choice)).sum();
        let trained: usize = each().map(|(own, choice)| own.trained(choice)).sum();
        let trained = if train { trained } else { 0 };
        Self {
            parameters: resident * width,
            gradients: if kept { trained * width } else { 0 },
            state: trained * slots * width,
            work: work(&Schedule::of(net, width, train)),
        }
    }

    pub fn total(&self) -> usize {
        self.parameters + self.gradients + self.state + self.work
    }
}

/// When a tensor is needed: from the operation that writes it first to the last one that touches it.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    pub tensor: Tensor,
    pub first: usize,
    pub last: usize,
}

/// The lives of all tensors.
pub fn lives(schedule: &Schedule) -> Vec<Life> {
    let mut lives: Vec<Life> = vec![];
    for (at, operation) in schedule.operations.iter().enumerate() {
        for tensor in operation.writes.iter().chain(&operation.reads) {
            match lives.iter_mut().find(|life| life.tensor == *tensor) {
                Some(life) => life.last = at,
                None => lives.push(Life {
                    tensor: *tensor,
                    first: at,
                    last: at,
                }),
            }
        }
    }
    for layer in (0..schedule.memory.len()).filter(|layer| schedule.memory[*layer].late) {
        let of = |tensor| lives.iter().position(|life| life.tensor == tensor);
        if let (Some(y), Some(bits)) = (of(Tensor::Output(layer)), of(Tensor::Kept(layer))) {
            lives[bits].first = lives[y].last + 1;
        }
    }
    lives
}

/// Bytes alive at the busiest operation.
fn work(schedule: &Schedule) -> usize {
    let lives = lives(schedule);
    let operations = 0..schedule.operations.len();
    operations
        .map(|at| alive(schedule, &lives, at, true))
        .max()
        .unwrap_or(0)
}

/// Bytes alive at each step, of what outlives a step.
pub fn profile(schedule: &Schedule) -> Vec<(usize, usize)> {
    let lives = lives(schedule);
    let operations = schedule.operations.iter().enumerate();
    operations
        .map(|(at, operation)| (operation.step, alive(schedule, &lives, at, false)))
        .collect()
}

/// Bytes alive at operation `at`, with or without those that it alone needs. Where an output is written over an input
/// that nobody needs later, they are counted once; where that takes room to set something aside, whichever of both
/// ways is less.
fn alive(schedule: &Schedule, lives: &[Life], at: usize, scratch: bool) -> usize {
    let operation = &schedule.operations[at];
    let counts = |life: &&Life| {
        let own = matches!(life.tensor, Tensor::Forward(_) | Tensor::Backward(_));
        (life.first..=life.last).contains(&at) && (scratch || !own)
    };
    let all: usize = lives
        .iter()
        .filter(counts)
        .map(|life| schedule.bytes(life.tensor))
        .sum();
    let aside = operation.writes.iter().find_map(|tensor| match *tensor {
        Tensor::Forward(of) if scratch && matches!(schedule.memory[of].over, Over::Aside(_)) => {
            Some(schedule.bytes(*tensor))
        }
        _ => None,
    });
    let apart = all - aside.unwrap_or(0);
    let dies = |tensor| lives.iter().any(|life| life.tensor == tensor && life.last == at);
    match operation.over {
        Some((from, to)) if dies(from) => {
            // Of an output that is gone the bits are there, when all is written.
            let bits = match from {
                Tensor::Output(of) if schedule.memory[of].late => schedule.bytes(Tensor::Kept(of)),
                _ => 0,
            };
            apart.min(all + bits - schedule.bytes(from).min(schedule.bytes(to)))
        }
        _ => apart,
    }
}
