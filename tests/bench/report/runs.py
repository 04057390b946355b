"""Run folders for tests: written as the schema says, with numbers that a test can reason about."""

from __future__ import annotations

import json
import math
from pathlib import Path

import av
import numpy as np
import pandas as pd

from bench.file_names import file_name
from bench.results import run_folder
from bench.results.manifest import ClipRecord, Environment, MetricRecord, ModelRecord, RunManifest, SuiteRecord
from bench.results.protocol import MetricDefinition, Protocol
from bench.results.statistics import interval

HOSTILE = "<script>alert(1)</script>& 视频_$%"

METRICS = {
    "fid": MetricRecord(
        id="fid", label="FID", version=1, direction="lower", unit="", definition="Fréchet distance", source="paper",
        per_frame=False, digits=2, ideal=0.0,
    ),
    "psnr": MetricRecord(
        id="psnr", label="PSNR", version=1, direction="higher", unit="dB", definition="peak 255", source="paper",
        digits=2,
    ),
    "ssim": MetricRecord(
        id="ssim", label="SSIM", version=1, direction="higher", unit="", definition="Gaussian 11", source="paper",
        ideal=1.0,
    ),
    "l1": MetricRecord(
        id="l1", label="L1", version=1, direction="lower", unit="", definition="mean absolute difference",
        source="closed form", scale=255.0, digits=2, ideal=0.0,
    ),
    "lpips": MetricRecord(
        id="lpips", label="LPIPS", version=1, direction="lower", unit="", definition="AlexNet", source="paper",
    ),
    "niqe": MetricRecord(
        id="niqe", label="NIQE", version=1, direction="lower", unit="", definition="official", source="paper",
        needs_reference=False,
    ),
    "lse_c": MetricRecord(
        id="lse_c", label="LSE-C", version=1, direction="higher", unit="", definition="SyncNet", source="paper",
        needs_reference=False, per_frame=False,
    ),
}  # fmt: skip

LEVEL = {"fid": 30.0, "psnr": 24.0, "ssim": 0.8, "l1": 0.04, "lpips": 0.06, "niqe": 5.0, "lse_c": 7.0}
SETTINGS = ("ground-truth", "static", "original", "free-view:30,10,0")
CLIPS = ("anna_1", "anna_2", "berta_1", "carl_1", HOSTILE)


def make_run(
    folder: Path,
    *,
    model: str = "static",
    clips: tuple[str, ...] = CLIPS,
    settings: tuple[str, ...] = SETTINGS,
    metrics: tuple[str, ...] = tuple(METRICS),
    shift: float = 0.0,
    noise_seed: int = 0,
    people: bool = True,
    frames: int = 8,
    videos: bool = False,
    failed: tuple[str, ...] = (),
    drop: dict[tuple[str, str, str], tuple[str, str]] | None = None,
    given: dict[tuple[str, str, str], tuple[float, int]] | None = None,
    digests: dict[str, str] | None = None,
    warned: dict[str, tuple[str, ...]] | None = None,
    protocol: dict[str, object] | None = None,
    complete: bool = True,
) -> Path:
    """Write a run folder.

    Values are LEVEL, plus a bump for each clip and setting (equal for every model), plus `shift` per cent of the level
    in the bad direction under `original` and free views. `drop` maps (clip, setting, metric) to (status, reason),
    `given` to (value, infinite frames) instead of the made value, `warned` a clip to its warnings.
    """
    generator = np.random.default_rng(noise_seed)
    records = [METRICS[name] for name in metrics]
    identity = tuple(MetricDefinition(id=m.id, version=m.version, definition=m.definition) for m in records)
    rules = Protocol(suite="toy", suite_version=1, clip_set="0" * 64, metrics=identity)
    rules = rules.model_copy(update=protocol or {})
    rows, frame_rows = [], []
    for i, clip in enumerate(clips):
        if clip in failed:
            continue
        for setting in settings:
            for metric in records:
                hashed = rules.row_hash(metric.id)
                gone = (drop or {}).get((clip, setting, metric.id))
                if gone is not None:
                    rows.append((clip, setting, metric.id, "", gone[0], gone[1], 0, 0, hashed, ""))
                    continue
                value, infinite = _value(metric, setting, i, shift), 0
                if (clip, setting, metric.id) in (given or {}):
                    value, infinite = given[clip, setting, metric.id]
                elif metric.per_frame and math.isfinite(value):
                    wobble = generator.normal(0, 0.02 * LEVEL[metric.id], frames)
                    values = value + wobble - wobble.mean()
                    value = float(values.mean())
                    for k, one in enumerate(values):
                        frame_rows.append((clip, setting, k, k / 25, metric.id, float(one)))
                elif math.isinf(value):
                    infinite = frames
                warning = "; ".join((warned or {}).get(clip, ()))
                rows.append((clip, setting, metric.id, repr(value), "value", "", frames, infinite, hashed, warning))
    table = pd.DataFrame(rows, columns=list(run_folder.CLIP_COLUMNS))
    folder.mkdir(parents=True)
    table.to_csv(folder / "clips.csv", index=False)
    person = {clip: clip.split("_")[0] if people else None for clip in clips}
    _summary(table, settings, metrics, person, frames).to_csv(folder / "summary.csv", index=False)
    pd.DataFrame(frame_rows, columns=list(run_folder.FRAME_COLUMNS)).to_parquet(folder / "frames.parquet")
    listed = []
    for clip in clips:
        paths = {}
        if videos and clip not in failed:
            for setting in ("reference", *settings[1:]):
                where = f"videos/{setting.replace(':', '_')}/{file_name(clip)}.mp4"
                write_video(folder / where, frames=frames, hue=settings.index(setting) if setting in settings else 0)
                paths[setting] = where
        status = {"status": "failed", "reason": f"'{clip}' cannot be read"} if clip in failed else {"status": "done"}
        listed.append(
            ClipRecord(
                id=clip, path=f"{clip}.mp4", digest=(digests or {}).get(clip, ""), person=person[clip], frames=frames, fps=25.0, videos=paths,
                seconds={"total": 1.0}, warnings=(warned or {}).get(clip, ()), **status,
            )
        )  # fmt: skip
    manifest = RunManifest(
        created="2026-01-02T03:04:05+00:00",
        complete=complete,
        command=("benchmark.py", "--suite", "toy"),
        protocol=rules,
        protocol_hash=rules.hash,
        suite=SuiteRecord(id="toy", version=1, title="Toy", listed=len(clips), present=len(clips), selected=len(clips)),
        model=ModelRecord(name=model),
        settings=settings,
        metrics=tuple(records),
        clips=tuple(listed),
        environment=Environment(
            versions={"python": "3.11"}, platform="Linux", processor="x", device="cpu", threads=2, memory_gb=8.0
        ),
        seconds=12.0,
    )
    (folder / "run.json").write_text(json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False), "utf-8")
    return folder


def _value(metric: MetricRecord, setting: str, clip: int, shift: float) -> float:
    level = LEVEL[metric.id]
    bad = -1 if metric.direction == "higher" else 1
    if setting == "ground-truth" and metric.needs_reference:
        return math.inf if metric.id == "psnr" else (metric.ideal if metric.ideal is not None else 0.0)
    worse = {"ground-truth": 0.0, "static": 0.3, "codec-floor": 0.05, "original": 0.1}.get(setting, 0.2)
    if setting not in ("ground-truth", "static", "codec-floor"):
        worse += shift / 100
    return level * (1 + 0.05 * math.sin(2.5 * clip) + bad * worse)


def _summary(
    table: pd.DataFrame,
    settings: tuple[str, ...],
    metrics: tuple[str, ...],
    person: dict[str, str | None],
    frames: int,
) -> pd.DataFrame:
    rows = []
    for setting in settings:
        for metric in metrics:
            part = table[(table["setting"] == setting) & (table["metric"] == metric)]
            scored = part[part["status"] == "value"]
            values = scored["value"].astype(float)
            finite = values[np.isfinite(values)]
            bounds = interval(values.to_numpy(), [person[clip] for clip in scored["clip"]])
            pooled = (finite.mean() * 0.5, frames * len(scored)) if metric == "fid" else (math.nan, 0)
            mean = finite.mean() if len(finite) else math.nan
            skipped, failed = (int((part["status"] == status).sum()) for status in ("skipped", "failed"))
            counts = (len(finite), skipped, failed, int(np.isinf(values).sum()))
            infinite = int(scored["infinite"].sum())
            over_frames = (mean, frames * len(scored) - infinite)
            rows.append((setting, metric, mean, bounds.low, bounds.high, *counts, *over_frames, *pooled, infinite))
    return pd.DataFrame(rows, columns=list(run_folder.SUMMARY_COLUMNS))


def write_video(path: Path, *, frames: int = 8, size: int = 64, hue: int = 0) -> None:
    """A small H.264 video: a bar that moves one step a frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        for k in range(frames):
            picture = np.full((size, size, 3), 40 + 40 * hue, dtype=np.uint8)
            at = k * (size - 8) // max(1, frames - 1)
            picture[:, at : at + 8] = (230, 200, 60)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
