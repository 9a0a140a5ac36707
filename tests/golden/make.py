#!/usr/bin/env python3
"""Makes pytorch.txt: what PyTorch computes for each layer, loss, optimizer and schedule of kilograd.

    pip install torch==2.15.0
    python make.py            # writes pytorch.txt beside this script
    python make.py --check    # compares it with what this PyTorch computes, exit code 1 beyond 1e-12 (f32: 1e-4)
    python prove.py           # holds the formulas and orders of this folder to PyTorch's own modules

`layers.py`, `losses.py` and `rules.py` say what is computed, `cases.py` and `cases_layers.py` for which settings.

The file is text, one item a line, its words separated by one space. `#` starts a comment.

    layout in_out                            order of weights: [in][out]; of a convolution [kernel...][in][out]
    case NAME                                starts a case; all lines up to the next `case` belong to it
    input DIMS...                            shape of one sample, [length], [time, channel] or [height, width, channel]
    layer dense OUT
    layer conv1d OUT KERNEL STRIDE PADDING DILATION
    layer conv2d OUT HEIGHT WIDTH STRIDE PADDING DILATION [PADDING of the columns, where it is another]
    layer depthwise1d KERNEL STRIDE PADDING DILATION
    layer depthwise2d HEIGHT WIDTH STRIDE PADDING DILATION
    layer transposed1d OUT KERNEL STRIDE PADDING
    layer transposed2d OUT HEIGHT WIDTH STRIDE PADDING
    layer upsample FACTOR
    layer max_pool SIZE STRIDE PADDING       average_pool: the same; padding counts as zeros in the mean
    layer global_average | global_max        over time or pixels
    layer relu | relu6 | tanh | sigmoid | gelu | silu | softmax
    layer leaky_relu SLOPE
    layer elu ALPHA
    layer batch_norm running | per_sample    see `batch_norm` in layers.py
    layer layer_norm | rms_norm              over the channels of each position
    layer group_norm GROUPS | instance_norm  over all positions
    layer dropout RATE
    layer embedding VOCABULARY WIDTH         its input is a vector of token numbers
    layer position
    layer attention HEADS full | causal
    layer rnn HIDDEN | gru HIDDEN | lstm HIDDEN
    layer last                               frame of a series
    layer add BACK                           adds the output of the layer BACK places above (above the first: the input)
    layer concat BACK                        puts its channels behind
    layer reshape DIMS... | flatten
    layer from BACK KIND...                  any kind, whose input is the output BACK places above, not that right above
    frozen LAYER...                          these layers do not train (numbered from 0)
    bias_only LAYER...                       of these layers only the biases train
    low_rank LAYER RANK                      this layer is frozen, but for down [inputs][RANK] times up [RANK][out] on its weight
    channels LAYER FROM COUNT                … but for the weights of COUNT input channels: what they have moved by
    loss cross_entropy
    loss weighted_cross_entropy SMOOTHING WEIGHT...    a weight for each class, or none
    loss next_token                          cross-entropy at each position; mean over positions
    loss binary_cross_entropy                of logits; this and the next three: mean over the elements of the output
    loss squared_error | absolute_error
    loss huber DELTA
    loss pair MARGIN                         distance to another embedding
    loss triplet MARGIN [positive | negative]          as which member the output stands: the anchor, if nothing is said
    loss info_nce TEMPERATURE                cosine similarities to embeddings in memory
    target itself                            the sample is its own target; next_token: frame t is to tell token t + 1
    optimizer sgd RATE MOMENTUM NESTEROV(0 or 1) DECAY DAMPENING
    optimizer adam RATE BETA1 BETA2 EPSILON DECAY      adamw: the same
    optimizer rmsprop RATE ALPHA EPSILON DECAY MOMENTUM CENTERED(0 or 1)
    schedule step EVERY FACTOR | exponential FACTOR | cosine STEPS MINIMUM | plateau FACTOR PATIENCE DELTA FLOOR
                                             plateau is told the loss of each step, as a single
    warmup STEPS SHARE                       update t < STEPS has SHARE + (1 - SHARE) t / STEPS of the rate; then the schedule
    clip norm NORM                           if there: g becomes g · min(1, NORM / (‖g‖₂ + 1e-6))
    clip value LIMIT                         … or g is held within ±LIMIT
    batch N                                  step t trains on samples (t·N + i) mod samples, i < N; their mean loss
    classes CLASS...                         of each sample (next_token: of each position; pair: 1 for one kind)
    tensor LAYER NAME STATE DIMS...          a parameter tensor: trained, frozen, or a statistic (moved without a gradient)
    f32 NAME COUNT BITS...                   values as the hexadecimal bits of an IEEE 754 single
    f64 NAME COUNT BITS...                   … or double

Starting values are singles, so that both number formats start from the same point:

    x            all samples, one after the other, channels innermost
    targets      of each sample: values; for a pair the other embedding; for a triplet the other two of anchor, positive and
                 negative, in this order
    memory       the embeddings of info_nce
    parameters   one flat vector: the tensors in the order of their lines

Results, each once as f64 and once as f32 (PyTorch computed in that format throughout):

    output       of the first batch, one sample after the other
    loss         of the first batch, mean over its samples
    gradients    of that loss with respect to the tensors that train, in their order, before clipping
    curve        loss of each of 20 steps, before its update
    final        parameters after those steps, all tensors
    rates        learning rates of those steps, if there is a schedule
    inference    output of the first batch in inference, after the steps; some cases have no steps, and this alone

Settings are rounded to single precision before use, and written with all their digits. So is the rate of each step.
"""

import pathlib
import struct
import sys
import zlib

import numpy as np
import torch

import cases
import run

PATH = pathlib.Path(__file__).resolve().parent / "pytorch.txt"


def tensor(name, values):
    values = np.ascontiguousarray(values).ravel()
    kind, form, digits = ("f64", ">d", 16) if values.dtype == np.float64 else ("f32", ">f", 8)
    bits = (struct.pack(form, v).hex() for v in values)
    return f"{kind} {name} {len(values)} " + " ".join(bits)


def text():
    # Versions stand in the file; the processor does not, so the last bits are allowed to differ (see --check).
    versions = f"Python {sys.version.split()[0]}, PyTorch {torch.__version__}, NumPy {np.__version__}"
    yield f"# made by tests/golden/make.py: {versions}"
    yield "layout in_out"
    for case in cases.cases():
        yield from case_text(run.finish(case, zlib.crc32(case["name"].encode())))


def line(word, values):
    """Numbers with all their digits."""
    number = lambda v: v if isinstance(v, str) else repr(int(v)) if v == int(v) else repr(float(v))  # noqa: E731
    return " ".join([word, *map(number, values)])


def case_text(case):
    yield f"case {case['name']}"
    yield line("input", case["input"])
    for layer in case["layers"]:
        yield line("layer", layer)
    for key in ("frozen", "bias_only"):
        if case[key]:
            yield line(key, case[key])
    for index, (kind, *settings) in case["adapters"].items():
        yield line(kind, [index, *settings])
    yield line("loss", case["loss"])
    if case["itself"]:
        yield "target itself"
    yield line("optimizer", case["optimizer"])
    if case["schedule"] != ("constant",):
        yield line("schedule", case["schedule"])
    if case["warmup"]:
        yield line("warmup", case["warmup"])
    if "clip" in case:
        yield line("clip", case["clip"])
    yield line("batch", [case["batch"]])
    if "classes" in case:
        yield line("classes", np.ravel(case["classes"]))
    for index, name, state, dims, _ in case["tensors"]:
        yield line("tensor", [index, name, state, *dims])
    yield tensor("x", case["x"])
    for name in ("targets", "memory"):
        if isinstance(case.get(name), np.ndarray) and not case["itself"]:
            yield tensor(name, case[name])
    yield tensor("parameters", case["parameters"])
    for dtype in (torch.float64, torch.float32):
        for name, values in run.run(case, dtype).items():
            yield tensor(name, values)


def numbers(line):
    kind, _, count, *bits = line.split(" ")
    values = np.array([struct.unpack(">d" if kind == "f64" else ">f", bytes.fromhex(b))[0] for b in bits])
    assert len(values) == int(count)
    return values


def check(found, stored):
    """Number of lines that differ by more than rounding."""
    wrong = abs(len(found) - len(stored))
    for new, old in zip(found, stored):
        if new == old or new.startswith("#"):
            continue
        if new.split(" ")[:3] != old.split(" ")[:3] or new[:4] not in ("f64 ", "f32 "):
            wrong += 1
            continue
        a, b = numbers(new), numbers(old)
        limit = 1e-12 if new.startswith("f64") else 1e-4
        wrong += bool(np.abs(a - b).max() > limit * max(1.0, np.abs(b).max()))
    return wrong


def main():
    torch.set_num_threads(1)
    lines = list(text())
    if "--check" in sys.argv:
        wrong = check(lines, PATH.read_text().splitlines())
        print(f"{len(lines)} lines, {wrong} differ")
        return int(wrong > 0)
    PATH.write_text("\n".join(lines) + "\n")
    print(f"{PATH.name}: {sum(line.startswith('case') for line in lines)} cases, {PATH.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
