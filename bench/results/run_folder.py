"""The run folder: what is in it, read back with its schema checked, and cleared for the next run.

    run.json        RunManifest (bench/results/manifest.py): command, protocol, clips, software and hardware
    clips.csv       a row for every clip, setting and metric: CLIP_COLUMNS
    details.csv     a row for every further number of a metric: DETAIL_COLUMNS (bench/results/clip_parts.py)
    summary.csv     a row for every setting and metric: SUMMARY_COLUMNS
    frames.parquet  a row for every frame of a metric's values and of what it or the model measured: FRAME_COLUMNS
    table.md        the tables of the run's end, with alarms and notes
    videos/         SETTING/CLIP.mp4, .mkv or a folder of PNG files, beside reference/ and side-by-side/; or none
    report/         what report.py writes of this run; comparison/ of this run beside others
    .parts/         what every pass over a clip gave (bench/results/clip_parts.py), for a run that goes on
    .lock           and .lock.json: who works in the folder (bench/run/claim.py); gone when the run ends

Files of the folder itself are written whole or not at all. Values keep full precision (`repr` of a float64); infinities
are `inf`, and what has no value is empty.
"""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import BenchError
from bench.files.atomic_write import remove_unfinished
from bench.files.json import read_json
from bench.results.frame_rows import all_rows, rows_of
from bench.results.manifest import RunManifest

if TYPE_CHECKING:
    import pandas as pd

CLIP_COLUMNS = ("clip", "setting", "metric", "value", "status", "reason", "n", "infinite", "protocol", "warning")
"""`status` is value, skipped or failed, `reason` why there is no value; `n` the frames or windows behind the value,
`infinite` those kept out of it; `protocol` the row hash (bench/results/protocol.py): equal hashes mean comparable rows;
`warning` what was wrong with the clip that a value is of."""

SUMMARY_COLUMNS = (
    "setting", "metric", "mean", "low", "high", "n", "skipped", "failed", "infinite",
    "frame_mean", "frames", "pooled", "pooled_n", "infinite_frames",
)  # fmt: skip
"""`mean` over the `n` clips that have a finite value, [`low`, `high`] its 95 % interval, `infinite` clips kept out;
`frame_mean` over all `frames`; `pooled` the value over the whole suite at once (FID, KID), from `pooled_n` frames;
`infinite_frames` are those that clips' values, and so all means, leave out."""

_COUNTS = ("n", "infinite", "skipped", "failed", "frames", "pooled_n", "infinite_frames")
_UNCOUNTED = 2**53  # where whole numbers end

FRAME_COLUMNS = ("clip", "setting", "frame", "time", "metric", "value")

RUN = "run.json"

PARTS = ".parts"
"""Folder of what every pass over a clip gave (bench/results/clip_parts.py)."""

_TABLES = ("clips.csv", "details.csv", "summary.csv", "frames.parquet", "table.md")
_REPORTS = ("report", "comparison")
_REPORTED = (
    "index.html", "data", "assets", "videos", "tables.md", "tables.json", "tables.html", "csv", "latex", "plots",
    "strips",
)  # fmt: skip
"""What `report.py` writes into its folder."""


def clear(folder: Path) -> None:
    """Remove an old run's numbers, videos and reports, by the names that they have; other files stay.

    Its `run.json` stays as well, until the new one takes its place: what lies between is a run without tables.
    """
    reported = [folder / report / name for report in _REPORTS for name in _REPORTED]
    for path in (*(folder / name for name in (*_TABLES, PARTS, "videos")), *reported):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for report in _REPORTS:
        with contextlib.suppress(OSError):  # it is not there, or holds something else
            (folder / report).rmdir()


def clear_up(folder: Path) -> None:
    """Remove what killed processes were writing; nobody else may be at work in the folder."""
    for place in (folder, folder / PARTS):
        remove_unfinished(place)
    for path in folder.glob("videos/*/.writing-*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def read_manifest(folder: Path) -> RunManifest:
    """Read `run.json` of a run folder.

    Raises:
        BenchError: there is none, it is not JSON, or it was written by another version of the schema.

    Example:
        >>> run = read_manifest(Path("results/toy"))
        >>> run.suite.id, run.model.name, run.complete, [metric.id for metric in run.metrics][:2]
        ('toy', 'copy', True, ['fid', 'psnr'])
        >>> clips = read_clips(Path("results/toy"))
        >>> rows = clips[(clips["setting"] == "original") & (clips["metric"] == "psnr")]
        >>> rows["clip"].tolist(), rows["value"].dtype
        (['anna_1', 'berta_1'], dtype('float64'))
    """
    path = folder / "run.json"
    try:
        data = read_json(path)
    except FileNotFoundError:
        raise BenchError(f"'{folder}' is not a run folder: it has no run.json") from None
    except (OSError, ValueError) as error:
        raise BenchError(f"'{path}' cannot be read ({error}): run the benchmark again") from None
    return RunManifest.read(data, where=f"'{path}'")


def read_clips(folder: Path) -> pd.DataFrame:
    """`clips.csv` with `value` as float64 (NaN where there is none); the warnings of older ones stood in `reason`."""
    clips = _read_csv(folder / "clips.csv", CLIP_COLUMNS[:-1])
    if "warning" not in clips.columns:
        has_value = clips["status"] == "value"
        clips["warning"] = clips["reason"].where(has_value, "")
        clips["reason"] = clips["reason"].mask(has_value, "")
    if (twice := clips.duplicated(["clip", "setting", "metric"])).any():
        row = int(twice.argmax()) + 1
        raise _damaged(
            folder / "clips.csv", ValueError(f"row {row} is of a clip, setting and metric that stood before")
        )
    return clips


def read_summary(folder: Path) -> pd.DataFrame:
    """`summary.csv`; older ones without `infinite_frames` have it counted from `clips.csv`."""
    summary = _read_csv(folder / "summary.csv", SUMMARY_COLUMNS[:-1])
    if "infinite_frames" not in summary.columns:
        clips = read_clips(folder)
        counts = clips[clips["status"] == "value"].groupby(["setting", "metric"])["infinite"].sum().to_dict()
        places = zip(summary["setting"], summary["metric"], strict=True)
        summary["infinite_frames"] = [int(counts.get(place, 0)) for place in places]
    return summary


def read_frames(folder: Path, *, clip: str | None = None) -> pd.DataFrame:
    """`frames.parquet`, or the rows of one clip.

    Example:
        >>> frames = read_frames(Path("results/toy"), clip="anna_1")
        >>> psnr = frames[(frames["setting"] == "original") & (frames["metric"] == "psnr")]
        >>> psnr["frame"].tolist(), psnr["value"].dtype
        ([0, 1, 2, 3, 4, 5, 6, 7], dtype('float64'))
    """
    path = folder / "frames.parquet"
    try:
        with damage_told(path):
            rows = all_rows(path, FRAME_COLUMNS) if clip is None else rows_of(path, FRAME_COLUMNS, "clip", clip.__eq__)
            frames: pd.DataFrame = rows.to_pandas()
            return frames
    except FileNotFoundError:
        raise BenchError(f"'{folder}' has no frames.parquet: run the benchmark again") from None


@contextlib.contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """What reading a Parquet file raises, in a sentence: its bytes may be anything, and each layer has its own errors.

    Raises:
        BenchError: the file is damaged, or lacks a column.
        FileNotFoundError: it is not there.
    """
    try:
        yield
    except (BenchError, FileNotFoundError):
        raise
    except Exception as error:
        raise _damaged(path, error) from error


def _read_csv(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    text = ("clip", "setting", "metric", "status", "reason", "protocol", "warning")
    floats = ("value", "mean", "low", "high", "frame_mean", "pooled")
    try:
        # Only the empty string is missing: a clip may be called "NA" or "null".
        frame = pd.read_csv(
            path,
            dtype=dict.fromkeys((*text, *floats), str),
            keep_default_na=False,
        )
    except FileNotFoundError:
        raise BenchError(f"'{path.parent}' has no {path.name}: run the benchmark again") from None
    except (OSError, ValueError) as error:  # pandas' errors are such ones
        raise _damaged(path, error) from None
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise BenchError(f"'{path}' lacks the column {missing[0]}: it was written by another version")
    try:
        for name in floats:
            if name in frame.columns:
                # Python's own parser gives back the very float64 that was written.
                frame[name] = [float(cell) if cell else math.nan for cell in frame[name]]
        for name in _COUNTS:
            if name in frame.columns:
                frame[name] = pd.to_numeric(frame[name])
                if not (frame[name].isna() | (frame[name].abs() < _UNCOUNTED)).all():
                    raise ValueError(f"{name} is no count somewhere")
        for name in ("n", "infinite"):
            if (cut := frame[name].isna()).any():
                raise ValueError(f"row {int(cut.argmax()) + 1} is cut off")
    except (ValueError, OverflowError, TypeError) as error:  # as pandas takes a number of many digits
        raise _damaged(path, error) from None
    return frame


def _damaged(path: Path, error: Exception) -> BenchError:
    return BenchError(f"'{path}' is damaged ({_first_line(error)}): run the benchmark again")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
