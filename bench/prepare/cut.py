"""One raw video cut, cropped, resized and written with its sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bench.clips import Box
from bench.errors import MediaError, WriteError
from bench.faces.detection import FaceDetector
from bench.faces.tubes import CROP_VIDEO, crops
from bench.file_names import file_name
from bench.files.digest import file_digest
from bench.frames import Frames
from bench.media._soundtrack import AudioSource
from bench.media.frame_rate import Resampler
from bench.media.probe import VideoInfo, probe
from bench.media.video_reader import VideoReader
from bench.media.video_writer import VideoWriter
from bench.prepare.only_face import Rejected, only_face
from bench.prepare.task import Prepared, Status, Task
from bench.suites.recipe import Recipe

SUFFIXES = {"ffv1": ".mkv", "h264": ".mp4"}
SMALLEST = 16
"""Pixels that a crop has at least on each side."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What is taken out of a raw video: seconds `start` ≤ t < `end` (None: its first, its last frame), and `box`."""

    id: str
    start: float | None = None
    end: float | None = None
    box: Box | None = None


def prepare(task: Task, recipe: Recipe, folder: Path, detector: FaceDetector | None) -> list[Prepared]:
    """Make the clips of one task in `folder`: one, or under `tubes` any number. Failures become reasons.

    `detector` may be None where the recipe finds no faces.

    Raises:
        WriteError: the folder cannot be written (full, not permitted): no video is to blame.
    """
    if task.path is None:
        return [_without(task, "missing", f"{task.wanted} is not there")]
    try:
        info = probe(task.path)
        cuts = _cuts(task, task.path, info, recipe, detector)
    except (Rejected, MediaError) as reason:
        return [_without(task, "rejected", str(reason))]
    return [_made_or_not(replace(task, id=cut.id), task.path, cut, info, recipe, folder) for cut in cuts]


def _without(task: Task, status: Status, reason: str) -> Prepared:
    source = task.path.name if task.path is not None else task.wanted
    return Prepared(id=task.id, status=status, reason=reason, source=source, person=task.person)


def _made_or_not(task: Task, path: Path, cut: Cut, info: VideoInfo, recipe: Recipe, folder: Path) -> Prepared:
    try:
        return _made(task, path, cut, info, recipe, folder)
    except WriteError:
        raise
    except (Rejected, MediaError) as reason:
        return _without(task, "rejected", str(reason))


def _cuts(task: Task, path: Path, info: VideoInfo, recipe: Recipe, detector: FaceDetector | None) -> list[Cut]:
    start, end = (None, None) if task.span is None else task.span.seconds(info.fps)
    if recipe.crop == "whole":
        return [Cut(task.id, start, end)]
    if recipe.crop == "listed":
        if task.box is None:
            raise Rejected("no box is listed for it: prepare it with --crop face or whole")
        return [Cut(task.id, start, end, task.box.within(info.width, info.height))]
    assert detector is not None
    # Faces are found in FFmpeg's default colours: it is the faster conversion, and no pixel of it is kept.
    with VideoReader(path, start=start, end=end, conversion="ffmpeg", rules=recipe.rules) as reader:
        if recipe.crop == "face":
            return [Cut(task.id, start, end, only_face((batch.pixels for batch in reader), detector))]
        times: list[float] = []
        found = list(crops(_timed(reader, times), detector, CROP_VIDEO))
    if not found:
        raise Rejected(f"no face stays near its place for more than {CROP_VIDEO.min_frames} frames")
    # The public script leaves the last frame of a tube out.
    return [
        Cut(f"{task.id}#{crop.first:06d}#{crop.last:06d}", times[crop.first], times[crop.last], crop.box)
        for crop in found
    ]


def _timed(reader: VideoReader, times: list[float]) -> Iterator[Tensor]:
    for batch in reader:
        times += batch.times.tolist()
        yield batch.pixels


def _made(task: Task, path: Path, cut: Cut, info: VideoInfo, recipe: Recipe, folder: Path) -> Prepared:
    """Write one clip."""
    if cut.box is not None and min(cut.box.right - cut.box.left, cut.box.bottom - cut.box.top) < SMALLEST:
        raise Rejected(f"its crop {tuple(cut.box)} is narrower than {SMALLEST} pixels in {info.width}x{info.height}")
    file = folder / f"{file_name(cut.id)}{SUFFIXES[recipe.codec]}"
    fps = recipe.fps or info.fps
    audio = AudioSource(path, cut.start, cut.end) if info.has_audio else None
    frames = 0
    with (
        VideoReader(
            path,
            size=recipe.size,
            crop=cut.box,
            start=cut.start,
            end=cut.end,
            kernel=recipe.kernel,
            rules=recipe.rules,
        ) as reader,
        VideoWriter(file, size=recipe.size, fps=fps, codec=recipe.codec, audio=audio) as writer,
    ):
        for batch in reader if recipe.fps is None else at_rate(reader, info.fps, recipe.fps):
            writer.write(batch.pixels, batch.times)
            frames += len(batch)
        _check_whole(cut, info, reader.warnings, frames, fps)
    return Prepared(
        id=task.id,
        status="prepared",
        file=file.name,
        source=path.name,
        person=task.person,
        box=cut.box,
        start=cut.start,
        end=cut.end,
        frames=frames,
        fps=fps,
        audio=audio is not None,
        sha256=file_digest(file),
        warnings=(*reader.warnings, *_told_shape(reader.squeeze)),
    )


def _told_shape(squeeze: float) -> Iterator[str]:
    if squeeze > 1.01:
        yield f"its shape is another than --size's: one side is squeezed by {squeeze:.2f} (--fit crop or pad keeps it)"


def _check_whole(cut: Cut, info: VideoInfo, warnings: tuple[str, ...], frames: int, fps: float) -> None:
    """Refuse clips that lack frames: nobody's numbers should rest on half a clip."""
    damage = next((warning for warning in warnings if "damaged" in warning), None)
    if damage is not None:
        raise Rejected(damage)
    if cut.start is None or cut.end is None or info.variable_rate:
        return
    wanted = (cut.end - cut.start) * fps
    if frames < wanted - 1.5:
        raise Rejected(f"its span has {frames} of {round(wanted)} frames: the raw video ends before, or is another cut")


def at_rate(batches: Iterable[Frames], own_fps: float, fps: float) -> Iterator[Frames]:
    """The same moments at `fps`: for every k, the frame nearest to k / fps after the first."""
    resampler = Resampler(own_fps, rate=fps)
    kept: dict[int, Tensor] = {}
    first: float | None = None
    count = taken = 0

    def chosen(numbers: list[int]) -> Iterator[Frames]:
        nonlocal taken
        if numbers:
            pixels = torch.stack([kept[number] for number in numbers])
            yield Frames(pixels, (first or 0.0) + (taken + np.arange(len(numbers))) / fps)
            taken += len(numbers)

    for batch in batches:
        if first is None:
            first = float(batch.times[0])
        kept |= dict(enumerate(batch.pixels, start=count))
        count += len(batch)
        yield from chosen(resampler.push(batch.times - first))
        kept = {number: frame for number, frame in kept.items() if number >= resampler.held}
    yield from chosen(resampler.close())
