"""Reads format 1 by docs/formats.md alone: a second reader, independent of the crate. Standard library only.

    python3 frames.py IMAGE    every frame: address, verdict, sequence, step, fingerprint, state, its CRC-32, tensors
"""

import struct
import sys
import zlib

KINDS = {b"C": "COMMIT", b"S": "SEAL", b"A": "ADOPT"}


def mark(data, at):
    """The fields of the mark at `at`, or None."""
    raw = data[at : at + 48]
    if len(raw) < 48 or raw[:2] != b"KG" or raw[2:3] not in KINDS or raw[3] != 1 or raw[4] > 9 or raw[5] != 0:
        return None
    chunk, length, segment, sequence, fingerprint, step, digest, checksum = struct.unpack_from("<HIIQQQII", raw, 6)
    if zlib.crc32(raw[:44]) != checksum:
        return None
    return {
        "kind": KINDS[raw[2:3]], "write": 1 << raw[4], "chunk": chunk, "length": length, "segment": segment,
        "sequence": sequence, "fingerprint": fingerprint, "step": step, "digest": digest,
    }  # fmt: skip


def up(value, unit):
    return -(-value // unit) * unit


def frame(data, commit_at, commit):
    """Address, verdict and payload of the frame whose COMMIT is at `commit_at`."""
    write, chunk, length = commit["write"], commit["chunk"], commit["length"]
    room = chunk - 4
    if room <= 0 or chunk % write or length > 1 << 29:
        return commit_at, "impossible", None
    count = max(1, -(-length // room))
    last = length - (count - 1) * room
    body = (count - 1) * chunk + up(last + 4, write)
    if body + 3 * up(48, write) > min(commit["segment"], 1 << 30):
        return commit_at, "impossible", None
    start = commit_at - body
    if start < 0:
        return commit_at, "impossible", None

    def agrees(place, kind):
        other = mark(data, commit_at + place * up(48, write))
        return other is not None and other == commit | {"kind": kind}

    adopted, sealed = agrees(2, "ADOPT"), agrees(1, "SEAL")
    if not adopted and not sealed:
        return start, "unsealed", None
    digest, payload = 0, b""
    for index in range(count):
        at = start + index * chunk
        size = room if index < count - 1 else last
        part, (checksum,) = data[at : at + size], struct.unpack_from("<I", data, at + size)
        salt = struct.pack("<QQI", commit["sequence"], commit["fingerprint"], index)
        if zlib.crc32(salt + part) != checksum:
            return start, f"damaged {index}", None
        digest = zlib.crc32(struct.pack("<II", digest, checksum))
        payload += part
    if digest != commit["digest"]:
        return start, f"damaged {count}", None
    return start, "adopted" if adopted else "sealed", payload


def tensors(payload):
    """The list at the end of a state: number, layers, and of each tensor layer, kind, name, shape, values; or None."""
    foot = payload[-44:]
    if len(foot) < 44 or foot[34] != 0 or foot[35] != 1 or foot[36:40] != b"KGTL":
        return None
    entries, layers, plan = struct.unpack_from("<HHQ", foot)
    number = foot[32]
    begin = len(payload) - 44 - 36 * entries
    if begin < 0 or zlib.crc32(payload[begin:-4]) != struct.unpack_from("<I", foot, 40)[0]:
        return None
    listed = []
    for index in range(entries):
        name, layer, kind, flags, a, b, c, d, at, track = struct.unpack_from("<16sHBB4HII", payload, begin + 36 * index)
        shape = [extent for extent in (a, b, c, d) if extent]
        values = elements(payload, number, flags & 3, shape, at, track) if flags & 4 else None
        listed.append((layer, kind, name.rstrip(b"\0").decode(), shape, values))
    return number, layers, plan, listed


def elements(payload, number, role, shape, at, track):
    """The values of a tensor."""
    count = 1
    for extent in shape:
        count *= extent
    if number in (1, 2):
        return single(struct.unpack_from(f"<{count}{'f' if number == 1 else 'd'}", payload, at))
    if role != 0:
        return single(value / 2**24 for value in struct.unpack_from(f"<{count}i", payload, at))
    high = struct.unpack_from(f"<{count}h", payload, at)
    below = {16: ("h", 0), 17: ("b", 8), 18: (None, 0)}[number]
    low = struct.unpack_from(f"<{count}{below[0]}", payload, at + 2 * count) if below[0] else [0] * count
    (exponent,) = struct.unpack_from("<h", payload, track)
    return single((h + (l << below[1]) / 2**16) * 2.0 ** (exponent - 13) for h, l in zip(high, low))


def single(values):
    """Rounded to single precision, as other programs have them."""
    return [struct.unpack("f", struct.pack("f", value))[0] for value in values]


def main(path):
    data = open(path, "rb").read()
    for at in range(len(data)):
        commit = mark(data, at)
        if commit is None or commit["kind"] != "COMMIT":
            continue
        start, verdict, payload = frame(data, at, commit)
        print(f"{start} {verdict} {commit['sequence']} {commit['step']} {commit['fingerprint']:016x} {commit['length']}", end="")
        print(f" {zlib.crc32(payload):08x}" if payload is not None else "")
        found = tensors(payload) if payload is not None else None
        if found:
            number, layers, plan, listed = found
            print(f"  number {number} layers {layers} plan {plan:016x}")
            for layer, kind, name, shape, values in listed:
                sums = "frozen" if values is None else f"{struct.pack('>f', sum(values) / len(values)).hex()}"
                print(f"  {layer} {kind} {name} {shape} {sums}")


main(sys.argv[1])
