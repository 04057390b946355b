import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.rows import CODEC_FLOOR, GROUND_TRUTH, ORIGINAL, STATIC, WITHOUT_MODEL, Row
from bench.settings import Setting
from docs import rooms

BORDERS = {
    "bench.commands.main": "options of the command line",
    "bench.commands.run_checks": "the same, checked first",
    "bench.suites.suite": "suite files",
    "bench.suites.published_numbers": "published tables",
    "model.outside.predictions": "lists of predictions",
    "bench.results.manifest": "run.json",
    "bench.results.run_results": "tables of run folders",
    "bench.results.clip_result": "results of clips, which files and processes hand on",
    "bench.gate.baseline": "baselines",
    "bench.rows": "what they all call",
}
"""Modules that make rows and settings of text, and whence."""

angles = st.none() | st.floats(-180, 180)
settings = st.builds(Setting, angles, angles, angles, st.sampled_from(["absolute", "relative"])).filter(
    lambda setting: not setting.is_original or setting.mode == "absolute"
)
rows = settings.map(Row.of) | st.sampled_from(WITHOUT_MODEL) | st.just(Row("lip-sync"))


@given(rows)
def test_a_row_is_read_back_from_its_name(row):
    assert Row.parse(str(row)) == row
    assert hash(Row.parse(row.name)) == hash(row)


@given(settings)
def test_the_row_of_a_setting_knows_it(setting):
    row = Row.of(setting)
    assert (row.name, row.setting, row.folder) == (str(setting), setting, setting.folder)
    assert row.is_model
    assert row.is_free_view != setting.is_original
    assert row.name == (f"free-view:{row.angles}" if row.is_free_view else "original")


def test_rows_without_a_model_are_no_settings():
    assert [row.name for row in WITHOUT_MODEL] == ["ground-truth", "static", "codec-floor"]
    assert [(row.setting, row.is_model, row.is_free_view, row.angles) for row in WITHOUT_MODEL] == [
        (None, False, False, "")
    ] * 3
    assert len({GROUND_TRUTH, STATIC, CODEC_FLOOR, ORIGINAL, Row.parse("static")}) == 4


def test_a_name_is_kept_as_a_file_has_it():
    row = Row.parse("free-view:30.0,10,0")
    assert (row.name, row.setting) == ("free-view:30.0,10,0", Setting(30, 10, 0))


@pytest.mark.parametrize("name", ["free-view:30", "free-view:30,10,x", "free-view:-,-,-"])
def test_a_free_view_that_is_none_is_told(name):
    with pytest.raises(BenchError, match=f"setting '{name}'"):
        Row.parse(name)


def _readings(tree):
    """What in a module makes a setting or row of a text, or looks into the text of one."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="Setting" | "Row" as name), attr="parse"):
                yield f"{name}.parse"
            case ast.Call(func=ast.Attribute(attr=how), args=[ast.Constant(str(text)), *_]) if "free-view" in text:
                if how in ("startswith", "removeprefix", "replace", "partition", "split"):
                    yield f"{how}('{text}')"
            case ast.Compare():
                said = [side.value for side in (node.left, *node.comparators) if isinstance(side, ast.Constant)]
                yield from (f"a comparison with '{text}'" for text in said if text in _NAMES)


_NAMES = ("free-view", "original", *(row.name for row in WITHOUT_MODEL))
_KINDS = {
    "bench.report.tables.summary": "kinds of a printed line",
    "bench.settings": "its own grammar",
    "bench.run.plan": "the model of that name",
}


def test_rows_and_settings_are_read_at_the_borders_alone():
    found = {}
    for name, path in rooms.modules().items():
        said = list(_readings(ast.parse(path.read_text(encoding="utf-8"))))
        if said and name not in BORDERS and name not in _KINDS:
            found[name] = said
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    ["Setting.parse(text)", "map(Row.parse, names)", "name.startswith('free-view:')", "row == 'static'"],
)
def test_a_planted_reading_is_found(planted):
    assert list(_readings(ast.parse(planted)))
