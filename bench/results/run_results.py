"""Run folders as reports and gates see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from bench.errors import BenchError
from bench.files.presence import is_file
from bench.results import run_folder
from bench.results.manifest import ClipRecord, MetricRecord, RunManifest
from bench.results.protocol import Protocol
from bench.results.reasons import Reason, reasons
from bench.rows import Row
from bench.settings import Setting


@dataclass(frozen=True, eq=False)
class Run:
    """One run folder; its tables are read when they are first asked for.

    `label` tells it from the others: the model's name, with the folder's where two agree.
    """

    folder: Path
    label: str
    manifest: RunManifest

    @cached_property
    def clips(self) -> pd.DataFrame:
        """`clips.csv`."""
        return run_folder.read_clips(self.folder)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """`summary.csv`."""
        return run_folder.read_summary(self.folder)

    @property
    def protocol(self) -> Protocol:
        """How the numbers were made."""
        return self.manifest.protocol

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """Why metrics have no value, every reason once."""
        return reasons(self.clips)

    @cached_property
    def people(self) -> dict[str, str | None]:
        """Clip → person, None where the suite does not know."""
        return {clip.id: clip.person for clip in self.manifest.clips}

    @cached_property
    def records(self) -> dict[str, ClipRecord]:
        """Clip id → what became of it."""
        return {clip.id: clip for clip in self.manifest.clips}

    def video(self, clip: ClipRecord, row: str) -> Path | None:
        """The kept video of a clip; None where there is none, or where its path leads out of the run folder."""
        if row not in clip.videos:
            return None
        path = (self.folder / clip.videos[row]).resolve()
        return path if path.is_relative_to(self.folder.resolve()) and is_file(path) else None

    @cached_property
    def digests(self) -> dict[str, str]:
        """Clip → what tells its frames from others, where it is known: a digest of its files and selection.

        Where HDR became SDR, the rule stands beside it.
        """
        return {
            clip.id: f"{clip.digest} {clip.tone_mapped}".rstrip()
            for clip in self.manifest.clips
            if clip.digest and clip.status == "done"
        }

    @cached_property
    def clip_ids(self) -> list[str]:
        """Every clip of the run, in its order, the failed ones too."""
        known = [clip.id for clip in self.manifest.clips]
        return list(dict.fromkeys([*known, *self.clips["clip"].unique().tolist()]))

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Name in files → row, of the run's tables in order.

        Raises:
            BenchError: a name in the column `setting` is not understood.
        """
        names = [*self.manifest.settings, *self.clips["setting"].unique().tolist()]
        return {name: Row.parse(name) for name in names}

    @cached_property
    def free_views(self) -> dict[Row, Setting]:
        """The rows of free views, with what they ask for."""
        return {row: row.setting for row in self.rows.values() if row.is_free_view and row.setting is not None}

    @cached_property
    def _scored(self) -> dict[tuple[str, str], pd.DataFrame]:
        scored = self.clips[self.clips["status"] == "value"]
        groups = scored.groupby(["setting", "metric"], sort=False, observed=True)
        return {(str(key[0]), str(key[1])): part.set_index("clip") for key, part in groups}

    def values(self, row: Row, metric: str) -> pd.Series[float]:
        """Stored values by clip, infinities included; empty where there are none."""
        found = self._scored.get((row.name, metric))
        return pd.Series(dtype="float64") if found is None else found["value"]

    def sizes(self, row: Row, metric: str) -> list[int]:
        """Frames or windows behind the value of each clip that has one."""
        found = self._scored.get((row.name, metric))
        return [] if found is None else found["n"].tolist()

    def outcomes(self, row: Row) -> dict[tuple[str, str], tuple[float, str, int]]:
        """(clip, metric) → (stored value or NaN, status, infinite frames that the value leaves out) in a row."""
        lines = self.clips[self.clips["setting"] == row.name]
        keys = zip(lines["clip"].tolist(), lines["metric"].tolist(), strict=True)
        told = (lines[name].tolist() for name in ("value", "status", "infinite"))
        return dict(zip(keys, zip(*told, strict=True), strict=True))

    @cached_property
    def _means(self) -> dict[tuple[str, str], dict[str, float]]:
        rows = self.summary.to_dict("records")
        return {(str(row["setting"]), str(row["metric"])): {str(k): v for k, v in row.items()} for row in rows}

    def mean(self, row: Row, metric: str) -> dict[str, float] | None:
        """The row of `summary.csv`, None where there is none."""
        return self._means.get((row.name, metric))

    def metric(self, name: str) -> MetricRecord | None:
        """The metric called `name`, None where the run does not have it."""
        return next((metric for metric in self.manifest.metrics if metric.id == name), None)


def read_run(folder: Path) -> Run:
    """One run folder, by its model's name.

    Raises:
        BenchError: the folder is none.
    """
    manifest = run_folder.read_manifest(folder)
    return Run(folder, manifest.model.name, manifest)


def load(folders: Sequence[Path]) -> tuple[Run, ...]:
    """Read run folders with all their tables, in order, each with a label of its own.

    Raises:
        BenchError: a folder is none or damaged, or is given twice.
    """
    resolved = [folder.resolve() for folder in folders]
    for folder in resolved:
        if resolved.count(folder) > 1:
            raise BenchError(f"'{folder}' is given twice: name every run once")
    runs = [read_run(folder) for folder in resolved]
    names = [run.label for run in runs]
    labels = [run.label if names.count(run.label) == 1 else f"{run.label} ({run.folder.name})" for run in runs]
    if len(set(labels)) < len(labels):
        labels = [f"{run.label} ({run.folder})" for run in runs]
    labelled = tuple(replace(run, label=label) for run, label in zip(runs, labels, strict=True))
    # What is damaged is told before anything is written.
    _ = [(run.clips, run.summary) for run in labelled]
    return labelled
