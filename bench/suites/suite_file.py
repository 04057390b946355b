"""The file of a suite, as it is written."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bench.record import Record
from bench.suites.recipe import Recipe


class FrameRules(Record):
    """How the suite's frames are prepared: (height, width) after the resize, and the nominal rate of its clips."""

    size: tuple[int, int] = (256, 256)
    fps: float | None = None


class ClipEntry(Record):
    """One clip of a suite; paths are relative to the suite's data folder."""

    id: str
    file: str
    person: str | None = None
    truth: str | None = None
    views: dict[str, str] = {}


class SuiteFile(Record):
    """The file of a suite, as it is written."""

    schema_version: Literal[1] = Field(alias="schema")
    id: str
    version: int
    title: str
    licence: str
    settings: tuple[str, ...] = ("original",)
    """Settings of a run that names none."""
    frames: FrameRules = FrameRules()
    prepared: Recipe | None = None
    """How `benchmark.py prepare` made the clips."""
    clips: tuple[ClipEntry, ...] = ()
    published: str | None = None
    """Name of the published list that names the clips, instead of `clips`."""
    how_to_get: str = ""
    """How the data is come by, in a sentence."""
