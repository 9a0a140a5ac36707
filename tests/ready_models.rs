//! The ready models are the same as constants and as run files.

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::{Entry, Model, PlanOf, ready};
use kilograd::optim::Sgd;
use kilograd_sim::run::RunFile;
use std::path::Path;

const PAIRS: &[(&str, Model<'static>)] = &[
    ("digits-mlp", ready::PERCEPTRON),
    ("toyadmos", ready::AUTOENCODER),
    ("ds-cnn", ready::DS_CNN_GROUPS),
    ("mobilenet", ready::MOBILENET_GROUPS),
    ("resnet", ready::RESNET8_GROUPS),
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

/// A convolutional model and its twin with group norms differ in their norms alone.
#[test]
fn twins_differ_in_their_norms() {
    for (batches, groups) in [
        (ready::DS_CNN, ready::DS_CNN_GROUPS),
        (ready::RESNET8, ready::RESNET8_GROUPS),
        (ready::MOBILENET, ready::MOBILENET_GROUPS),
        (ready::RESNET8, ready::RESNET8_GROUPS),
    ] {
        assert_eq!((batches.input, batches.len()), (groups.input, groups.len()));
        for (a, b) in batches.layers.iter().zip(groups.layers) {
            let names = (a.layer().name(), b.layer().name());
            assert!(a == b || names == ("batch_norm", "group_norm"), "{names:?}");
        }
    }
}

/// Parameters as the documentation counts them.
#[test]
fn they_are_as_large_as_they_say() {
    let training = Training::<f32, Sgd>::new(Loss::CrossEntropy).inference();
    let count = |model: Model<'static>| {
        let plan: PlanOf<128> = model.try_plan(&training).unwrap();
        plan.parameters
    };
    let expected = [
        (ready::PERCEPTRON, 2_410),
        (ready::AUTOENCODER, 269_992),
        (ready::DS_CNN, 24_908),
        (ready::DS_CNN_GROUPS, 23_756),
        (ready::RESNET8, 78_666),
        (ready::RESNET8_GROUPS, 78_186),
        (ready::MOBILENET, 223_850),
        (ready::MOBILENET_GROUPS, 218_378),
        (ready::RESNET8, 78_666),
        (ready::RESNET8_GROUPS, 78_186),
        (ready::GRU, 2_404),
        (ready::LSTM, 3_172),
        (ready::TRANSFORMER, 29_990),
    ];
    for (model, parameters) in expected {
        assert_eq!(count(model), parameters, "{:?}", model.input);
    }
}
