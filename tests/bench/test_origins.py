"""One model, scored in this process, as an outside command, and as finished files."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from bench import suite as suites
from bench.encoder import VideoWriter
from bench.errors import BenchError
from bench.plan import ModelPlan, Plan
from bench.runner import run
from bench.settings import Setting
from bench.store import read_clips, read_manifest
from bench.video import VideoReader
from model.command import CommandModel
from model.predictions import Predictions, carrier_of
from tests.films import portrait_film

ROOT = Path(__file__).resolve().parents[2]
ORIGINAL, VIEW = Setting(), Setting.parse("free-view:30,10,0")
SETTINGS = (ORIGINAL, VIEW)
PIXEL = ("l1", "psnr", "ssim")
EXTERNAL = f"{sys.executable} {ROOT / 'examples' / 'external_model.py'} {{source}} {{driving}} {{output}} {{yaw}} {{pitch}} {{roll}}"


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for number, count in enumerate((9, 6)):
        portrait_film(folder / f"clip{number}.mp4", count=count, seed=number)
    return folder


def scored(films, out, model, *, settings=SETTINGS, codec="ffv1", **fields):
    plan = Plan(out=out, model=model, settings=settings, metrics=PIXEL, size=(64, 64), codec=codec, **fields)
    run(suites.of_videos([str(films)]), plan, console=Console(quiet=True))
    return read_clips(out)


@pytest.fixture(scope="module")
def in_process(films, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "in-process"
    scored(films, out, ModelPlan("examples.my_model:Brighten"))
    return out


def of_settings(rows):
    return rows[rows["setting"].isin([str(setting) for setting in SETTINGS])].reset_index(drop=True)


def test_the_same_model_gives_bit_equal_numbers_by_every_road(films, in_process, tmp_path):
    expected = of_settings(read_clips(in_process))
    assert set(expected["status"]) == {"value"}
    command = scored(films, tmp_path / "command", ModelPlan("command", command=CommandModel(EXTERNAL)))
    assert of_settings(command).equals(expected)
    predictions = Predictions(in_process / "videos")
    files = scored(films, tmp_path / "files", ModelPlan("files", predictions=predictions))
    assert of_settings(files).equals(expected)
    pictures = tmp_path / "pictures"
    scored(films, pictures, ModelPlan("examples.my_model:Brighten"), codec="png")
    again = scored(films, tmp_path / "again", ModelPlan("x", predictions=Predictions(pictures / "videos")))
    assert of_settings(again).equals(expected)


def test_lossy_files_are_named_in_the_protocol(films, in_process, tmp_path):
    lossy = tmp_path / "lossy"
    scored(films, lossy, ModelPlan("examples.my_model:Brighten"), codec="h264")
    assert Predictions(lossy / "videos").carrier(["clip0"], SETTINGS) == "file: h264"
    assert Predictions(in_process / "videos").carrier(["clip0"], SETTINGS) == "uint8"
    assert carrier_of(in_process / "videos" / "original" / "clip0.mkv") == "uint8"


def film_of(path, frames, *, fps=25.0):
    with VideoWriter(path, size=tuple(frames.shape[2:]), fps=fps, codec="ffv1") as writer:
        writer.write(frames)


def decoded(path):
    with VideoReader(path, size=(64, 64)) as reader:
        return torch.cat([frames.pixels for frames in reader])


def outcomes(films, tmp_path, prepare, **options):
    """Rows of clip0 under `original`, by metric, for predictions that `prepare(folder, reference)` writes."""
    folder = tmp_path / "predictions"
    folder.mkdir()
    for number in range(2):
        film_of(folder / f"clip{number}.mkv", decoded(films / f"clip{number}.mp4"))
    prepare(folder, decoded(films / "clip0.mp4"))
    predictions = Predictions(folder, **options)
    rows = scored(
        films, tmp_path / "run", ModelPlan("files", predictions=predictions), settings=(ORIGINAL,), codec=None
    )
    rows = rows[rows["setting"] == "original"]
    assert set(rows[rows["clip"] == "clip1"]["status"]) == {"value"}  # the other clip is never touched
    return rows[rows["clip"] == "clip0"].set_index("metric")


@pytest.mark.parametrize(
    "prepare, words",
    [
        (lambda folder, frames: (folder / "clip0.mkv").unlink(), "is not there"),
        (lambda folder, frames: film_of(folder / "clip0.mkv", frames[:7]), "only 7 frames, fewer"),
        (
            lambda folder, frames: film_of(folder / "clip0.mkv", torch.cat([frames, frames])),
            "more frames than its reference",
        ),
        (lambda folder, frames: film_of(folder / "clip0.mkv", frames[:, :, :32]), "is 64x32 and the reference 64x64"),
        (lambda folder, frames: (folder / "clip0.mkv").write_bytes(b"nothing"), "clip0.mkv"),
        (
            lambda folder, frames: (
                film_of(folder / "clip0.avi", frames) if False else (folder / "clip0.mov").write_bytes(b"")
            ),
            "two predictions",
        ),
    ],
)
def test_each_mismatch_is_told_apart(films, tmp_path, prepare, words):
    rows = outcomes(films, tmp_path, prepare)
    assert set(rows["status"]) == {"failed"}
    assert all(words in reason for reason in rows["reason"])


def test_shortest_scores_the_common_frames(films, tmp_path):
    rows = outcomes(films, tmp_path, lambda folder, frames: film_of(folder / "clip0.mkv", frames[:7]), align="shortest")
    assert rows.loc["l1", "n"] == 7
    assert rows.loc["l1", "value"] == 0


def test_time_matches_predictions_of_another_rate(films, tmp_path):
    """Twice the rate and every frame doubled is the same film."""
    rows = outcomes(
        films,
        tmp_path,
        lambda folder, frames: film_of(folder / "clip0.mkv", frames.repeat_interleave(2, dim=0), fps=50.0),
        align="time",
    )
    assert rows.loc["l1", "n"] == 9
    assert rows.loc["l1", "value"] == 0


def test_patterns_and_lists_find_files(films, tmp_path):
    folder = tmp_path / "p"
    (folder / "free").mkdir(parents=True)
    (folder / "free" / "clip0-v2.mkv").write_bytes(b"x")
    assert Predictions(folder, pattern="free/{id}-v2.mkv").find("clip0", VIEW, SETTINGS).name == "clip0-v2.mkv"
    table = tmp_path / "list.csv"
    table.write_text('clip,setting,file\nclip0,"free-view:30,10,0",free/clip0-v2.mkv\n')
    listed = Predictions(folder, table=table)
    assert listed.find("clip0", VIEW, SETTINGS).name == "clip0-v2.mkv"
    with pytest.raises(BenchError, match="names no prediction under original"):
        listed.find("clip0", ORIGINAL, SETTINGS)


def test_files_of_no_clip_are_reported(tmp_path):
    for name in ("clip0.mkv", "holiday.mkv", ".hidden"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in Predictions(tmp_path).extra({"clip0"}, (ORIGINAL,))] == ["holiday.mkv"]


@pytest.mark.parametrize(
    "command, words",
    [
        (
            f"{sys.executable} -c 'import sys; sys.exit(\"no GPU here\")' {{output}}",
            "exited with 1 under original: no GPU here",
        ),
        (f"{sys.executable} -c 'pass' {{output}}", "left 0 outputs"),
        (f"{sys.executable} -c 'import time; time.sleep(60)' {{output}}", "took more than 1 s"),
        ("no-such-program {output}", "cannot be started"),
    ],
)
def test_a_commands_failure_is_kept_with_the_clip(films, tmp_path, command, words):
    rows = scored(
        films / "clip0.mp4", tmp_path / "run", ModelPlan("command", command=CommandModel(command, timeout=1)),
        settings=(ORIGINAL,), codec=None,
    )  # fmt: skip
    failed = rows[rows["setting"] == "original"]
    assert set(failed["status"]) == {"failed"}
    assert all(words in reason and "clip0" in reason for reason in failed["reason"])
    assert set(rows[rows["setting"] == "ground-truth"]["status"]) == {"value"}


def test_names_are_data_for_the_command_not_shell(films, tmp_path):
    evil = tmp_path / "in" / "a; touch $(HACKED) `x` {yaw}.mp4"
    evil.parent.mkdir()
    evil.write_bytes((films / "clip0.mp4").read_bytes())
    rows = scored(evil.parent, tmp_path / "run", ModelPlan("command", command=CommandModel(EXTERNAL)), codec=None)
    assert set(of_settings(rows)["status"]) == {"value"}


@pytest.mark.parametrize("command", ["run {sorce} {output}", "run {source}"])
def test_mistakes_in_the_command_are_found_before_the_run(command):
    with pytest.raises(BenchError, match="--model-command"):
        CommandModel(command)


def test_cross_identity_compares_nothing_with_the_driving_frames(films, tmp_path):
    table = tmp_path / "pairs.csv"
    table.write_text(f"source,driving\n{films / 'clip1.mp4'},{films / 'clip0.mp4'}\n")
    suite = suites.of_pairs(table, size=(64, 64))
    plan = Plan(
        out=tmp_path / "run",
        model=ModelPlan("static"),
        settings=(ORIGINAL,),
        metrics=PIXEL,
        size=(64, 64),
        codec="ffv1",
    )
    run(suite, plan, console=Console(quiet=True))
    rows = read_clips(tmp_path / "run")
    assert set(rows["clip"]) == {"clip1--clip0"}
    assert set(rows["status"]) == {"skipped"}
    shown = decoded(tmp_path / "run" / "videos" / "original" / "clip1--clip0.mkv")
    source = decoded(films / "clip1.mp4")[0]
    assert torch.equal(shown, source.expand(9, -1, -1, -1))


def test_a_still_picture_is_animated_by_any_clip(films, tmp_path):
    from PIL import Image

    still = decoded(films / "clip1.mp4")[3]
    Image.fromarray(still.permute(1, 2, 0).numpy()).save(tmp_path / "still.png")
    suite = suites.of_videos([str(films / "clip0.mp4")]).animating(tmp_path / "still.png")
    plan = Plan(
        out=tmp_path / "run",
        model=ModelPlan("static"),
        settings=(ORIGINAL,),
        metrics=("l1",),
        size=(64, 64),
        codec="ffv1",
    )
    run(suite, plan, console=Console(quiet=True))
    assert torch.equal(decoded(tmp_path / "run" / "videos" / "original" / "clip0.mkv")[0], still)


@pytest.mark.parametrize(
    "text, words",
    [("a,b\n1,2\n", "need a row of column names"), ("source,driving\nx.png,y.mp4\n", "line 2"), ("", "need a row")],
)
def test_mistakes_in_pairs_are_named(tmp_path, text, words):
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(BenchError, match=words):
        suites.of_pairs(tmp_path / "pairs.csv")


def test_alignment_and_carrier_are_in_the_protocol(films, tmp_path, in_process):
    chosen = Predictions(in_process / "videos", align="shortest")
    scored(
        films,
        tmp_path / "run",
        ModelPlan("x", predictions=chosen),
        codec=None,
        alignment="shortest",
        carrier="file: h264",
    )
    protocol = read_manifest(tmp_path / "run").protocol
    assert set(read_manifest(in_process).protocol.differences(protocol)) == {"alignment", "carrier"}
    assert replace(chosen, align="strict").describe() != chosen.describe()
