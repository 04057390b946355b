"""What pyproject.toml asks for and what the four packages import are the same."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from docs import rooms

PROJECT = tomllib.loads((rooms.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DISTRIBUTIONS = {"PIL": "pillow", "skimage": "scikit-image"}
"""Of what is imported by another name than it is installed by."""
RENDERER = "bench.portraits"
"""The room that an extra is needed for as a whole."""


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w.-]+", line)[0].lower().replace("_", "-") for line in requirements}


REQUIRED = names(PROJECT["dependencies"])
MODULES = rooms.modules()
EXTRAS = {extra: names(lines) for extra, lines in PROJECT["optional-dependencies"].items()}
OPTIONAL = set.union(*(EXTRAS[extra] for extra in ("pyiqa", "cluster", "portraits"))) - REQUIRED


def distribution(module: str) -> str:
    top = module.partition(".")[0]
    return DISTRIBUTIONS.get(top, top.lower().replace("_", "-"))


def imported(tree: ast.AST) -> set[str]:
    """Distributions that the code imports, by a statement or by name; what is of Python or of here left out."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    tops = {name.partition(".")[0] for name in found} - sys.stdlib_module_names - set(rooms.PACKAGES)
    return {distribution(top) for top in tops}


def at_import(tree: ast.Module) -> set[str]:
    """The same of what is imported as soon as the module is."""

    class Later(ast.NodeTransformer):
        def visit_FunctionDef(self, node):
            return ast.Pass()

        def visit_If(self, node):
            return ast.Pass() if "TYPE_CHECKING" in ast.unparse(node.test) else self.generic_visit(node)

    return imported(Later().visit(tree))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_what_is_required_is_imported():
    used = set().union(*(imported(parsed(path)) for path in MODULES.values()))
    assert REQUIRED - used == set()


def test_what_is_imported_is_declared():
    wrong = {
        module: unknown for module, path in MODULES.items() if (unknown := imported(parsed(path)) - REQUIRED - OPTIONAL)
    }
    assert wrong == {}


def test_extras_are_imported_only_where_they_are_asked_for():
    """Inside functions; at import time only in the room of the renderer, which no module but its own imports so."""
    wrong = {}
    for module, path in MODULES.items():
        if f"{module}.".startswith(f"{RENDERER}."):
            continue
        early = at_import(parsed(path)) & OPTIONAL
        whole = {target for target in rooms.imports(path, MODULES) if target.startswith(RENDERER)}
        if early or whole:
            wrong[module] = early | whole
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import skimage.transform", {"scikit-image"}),
        ("def later():\n    from PIL import Image", {"pillow"}),
        ("importlib.import_module('piq')", {"piq"}),
        ("import os, bench.rows\nfrom metrics import ssim\nfrom . import near", set()),
    ],
)
def test_imports_are_seen(text, found):
    assert imported(ast.parse(text)) == found


def test_later_imports_are_told_from_early_ones():
    text = "import ray\ndef later():\n    import numba\nif TYPE_CHECKING:\n    import pyiqa\nclass A:\n    import piq"
    assert at_import(ast.parse(text)) == {"ray", "piq"}
