//! The operations of a training step or an inference: what each reads and writes.
//!
//! An operation is one layer forward, the loss, or one layer backward. Within it a layer is free in the order of its
//! work, so all that it reads and writes is there at once, but for what it may write over.

use super::mathematics::{Memory, Over, Wanted, memory};
use super::parameters::parameters;
use super::{Choice, Net};
use kilograd::network::{Plan, Shape};

/// A tensor of the work region, by the layer that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tensor {
    /// The output.
    Output(usize),
    /// The gradient of that output.
    Gradient(usize),
    /// What is kept from forward to backward besides.
    Kept(usize),
    /// What the forward step needs for itself.
    Forward(usize),
    /// What the backward step needs for itself.
    Backward(usize),
}

/// One operation.
#[derive(Debug, Clone, Default)]
pub struct Operation {
    /// When it happens: layer `i` of `L` goes forward at `i`, the loss is taken at `L`, layer `i` goes backward at
    /// `2L − i`.
    pub step: usize,
    pub reads: Vec<Tensor>,
    /// What is read too is added to.
    pub writes: Vec<Tensor>,
    /// The second may lie where the first lies, if nobody needs that later.
    pub over: Option<(Tensor, Tensor)>,
    /// It must: there is no other way.
    pub inside: bool,
}

/// What happens, in order, and how large everything is.
#[derive(Debug)]
pub struct Schedule {
    pub operations: Vec<Operation>,
    /// What each layer must remember.
    pub memory: Vec<Memory>,
    /// Elements of each output.
    elements: Vec<usize>,
    /// Bytes of an element.
    width: usize,
}

impl Schedule {
    /// The operations of a step of training, or of an inference, with elements of `width` bytes: what no plan can do
    /// without. Where bits are less than an output, they are kept from when nobody else reads the output.
    pub fn of(net: &Net, width: usize, train: bool) -> Self {
        Self::with(net, width, train, |_, memory, output| {
            memory.late = memory.gate > 0 && memory.gate < output * width;
            memory.late
        })
    }

    /// Those of a plan, which says where it keeps bits and where an output.
    pub fn planned(net: &Net, width: usize, train: bool, plan: &Plan) -> Self {
        Self::with(net, width, train, |layer, memory, _| {
            memory.gate > 0 && !plan.slots()[layer].reads_output
        })
    }

    /// `bits` chooses bits instead of an output: of a layer, by its number and the elements of its output.
    fn with(net: &Net, width: usize, train: bool, bits: impl Fn(usize, &mut Memory, usize) -> bool) -> Self {
        let (inputs, outputs) = (net.inputs(), net.outputs());
        let count = net.layers.len();
        let learns = learns(net, train);
        let wanted: Vec<Wanted> = (0..count)
            .map(|layer| wanted(net, layer, inputs[layer], &learns, train))
            .collect();
        let memory = (0..count)
            .map(|layer| {
                let mut memory = memory(net.layer(layer), inputs[layer], outputs[layer], wanted[layer]);
                if bits(layer, &mut memory, outputs[layer].len()) {
                    (memory.y, memory.bytes) = (false, memory.gate);
                }
                memory
            })
            .collect();
        let mut schedule = Self {
            operations: vec![],
            memory,
            elements: outputs.iter().map(|shape| shape.len()).collect(),
            width,
        };
        for layer in 0..count {
            schedule.forward(net, layer);
        }
        let output = Tensor::Output(count - 1);
        if train {
            let gradient = Tensor::Gradient(count - 1);
            schedule.push(count, vec![output], vec![gradient], None);
            let mut readers = vec![0; count];
            for layer in (0..count).rev() {
                if learns[layer] {
                    schedule.backward(net, layer, &learns, &mut readers);
                }
            }
        }
        // The caller reads the output when all is done.
        schedule.push(if train { 2 * count } else { count }, vec![output], vec![], None);
        schedule
    }

    /// Bytes of a tensor.
    pub fn bytes(&self, tensor: Tensor) -> usize {
        let elements = |elements: usize| elements * self.width;
        match tensor {
            Tensor::Output(of) | Tensor::Gradient(of) => elements(self.elements[of]),
            Tensor::Kept(of) => elements(self.memory[of].kept) + self.memory[of].bytes,
            Tensor::Forward(of) => elements(self.memory[of].forward) + self.aside(of),
            Tensor::Backward(of) => elements(self.memory[of].backward),
        }
    }

    fn aside(&self, of: usize) -> usize {
        match self.memory[of].over {
            Over::Aside(elements) => elements * self.width,
            _ => 0,
        }
    }

    fn push(&mut self, step: usize, reads: Vec<Tensor>, writes: Vec<Tensor>, over: Option<(Tensor, Tensor)>) {
        self.operations.push(Operation {
            step,
            reads,
            writes,
            over,
            inside: false,
        });
    }

    fn forward(&mut self, net: &Net, layer: usize) {
        let (x, y) = (net.below(layer).map(Tensor::Output), Tensor::Output(layer));
        let earlier = net.earlier(layer).flatten().map(Tensor::Output);
        let reads = x.into_iter().chain(earlier).collect();
        let over = x
            .filter(|_| self.memory[layer].over != Over::Never)
            .map(|x| (x, y));
        self.push(
            layer,
            reads,
            vec![Tensor::Kept(layer), Tensor::Forward(layer), y],
            over,
        );
    }

    fn backward(&mut self, net: &Net, layer: usize, learns: &[bool], readers: &mut [usize]) {
        let below = net.below(layer);
        let dy = Tensor::Gradient(layer);
        let mut reads = vec![dy, Tensor::Kept(layer)];
        let mut writes = vec![Tensor::Backward(layer)];
        if self.memory[layer].y {
            reads.push(Tensor::Output(layer));
        }
        if let Some(below) = below.filter(|_| self.memory[layer].x) {
            reads.push(Tensor::Output(below));
        }
        // de += …, then dx += …, if something trains at or below that output.
        let below = below.filter(|below| learns[*below]);
        let earlier = net.earlier(layer).flatten().filter(|earlier| learns[*earlier]);
        for of in earlier.into_iter().chain(below) {
            let gradient = Tensor::Gradient(of);
            if readers[of] > 0 {
                reads.push(gradient);
            }
            readers[of] += 1;
            writes.push(gradient);
        }
        let over = below
            .filter(|below| self.memory[layer].over == Over::Elementwise && readers[*below] == 1)
            .map(|below| (dy, Tensor::Gradient(below)));
        self.push(2 * net.layers.len() - layer, reads, writes, over);
        if let Some(operation) = self.operations.last_mut() {
            // Of an output further up others may read the gradient too, so it has room of its own.
            operation.inside = over.is_some() && below.map(|below| below + 1) == Some(layer);
        }
    }
}

/// Which outputs depend on something that trains, so that their gradient is needed.
fn learns(net: &Net, train: bool) -> Vec<bool> {
    let mut learns: Vec<bool> = vec![];
    for (layer, input) in net.inputs().into_iter().enumerate() {
        let trains = parameters(net.layer(layer), input).trained(net.choices[layer]) > 0;
        let mut reads = net.below(layer).into_iter().chain(net.earlier(layer).flatten());
        learns.push(train && (trains || reads.any(|of| learns[of])));
    }
    learns
}

/// What the backward pass wants of a layer: the gradient of its input if something trains there or below.
fn wanted(net: &Net, layer: usize, input: Shape, learns: &[bool], train: bool) -> Wanted {
    let own = parameters(net.layer(layer), input);
    let all = train && net.choices[layer] == Choice::All;
    Wanted {
        weights: all && own.weights > 0,
        gains: all && own.gains > 0,
        trains: train && own.trained(net.choices[layer]) > 0,
        passes: net.below(layer).is_some_and(|below| learns[below]),
    }
}
