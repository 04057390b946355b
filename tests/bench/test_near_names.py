import ast

import pytest

from bench.near_names import hint
from docs import rooms

NAMES = ("psnr", "psnr_gray", "ssim", "ssim_gray", "ms_ssim", "lpips")


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("pnsr", {}, "did you mean psnr? "),
        ("ssim_grey", {}, "did you mean ssim_gray or ssim? "),
        ("ssim_grey", {"most": 1}, "did you mean ssim_gray? "),
        ("ssim_grey", {"most": 3}, "did you mean ssim_gray or ssim? "),
        ("psnr_grey", {"most": 3}, "did you mean psnr_gray or psnr? "),
        ("ssim_grey", {"most": 1, "quoted": True}, "did you mean 'ssim_gray'? "),
        ("lpsi", {"cutoff": 0.9}, ""),
        ("cat", {}, ""),
        ("", {}, ""),
    ],
)
def test_it_names_the_nearest_first(name, options, said):
    assert hint(name, NAMES, **options) == said


def test_any_iterable_will_do():
    assert hint("pnsr", dict.fromkeys(NAMES)) == hint("pnsr", iter(NAMES)) == hint("pnsr", set(NAMES)) != ""


def test_it_is_the_only_place_that_looks_for_near_names():
    users = {
        module
        for module, path in rooms.modules().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "difflib" in {getattr(node, "module", None), *(alias.name for alias in node.names)}
    }
    assert users == {"bench.near_names"}
