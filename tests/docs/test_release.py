"""The version, the changelog and the citation belong together; the hooks run the linter of CI."""

import re
import tomllib
from pathlib import Path

import bench

ROOT = Path(__file__).resolve().parents[2]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_packages_take_the_version_from_its_one_place():
    project = tomllib.loads(read("pyproject.toml"))
    assert "version" not in project["project"]
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "bench.__version__"}
    # setuptools reads a literal without importing the package
    assert f'\n__version__ = "{bench.__version__}"\n' in read("bench/__init__.py")


def test_the_changelog_begins_with_what_comes_and_the_version():
    sections = re.findall(r"^## (.+)$", read("CHANGELOG.md"), flags=re.MULTILINE)
    assert sections[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(bench.__version__)} \(\d+ \w+ \d{{4}}\)", sections[1])


def test_the_citation_names_the_version():
    assert f"\nversion: {bench.__version__}\n" in read("CITATION.cff")


def test_the_hooks_run_the_linter_of_the_extra():
    extra = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]["dev"]
    (ruff,) = [name for name in extra if name.startswith("ruff")]
    hooks = re.findall(r"additional_dependencies: (.+)", read(".pre-commit-config.yaml"))
    assert hooks == [f'["{ruff}"]'] * 2


def test_the_issue_form_asks_for_the_run():
    form = read(".github/ISSUE_TEMPLATE/fault.yml")
    asked = form[form.index("label: run.json") :]
    assert asked.index("required: true") < asked.index("- type:")
