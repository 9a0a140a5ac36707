"""The ready models, written down once more, and the data that they learn from: files of `host-sim/data`, in all digits.

Every sample is exact in single precision:

    digits       pixel / 16, as a vector of 64
    images       a digit enlarged: pixel[i · 8 / height, j · 8 / width] / 8 - 1 (rounded down) in every channel, and the grain
                 of `texture`, whose element 0 is the first of the first sample; a vector is 20 x 32
    motions      acceleration as stored · 2^-12, rotation · 2^-10
    text         a window of 64 tokens; windows of a block of 1,024 characters begin 63 apart

The sample that is number j here is number j · stride, modulo all, of the file.
"""

import pathlib
import struct

import numpy as np

DATA = pathlib.Path(__file__).resolve().parents[2] / "host-sim" / "data"
ALPHABET = " !\"'(),-.:;?abcdefghijklmnopqrstuvwxyz"
# A batch norm of the ready models follows its samples with this.
MOMENTUM = 0.01


def stored(name):
    """Values and classes of one of the built-in files; its layout is in host-sim/data/README.md."""
    data = (DATA / name).read_bytes()
    _, width, samples, rank = struct.unpack_from("<4H", data, 4)
    dims = struct.unpack_from("<4H", data, 12)[:rank]
    channels, classes = struct.unpack_from("<2H", data, 20)
    at = 24 + 4 * channels + 16 * classes
    count = samples * int(np.prod(dims))
    values = np.frombuffer(data, {1: "<u1", 2: "<i2"}[width], count, at).reshape(samples, *dims)
    return values.astype(float), np.frombuffer(data, "<u1", samples, at + count * width).astype(int)


def texture(count):
    """Grain for flat images, from -1 up to 1 in steps of 1/128: element i has ((m xor m >> 15) · 0x85EBCA6B mod 2^32) >> 24 of them above
    -1, m = i · 0x9E3779B9 mod 2^32. On flat ground the deep norms would divide rounding by next to nothing.
    """
    low = np.uint64(0xFFFFFFFF)
    m = (np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B9)) & low
    m = ((m ^ (m >> np.uint64(15))) * np.uint64(0x85EBCA6B)) & low
    return (m >> np.uint64(24)) / 128.0 - 1


def pick(values, classes, samples, stride):
    picked = [j * stride % len(values) for j in range(samples)]
    flat = values[picked].reshape(samples, -1)
    return flat, None if classes is None else classes[picked]


def digits(_, samples):
    values, classes = stored("digits.bin")
    return pick(values / 16, classes, samples, 1)


def images(dims, samples):
    height, width, channels = dims if len(dims) == 3 else (20, 32, 1)
    values, classes = stored("digits.bin")
    rows = [i * 8 // height for i in range(height)]
    columns = [j * 8 // width for j in range(width)]
    large = np.repeat(values[:samples, rows][:, :, columns] / 8 - 1, channels, -1)
    return pick(large + texture(large.size).reshape(large.shape), classes[:samples], samples, 1)


def motions(_, samples):
    values, classes = stored("motions.bin")
    # 27 has no factor in common with 80, and brings one activity after the other.
    return pick(values * ([2.0**-12] * 3 + [2.0**-10] * 3), classes, samples, 27)


def text(_, samples):
    flat = " ".join((DATA / "alice.txt").read_text().split()).lower()
    tokens = np.array([ALPHABET.index(character) for character in flat if character in ALPHABET], float)
    blocks = [tokens[at : at + 1024] for at in range(0, len(tokens), 1024)]
    windows = [b[at : at + 64] for b in blocks for at in range(0, len(b) - 63, 63)]
    return pick(np.array(windows), None, samples, 1)


def autoencoder():
    layers = []
    for units in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        layers += [("dense", units), RUNNING, ("relu",)]
    return [*layers, ("dense", 640)]


def separable(outputs, stride, norm):
    return [("depthwise2d", 3, 3, stride, 1, 1), norm, ("relu",), ("conv2d", outputs, 1, 1, 1, 0, 1), norm, ("relu",)]


def ds_cnn(norm):
    layers = [("conv2d", 64, 10, 4, 2, 5, 1, 1), norm, ("relu",)]
    for _ in range(4):
        layers += separable(64, 1, norm)
    return [*layers, ("global_average",), ("dense", 12)]


def mobilenet(norm):
    layers = [("conv2d", 8, 3, 3, 2, 1, 1), norm, ("relu",)]
    blocks = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)]
    for outputs, stride in blocks:
        layers += separable(outputs, stride, norm)
    return [*layers, ("global_average",), ("dense", 10)]


def resnet(norm):
    """Three blocks, each with a way around it; the second and third halve the size, and their way is a convolution."""
    conv = lambda outputs, size, stride: ("conv2d", outputs, size, size, stride, size // 2, 1)  # noqa: E731
    layers = [conv(16, 3, 1), norm, ("relu",)]
    layers += [conv(16, 3, 1), norm, ("relu",), conv(16, 3, 1), norm, ("add", 6), ("relu",)]
    for outputs in (32, 64):
        layers += [conv(outputs, 3, 2), norm, ("relu",), conv(outputs, 3, 1), norm]
        layers += [("from", 6, *conv(outputs, 1, 2)), ("add", 2), ("relu",)]
    return [*layers, ("global_average",), ("dense", 10)]


def transformer():
    layers = [("embedding", 38, 32), ("position",)]
    for _ in range(2):
        layers += [("layer_norm",), ("attention", 2, "causal"), ("add", 3)]
        layers += [("layer_norm",), ("conv1d", 128, 1, 1, 0, 1), ("gelu",), ("conv1d", 32, 1, 1, 0, 1), ("add", 5)]
    return [*layers, ("layer_norm",), ("conv1d", 38, 1, 1, 0, 1)]


RUNNING, PER_SAMPLE = (("batch_norm", mode, MOMENTUM) for mode in ("running", "per_sample"))
GROUPS = ("group_norm", 4)


def sgd(rate):
    return ("sgd", rate, 0.9)


def listed():
    """Name, input, layers, data and its samples, optimizer, steps; what is not as usual."""
    layers = [("dense", 32), ("relu",), ("dense", 10)]
    yield "perceptron", [64], layers, digits, 400, sgd(0.05), 200, dict(batch=4)
    for kind in ("gru", "lstm"):
        layers = [(kind, 24), ("last",), ("dense", 4)]
        yield kind, [100, 6], layers, motions, 80, ("adam", 0.003), 200, dict(batch=4)
    yield "transformer", [64], transformer(), text, 400, ("adam", 0.003), 500, dict(loss=("next_token",), itself=True)
    itself = dict(loss=("squared_error",), itself=True)
    yield "autoencoder", [640], autoencoder(), images, 10, sgd(0.05), 60, itself
    yield "ds_cnn", [49, 10, 1], ds_cnn(RUNNING), images, 20, sgd(0.01), 100, {}
    yield "ds_cnn_per_sample", [49, 10, 1], ds_cnn(PER_SAMPLE), images, 20, sgd(0.003), 100, {}
    yield "ds_cnn_groups", [49, 10, 1], ds_cnn(GROUPS), images, 20, sgd(0.01), 100, {}
    yield "resnet_8", [32, 32, 3], resnet(RUNNING), images, 10, sgd(0.003), 60, {}
    yield "resnet_8_groups", [32, 32, 3], resnet(GROUPS), images, 10, sgd(0.003), 60, {}
    yield "mobilenet", [96, 96, 3], mobilenet(RUNNING), images, 5, sgd(0.003), 35, {}
    yield "mobilenet_groups", [96, 96, 3], mobilenet(GROUPS), images, 5, sgd(0.0003), 30, {}


def models():
    for name, dims, layers, data, samples, optimizer, steps, more in listed():
        x, classes = data(dims, samples)
        made = dict(name=name, input=dims, layers=layers, of=data.__name__, optimizer=optimizer, steps=steps)
        yield {**made, "x": x, "classes": classes, "loss": ("cross_entropy",), **more}
