//! Random models from every layer kind there is.

use super::{RandomModel, between, reach};
use kilograd::network::*;
use kilograd::number::random::Pcg;

/// The names of all kinds; the number of a kind is its code.
pub const KINDS: [&str; 53] = [
    "dense",
    "conv1d",
    "relu",
    "tanh",
    "sigmoid",
    "global_average",
    "add",
    "relu6",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "softmax",
    "conv2d",
    "depthwise1d",
    "depthwise2d",
    "transposed1d",
    "transposed2d",
    "upsample",
    "max_pool",
    "average_pool",
    "global_max",
    "batch_norm",
    "layer_norm",
    "rms_norm",
    "group_norm",
    "dropout",
    "embedding",
    "position",
    "attention",
    "rnn",
    "gru",
    "lstm",
    "last",
    "concat",
    "reshape",
    "flatten",
    "low_rank",
    "channels",
    "input",
    "low_rank_transposed",
    "channels_transposed",
    "low_rank_rnn",
    "low_rank_gru",
    "low_rank_lstm",
    "low_rank_attention",
    "low_rank_embedding",
    "channels_rnn",
    "channels_gru",
    "channels_lstm",
    "channels_attention",
    "channels_depthwise1d",
    "channels_depthwise2d",
];

/// The most elements of a tensor: the models are many, so they are small.
const MOST: usize = 48;

/// Draws a model of about `depth` layers of any kind; at least one has parameters and is trained.
pub fn draw_any(random: &mut Pcg, depth: usize) -> RandomModel {
    loop {
        let model = attempt(random, depth);
        if model.plan().is_some() {
            return model;
        }
    }
}

fn attempt(random: &mut Pcg, depth: usize) -> RandomModel {
    let tokens = if random.below(8) == 0 {
        between(random, 2, 5)
    } else {
        0
    };
    let input = match random.below(5) {
        _ if tokens > 0 => Shape::vector(between(random, 2, 6)),
        0 => Shape::vector(between(random, 1, 6)),
        1..=2 => Shape::series(between(random, 1, 4), between(random, 1, 9)),
        _ => Shape::image(
            between(random, 1, 3),
            between(random, 2, 4),
            between(random, 1, 4),
        ),
    };
    let mut layers = Vec::new();
    // `shapes[i]` is what layer `i` reads.
    let mut shapes = vec![input];
    while layers.len() < depth {
        let (entry, output) = layer(random, &shapes, tokens);
        shapes.push(output);
        layers.push(entry);
        // A second branch from the same input, as a residual network's shortcut is.
        if entry.layer().back().is_none() && random.below(6) == 0 {
            layers.push(entry.from(2));
            shapes.push(output);
            let join = concat(2);
            let both = joined(output, output);
            let (join, output) = match both.len() <= MOST && random.below(2) == 0 {
                true => (join, both),
                false => (add(2), output),
            };
            layers.push(join);
            shapes.push(output);
        }
    }
    // Now and then everything below some layer is frozen, as where a network is tuned to a new task.
    let bottom = match random.below(4) {
        0 => random.below(layers.len() as u32) as usize,
        _ => 0,
    };
    let mut frozen = Vec::new();
    for (at, entry) in layers.iter_mut().enumerate() {
        let freeze = at < bottom || random.below(10) == 0;
        if freeze {
            *entry = entry.frozen();
        } else if !is_adapter(entry.layer()) && random.below(8) == 0 {
            *entry = entry.bias_only();
        }
        frozen.push(freeze);
    }
    // Now and then the sample has a place in the arena. What read it from above reads it there.
    if random.below(8) == 0 {
        layers.insert(0, kilograd::network::input());
        frozen.insert(0, false);
    }
    RandomModel {
        input,
        layers,
        output: *shapes.last().unwrap(),
        frozen,
        tokens,
    }
}

/// A layer that fits, and the shape of its output.
fn layer(random: &mut Pcg, shapes: &[Shape], tokens: u16) -> (Entry, Shape) {
    let shape = shapes[shapes.len() - 1];
    loop {
        let kind = match shapes.len() {
            // Token numbers are looked up, and not computed with.
            1 if tokens > 0 => [27, 46][random.below(2) as usize],
            // What an image alone can have would be rare otherwise.
            _ if shape.rank() == 3 && random.below(4) == 0 => {
                [13, 13, 15, 17, 41, 52][random.below(6) as usize]
            }
            // What reads a series alone.
            _ if shape.rank() == 2 && random.below(4) == 0 => ADAPTED_SERIES[random.below(12) as usize],
            _ => random.below(39),
        };
        let Some(entry) = candidate(random, kind, shapes, tokens) else {
            continue;
        };
        let output = match *entry.layer() {
            Layer::Concat(Concat { back }) => Ok(joined(shape, shapes[shapes.len() - usize::from(back)])),
            layer => layer.output(shape),
        };
        match output {
            // What is once a vector stays one for long, so that is not done at every chance.
            Ok(output) if output.rank() == 1 && shape.rank() > 1 && random.below(2) == 0 => {}
            Ok(output) if output.len() <= MOST => return (entry, output),
            _ => {}
        }
    }
}

fn candidate(random: &mut Pcg, kind: u32, shapes: &[Shape], tokens: u16) -> Option<Entry> {
    let shape = shapes[shapes.len() - 1];
    let channels = between(random, 1, 4);
    let kernel = [between(random, 1, 3), between(random, 1, 3)];
    let size = between(random, 1, 3);
    Some(match kind {
        0 => dense(between(random, 1, 6)),
        1 => moved(random, conv1d(channels, kernel[0]), kernel[0]),
        2 => relu(),
        3 => tanh(),
        4 => sigmoid(),
        5 => global_average(),
        6 => return reach(random, shapes),
        7 => relu6(),
        8 => leaky_relu(0.05 + random.uniform() / 2.0),
        9 => elu(0.5 + random.uniform()),
        10 => gelu(),
        11 => silu(),
        12 => softmax(),
        13 => moved(random, conv2d(channels, kernel), kernel[0].min(kernel[1])),
        14 => moved(random, depthwise1d(kernel[0]), kernel[0]),
        15 => moved(random, depthwise2d(kernel), kernel[0].min(kernel[1])),
        16 => strided(random, transposed1d(channels, kernel[0]), kernel[0]),
        17 => strided(random, transposed2d(channels, kernel), kernel[0].min(kernel[1])),
        18 => upsample(size),
        19 => strided(random, max_pool(size), size / 2 + 1),
        20 => strided(random, average_pool(size), size / 2 + 1),
        21 => global_max(),
        22 => {
            let entry = batch_norm().momentum([0.1, 0.5][random.below(2) as usize]);
            if random.below(2) == 0 {
                entry.per_sample()
            } else {
                entry
            }
        }
        23 => layer_norm(),
        24 => rms_norm(),
        25 if random.below(3) == 0 => instance_norm(),
        25 => group_norm(size),
        26 => dropout(0.1 + random.uniform() / 2.0),
        27 if shapes.len() == 1 && tokens > 0 => embedding(tokens, channels),
        28 => position(),
        29 if random.below(2) == 0 => attention(size).causal(),
        29 => attention(size),
        30 => rnn(size),
        31 => gru(size),
        32 => lstm(size),
        33 => last(),
        34 => return beside(random, shapes),
        35 => reshape(arranged(random, shape.len() as u16)?),
        36 => flatten(),
        37..=38 | 40.. => return adapted(random, kind, shapes, tokens),
        _ => return None,
    })
}

/// Adapters over what reads a series.
const ADAPTED_SERIES: [u32; 12] = [40, 41, 42, 43, 44, 45, 45, 47, 48, 49, 50, 51];

/// Whether it is a frozen layer with an adapter.
pub fn is_adapter(layer: &Layer) -> bool {
    let code = layer.code();
    (37..=38).contains(&code) || code >= 40
}

/// A frozen layer with an adapter: of low rank, or some channels of its weights.
fn adapted(random: &mut Pcg, kind: u32, shapes: &[Shape], tokens: u16) -> Option<Entry> {
    let transposed = if shapes[shapes.len() - 1].rank() == 2 {
        16
    } else {
        17
    };
    let base = match kind {
        37..=38 => [0, 1, 13, 15, transposed][random.below(5) as usize],
        40..=41 => transposed,
        42 | 47 => 30,
        43 | 48 => 31,
        44 | 49 => 32,
        45 | 50 => 29,
        46 => 27,
        51 => 14,
        _ => 15,
    };
    let entry = candidate(random, base, shapes, tokens)?;
    match kind {
        // A kernel for each channel has no rank.
        37 if base != 15 => Some(entry.low_rank(between(random, 1, 2))),
        40 | 42..=46 => Some(entry.low_rank(between(random, 1, 2))),
        _ => {
            let from = between(random, 0, 2);
            Some(entry.channels(from, between(random, 1, 2)))
        }
    }
}

/// Stride, padding and dilation of a convolution whose kernel is at least `kernel`.
fn moved(random: &mut Pcg, entry: Entry, kernel: u16) -> Entry {
    // Now and then none: what visits every pixel once can work where its input lies.
    if random.below(3) == 0 {
        return entry;
    }
    let dilation = between(random, 1, 2);
    strided(random, entry, kernel).dilation(dilation)
}

/// A stride, and a padding below `most`.
fn strided(random: &mut Pcg, entry: Entry, most: u16) -> Entry {
    let stride = between(random, 1, 3);
    entry.stride(stride).padding(random.below(most.into()) as u16)
}

/// A shape of `length` elements.
fn arranged(random: &mut Pcg, length: u16) -> Option<Shape> {
    let fits: Vec<u16> = (1..=length).filter(|part| length.is_multiple_of(*part)).collect();
    let channels = fits[random.below(fits.len() as u32) as usize];
    let positions = length / channels;
    Some(match random.below(4) {
        0 => Shape::vector(length),
        1..=2 => Shape::series(channels, positions),
        _ => {
            let height = (2..=positions).find(|part| positions.is_multiple_of(*part))?;
            Shape::image(channels, height, positions / height)
        }
    })
}

/// A concat with any earlier output of the same positions.
fn beside(random: &mut Pcg, shapes: &[Shape]) -> Option<Entry> {
    let last = shapes.len() - 1;
    let outer = |shape: Shape| {
        (
            shape.rank(),
            (0..shape.rank() - 1).map(|at| shape.dim(at)).collect::<Vec<_>>(),
        )
    };
    let fits: Vec<u8> = (2..=last + 1)
        .filter(|back| outer(shapes[last + 1 - back]) == outer(shapes[last]))
        .map(|back| back as u8)
        .collect();
    (!fits.is_empty()).then(|| concat(fits[random.below(fits.len() as u32) as usize]))
}

/// The shape of a concat.
fn joined(shape: Shape, earlier: Shape) -> Shape {
    let inner = shape.rank() - 1;
    let channels = (shape.dim(inner) + earlier.dim(inner)) as u16;
    match shape.rank() {
        1 => Shape::vector(channels),
        2 => Shape::series(channels, shape.dim(0) as u16),
        _ => Shape::image(channels, shape.dim(0) as u16, shape.dim(1) as u16),
    }
}
