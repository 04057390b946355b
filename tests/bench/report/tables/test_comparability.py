import json

import pytest

from bench.errors import BenchError
from bench.report.page.data import page_data
from bench.report.tables.columns import choose, columns_of
from bench.report.tables.differences import difference_table
from bench.report.tables.summary import summary_table
from bench.report.tables.words import Words
from bench.results.comparable import refuse_mixed
from bench.results.run_results import load
from tests.bench.report.runs import CLIPS, make_run


def table_of(runs, names=None):
    return summary_table(runs, choose(columns_of(runs), names), Words("en"))


def cells(table, setting, model=None):
    rows = [row for row in table.rows if row.stub[0] == setting and (model is None or row.stub[-1] == model)]
    assert len(rows) == 1
    return dict(zip((column.key for column in table.columns), rows[0].cells, strict=True))


def test_protocols_are_never_mixed_silently(tmp_path, runs):
    other = make_run(tmp_path / "other", model="large", protocol={"height": 512, "width": 512})
    mixed = (runs[0], *load([other]))
    with pytest.raises(BenchError, match=r"^both were made .*: height is '256' and '512'.*--allow-mixed"):
        refuse_mixed(mixed, "both")
    table = table_of(mixed)
    assert all(cell.rank == 0 for row in table.rows for cell in row.cells)
    assert any("Protocols differ (height: 256 / 512; width: 256 / 512)" in note for note in table.notes)


def test_another_clip_set_is_another_n_not_another_protocol(tmp_path, runs):
    other = make_run(tmp_path / "other", model="m", protocol={"clip_set": "1" * 64, "preset": "fomm"})
    refuse_mixed((runs[0], *load([other])), "both")


def over_films(tmp_path, *films):
    """Runs of the models a, b and c over clips of equal ids; `films` are the clips' digests."""
    folders = []
    for i, (model, known) in enumerate(zip("abc", films, strict=False)):
        digests = dict(zip(CLIPS, known, strict=False))
        folders.append(make_run(tmp_path / model, model=model, shift=3 * i, digests=digests))
    return load(folders)


def test_other_videos_of_equal_ids_are_never_mixed_silently(tmp_path):
    runs = over_films(tmp_path, "12345", "1x345", "1y345")
    with pytest.raises(BenchError, match=r"^all were made .*: clip 'anna_2' is another video in b, c: .*--allow-mixed"):
        refuse_mixed(runs, "all")
    table = table_of(runs)
    assert all(cell.rank == 0 for row in table.rows for cell in row.cells)
    (note,) = [note for note in table.notes if "another video" in note]
    assert note.startswith("Videos differ: clip 'anna_2' is another video in b, c; ")
    assert [row.stub for row in table.rows[:3]] == [("ground truth", model) for model in "abc"]  # not put together
    differences = difference_table(runs, columns_of(runs), Words("en"))
    assert note in differences.notes
    between = [row for row in differences.rows if row.stub[0] == "b, original − a, original"]
    assert {row.cells[-1].text for row in between} == {str(len(CLIPS) - 1)}
    page = page_data(runs, [], [{}] * 3, Words("en"))
    clips = json.loads(page.removeprefix("Bench.load(").removesuffix(");\n"))["clips"]
    assert clips[1]["warnings"] == ["clip 'anna_2' is another video in b, c"]


@pytest.mark.parametrize("films", [("12345", "12345"), ("12345", ["", "2"]), ("12345", "")])
def test_equal_and_unknown_videos_are_comparable(tmp_path, films):
    """Runs of before digests were kept have none."""
    runs = over_films(tmp_path, *films)
    refuse_mixed(runs, "all")
    table = table_of(runs)
    assert cells(table, "original", "a")["psnr"].rank == 1
    assert not any("another video" in note for note in table.notes)


def test_a_run_given_twice_is_a_mistake(folders):
    with pytest.raises(BenchError, match="given twice"):
        load([folders[0], folders[0]])


def test_equal_model_names_are_told_apart(tmp_path):
    two = load([make_run(tmp_path / "a", model="m"), make_run(tmp_path / "b", model="m")])
    assert [run.label for run in two] == ["m (a)", "m (b)"]
