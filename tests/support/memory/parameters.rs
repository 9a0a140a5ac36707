//! How many parameters each layer kind has.

use super::Choice;
use kilograd::network::{Base, Layer, Shape};

/// Numbers of parameters, by what they are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Multiplied with activations.
    pub weights: usize,
    /// A gain of normalised values.
    pub gains: usize,
    /// Added.
    pub shifts: usize,
    /// Running means and variances.
    pub statistics: usize,
    /// Those beside which an adapter learns.
    pub fixed: usize,
}

impl Parameters {
    pub fn all(&self) -> usize {
        self.weights + self.gains + self.shifts + self.statistics + self.fixed
    }

    /// Those that a gradient moves.
    pub fn trained(&self, choice: Choice) -> usize {
        match choice {
            Choice::All => self.weights + self.gains + self.shifts,
            Choice::Biases => self.shifts,
            Choice::Nothing => 0,
        }
    }

    /// Those that lie in RAM; the others never change, so they lie in flash.
    pub fn resident(&self, choice: Choice) -> usize {
        match choice {
            Choice::All => self.all() - self.fixed,
            _ => self.trained(choice),
        }
    }
}

/// Channels of a position; a vector is one position.
pub(super) fn channels(shape: Shape) -> usize {
    usize::from(*shape.dims().last().unwrap())
}

fn area(kernel: &[u16]) -> usize {
    kernel.iter().map(|extent| usize::from(*extent)).product()
}

/// The layer that an adapter stands beside.
pub(super) fn fixed(base: &Base) -> Layer {
    match *base {
        Base::Dense(l) => Layer::Dense(l),
        Base::Conv1d(l) => Layer::Conv1d(l),
        Base::Conv2d(l) => Layer::Conv2d(l),
        Base::Transposed1d(l) => Layer::Transposed1d(l),
        Base::Transposed2d(l) => Layer::Transposed2d(l),
    }
}

/// Input channels of that layer; to a dense one every element is a channel.
pub(super) fn width(base: &Base, input: Shape) -> usize {
    match base {
        Base::Dense(_) => input.len(),
        _ => channels(input),
    }
}

/// The parameters of a layer.
pub fn parameters(layer: &Layer, input: Shape) -> Parameters {
    let inputs = channels(input);
    let affine = |weights: usize, shifts: usize| Parameters {
        weights,
        shifts,
        ..Parameters::default()
    };
    let matrix = |taps: usize, outputs: u16| affine(taps * inputs * usize::from(outputs), outputs.into());
    let gates = |hidden: u16, count: usize| {
        let hidden = usize::from(hidden);
        affine(count * hidden * (inputs + hidden), 2 * count * hidden)
    };
    let norm = |shifts, statistics| Parameters {
        gains: inputs,
        shifts,
        statistics,
        ..Parameters::default()
    };
    // Beside a matrix that stays as it is.
    let adapter = |base: Layer, weights: usize| Parameters {
        weights,
        fixed: parameters(&base, input).all(),
        ..Parameters::default()
    };
    let low_rank = |base: &Base, rank: u16| {
        let base = fixed(base);
        let of = parameters(&base, input);
        let (terms, outputs) = (of.weights / of.shifts, of.shifts);
        adapter(base, usize::from(rank) * (terms + outputs))
    };
    let sparse = |base: &Base, count: u16| {
        let (all, width) = (parameters(&fixed(base), input).weights, width(base, input));
        adapter(fixed(base), all / width * usize::from(count))
    };
    // A pair of factors beside the matrix of the input, and one beside that of the state.
    let recurrent = |base: Layer, hidden: u16, gates: usize, rank: u16| {
        let (hidden, rank) = (usize::from(hidden), usize::from(rank));
        adapter(base, rank * (inputs + hidden + 2 * gates * hidden))
    };
    let rows = |base: Layer, outputs: usize, count: u16| adapter(base, usize::from(count) * outputs);
    match layer {
        Layer::Dense(l) => affine(input.len() * usize::from(l.outputs), l.outputs.into()),
        Layer::Conv1d(l) => matrix(l.kernel.into(), l.channels),
        Layer::Conv2d(l) => matrix(area(&l.kernel), l.channels),
        Layer::Transposed1d(l) => matrix(area(&l.kernel), l.channels),
        Layer::Transposed2d(l) => matrix(area(&l.kernel), l.channels),
        Layer::Depthwise1d(l) => affine(area(&l.kernel) * inputs, inputs),
        Layer::Depthwise2d(l) => affine(area(&l.kernel) * inputs, inputs),
        Layer::BatchNorm(_) => norm(inputs, 2 * inputs),
        Layer::LayerNorm(_) | Layer::GroupNorm(_) => norm(inputs, 0),
        Layer::RmsNorm(_) => norm(0, 0),
        Layer::Embedding(l) => affine(usize::from(l.vocabulary) * usize::from(l.width), 0),
        Layer::Position(_) => affine(input.len(), 0),
        Layer::Attention(_) => affine(4 * inputs * inputs, 4 * inputs),
        Layer::LowRank(l) => low_rank(&l.base, l.rank),
        Layer::LowRankTransposed(l) => low_rank(&l.base, l.rank),
        Layer::Channels(l) => sparse(&l.base, l.count),
        Layer::ChannelsTransposed(l) => sparse(&l.base, l.count),
        Layer::ChannelsDepthwise1d(l) => rows(Layer::Depthwise1d(l.base), area(&l.base.kernel), l.count),
        Layer::ChannelsDepthwise2d(l) => rows(Layer::Depthwise2d(l.base), area(&l.base.kernel), l.count),
        Layer::LowRankRnn(l) => recurrent(Layer::Rnn(l.base), l.base.hidden, 1, l.rank),
        Layer::LowRankGru(l) => recurrent(Layer::Gru(l.base), l.base.hidden, 3, l.rank),
        Layer::LowRankLstm(l) => recurrent(Layer::Lstm(l.base), l.base.hidden, 4, l.rank),
        Layer::LowRankAttention(l) => adapter(Layer::Attention(l.base), 6 * inputs * usize::from(l.rank)),
        Layer::LowRankEmbedding(l) => {
            let sides = usize::from(l.base.vocabulary) + usize::from(l.base.width);
            adapter(Layer::Embedding(l.base), sides * usize::from(l.rank))
        }
        Layer::ChannelsRnn(l) => rows(Layer::Rnn(l.base), l.base.hidden.into(), l.count),
        Layer::ChannelsGru(l) => rows(Layer::Gru(l.base), 3 * usize::from(l.base.hidden), l.count),
        Layer::ChannelsLstm(l) => rows(Layer::Lstm(l.base), 4 * usize::from(l.base.hidden), l.count),
        Layer::ChannelsAttention(l) => rows(Layer::Attention(l.base), 3 * inputs, l.count),
        Layer::Rnn(l) => gates(l.hidden, 1),
        Layer::Gru(l) => gates(l.hidden, 3),
        Layer::Lstm(l) => gates(l.hidden, 4),
        _ => Parameters::default(),
    }
}
