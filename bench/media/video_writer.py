"""Video files written from RGB frames, with the clip's own sound."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

import av
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.compute.transient import transient
from bench.errors import MediaError, WriteError
from bench.media._encode import Movie
from bench.media._soundtrack import AudioSource

__all__ = ["AudioSource", "Codec", "VideoWriter"]

Codec = Literal["h264", "ffv1", "png"]


class VideoWriter:
    """Writes frames (T, 3, H, W) uint8 RGB to a video.

    - `h264`: MP4 with the index in front, yuv420p in BT.709 limited range, `crf` 18 by default: plays in browsers.
      An odd height or width is filled up to even by repeating the last row or column: 4:2:0 knows no odd sizes.
    - `ffv1`: Matroska, lossless RGB; sound as 16-bit PCM.
    - `png`: a folder of `000000.png`, … and `times.csv`, lossless, without sound.

    `size` is (height, width). Frames come at `fps`; where `write` is given their times, each is shown at its time
    from the first frame, so a variable rate is kept. `audio` is cut and moved to the first frame's time.

    The file appears under its name when the writer closes without error; otherwise nothing is left behind.

    Raises:
        MediaError: the file cannot be written, or no frame came.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        size: tuple[int, int],
        fps: Fraction | float = 25.0,
        codec: Codec = "h264",
        audio: AudioSource | None = None,
        crf: float = 18,
    ) -> None:
        self.path = Path(path)
        self.size = size
        self.fps = Fraction(fps).limit_denominator(1001)
        self.codec = codec
        self.audio = audio
        self.crf = crf
        self._temporary: Path | None = None
        self._sink: _Sink | None = None
        self._count = 0
        self._first = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def write(self, frames: Tensor, times: NDArray[np.float64] | None = None) -> None:
        """Append `frames` (T, 3, H, W) uint8 shown at `times` (T,), seconds on the clip's clock, or at `fps`."""
        if tuple(frames.shape[1:]) != (3, *self.size) or frames.dtype != torch.uint8:
            raise ValueError(f"frames {tuple(frames.shape)} {frames.dtype} are not (T, 3, {self.size}) uint8")
        if times is None:
            times = (self._count + np.arange(len(frames))) / float(self.fps)
        if not len(frames):
            return
        with self._faults():
            if self._sink is None:
                self._first = float(times[0])
                self._sink = self._open()
            for rgb, time in zip(frames.permute(0, 2, 3, 1).numpy(), times, strict=True):
                self._sink.frame(np.ascontiguousarray(rgb), float(time) - self._first)
        self._count += len(frames)

    def close(self) -> None:
        """Finish the file and put it in its place."""
        if self._sink is None or self._temporary is None:
            raise MediaError(f"{self.path} was not written: not one frame came")
        with self._faults():
            self._sink.close()
            if self.path.is_dir() and not self.path.is_symlink():
                shutil.rmtree(self.path)
            self._temporary.replace(self.path)
        self._sink = self._temporary = None

    def discard(self) -> None:
        """Give the video up and leave nothing of it behind."""
        if self._sink is not None:
            self._sink.abandon()
        if self._temporary is not None and self._temporary.is_dir():
            shutil.rmtree(self._temporary, ignore_errors=True)
        elif self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
        self._sink = self._temporary = None

    def _open(self) -> _Sink:
        # Not `write_atomically`: a video stays open between calls of `write`, and may be a folder.
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.codec == "png":
            self._temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=self.path.parent))
            return _PngFolder(self._temporary)
        with tempfile.NamedTemporaryFile(prefix=".writing-", dir=self.path.parent, delete=False) as file:
            self._temporary = Path(file.name)
        return Movie(
            self._temporary,
            lossy=self.codec == "h264",
            size=self.size,
            fps=self.fps,
            crf=self.crf,
            audio=self.audio,
            origin=self._first,
        )

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Nothing is left after an error, and the operating system's are told in a sentence."""
        try:
            yield
        except (OSError, av.FFmpegError) as error:
            self.discard()
            lacking = transient(error)
            remedy = "free some space" if lacking == "no space" else "check the folder and its permissions"
            about = f"{self.path} cannot be written ({error.strerror or error})"
            raise WriteError(f"{about}: {remedy}", transient=lacking) from error
        except BaseException:
            self.discard()
            raise


class _Sink(Protocol):
    def frame(self, rgb: NDArray[np.uint8], time: float) -> None:
        """Take (H, W, 3), shown `time` seconds after the first."""

    def close(self) -> None:
        """Finish."""

    def abandon(self) -> None:
        """Free everything without finishing."""


class _PngFolder:
    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self._folder = folder
        self._times: list[float] = []

    def frame(self, rgb: NDArray[np.uint8], time: float) -> None:
        av.VideoFrame.from_ndarray(rgb, format="rgb24").save(self._folder / f"{len(self._times):06d}.png")
        self._times.append(time)

    def close(self) -> None:
        lines = [f"{index:06d}.png,{time!r}" for index, time in enumerate(self._times)]
        (self._folder / "times.csv").write_text("\n".join(["file,seconds", *lines]) + "\n", encoding="utf-8")

    def abandon(self) -> None:
        pass
