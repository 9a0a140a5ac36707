#!/usr/bin/env python3
"""Makes pytorch.txt: what PyTorch computes for each layer, loss and optimizer of kilograd.

    pip install torch==2.15.0
    python make.py            # writes pytorch.txt beside this script
    python make.py --check    # compares it with what this PyTorch computes, exit code 1 beyond 1e-12 (f32: 1e-4)

The file is text, one item a line, its words separated by one space. `#` starts a comment.

    layout in_out                            order of weights, see LAYOUT below
    case NAME                                starts a case; all lines up to the next `case` belong to it
    input DIMS...                            shape of one sample, [length] or [time, channel]
    layer dense OUT
    layer conv1d OUT KERNEL STRIDE PADDING
    layer relu | tanh | sigmoid | global_average
    layer add BACK                           adds the output of the layer BACK places above (above the first: the input)
    loss cross_entropy | squared_error       squared_error: mean over the elements of the output
    optimizer sgd RATE MOMENTUM NESTEROV(0 or 1) DECAY
    optimizer adam RATE BETA1 BETA2 EPSILON DECAY
    clip NORM                                if there: g becomes g · min(1, NORM / (‖g‖₂ + 1e-6))
    batch N                                  step t trains on samples (t·N + i) mod samples, i < N; their mean loss
    classes LABEL...                         class of each sample (cross_entropy)
    f32 NAME COUNT BITS...                   values as the hexadecimal bits of an IEEE 754 single
    f64 NAME COUNT BITS...                   … or double

Starting values are singles, so that both number formats start from the same point:

    x            all samples, one after the other, [time][channel] inside
    targets      the same for the targets (squared_error)
    parameters   one flat vector: for each layer in order its weight, then its bias

Results, each once as f64 and once as f32 (PyTorch computed in that format throughout):

    output       of the first batch, one sample after the other
    loss         of the first batch, mean over its samples
    gradients    of that loss with respect to the parameters, in their order, before clipping
    curve        loss of each of 20 steps, before its update
    final        parameters after those steps

Hyperparameters are rounded to single precision before use, and written with all their digits.
"""

import pathlib
import struct
import sys
import zlib

import numpy as np
import torch
import torch.nn.functional as F

# Order of a dense weight: "out_in" is [out][in], "in_out" is [in][out];
# of a conv1d weight: "out_in" is [out][kernel][in channel], "in_out" is [kernel][in channel][out].
LAYOUT = "in_out"

STEPS = 20
PATH = pathlib.Path(__file__).resolve().parent / "pytorch.txt"


def shapes(case):
    """Shape before each layer and after the last; sizes (weight, bias) of each layer's parameters."""
    shape, all_shapes, sizes = list(case["input"]), [list(case["input"])], []
    for kind, *a in case["layers"]:
        count = (0, 0)
        if kind == "dense":
            count = (int(np.prod(shape)) * a[0], a[0])
            shape = [a[0]]
        elif kind == "conv1d":
            out, kernel, stride, padding = a
            count = (out * kernel * shape[1], out)
            shape = [(shape[0] + 2 * padding - kernel) // stride + 1, out]
        elif kind == "global_average":
            shape = [shape[1]]
        all_shapes.append(shape)
        sizes.append(count)
    return all_shapes, sizes


def start(case, generator):
    """Initial parameters: He's uniform rule, and small biases so that each one matters."""
    flat = []
    all_shapes, sizes = shapes(case)
    for (weights, biases), out in zip(sizes, all_shapes[1:]):
        fan_in = weights // out[-1] if weights else 1
        bound = case["gain"] * (6 / fan_in) ** 0.5
        flat.append(generator.uniform(-bound, bound, weights))
        flat.append(generator.uniform(-0.25, 0.25, biases))
    return np.concatenate(flat).astype(np.float32)


def forward(case, parameters, x):
    """Output of a batch x [sample, dims...] with the flat parameters, both in our memory order."""
    all_shapes, sizes = shapes(case)
    at, outputs, y = 0, [x], x  # outputs[i] is what layer i reads
    for (kind, *a), (weights, biases), shape in zip(case["layers"], sizes, all_shapes):
        w, b = parameters[at : at + weights], parameters[at + weights : at + weights + biases]
        at += weights + biases
        if kind == "dense":
            w = w.reshape(a[0], -1) if LAYOUT == "out_in" else w.reshape(-1, a[0]).T
            y = F.linear(y.flatten(1), w, b)
        elif kind == "conv1d":
            out, kernel, stride, padding = a
            # To PyTorch's [out][in channel][kernel], and its [channel][time] and back.
            if LAYOUT == "out_in":
                w = w.reshape(out, kernel, shape[1]).permute(0, 2, 1)
            else:
                w = w.reshape(kernel, shape[1], out).permute(2, 1, 0)
            y = F.conv1d(y.transpose(1, 2), w, b, stride=stride, padding=padding).transpose(1, 2)
        elif kind == "relu":
            y = F.relu(y)
        elif kind == "tanh":
            y = torch.tanh(y)
        elif kind == "sigmoid":
            y = torch.sigmoid(y)
        elif kind == "global_average":
            y = y.mean(1)
        elif kind == "add":
            y = y + outputs[len(outputs) - a[0]]
        outputs.append(y)
    return y


def optimizer(case, parameters):
    kind, *a = case["optimizer"]
    if kind == "sgd":
        rate, momentum, nesterov, decay = a
        return torch.optim.SGD([parameters], lr=rate, momentum=momentum, nesterov=bool(nesterov), weight_decay=decay)
    rate, beta1, beta2, epsilon, decay = a
    return torch.optim.Adam([parameters], lr=rate, betas=(beta1, beta2), eps=epsilon, weight_decay=decay)


def run(case, dtype):
    """The five results of a case."""
    count = len(case["x"])
    x = torch.tensor(case["x"], dtype=dtype).reshape(count, *case["input"])
    parameters = torch.tensor(case["parameters"], dtype=dtype, requires_grad=True)
    if case["loss"] == "cross_entropy":
        target, loss_of = torch.tensor(case["classes"]), F.cross_entropy
    else:
        target, loss_of = torch.tensor(case["targets"], dtype=dtype).reshape(count, *shapes(case)[0][-1]), F.mse_loss
    optim = optimizer(case, parameters)
    results, curve = {}, []
    for step in range(STEPS):
        picked = [(step * case["batch"] + i) % count for i in range(case["batch"])]
        optim.zero_grad()
        output = forward(case, parameters, x[picked])
        loss = loss_of(output, target[picked])
        loss.backward()
        if step == 0:
            results["output"] = output.detach().numpy().ravel().copy()
            results["loss"] = loss.detach().numpy().ravel().copy()
            results["gradients"] = parameters.grad.numpy().copy()
        curve.append(loss.item())
        if "clip" in case:
            torch.nn.utils.clip_grad_norm_([parameters], case["clip"])
        optim.step()
    results["curve"] = np.array(curve, dtype=x.numpy().dtype)
    results["final"] = parameters.detach().numpy()
    return results


def cases():
    """Each layer with the loss that shows it best, each loss, each optimizer, and three whole networks."""
    sgd = ("sgd", 1 / 16, 0.875, 0, 0)
    series, net = [11, 3], [("conv1d", 4, 3, 2, 1), ("tanh",), ("dense", 3)]
    layers = {
        "dense": ([7], [("dense", 5)]),
        "dense_of_series": ([4, 3], [("dense", 5)]),
        "conv1d": (series, [("conv1d", 4, 3, 1, 0)]),
        "conv1d_kernel_1": (series, [("conv1d", 5, 1, 1, 0)]),
        "conv1d_kernel_of_whole_length": (series, [("conv1d", 2, 11, 1, 0)]),
        "conv1d_stride": (series, [("conv1d", 4, 4, 3, 0)]),
        "conv1d_stride_leaves_frames_over": ([12, 2], [("conv1d", 3, 3, 4, 0)]),
        "conv1d_stride_past_the_kernel": (series, [("conv1d", 4, 2, 4, 0)]),
        "conv1d_padding": (series, [("conv1d", 4, 5, 1, 2)]),
        "conv1d_stride_padding": (series, [("conv1d", 4, 4, 3, 3)]),
        "conv1d_twice": (series, [("conv1d", 4, 3, 2, 1), ("conv1d", 3, 3, 1, 1)]),
        # Edges whose taps are no multiple of any block that a kernel works in.
        "conv1d_edges": (series, [("conv1d", 3, 3, 1, 1), ("conv1d", 1, 2, 2, 1), ("conv1d", 5, 5, 1, 4)]),
        "relu": ([6], [("dense", 9), ("relu",), ("dense", 2)]),
        "tanh": ([6], [("dense", 5), ("tanh",), ("dense", 2)]),
        "sigmoid": ([6], [("dense", 5), ("sigmoid",), ("dense", 2)]),
        "activations_last": ([6], [("dense", 5), ("sigmoid",), ("relu",), ("tanh",)]),
        "global_average": (series, [("conv1d", 4, 3, 1, 0), ("relu",), ("global_average",)]),
        "add": ([6], [("dense", 6), ("tanh",), ("dense", 6), ("add", 2), ("relu",), ("dense", 3)]),
        "add_residual_conv1d": (
            series,
            [("conv1d", 4, 3, 1, 1), ("relu",), ("conv1d", 4, 3, 1, 1), ("relu",), ("conv1d", 4, 3, 1, 1), ("add", 4)]
            + [("relu",), ("global_average",), ("dense", 2)],
        ),
        "add_read_twice": (
            [5],
            [("dense", 4), ("tanh",), ("dense", 4), ("add", 3), ("tanh",), ("dense", 4), ("add", 6), ("add", 4)],
        ),
        "add_reads_input": ([4], [("sigmoid",), ("add", 2), ("dense", 4), ("tanh",), ("add", 5), ("dense", 2)]),
    }
    # These sum many terms or read an output twice: at the common rate they would explode.
    slow = {"conv1d_kernel_of_whole_length": 1 / 128, "add_read_twice": 1 / 128, "relu": 1 / 64}
    for name, (shape, stack) in layers.items():
        common = dict(input=shape, layers=stack, loss="squared_error", samples=3, batch=2)
        yield common | dict(name=f"layer_{name}", optimizer=("sgd", slow.get(name, 1 / 16), 0.875, 0, 0))
    losses = {
        "cross_entropy": dict(loss="cross_entropy"),
        "cross_entropy_two_classes": dict(loss="cross_entropy", layers=[("dense", 2)]),
        "cross_entropy_of_large_logits": dict(loss="cross_entropy", gain=96.0, batch=5, optimizer=("sgd", 1.0, 0, 0, 0)),
        "cross_entropy_batch": dict(loss="cross_entropy", batch=3),
        "squared_error": dict(loss="squared_error"),
        "squared_error_batch": dict(loss="squared_error", batch=3),
    }
    for name, changes in losses.items():
        yield dict(name=f"loss_{name}", input=[7], layers=[("dense", 4)], optimizer=sgd, samples=5) | changes
    optimizers = {
        "sgd": ("sgd", 1 / 8, 0, 0, 0),
        "sgd_momentum": ("sgd", 1 / 32, 0.9, 0, 0),
        "sgd_nesterov": ("sgd", 1 / 32, 0.9, 1, 0),
        "sgd_weight_decay": ("sgd", 1 / 8, 0, 0, 1 / 16),
        "sgd_momentum_weight_decay": ("sgd", 1 / 32, 0.9, 0, 1 / 16),
        "sgd_nesterov_weight_decay": ("sgd", 1 / 32, 0.9, 1, 1 / 16),
        "adam": ("adam", 0.001, 0.9, 0.999, 1e-8, 0),
        "adam_large_steps": ("adam", 1 / 16, 0.75, 0.9375, 1e-8, 0),
        "adam_large_epsilon": ("adam", 1 / 32, 0.9, 0.999, 1 / 8, 0),
        "adam_weight_decay": ("adam", 1 / 64, 0.9, 0.999, 1e-8, 1 / 16),
    }
    for name, values in optimizers.items():
        common = dict(input=series, layers=net, loss="cross_entropy", optimizer=values, samples=5)
        yield common | dict(name=f"optimizer_{name}")
        yield common | dict(name=f"optimizer_{name}_batch", batch=4)
    for batch in (1, 4):
        yield common | dict(
            name=f"clip_batch_{batch}", optimizer=("sgd", 1 / 32, 0.9, 0, 1 / 16), batch=batch, clip=1 / 2
        )
    yield dict(
        name="network_digits", input=[64], layers=[("dense", 32), ("relu",), ("dense", 10)],
        loss="cross_entropy", optimizer=("sgd", 1 / 64, 0.9, 0, 0), samples=6,
    )  # fmt: skip
    yield dict(
        name="network_motions", input=[100, 6],
        layers=[("conv1d", 8, 5, 2, 0), ("relu",), ("conv1d", 16, 5, 2, 0), ("relu",), ("global_average",), ("dense", 4)],
        loss="cross_entropy", optimizer=("adam", 0.001, 0.9, 0.999, 1e-8, 0), samples=4,
    )  # fmt: skip
    # A quarter of the widths of the real one keeps the file small.
    yield dict(
        name="network_autoencoder", input=[32],
        layers=[("dense", 16), ("relu",), ("dense", 4), ("relu",), ("dense", 16), ("relu",), ("dense", 32)],
        loss="squared_error", optimizer=("sgd", 1 / 8, 0.9, 1, 0), samples=6, target="x",
    )  # fmt: skip


def finish(case, seed):
    """Adds the starting values, and rounds the hyperparameters to singles."""
    case = dict(batch=1, gain=1.0) | case
    generator = np.random.default_rng(seed)
    size, out = int(np.prod(case["input"])), shapes(case)[0][-1]
    kind, *values = case["optimizer"]
    case["optimizer"] = (kind, *(float(np.float32(v)) for v in values))
    case["x"] = generator.standard_normal((case["samples"], size)).astype(np.float32)
    if case["loss"] == "cross_entropy":
        case["classes"] = [int(c) for c in generator.integers(0, out[0], case["samples"])]
    elif case.get("target") == "x":
        case["targets"] = case["x"]
    else:
        case["targets"] = generator.standard_normal((case["samples"], int(np.prod(out)))).astype(np.float32)
    case["parameters"] = start(case, generator)
    return case


def tensor(name, values):
    values = np.ascontiguousarray(values).ravel()
    kind, form, digits = ("f64", ">d", 16) if values.dtype == np.float64 else ("f32", ">f", 8)
    bits = (struct.pack(form, v).hex() for v in values)
    return f"{kind} {name} {len(values)} " + " ".join(bits)


def text():
    # Versions stand in the file; the processor does not, so the last bits are allowed to differ (see --check).
    versions = f"Python {sys.version.split()[0]}, PyTorch {torch.__version__}, NumPy {np.__version__}"
    yield f"# made by tests/golden/make.py: {versions}"
    yield f"layout {LAYOUT}"
    number = lambda v: repr(int(v)) if v == int(v) else repr(v)  # noqa: E731
    for case in cases():
        case = finish(case, zlib.crc32(case["name"].encode()))
        yield f"case {case['name']}"
        yield "input " + " ".join(map(str, case["input"]))
        for layer in case["layers"]:
            yield "layer " + " ".join(map(str, layer))
        yield f"loss {case['loss']}"
        yield "optimizer " + " ".join([case["optimizer"][0], *map(number, case["optimizer"][1:])])
        if "clip" in case:
            yield f"clip {case['clip']}"
        yield f"batch {case['batch']}"
        if "classes" in case:
            yield "classes " + " ".join(map(str, case["classes"]))
        yield tensor("x", case["x"])
        if "targets" in case and case.get("target") != "x":
            yield tensor("targets", case["targets"])
        elif "targets" in case:
            yield tensor("targets", case["x"])
        yield tensor("parameters", case["parameters"])
        for dtype in (torch.float64, torch.float32):
            for name, values in run(case, dtype).items():
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
