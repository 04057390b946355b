"""Cutting talking heads out of raw videos: tubes of a face, and the square around each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from shlex import quote

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from bench.clips import Box
from bench.faces.boxes import Boxes, iou
from bench.faces.detection import FaceDetector


@dataclass(frozen=True, slots=True)
class CropRule:
    """How tubes are made of boxes, and crops of tubes.

    A tube lives while a face of every frame overlaps the tube's **first** box by more than `min_iou`. One whose last
    frame is more than `min_frames` behind its first gives a crop, the union of its boxes grown by `increase` of its
    sides (and to a square).
    """

    min_frames: int
    increase: float = 0.1
    min_iou: float = 0.25
    longest: int | None = None
    """Frames are shrunk for detection to this longer side."""


CROP_VIDEO = CropRule(min_frames=150, longest=640)
"""The rule of the first-order-model and face-vid2vid demo scripts."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A stretch of a video, frames `first` to `last` (both inside), and the `box` to cut."""

    first: int
    last: int
    box: Box

    def command(self, path: str, fps: float, size: tuple[int, int] = (256, 256)) -> str:
        """The ffmpeg command that the public script prints; its duration leaves the last frame out.

        Names that a shell would not take as they are come quoted.
        """
        start, end = self.first / fps, self.last / fps
        left, top, right, bottom = self.box
        cut = f"crop={right - left}:{bottom - top}:{left}:{top}, scale={size[0]}:{size[1]}"
        return f'ffmpeg -i {quote(path)} -ss {start} -t {end - start} -filter:v "{cut}" crop.mp4'


@dataclass(slots=True)
class _Tube:
    first_box: Boxes
    union: Boxes
    first: int
    last: int


@dataclass(slots=True)
class Cropper:
    """Makes crops of the boxes of one video, frame by frame."""

    rule: CropRule
    height: int
    width: int
    frames: int = 0
    _tubes: list[_Tube] = field(default_factory=list)

    def push(self, boxes: Boxes) -> list[Crop]:
        """The (N, 4) boxes of the next frame → crops of the tubes that end before it."""
        number = self.frames
        self.frames += 1
        ended = [tube for tube in self._tubes if not self._continues(tube, boxes)]
        self._tubes = [tube for tube in self._tubes if all(tube is not other for other in ended)]
        for box in boxes:
            self._join(box, number)
        return self._crops(ended)

    def close(self) -> list[Crop]:
        """Crops of the tubes that reach the end of the video."""
        ended, self._tubes = self._tubes, []
        return self._crops(ended)

    def _continues(self, tube: _Tube, boxes: Boxes) -> bool:
        return bool((iou(tube.first_box, boxes, pixel=1) > self.rule.min_iou).any())

    def _join(self, box: Boxes, number: int) -> None:
        """Give the box to the tube whose first box it overlaps most, or begin a tube with it."""
        if self._tubes:
            overlaps = iou(box, np.stack([tube.first_box for tube in self._tubes]), pixel=1)
            best = int(overlaps.argmax())
            if overlaps[best] > self.rule.min_iou:
                tube = self._tubes[best]
                tube.union, tube.last = join(tube.union, box), number
                return
        self._tubes.append(_Tube(box, box, number, number))

    def _crops(self, tubes: list[_Tube]) -> list[Crop]:
        return [
            Crop(tube.first, tube.last, squared(tube.union, self.rule.increase, self.height, self.width))
            for tube in tubes
            if tube.last - tube.first > self.rule.min_frames
        ]


def join(one: Boxes, other: Boxes) -> Boxes:
    """The smallest (4,) box around two."""
    return np.concatenate([np.minimum(one[:2], other[:2]), np.maximum(one[2:], other[2:])])


def squared(box: Boxes, increase: float, height: int, width: int) -> Box:
    """The (4,) box grown on each side by `increase` of its width and height, and further to a square.

    Edges are truncated to whole pixels and stay inside the frame, so a crop at the border is no square.
    """
    left, top, right, bottom = (float(edge) for edge in box)
    across, down = right - left, bottom - top
    wider = max(increase, ((1 + 2 * increase) * down - across) / (2 * across))
    taller = max(increase, ((1 + 2 * increase) * across - down) / (2 * down))
    return Box(
        left=max(int(left - wider * across), 0),
        top=max(int(top - taller * down), 0),
        right=min(int(right + wider * across), width),
        bottom=min(int(bottom + taller * down), height),
    )


def crops(batches: Iterable[Tensor], detector: FaceDetector, rule: CropRule = CROP_VIDEO) -> Iterator[Crop]:
    """The crops of a video that comes as (T, 3, H, W) uint8 batches, in the order in which their tubes end."""
    cropper: Cropper | None = None
    for pixels in batches:
        if cropper is None:
            cropper = Cropper(rule, *pixels.shape[-2:])
        small, factor = shrunk(pixels, rule)
        for faces in detector.detect(small):
            yield from cropper.push(faces.boxes * factor)
    if cropper is not None:
        yield from cropper.close()


def shrunk(pixels: Tensor, rule: CropRule) -> tuple[Tensor, float]:
    """Frames at the size that the rule detects at, and the factor back; small frames stay as they are."""
    height, width = pixels.shape[-2:]
    factor = 1.0 if rule.longest is None else max(height, width) / rule.longest
    if factor <= 1:
        return pixels, 1.0
    size = (int(height / factor), int(width / factor))
    # One at a time: a batch of large frames as floats would be most of the memory that this needs.
    small = [interpolate(frame[None].float(), size=size, mode="bilinear", antialias=True) for frame in pixels]
    return torch.cat(small).round().to(torch.uint8), factor
