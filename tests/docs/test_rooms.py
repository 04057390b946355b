"""The picture of the rooms in docs/architecture.md: that of the imports."""

import pytest

from docs import rooms


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the page."""
    place = tmp_path / "architecture.md"
    place.write_text(rooms.page(rooms.PAGE.read_text(encoding="utf-8"), rooms.picture()), encoding="utf-8")
    monkeypatch.setattr(rooms, "PAGE", place)
    monkeypatch.setattr(rooms, "circles", lambda found: [])
    return place


def test_the_picture_is_that_of_the_imports():
    text = rooms.PAGE.read_text(encoding="utf-8")
    assert rooms.page(text, rooms.picture()) == text, "run 'python docs/rooms.py'"
    assert all(f"`{room.place}` | {room.rule} |" in text for room in rooms.ROOMS)


def test_a_stale_picture_is_found_and_drawn_again_and_prose_is_kept(copy, capsys):
    fresh = copy.read_text(encoding="utf-8")
    assert rooms.main(["--check"]) == 0
    assert capsys.readouterr().out == ""
    stale = fresh.replace("metrics --> syncnet", "syncnet --> metrics") + "\nMore prose.\n"
    assert stale.count("syncnet --> metrics") == 1
    copy.write_text(stale, encoding="utf-8")

    assert rooms.main(["--check"]) == 1
    assert capsys.readouterr().out == "docs/architecture.md is stale: draw it again with python docs/rooms.py\n"
    assert copy.read_text(encoding="utf-8") == stale

    assert rooms.main([]) == 0
    assert copy.read_text(encoding="utf-8") == fresh + "\nMore prose.\n"


def test_an_arrow_that_runs_back_is_told_and_no_picture_is_drawn_of_it(copy, monkeypatch, capsys):
    before = copy.read_text(encoding="utf-8")
    monkeypatch.setattr(rooms, "arrows", lambda: {("bench.media.resize", "metrics.l1")})
    assert rooms.main([]) == 1
    assert "bench.media.resize imports metrics.l1" in capsys.readouterr().out
    assert copy.read_text(encoding="utf-8") == before


def test_a_circle_is_told(copy, monkeypatch, capsys):
    monkeypatch.setattr(rooms, "circles", lambda found: [["a", "b"]])
    assert rooms.main(["--check"]) == 1
    assert "these import each other in a circle: a, b" in capsys.readouterr().out


def test_arrows_that_a_longer_way_implies_are_not_drawn():
    between = {room.name: set() for room in rooms.ROOMS}
    between |= {"metrics": {"syncnet", "bench.media", "bench"}, "syncnet": {"bench.media"}, "bench.media": {"bench"}}
    assert rooms.direct(between) == [("bench.media", "bench"), ("syncnet", "bench.media"), ("metrics", "syncnet")]


def test_every_room_is_drawn_and_counted(tmp_path):
    for name in ("bench/errors", "metrics/l1", "metrics/__init__"):
        file = tmp_path / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text("import bench.errors" if name == "metrics/l1" else "", encoding="utf-8")
    lines = rooms.picture(tmp_path)
    assert (
        "| 5 | `metrics/` | one file a metric, its description, the scorer, the feature cache | 1 | `bench/*.py` |"
        in lines
    )
    assert [line.strip() for line in lines if "-->" in line] == ["metrics --> bench"]
    assert sum('["' in line for line in lines) == len(rooms.ROOMS)


def test_a_page_without_its_marks_is_told():
    with pytest.raises(ValueError, match="the page has 0 blocks"):
        rooms.page("# The rooms\n", [])
