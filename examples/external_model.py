"""A model in its own environment, as `--model-command` runs it: here it shows the source, brightened by the yaw.

    python benchmark.py --suite demo --model-command \
        "python examples/external_model.py {source} {driving} {output} {yaw} {pitch} {roll}"
"""

import sys
from pathlib import Path

import av
import numpy as np


def main(source: str, driving: str, output: str, yaw: str, pitch: str, roll: str) -> None:
    """Write as many frames as the driving video has. An angle of `-` stays as it is driven."""
    with av.open(source) as picture:
        face = next(picture.decode(video=0)).to_ndarray(format="rgb24")
    brightness = 0 if yaw == "-" else round(float(yaw))
    face = np.clip(face.astype(int) + brightness, 0, 255).astype(np.uint8)
    # FFV1 in RGB is lossless; an .mp4 would be scored as the lossy video that it is.
    with av.open(driving) as frames, av.open(str(Path(output).with_suffix(".mkv")), "w") as film:
        stream = film.add_stream("ffv1", rate=frames.streams.video[0].average_rate)
        stream.height, stream.width = face.shape[:2]
        stream.pix_fmt = "bgr0"
        for _ in frames.decode(video=0):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(face, format="rgb24").reformat(format="bgr0")))
        film.mux(stream.encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
