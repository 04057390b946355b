"""Time and memory of a report on a large run: 5,000 clips, 3 settings, 15 metrics.

    python benchmarks/report_scale.py [--clips 5000] [--frames 50] [--latex-clips 525]

Writes a run folder of made-up numbers, renders every format but LaTeX from it in a process of its own, and opens the
page in headless Chromium where there is one. The demands: rendered in 30 s, below 1 GB, opened in 2 s. LaTeX, which
nobody wants of 5,000 clips, is written of two runs of as many clips as HDTF has: in 6 s, and linear in the clips.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.results.manifest import ClipRecord, Environment, MetricRecord, ModelRecord, RunManifest, SuiteRecord  # noqa: E402
from bench.results.protocol import MetricDefinition, Protocol  # noqa: E402
from bench.results.run_folder import CLIP_COLUMNS, FRAME_COLUMNS, SUMMARY_COLUMNS  # noqa: E402
from bench.results.statistics import interval  # noqa: E402

SETTINGS = ("original", "free-view:30,10,0", "free-view:-30,10,0")


def make_run(folder: Path, clips: int, metrics: int, frames: int, *, model: str = "model") -> None:
    generator = np.random.default_rng(0)
    names = [f"id{i % 500:05d}#clip{i:06d}#000000#000184" for i in range(clips)]
    records = tuple(
        MetricRecord(
            id=f"metric_{m}", label=f"Metric {m}", version=1, direction="higher" if m % 2 else "lower", unit="",
            definition="made up", source="none", per_frame=m < metrics - 3, needs_reference=m % 3 > 0,
        )
        for m in range(metrics)
    )  # fmt: skip
    rules = Protocol(
        suite="large", suite_version=1, clip_set="0",
        metrics=tuple(MetricDefinition(id=m.id, version=1, definition=m.definition) for m in records),
    )  # fmt: skip
    folder.mkdir(parents=True)
    people = [name.partition("#")[0] for name in names]
    rows, summary = [], []
    for setting in SETTINGS:
        for metric in records:
            values = generator.normal(20, 3, clips)
            bounds = interval(values, people)
            counts = (clips, 0, 0, 0, values.mean(), clips * frames, np.nan, 0, 0)
            summary.append((setting, metric.id, values.mean(), bounds.low, bounds.high, *counts))
            columns = {"clip": names, "setting": setting, "metric": metric.id, "value": values, "status": "value"}
            rest = {"reason": "", "n": frames, "infinite": 0, "protocol": rules.row_hash(metric.id), "warning": ""}
            rows.append(pd.DataFrame(columns | rest))
    pd.concat(rows)[list(CLIP_COLUMNS)].to_csv(folder / "clips.csv", index=False)
    pd.DataFrame(summary, columns=list(SUMMARY_COLUMNS)).to_csv(folder / "summary.csv", index=False)
    write_frames(folder / "frames.parquet", names, [m.id for m in records if m.per_frame], frames, generator)
    manifest = RunManifest(
        created="2026-01-01T00:00:00+00:00", complete=True, command=("benchmark.py",), protocol=rules,
        protocol_hash=rules.hash, suite=SuiteRecord(id="large", version=1, listed=clips, present=clips, selected=clips),
        model=ModelRecord(name=model), settings=SETTINGS, metrics=records,
        clips=tuple(
            ClipRecord(id=name, path=name, status="done", person=person, frames=frames, fps=25.0)
            for name, person in zip(names, people, strict=True)
        ),
        environment=Environment(versions={}, platform="", processor="", device="cpu", threads=2, memory_gb=1.0),
    )  # fmt: skip
    (folder / "run.json").write_text(json.dumps(manifest.model_dump(mode="json")), "utf-8")


def write_frames(path: Path, names: list[str], metrics: list[str], frames: int, generator: np.random.Generator) -> None:
    """A row group a clip, as the runner writes them."""
    word = pa.dictionary(pa.int32(), pa.string())
    types = (word, word, pa.int32(), pa.float64(), word, pa.float64())
    schema = pa.schema(list(zip(FRAME_COLUMNS, types, strict=True)))
    curves = len(SETTINGS) * len(metrics)
    setting = pa.DictionaryArray.from_arrays(
        pa.array(np.repeat(np.arange(len(SETTINGS)), len(metrics) * frames).astype(np.int32)), list(SETTINGS)
    )
    metric = pa.DictionaryArray.from_arrays(
        pa.array(np.tile(np.repeat(np.arange(len(metrics)), frames), len(SETTINGS)).astype(np.int32)), metrics
    )
    frame = np.tile(np.arange(frames, dtype=np.int32), curves)
    with pq.ParquetWriter(path, schema) as writer:
        for name in names:
            clip = pa.DictionaryArray.from_arrays(pa.array(np.zeros(curves * frames, dtype=np.int32)), [name])
            values = generator.normal(20, 3, curves * frames)
            columns = [clip, setting, pa.array(frame), pa.array(frame / 25.0), metric, pa.array(values)]
            writer.write_table(pa.table(columns, schema=schema))


def load_time(index: Path) -> float | None:
    """Seconds from navigation until the page has drawn its table of clips; None without Chromium and its driver."""
    import shutil

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from selenium import webdriver
    except ImportError:
        return None
    if chromium is None or shutil.which("chromedriver") is None:
        return None
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        driver.get("about:blank")
        start = time.perf_counter()
        driver.get(index.resolve().as_uri() + "#/clips")
        while not driver.execute_script("return document.querySelectorAll('#grid tr.row').length"):
            time.sleep(0.01)
        return time.perf_counter() - start
    finally:
        driver.quit()


def busy() -> float:
    """Processor seconds of all children so far: what the wall clock would show on an idle machine."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def report(runs: list[Path], formats: list[str]) -> str:
    """Render; what it took."""
    start, before = time.perf_counter(), busy()
    command = [sys.executable, str(ROOT / "report.py"), *map(str, runs), "--format", *formats]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONUTF8": "1"})
    taken = time.perf_counter() - start
    # The peak over all children so far: of two lines, the later one holds the larger report.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return f"{' '.join(formats)}: {taken:.1f} s ({busy() - before:.1f} s busy), peak {peak:.2f} GB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=5000)
    parser.add_argument("--metrics", type=int, default=15)
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--latex-clips", type=int, default=525)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        run = Path(temporary) / "run"
        make_run(run, options.clips, options.metrics, options.frames)
        size = (run / "frames.parquet").stat().st_size / 1e6
        print(f"{options.clips} clips x {len(SETTINGS)} settings x {options.metrics} metrics, frames {size:.0f} MB")
        for formats in (["html"], ["md", "csv", "html", "json"]):
            print(report([run], formats))
        loaded = load_time(run / "report" / "index.html")
        print("page: no Chromium here" if loaded is None else f"page: table of clips drawn after {loaded:.2f} s")
        for clips in (options.latex_clips // 4, options.latex_clips):
            runs = [Path(temporary) / f"{model}-{clips}" for model in ("a", "b")]
            for folder in runs:
                make_run(folder, clips, options.metrics, 1, model=folder.name)
            print(f"2 runs of {clips} clips, {report(runs, ['latex'])}")


if __name__ == "__main__":
    main()
