"""Every layer kind: its parameter tensors, and how PyTorch computes it from tensors that lie in kilograd's order.

Tensors of a kind are listed as (name, dims, fan_in); fan_in is 0 for what is no matrix. Samples come with a batch in front:
[sample, length], [sample, time, channel] or [sample, height, width, channel].
"""

from math import prod

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

EPSILON = float(np.float32(1e-5))
# Batch normalisation moves its statistics by this part.
MOMENTUM = float(np.float32(0.1))
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
STATISTICS = ("running_mean", "running_variance")


def affine(weight, outputs):
    """A matrix and its bias."""
    return [("weight", [*weight, outputs], prod(weight)), ("bias", [outputs], 0)]


def tensors(layer, shape):
    """Parameter tensors of a layer whose input has this shape, in the order of memory."""
    kind, *a = layer
    channels = shape[-1]
    match kind:
        case "dense":
            return affine([prod(shape)], a[0])
        case "conv1d" | "transposed1d":
            return affine([a[1], channels], a[0])
        case "conv2d" | "transposed2d":
            return affine([a[1], a[2], channels], a[0])
        case "depthwise1d":
            return affine(a[:1], channels)
        case "depthwise2d":
            return affine(a[:2], channels)
        case "batch_norm":
            return [(name, [channels], 0) for name in ("weight", "bias", *STATISTICS)]
        case "layer_norm" | "group_norm" | "instance_norm":
            return [("weight", [channels], 0), ("bias", [channels], 0)]
        case "rms_norm":
            return [("weight", [channels], 0)]
        case "embedding":
            return [("weight", a[:2], 6)]
        case "position":
            return [("weight", shape, 6)]
        case "attention":
            into = [("in_weight", [channels, 3 * channels], channels), ("in_bias", [3 * channels], 0)]
            return into + [("out_weight", [channels, channels], channels), ("out_bias", [channels], 0)]
        case "rnn" | "gru" | "lstm":
            hidden, wide = a[0], GATES[kind] * a[0]
            into = [("input_weight", [channels, wide], channels), ("state_weight", [hidden, wide], hidden)]
            return into + [("input_bias", [wide], 0), ("state_bias", [wide], 0)]
    return []


def adapter(words, tensors):
    """Tensors of what trains beside a frozen layer that has these: `low_rank` RANK, or `channels` FROM COUNT."""
    kind, *a = words
    _, dims, fan_in = tensors[0]
    if kind == "low_rank":
        return [("down", [fan_in, a[0]], fan_in), ("up", [a[0], dims[-1]], a[0])]
    return [("channels", [*dims[:-2], a[1], dims[-1]], fan_in)]


def adapted(words, p):
    """The parameters of a layer with the adapter put into its weight."""
    kind, *a = words
    weight = p["weight"]
    if kind == "low_rank":
        moved = (p["down"] @ p["up"]).reshape(weight.shape)
    else:
        moved = F.pad(p["channels"], (0, 0, a[0], weight.shape[-2] - a[0] - a[1]))
    return p | {"weight": weight + moved}


def start(name, dims, fan_in, gain, generator, kind):
    """Starting values: He's uniform rule; small biases, so that each one matters; norms around what they start from."""
    size = prod(dims)
    if fan_in:
        bound = gain * (6 / fan_in) ** 0.5
        return generator.uniform(-bound, bound, size)
    small = generator.uniform(-0.25, 0.25, size)
    around_one = name == "running_variance" or name == "weight" and kind.endswith("norm")
    return 1 + small if around_one else small


def by_channel(function, x, *a, **options):
    """Calls a function of PyTorch, which wants channels before places, and has them innermost again."""
    return function(x.movedim(-1, 1), *a, **options).movedim(1, -1)


def convolve(function, x, p, *a, **options):
    """PyTorch's [out][in][kernel] from [kernel][in][out], and of a transposed one [in][out][kernel]."""
    weight = p["weight"].movedim(-1, 0).movedim(-1, 1)
    if function in (F.conv_transpose1d, F.conv_transpose2d):
        weight = weight.transpose(0, 1)
    return by_channel(function, x, weight, p["bias"], *a, **options)


def depthwise(function, x, p, stride, padding, dilation):
    """PyTorch's [channel][1][kernel] from [kernel][channel]."""
    weight = p["weight"].movedim(-1, 0).unsqueeze(1)
    return by_channel(function, x, weight, p["bias"], stride, padding, dilation, groups=x.shape[-1])


def module(made, x, **parameters):
    """Runs a module of PyTorch with these parameters in place of its own."""
    return torch.func.functional_call(made.to(x.dtype), parameters, (x,))


def attention(x, p, heads, causal):
    channels, time = x.shape[-1], x.shape[1]
    mask = torch.ones(time, time, dtype=torch.bool).triu(1) if causal == "causal" else None
    names = {
        "in_proj_weight": p["in_weight"].T,
        "in_proj_bias": p["in_bias"],
        "out_proj.weight": p["out_weight"].T,
        "out_proj.bias": p["out_bias"],
    }
    made = nn.MultiheadAttention(channels, heads, batch_first=True).to(x.dtype)
    return torch.func.functional_call(made, names, (x, x, x), {"attn_mask": mask, "need_weights": False})[0]


def recurrent(kind, x, p, hidden):
    made = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind](x.shape[-1], hidden, batch_first=True)
    names = {
        "weight_ih_l0": p["input_weight"].T,
        "weight_hh_l0": p["state_weight"].T,
        "bias_ih_l0": p["input_bias"],
        "bias_hh_l0": p["state_bias"],
    }
    return module(made, x, **names)[0]


def batch_norm(x, p, learns, mode, momentum=MOMENTUM):
    """One sample after the other, since a device has only one at a time.

    `per_sample`: PyTorch's training at batch 1. The sample's own mean and variance normalise it and have their part in the
    gradient; the statistics move for inference.
    `running`: PyTorch's evaluation, with statistics that the sample moved before: to the mean and variance of a mixture of
    what they described and of the sample's places. They are constants to the gradient. This has a meaning for one place too.
    Without learning (inference; a layer that is frozen, or trains its bias alone) the statistics normalise, and stand.
    """
    mean, variance = (p[name] for name in STATISTICS)
    rest = (p["weight"], p["bias"])

    def one(x):
        if learns and mode == "per_sample":
            return F.batch_norm(x, mean, variance, *rest, True, momentum, EPSILON)
        if learns:
            with torch.no_grad():
                rows = x.movedim(1, -1).flatten(0, -2)
                step = rows.mean(0) - mean
                mean.add_(momentum * step)
                spread = rows.var(0, unbiased=False)
                variance.copy_((1 - momentum) * (variance + momentum * step**2) + momentum * spread)
        return F.batch_norm(x, mean.clone(), variance.clone(), *rest, False, momentum, EPSILON)

    return torch.cat([by_channel(one, sample) for sample in x.split(1)])


def pool(function, x, size, stride, padding):
    return by_channel(getattr(F, f"{function}{x.dim() - 2}d"), x, size, stride, padding)


def forward(layer, p, x, outputs, learns):
    """Output of a layer; `outputs` holds what stands above it (first the input), `learns` is false for inference."""
    kind, *a = layer
    match kind:
        case "dense":
            return F.linear(x.flatten(1), p["weight"].T, p["bias"])
        case "conv1d":
            return convolve(F.conv1d, x, p, *a[2:])
        case "conv2d":
            stride, padding, dilation, *columns = a[3:]
            return convolve(F.conv2d, x, p, stride, (padding, *(columns or [padding])), dilation)
        case "transposed1d" | "transposed2d":
            return convolve(getattr(F, f"conv_{kind}".replace("transposed", "transpose")), x, p, *a[-2:])
        case "depthwise1d" | "depthwise2d":
            return depthwise(F.conv1d if kind == "depthwise1d" else F.conv2d, x, p, *a[-3:])
        case "relu" | "relu6" | "gelu" | "silu" | "tanh" | "sigmoid":
            return getattr(torch if kind in ("tanh", "sigmoid") else F, kind)(x)
        case "leaky_relu" | "elu":
            return getattr(F, kind)(x, a[0])
        case "softmax":
            return F.softmax(x, -1)
        case "global_average":
            return x.flatten(1, -2).mean(1)
        case "global_max":
            return x.flatten(1, -2).amax(1)
        case "max_pool" | "average_pool":
            return pool(kind.replace("average", "avg"), x, *a)
        case "upsample":
            return by_channel(F.interpolate, x, scale_factor=a[0], mode="nearest")
        case "batch_norm":
            return batch_norm(x, p, learns, *a)
        case "layer_norm":
            return F.layer_norm(x, x.shape[-1:], p["weight"], p["bias"], EPSILON)
        case "rms_norm":
            return F.rms_norm(x, x.shape[-1:], p["weight"], EPSILON)
        case "group_norm" | "instance_norm":
            groups = x.shape[-1] if kind == "instance_norm" else a[0]
            return by_channel(F.group_norm, x, groups, p["weight"], p["bias"], EPSILON)
        case "dropout":
            assert not learns or a[0] == 0, "the masks of two machines differ"
            return F.dropout(x, a[0], learns)
        case "embedding":
            return F.embedding(x.long(), p["weight"])
        case "position":
            return x + p["weight"]
        case "attention":
            return attention(x, p, *a[:2])
        case "rnn" | "gru" | "lstm":
            return recurrent(kind, x, p, a[0])
        case "last":
            return x[:, -1]
        case "add":
            return x + outputs[len(outputs) - a[0]]
        case "concat":
            return torch.cat([x, outputs[len(outputs) - a[0]]], -1)
        case "reshape":
            return x.reshape(len(x), *a)
        case "flatten":
            return x.flatten(1)
    raise ValueError(f"unknown layer {kind}")


def taken(layer, outputs):
    """A layer and its input: the last output, or after the words `from BACK` the one BACK places above."""
    if layer[0] == "from":
        return layer[2:], outputs[len(outputs) - layer[1]]
    return layer, outputs[-1]


def model(case, parameters, x, learns=True):
    """Output of a batch x; `parameters` holds a dictionary of tensors for each layer."""
    outputs = [x]
    for index, (layer, p) in enumerate(zip(case["layers"], parameters)):
        if index in case["adapters"]:
            p = adapted(case["adapters"][index], p)
        layer, x = taken(layer, outputs)
        stands = index in (*case["frozen"], *case["bias_only"])
        outputs.append(forward(layer, p, x, outputs, learns and not stands))
    return outputs[-1]
