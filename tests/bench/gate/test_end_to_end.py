"""The gate on real runs: videos are scored, become a baseline, and are scored again."""

import shutil
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bench.commands.main import main
from bench.commands.report import main as report
from tests.films import portrait_film, portrait_frames, write_film

CLIPS = 4


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Clips, and predictions by a model that is good and by one that blurs."""
    folder = tmp_path_factory.mktemp("films")
    for i in range(CLIPS):
        portrait_film(folder / "clips" / f"clip_{i}.mp4", count=6, seed=i)
        frames = portrait_frames(6, seed=i)
        noisy = np.clip(frames + np.random.default_rng(i).normal(0, 4, frames.shape), 0, 255).astype(np.uint8)
        write_film(folder / "good" / f"clip_{i}.mp4", noisy)
        write_film(folder / "blurred" / f"clip_{i}.mp4", gaussian_filter(noisy, (0, 0, 1.5, 1.5)))
    return folder


def run(data, model, out, *words):
    command = ["--videos", str(data / "clips"), "--predictions", str(data / model), "--out", str(out)]
    fixed = ["--settings", "original", "--metrics", "psnr", "ssim", "l1", "--size", "64", "--video-codec", "none"]
    return main([*command, *fixed, *map(str, words)])


def test_goes_red_on_a_blurred_model_and_stays_green_on_a_rerun(data, tmp_path, capsys):
    baseline, report = tmp_path / "base.json", tmp_path / "gate.xml"
    assert run(data, "good", tmp_path / "first", "--check", baseline, "--update-baseline") == 0
    assert run(data, "good", tmp_path / "again", "--check", baseline, "--junit", report) == 0
    assert ElementTree.parse(report).getroot()[0].get("failures") == "0"
    assert "3 same" in " ".join(capsys.readouterr().out.split())

    assert run(data, "blurred", tmp_path / "blurred", "--check", baseline, "--junit", report) == 3
    suite = ElementTree.parse(report).getroot()[0]
    assert suite.get("failures") == "3"
    assert "clip_0:" in suite.find("testcase[@name='psnr']/failure").text
    printed = capsys.readouterr().out
    assert "3 worse" in " ".join(printed.split())
    assert all(f"clip_{i}" in printed for i in range(CLIPS))

    assert main(["compare", str(tmp_path / "first"), str(tmp_path / "again")]) == 0
    assert main(["compare", str(tmp_path / "first"), str(tmp_path / "blurred")]) == 3


def test_other_videos_of_the_same_names_are_refused(data, tmp_path, capsys):
    """By the gate against a baseline, by the comparison of two runs, and by the report."""
    films = tmp_path / "films"
    for name in ("clips", "good"):
        shutil.copytree(data / name, films / name)
    portrait_film(films / "clips" / "clip_2.mp4", count=6, seed=9)
    first, other, baseline = tmp_path / "first", tmp_path / "other", tmp_path / "base.json"
    assert run(data, "good", first, "--check", baseline, "--update-baseline") == 0
    capsys.readouterr()
    assert run(films, "good", other, "--check", baseline) == 2
    told = capsys.readouterr().err
    assert "clip 'clip_2' is another video in good (other): run again" in told
    assert main(["compare", str(first), str(other)]) == 2
    assert "clip 'clip_2' is another video" in capsys.readouterr().err
    words = [str(first), str(other), "--out", str(tmp_path / "report"), "--format", "md"]
    assert report(words) == 2
    assert "clip 'clip_2' is another video in good (other): compare" in capsys.readouterr().err
    assert report([*words, "--allow-mixed"]) == 0
    told = capsys.readouterr().out.replace("\\", "")
    assert "Videos differ: clip 'clip_2' is another video in good (other)" in told
