//! The ready models are the same as constants and as run files.

use kilograd::network::{Entry, Model, ready};
use kilograd_sim::run::RunFile;
use std::path::Path;

const PAIRS: &[(&str, Model<'static>)] = &[
    ("digits-mlp", ready::PERCEPTRON),
    ("toyadmos", ready::AUTOENCODER),
    ("ds-cnn", ready::DS_CNN),
    ("mobilenet", ready::MOBILENET),
    ("gru", ready::GRU),
    ("lstm", ready::LSTM),
    ("transformer", ready::TRANSFORMER),
];

#[test]
fn a_run_file_is_its_constant() {
    for (name, model) in PAIRS {
        let run = RunFile::read(Path::new(name)).unwrap();
        let layers: Vec<Entry> = run.model.layers.iter().map(|line| line.entry).collect();
        assert_eq!(run.model.input.value, model.input, "{name}");
        assert_eq!(layers.len(), model.len(), "{name}");
        for (index, (found, expected)) in layers.iter().zip(model.layers).enumerate() {
            assert_eq!(found, expected, "{name}, layer {index}");
        }
    }
}
