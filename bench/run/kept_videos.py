"""The videos that a run keeps of a clip: the prepared reference, and one for every setting."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Self

import torch
from torch import Tensor

from bench.clips import Clip
from bench.errors import MediaError
from bench.file_names import file_name
from bench.frames import Frames
from bench.media._soundtrack import AudioSource
from bench.media.formats import SUFFIXES
from bench.media.probe import VideoInfo
from bench.media.video_writer import VideoWriter
from bench.rows import Row
from bench.run.plan import Plan

log = logging.getLogger(__name__)

REFERENCE = "reference"
SIDE_BY_SIDE = "side-by-side"


@dataclass(slots=True)
class ClipVideos:
    """Writes the videos of one clip with the clip's own sound.

    A video that cannot be written (full disk) becomes a warning of the clip: its numbers do not depend on it.
    """

    clip: Clip
    plan: Plan
    info: VideoInfo
    kept: frozenset[str] = frozenset()
    """Names of those that are there already and stay."""
    written: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    _writers: dict[str, VideoWriter] = field(default_factory=dict)
    _stacks: dict[str, ExitStack] = field(default_factory=dict)
    _source: Tensor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        for name, stack in list(self._stacks.items()):
            try:
                stack.__exit__(kind, error, None)
                if kind is None:
                    self.written[name] = self._path(name)
            except (MediaError, OSError) as fault:
                self._give_up(name, fault)

    def write(self, reference: Frames, predictions: Mapping[Row, Frames]) -> None:
        """Write the next frames of every video: a setting's begins and ends with its predictions.

        Side by side, the panel of a setting without a prediction is black.
        """
        if self.plan.codec is None:
            return
        if self._source is None:
            self._source = reference.pixels[:1].cpu()
        rows = list(map(Row.of, self.plan.settings))
        shown = {REFERENCE: reference}
        shown |= {row.name: predictions[row] for row in rows if row in predictions}
        if self.plan.side_by_side and SIDE_BY_SIDE not in self.kept:
            source = self._source.expand(len(reference), -1, -1, -1)
            panels = [_filled(shown.get(name), reference) for name in (REFERENCE, *map(str, rows))]
            shown[SIDE_BY_SIDE] = replace(reference, pixels=torch.cat([source, *panels], dim=3))
        for name, frames in shown.items():
            if name in self.kept:
                continue
            try:
                self._writer(name, frames.pixels).write(frames.pixels.cpu(), frames.times)
            except (MediaError, OSError) as fault:
                self._give_up(name, fault)

    def _writer(self, name: str, pixels: Tensor) -> VideoWriter:
        if name not in self._writers:
            assert self.plan.codec is not None
            stack = ExitStack()
            self._writers[name] = stack.enter_context(
                VideoWriter(
                    self.plan.out / self._path(name),
                    size=(int(pixels.shape[2]), int(pixels.shape[3])),
                    fps=self.info.fps,
                    codec=self.plan.codec,
                    audio=AudioSource(self.clip.path, self.clip.start, self.clip.end) if self.info.has_audio else None,
                )
            )
            self._stacks[name] = stack
        return self._writers[name]

    def _path(self, name: str) -> str:
        assert self.plan.codec is not None
        folders = {str(setting): setting.folder for setting in self.plan.settings}
        return f"videos/{folders.get(name, name)}/{file_name(self.clip.id)}{SUFFIXES[self.plan.codec]}"

    def _give_up(self, name: str, fault: Exception) -> None:
        """Stop writing one video for good; the others go on."""
        log.warning("clip %s: video %s: %s", self.clip.id, name, fault)
        self.warnings.append(f"its video '{name}' could not be written: {fault}")
        stack = self._stacks.pop(name, None)
        if stack is not None:
            with contextlib.suppress(MediaError, OSError):
                stack.__exit__(type(fault), fault, None)  # so that nothing half written stays behind
        self._writers[name] = _Nowhere()  # type: ignore[assignment]


def _filled(frames: Frames | None, reference: Frames) -> Tensor:
    """As many frames as the reference has: black ones before and behind those that there are."""
    filled = torch.zeros_like(reference.pixels, device="cpu")
    if frames is not None:
        late = max(frames.first - reference.first, 0)
        filled[late : late + len(frames)] = frames.pixels
    return filled


class _Nowhere:
    """Takes the frames of a video that was given up."""

    def write(self, frames: Tensor, times: object) -> None:
        """Drop them."""
