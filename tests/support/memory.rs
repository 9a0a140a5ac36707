//! A training step as a play of bytes: each byte of the work region knows which tensor it holds, and
//! every read makes sure that the tensor is still there.
//!
//! What a step reads and writes follows from the mathematics of each layer, written down here anew.
//! Of the plan only the places of the tensors are used, and nothing of how it found them.

use crate::random_model::RandomModel;
use kilograd::network::{Layer, Plan};
use std::ops::Range;

/// What a byte holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Nothing,
    /// The output of a layer.
    Output(usize),
    /// The gradient of an output, and the readers of that output (by their bits) that have added their share.
    Gradient(usize, u64),
}

/// A tensor of the work region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buffer {
    /// The output of a layer.
    Output(usize),
    /// The gradient of that output.
    Gradient(usize),
}

/// How long a tensor is needed: from the operation that writes it first to the last one that reads it.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// Which one.
    pub buffer: Buffer,
    /// Its size in bytes.
    pub bytes: usize,
    /// The first operation.
    pub first: usize,
    /// The last operation.
    pub last: usize,
}

/// The play.
pub struct Play<'p> {
    plan: &'p Plan,
    model: &'p RandomModel,
    /// Bytes of one element.
    width: usize,
    bytes: Vec<Holds>,
    operation: usize,
    lives: Vec<Life>,
    /// Readers that have added their share to each gradient.
    summed: Vec<u64>,
    /// Bytes that an operation may put where it found others: it is counted once.
    in_place: Vec<(usize, usize)>,
}

/// What is wrong with a plan.
pub type Fault = String;

/// The share of the loss in the gradient of the last output.
const LOSS: u64 = 1 << 63;

impl<'p> Play<'p> {
    /// Plays one training step, or one inference, of a planned model whose elements are `width` bytes.
    ///
    /// # Errors
    /// [`Fault`]: where the plan loses a tensor that is still needed.
    pub fn run(model: &'p RandomModel, plan: &'p Plan, width: usize, train: bool) -> Result<Self, Fault> {
        let mut play = Self {
            plan,
            model,
            width,
            bytes: vec![Holds::Nothing; plan.regions.work],
            operation: 0,
            lives: vec![],
            summed: vec![0; model.layers.len()],
            in_place: vec![],
        };
        let last = model.layers.len() - 1;
        for layer in 0..=last {
            play.forward(layer)?;
        }
        if train {
            // loss: dy = dL/dy
            play.operation += 1;
            play.write(Buffer::Gradient(last), Holds::Gradient(last, LOSS))?;
            play.summed[last] = LOSS;
            play.output(last)?;
            for layer in (0..=last).rev() {
                play.backward(layer)?;
            }
        }
        // The caller reads the output when all is done.
        play.operation += 1;
        play.output(last)?;
        Ok(play)
    }

    /// When each tensor was needed.
    pub fn lives(&self) -> &[Life] {
        &self.lives
    }

    /// No memory that holds the tensors can be smaller: what is needed at the busiest operation.
    pub fn least(&self) -> usize {
        let busy = |operation| {
            let alive = self
                .lives
                .iter()
                .filter(|life| (life.first..=life.last).contains(&operation));
            let twice = self.in_place.iter().filter(|(at, _)| *at == operation);
            alive.map(|life| life.bytes).sum::<usize>() - twice.map(|(_, bytes)| bytes).sum::<usize>()
        };
        (1..=self.operation).map(busy).max().unwrap_or(0)
    }

    fn layer(&self, layer: usize) -> Layer {
        *self.model.layers[layer].layer()
    }

    /// Whether the layer has parameters that are trained.
    fn trains(&self, layer: usize) -> bool {
        matches!(self.layer(layer), Layer::Dense(_) | Layer::Conv1d(_)) && !self.model.frozen[layer]
    }

    /// Whether anybody needs the gradient of a layer's output: something at or below it is trained.
    fn wanted(&self, layer: usize) -> bool {
        (0..=layer).any(|below| self.trains(below))
    }

    /// The earlier output that an add reads; none when that is the model's input.
    fn earlier(&self, layer: usize) -> Option<usize> {
        match self.layer(layer) {
            Layer::Add(add) => layer.checked_sub(usize::from(add.back)),
            _ => None,
        }
    }

    /// Whether `y` may be written over `x`, element by element.
    fn overwrites(&self, layer: usize) -> bool {
        matches!(
            self.layer(layer),
            Layer::Relu(_) | Layer::Tanh(_) | Layer::Sigmoid(_) | Layer::Add(_)
        )
    }

    /// All that contribute to the gradient of an output: the layers that read it, and the loss.
    fn readers(&self, of: usize) -> u64 {
        let count = self.model.layers.len();
        let adds = (of + 1..count).filter(|reader| self.earlier(*reader) == Some(of));
        let next = if of + 1 < count { 1 << (of + 1) } else { LOSS };
        adds.fold(next, |readers, reader| readers | 1 << reader)
    }

    fn elements(&self, output: usize) -> usize {
        let mut shape = self.model.input;
        for layer in &self.model.layers[..=output] {
            shape = layer.layer().output(shape).unwrap();
        }
        shape.len()
    }

    fn place(&self, buffer: Buffer) -> Range<usize> {
        let (offset, of) = match buffer {
            Buffer::Output(of) => (self.plan.slots()[of].y, of),
            Buffer::Gradient(of) => (self.plan.slots()[of].dy, of),
        };
        offset as usize..offset as usize + self.elements(of) * self.width
    }

    fn touch(&mut self, buffer: Buffer) {
        let (operation, bytes) = (self.operation, self.place(buffer).len());
        match self.lives.iter_mut().find(|life| life.buffer == buffer) {
            Some(life) => life.last = operation,
            None => self.lives.push(Life {
                buffer,
                bytes,
                first: operation,
                last: operation,
            }),
        }
    }

    fn read(&mut self, buffer: Buffer, expected: Holds) -> Result<(), Fault> {
        self.touch(buffer);
        let place = self.place(buffer);
        let found = self
            .bytes
            .get(place.clone())
            .ok_or(format!("{buffer:?} lies outside: {place:?}"))?;
        match found.iter().find(|holds| **holds != expected) {
            None => Ok(()),
            Some(other) => Err(format!(
                "operation {} reads {buffer:?} at {place:?}, which must hold {expected:?} and holds {other:?}",
                self.operation
            )),
        }
    }

    fn write(&mut self, buffer: Buffer, holds: Holds) -> Result<(), Fault> {
        self.touch(buffer);
        let place = self.place(buffer);
        if !place.start.is_multiple_of(self.width) {
            return Err(format!("{buffer:?} is not aligned: {place:?}"));
        }
        let bytes = self
            .bytes
            .get_mut(place.clone())
            .ok_or(format!("{buffer:?} lies outside: {place:?}"))?;
        bytes.fill(holds);
        Ok(())
    }

    fn output(&mut self, of: usize) -> Result<(), Fault> {
        self.read(Buffer::Output(of), Holds::Output(of))
    }

    /// What an operation reads must be there when it has written: it may read it at any time.
    fn forward(&mut self, layer: usize) -> Result<(), Fault> {
        self.operation += 1;
        let below = layer.checked_sub(1);
        if let Some(below) = below {
            self.output(below)?;
        }
        let (x, y) = (below.map(Buffer::Output), Buffer::Output(layer));
        let shares = x.is_some_and(|x| self.place(x) == self.place(y)) && self.overwrites(layer);
        if self.plan.slots()[layer].in_place != shares {
            return Err(format!(
                "layer {layer} is in place or not, and its places say otherwise"
            ));
        }
        self.write(y, Holds::Output(layer))?;
        if shares {
            self.in_place.push((self.operation, self.place(y).len()));
        } else if let Some(below) = below {
            self.output(below)?;
        }
        match self.earlier(layer) {
            Some(earlier) => self.output(earlier),
            None => Ok(()),
        }
    }

    fn backward(&mut self, layer: usize) -> Result<(), Fault> {
        if !self.wanted(layer) {
            return Ok(());
        }
        let complete = Holds::Gradient(layer, self.readers(layer));
        self.operation += 1;
        self.read(Buffer::Gradient(layer), complete)?;
        self.inputs(layer)?;
        let Some(below) = layer.checked_sub(1).filter(|below| self.wanted(*below)) else {
            return Ok(());
        };
        if let Some(earlier) = self.earlier(layer).filter(|earlier| self.wanted(*earlier)) {
            // de += dy
            self.contribute(layer, earlier)?;
            self.read(Buffer::Gradient(layer), complete)?;
        }
        let (dy, dx) = (
            self.place(Buffer::Gradient(layer)),
            self.place(Buffer::Gradient(below)),
        );
        // The gradient may be changed where it lies if nobody else adds to the one below.
        let shares = self.overwrites(layer) && self.readers(below) == 1 << layer;
        if (dy == dx) != shares {
            return Err(format!(
                "the gradients of layer {layer} share memory or do not, and must not or must"
            ));
        }
        self.contribute(layer, below)?;
        // A layer is free in the order of its work.
        self.inputs(layer)?;
        if shares {
            self.in_place.push((self.operation, dy.len()));
            return Ok(());
        }
        self.read(Buffer::Gradient(layer), complete)
    }

    /// What a layer's gradients are made of, beside the gradient of its output.
    fn inputs(&mut self, layer: usize) -> Result<(), Fault> {
        match self.layer(layer) {
            // dw = x dyᵀ
            Layer::Dense(_) | Layer::Conv1d(_) if self.trains(layer) && layer > 0 => self.output(layer - 1),
            // dx = dy · f′, from the output
            Layer::Relu(_) | Layer::Tanh(_) | Layer::Sigmoid(_) if layer > 0 && self.wanted(layer - 1) => {
                self.output(layer)
            }
            _ => Ok(()),
        }
    }

    /// Adds the share of `reader` to the gradient of output `of`: the first one finds nothing, and
    /// every other the sum so far.
    fn contribute(&mut self, reader: usize, of: usize) -> Result<(), Fault> {
        let so_far = self.summed[of];
        if so_far != 0 {
            self.read(Buffer::Gradient(of), Holds::Gradient(of, so_far))?;
        }
        self.summed[of] |= 1 << reader;
        self.write(Buffer::Gradient(of), Holds::Gradient(of, self.summed[of]))
    }
}
