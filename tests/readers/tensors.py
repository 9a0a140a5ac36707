"""Reads a safetensors file with the standard library alone: name, shape and values (as hexadecimal) of each tensor.

    python3 tensors.py FILE
"""

import json
import struct
import sys

data = open(sys.argv[1], "rb").read()
(length,) = struct.unpack_from("<Q", data)
header = json.loads(data[8 : 8 + length])
body = data[8 + length :]
for name, tensor in sorted(header.items()):
    if name == "__metadata__":
        continue
    begin, end = tensor["data_offsets"]
    assert tensor["dtype"] == "F32", name
    count = 1
    for extent in tensor["shape"]:
        count *= extent
    assert end - begin == 4 * count, name
    print(name, tensor["shape"], body[begin:end].hex())
