#!/usr/bin/env python3
"""Holds `layers.py` and `losses.py` to formulas that stand for themselves: sums written out, one index after the other.

What they share with PyTorch's functions is nothing, so an axis in the wrong place, a gate in the wrong order or a mask the
wrong way round does not agree. Prints one line for each formula; exit code 1 if one is off by more than 1e-12.
"""

import itertools
import math
import sys

import numpy as np
import torch

import layers
import losses

GENERATOR = np.random.default_rng(1)
EPSILON = layers.EPSILON


def normal(*shape):
    return GENERATOR.standard_normal(shape)


def places(*sizes):
    return itertools.product(*map(range, sizes))


def convolution(x, w, b, stride, padding, dilation):
    """y[t, o] = b[o] + Σ_k Σ_i w[k, i, o] x[t·stride − padding + k·dilation, i], in one or two directions."""
    sizes, kernel = x.shape[:-1], w.shape[:-2]
    out = [(n + 2 * padding - dilation * (k - 1) - 1) // stride + 1 for n, k in zip(sizes, kernel)]
    y = np.zeros((*out, w.shape[-1])) + b
    for t in places(*out):
        for k in places(*kernel):
            at = tuple(a * stride - padding + c * dilation for a, c in zip(t, k))
            if all(0 <= a < n for a, n in zip(at, sizes)):
                for i, o in places(*w.shape[-2:]):
                    y[t][o] += w[k][i, o] * x[at][i]
    return y


def depthwise(x, w, b, stride, padding, dilation):
    """A convolution whose weights between different channels are zero."""
    full = np.zeros((*w.shape, w.shape[-1]))
    for c in range(w.shape[-1]):
        full[..., c, c] = w[..., c]
    return convolution(x, full, b, stride, padding, dilation)


def transposed(x, w, b, stride, padding):
    """y[t·stride − padding + k, o] += w[k, i, o] x[t, i]"""
    sizes, kernel = x.shape[:-1], w.shape[:-2]
    out = [(n - 1) * stride - 2 * padding + k for n, k in zip(sizes, kernel)]
    y = np.zeros((*out, w.shape[-1])) + b
    for t in places(*sizes):
        for k in places(*kernel):
            at = tuple(a * stride - padding + c for a, c in zip(t, k))
            if all(0 <= a < n for a, n in zip(at, out)):
                for i, o in places(*w.shape[-2:]):
                    y[at][o] += w[k][i, o] * x[t][i]
    return y


def pooling(of, x, size, stride, padding):
    """`of` the values of a window, with zeros (mean) or nothing (max) outside."""
    sizes = x.shape[:-1]
    out = [(n + 2 * padding - size) // stride + 1 for n in sizes]
    y = np.zeros((*out, x.shape[-1]))
    for t in places(*out):
        window = []
        for k in places(*[size] * len(sizes)):
            at = tuple(a * stride - padding + c for a, c in zip(t, k))
            if all(0 <= a < n for a, n in zip(at, sizes)):
                window.append(x[at])
        y[t] = of(np.array(window)) if of is not np.sum else np.sum(window, 0) / size ** len(sizes)
    return y


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def recurrent(kind, x, p):
    hidden = len(p["state_weight"])
    h, c, y = np.zeros(hidden), np.zeros(hidden), []
    for frame in x:
        a = np.split(frame @ p["input_weight"] + p["input_bias"], layers.GATES[kind])
        s = np.split(h @ p["state_weight"] + p["state_bias"], layers.GATES[kind])
        if kind == "rnn":
            h = np.tanh(a[0] + s[0])
        elif kind == "gru":
            reset, update = sigmoid(a[0] + s[0]), sigmoid(a[1] + s[1])
            h = (1 - update) * np.tanh(a[2] + reset * s[2]) + update * h
        else:
            enter, forget, leave = (sigmoid(a[i] + s[i]) for i in (0, 1, 3))
            c = forget * c + enter * np.tanh(a[2] + s[2])
            h = leave * np.tanh(c)
        y.append(h)
    return np.array(y)


def attention(x, p, heads, causal):
    time, channels = x.shape
    q, k, v = np.split(x @ p["in_weight"] + p["in_bias"], 3, axis=1)
    mixed, wide = np.zeros((time, channels)), channels // heads
    for head, t in places(heads, time):
        part = slice(head * wide, (head + 1) * wide)
        seen = range(t + 1 if causal == "causal" else time)
        scores = np.array([math.exp(q[t, part] @ k[s, part] / math.sqrt(wide)) for s in seen])
        mixed[t, part] = sum(score / scores.sum() * v[s, part] for score, s in zip(scores, seen))
    return mixed @ p["out_weight"] + p["out_bias"]


def normalised(x, p, mean, variance, bias=True):
    return (x - mean) / np.sqrt(variance + EPSILON) * p["weight"] + (p["bias"] if bias else 0)


def batch_norm(x, p, mode):
    """One sample that is learnt; also the statistics after it."""
    rows, m = x.reshape(-1, x.shape[-1]), layers.MOMENTUM
    own, squares = rows.mean(0), ((rows - rows.mean(0)) ** 2).sum(0)
    mean, variance = p["running_mean"], p["running_variance"]
    after = (1 - m) * mean + m * own
    if mode == "per_sample":
        return normalised(x, p, own, squares / len(rows)), after, (1 - m) * variance + m * squares / (len(rows) - 1)
    # The second moment of a mixture is the mixture of second moments.
    variance = (1 - m) * (variance + mean**2) + m * (rows**2).mean(0) - after**2
    return normalised(x, p, after, variance), after, variance


def group_norm(x, p, groups):
    y, wide = np.zeros(x.shape), x.shape[-1] // groups
    for group in range(groups):
        part = slice(group * wide, (group + 1) * wide)
        y[..., part] = (x[..., part] - x[..., part].mean()) / np.sqrt(x[..., part].var() + EPSILON)
    return y * p["weight"] + p["bias"]


GELU = np.vectorize(lambda x: 0.5 * x * (1 + math.erf(x / math.sqrt(2))))


def expected(layer, x, p):
    kind, *a = layer
    rows = {"mean": x.mean(-1, keepdims=True), "variance": x.var(-1, keepdims=True)}
    match kind:
        case "dense":
            return np.array([sum(v * w for v, w in zip(x.ravel(), column)) for column in p["weight"].T]) + p["bias"]
        case "conv1d" | "conv2d":
            return convolution(x, p["weight"], p["bias"], *a[-3:])
        case "depthwise1d" | "depthwise2d":
            return depthwise(x, p["weight"], p["bias"], *a[-3:])
        case "transposed1d" | "transposed2d":
            return transposed(x, p["weight"], p["bias"], *a[-2:])
        case "max_pool":
            return pooling(lambda window: window.max(0), x, *a)
        case "average_pool":
            return pooling(np.sum, x, *a)
        case "upsample":
            y = x
            for axis in range(x.ndim - 1):
                y = np.stack([y.take(i // a[0], axis) for i in range(y.shape[axis] * a[0])], axis)
            return y
        case "rnn" | "gru" | "lstm":
            return recurrent(kind, x, p)
        case "attention":
            return attention(x, p, *a)
        case "layer_norm":
            return normalised(x, p, **rows)
        case "rms_norm":
            return x / np.sqrt((x**2).mean(-1, keepdims=True) + EPSILON) * p["weight"]
        case "group_norm":
            return group_norm(x, p, a[0])
        case "instance_norm":
            return group_norm(x, p, x.shape[-1])
        case "embedding":
            return np.stack([p["weight"][int(token)] for token in x])
        case "position":
            return x + p["weight"]
        case "softmax":
            return np.exp(x) / np.exp(x).sum(-1, keepdims=True)
        case "gelu":
            return GELU(x)
        case "silu":
            return x * sigmoid(x)
        case "relu6":
            return np.clip(x, 0, 6)
        case "leaky_relu":
            return np.where(x > 0, x, a[0] * x)
        case "elu":
            return np.where(x > 0, x, a[0] * (np.exp(x) - 1))
        case "global_max":
            return x.reshape(-1, x.shape[-1]).max(0)
        case "global_average":
            return x.reshape(-1, x.shape[-1]).mean(0)
        case "last":
            return x[-1]


LAYERS = [
    (("dense", 3), [4, 3]),
    (("conv1d", 3, 3, 1, 0, 1), [9, 2]),
    (("conv1d", 3, 2, 2, 3, 2), [9, 2]),
    (("conv2d", 3, 2, 3, 2, 1, 1), [6, 5, 2]),
    (("conv2d", 2, 3, 2, 1, 2, 2), [4, 5, 3]),
    (("depthwise1d", 3, 2, 1, 2), [9, 4]),
    (("depthwise2d", 2, 3, 2, 1, 1), [6, 5, 3]),
    (("transposed1d", 3, 4, 3, 1), [4, 2]),
    (("transposed1d", 3, 2, 3, 0), [4, 2]),
    (("transposed2d", 2, 3, 2, 2, 1), [3, 4, 3]),
    (("max_pool", 3, 2, 1), [9, 2]),
    (("max_pool", 2, 3, 0), [6, 5, 3]),
    (("average_pool", 3, 2, 1), [9, 2]),
    (("average_pool", 3, 2, 1), [6, 5, 3]),
    (("upsample", 3), [4, 2]),
    (("upsample", 2), [2, 3, 2]),
    (("rnn", 4), [5, 3]),
    (("gru", 4), [5, 3]),
    (("lstm", 4), [5, 3]),
    (("attention", 1, "full"), [5, 3]),
    (("attention", 2, "causal"), [5, 4]),
    (("layer_norm",), [5, 3]),
    (("rms_norm",), [5, 3]),
    (("group_norm", 2), [3, 2, 4]),
    (("instance_norm",), [5, 3]),
    (("embedding", 9, 3), [5]),
    (("position",), [5, 3]),
    *(((kind, *a), [3, 2, 4]) for kind, *a in (["softmax"], ["gelu"], ["silu"], ["relu6"], ["leaky_relu", 0.1], ["elu", 0.7])),
    (("global_max",), [3, 2, 4]),
    (("global_average",), [3, 2, 4]),
    (("last",), [5, 3]),
]


def by_layers(layer, x, p):
    tensors = {name: torch.tensor(value) for name, value in p.items()}
    y = layers.forward(layer, tensors, torch.tensor(x)[None], [], True)[0]
    return y.numpy(), tensors


def proofs():
    """(what, found, expected)"""
    for layer, shape in LAYERS:
        x = 4 * normal(*shape) if layer[0] != "embedding" else GENERATOR.integers(0, 9, shape).astype(float)
        p = {name: normal(*dims) for name, dims, _ in layers.tensors(layer, shape)}
        yield layer, by_layers(layer, x, p)[0], expected(layer, x, p)
    for mode, shape in (("running", [5, 3]), ("running", [3]), ("per_sample", [5, 3]), ("per_sample", [2, 3, 4])):
        x, layer = normal(*shape), ("batch_norm", mode)
        p = {name: normal(*dims) ** 2 for name, dims, _ in layers.tensors(layer, shape)}
        y, mean, variance = batch_norm(x, p, mode)
        found, tensors = by_layers(layer, x, p)
        yield layer, found, y
        yield (*layer, "mean"), tensors["running_mean"].numpy(), mean
        yield (*layer, "variance"), tensors["running_variance"].numpy(), variance
    yield from loss_proofs()


def loss_proofs():
    y, t, u = normal(3, 4), normal(3, 4), normal(3, 2, 4)
    classes, weights, memory = [2, 0, 3], [0.5, 2.0, 1.0, 0.25], normal(5, 4)
    logs = [row - math.log(sum(map(math.exp, row))) for row in y]
    norm = lambda d: math.sqrt(sum(v * v for v in d))  # noqa: E731
    huber = lambda d: 0.5 * d * d if abs(d) < 0.5 else 0.5 * (abs(d) - 0.25)  # noqa: E731
    cosine = lambda a, b: a @ b / norm(a) / norm(b)  # noqa: E731

    def smooth(log, c):
        return -0.8 * weights[c] * log[c] - 0.2 / 4 * sum(w * v for w, v in zip(weights, log))

    def nce(row, c):
        scores = [math.exp(cosine(row, other) / 0.25) for other in memory]
        return -math.log(scores[c] / sum(scores))

    def pair(d, same):
        return 0.5 * d * d if same else 0.5 * max(0, 3 - d) ** 2

    every = [(a, b) for one, two in zip(y, t) for a, b in zip(one, two)]
    wanted = {
        ("cross_entropy",): [-log[c] for log, c in zip(logs, classes)],
        ("weighted_cross_entropy", 0.2, *weights): [smooth(log, c) for log, c in zip(logs, classes)],
        ("binary_cross_entropy",): [-b * math.log(sigmoid(a)) - (1 - b) * math.log(sigmoid(-a)) for a, b in every],
        ("squared_error",): [(a - b) ** 2 for a, b in every],
        ("absolute_error",): [abs(a - b) for a, b in every],
        ("huber", 0.5): [huber(a - b) for a, b in every],
        ("pair", 3.0): [pair(norm(a - b), same) for a, b, same in zip(y, t, (1, 0, 0))],
        # PyTorch adds 1e-6 to each difference.
        ("triplet", 3.0): [max(0, norm(a - p + 1e-6) - norm(a - n + 1e-6) + 3) for a, (p, n) in zip(y, u)],
        ("triplet", 3.0, "positive"): [max(0, norm(a - p + 1e-6) - norm(a - n + 1e-6) + 3) for p, (a, n) in zip(y, u)],
        ("triplet", 3.0, "negative"): [max(0, norm(a - p + 1e-6) - norm(a - n + 1e-6) + 3) for n, (a, p) in zip(y, u)],
        ("info_nce", 0.25): [nce(row, c % 5) for row, c in zip(y, classes)],
    }
    for words, values in wanted.items():
        picked = torch.tensor([1, 0, 0] if words[0] == "pair" else classes)
        other = torch.tensor(u if words[0] == "triplet" else t)
        found = losses.loss({"loss": words}, torch.tensor(y), picked, other, torch.tensor(memory))
        yield words, found.numpy(), np.mean(values)
    found = losses.loss({"loss": ("next_token",), "itself": False}, torch.tensor(y)[None], torch.tensor([classes]), None, None)
    yield ("next_token",), found.numpy(), np.mean(wanted["cross_entropy",])
    itself = losses.loss({"loss": ("next_token",), "itself": True}, torch.tensor(y)[None], None, torch.tensor([classes]), None)
    yield ("next_token", "itself"), itself.numpy(), np.mean([-log[c] for log, c in zip(logs, classes[1:])])


def main():
    wrong = 0
    for what, found, wanted in proofs():
        same = found.shape == wanted.shape
        off = np.abs(found - wanted).max() / np.abs(wanted).max() if same else math.inf
        wrong += bool(not off <= 1e-12)
        print(f"{off:.0e}", *what)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
