//! Words of `pytorch.txt` as values of the core. What the core has not is `None`.

use super::{Aim, Rule, State};
use kilograd::engine::Clip;
use kilograd::loss::Loss;
use kilograd::network::{
    Entry, Shape, add, attention, average_pool, batch_norm, concat, conv1d, conv2d, dense, depthwise1d,
    depthwise2d, dropout, elu, embedding, flatten, gelu, global_average, global_max, group_norm, gru,
    instance_norm, last, layer_norm, leaky_relu, lstm, max_pool, position, relu, relu6, reshape, rms_norm,
    rnn, sigmoid, silu, softmax, tanh, transposed1d, transposed2d, upsample,
};
use kilograd::optim::{Adam, AdamW, Momentum, RmsProp, Schedule, Sgd};

pub(super) fn shape(dims: &[&str]) -> Option<Shape> {
    match *numbers(dims) {
        [length] => Some(Shape::vector(length)),
        [length, channels] => Some(Shape::series(channels, length)),
        [height, width, channels] => Some(Shape::image(channels, height, width)),
        _ => None,
    }
}

pub(super) fn layer(words: &[&str]) -> Option<Entry> {
    Some(match *words {
        ["dense", outputs] => dense(number(outputs)),
        ["conv1d", channels, kernel, ref motion @ ..] => {
            moved(conv1d(number(channels), number(kernel)), motion)
        }
        ["conv2d", channels, height, width, ref motion @ ..] => {
            moved(conv2d(number(channels), [number(height), number(width)]), motion)
        }
        ["depthwise1d", kernel, ref motion @ ..] => moved(depthwise1d(number(kernel)), motion),
        ["depthwise2d", height, width, ref motion @ ..] => {
            moved(depthwise2d([number(height), number(width)]), motion)
        }
        ["transposed1d", channels, kernel, ref motion @ ..] => {
            moved(transposed1d(number(channels), number(kernel)), motion)
        }
        ["transposed2d", channels, height, width, ref motion @ ..] => moved(
            transposed2d(number(channels), [number(height), number(width)]),
            motion,
        ),
        ["upsample", factor] => upsample(number(factor)),
        ["max_pool", size, ref motion @ ..] => moved(max_pool(number(size)), motion),
        ["average_pool", size, ref motion @ ..] => moved(average_pool(number(size)), motion),
        ["global_max"] => global_max(),
        ["last"] => last(),
        ["reshape", ref dims @ ..] => reshape(shape(dims)?),
        ["flatten"] => flatten(),
        ["relu"] => relu(),
        ["tanh"] => tanh(),
        ["sigmoid"] => sigmoid(),
        ["relu6"] => relu6(),
        ["gelu"] => gelu(),
        ["silu"] => silu(),
        ["softmax"] => softmax(),
        ["leaky_relu", slope] => leaky_relu(number(slope)),
        ["elu", alpha] => elu(number(alpha)),
        ["batch_norm", "running"] => batch_norm(),
        ["batch_norm", "per_sample"] => batch_norm().per_sample(),
        ["layer_norm"] => layer_norm(),
        ["rms_norm"] => rms_norm(),
        ["group_norm", groups] => group_norm(number(groups)),
        ["instance_norm"] => instance_norm(),
        ["dropout", rate] => dropout(number(rate)),
        ["embedding", vocabulary, width] => embedding(number(vocabulary), number(width)),
        ["position"] => position(),
        ["attention", heads, "full"] => attention(number(heads)),
        ["attention", heads, "causal"] => attention(number(heads)).causal(),
        ["rnn", hidden] => rnn(number(hidden)),
        ["gru", hidden] => gru(number(hidden)),
        ["lstm", hidden] => lstm(number(hidden)),
        ["global_average"] => global_average(),
        ["add", back] => add(number(back)),
        ["concat", back] => concat(number(back)),
        ["from", back, ref rest @ ..] => layer(rest)?.from(number(back)),
        _ => return None,
    })
}

/// Stride, padding, dilation and the padding of columns, where a kind has them.
fn moved(entry: Entry, motion: &[&str]) -> Entry {
    let motion: Vec<u16> = numbers(motion);
    let entry = entry.stride(motion[0]).padding(motion[1]);
    let entry = motion.get(2).map_or(entry, |dilation| entry.dilation(*dilation));
    let by_side = |columns: &u16| entry.padding_by_side([motion[1], *columns]);
    motion.get(3).map_or(entry, by_side)
}

pub(super) fn loss(words: &[&str]) -> Option<(Loss, Aim)> {
    let loss = match *words {
        ["cross_entropy"] => Loss::CrossEntropy,
        ["weighted_cross_entropy", smoothing, ref weights @ ..] => Loss::WeightedCrossEntropy {
            smoothing: number(smoothing),
            // A plan refers to its weights for as long as a program runs.
            weights: Vec::leak(numbers(weights)),
        },
        ["next_token"] => Loss::NextToken,
        ["binary_cross_entropy"] => Loss::BinaryCrossEntropy,
        ["squared_error"] => Loss::MeanSquaredError,
        ["absolute_error"] => Loss::MeanAbsoluteError,
        ["huber", delta] => Loss::Huber { delta: number(delta) },
        ["pair", margin] => Loss::Pair {
            margin: number(margin),
        },
        ["triplet", margin, ..] => Loss::Triplet {
            margin: number(margin),
        },
        ["info_nce", temperature] => Loss::InfoNce {
            temperature: number(temperature),
        },
        _ => return None,
    };
    let aim = match words.get(2) {
        Some(&"positive") => Aim::Positive,
        Some(&"negative") => Aim::Negative,
        _ => Aim::Listed,
    };
    Some((loss, aim))
}

pub(super) fn schedule(words: &[&str]) -> Option<Schedule> {
    Some(match *words {
        ["step", every, factor] => Schedule::Step {
            every: number(every),
            factor: number(factor),
        },
        ["exponential", factor] => Schedule::Exponential {
            factor: number(factor),
        },
        ["cosine", steps, floor] => Schedule::Cosine {
            steps: number(steps),
            floor: number(floor),
        },
        ["plateau", factor, patience, delta, floor] => Schedule::Plateau {
            patience: number(patience),
            factor: number(factor),
            floor: number(floor),
            delta: number(delta),
        },
        _ => return None,
    })
}

pub(super) fn clip(words: &[&str]) -> Option<Clip> {
    match *words {
        ["norm", norm] => Some(Clip::Norm(number(norm))),
        ["value", value] => Some(Clip::Value(number(value))),
        _ => None,
    }
}

pub(super) fn state(word: &str) -> Option<State> {
    match word {
        "trained" => Some(State::Trained),
        "frozen" => Some(State::Frozen),
        "statistic" => Some(State::Statistic),
        _ => None,
    }
}

pub(super) fn optimizer(words: &[&str]) -> Option<Rule> {
    let values: Vec<f32> = numbers(&words[1..]);
    Some(match (words[0], values.as_slice()) {
        ("sgd", &[learning_rate, 0.0, 0.0, weight_decay, 0.0]) => Rule::Sgd(Sgd {
            learning_rate,
            weight_decay,
        }),
        ("sgd", &[learning_rate, momentum, nesterov, weight_decay, dampening]) => Rule::Momentum(Momentum {
            learning_rate,
            momentum,
            dampening,
            nesterov: nesterov != 0.0,
            weight_decay,
        }),
        ("adam", &[learning_rate, beta1, beta2, epsilon, weight_decay]) => Rule::Adam(Adam {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay,
        }),
        ("adamw", &[learning_rate, beta1, beta2, epsilon, weight_decay]) => Rule::AdamW(AdamW {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay,
        }),
        ("rmsprop", &[_, _, _, _, momentum, centered]) => match (centered != 0.0, momentum != 0.0) {
            (false, false) => Rule::RmsProp(rms_prop(&values)),
            (true, false) => Rule::Centered(rms_prop(&values)),
            (false, true) => Rule::Moving(rms_prop(&values)),
            (true, true) => Rule::CenteredMoving(rms_prop(&values)),
        },
        _ => return None,
    })
}

fn rms_prop<const CENTERED: bool, const MOMENTUM: bool>(values: &[f32]) -> RmsProp<CENTERED, MOMENTUM> {
    RmsProp {
        learning_rate: values[0],
        alpha: values[1],
        epsilon: values[2],
        weight_decay: values[3],
        momentum: values[4],
    }
}

pub(super) fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(word: &str) -> T {
    word.parse().unwrap_or_else(|error| panic!("{word}: {error:?}"))
}

pub(super) fn numbers<T: std::str::FromStr<Err: std::fmt::Debug>>(words: &[&str]) -> Vec<T> {
    words.iter().map(|word| number(word)).collect()
}
