//! What the formulas of each layer kind read and must remember.

use super::parameters::{channels, width};
use super::windows::Window;
use kilograd::network::{Layer, Shape};

/// What the backward pass wants of a layer.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The gradient of what is multiplied with activations.
    pub weights: bool,
    /// That of the gain.
    pub gains: bool,
    /// That of anything.
    pub trains: bool,
    /// That of the input.
    pub passes: bool,
}

/// Whether an output may be written over the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Never,
    /// Element by element, and in the backward pass the gradient likewise.
    Elementwise,
    /// Forward only, with so many elements set aside.
    Aside(usize),
}

/// What a layer's formulas say. What they do not need is not here.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    pub over: Over,
    /// The backward pass reads the input.
    pub x: bool,
    /// It reads the output.
    pub y: bool,
    /// Bytes that say all that it reads of the output; 0 if only the output does.
    pub gate: usize,
    /// Those bytes need not be kept before the output is lost.
    pub late: bool,
    /// Elements that it reads besides.
    pub kept: usize,
    /// Bytes that it reads besides.
    pub bytes: usize,
    /// Elements that the forward step needs for itself.
    pub forward: usize,
    /// Elements of state that pass from frame to frame backward.
    pub backward: usize,
}

const PLAIN: Memory = Memory {
    over: Over::Never,
    x: false,
    y: false,
    gate: 0,
    late: false,
    kept: 0,
    bytes: 0,
    forward: 0,
    backward: 0,
};

/// What a layer must remember.
pub fn memory(layer: &Layer, input: Shape, output: Shape, wanted: Wanted) -> Memory {
    let Wanted {
        weights,
        gains,
        trains,
        passes,
    } = wanted;
    let visited = trains || passes;
    let elementwise = Memory {
        over: Over::Elementwise,
        ..PLAIN
    };
    // dw = Σ x dyᵀ reads the input; dx and db do not.
    let affine = Memory { x: weights, ..PLAIN };
    // A series has no columns to pad.
    let image = u16::from(input.rank() == 3);
    let slides = |kernel: [u16; 2], stride: u16, padding: u16, dilation: u16| {
        let window = Window {
            kernel: kernel.map(usize::from),
            stride: stride.into(),
            padding: [padding, padding * image].map(usize::from),
            dilation: dilation.into(),
        };
        match window.aside(input, output) {
            Some(pixels) if !visited => Over::Aside(pixels * channels(input)),
            _ => Over::Never,
        }
    };
    let pixel = |alone: bool| match alone && !visited {
        // Every output of a position reads every input of it.
        true => Over::Aside(channels(input)),
        false => Over::Never,
    };
    let square = |size: u16| if image == 1 { [size; 2] } else { [size, 1] };
    let (length, positions) = (input.len(), input.len() / channels(input));
    // dx reads the normalised values and one scale per group, dgain the normalised values.
    let normalised = |groups: usize| match (gains, passes) {
        (_, true) => length + groups,
        (true, false) => length,
        (false, false) => 0,
    };
    let frames = input.dim(0);
    // dU = Σ h dyᵀ, for each position; an inference needs h of one.
    let factors = |rank: u16| {
        let (rank, positions) = (usize::from(rank), output.len() / channels(output));
        Memory {
            kept: if trains { positions * rank } else { 0 },
            forward: if trains { 0 } else { rank },
            ..affine
        }
    };
    // dV = Σ z dyᵀ reads the chosen channels of the input alone.
    let chosen = |width: usize, count: u16| Memory {
        kept: if trains {
            length / width * usize::from(count)
        } else {
            0
        },
        ..PLAIN
    };
    let base = |layer: Layer| memory(&layer, input, output, wanted);
    let with_factors = |layer: Layer, rank: u16| {
        let (base, row) = (base(layer), usize::from(rank));
        Memory {
            forward: base.forward + row,
            backward: base.backward + if visited { row } else { 0 },
            ..base
        }
    };
    let with_chosen = |layer: Layer, count: u16| {
        let (base, z) = (base(layer), chosen(channels(input), count));
        Memory {
            x: false,
            kept: base.kept + z.kept,
            ..base
        }
    };
    match layer {
        Layer::Dense(_) | Layer::Transposed1d(_) | Layer::Transposed2d(_) | Layer::Embedding(_) => affine,
        Layer::Conv1d(l) => {
            let alone = (l.kernel, l.stride, l.padding) == (1, 1, 0);
            Memory {
                over: pixel(alone),
                ..affine
            }
        }
        Layer::Conv2d(l) => {
            let alone = (l.kernel, l.stride, l.padding) == ([1, 1], 1, [0, 0]);
            let window = Window {
                kernel: l.kernel.map(usize::from),
                stride: l.stride.into(),
                padding: l.padding.map(usize::from),
                dilation: l.dilation.into(),
            };
            let over = match window.rows_aside(input, output) {
                Some(pixels) if !visited && !alone => Over::Aside(pixels * channels(input)),
                _ => pixel(alone),
            };
            Memory { over, ..affine }
        }
        Layer::LowRank(l) => factors(l.rank),
        Layer::LowRankTransposed(l) => factors(l.rank),
        Layer::Channels(l) => chosen(width(&l.base, input), l.count),
        Layer::ChannelsTransposed(l) => chosen(channels(input), l.count),
        Layer::ChannelsDepthwise1d(l) => chosen(channels(input), l.count),
        Layer::ChannelsDepthwise2d(l) => chosen(channels(input), l.count),
        // h is made again of the input, a row at a time.
        Layer::LowRankRnn(l) => with_factors(Layer::Rnn(l.base), l.rank),
        Layer::LowRankGru(l) => with_factors(Layer::Gru(l.base), l.rank),
        Layer::LowRankLstm(l) => with_factors(Layer::Lstm(l.base), l.rank),
        Layer::LowRankAttention(l) => with_factors(Layer::Attention(l.base), l.rank),
        Layer::LowRankEmbedding(l) => with_factors(Layer::Embedding(l.base), l.rank),
        Layer::ChannelsRnn(l) => with_chosen(Layer::Rnn(l.base), l.count),
        Layer::ChannelsGru(l) => with_chosen(Layer::Gru(l.base), l.count),
        Layer::ChannelsLstm(l) => with_chosen(Layer::Lstm(l.base), l.count),
        Layer::ChannelsAttention(l) => with_chosen(Layer::Attention(l.base), l.count),
        Layer::Depthwise1d(l) => {
            let over = slides([l.kernel[0], 1], l.stride, l.padding, l.dilation);
            Memory { over, ..affine }
        }
        Layer::Depthwise2d(l) => {
            let over = slides(l.kernel, l.stride, l.padding, l.dilation);
            Memory { over, ..affine }
        }
        // The slope is 0 or 1, and follows from the output or is a bit of each element.
        Layer::Relu(_) | Layer::Relu6(_) => Memory {
            y: passes,
            gate: if passes { length.div_ceil(8) } else { 0 },
            ..elementwise
        },
        // The slope follows from the output.
        Layer::Tanh(_) | Layer::Sigmoid(_) => Memory {
            y: passes,
            ..elementwise
        },
        Layer::LeakyRelu(_) | Layer::Elu(_) | Layer::Softmax(_) => Memory {
            y: passes,
            ..elementwise
        },
        // It does not: the slope, or the input, is remembered.
        Layer::Gelu(_) | Layer::Silu(_) => Memory {
            kept: if passes { length } else { 0 },
            ..elementwise
        },
        // The state of the generator before the mask was drawn.
        Layer::Dropout(_) => Memory {
            bytes: if passes { 16 } else { 0 },
            ..elementwise
        },
        Layer::Position(_) | Layer::Add(_) | Layer::Reshape(_) | Layer::Flatten(_) => elementwise,
        // By running statistics dx is dy times a constant.
        Layer::BatchNorm(l) if l.per_sample && gains => Memory {
            kept: normalised(channels(input)),
            ..elementwise
        },
        Layer::BatchNorm(_) => Memory {
            kept: if gains { length } else { 0 },
            ..elementwise
        },
        Layer::LayerNorm(_) | Layer::RmsNorm(_) => Memory {
            kept: normalised(positions),
            ..elementwise
        },
        Layer::GroupNorm(l) => {
            let groups = l.groups.map_or(channels(input), usize::from);
            Memory {
                kept: normalised(groups),
                ..elementwise
            }
        }
        // Which tap it was, in a byte.
        Layer::MaxPool(l) => Memory {
            over: slides(square(l.size), l.stride, l.padding, 1),
            bytes: if passes { output.len() } else { 0 },
            ..PLAIN
        },
        Layer::AveragePool(l) => Memory {
            over: slides(square(l.size), l.stride, l.padding, 1),
            ..PLAIN
        },
        Layer::GlobalMax(_) => {
            let index = if positions > 256 { 2 } else { 1 };
            Memory {
                bytes: if passes { output.len() * index } else { 0 },
                ..PLAIN
            }
        }
        Layer::GlobalAverage(_) | Layer::Upsample(_) | Layer::Last(_) | Layer::Concat(_) => PLAIN,
        // The sample itself, where the model's first layer is its place.
        Layer::Input(_) => PLAIN,
        // q, k, v, o and the probabilities; without a backward pass k and v, a row of scores and one of o.
        Layer::Attention(l) => {
            let pairs = if l.causal {
                frames * (frames + 1) / 2
            } else {
                frames * frames
            };
            match visited {
                true => Memory {
                    kept: 4 * length + usize::from(l.heads) * pairs,
                    ..affine
                },
                false => Memory {
                    forward: 2 * length + frames + channels(input),
                    ..PLAIN
                },
            }
        }
        // 1 − y² is in every gradient, y[t − 1] in that of the state's weights.
        Layer::Rnn(_) => Memory { y: visited, ..affine },
        // r, z, n and the state's part of n of each frame, or of one if no backward pass comes; y[t − 1] is in the
        // gradient of z.
        Layer::Gru(l) => match visited {
            true => Memory {
                y: true,
                kept: 4 * output.len(),
                ..affine
            },
            false => Memory {
                forward: 4 * usize::from(l.hidden),
                ..PLAIN
            },
        },
        // i, f, g, o and c likewise. The gradient of the cell passes from frame to frame.
        Layer::Lstm(l) => {
            let cell = usize::from(l.hidden);
            match visited {
                true => Memory {
                    y: weights,
                    kept: 5 * output.len(),
                    backward: cell,
                    ..affine
                },
                false => Memory {
                    forward: 5 * cell,
                    ..PLAIN
                },
            }
        }
    }
}
