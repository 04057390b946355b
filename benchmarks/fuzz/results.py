"""Readers of what runs wrote: manifests, tables, parts, pools, baselines, and reports made of them."""

import argparse
import contextlib
import hashlib
import io
import json
import shutil
from pathlib import Path
from random import Random

from benchmarks.fuzz import mutate
from benchmarks.fuzz.documents import to_json
from benchmarks.fuzz.reader import Case, Reader, Thunk

TEXT_TABLES = ("clips.csv", "summary.csv")


def _toy(home: Path) -> Path:
    from tests.bench.report.runs import make_run

    clips = ("anna_1", "berta_1", "é <b>&\\_$%")
    return make_run(home / "run", clips=clips, metrics=("fid", "psnr", "l1"), frames=3, failed=("berta_1",))


def _document(path: Path, random: Random) -> bytes:
    """The hostile form of a JSON file."""
    content = path.read_bytes()
    if random.random() < 0.75:
        return mutate.encoded(to_json(mutate.tree(json.loads(content), random)), random)
    return mutate.raw(content, random)


def _table(path: Path, random: Random) -> bytes:
    import csv

    content = path.read_bytes()
    if random.random() < 0.75:
        table = list(csv.reader(io.StringIO(content.decode(), newline="")))
        return mutate.encoded(mutate.to_csv(mutate.cells(table, random), random), random)
    return mutate.raw(content, random)


def manifest(home: Path) -> Case:
    from bench.results.run_folder import read_manifest

    run = _toy(home)

    def case(random: Random, folder: Path) -> Thunk:
        (folder / "run.json").write_bytes(_document(run / "run.json", random))
        return lambda: (lambda found: (found.rows, found.protocol.hash))(read_manifest(folder))

    return case


def tables(home: Path) -> Case:
    from bench.results import run_folder
    from bench.results.run_results import read_run

    run = _toy(home)

    def case(random: Random, folder: Path) -> Thunk:
        name = random.choice(TEXT_TABLES)
        for file in ("run.json", *TEXT_TABLES):
            content = _table(run / file, random) if file == name else (run / file).read_bytes()
            (folder / file).write_bytes(content)
        if name == "summary.csv":
            return lambda: run_folder.read_summary(folder)
        return lambda: (lambda found: (found.rows, found.reasons, found.clip_ids, found._scored))(read_run(folder))

    return case


def frames(home: Path) -> Case:
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    from bench.report.alarms import _mean_poses
    from bench.report.page.frame_data import clip_curves
    from bench.results.run_folder import FRAME_COLUMNS, read_frames
    from bench.results.run_results import Run

    run = _toy(home)
    path = run / "frames.parquet"
    seeds = [path.read_bytes()]
    good = {
        name: column.to_pylist() for name, column in zip(FRAME_COLUMNS, parquet.read_table(path).columns, strict=True)
    }
    wrong = (
        pa.array([1, 2, 3]), pa.array([None, None, None]), pa.array([[1], [2], []]), pa.array(["a", "\0", "é" * 300]),
        pa.array([b"\xff", b"", b"x"]), pa.array([True, False, None]), pa.array([float("nan"), float("inf"), 1e308]),
        pa.array([{"a": 1}, None, {"a": 2}]), pa.array([2**63 - 1, -(2**63), 0]), pa.array([1, 2, 3], pa.date32()),
        pa.array(["x", "y", "x"]).dictionary_encode(), pa.array(np.zeros(3, np.float16)), pa.array([1, 2, 3], pa.timestamp("ns")),
    )  # fmt: skip
    for name in FRAME_COLUMNS:
        for column in wrong:
            table = {other: column if other == name else pa.array(cells[:3]) for other, cells in good.items()}
            out = io.BytesIO()
            parquet.write_table(pa.table(table), out)
            seeds.append(out.getvalue())
    for codec in ("none", "gzip", "zstd", "lz4", "brotli"):
        out = io.BytesIO()
        parquet.write_table(pa.table(good), out, compression=codec)
        seeds.append(out.getvalue())

    def case(random: Random, folder: Path) -> Thunk:
        content = random.choice(seeds)
        if random.random() < 0.9:
            tail = random.random() < 0.5  # the footer says what is where
            content = content[::-1] if tail else content
            content = mutate.raw(content, random, tuple(seeds[:2]))
            content = content[::-1] if tail else content
        (folder / "frames.parquet").write_bytes(content)
        kind = random.randrange(4)
        return (
            lambda: read_frames(folder),
            lambda: read_frames(folder, clip="anna_1"),
            lambda: list(clip_curves(folder)),
            lambda: _mean_poses(Run(folder, "run", None)),  # type: ignore[arg-type]
        )[kind]

    return case


def parts(home: Path) -> Case:
    from bench.results.clip_parts import Parts
    from bench.results.join import join
    from metrics.fid import FIDPool
    from metrics.kid import KIDPool
    from tests.bench.results.test_clip_parts import LAYOUT, whole_result

    kinds = {"fid": FIDPool, "kid": KIDPool}
    whole = Parts(home / "parts")
    whole.add(whole_result("anna", 1), None)
    good = {path.name: path.read_bytes() for path in sorted(whole.folder.iterdir())}
    (index,) = (name for name in good if name.endswith(".json"))

    def case(random: Random, folder: Path) -> Thunk:
        chosen = random.choice(list(good))
        seal = random.random() < 0.5  # the JSON knows the digests of the others
        files = dict(good)
        if chosen == index:
            files[index] = _document(whole.folder / index, random)
        else:
            files[chosen] = (
                safetensors(good[chosen], random) if random.random() < 0.6 else mutate.raw(good[chosen], random)
            )
            if seal:
                old, new = (hashlib.sha256(each[chosen]).hexdigest() for each in (good, files))
                files[index] = files[index].replace(old.encode(), new.encode())
        for name, content in files.items():
            (folder / name).write_bytes(content)

        def read() -> None:
            found = Parts(folder)
            found.others(())
            found.pools("anna", kinds)
            if not found.lost(["anna"]):
                out = folder / "out"
                out.mkdir()
                join(out, ["anna"], found, LAYOUT)

        return read

    return case


def safetensors(content: bytes, random: Random) -> bytes:
    """A safetensors file with a hostile header of the right length."""
    length = int.from_bytes(content[:8], "little")
    document = json.loads(content[8 : 8 + length])
    for name, inner in list(document.get("__metadata__", {}).items()):
        if random.random() < 0.5 and inner[:1] == "{":
            document["__metadata__"][name] = to_json(mutate.tree(json.loads(inner), random))
            break
    else:
        document = mutate.tree(document, random)
    header = to_json(document).encode("utf-8", "surrogatepass")
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def baseline(home: Path) -> Case:
    from bench.gate import baseline as baselines
    from bench.gate.announce import github, junit, markdown
    from bench.gate.judge import judge
    from bench.gate.tolerances import Tolerances
    from bench.results.run_results import read_run
    from tests.bench.report.runs import make_run

    run = read_run(make_run(home / "run", clips=("anna_1", "berta_1", "carl_1"), metrics=("psnr", "l1"), frames=3))
    _ = run.clips
    path = home / "baseline.json"
    baselines.write(path, run, Tolerances())
    after = baselines.of_run(run)

    def case(random: Random, folder: Path) -> Thunk:
        target = folder / "baseline.json"
        target.write_bytes(_document(path, random))

        def read() -> None:
            before = baselines.read_side(target)
            told = judge(before, after, run.manifest.metrics, Tolerances(before.tolerances))
            for say in (github, junit, markdown):
                say(told).encode()

        return read

    return case


def report(home: Path) -> Case:
    from bench.report.write import write_report

    run = _toy(home)

    def case(random: Random, folder: Path) -> Thunk:
        hostile_run = folder / "run"
        shutil.copytree(run, hostile_run)
        name = random.choice(("run.json", "run.json", *TEXT_TABLES))
        make = _document if name == "run.json" else _table
        (hostile_run / name).write_bytes(make(run / name, random))
        options = argparse.Namespace(
            runs=[hostile_run], out=folder / "out", allow_mixed=False, published=None, columns=None, digits=None,
            format=["md", "html", "csv", "latex", "json"], transpose=random.random() < 0.3, caption=None,
            lang=random.choice(("en", "zh")), plots=None, strips=False, serve=False, port=0,
        )  # fmt: skip

        def read() -> None:
            with contextlib.redirect_stdout(io.StringIO()):
                write_report(options)
            for path in (folder / "out").rglob("*"):
                if path.suffix in (".html", ".md", ".tex", ".js"):
                    shown = path.read_text("utf-8")
                    assert "\x1b" not in shown and "\0" not in shown, f"{path.suffix} holds control characters"
                    if path.name in ("tables.html", "index.html"):
                        assert "<script>alert" not in shown and "<img src=x" not in shown, f"{path.name}: markup"

        return read

    return case


READERS = (
    Reader("run.json", manifest, share=0.5),
    Reader("clips.csv, summary.csv", tables, share=0.12),
    Reader("frames.parquet", frames, share=0.45),
    Reader("parts and pools", parts, share=0.12),
    Reader("baseline, through the gate", baseline, share=0.3),
    Reader("run folder, through the report", report, share=0.02),
)
