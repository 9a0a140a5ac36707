//! Adapters over frozen layers: what learns starts at zero, in tensors of its own.

use crate::harness::{Bounds, Case, USUAL, compare};
use kilograd::network::*;
use kilograd::number::random::Pcg;

/// Much that is the same in all samples: scales that fit the first one fit the others.
fn steady(random: &mut Pcg, length: usize) -> Vec<i16> {
    let alike = &mut Pcg::new(1);
    let mut draw = || alike.below(2048) as i16 + random.below(1024) as i16 - 1024;
    (0..length).map(|_| draw()).collect()
}

/// The adapter behind a layer that learns through it, and before a dense one.
fn learns(what: &str, input: Shape, layers: &[Entry], bounds: Bounds) {
    let mut all = layers.to_vec();
    all.push(dense(3));
    let case = Case {
        sample: steady,
        ..Case::new(input, &all)
    };
    compare(what, &case, bounds);
}

/// Behind a dense layer.
fn vector(what: &str, adapter: Entry) {
    learns(what, Shape::vector(12), &[dense(10), adapter, tanh()], USUAL);
}

/// Behind a convolution over time, on 12 frames of 5 channels.
fn series(what: &str, adapter: Entry) {
    let layers = [conv1d(6, 3), adapter, tanh(), flatten()];
    learns(what, Shape::series(5, 12), &layers, USUAL);
}

/// Behind a convolution over an image of 7 × 6 pixels of 3 channels.
fn image(what: &str, adapter: Entry) {
    let layers = [conv2d(6, [3, 3]).padding(1), adapter, tanh(), flatten()];
    learns(what, Shape::image(3, 7, 6), &layers, USUAL);
}

#[test]
fn low_rank_of_dense_layers() {
    vector("low rank, dense", dense(8).low_rank(3));
    learns(
        "low rank, first",
        Shape::vector(12),
        &[dense(8).low_rank(2), tanh()],
        USUAL,
    );
}

#[test]
fn low_rank_of_convolutions() {
    series("low rank, conv1d", conv1d(8, 3).stride(2).padding(1).low_rank(3));
    series(
        "low rank, dilated",
        conv1d(5, 3).dilation(2).padding(2).low_rank(2),
    );
    image("low rank, conv2d", conv2d(8, [3, 2]).padding(1).low_rank(3));
}

#[test]
fn channels_of_dense_layers() {
    vector("channels, dense", dense(8).channels(2, 5));
    learns(
        "channels, first",
        Shape::vector(12),
        &[dense(8).channels(3, 6), tanh()],
        USUAL,
    );
}

#[test]
fn channels_of_convolutions() {
    series(
        "channels, conv1d",
        conv1d(8, 3).stride(2).padding(1).channels(1, 3),
    );
    image("channels, conv2d", conv2d(8, [3, 2]).padding(1).channels(2, 4));
}

/// As a model is deployed: what learns is all zeros, and the calibration sees nothing of it.
#[test]
fn from_the_start() {
    let fresh = |what: &str, input: Shape, layers: &[Entry]| {
        let case = Case {
            sample: steady,
            moved: false,
            ..Case::new(input, layers)
        };
        compare(what, &case, USUAL);
    };
    let dense_layers = [dense(10), dense(8).low_rank(3), tanh(), dense(3)];
    fresh("low rank, fresh", Shape::vector(12), &dense_layers);
    let convolutions = [
        conv1d(6, 3),
        conv1d(8, 3).low_rank(2),
        tanh(),
        flatten(),
        dense(3),
    ];
    fresh("low rank of conv1d, fresh", Shape::series(5, 12), &convolutions);
    let chosen = [
        conv1d(6, 3),
        conv1d(8, 3).channels(1, 3),
        tanh(),
        flatten(),
        dense(3),
    ];
    fresh("channels of conv1d, fresh", Shape::series(5, 12), &chosen);
}

#[test]
fn transposed_convolutions() {
    let first = conv1d(6, 3).stride(2);
    let base = transposed1d(5, 3).stride(2).padding(1);
    for (what, adapter) in [
        ("low rank, transposed1d", base.low_rank(3)),
        ("channels, transposed1d", base.channels(1, 3)),
    ] {
        learns(
            what,
            Shape::series(5, 12),
            &[first, adapter, tanh(), flatten()],
            USUAL,
        );
    }
    let base = transposed2d(5, [3, 2]).stride(2);
    for (what, adapter) in [
        ("low rank, transposed2d", base.low_rank(3)),
        ("channels, transposed2d", base.channels(1, 3)),
    ] {
        let layers = [conv2d(6, [3, 3]).stride(2), adapter, tanh(), flatten()];
        learns(what, Shape::image(3, 7, 6), &layers, USUAL);
    }
}

#[test]
fn channels_of_depthwise_convolutions() {
    series(
        "channels, depthwise1d",
        depthwise1d(3).stride(2).padding(1).channels(1, 3),
    );
    image("channels, depthwise2d", depthwise2d([3, 2]).channels(2, 4));
}

/// Behind a layer that learns through it, on 10 frames of 6 channels.
fn frames(what: &str, adapter: Entry, steadily: bool) {
    let layers = [position(), adapter, last(), dense(3)];
    let usual = Case::new(Shape::series(6, 10), &layers);
    let sample = if steadily { steady } else { usual.sample };
    compare(what, &Case { sample, ..usual }, USUAL);
}

#[test]
fn recurrent_layers() {
    for (what, base) in [("rnn", rnn(12)), ("gru", gru(12)), ("lstm", lstm(12))] {
        frames(&format!("low rank, {what}"), base.low_rank(3), false);
        frames(&format!("channels, {what}"), base.channels(1, 3), false);
    }
}

/// The scores of attention are sums of products: of samples that differ in all, the first does not tell their size.
#[test]
fn attention_layers() {
    for (what, base) in [
        ("attention", attention(2)),
        ("causal attention", attention(2).causal()),
    ] {
        frames(&format!("low rank, {what}"), base.low_rank(3), true);
        frames(&format!("channels, {what}"), base.channels(1, 3), false);
    }
}

#[test]
fn low_rank_of_tokens() {
    let layers = [embedding(7, 6).low_rank(3), position(), gru(12), last(), dense(3)];
    let case = Case {
        scale: 0,
        sample: |random, length| (0..length).map(|_| random.below(7) as i16).collect(),
        ..Case::new(Shape::vector(10), &layers)
    };
    compare("low rank, embedding", &case, USUAL);
}
