"""The examples in the docstrings of the public ways in, and the README's: they run, and print what they say."""

import doctest
import importlib
import re
from pathlib import Path

import numpy as np
import pytest

import model
from tests.bench.report.runs import make_run

README = Path(__file__).resolve().parents[2] / "README.md"

# Every one of these has an example.
WAYS_IN = (
    "bench.file_names:one_line",
    "bench.media.video_reader:VideoReader",
    "bench.portraits.truth:Truth.read",
    "bench.results.run_folder:read_frames",
    "bench.results.run_folder:read_manifest",
    "bench.settings:Setting.parse",
    "bench.suites.suite:load",
    "bench.weights.known_networks:nearest",
    "bench.weights.registry:get",
    "bench.weights.tensor_files:plain_name",
    "metrics.registry:get",
    "metrics.scoring:score",
    "model.reconstruct:Reconstructs.reconstruct",
    "model.registry:known",
    "model.registry:load",
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that examples run in: it has a run of the suite `toy`."""
    make_run(tmp_path / "results" / "toy", model="copy", clips=("anna_1", "berta_1"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("way", WAYS_IN)
def test_the_example_of_a_way_in_runs(way, folder):
    name, _, place = way.partition(":")
    module = importlib.import_module(name)
    found = [test for test in doctest.DocTestFinder().find(module) if test.name == f"{name}.{place}"]
    assert [bool(test.examples) for test in found] == [True]
    told = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(found[0], out=told.append)
    assert result.failed == 0, "".join(told)


def test_no_other_module_has_examples_that_nobody_runs():
    listed = {way.partition(":")[0] for way in WAYS_IN}
    for top in ("bench", "metrics", "model", "syncnet"):
        for path in (README.parent / top).rglob("*.py"):
            name = ".".join(path.relative_to(README.parent).with_suffix("").parts)
            assert name in listed or ">>> " not in path.read_text(encoding="utf-8"), name


def test_the_readmes_python_runs(monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    load, asked = model.load, []

    def instead(name, **options):
        asked.append((name, *options))
        return load("copy")

    monkeypatch.setattr(model, "load", instead, raising=False)
    frames = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32), dtype=np.uint8)
    names = {"pred": frames, "ref": frames, "frames": frames}
    exec(code, names)
    assert asked == [("facevid2vid", "checkpoint", "device")]
    assert names["scores"]["ssim"].value == 1.0
    assert names["video"].tolist() == frames.tolist()
