"""The rooms and their layers (docs/rooms.py): what may import what."""

import pytest

from docs import rooms

KNOWN = rooms.modules()
ARROWS = rooms.arrows()


def test_no_arrow_runs_back():
    assert not (said := rooms.complaints(ARROWS)), "\n".join(said)


def test_no_circle():
    assert rooms.circles(ARROWS) == []


def test_rooms_and_modules_keep_their_size():
    folders = [path.parent for path in KNOWN.values() if path.name != "__init__.py"]
    assert {
        folder.name: folders.count(folder) for folder in folders if folders.count(folder) > rooms.LARGEST_ROOM
    } == {}
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in KNOWN.values()}
    assert {name: count for name, count in lines.items() if count > rooms.LARGEST_MODULE} == {}


@pytest.mark.parametrize(
    ("planted", "where"),
    [
        ("from bench.report.tables import words", "bench.report holds: from results to something that people read"),
        ("def later():\n    import bench.run.plan", "bench.run (layer 7)"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from model import interface", "model (layer 4)"),
        ('TABLE = {"l1": "metrics.l1:L1"}', "metrics (layer 5)"),
    ],
)
def test_a_planted_arrow_is_told_with_where_it_belongs(tmp_path, planted, where):
    for name, path in KNOWN.items():
        copy = tmp_path / path.relative_to(rooms.ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(planted if name == "bench.media.video_reader" else "", encoding="utf-8")
    (said,) = rooms.complaints(rooms.arrows(tmp_path))
    assert said.startswith("bench.media.video_reader imports ")
    assert where in said


def test_a_planted_circle_is_found():
    found = rooms.circles({("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e")})
    assert found == [["a", "b", "c"]]
