"""Makes `bench/faces/mesh.npz` from MediaPipe's file of the face mesh.

    python benchmarks/convert_face_mesh.py face_landmark.tflite OUT

Needs numpy and the package ai-edge-litert, which reads the file.
"""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

# block of bench/faces/face_mesh.py → numbers in the file of its two convolutions and of its activation
BLOCKS = {
    **{f"trunk.{i}": (i + 1, i, i + 1) for i in range(14)},
    **{f"points.{i}": (i + 15, i + 14, i + 15) for i in range(3)},
    "points.5": (19, 17, 19),
    "presence.0": (27, 22, 25),
    "presence.3": (29, 23, 27),
}
CONVOLUTIONS = {"stem": 0, "points.3": 18, "points.6": 20, "presence.1": 28, "presence.4": 30}
ACTIVATIONS = {"activation": 0, "points.4": 18, "presence.2": 26}


def main() -> None:
    file, out = sys.argv[1:]
    state = {name: value.astype(np.float16) for name, value in converted(tensors(file)).items()}
    np.savez_compressed(out, **state)


def tensors(file: str) -> dict[str, np.ndarray]:
    """The file's weights by name."""
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    model = Interpreter(file, experimental_op_resolver_type=plain)
    model.allocate_tensors()
    return {
        each["name"]: model.get_tensor(each["index"])
        for each in model.get_tensor_details()
        if each["name"].endswith(("/Kernel", "/Bias", "/Alpha"))
    }


def converted(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The state dict of `bench.faces.face_mesh.FaceMesh` in float32."""
    state = {}

    def take(kind: str, number: int, part: str) -> np.ndarray:
        return found[f"{kind}_{number}/{part}" if number else f"{kind}/{part}"]

    def convolution(name: str, number: int) -> None:
        state[f"{name}.weight"] = take("conv2d", number, "Kernel").transpose(0, 3, 1, 2)
        state[f"{name}.bias"] = take("conv2d", number, "Bias")

    def activation(name: str, number: int) -> None:
        state[f"{name}.weight"] = take("p_re_lu", number, "Alpha").ravel()

    for name, number in CONVOLUTIONS.items():
        convolution(name, number)
    for name, number in ACTIVATIONS.items():
        activation(name, number)
    for name, (pointwise, depthwise, active) in BLOCKS.items():
        convolution(f"{name}.pointwise", pointwise)
        state[f"{name}.depthwise.weight"] = take("depthwise_conv2d", depthwise, "Kernel").transpose(3, 0, 1, 2)
        state[f"{name}.depthwise.bias"] = take("depthwise_conv2d", depthwise, "Bias")
        activation(f"{name}.activation", active)
    return state


if __name__ == "__main__":
    main()
