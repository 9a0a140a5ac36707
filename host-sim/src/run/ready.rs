//! The run files that come with the program, by name.

/// Name and text of each.
pub const READY: &[(&str, &str)] = &[
    ("digits-mlp", include_str!("../../runs/digits-mlp.toml")),
    ("motions-conv1d", include_str!("../../runs/motions-conv1d.toml")),
    ("autoencoder", include_str!("../../runs/autoencoder.toml")),
    ("toyadmos", include_str!("../../runs/toyadmos.toml")),
    ("ds-cnn", include_str!("../../runs/ds-cnn.toml")),
    ("mobilenet", include_str!("../../runs/mobilenet.toml")),
    ("resnet", include_str!("../../runs/resnet.toml")),
    ("gru", include_str!("../../runs/gru.toml")),
    ("lstm", include_str!("../../runs/lstm.toml")),
    ("transformer", include_str!("../../runs/transformer.toml")),
];

/// The text of the ready run called `name`.
pub fn ready(name: &str) -> Option<&'static str> {
    READY
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}
