"""Video files read as streams of upright RGB frames with their times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
import torch
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray
from torch import Tensor

from bench.clips import Box
from bench.errors import MediaError
from bench.frames import Frames
from bench.media._avi_clock import SlotClock
from bench.media._container import open_media, seek_before, video_stream
from bench.media._decode import Damage, pictures
from bench.media._frame_clock import FrameClock
from bench.media._pictures.colour import Conversion, Orientations, ToRgb
from bench.media._pictures.deinterlace import deinterlaced
from bench.media._pictures.fit import fitted, squeeze
from bench.media._pictures.tone_map import tone_mapped
from bench.media.picture_rules import DEFAULT as DEFAULT_RULES
from bench.media.picture_rules import PictureRules
from bench.media.probe import VideoInfo, first_picture_time, probe
from bench.media.resize import DEFAULT

__all__ = ["VideoInfo", "VideoReader", "first_picture_time", "probe"]

_REMEDY = "get the file again, or leave it out"
_TAIL = 0.1  # seconds by which a head's duration may be off
_EPSILON = 1e-6  # seconds: time stamps in files are never finer


class VideoReader:
    """Upright RGB frames of a video file in shown order, in batches, in constant memory.

    `size` (height, width) is resized to, after `crop`, by `kernel`; `start` and `end` (seconds from the first shown
    frame) choose the frames with start ≤ time < end. Iterating yields `Frames` of at most `batch` frames, times in
    seconds from the clip's first shown frame. After the last, `warnings` says what was wrong with the file, and
    `faults` what of it took frames away or spoilt them, without the remedy.

    Raises:
        MediaError: the file cannot be read, has no frames (in that span), or the crop leaves the picture.

    Example:
        >>> from bench.suites import suite
        >>> path = suite.load("demo").clips[0].path
        >>> with VideoReader(path, size=(64, 64), end=0.2, batch=4) as reader:
        ...     [(frames.first, tuple(frames.pixels.shape)) for frames in reader]
        [(0, (4, 3, 64, 64)), (0, (1, 3, 64, 64))]
        >>> reader.info.fps, reader.warnings
        (25.0, ())
    """

    def __init__(
        self,
        path: Path | str,
        *,
        size: tuple[int, int] | None = None,
        crop: Box | None = None,
        start: float | None = None,
        end: float | None = None,
        batch: int = 16,
        kernel: str = DEFAULT,
        conversion: Conversion = "accurate",
        rules: PictureRules = DEFAULT_RULES,
    ) -> None:
        self.path = Path(path)
        self.info = probe(self.path)
        self.size = size
        self.crop = None if crop is None else self._inside(crop)
        self.start, self.end = start, end
        self.batch = batch
        self.kernel = kernel
        self.conversion = conversion
        self.rules = rules
        self._known = (*self.info.warnings, *self._of_rules())
        self.warnings: tuple[str, ...] = self._known
        self.faults: tuple[str, ...] = ()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; iterating again opens it again."""
        self._open.close()

    def __iter__(self) -> Iterator[Frames]:
        """Decode from the first frame on; every iteration is a pass of its own."""
        self.close()
        container = self._open.enter_context(open_media(self.path))
        pixels: list[Tensor] = []
        times: list[float] = []
        for rgb, time in self._frames(container):
            pixels.append(self._resized(rgb))  # at once: a batch of full-size pictures can take gigabytes
            times.append(time)
            if len(pixels) == self.batch:
                yield Frames(torch.stack(pixels), np.array(times))
                pixels, times = [], []
        if pixels:
            yield Frames(torch.stack(pixels), np.array(times))
        self.close()

    def _frames(self, container: InputContainer) -> Iterator[tuple[NDArray[np.uint8], float]]:
        """Cropped frames of the asked span with their times."""
        stream = video_stream(container, self.path)
        clock = self._clock(stream)
        damage = Damage()
        to_rgb, orientations = ToRgb(self.conversion, self.rules.hdr), Orientations()
        decoded = shown = 0
        time = 0.0
        # Whether the file is decoded from its first to its last frame.
        whole = self.start is None or not seek_before(container, self.info.zero + self.start)
        decoding = pictures(container, stream, damage)
        if self.info.interlaced and self.rules.deinterlace == "bwdif":
            decoding = deinterlaced(decoding, stream)
        for picture in decoding:
            time = clock.time(picture.pts, picture.time_base)
            decoded += 1
            if self.end is not None and time >= self.end - _EPSILON:
                whole = False
                break
            if self.start is not None and time < self.start - _EPSILON:
                damage.clear()  # after a jump the first frames may lack what they refer to
                continue
            shown += 1
            yield self._upright(to_rgb, orientations, picture), time
        if not shown:
            raise MediaError(f"{self.path} has no frames {self._span()}")
        self.faults = tuple(self._found(decoded, time, damage, whole=whole))
        self.warnings = (*self._known, *(f"file is damaged: {each}: {_REMEDY}" for each in self.faults))
        if damage.incomplete > damage.ends_incomplete and not damage.packets:
            lost = damage.incomplete - damage.ends_incomplete
            self.warnings = (*self.warnings, f"{lost} packets are incomplete by the count of the container")
        if clock.mended:
            mended = f"{clock.mended} frames without a time stamp of their own were placed by the frame rate"
            self.warnings = (*self.warnings, mended)

    def _clock(self, stream: VideoStream) -> FrameClock | SlotClock:
        if self.info.slots is None:
            return FrameClock(period=1 / self.info.fps, zero=self.info.zero)
        return SlotClock(self.info.slots, reordered=self.info.reordered)

    def _upright(self, to_rgb: ToRgb, orientations: Orientations, picture: av.VideoFrame) -> NDArray[np.uint8]:
        try:
            rgb = orientations.of(picture).upright(to_rgb(picture))
        except (av.FFmpegError, ValueError) as error:
            raise MediaError(
                f"{self.path}: pictures of format {picture.format.name} cannot be turned into RGB: re-encode the file"
            ) from error
        if rgb.shape[:2] != (self.info.height, self.info.width):
            raise MediaError(
                f"{self.path} changes its frame size from {self.info.width}x{self.info.height} to "
                f"{rgb.shape[1]}x{rgb.shape[0]}: cut it there or re-encode it at one size"
            )
        if self.crop is not None:
            rgb = rgb[self.crop.top : self.crop.bottom, self.crop.left : self.crop.right]
        return rgb

    def _resized(self, rgb: NDArray[np.uint8]) -> Tensor:
        """(H, W, 3) → (3, *size)."""
        frame = torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))
        return frame if self.size is None else fitted(frame[None], self.size, fit=self.rules.fit, kernel=self.kernel)[0]

    @property
    def tone_mapped(self) -> str:
        """What of HDR its pictures are brought to SDR from, and by which rule; empty where they are used as stored."""
        return tone_mapped(self.info.dynamic_range, self.rules.hdr)

    @property
    def squeeze(self) -> float:
        """How much more one side of the picture is scaled than the other: 1 where its shape is kept."""
        if self.size is None or self.rules.fit != "stretch":
            return 1.0
        width, height = self.info.width, self.info.height
        if self.crop is not None:
            width, height = self.crop.right - self.crop.left, self.crop.bottom - self.crop.top
        return squeeze(height, width, self.size)

    def _of_rules(self) -> Iterator[str]:
        """What is told of HDR and interlaced files, and what was done with them.

        Raises:
            MediaError: HDR that is to be refused.
        """
        kind = self.info.dynamic_range
        if self.info.ipt:
            what = "Dolby Vision of profile 5 or like it (colours of IPT, which cannot be shown right)"
            remedy = "convert it to SDR with what knows Dolby Vision (ffmpeg's filter libplacebo)"
            if self.rules.hdr == "refuse":
                raise MediaError(f"{self.path} is {what}: {remedy}, or leave --hdr refuse out")
            yield f"{what}: its colours are wrong: {remedy}"
        if kind != "SDR":
            what = f"{kind} video (HDR)" if kind != "BT.2020" else "BT.2020 (wide gamut) video"
            if self.rules.hdr == "refuse":
                raise MediaError(f"{self.path} is {what}: convert it to SDR, or leave --hdr refuse out")
            mapped = "tone-mapped to SDR, 203 cd/m² as white" if kind != "BT.2020" else "brought to BT.709"
            yield f"{what}, {'read as if it were SDR' if self.rules.hdr == 'stored' else mapped}"
        if self.info.interlaced and self.rules.deinterlace == "off":
            yield "interlaced video: its frames hold two moments each, as stored (--deinterlace bwdif makes them whole)"
        elif self.info.interlaced:
            yield "interlaced video, de-interlaced by bwdif: one frame of each"

    def _inside(self, crop: Box) -> Box:
        width, height = self.info.width, self.info.height
        if not (0 <= crop.left < crop.right <= width and 0 <= crop.top < crop.bottom <= height):
            corners = f"{crop.left},{crop.top} to {crop.right},{crop.bottom}"
            raise MediaError(f"{self.path}: the crop {corners} leaves its {width}x{height} picture: correct the box")
        return crop

    def _span(self) -> str:
        if self.start is None and self.end is None:
            return f"that can be decoded: {_REMEDY}"
        end = "its end" if self.end is None else f"{self.end:g} s"
        return f"between {self.start or 0:g} s and {end}: choose a span inside the clip"

    def _found(self, decoded: int, last: float, damage: Damage, *, whole: bool) -> Iterator[str]:
        """What decoding showed to be missing or spoilt."""
        promised, duration, period = self.info.promised_frames, self.info.duration or 0.0, 1 / self.info.fps
        if whole and promised is not None and decoded < promised:
            yield f"{decoded} of {promised} promised frames could be read"
        elif whole and promised is None and last + period < duration - max(2 * period, _TAIL):
            yield f"it ends at {last + period:.2f} of {duration:.2f} promised seconds"
        elif whole and (self.info.cut_off or damage.ends_incomplete):
            yield f"it is cut off before its end: {decoded} frames could be read"
        elif damage.packets:
            yield f"{damage.packets} packets could not be decoded"
        if damage.frames:
            yield f"{damage.frames} frames were decoded with errors"
