import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from bench.clips import Box, Clip
from bench.gate import baseline as baselines
from bench.gate.baseline import Side
from bench.results.comparable import other_videos
from bench.results.protocol import Protocol
from bench.suites import suite as suites
from bench.suites.digests import clip_digests

BASELINE = Path(__file__).parents[3] / "results" / "baselines" / "demo.json"
VIEW = "free-view:30,10,0"
RULES = Protocol(suite="toy", suite_version=1, clip_set="0")


@pytest.fixture
def clip(tmp_path):
    for name in ("film.mp4", "face.png", "turned.mp4"):
        (tmp_path / name).write_bytes(name.encode())
    return Clip("a", tmp_path / "film.mp4", source=tmp_path / "face.png", views={VIEW: tmp_path / "turned.mp4"})


def test_all_that_a_clip_is_made_of_is_in_its_digest(clip, tmp_path):
    (tmp_path / "other").write_bytes(b"other")
    changes = [
        {"path": tmp_path / "other"},
        {"source": tmp_path / "other"},
        {"source": None},
        {"start": 1.0},
        {"end": 1.0},
        {"crop": Box(0, 0, 8, 8)},
        {"views": {VIEW: tmp_path / "other"}},
        {"views": {"free-view:0,0,0": tmp_path / "turned.mp4"}},
        {"views": {}},
    ]
    found = [clip_digests([one]) for one in (clip, *(replace(clip, **change) for change in changes))]
    assert len({one.clips["a"] for one in found}) == len(found)
    assert len({one.whole for one in found}) == len(found)


def test_names_and_places_are_in_no_clips_digest(clip, tmp_path):
    (tmp_path / "moved.mp4").write_bytes(clip.path.read_bytes())
    moved = replace(clip, id="b", path=tmp_path / "moved.mp4", person="ada")
    assert clip_digests([moved]).clips["b"] == clip_digests([clip]).clips["a"]
    assert clip_digests([moved]).whole != clip_digests([clip]).whole  # ids are in the set's


def test_order_is_in_no_sets_digest(clip):
    clips = [clip, replace(clip, id="b", start=2.0)]
    assert clip_digests(clips).whole == clip_digests(clips[::-1]).whole


def test_a_set_without_views_has_the_digest_that_it_always_had(tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"film")
    line = f"a\tNone\t2.5\tBox(left=0, top=0, right=8, bottom=8)\t{hashlib.sha256(b'film').hexdigest()}"
    whole = clip_digests([Clip("a", tmp_path / "film.mp4", end=2.5, crop=Box(0, 0, 8, 8))]).whole
    assert whole == hashlib.sha256(line.encode()).hexdigest()


def test_every_file_is_read_once(clip, monkeypatch):
    opened = []
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *rest, **how: opened.append(path.name) or real(path, *rest, **how))
    clip_digests([clip])
    assert sorted(opened) == ["face.png", "film.mp4", "turned.mp4"]


def test_a_clip_that_is_not_there_has_no_digest(clip, tmp_path):
    gone = clip_digests([replace(clip, path=tmp_path / "gone.mp4")])
    assert gone.clips == {"a": ""}
    assert gone.whole != clip_digests([clip]).whole


def test_what_is_not_known_differs_from_nothing():
    def others(*digests):
        return other_videos([Side(f"side {i}", RULES, {}, {}, digests=each) for i, each in enumerate(digests)])

    assert others({"a": "1", "b": "1", "c": "", "d": "1"}, {"a": "2", "b": "1", "c": "1"}) == {"a": ["side 1"]}
    assert others({"a": "1"}, {"a": ""}) == {}
    assert others({"a": ""}, {"a": "1"}, {"a": "2"}) == {"a": ["side 2"]}
    in_another_order = ({"a": "1", "b": "1"}, {"b": "2", "a": "2"})
    assert list(others(*in_another_order)) == ["a", "b"]


def test_the_shipped_baseline_is_of_the_shipped_clips():
    known, baseline = clip_digests(suites.load("demo").clips), baselines.read(BASELINE)
    assert baseline.digests == known.clips
    assert baseline.protocol.clip_set == known.whole
    assert baseline.protocol_hash == baseline.protocol.hash
