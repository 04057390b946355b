"""Makes `bench/faces/identity.npz` from dlib's file of the face recognition network.

    python benchmarks/convert_face_identity.py dlib_face_recognition_resnet_model_v1.dat [OUT]

The file is a stream of layers from the input on. An integer is a byte that says how many bytes follow, then those,
smallest first; a tensor is the integer 2, four integers of its shape, and its float32 values. Convolutions hold their
filters and then their biases, affine layers their factors and then their offsets.
"""

import re
import sys
from pathlib import Path

import numpy as np

from bench import weights
from bench.faces.embedding import FaceIdentity


def main() -> None:
    data = Path(sys.argv[1]).read_bytes()
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else weights.locate("face_identity")
    np.savez_compressed(out, **{name: value.astype(np.float16) for name, value in converted(data).items()})


def converted(data: bytes) -> dict[str, np.ndarray]:
    """The state dict of `FaceIdentity` in float32."""
    convolutions = [tensor(data, match.end()) for match in re.finditer(b"con_4", data)]
    affine = [tensor(data, match.end()) for match in re.finditer(b"affine_", data)]
    state = {name: value.numpy() for name, value in FaceIdentity().state_dict().items()}
    names = [name.removesuffix(".weight") for name in state if name.endswith(".weight")]
    *folded, last = names
    for name, values, (factors, offsets) in zip(folded, convolutions, (np.split(a, 2) for a in affine), strict=True):
        filters, biases = np.split(values, [-len(factors)])
        shape = state[f"{name}.weight"].shape
        state[f"{name}.weight"] = filters.reshape(shape) * factors[:, None, None, None]
        state[f"{name}.bias"] = biases * factors + offsets
    _, at = integer(data, data.index(b"fc_2") + len(b"fc_2"))  # the number of outputs, then of inputs
    _, at = integer(data, at)
    state[f"{last}.weight"] = tensor(data, at).reshape(256, 128).T
    return state


def integer(data: bytes, at: int) -> tuple[int, int]:
    """A positive integer that begins at `at`, and where it ends."""
    end = at + 1 + (data[at] & 15)
    return int.from_bytes(data[at + 1 : end], "little"), end


def tensor(data: bytes, at: int) -> np.ndarray:
    """The values of the tensor that begins at `at`."""
    version, at = integer(data, at)
    assert version == 2
    size = 1
    for _ in range(4):
        extent, at = integer(data, at)
        size *= extent
    return np.frombuffer(data, "<f4", size, at)


if __name__ == "__main__":
    main()
