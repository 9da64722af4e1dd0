"""members.py POSTERIOR OUT: writes the stored draws of a posterior.safetensors (the members of an ensemble) as models of one draw each,
OUT.0.safetensors, OUT.1.safetensors, ... With Python's standard library only."""
import json, struct, sys

with open(sys.argv[1], "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()

metadata = header.pop("__metadata__")
for k in range(int(metadata["draws"])):
    tensors, parts, end = {}, [], 0
    for name, tensor in header.items():
        begin, stop = tensor["data_offsets"]
        n = (stop - begin) // tensor["shape"][0]
        parts.append(data[begin + k * n:begin + (k + 1) * n])
        tensors[name.removesuffix(".draws")] = {"dtype": tensor["dtype"], "shape": tensor["shape"][1:], "data_offsets": [end, end + n]}
        end += n
    text = json.dumps({"__metadata__": dict(metadata, draws="1"), **tensors}).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{sys.argv[2]}.{k}.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
