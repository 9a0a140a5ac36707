//! Random nets from the whole layer set, to be planned.

use super::parameters::parameters;
use super::{Choice, Net, joined};
use crate::random_model::is_adapter;
use kilograd::network::*;
use kilograd::number::random::Pcg;

/// A net of up to `depth` layers, of which something trains: often all, now and then only the last layers, or biases
/// here and there.
pub fn draw(dice: &mut Pcg, depth: u32) -> Net {
    loop {
        let net = attempt(dice, depth);
        let inputs = net.inputs();
        let trained = |layer: usize| parameters(net.layer(layer), inputs[layer]).trained(net.choices[layer]);
        if (0..net.layers.len()).any(|layer| trained(layer) > 0) {
            return net;
        }
    }
}

fn attempt(dice: &mut Pcg, depth: u32) -> Net {
    let tokens = dice.below(6) == 0;
    let input = match dice.below(4) {
        _ if tokens => Shape::vector(2 + dice.below(6) as u16),
        0 => Shape::vector(between(dice, 2, 6)),
        1 => Shape::image(between(dice, 1, 4), between(dice, 2, 7), between(dice, 2, 7)),
        _ => Shape::series(between(dice, 1, 4), between(dice, 2, 9)),
    };
    let mut layers: Vec<Entry> = vec![];
    let mut shapes = vec![input];
    if tokens {
        let table = embedding(VOCABULARY, between(dice, 2, 4));
        layers.push(if dice.below(3) == 0 {
            table.low_rank(2)
        } else {
            table
        });
        shapes.push(layers[0].layer().output(input).unwrap());
    }
    let depth = layers.len() + 1 + dice.below(depth) as usize;
    while layers.len() < depth {
        if dice.below(8) == 0
            && let Some(branch) = branch(dice, &shapes)
        {
            for (entry, y) in branch {
                layers.push(entry);
                shapes.push(y);
            }
            continue;
        }
        let x = *shapes.last().unwrap();
        let mut entry = layer(dice, &shapes);
        // What has neither matrix nor channels is left as it is.
        let adapted = match dice.below(8) {
            0 => entry.low_rank(between(dice, 1, 2)),
            1 => entry.channels(0, 1),
            _ => entry,
        };
        if adapted.layer() != entry.layer() {
            entry = adapted;
        }
        let y = match entry.layer() {
            Layer::Concat(l) => joined(x, shapes[shapes.len() - usize::from(l.back)]),
            layer => match layer.output(x) {
                Ok(y) => y,
                Err(_) => continue,
            },
        };
        if y.len() <= MOST {
            shapes.push(y);
            layers.push(entry);
        }
    }
    // Now and then the sample has a place in the arena. What read it from above reads it there.
    if dice.below(5) == 0 {
        layers.insert(0, kilograd::network::input());
    }
    let depth = layers.len();
    let net = Net {
        input,
        choices: vec![Choice::All; layers.len()],
        layers,
    };
    match dice.below(5) {
        0..=1 => net,
        2 => {
            let below = dice.below(depth as u32) as usize;
            net.choose(0..below, Choice::Nothing)
        }
        _ => {
            let mut net = net;
            for layer in 0..depth {
                // An adapter learns whole or not at all.
                let adapter = is_adapter(net.layer(layer));
                match dice.below(6) {
                    0 => net = net.choose([layer], Choice::Nothing),
                    1..=2 if !adapter => net = net.choose([layer], Choice::Biases),
                    _ => {}
                }
            }
            net
        }
    }
}

/// Elements of the largest output.
const MOST: usize = 400;

/// Tokens of a net that begins with an embedding.
pub const VOCABULARY: u16 = 5;

fn layer(dice: &mut Pcg, shapes: &[Shape]) -> Entry {
    let x = shapes[shapes.len() - 1];
    if dice.below(6) == 0
        && let Some(entry) = reach(dice, shapes)
    {
        return entry;
    }
    match dice.below(3) {
        0 => anywhere(dice, x),
        _ => match x.rank() {
            1 => dense(between(dice, 1, 6)),
            2 => over_series(dice, x),
            _ => over_image(dice, x),
        },
    }
}

fn anywhere(dice: &mut Pcg, x: Shape) -> Entry {
    match dice.below(19) {
        0 => relu(),
        1 => tanh(),
        2 => sigmoid(),
        3 => relu6(),
        4 => leaky_relu(0.1),
        5 => elu(1.0),
        6 => gelu(),
        7 => silu(),
        8 => softmax(),
        9 => batch_norm(),
        10 => batch_norm().per_sample(),
        11 => layer_norm(),
        12 => rms_norm(),
        13 => group_norm(between(dice, 1, 2)),
        14 => instance_norm(),
        15 => dropout(0.25),
        16 => flatten(),
        17 if x.rank() == 1 && x.len().is_multiple_of(2) => reshape(Shape::series(2, x.len() as u16 / 2)),
        _ => dense(between(dice, 1, 6)),
    }
}

/// A convolution like one of these keeps the shape, so that an add can reach over it.
fn over_series(dice: &mut Pcg, x: Shape) -> Entry {
    let channels = x.channels() as u16;
    match dice.below(20) {
        0..=1 => conv1d(between(dice, 1, 4), 1),
        2 => conv1d(between(dice, 1, 3), between(dice, 1, 4))
            .stride(between(dice, 1, 2))
            .padding(dice.below(2) as u16),
        3 => conv1d(channels, 3).padding(1),
        4 => conv1d(channels, 3).padding(2).dilation(2),
        5..=6 => depthwise1d(3).padding(1).stride(between(dice, 1, 2)),
        7 => depthwise1d(between(dice, 1, 4)).padding(dice.below(2) as u16),
        8 => transposed1d(between(dice, 1, 3), between(dice, 1, 3)).stride(between(dice, 1, 2)),
        9 => upsample(2),
        10 => max_pool(2)
            .stride(between(dice, 1, 2))
            .padding(dice.below(2) as u16),
        11 => average_pool(2).stride(between(dice, 1, 2)),
        12 => global_average(),
        13 => global_max(),
        14 => last(),
        15 => position(),
        16 => match dice.below(2) {
            0 => attention(between(dice, 1, 2)),
            _ => attention(1).causal(),
        },
        17 => rnn(between(dice, 1, 4)),
        18 => gru(between(dice, 1, 4)),
        _ => lstm(between(dice, 1, 4)),
    }
}

fn over_image(dice: &mut Pcg, x: Shape) -> Entry {
    let channels = x.channels() as u16;
    let sides = [between(dice, 1, 3), between(dice, 1, 3)];
    match dice.below(14) {
        0..=2 => conv2d(between(dice, 1, 6), [1, 1]),
        3 => conv2d(between(dice, 1, 4), sides).stride(between(dice, 1, 2)),
        4 => conv2d(channels, [3, 3]).padding(1),
        5..=7 => depthwise2d([3, 3]).padding(1).stride(between(dice, 1, 2)),
        8 => transposed2d(between(dice, 1, 3), sides).stride(between(dice, 1, 2)),
        9 => upsample(2),
        10 => max_pool(2)
            .stride(between(dice, 1, 2))
            .padding(dice.below(2) as u16),
        11 => average_pool(2).stride(between(dice, 1, 2)),
        12 => global_average(),
        _ => global_max(),
    }
}

/// A join with any earlier output that fits.
fn reach(dice: &mut Pcg, shapes: &[Shape]) -> Option<Entry> {
    let last = shapes.len() - 1;
    let x = shapes[last];
    let concats = dice.below(2) == 0;
    let fits = |e: Shape| if concats { same_positions(x, e) } else { x == e };
    let backs = (2..=last + 1).filter(|back| fits(shapes[last + 1 - back]));
    let backs: Vec<u8> = backs.map(|back| back as u8).collect();
    let back = *backs.get(dice.below(backs.len().max(1) as u32) as usize)?;
    Some(if concats { concat(back) } else { add(back) })
}

/// One or two layers that begin at an earlier output, and their join with what has been the last output.
fn branch(dice: &mut Pcg, shapes: &[Shape]) -> Option<Vec<(Entry, Shape)>> {
    let (other, reaches) = (*shapes.last()?, shapes.len() as u32 - 1);
    let reach = 2 + dice.below(reaches.clamp(1, 6)) as usize;
    let x = shapes[shapes.len().checked_sub(reach)?];
    for _ in 0..10 {
        let entry = layer(dice, &[x]);
        let Ok(y) = entry.layer().output(x) else {
            continue;
        };
        let mut branch = vec![(entry.from(reach as u8), y)];
        if dice.below(2) == 0 {
            let entry = anywhere(dice, y);
            let Ok(y) = entry.layer().output(y) else {
                continue;
            };
            branch.push((entry, y));
        }
        let mut y = branch[branch.len() - 1].1;
        let (mut other, mut back) = (other, 1 + branch.len() as u8);
        if dice.below(3) == 0 {
            // The first branch goes on behind the second, so that nobody reads its output from right above.
            let entry = anywhere(dice, other);
            let Ok(longer) = entry.layer().output(other) else {
                continue;
            };
            branch.push((entry.from(back), longer));
            (other, y, back) = (y, longer, 2);
        }
        branch.push(match dice.below(2) {
            0 if y == other => (add(back), y),
            _ if same_positions(y, other) => (concat(back), joined(y, other)),
            _ => continue,
        });
        if branch.iter().all(|(_, y)| y.len() <= MOST) {
            return Some(branch);
        }
    }
    None
}

/// Whether two outputs differ in their channels alone.
fn same_positions(x: Shape, e: Shape) -> bool {
    let positions = |shape: Shape| shape.dims()[..shape.rank() - 1].to_vec();
    x.rank() == e.rank() && positions(x) == positions(e)
}

fn between(dice: &mut Pcg, low: u16, high: u16) -> u16 {
    low + dice.below(u32::from(high - low) + 1) as u16
}
