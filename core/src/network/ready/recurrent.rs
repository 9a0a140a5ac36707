//! Recurrent networks for a watch.

use crate::network::{Model, Shape, dense, gru, last, lstm};

/// Ten seconds of six axes through a [`gru`] with a state of 24; its last state tells four activities apart: 2,404 parameters.
///
/// Run file: `gru.toml`. Source: Cho et al., Learning phrase representations using RNN encoder-decoder, 2014.
pub const GRU: Model<'static> = Model::new(Shape::series(6, 100), &[gru(24), last(), dense(4)]);

/// Ten seconds of six axes through an [`lstm`] with a state of 24; its last state tells four activities apart: 3,172 parameters.
///
/// Run file: `lstm.toml`. Source: Hochreiter and Schmidhuber, Long short-term memory, 1997.
pub const LSTM: Model<'static> = Model::new(Shape::series(6, 100), &[lstm(24), last(), dense(4)]);
