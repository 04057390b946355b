"""Small real-looking videos for tests, made on the spot from scikit-image's photograph of an astronaut."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from skimage import data


def portrait_frames(count: int, *, size: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """(count, 3, size, size) uint8: the astronaut's head, drifting by a few pixels a second."""
    photo = data.astronaut()[:256, 96:352]
    step = photo.shape[0] // (size + 32)
    small = photo[::step, ::step]
    frames = []
    for index in range(count):
        top = int(8 + 6 * np.sin(0.3 * index + seed))
        left = int(8 + 6 * np.cos(0.2 * index + seed))
        frames.append(small[top : top + size, left : left + size].transpose(2, 0, 1))
    return np.ascontiguousarray(np.stack(frames))


def tone(seconds: float, *, rate: int = 16000, hertz: float = 220.0) -> NDArray[np.int16]:
    """A tone that swells and fades twice a second."""
    time = np.arange(int(seconds * rate)) / rate
    return (9000 * np.sin(2 * np.pi * hertz * time) * (0.5 - 0.5 * np.cos(4 * np.pi * time))).astype(np.int16)


def write_film(
    path: Path, frames: NDArray[np.uint8], *, fps: int = 25, sound: NDArray[np.int16] | None = None, rate: int = 16000
) -> Path:
    """Write frames (T, 3, H, W) and sound as H.264 and AAC, by PyAV alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"crf": "12"})
        video.height, video.width, video.pix_fmt = frames.shape[2], frames.shape[3], "yuv420p"
        audio = container.add_stream("aac", rate=rate, layout="mono") if sound is not None else None
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.transpose(1, 2, 0)), format="rgb24")
            container.mux(video.encode(picture))
        container.mux(video.encode())
        if audio is not None and sound is not None:
            samples = av.AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
            samples.sample_rate, samples.time_base, samples.pts = rate, Fraction(1, rate), 0
            container.mux(audio.encode(samples))
            container.mux(audio.encode())
    return path


def portrait_film(path: Path, *, count: int = 12, size: int = 64, seed: int = 0, sounding: bool = True) -> Path:
    """A short clip of the astronaut, with a tone."""
    sound = tone(count / 25) if sounding else None
    return write_film(path, portrait_frames(count, size=size, seed=seed), sound=sound)
