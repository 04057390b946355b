"""Writing the suite's clips, H.264 and AAC, byte for byte the same on every run."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

CRF = 15
AUDIO_BITS = 80_000


def write_clip(path: Path, pixels: NDArray[np.uint8], fps: int, samples: NDArray[np.int16], rate: int) -> None:
    """`pixels` (T, H, W, 3) uint8 RGB and mono `samples` (N,) int16 at `rate` Hz into an MP4 file."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        video = container.add_stream("libx264", rate=fps)
        video.width, video.height, video.pix_fmt = pixels.shape[2], pixels.shape[1], "yuv420p"
        video.options = {"crf": str(CRF), "preset": "slow", "threads": "1", "tune": "animation"}
        video.thread_count = 1
        audio = container.add_stream("aac", rate=rate)
        audio.bit_rate = AUDIO_BITS
        audio.layout = "mono"
        for picture in pixels:
            container.mux(video.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(video.encode())
        step = 1024
        for begin in range(0, len(samples), step):
            block = samples[begin : begin + step].astype(np.float32)[None] / 32768.0
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, begin, Fraction(1, rate)
            container.mux(audio.encode(frame))
        container.mux(audio.encode())


def read_pixels(path: Path) -> NDArray[np.uint8]:
    """(T, H, W, 3) uint8 RGB."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def read_samples(path: Path) -> tuple[NDArray[np.float32], int]:
    """Mono samples (N,) in [-1, 1] from time 0 on, and their rate: what a decoder yields before time 0 is dropped."""
    blocks: list[NDArray[np.float32]] = []
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        for frame in container.decode(audio=0):
            block = frame.to_ndarray().reshape(-1).astype(np.float32)
            early = max(0, -round(float((frame.pts or 0) * (frame.time_base or 0)) * rate))
            blocks.append(block[early:])
    return np.concatenate(blocks), rate
