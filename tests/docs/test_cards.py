"""The cards in docs/metrics: one for every metric, facts as in the code, figures as in the golden data."""

import csv
import math
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from bench.errors import BenchError
from docs import cards
from metrics import registry
from tests.material import GOLDEN, needs

FRAMES = GOLDEN / "metrics" / "pairs_frames.csv"
SETS = ("blur", "jpeg20", "noise8", "shift2", "static")
# metric → its name in the golden data, and what a level of the card is there
FIGURES = {
    "l1": ("l1", 1.0),
    "l1_unit": ("l1", 1 / 255),
    "psnr": ("psnr.skimage.rgb", 1.0),
    "psnr_gray": ("psnr.skimage.gray_u8", 1.0),
    "ssim": ("ssim.skimage.rgb_gauss", 1.0),
    "ssim_gray": ("ssim.skimage.gray_u8", 1.0),
    "ms_ssim": ("msssim.piq", 1.0),
    "niqe": ("niqe.f64_flat0", 1.0),
    "niqe_skvideo": ("niqe.skvideo", 1.0),
}


def text_of(name):
    return cards.path_of(name).read_text(encoding="utf-8")


def sections(text):
    """Heading → its text."""
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_metric_has_a_card_and_every_card_a_metric():
    assert {path.stem for path in cards.FOLDER.glob("*.md")} == {"README", *registry.TABLE}


@pytest.mark.parametrize("name", registry.TABLE)
def test_title_and_facts_are_those_of_the_code(name):
    metric, text = registry.get(name), text_of(name)
    assert cards.card(metric) == text, "run 'python -m docs.cards'"
    assert text.startswith(f"# {metric.label}\n")
    assert f"| id | `{metric.id}` |" in text
    assert f"| version | {metric.version} |" in text
    assert metric.definition in text.replace("\\|", "|")
    assert all(f"`{weights}`" in text for weights in metric.weights)


@pytest.mark.parametrize("name", registry.TABLE)
def test_card_has_a_meaning_and_all_sections(name):
    text = text_of(name)
    assert cards.meaning(text).endswith((".", "?"))
    found = sections(text)
    assert tuple(found) == cards.HEADINGS
    assert all(len(body.split()) >= 10 for body in found.values())


def test_index_is_that_of_the_code():
    path, text = cards.pages()[-1]
    assert path.name == "README.md"
    assert path.read_text(encoding="utf-8") == text, "run 'python -m docs.cards'"
    assert all(f"]({name}.md) | `{name}` |" in text for name in registry.TABLE)


def test_links_lead_somewhere():
    for path in cards.FOLDER.glob("*.md"):
        for target, anchor in re.findall(r"\]\(([\w./]+)(?:#([\w-]+))?\)", path.read_text(encoding="utf-8")):
            page = path.parent / target
            assert page.is_file(), f"{path.name} → {target}"
            titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert not anchor or anchor in [title.lower().replace(" ", "-") for title in titles]


@pytest.fixture(scope="module")
def golden():
    """(clip, set, metric) → mean of the finite frames."""
    values = defaultdict(list)
    with FRAMES.open(newline="") as file:
        for row in csv.DictReader(file):
            values[row["clip"], row["set"], row["metric"]].append(float(row["value"]))
    return {
        key: sum(finite) / len(finite) for key, found in values.items() if (finite := [*filter(math.isfinite, found)])
    }


@pytest.mark.shared
@needs(FRAMES)
@pytest.mark.parametrize("name", FIGURES)
def test_calibration_figures_are_the_golden_ones(name, golden):
    quantity, unit = FIGURES[name]
    rows = re.findall(r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) \|$", sections(text_of(name))["Calibration"], re.MULTILINE)
    assert {row[0] for row in rows} in ({*SETS}, {"reference", *SETS} - {"static"})
    for set_, *printed in rows:
        for clip, figure in zip(("wda_a", "wda_k"), printed, strict=True):
            expected = golden[clip, "ref" if set_ == "reference" else set_, quantity] * unit
            half = 0.5 * 10.0 ** -len(figure.partition(".")[2])
            assert float(figure) == pytest.approx(expected, abs=half * 1.02), (clip, set_)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of two cards and an index of these two."""
    place = tmp_path / "docs" / "metrics"
    shutil.copytree(cards.FOLDER, place)
    monkeypatch.setattr(cards, "FOLDER", place)
    monkeypatch.setattr(registry, "TABLE", {name: registry.TABLE[name] for name in ("l1", "psnr")})
    assert cards.main([]) == 0
    return place


def test_stale_facts_are_found_and_refreshed_and_prose_is_kept(folder, capsys):
    card = folder / "psnr.md"
    fresh = card.read_text(encoding="utf-8")
    assert cards.main(["--check"]) == 0
    stale = fresh.replace("| version | 1 |", "| version | 7 |").replace("# PSNR\n", "# Another\n") + "\nMore prose.\n"
    card.write_text(stale, encoding="utf-8")
    capsys.readouterr()

    assert cards.main(["--check"]) == 1
    assert "docs/metrics/psnr.md: stale" in capsys.readouterr().out
    assert card.read_text(encoding="utf-8") == stale

    assert cards.main([]) == 0
    assert card.read_text(encoding="utf-8") == fresh + "\nMore prose.\n"
    assert cards.main(["--check"]) == 0


def test_a_new_meaning_makes_the_index_stale(folder):
    card = folder / "l1.md"
    old = cards.meaning(card.read_text(encoding="utf-8"))
    card.write_text(card.read_text(encoding="utf-8").replace(old, "Something else."), encoding="utf-8")
    assert cards.main(["--check"]) == 1
    assert cards.main([]) == 0
    assert "| Something else. |" in (folder / "README.md").read_text(encoding="utf-8")


def test_missing_card_and_missing_marks_are_told(folder):
    (folder / "l1.md").unlink()
    with pytest.raises(BenchError, match=r"there is no card .*l1\.md"):
        cards.main(["--check"])
    (folder / "l1.md").write_text("# L1\n\nMeaning.\n", encoding="utf-8")
    with pytest.raises(BenchError, match=r"l1\.md has 0 blocks"):
        cards.main([])


def test_torch_is_not_imported_before_it_is_needed():
    code = "import sys, docs.cards; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(cards.__file__).parents[1]).returncode == 0
