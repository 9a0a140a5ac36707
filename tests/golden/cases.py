"""Each loss, optimizer, schedule and way to clip, what does not train, and whole networks."""

import cases_layers

SERIES, NET = [11, 3], [("conv1d", 4, 3, 2, 1, 1), ("tanh",), ("dense", 3)]
SGD = ("sgd", 1 / 16, 0.875, 0, 0)
ADAM = ("adam", 0.001, 0.9, 0.999, 1e-8, 0)


def losses():
    cases = {
        "cross_entropy": dict(loss="cross_entropy"),
        "cross_entropy_two_classes": dict(loss="cross_entropy", layers=[("dense", 2)]),
        "cross_entropy_of_large_logits": dict(loss="cross_entropy", gain=96.0, batch=5, optimizer=("sgd", 1.0, 0, 0, 0)),
        "cross_entropy_batch": dict(loss="cross_entropy", batch=3),
        "squared_error": dict(loss="squared_error"),
        "squared_error_batch": dict(loss="squared_error", batch=3),
    }
    for kind, *a in (
        ("absolute_error",),
        ("huber", 1.0),
        ("huber", 0.25),
        ("binary_cross_entropy",),
        ("weighted_cross_entropy", 0.0, 0.5, 2.0, 1.0, 0.75),
        ("weighted_cross_entropy", 0.125),
        ("weighted_cross_entropy", 0.1, 0.5, 2.0, 1.0, 0.75),
        ("pair", 1.0),
        ("pair", 4.0),
        ("triplet", 1.0),
        ("triplet", 4.0),
        ("triplet", 4.0, "positive"),
        ("triplet", 4.0, "negative"),
        ("info_nce", 0.5),
        ("info_nce", 0.125),
    ):
        name = "_".join([kind, *(str(value).replace(".", "") for value in a)])
        case = dict(loss=(kind, *a)) | (dict(memory=5) if kind == "info_nce" else {})
        cases[name] = case
        cases[f"{name}_batch"] = case | dict(batch=3)
    cases["binary_cross_entropy_of_one"] = dict(loss="binary_cross_entropy", layers=[("dense", 1)])
    cases["binary_cross_entropy_of_classes"] = dict(loss="binary_cross_entropy", layers=[("dense", 1)], classed=True)
    cases["binary_cross_entropy_of_large_logits"] = dict(loss="binary_cross_entropy", gain=96.0, batch=5)
    cases["info_nce_memory_of_two"] = dict(loss=("info_nce", 0.25), memory=2)
    tokens = dict(loss="next_token", input=[6], tokens=5, layers=[("embedding", 5, 4), ("conv1d", 5, 1, 1, 0, 1)])
    cases["next_token"] = tokens
    cases["next_token_batch"] = tokens | dict(batch=3)
    cases["next_token_one"] = tokens | dict(input=[1])
    cases["next_token_itself"] = tokens | dict(itself=True)
    cases["next_token_itself_batch"] = tokens | dict(itself=True, batch=3)
    cases["squared_error_itself"] = dict(loss="squared_error", layers=[("dense", 7)], itself=True)
    for name, changes in cases.items():
        yield dict(name=f"loss_{name}", input=[7], layers=[("dense", 4)], optimizer=SGD, samples=5) | changes


def optimizers():
    cases = {
        "sgd": ("sgd", 1 / 8, 0, 0, 0),
        "sgd_momentum": ("sgd", 1 / 32, 0.9, 0, 0),
        "sgd_nesterov": ("sgd", 1 / 32, 0.9, 1, 0),
        "sgd_weight_decay": ("sgd", 1 / 8, 0, 0, 1 / 16),
        "sgd_momentum_weight_decay": ("sgd", 1 / 32, 0.9, 0, 1 / 16),
        "sgd_nesterov_weight_decay": ("sgd", 1 / 32, 0.9, 1, 1 / 16),
        "sgd_dampening": ("sgd", 1 / 8, 0.9, 0, 0, 0.75),
        "sgd_dampening_weight_decay": ("sgd", 1 / 8, 0.9, 0, 1 / 16, 0.75),
        "adam": ADAM,
        "adam_large_steps": ("adam", 1 / 16, 0.75, 0.9375, 1e-8, 0),
        "adam_large_epsilon": ("adam", 1 / 32, 0.9, 0.999, 1 / 8, 0),
        "adam_weight_decay": ("adam", 1 / 64, 0.9, 0.999, 1e-8, 1 / 16),
        "adamw": ("adamw", 0.001, 0.9, 0.999, 1e-8, 0.01),
        "adamw_large_steps": ("adamw", 1 / 16, 0.75, 0.9375, 1e-8, 1 / 8),
        "adamw_no_decay": ("adamw", 1 / 64, 0.9, 0.999, 1e-8, 0),
        "rmsprop": ("rmsprop", 1 / 128, 0.99, 1e-8, 0, 0, 0),
        "rmsprop_quick": ("rmsprop", 1 / 64, 0.75, 1e-8, 0, 0, 0),
        "rmsprop_large_epsilon": ("rmsprop", 1 / 32, 0.99, 1 / 8, 0, 0, 0),
        "rmsprop_weight_decay": ("rmsprop", 1 / 128, 0.9, 1e-8, 1 / 16, 0, 0),
        "rmsprop_centered": ("rmsprop", 1 / 128, 0.9, 1e-5, 0, 0, 1),
        "rmsprop_momentum": ("rmsprop", 1 / 256, 0.9, 1e-8, 0, 0.75, 0),
        "rmsprop_centered_momentum_weight_decay": ("rmsprop", 1 / 256, 0.9, 1e-5, 1 / 16, 0.75, 1),
    }
    for name, values in cases.items():
        common = dict(input=SERIES, layers=NET, loss="cross_entropy", optimizer=values, samples=5)
        yield common | dict(name=f"optimizer_{name}")
        yield common | dict(name=f"optimizer_{name}_batch", batch=4)


def clips():
    common = dict(input=SERIES, layers=NET, loss="cross_entropy", optimizer=("sgd", 1 / 32, 0.9, 0, 1 / 16), samples=5)
    for batch in (1, 4):
        yield common | dict(name=f"clip_batch_{batch}", batch=batch, clip=("norm", 1 / 2))
        yield common | dict(name=f"clip_value_batch_{batch}", batch=batch, clip=("value", 1 / 8))
        adam = dict(optimizer=("adam", 1 / 16, 0.75, 0.9375, 1e-8, 0), clip=("value", 1 / 32))
        yield common | adam | dict(name=f"clip_value_adam_batch_{batch}", batch=batch)
    # Beyond what any gradient reaches: nothing is clipped.
    yield common | dict(name="clip_norm_of_small", clip=("norm", 64.0))
    yield common | dict(name="clip_value_of_small", clip=("value", 64.0))


def schedules():
    """A step is an update. `plateau` sees the loss of the update before."""
    cases = {
        "step": ("step", 6, 0.5),
        "step_of_one": ("step", 1, 0.875),
        "exponential": ("exponential", 0.875),
        "exponential_slow": ("exponential", 0.99),
        "cosine": ("cosine", 20, 0),
        "cosine_minimum": ("cosine", 20, 1 / 64),
        "plateau": ("plateau", 0.5, 2, 0.0001, 0),
        "plateau_impatient": ("plateau", 0.75, 0, 0.05, 1 / 32),
    }
    common = dict(input=SERIES, layers=NET, loss="cross_entropy", optimizer=("sgd", 1 / 8, 0.5, 0, 0), samples=5)
    for name, values in cases.items():
        yield common | dict(name=f"schedule_{name}", schedule=values)
        if "plateau" not in name:
            yield common | dict(name=f"schedule_{name}_warm_up", schedule=values, warmup=(5, 0.2), batch=2)
    yield common | dict(name="schedule_constant_warm_up", warmup=(8, 0.125))
    adam = ("adam", 1 / 16, 0.75, 0.9375, 1e-8, 0)
    yield common | dict(name="schedule_exponential_adam", schedule=("exponential", 0.9), optimizer=adam, batch=2)


def partly_trained():
    """Some layers are frozen, or train their biases only; dropout at its rate, which only inference can compare."""
    mlp = [("dense", 5), ("tanh",), ("dense", 4), ("tanh",), ("dense", 2)]
    conv = [("conv1d", 4, 3, 1, 1, 1), ("relu",), ("conv1d", 3, 3, 2, 0, 1), ("relu",), ("dense", 2)]
    norm = lambda mode: [("conv1d", 4, 3, 1, 1, 1), ("batch_norm", mode), ("relu",), ("dense", 2)]  # noqa: E731
    image = [("conv2d", 4, 3, 3, 1, 1, 1), ("batch_norm", "running"), ("relu6",), ("depthwise2d", 3, 3, 1, 1, 1)]
    image += [("conv2d", 6, 1, 1, 1, 0, 1), ("relu",), ("average_pool", 2, 2, 0), ("dense", 3)]
    cells = [("gru", 4), ("lstm", 3), ("rnn", 3), ("last",), ("dense", 2)]
    text = [("embedding", 6, 4), ("position",), ("attention", 2, "causal"), ("layer_norm",), ("conv1d", 3, 1, 1, 0, 1)]
    slow = ("sgd", 1 / 512, 0.875, 0, 0)
    cases = {
        "frozen_bottom": dict(input=[6], layers=mlp, frozen=(0, 2)),
        "frozen_middle": dict(input=[6], layers=mlp, frozen=(2,)),
        "frozen_top": dict(input=[6], layers=mlp, frozen=(4,)),
        "frozen_conv1d": dict(input=SERIES, layers=conv, frozen=(2,)),
        "frozen_batch_norm_running": dict(input=SERIES, layers=norm("running"), frozen=(1,)),
        "frozen_batch_norm_per_sample": dict(input=SERIES, layers=norm("per_sample"), frozen=(1,)),
        "bias_only_batch_norm_running": dict(input=SERIES, layers=norm("running"), bias_only=(1,), optimizer=slow),
        "bias_only_batch_norm_per_sample": dict(input=SERIES, layers=norm("per_sample"), bias_only=(1,)),
        "frozen_bottom_of_images": dict(input=[6, 5, 2], layers=image, frozen=(0, 1, 3, 4)),
        "frozen_middle_of_images": dict(input=[6, 5, 2], layers=image, frozen=(3, 4)),
        "frozen_cells": dict(input=[5, 3], layers=cells, frozen=(0, 1, 2)),
        "frozen_cells_between": dict(input=[5, 3], layers=cells, frozen=(1, 2)),
        "frozen_text": dict(input=[5], tokens=6, layers=text, frozen=(0, 1)),
        "frozen_attention": dict(input=[5], tokens=6, layers=text, frozen=(2, 3)),
        "bias_only": dict(input=[6], layers=mlp, bias_only=(0, 2)),
        "bias_only_conv1d": dict(input=SERIES, layers=conv, bias_only=(0, 2), frozen=(4,)),
        "bias_only_of_images": dict(input=[6, 5, 2], layers=image, bias_only=(0, 3, 4)),
        "bias_only_cells": dict(input=[5, 3], layers=cells, bias_only=(0, 1, 2)),
        "bias_only_text": dict(input=[5], tokens=6, layers=text, bias_only=(2,)),
        "low_rank": dict(input=[6], layers=mlp, adapters={0: ("low_rank", 2), 2: ("low_rank", 1)}),
        "low_rank_first": dict(input=[6], layers=mlp, adapters={0: ("low_rank", 3)}, frozen=(2, 4)),
        "low_rank_conv1d": dict(input=SERIES, layers=conv, adapters={0: ("low_rank", 2), 2: ("low_rank", 3)}, optimizer=slow),
        "low_rank_of_images": dict(input=[6, 5, 2], layers=image, adapters={0: ("low_rank", 2), 4: ("low_rank", 1)}, optimizer=slow),
        "channels": dict(input=[6], layers=mlp, adapters={0: ("channels", 1, 3), 2: ("channels", 4, 1)}),
        "channels_all": dict(input=[6], layers=mlp, adapters={2: ("channels", 0, 5)}, batch=2),
        "channels_conv1d": dict(input=SERIES, layers=conv, adapters={0: ("channels", 2, 1), 2: ("channels", 1, 2)}),
        "channels_of_images": dict(input=[6, 5, 2], layers=image, adapters={0: ("channels", 0, 1), 4: ("channels", 1, 2)}, optimizer=slow),
        "dropout": dict(input=[6], layers=[("dense", 5), ("dropout", 0.5), ("dense", 3)], steps=0),
        "dropout_of_series": dict(input=SERIES, layers=[("dropout", 0.25), ("conv1d", 2, 3, 1, 0, 1)], steps=0),
    }
    common = dict(loss="squared_error", optimizer=("sgd", 1 / 32, 0.875, 0, 0), samples=3)
    for index, (name, changes) in enumerate(cases.items()):
        yield common | dict(name=f"partly_{name}", batch=1 + index % 2) | changes


def networks():
    yield dict(
        name="network_digits", input=[64], layers=[("dense", 32), ("relu",), ("dense", 10)],
        loss="cross_entropy", optimizer=("sgd", 1 / 64, 0.9, 0, 0), samples=6,
    )  # fmt: skip
    windows = [("conv1d", 8, 5, 2, 0, 1), ("relu",), ("conv1d", 16, 5, 2, 0, 1), ("relu",)]
    yield dict(
        name="network_motions", input=[100, 6], layers=windows + [("global_average",), ("dense", 4)],
        loss="cross_entropy", optimizer=ADAM, samples=4,
    )  # fmt: skip
    # A quarter of the widths of the real one keeps the file small.
    yield dict(
        name="network_autoencoder", input=[32],
        layers=[("dense", 16), ("relu",), ("dense", 4), ("relu",), ("dense", 16), ("relu",), ("dense", 32)],
        loss="squared_error", optimizer=("sgd", 1 / 8, 0.9, 1, 0), samples=6, itself=True,
    )  # fmt: skip
    norm = lambda *activation: [("batch_norm", "running"), *activation]  # noqa: E731
    separable = lambda out, stride: [  # noqa: E731
        ("depthwise2d", 3, 3, stride, 1, 1), *norm(("relu",)), ("conv2d", out, 1, 1, 1, 0, 1), *norm(("relu",))
    ]  # fmt: skip
    common = dict(loss="cross_entropy", optimizer=("sgd", 1 / 64, 0.9, 0, 0), samples=4)
    keywords = [("conv2d", 4, 5, 2, 2, 1, 1), *norm(("relu",)), *separable(4, 1), *separable(5, 2)]
    yield common | dict(name="network_separable", input=[12, 5, 1], layers=keywords + [("global_average",), ("dense", 4)])
    block = [("conv2d", 4, 3, 3, 1, 1, 1), *norm(("relu",)), ("conv2d", 4, 3, 3, 1, 1, 1), *norm(), ("add", 6), ("relu",)]
    residual = [("conv2d", 4, 3, 3, 1, 1, 1), *norm(("relu",)), *block, ("max_pool", 2, 2, 0), *block]
    yield common | dict(name="network_residual", input=[6, 6, 2], layers=residual + [("global_average",), ("dense", 3)])
    squeeze = [("conv1d", 4, 3, 2, 1, 1), ("silu",), ("conv1d", 2, 3, 2, 1, 1), ("silu",)]
    expand = [("upsample", 2), ("conv1d", 4, 3, 1, 1, 1), ("silu",), ("transposed1d", 3, 4, 2, 1)]
    yield dict(
        name="network_convolutional_autoencoder", input=[12, 3], layers=squeeze + expand,
        loss="squared_error", optimizer=ADAM, samples=4, itself=True,
    )  # fmt: skip
    for kind in ("gru", "lstm"):
        yield dict(
            name=f"network_{kind}", input=[20, 6], layers=[(kind, 6), ("last",), ("dense", 4)],
            loss="cross_entropy", optimizer=ADAM, samples=4,
        )  # fmt: skip
    half = [("layer_norm",), ("attention", 2, "causal"), ("add", 3)]
    block = half + [("layer_norm",), ("conv1d", 12, 1, 1, 0, 1), ("gelu",), ("conv1d", 6, 1, 1, 0, 1), ("add", 5)]
    ends = [("embedding", 9, 6), ("position",)], [("layer_norm",), ("conv1d", 9, 1, 1, 0, 1)]
    # The gradient of the keys' biases is zero but for rounding; a small epsilon would make steps of it.
    adamw = ("adamw", 0.01, 0.9, 0.999, 1e-6, 0.01)
    yield dict(
        name="network_transformer", input=[8], tokens=9, layers=ends[0] + block + block + ends[1],
        loss="next_token", itself=True, optimizer=adamw, schedule=("cosine", 20, 0), warmup=(4, 0.25), samples=4, batch=2,
    )  # fmt: skip


def cases():
    yield from cases_layers.cases()
    for some in (losses, optimizers, clips, schedules, partly_trained, networks):
        yield from some()
