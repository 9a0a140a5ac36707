//! The kinds of layers and their options.

/// Options of a layer that adapters may stand beside, of every layer whose weights are drawn, and of every layer with parameters.
macro_rules! options {
    ($($option:literal)* adapted) => { options!($($option)* "low_rank" "sparse" drawn) };
    ($($option:literal)* drawn) => { options!($($option)* "init" trained) };
    ($($option:literal)* trained) => { &[$($option,)* "frozen", "bias_only"] };
    ($($option:literal)*) => { &[$($option,)*] };
}

/// Every kind and the options it has. A new layer is one line here and one arm in `layer.rs`.
pub const KINDS: &[(&str, &[&str])] = &[
    ("input", &[]),
    ("dense", options!("units" adapted)),
    (
        "conv1d",
        options!("channels" "kernel" "stride" "padding" "dilation" adapted),
    ),
    (
        "conv2d",
        options!("channels" "kernel" "stride" "padding" "dilation" adapted),
    ),
    (
        "depthwise1d",
        options!("kernel" "stride" "padding" "dilation" "sparse" drawn),
    ),
    (
        "depthwise2d",
        options!("kernel" "stride" "padding" "dilation" "sparse" drawn),
    ),
    (
        "transposed1d",
        options!("channels" "kernel" "stride" "padding" adapted),
    ),
    (
        "transposed2d",
        options!("channels" "kernel" "stride" "padding" adapted),
    ),
    ("upsample", options!("factor")),
    ("max_pool", options!("size" "stride" "padding")),
    ("average_pool", options!("size" "stride" "padding")),
    ("global_average", &[]),
    ("global_max", &[]),
    ("relu", &[]),
    ("relu6", &[]),
    ("leaky_relu", options!("slope")),
    ("elu", options!("alpha")),
    ("gelu", &[]),
    ("silu", &[]),
    ("tanh", &[]),
    ("sigmoid", &[]),
    ("softmax", &[]),
    ("batch_norm", options!("per_sample" "momentum" trained)),
    ("layer_norm", options!(trained)),
    ("rms_norm", options!(trained)),
    ("group_norm", options!("groups" trained)),
    ("instance_norm", options!(trained)),
    ("dropout", options!("rate")),
    ("embedding", options!("vocabulary" "width" "low_rank" drawn)),
    ("position", options!(drawn)),
    ("attention", options!("heads" "causal" adapted)),
    ("rnn", options!("hidden" adapted)),
    ("gru", options!("hidden" adapted)),
    ("lstm", options!("hidden" adapted)),
    ("last", &[]),
    ("add", options!("back")),
    ("concat", options!("back")),
    ("reshape", options!("to")),
    ("flatten", &[]),
];
