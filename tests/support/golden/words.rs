//! Words of `pytorch.txt` as values of the core. What the core has not is `None`.

use super::{Aim, Rule, State};
use kilograd::engine::Clip;
use kilograd::loss::Loss;
use kilograd::network::{Entry, Shape, add, concat, conv1d, dense, global_average, relu, sigmoid, tanh};
use kilograd::optim::{Adam, Momentum, Sgd};

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
        ["conv1d", channels, kernel, stride, padding, "1"] => conv1d(number(channels), number(kernel))
            .stride(number(stride))
            .padding(number(padding)),
        ["relu"] => relu(),
        ["tanh"] => tanh(),
        ["sigmoid"] => sigmoid(),
        ["global_average"] => global_average(),
        ["add", back] => add(number(back)),
        ["concat", back] => concat(number(back)),
        _ => return None,
    })
}

pub(super) fn loss(words: &[&str]) -> Option<(Loss, Aim)> {
    let loss = match *words {
        ["cross_entropy"] => Loss::CrossEntropy,
        ["squared_error"] => Loss::MeanSquaredError,
        _ => return None,
    };
    Some((loss, Aim::Listed))
}

pub(super) fn clip(words: &[&str]) -> Option<Clip> {
    match *words {
        ["norm", norm] => Some(Clip::Norm(number(norm))),
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
        _ => return None,
    })
}

pub(super) fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(word: &str) -> T {
    word.parse().unwrap_or_else(|error| panic!("{word}: {error:?}"))
}

pub(super) fn numbers<T: std::str::FromStr<Err: std::fmt::Debug>>(words: &[&str]) -> Vec<T> {
    words.iter().map(|word| number(word)).collect()
}
