"""What a run says of files that are not like others, and what it does with them on request."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.commands.main import main
from bench.results.run_folder import read_manifest
from tests.bench.footage import pictures, write

PLAIN = ["--metrics", "psnr", "--settings", "original", "--model", "copy", "--video-codec", "none", "--no-cache"]


def run(folder: Path, *options: str) -> tuple[int, Path]:
    out = folder / f"run{len(list(folder.glob('run*')))}"
    return main([*options, *PLAIN, "--size", "64", "--out", str(out)]), out


@pytest.fixture
def shapes(tmp_path) -> Path:
    for name, (height, width) in {"wide": (72, 128), "tall": (128, 72), "square": (64, 64)}.items():
        write(tmp_path / "videos" / f"{name}.mkv", pictures(3, height=height, width=width), codec="ffv1", options={})
    return tmp_path / "videos"


@pytest.fixture(autouse=True)
def _folder(tmp_path):
    (tmp_path / "videos").mkdir()


def test_squeezed_pictures_are_one_line_a_run(tmp_path, shapes):
    code, out = run(tmp_path, "--videos", str(shapes))
    assert code == 0
    lines = [line for line in (out / "table.md").read_text(encoding="utf-8").splitlines() if "squeezed" in line]
    assert len(lines) == 1
    assert "2 of 3 clips were squeezed to 64x64, by up to 1.78" in lines[0]
    assert "--fit crop or pad" in lines[0]
    assert sorted(round(clip.squeeze, 2) for clip in read_manifest(out).clips) == [1.0, 1.78, 1.78]


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_another_fit_stands_in_the_protocol(tmp_path, shapes, fit):
    plain, (code, out) = run(tmp_path, "--videos", str(shapes))[1], run(tmp_path, "--videos", str(shapes), "--fit", fit)
    assert code == 0
    assert "squeezed" not in (out / "table.md").read_text(encoding="utf-8")
    fitted, stretched = read_manifest(out).protocol, read_manifest(plain).protocol
    assert fitted.differences(stretched) == {"fit": (fit, "stretch")}
    assert fitted.row_hash("psnr") != stretched.row_hash("psnr")


def test_a_refusal_of_hdr_changes_no_protocol(tmp_path, shapes):
    runs = [run(tmp_path, "--videos", str(shapes), *option)[1] for option in ([], ["--hdr", "refuse"])]
    assert len({read_manifest(out).protocol_hash for out in runs}) == 1


def test_a_clip_that_fades_in_from_black_is_told(tmp_path):
    frames = [np.uint8(frame * min(number / 4, 1)) for number, frame in enumerate(pictures(8, width=64))]
    path = write(tmp_path / "videos" / "fade.mkv", frames, codec="ffv1", options={})
    code, out = run(tmp_path, "--videos", str(path))
    told = read_manifest(out).clips[0].warnings
    assert code == 0
    assert any("its source frame, the first, is black" in line and "--source" in line for line in told)


def test_a_source_with_hidden_colours_is_told(tmp_path):
    path = write(tmp_path / "videos" / "talk.mkv", pictures(3, width=64), codec="ffv1", options={})
    rgba = np.dstack([pictures(1, width=64)[0], np.full((64, 64), 255, np.uint8)])
    rgba[:, :32] = (255, 0, 255, 0)
    Image.fromarray(rgba).save(tmp_path / "source.png")
    _, out = run(tmp_path, "--videos", str(path), "--source", str(tmp_path / "source.png"))
    assert any("transparent in 50%" in line for line in read_manifest(out).clips[0].warnings)
    assert "transparent in 50%" in (out / "table.md").read_text(encoding="utf-8")
