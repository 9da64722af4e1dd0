"""Reads a tensor file with Python's standard library only: the second opinion of tests/test_tensors.c.
Prints `name dtype [shape] first-value` per tensor, sorted by name, then the sorted metadata keys."""
import json, struct, sys

FORMATS = {"F64": "<d", "F32": "<f", "F16": "<e", "I64": "<q", "U8": "<B"}

with open(sys.argv[1], "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()

metadata = header.pop("__metadata__", {})
for name, tensor in sorted(header.items()):
    begin, end = tensor["data_offsets"]
    if tensor["dtype"] == "BF16":    # the upper half of a float
        first = struct.unpack("<f", b"\0\0" + data[begin:begin + 2])[0] if end > begin else None
    else:
        first = struct.unpack_from(FORMATS[tensor["dtype"]], data, begin)[0] if end > begin else None
    print(name, tensor["dtype"], tensor["shape"], first)
for key in sorted(metadata):
    print(key)
