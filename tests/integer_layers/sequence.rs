//! Look-up, recurrent layers and attention.

use crate::harness::{Case, USUAL, compare};
use kilograd::network::*;

/// A series through a layer whose gradient of the input is that of the places before it.
fn series(what: &str, layer: Entry) {
    let layers = [position(), layer, last(), dense(3)];
    compare(what, &Case::new(Shape::series(5, 12), &layers), USUAL);
}

#[test]
fn gru_layer() {
    series("gru", gru(16));
}

#[test]
fn lstm_layer() {
    series("lstm", lstm(16));
}

#[test]
fn rnn_layer() {
    series("rnn", rnn(16));
}

#[test]
fn attention_layer() {
    let layers = [position(), attention(2), last(), dense(3)];
    compare("attention", &Case::new(Shape::series(6, 9), &layers), USUAL);
}

#[test]
fn causal_attention_layer() {
    let layers = [position(), attention(2).causal(), last(), dense(3)];
    compare(
        "causal attention",
        &Case::new(Shape::series(6, 9), &layers),
        USUAL,
    );
}

#[test]
fn embedded_tokens() {
    let layers = [embedding(7, 6), position(), gru(12), last(), dense(3)];
    let case = Case {
        scale: 0,
        sample: |random, length| (0..length).map(|_| random.below(7) as i16).collect(),
        ..Case::new(Shape::vector(10), &layers)
    };
    compare("embedding", &case, USUAL);
}
