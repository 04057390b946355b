import json

import pytest

from bench.commands.main import main
from bench.run.presets import TABLE
from metrics import registry
from tests.films import portrait_film


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    film = portrait_film(folder / "one.mp4")
    for name, options in {"a": [], "same": [], "size": ["--size", "48"], "fomm": ["--preset", "fomm"]}.items():
        words = ["--videos", str(film), "--metrics", "l1", "--out", str(folder / name), "--video-codec", "none"]
        assert main([*words, *options]) == 0
    return folder


def test_show_prints_the_protocol_and_its_hash(runs, capsys):
    assert main(["protocol", "show", str(runs / "a")]) == 0
    said = capsys.readouterr().out
    text, _, digest = said.rpartition("hash ")
    assert json.loads(text)["width"] == 256
    assert len(digest.strip()) == 64


def test_equal_protocols_agree(runs, capsys):
    assert main(["protocol", "diff", str(runs / "a"), str(runs / "same")]) == 0
    assert "agree" in capsys.readouterr().out


def test_differing_fields_are_named_with_both_values(runs, capsys):
    assert main(["protocol", "diff", str(runs / "a"), str(runs / "size")]) == 1
    said = capsys.readouterr().out
    assert all(word in said for word in ("width", "height", "256", "48"))
    assert "resize_kernel" not in said


def test_a_preset_is_part_of_the_protocol(runs, capsys):
    assert main(["protocol", "diff", str(runs / "a"), str(runs / "fomm")]) == 1
    said = capsys.readouterr().out
    assert "preset" in said
    assert "aggregation" in said
    assert str(runs / "fomm") in said


def test_presets_name_metrics_that_exist():
    for preset in TABLE.values():
        for metric in preset.metrics:
            registry.check(metric)


def test_an_unknown_preset_is_a_mistake(capsys):
    assert main(["--suite", "demo", "--preset", "fom"]) == 2
    assert "did you mean fomm" in capsys.readouterr().err
