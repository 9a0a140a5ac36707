//! The model as a value: an input shape and a list of layers.

use super::layer::{Add, Concat, Dense, Input, Layer, Pointwise};
use super::{Param, Params, Role, Shape, Start};

/// How a layer's weights start. Biases start at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Init {
    /// [`He`](Self::He) if a relu follows, [`Glorot`](Self::Glorot) otherwise.
    Auto,
    /// Uniform within `±√(6 / fan_in)`. Source: He et al., Delving deep into rectifiers, 2015.
    He,
    /// Uniform within `±√(6 / (fan_in + fan_out))`. Source: Glorot and Bengio, 2010.
    Glorot,
    /// Uniform within `±√(3 / fan_in)`. Source: LeCun et al., Efficient backprop, 1998.
    LeCun,
}

impl Init {
    /// The bound of the uniform distribution that `param` is drawn from.
    pub(crate) const fn bound(self, param: &Param) -> f32 {
        let (numerator, fan) = match self {
            Self::He => (6.0, param.fan_in),
            Self::Auto | Self::Glorot => (6.0, param.fan_in + param.fan_out),
            Self::LeCun => (3.0, param.fan_in),
        };
        square_root(numerator / if fan == 0 { 1.0 } else { fan as f32 })
    }
}

/// The square root at build time, correctly rounded: Newton's iteration in double precision.
const fn square_root(x: f32) -> f32 {
    let x = x as f64;
    let mut root = if x > 1.0 { x } else { 1.0 };
    let mut i = 0;
    // From at most 2¹⁶ times too large it halves the excess, then doubles the digits.
    while i < 40 {
        root = 0.5 * (root + x / root);
        i += 1;
    }
    root as f32
}

/// Which of an entry's parameters are trained. The others lie in flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    Biases,
    /// All but so many tensors, which are the base's and come first.
    Adapter(u8),
    Nothing,
}

impl Part {
    /// A bit for each tensor of `params` that lies in RAM.
    pub(crate) const fn resident(self, params: &Params) -> u8 {
        match self {
            Self::All => u8::MAX,
            Self::Nothing => 0,
            Self::Adapter(base) => u8::MAX << base,
            Self::Biases => {
                let mut bits = 0;
                let mut i = 0;
                while i < params.len() {
                    if let Some(param) = params.get(i)
                        && matches!((param.role, param.start), (Role::Bias, Start::Zeros))
                    {
                        bits |= 1 << i;
                    }
                    i += 1;
                }
                bits
            }
        }
    }
}

/// One entry of a model: a layer, and how it takes part in training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    pub(crate) layer: Layer,
    pub(crate) part: Part,
    pub(crate) init: Init,
    /// How many places above its input is: 1 for the layer above.
    pub(crate) from: u8,
    pub(crate) again: bool,
    /// An option that the layer does not have was set. The planner reports it with the layer's number.
    pub(crate) fault: Option<&'static str>,
}

impl Entry {
    pub(super) const fn of(layer: Layer) -> Self {
        Self {
            layer,
            part: Part::All,
            init: Init::Auto,
            from: 1,
            again: false,
            fault: None,
        }
    }

    /// The layer itself.
    pub const fn layer(&self) -> &Layer {
        &self.layer
    }

    /// How the layer's weights start.
    pub const fn init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    /// Takes the layer's input from `back` places above, and not from the layer right above (which is 1): the
    /// beginning of a branch, which an [`add`] or a [`concat()`] joins with the other.
    pub const fn from(mut self, back: u8) -> Self {
        if back == 0 {
            self.fault = Some("cannot take its own output: 1 is the layer above");
        } else {
            self.from = back;
        }
        self
    }

    /// Does not keep the layer's output for the backward pass, but computes it again from its input when it is
    /// needed: less RAM, for one more forward step of the layer. Neighbours with this option are computed again
    /// together, from the last output above them that is kept. The results are the same to the bit.
    /// Source: Chen et al., Training deep nets with sublinear memory cost, 2016.
    pub const fn recompute(mut self) -> Self {
        self.again = true;
        self
    }

    /// How many places above the layer its input is: 1, unless it begins a branch.
    pub const fn reach(&self) -> u8 {
        self.from
    }

    /// Keeps the layer's parameters as they are. They stay in flash and cost no RAM, no gradient and no
    /// optimizer state, and the backward pass ends at the first layer that is not frozen.
    pub const fn frozen(mut self) -> Self {
        self.part = Part::Nothing;
        self
    }

    /// Trains all of the layer's parameters, which is so unless set otherwise. Of an adapter the base stays as it is all the
    /// same, since it has no gradient; but it lies in RAM, where it can be set and written from.
    pub const fn trained(mut self) -> Self {
        self.part = Part::All;
        self
    }

    /// Trains the layer's biases alone; its other parameters stay in flash.
    /// Source: Ben Zaken, Goldberg and Ravfogel, BitFit, 2022; Cai et al., TinyTL, 2020.
    pub const fn bias_only(mut self) -> Self {
        self.part = Part::Biases;
        self
    }
}

/// The sample, with a place in the arena: the first layer of a model, or none. See [`Input`].
pub const fn input() -> Entry {
    Entry::of(Layer::Input(Input))
}

/// A [`Dense`] layer with `outputs` outputs.
pub const fn dense(outputs: u16) -> Entry {
    Entry::of(Layer::Dense(Dense { outputs }))
}

/// `max(x, 0)`
pub const fn relu() -> Entry {
    Entry::of(Layer::Relu(Pointwise::new()))
}

/// `tanh x`
pub const fn tanh() -> Entry {
    Entry::of(Layer::Tanh(Pointwise::new()))
}

/// `1 / (1 + e^−x)`
pub const fn sigmoid() -> Entry {
    Entry::of(Layer::Sigmoid(Pointwise::new()))
}

/// The [sum](Add) with the output of the layer `back` places above.
pub const fn add(back: u8) -> Entry {
    Entry::of(Layer::Add(Add { back }))
}

/// The [join](Concat) with the channels of the output of the layer `back` places above.
pub const fn concat(back: u8) -> Entry {
    Entry::of(Layer::Concat(Concat { back }))
}

/// A model: the shape of its input, and its layers in order.
///
/// It is plain data: a `const` on a device, read from a file on a desktop, random in a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model<'a> {
    /// Shape of one sample.
    pub input: Shape,
    /// The layers, first to last.
    pub layers: &'a [Entry],
}

impl<'a> Model<'a> {
    /// A model of `layers` for samples of shape `input`. Whether it fits together is checked by the planner.
    pub const fn new(input: Shape, layers: &'a [Entry]) -> Self {
        Self { input, layers }
    }

    /// Number of layers, which is the length of its plan.
    pub const fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there is no layer.
    pub const fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::square_root;

    #[test]
    fn bounds_are_the_roots_of_a_chip() {
        for fan in 1..70_000_u32 {
            let x = 6.0 / fan as f32;
            assert_eq!(square_root(x).to_bits(), libm::sqrtf(x).to_bits(), "6/{fan}");
        }
    }
}
