#!/usr/bin/env python3
"""Makes ready.txt: the training curves that PyTorch reaches with the ready models of kilograd.

    pip install torch==2.15.0
    python ready.py            # writes ready.txt beside this script
    python ready.py --check    # compares it with what this PyTorch computes, exit code 1 beyond rounding
    python ready.py gru ...    # shows the curves of these models, and writes nothing

`layers.py`, `losses.py` and `rules.py` say what is computed, `ready_models.py` for which models and data. Both sides have the
same start, so the file holds neither parameters nor samples:

    parameters   element i of tensor t of a model starts from CENTRE + BOUND · u, where u = (2 k + 1) / 2^18 - 1,
                 k = the upper 18 bits of splitmix64(2^32 t + i), t counts from 0 over all tensors; exact in single precision
    samples      see `ready_models.py`; step s learns from samples (s · batch + j) mod samples, j < batch

The file is text, one item a line, its words separated by one space. `#` starts a comment.

    model NAME
    data digits | images | motions | text
    samples N
    batch N
    optimizer sgd RATE MOMENTUM | adam RATE            of its settings, those that are not the usual ones
    tensor LAYER NAME LENGTH CENTRE BOUND
    f64 NAME VALUES...                                 decimal, with all digits
    f32 NAME VALUES...

Results, in double precision:

    output       of the first batch, up to 4 of its values
    gradients    of its loss, of each tensor that trains its norm and up to 4 of its values
    curve        loss of each step, before its update; once more as f32: PyTorch's own in single precision
    final        parameters after these steps: of each tensor its norm and up to 4 of its values

Of n values those at i · n / 4, rounded down, i < 4, stand for all; of fewer than 4 every one.
"""

import pathlib
import sys

import numpy as np
import torch

import ready_models
import run

PATH = pathlib.Path(__file__).resolve().parent / "ready.txt"
SHOWN = 4


def splitmix(x):
    """Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014: its output for the state x."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def uniform(number, count):
    """Between -1 and 1, for tensor `number`."""
    state = np.arange(count, dtype=np.uint64) + np.uint64(number << 32)
    k = splitmix(state) >> np.uint64(46)
    return (2.0 * k + 1) / 2**18 - 1


def span(name, fan_in, kind):
    """Centre and bound: He's rule to four bits; small biases, so that each one matters; norms near their start."""
    if fan_in:
        mantissa, exponent = np.frexp((6 / fan_in) ** 0.5)
        return 0.0, float(np.ldexp(np.round(16 * mantissa) / 16, exponent))
    if name == "running_mean":
        return 0.0, 0.0
    if name == "running_variance":
        return 1.0, 0.0
    return float(name == "weight" and kind.endswith("norm")), 2.0**-4


def finish(model):
    """A case for `run.py`, with its start and its samples."""
    case = run.COMMON | {"steps": model["steps"], "schedule": ("constant",)} | model
    case["layers"] = [run.rounded(layer) for layer in case["layers"]]
    case["optimizer"] = run.rounded(usual(case["optimizer"]))
    case["tensors"], _ = run.tensors(case)
    case["spans"] = [span(name, fan_in, kind(case, layer)) for layer, name, _, _, fan_in in case["tensors"]]
    starts = []
    for number, (tensor, (centre, bound)) in enumerate(zip(case["tensors"], case["spans"])):
        starts.append(centre + bound * uniform(number, int(np.prod(tensor[3]))))
    parameters = np.concatenate(starts)
    case["parameters"] = parameters.astype(np.float32)
    assert (case["parameters"] == parameters).all(), "not exact in single precision"
    x = case["x"]
    case["x"] = x.astype(np.float32)
    assert (case["x"] == x).all(), "not exact in single precision"
    case["samples"] = len(x)
    if case["itself"]:
        case["targets"] = case["x"]
        del case["classes"]
    return case


def kind(case, index):
    layer = case["layers"][index]
    return layer[2] if layer[0] == "from" else layer[0]


def usual(words):
    match words:
        case ("sgd", rate, momentum):
            return ("sgd", rate, momentum, 0, 0.0, 0)
        case ("adam", rate):
            return ("adam", rate, 0.9, 0.999, 1e-8, 0.0)
    raise ValueError(words)


def some(values):
    values = np.asarray(values).ravel()
    if len(values) <= SHOWN:
        return values
    return values[[i * len(values) // SHOWN for i in range(SHOWN)]]


def summary(case, values, trained):
    """Norm and some values of each tensor."""
    at, parts = 0, []
    for _, _, state, dims, _ in case["tensors"]:
        if trained and state != "trained":
            continue
        part = values[at : at + int(np.prod(dims))]
        at += len(part)
        parts += [[np.sqrt((part**2).sum())], some(part)]
    assert at == len(values)
    return np.concatenate(parts)


def line(kind, name, values):
    return " ".join([kind, name, *(repr(float(value)) if kind == "f64" else str(np.float32(value)) for value in values)])


def model_text(case):
    yield f"model {case['name']}"
    yield f"data {case['of']}"
    yield f"samples {case['samples']}"
    yield f"batch {case['batch']}"
    rate = case["optimizer"][1:3] if case["optimizer"][0] == "sgd" else case["optimizer"][1:2]
    yield " ".join(["optimizer", case["optimizer"][0], *map(repr, rate)])
    for (layer, name, _, dims, _), (centre, bound) in zip(case["tensors"], case["spans"]):
        yield f"tensor {layer} {name} {int(np.prod(dims))} {centre!r} {bound!r}"
    double, single = (run.run(case, dtype) for dtype in (torch.float64, torch.float32))
    yield line("f64", "output", some(double["output"]))
    yield line("f64", "gradients", summary(case, double["gradients"], True))
    yield line("f64", "curve", double["curve"])
    yield line("f32", "curve", single["curve"])
    yield line("f64", "final", summary(case, double["final"], False))
    show(case, double["curve"], single["curve"])


def show(case, double, single):
    """The mean loss at the begin and at the end: over an epoch, or a fifth of the steps if that is less."""
    count = min(case["samples"] // case["batch"], case["steps"] // 5)
    first, last = double[:count].mean(), double[-count:].mean()
    print(f"{case['name']}: {first:.4f} to {last:.4f}, in single precision {single[-count:].mean() / last - 1:+.1e}", flush=True)


def text(names=()):
    versions = f"Python {sys.version.split()[0]}, PyTorch {torch.__version__}, NumPy {np.__version__}"
    yield f"# made by tests/golden/ready.py: {versions}"
    for model in ready_models.models():
        if not names or model["name"] in names:
            yield from model_text(finish(model))


def check(found, stored):
    """Number of lines that differ by more than rounding, which many steps enlarge."""
    wrong = abs(len(found) - len(stored))
    for new, old in zip(found, stored):
        if new == old or new.startswith("#"):
            continue
        new, old = new.split(" "), old.split(" ")
        if new[:2] != old[:2] or len(new) != len(old) or new[0] not in ("f64", "f32"):
            wrong += 1
            continue
        a, b = (np.array(words[2:], float) for words in (new, old))
        limit = 5e-2 if new[0] == "f32" else 1e-6
        wrong += bool(np.abs(a - b).max() > limit * max(1.0, np.abs(b).max()))
    return wrong


def main():
    torch.set_num_threads(1)
    names = [word for word in sys.argv[1:] if not word.startswith("-")]
    lines = list(text(names))
    if names:
        return 0
    if "--check" in sys.argv:
        wrong = check(lines, PATH.read_text().splitlines())
        print(f"{len(lines)} lines, {wrong} differ")
        return int(wrong > 0)
    PATH.write_text("\n".join(lines) + "\n")
    print(f"{PATH.name}: {PATH.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
