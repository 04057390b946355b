"""What the pages name is there: files, modules and what is in them, links, sub-commands."""

import functools
import importlib
import re
from pathlib import Path

import pytest

from bench.commands.main import SUBCOMMANDS

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {".git", ".tox", ".venv", "build", "dist", "results", "shared"}
TOPS = ("bench", "benchmarks", "docs", "examples", "metrics", "model", "syncnet", "tests")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SETUP = [ROOT / name for name in ("tox.ini", "pyproject.toml", ".github/workflows/benchmark.yml")]
OTHERS = {"infer.py"}
"""Files of the reader's own, in examples."""

_SUFFIX = r"(?:py|pyi|md|toml|csv|json|npz|ini|yml|yaml|cff|txt|jpg|png|mp4|j2)"
_PATH = re.compile(rf"(?<![\w./{{-])(?:{'|'.join(TOPS)}|results/baselines|\.github)/[\w.,*/-]*[\w*]")
_FILE = re.compile(r"(?<![\w./*-])\w+\.py\b(?![\w/])")
_NAME = re.compile(r"(?<![\w./<-])(?:bench|metrics|model|syncnet|docs|examples)(?:\.[A-Za-z_]\w*)+(?::\w+)?(\()?")
_LINK = re.compile(r"\]\((?!https?:)([\w./-]*)(?:#([\w-]+))?\)")
_COMMAND = re.compile(r"benchmark\.py ([a-z]+)\b")


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def read(path):
    return path.read_text(encoding="utf-8")


@functools.cache
def files():
    """Names of all files of the repository."""
    tops = [ROOT / top for top in (*TOPS, ".github")]
    return {path.name for top in tops for path in top.rglob("*")} | {path.name for path in ROOT.iterdir()}


def wrong_paths(text):
    """Paths and bare names of modules in a text that are not there; NAME stands for any name."""
    paths = [path.rstrip(".,") for path in _PATH.findall(text)]
    lost = [path for path in paths if "NAME" not in path and not any(ROOT.glob(path))]
    return lost + [file for file in _FILE.findall(text) if file not in files() | OTHERS | {"NAME.py"}]


def wrong_names(text):
    """Dotted names in a text that are no module and nothing in one, or are called and cannot be."""
    wrong = []
    for found in _NAME.finditer(text):
        name = found[0].rstrip("(")
        if re.fullmatch(rf"\w+\.{_SUFFIX}", name) or name.split(".")[1].isupper():
            continue
        try:
            value = resolve(name.replace(":", "."))
        except (ImportError, AttributeError):
            wrong.append(name)
        else:
            wrong += [f"{name}()"] if found[1] and not callable(value) else []
    return wrong


def resolve(name):
    """What a dotted name stands for."""
    parts = name.split(".")
    value = importlib.import_module(parts[0])
    for number, part in enumerate(parts[1:], start=2):
        try:
            value = getattr(value, part)
        except AttributeError:
            if not hasattr(value, "__path__"):
                raise
            value = importlib.import_module(".".join(parts[:number]))
    return value


def wrong_links(page, text):
    """Links in a page's text that lead to no file, or to no heading."""
    wrong = []
    for target, anchor in _LINK.findall(text):
        file = page.parent / target if target else page
        if not file.exists():
            wrong.append(target)
        elif anchor:
            headings = re.findall(r"^#+ (.+)$", read(file), flags=re.MULTILINE)
            anchors = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings]
            wrong += [f"{target}#{anchor}"] if anchor not in anchors else []
    return wrong


def wrong_commands(text):
    """Sub-commands in a text that `benchmark.py` does not have."""
    return [word for word in _COMMAND.findall(text) if word not in SUBCOMMANDS]


@pytest.mark.parametrize("page", [*PAGES, *SETUP], ids=name_of)
def test_files_that_a_page_names_are_there(page):
    assert wrong_paths(read(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_modules_links_and_commands_that_a_page_names_are_there(page):
    text = read(page)
    assert wrong_names(text) == []
    assert wrong_links(page, text) == []
    assert wrong_commands(text) == []


@pytest.mark.parametrize(
    ("find", "text", "wrong"),
    [
        (wrong_paths, "see `bench/store.py` and `bench/media/resize.py`.", ["bench/store.py"]),
        (wrong_paths, "`bench/faces/*.txt`, `bench/faces/*.pickle`, `metrics/NAME.py`", ["bench/faces/*.pickle"]),
        (wrong_paths, "`resize.py` and `resized.py`; `python infer.py`", ["resized.py"]),
        (wrong_names, "`python -m model.convert`, `python -m docs.cards`", ["model.convert"]),
        (wrong_names, "metrics.scoring(pred), metrics.score(pred), metrics.scores", ["metrics.scoring()", "metrics.scores"]),
        (wrong_names, "`examples.my_model:Brighten`, `examples.my_model:Darken`", ["examples.my_model:Darken"]),
        (wrong_commands, "python benchmark.py convert, python benchmark.py convart, benchmark.py --suite", ["convart"]),
    ],
)  # fmt: skip
def test_what_is_not_there_is_found(find, text, wrong):
    assert find(text) == wrong


def test_a_link_to_nowhere_is_found():
    text = "[a](docs/suites.md) [b](docs/suits.md) [c](docs/suites.md#protocols) [d](docs/suites.md#protocol)"
    assert wrong_links(ROOT / "README.md", text) == ["docs/suits.md", "docs/suites.md#protocol"]
