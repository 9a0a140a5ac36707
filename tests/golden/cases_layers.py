"""Each layer kind with the loss that shows it best.

What has no parameters, and most of what has, stands behind a layer that trains, so that its input gradient matters too.
"""

import zlib

SERIES, IMAGE = [11, 3], [6, 5, 2]
# One layer that trains before the kind in question.
DENSE, FRAMES, PIXELS = ("dense", 5), ("conv1d", 4, 3, 1, 1, 1), ("conv2d", 4, 3, 3, 1, 1, 1)


def first_kinds():
    """dense, conv1d, relu, tanh, sigmoid, global_average, add."""
    conv = lambda out, kernel, stride, padding, dilation=1: ("conv1d", out, kernel, stride, padding, dilation)  # noqa: E731
    relu, tanh, sigmoid = ("relu",), ("tanh",), ("sigmoid",)
    yield "dense", [7], [("dense", 5)]
    yield "dense_of_series", [4, 3], [("dense", 5)]
    yield "dense_of_image", [3, 2, 2], [("dense", 5)]
    yield "conv1d", SERIES, [conv(4, 3, 1, 0)]
    yield "conv1d_kernel_1", SERIES, [conv(5, 1, 1, 0)]
    yield "conv1d_kernel_of_whole_length", SERIES, [conv(2, 11, 1, 0)]
    yield "conv1d_stride", SERIES, [conv(4, 4, 3, 0)]
    yield "conv1d_stride_leaves_frames_over", [12, 2], [conv(3, 3, 4, 0)]
    yield "conv1d_stride_past_the_kernel", SERIES, [conv(4, 2, 4, 0)]
    yield "conv1d_padding", SERIES, [conv(4, 5, 1, 2)]
    yield "conv1d_stride_padding", SERIES, [conv(4, 4, 3, 3)]
    yield "conv1d_twice", SERIES, [conv(4, 3, 2, 1), conv(3, 3, 1, 1)]
    # Edges whose taps are no multiple of any block that a kernel works in.
    yield "conv1d_edges", SERIES, [conv(3, 3, 1, 1), conv(1, 2, 2, 1), conv(5, 5, 1, 4)]
    yield "conv1d_one_frame", [1, 3], [conv(4, 3, 1, 1), conv(2, 1, 1, 0)]
    yield "conv1d_dilation", SERIES, [FRAMES, conv(4, 3, 1, 0, 2)]
    yield "conv1d_dilation_padding", SERIES, [FRAMES, conv(3, 3, 1, 3, 3)]
    yield "conv1d_dilation_stride_padding", SERIES, [FRAMES, conv(5, 2, 3, 2, 3), conv(2, 3, 2, 4, 2)]
    # The window is wider than the series: some taps see nothing but zeros.
    yield "conv1d_dilation_past_the_series", [5, 2], [conv(3, 3, 1, 4, 4)]
    yield "relu", [6], [("dense", 9), relu, ("dense", 2)]
    yield "tanh", [6], [("dense", 5), tanh, ("dense", 2)]
    yield "sigmoid", [6], [("dense", 5), sigmoid, ("dense", 2)]
    yield "sigmoid_of_series", SERIES, [conv(4, 3, 1, 1), sigmoid, ("dense", 2)]
    yield "activations_last", [6], [("dense", 5), sigmoid, relu, tanh]
    yield "global_average", SERIES, [conv(4, 3, 1, 0), relu, ("global_average",)]
    yield "global_average_of_image", IMAGE, [PIXELS, tanh, ("global_average",), ("dense", 3)]
    yield "add", [6], [("dense", 6), tanh, ("dense", 6), ("add", 2), relu, ("dense", 3)]
    residual = [conv(4, 3, 1, 1), relu, conv(4, 3, 1, 1), relu, conv(4, 3, 1, 1), ("add", 4)]
    yield "add_residual_conv1d", SERIES, residual + [relu, ("global_average",), ("dense", 2)]
    twice = [("dense", 4), tanh, ("dense", 4), ("add", 3), tanh, ("dense", 4), ("add", 6), ("add", 4)]
    yield "add_read_twice", [5], twice
    yield "add_reads_input", [4], [sigmoid, ("add", 2), ("dense", 4), tanh, ("add", 5), ("dense", 2)]
    yield "add_of_images", IMAGE, [PIXELS, tanh, PIXELS, ("add", 2), ("global_average",)]


def pointwise():
    """Functions of one variable, softmax, dropout."""
    for word in (("relu6",), ("leaky_relu", 0.1), ("elu", 0.75), ("gelu",), ("silu",), ("softmax",)):
        yield word[0], [6], [DENSE, word, ("dense", 3)]
        yield f"{word[0]}_last", [6], [DENSE, word]
        yield f"{word[0]}_of_series", SERIES, [FRAMES, word, ("conv1d", 2, 3, 2, 0, 1)]
        yield f"{word[0]}_of_image", IMAGE, [PIXELS, word, ("global_average",)]
    yield "leaky_relu_steep", [6], [DENSE, ("leaky_relu", 2.0), ("dense", 3)]
    yield "elu_one", SERIES, [FRAMES, ("elu", 1.0)]
    yield "softmax_of_two", [6], [("dense", 2), ("softmax",)]
    yield "softmax_of_large_logits", [6], [DENSE, ("softmax",)]
    yield "dropout_rate_0", [6], [DENSE, ("dropout", 0.0), ("tanh",), ("dense", 3)]
    yield "dropout_rate_0_of_series", SERIES, [FRAMES, ("dropout", 0.0), ("global_average",)]


def spatial():
    """Convolutions of images, depthwise and transposed ones, upsampling, pooling."""
    conv = lambda out, height, width, *rest: ("conv2d", out, height, width, *rest)  # noqa: E731
    yield "conv2d", IMAGE, [conv(3, 3, 3, 1, 0, 1)]
    yield "conv2d_kernel_1", IMAGE, [PIXELS, conv(5, 1, 1, 1, 0, 1)]
    yield "conv2d_kernel_1_stride", IMAGE, [PIXELS, conv(3, 1, 1, 2, 0, 1)]
    yield "conv2d_kernel_of_whole_size", [4, 3, 2], [conv(3, 4, 3, 1, 0, 1)]
    yield "conv2d_padding", IMAGE, [PIXELS, conv(3, 3, 5, 1, 2, 1)]
    yield "conv2d_padding_by_side", IMAGE, [PIXELS, conv(3, 3, 2, 2, 2, 1, 1)]
    yield "conv2d_padding_of_rows_alone", IMAGE, [PIXELS, conv(3, 4, 1, 1, 2, 1, 0)]
    yield "conv2d_oblong", IMAGE, [PIXELS, conv(3, 2, 3, 1, 1, 1)]
    yield "conv2d_stride_padding", IMAGE, [PIXELS, conv(3, 3, 3, 2, 1, 1)]
    yield "conv2d_stride_leaves_pixels_over", [7, 6, 1], [conv(3, 2, 2, 3, 0, 1)]
    yield "conv2d_stride_past_the_kernel", IMAGE, [PIXELS, conv(3, 2, 2, 3, 1, 1)]
    yield "conv2d_dilation", IMAGE, [PIXELS, conv(3, 3, 2, 1, 0, 2)]
    yield "conv2d_dilation_stride_padding", [7, 8, 2], [PIXELS, conv(3, 3, 3, 2, 3, 2)]
    yield "conv2d_dilation_past_the_image", [4, 3, 2], [conv(2, 3, 3, 1, 3, 3)]
    yield "conv2d_one_row", [1, 7, 2], [conv(4, 1, 3, 1, 0, 1), conv(2, 3, 3, 1, 1, 1)]
    yield "conv2d_one_pixel", [1, 1, 3], [conv(2, 3, 3, 1, 1, 1)]
    yield "conv2d_twice", IMAGE, [conv(3, 3, 3, 2, 1, 1), ("relu",), conv(5, 2, 2, 1, 1, 1)]
    for name, *rest in (
        ("", 3, 1, 0, 1),
        ("_kernel_1", 1, 1, 0, 1),
        ("_stride", 4, 3, 0, 1),
        ("_padding", 5, 1, 2, 1),
        ("_stride_padding", 3, 2, 1, 1),
        ("_dilation", 3, 1, 2, 2),
        ("_stride_dilation", 2, 2, 1, 3),
        ("_stride_past_the_kernel", 2, 4, 1, 1),
    ):
        yield f"depthwise1d{name}", SERIES, [FRAMES, ("depthwise1d", *rest)]
        kernel, *rest = rest
        yield f"depthwise2d{name}", IMAGE, [PIXELS, ("depthwise2d", kernel, kernel - (kernel > 2), *rest)]
    yield "depthwise1d_first", SERIES, [("depthwise1d", 3, 1, 1, 1)]
    yield "depthwise2d_first", IMAGE, [("depthwise2d", 2, 3, 1, 1, 1)]
    yield "depthwise1d_one_channel", [9, 1], [("depthwise1d", 3, 1, 1, 1), ("tanh",), ("depthwise1d", 2, 2, 0, 1)]
    yield "depthwise2d_separable", IMAGE, [PIXELS, ("depthwise2d", 3, 3, 2, 1, 1), ("relu6",), conv(5, 1, 1, 1, 0, 1)]
    # Wide enough for every block of lanes and a tail.
    wide = [conv(37, 2, 2, 1, 0, 1), ("depthwise2d", 2, 2, 1, 0, 1), ("global_average",), ("dense", 2)]
    yield "depthwise2d_wide", [4, 4, 1], wide
    for name, *rest in (
        ("", 3, 1, 0),
        ("_kernel_1", 1, 1, 0),
        ("_doubles", 2, 2, 0),
        ("_overlaps", 4, 2, 1),
        ("_leaves_gaps", 2, 3, 0),
        ("_stride_padding", 4, 3, 2),
    ):
        yield f"transposed1d{name}", [5, 3], [FRAMES, ("transposed1d", 3, *rest)]
        kernel, *rest = rest
        yield f"transposed2d{name}", [3, 4, 2], [PIXELS, ("transposed2d", 3, kernel, kernel - (kernel > 2), *rest)]
    yield "transposed1d_first", [5, 3], [("transposed1d", 4, 3, 2, 1), ("tanh",), ("conv1d", 2, 3, 1, 1, 1)]
    yield "transposed2d_first", [3, 2, 3], [("transposed2d", 2, 3, 2, 2, 1), ("tanh",), conv(2, 3, 3, 1, 1, 1)]
    yield "transposed1d_one_frame", [1, 3], [("transposed1d", 2, 4, 3, 0)]
    for factor in (1, 2, 3):
        yield f"upsample_{factor}", [4, 3], [("conv1d", 4, 2, 1, 1, 1), ("upsample", factor), ("conv1d", 2, 3, 1, 1, 1)]
        yield f"upsample_{factor}_of_image", [3, 2, 2], [PIXELS, ("upsample", factor), conv(2, 2, 2, 1, 0, 1)]
    for kind in ("max_pool", "average_pool"):
        yield kind, SERIES, [FRAMES, (kind, 2, 2, 0)]
        yield f"{kind}_overlaps", SERIES, [FRAMES, (kind, 3, 2, 1), ("conv1d", 2, 3, 1, 1, 1)]
        yield f"{kind}_stride_1", SERIES, [FRAMES, (kind, 4, 1, 2)]
        yield f"{kind}_leaves_frames_over", SERIES, [FRAMES, (kind, 2, 4, 0)]
        yield f"{kind}_of_whole_length", SERIES, [FRAMES, (kind, 11, 11, 0)]
        yield f"{kind}_size_1", SERIES, [FRAMES, (kind, 1, 2, 0)]
        yield f"{kind}_of_image", IMAGE, [PIXELS, (kind, 2, 2, 0), ("dense", 3)]
        yield f"{kind}_of_image_overlaps", IMAGE, [PIXELS, (kind, 3, 2, 1), conv(2, 2, 2, 1, 0, 1)]
        yield f"{kind}_of_image_stride_1", IMAGE, [PIXELS, (kind, 3, 1, 1)]
        yield f"{kind}_of_image_leaves_pixels_over", IMAGE, [PIXELS, (kind, 2, 3, 0)]
        # The first layer: nothing trains before it.
        yield f"{kind}_first", SERIES, [(kind, 2, 2, 0), ("dense", 3)]
    yield "global_max", SERIES, [FRAMES, ("global_max",), ("dense", 3)]
    yield "global_max_of_image", IMAGE, [PIXELS, ("tanh",), ("global_max",)]
    yield "global_max_one_frame", [1, 3], [("conv1d", 4, 1, 1, 0, 1), ("global_max",)]


def norms():
    """Batch, layer, RMS, group and instance normalisation."""
    for mode in ("running", "per_sample"):
        yield f"batch_norm_{mode}", SERIES, [FRAMES, ("batch_norm", mode), ("tanh",), ("dense", 2)]
        yield f"batch_norm_{mode}_of_image", IMAGE, [PIXELS, ("batch_norm", mode), ("relu",), ("global_average",)]
        yield f"batch_norm_{mode}_first", SERIES, [("batch_norm", mode), ("conv1d", 2, 3, 2, 0, 1)]
        blocks = [FRAMES, ("batch_norm", mode), ("relu",), ("conv1d", 3, 3, 2, 1, 1), ("batch_norm", mode), ("relu",)]
        yield f"batch_norm_{mode}_twice", SERIES, blocks + [("global_average",), ("dense", 2)]
        yield f"batch_norm_{mode}_few_frames", [3, 3], [("conv1d", 4, 1, 1, 0, 1), ("batch_norm", mode), ("dense", 2)]
    yield "batch_norm_running_of_vector", [6], [DENSE, ("batch_norm", "running"), ("tanh",), ("dense", 2)]
    yield "batch_norm_running_one_frame", [1, 3], [("conv1d", 4, 1, 1, 0, 1), ("batch_norm", "running"), ("dense", 2)]
    for kind in ("layer_norm", "rms_norm"):
        yield kind, [6], [DENSE, (kind,), ("dense", 3)]
        yield f"{kind}_of_series", SERIES, [FRAMES, (kind,), ("conv1d", 2, 3, 2, 0, 1)]
        yield f"{kind}_of_image", IMAGE, [PIXELS, (kind,)]
        yield f"{kind}_of_one_frame", [1, 3], [FRAMES, (kind,)]
        yield f"{kind}_first", SERIES, [(kind,), ("dense", 2)]
        yield f"{kind}_wide", [3], [("dense", 37), (kind,), ("dense", 2)]
    for name, kind in (("1", ("group_norm", 1)), ("2", ("group_norm", 2)), ("instance", ("instance_norm",))):
        yield f"group_norm_{name}", SERIES, [FRAMES, kind, ("tanh",), ("dense", 2)]
        yield f"group_norm_{name}_of_image", IMAGE, [PIXELS, ("tanh",), kind, ("dense", 2)]
        yield f"group_norm_{name}_first", [5, 4], [kind, ("dense", 2)]
    yield "group_norm_of_vector", [6], [("dense", 6), ("group_norm", 2), ("dense", 3)]
    yield "group_norm_of_one_frame", [1, 3], [("conv1d", 6, 1, 1, 0, 1), ("group_norm", 2)]


def sequences():
    """Embedding, position, attention, recurrent cells, last; concat, reshape, flatten."""
    yield "embedding", [5], [("embedding", 6, 3)]
    yield "embedding_position", [5], [("embedding", 6, 3), ("position",), ("conv1d", 4, 3, 1, 1, 1)]
    yield "embedding_one_token", [1], [("embedding", 4, 3), ("dense", 2)]
    yield "embedding_many_repeats", [9], [("embedding", 2, 4), ("tanh",), ("global_average",)]
    yield "position", SERIES, [("position",), ("conv1d", 2, 3, 1, 0, 1)]
    yield "position_behind", SERIES, [FRAMES, ("position",), ("tanh",)]
    for word in ("full", "causal"):
        yield f"attention_{word}", [5, 4], [("attention", 1, word)]
        yield f"attention_{word}_heads", [5, 3], [("conv1d", 6, 1, 1, 0, 1), ("attention", 2, word), ("global_average",)]
        yield f"attention_{word}_heads_of_one", [3, 3], [FRAMES, ("attention", 4, word)]
        yield f"attention_{word}_one_frame", [1, 4], [FRAMES, ("attention", 2, word)]
        block = [("layer_norm",), ("attention", 2, word), ("add", 3), ("layer_norm",), ("conv1d", 7, 1, 1, 0, 1)]
        yield f"attention_{word}_block", [5, 4], [FRAMES, *block, ("gelu",), ("conv1d", 4, 1, 1, 0, 1), ("add", 5)]
        yield f"attention_{word}_longer", [19, 4], [("attention", 2, word), ("tanh",), ("dense", 2)]
    for kind in ("rnn", "gru", "lstm"):
        yield kind, [6, 3], [(kind, 4)]
        yield f"{kind}_last", [6, 3], [(kind, 5), ("last",), ("dense", 2)]
        yield f"{kind}_one_frame", [1, 3], [(kind, 4)]
        yield f"{kind}_one_unit", [7, 2], [(kind, 1), ("dense", 2)]
        yield f"{kind}_behind", [6, 3], [FRAMES, (kind, 3), ("global_average",)]
        yield f"{kind}_twice", [4, 2], [(kind, 3), (kind, 2), ("last",)]
        yield f"{kind}_long", [23, 2], [(kind, 3), ("last",), ("dense", 1)]
        # More lanes than any block has, and a tail.
        yield f"{kind}_wide", [3, 1], [(kind, 11), ("last",)]
    yield "last", SERIES, [FRAMES, ("last",), ("dense", 3)]
    yield "last_of_one_frame", [1, 3], [FRAMES, ("last",)]
    yield "concat", [6], [("dense", 4), ("tanh",), ("dense", 3), ("concat", 2), ("dense", 2)]
    yield "concat_of_series", SERIES, [FRAMES, ("relu",), ("conv1d", 2, 3, 1, 1, 1), ("concat", 2), ("dense", 2)]
    branches = [PIXELS, ("tanh",), ("conv2d", 3, 1, 1, 1, 0, 1), ("concat", 2), ("conv2d", 2, 3, 3, 2, 0, 1)]
    yield "concat_of_images", IMAGE, branches
    yield "concat_reads_input", SERIES, [("tanh",), FRAMES, ("concat", 3), ("global_average",)]
    twice = [FRAMES, ("conv1d", 2, 3, 1, 1, 1), ("concat", 2), ("conv1d", 3, 1, 1, 0, 1), ("concat", 4), ("concat", 2)]
    yield "concat_read_twice", SERIES, twice + [("global_average",)]
    yield "concat_and_add", [4], [("dense", 3), ("dense", 3), ("add", 2), ("concat", 3), ("concat", 3), ("dense", 2)]
    shortcut = [PIXELS, ("relu",), ("conv2d", 3, 3, 3, 2, 1, 1), ("from", 2, "conv2d", 3, 1, 1, 2, 0, 1), ("add", 2)]
    yield "from_above_a_branch", IMAGE, [*shortcut, ("relu",), ("global_average",)]
    # Both branches begin at the sample, and one of them is as long as the reach.
    gates = [("conv1d", 3, 3, 1, 1, 1), ("tanh",), ("from", 3, "gru", 2), ("from", 2, "sigmoid"), ("concat", 2)]
    yield "from_the_sample", [6, 3], [*gates, ("concat", 4), ("last",), ("dense", 2)]
    yield "reshape", [12], [("reshape", 4, 3), ("conv1d", 2, 3, 1, 0, 1)]
    yield "reshape_behind", [5], [("dense", 12), ("tanh",), ("reshape", 3, 2, 2), ("conv2d", 2, 2, 2, 1, 0, 1)]
    yield "reshape_of_image", [2, 3, 4], [PIXELS, ("reshape", 6, 4), ("rnn", 2), ("last",)]
    yield "flatten", SERIES, [FRAMES, ("flatten",), ("tanh",), ("dense", 2)]
    yield "flatten_of_image", [3, 2, 3], [PIXELS, ("flatten",), ("dense", 2), ("concat", 2)]


# These sum many terms, or read an output twice: at the common rate they would explode.
RATES = {
    "conv1d_kernel_of_whole_length": 1 / 128,
    "add_read_twice": 1 / 128,
    "relu": 1 / 64,
    "relu6_of_series": 1 / 8192,
    "max_pool_of_image_overlaps": 1 / 512,
    "group_norm_1_of_image": 1 / 512,
    "group_norm_2_of_image": 1 / 512,
    "max_pool_of_image": 1 / 512,
    "concat_of_series": 1 / 512,
    "concat_and_add": 1 / 512,
}
# Where the names alone would give a kind batches of one size.
BATCHES = {"sigmoid_of_series": 1, "global_max": 1, "flatten": 2, "reshape": 2}
# Their sums are small at the common size of starting values.
GAINS = {"relu6": 4.0, "relu6_last": 4.0, "relu6_of_series": 4.0, "relu6_of_image": 4.0, "softmax_of_large_logits": 2.0}


def cases():
    """All of them, some with batches of two samples and some of one."""
    lists = (first_kinds(), pointwise(), spatial(), norms(), sequences())
    old = {name for name, _, _ in first_kinds()} - {"dense_of_image", "global_average_of_image", "add_of_images"}
    for name, shape, layers in (one for some in lists for one in some):
        case = dict(name=f"layer_{name}", input=shape, layers=layers, loss="squared_error", samples=3)
        case["optimizer"] = ("sgd", RATES.get(name, 1 / 16 if name in old else 1 / 64), 0.875, 0, 0)
        case["batch"] = BATCHES.get(name, 2 if name in old else 1 + zlib.crc32(name.encode()) // 8 % 2)
        case["gain"] = GAINS.get(name, 1.0)
        if layers[0][0] == "embedding":
            case["tokens"] = layers[0][1]
        yield case
