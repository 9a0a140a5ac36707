#!/usr/bin/env python3
"""Makes digits.bin and motions.bin from the copies that scikit-learn and sktime ship.

    pip install scikit-learn==1.9.1 sktime==1.2.0
    python make.py            # writes both files beside this script
    python make.py --check    # compares with the files that are there, exit code 1 if they differ

The layout of the files is in README.md.
"""

import pathlib
import struct
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent

# One step of the accelerometer axes, in m/s²: a power of two that leaves ±32 m/s² of range.
ACCELERATION = 2.0**-10
# One step of the gyroscope axes, in rad/s: the watch's own, 0.1526 °/s, so nothing is lost.
ROTATION = np.deg2rad(0.1526)


def checksum(data: bytes) -> int:
    """64-bit FNV-1a."""
    digest = 0xCBF29CE484222325
    for byte in data:
        digest = ((digest ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return digest


def pack(values: np.ndarray, scales, names, labels, test) -> bytes:
    """The file's bytes: header, scales, names, values, labels, marks, checksum."""
    samples, *extents = values.shape
    rank = len(extents)
    out = b"KGDS"
    out += struct.pack("<HHHH", 1, values.dtype.itemsize, samples, rank)
    out += struct.pack("<4H", *(extents + [1] * (4 - rank)))
    out += struct.pack("<HH", len(scales), len(names))
    out += struct.pack(f"<{len(scales)}f", *scales)
    for name in names:
        out += name.encode().ljust(16, b"\0")
    out += np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
    out += bytes(labels) + bytes(test)
    return out + struct.pack("<Q", checksum(out))


def digits() -> bytes:
    """UCI optical digits: every pixel is an integer from 0 to 16, kept as it is."""
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = data.images.astype(np.uint8)
    assert (pixels == data.images).all() and pixels.max() == 16
    return pack(
        pixels[..., None], [1.0], [str(d) for d in range(10)], data.target.astype(np.uint8), [0] * len(pixels)
    )


def recordings(path: pathlib.Path):
    """Values [recording][axis][time] and class names of one `.ts` file of the UEA archive."""
    text = path.read_text().split("@data", 1)[1]
    values, names = [], []
    for line in text.split("\n"):
        if line.strip():
            *axes, name = line.strip().split(":")
            values.append([[float(v) for v in axis.split(",")] for axis in axes])
            names.append(name)
    return np.array(values), names


def motions() -> bytes:
    """BasicMotions, training recordings first, then the test recordings, each in the archive's order."""
    import sktime.datasets

    folder = pathlib.Path(sktime.datasets.__file__).parent / "data" / "BasicMotions"
    train, train_names = recordings(folder / "BasicMotions_TRAIN.ts")
    test, test_names = recordings(folder / "BasicMotions_TEST.ts")
    values = np.concatenate([train, test]).transpose(0, 2, 1)  # [recording][time][axis]
    names = ["Standing", "Walking", "Running", "Badminton"]
    labels = [names.index(n) for n in train_names + test_names]

    scales = np.array([ACCELERATION] * 3 + [ROTATION] * 3, dtype=np.float32)
    mantissas = np.rint(values / scales)
    assert np.abs(mantissas).max() < 32767
    lost = np.abs(mantissas * scales - values).max((0, 1)) / values.std((0, 1))
    print("motions: largest rounding error per axis, in standard deviations:", np.array2string(lost, precision=6))
    assert lost.max() < 1e-3
    marks = [0] * len(train) + [1] * len(test)
    return pack(mantissas.astype(np.int16), scales, [n.lower() for n in names], labels, marks)


def main() -> int:
    failed = 0
    for name, data in (("digits.bin", digits()), ("motions.bin", motions())):
        path = HERE / name
        if "--check" in sys.argv:
            same = path.read_bytes() == data
            print(f"{name}: {'as made' if same else 'DIFFERS'}")
            failed |= not same
        else:
            path.write_bytes(data)
            print(f"{name}: {len(data)} bytes, checksum {data[-8:][::-1].hex()}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
