"""One model, scored in this process, as an outside command, and as finished files."""

import re
import shutil
import sys
import time
import unicodedata
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from rich.console import Console

from bench.errors import BenchError, PredictionError
from bench.media.video_reader import VideoReader
from bench.media.video_writer import VideoWriter
from bench.report.brief import write_brief
from bench.results.run_folder import read_clips, read_manifest
from bench.rows import Row
from bench.run import suite_run
from bench.run.plan import ModelPlan, Plan
from bench.settings import Setting
from bench.suites.from_paths import of_pairs, of_videos
from model.interface import Driving
from model.outside.command import CommandModel
from model.outside.playback import FilePredictionStream, carrier_of
from model.outside.predictions import Predictions
from tests.bench.footage import Sound, speech, write, write_sound
from tests.films import portrait_film, portrait_frames

run = partial(suite_run.run, at_end=write_brief)

ROOT = Path(__file__).resolve().parents[3]
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
    run(of_videos([str(films)]), plan, console=Console(quiet=True))
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
    lossy, out = tmp_path / "lossy", tmp_path / "run"
    scored(films, lossy, ModelPlan("examples.my_model:Brighten"), codec="h264")
    rows = scored(films, out, ModelPlan("x", predictions=Predictions(lossy / "videos")), codec=None)
    protocol = read_manifest(out).protocol
    assert protocol.carrier == "file: h264"
    assert "read from file: h264" in (out / "table.md").read_text()
    assert read_manifest(out).protocol_hash == protocol.hash
    assert set(rows[rows["metric"] == "l1"]["protocol"]) == {protocol.row_hash("l1")}
    assert set(read_manifest(in_process).protocol.differences(protocol)) == {"carrier"}
    assert carrier_of(in_process / "videos" / "original" / "clip0.mkv") == "uint8"


def test_a_command_that_writes_lossy_files_is_no_lossless_carrier(films, tmp_path):
    lossy = f"{sys.executable} -c 'import shutil, sys; shutil.copy(*sys.argv[1:])' {films / 'clip0.mp4'} {{output}}"
    plan = ModelPlan("command", command=CommandModel(lossy))
    scored(films / "clip0.mp4", tmp_path / "run", plan, settings=(ORIGINAL,), codec=None)
    assert read_manifest(tmp_path / "run").protocol.carrier == "file: h264"


def test_lossless_codecs_that_store_no_rgb_are_named(films, tmp_path):
    frames = [frame.permute(1, 2, 0).numpy() for frame in decoded(films / "clip0.mp4")]
    assert carrier_of(write(tmp_path / "a.mkv", frames, codec="ffv1", pix_fmt="yuv420p")) == "file: ffv1 yuv420p"
    assert carrier_of(write(tmp_path / "b.mkv", frames, codec="ffv1", pix_fmt="bgr0")) == "uint8"


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
        (
            lambda folder, frames: (folder / "clip0.mkv").write_bytes(b"nothing"),
            "clip0.mkv is not a video file that can be read: make it again",
        ),
        (lambda folder, frames: (folder / "clip0.mov").write_bytes(b""), "two predictions"),
        (
            lambda folder, frames: film_of(folder / "clip0.mkv", frames, fps=30.0),
            "has 30 frames a second and its reference 25",
        ),
    ],
)
def test_each_mismatch_is_told_apart(films, tmp_path, prepare, words):
    rows = outcomes(films, tmp_path, prepare)
    assert set(rows["status"]) == {"failed"}
    assert all(words in reason for reason in rows["reason"])


@pytest.mark.parametrize(
    "prepare, told",
    [
        (lambda path: path.write_bytes(b""), "c.mkv is empty (0 bytes): make it again"),
        (lambda path: path.symlink_to("nowhere"), "c.mkv does not exist: check the path"),
        (
            lambda path: write_sound(path, Sound(speech(0.2))),
            "c.mkv has no video stream: give a file with a moving picture",
        ),
    ],
    ids=["spoilt", "lost", "sound"],
)
def test_what_is_wrong_with_a_predictions_file_ends_in_its_own_remedy(tmp_path, prepare, told):
    path = tmp_path / "c.mkv"
    prepare(path)
    files = FilePredictionStream(Driving("clip", torch.zeros(3, 64, 64, dtype=torch.uint8), 25.0), "strict")
    files.open(Row.of(ORIGINAL), lambda: path)
    assert files.close()[Row.of(ORIGINAL)].error == f"clip 'clip': its prediction cannot be scored: {told}"


@pytest.mark.parametrize("metrics", [PIXEL, (*PIXEL, "lse_c")], ids=["all", "some-skipped"])
def test_a_clip_without_its_prediction_has_failed(films, in_process, tmp_path, metrics):
    """Also beside metrics that never began: SyncNet's weights are not here."""
    folder = tmp_path / "p"
    shutil.copytree(in_process / "videos", folder)
    (folder / VIEW.folder / "clip1.mkv").unlink()
    plan = Plan(
        out=tmp_path / "run", model=ModelPlan("x", predictions=Predictions(folder)), settings=SETTINGS,
        metrics=metrics, size=(64, 64), codec=None, weights_dir=tmp_path, download=False,
    )  # fmt: skip
    finished = run(of_videos([str(films)]), plan, console=Console(quiet=True))
    assert finished.failures == ("clip1",)
    skipped = read_clips(tmp_path / "run").query("status == 'skipped'")
    assert set(skipped["metric"]) == {*metrics} - {*PIXEL}


def cut(path):
    """Half of a film whose index stands in front."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path):
    """The same number of frames, some of them with other bits."""
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 2, len(content) - 200, 400):
        content[place] ^= 0xFF
    path.write_bytes(content)


@pytest.fixture(scope="module")
def one_film(tmp_path_factory):
    return portrait_film(tmp_path_factory.mktemp("one") / "c0.mp4", count=40)


def damaged_film(path, damage):
    with VideoWriter(path, size=(64, 64), codec="h264") as writer:
        writer.write(torch.from_numpy(portrait_frames(60)))
    damage(path)


@pytest.mark.parametrize("align", ["strict", "shortest", "time"])
@pytest.mark.parametrize(
    "damage, words",
    [(cut, r"\d+ of 60 promised frames could be read"), (flipped, r"\d+ frames were decoded with errors")],
)
def test_a_damaged_prediction_fails_its_row(one_film, tmp_path, align, damage, words):
    """Also where the damage lies behind the last frame that the reference has."""
    folder = tmp_path / "p"
    folder.mkdir()
    damaged_film(folder / "c0.mp4", damage)
    chosen = ModelPlan("files", predictions=Predictions(folder, align=align))
    rows = scored(one_film, tmp_path / "run", chosen, settings=(ORIGINAL,), codec=None).set_index("setting")
    assert set(rows.loc["original", "status"]) == {"failed"}
    for reason in rows.loc["original", "reason"]:
        assert re.fullmatch(rf"clip 'c0': its prediction 'c0\.mp4' is damaged: .*{words}.*: make it again", reason)
    assert set(rows.loc["ground-truth", "status"]) == {"value"}


def test_a_command_that_writes_a_damaged_film_fails_its_row(one_film, tmp_path):
    damaged_film(tmp_path / "broken.mp4", flipped)
    command = (
        f"{sys.executable} -c 'import shutil, sys; shutil.copy(*sys.argv[1:])' {tmp_path / 'broken.mp4'} {{output}}"
    )
    chosen = ModelPlan("command", command=CommandModel(command, align="shortest"))
    rows = scored(one_film, tmp_path / "run", chosen, settings=(ORIGINAL,), codec=None).set_index("setting")
    assert all("its prediction 'output.mp4' is damaged" in reason for reason in rows.loc["original", "reason"])


def test_notes_and_sound_beside_predictions_are_no_predictions(films, tmp_path):
    rows = outcomes(films, tmp_path, lambda folder, frames: (folder / "clip0.wav").write_bytes(b"RIFF"))
    assert set(rows["status"]) == {"value"}


def test_names_match_however_their_accents_are_stored(tmp_path):
    (tmp_path / unicodedata.normalize("NFD", "café 视频.mkv")).write_bytes(b"x")
    assert Predictions(tmp_path).find(unicodedata.normalize("NFC", "café 视频"), ORIGINAL, (ORIGINAL,)).exists()


def test_shortest_scores_the_common_frames(films, tmp_path):
    rows = outcomes(films, tmp_path, lambda folder, frames: film_of(folder / "clip0.mkv", frames[:7]), align="shortest")
    assert rows.loc["l1", "n"] == 7
    assert rows.loc["l1", "value"] == 0


@pytest.mark.parametrize("count", [3, 7])
def test_a_shorter_prediction_costs_no_other_row_its_videos(films, tmp_path, count):
    folder = tmp_path / "p"
    folder.mkdir()
    film_of(folder / "clip0.mkv", decoded(films / "clip0.mp4")[:count])
    chosen = ModelPlan("files", predictions=Predictions(folder, align="shortest"))
    rows = scored(
        films / "clip0.mp4", tmp_path / "run", chosen, settings=(ORIGINAL,), codec="h264", side_by_side=True, batch=5,
    ).set_index(["setting", "metric"])  # fmt: skip
    assert set(rows["status"]) == {"value"}
    assert (rows.loc[("original", "l1"), "n"], rows.loc[("ground-truth", "l1"), "n"]) == (count, 9)
    videos = read_manifest(tmp_path / "run").clips[0].videos
    lengths = {name: len(decoded(tmp_path / "run" / path)) for name, path in videos.items()}
    assert lengths == {"reference": 9, "original": count, "side-by-side": 9}


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


def test_shortest_goes_frame_by_frame_whatever_the_rate(films, tmp_path):
    rows = outcomes(
        films,
        tmp_path,
        lambda folder, frames: film_of(folder / "clip0.mkv", frames, fps=30.0),
        align="shortest",
    )
    assert (rows.loc["l1", "n"], rows.loc["l1", "value"]) == (9, 0)


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


def test_a_star_in_a_pattern_stands_for_what_differs(tmp_path):
    for name in ("[1] a--seed7.mkv", "b--seed1.mkv", "b--seed2.mkv"):
        (tmp_path / name).write_bytes(b"x")
    chosen = Predictions(tmp_path, pattern="{id}--seed*.mkv")
    assert chosen.find("[1] a", ORIGINAL, (ORIGINAL,)).name == "[1] a--seed7.mkv"
    with pytest.raises(BenchError, match=r"two predictions under original, b--seed1\.mkv and b--seed2\.mkv"):
        chosen.find("b", ORIGINAL, (ORIGINAL,))
    assert [path.name for path in chosen.extra({"b"}, (ORIGINAL,))] == ["[1] a--seed7.mkv"]


@pytest.mark.parametrize(
    "pattern, settings, words",
    [
        ("{id}.mp4", SETTINGS, r"needs \{setting\}"),
        ("all.mp4", (ORIGINAL,), r"needs \{id\}"),
        ("{id}-{seed}.mp4", (ORIGINAL,), r"there is no \{seed\}"),
        (str(ROOT / "{id}.mkv"), (ORIGINAL,), r"is an absolute path: write it relative to the folder of --predictions"),
    ],
)
def test_patterns_that_cannot_tell_clips_apart_are_refused(tmp_path, pattern, settings, words):
    with pytest.raises(BenchError, match=words):
        Predictions(tmp_path, pattern=pattern).check(settings)


@pytest.mark.parametrize(
    "text, words",
    [
        ("clip;file\na;b\n", "needs the columns clip and file"),
        ("clip,file\na\n", "line 2: a clip or a file is missing"),
        ("clip,file\na,b\n", "line 2: the run has 2 settings"),
        ("clip,file,setting\na,b,orignal\n", "line 2: setting 'orignal'"),
        ("clip,file\na,\xff\n", "save it as CSV in UTF-8"),
    ],
)
def test_mistakes_in_a_list_are_found_before_the_run(tmp_path, text, words):
    (tmp_path / "list.csv").write_text(text, encoding="latin-1")
    with pytest.raises(BenchError, match=words):
        Predictions(tmp_path, table=tmp_path / "list.csv").check(SETTINGS)


@pytest.mark.parametrize("name", ["x" * 5000 + ".mp4", "/".join(["deep"] * 2000), "nul\0.mp4"])
def test_a_name_that_no_file_can_have_is_not_there(tmp_path, name):
    (tmp_path / "list.csv").write_text(f"clip,file\na,{name}\n")
    with pytest.raises(PredictionError, match=r"^clip 'a': '.*', named by '.*', line 2, is not there$"):
        Predictions(tmp_path, table=tmp_path / "list.csv").find("a", ORIGINAL, (ORIGINAL,))
    with pytest.raises(PredictionError, match=r"^clip 'a': no prediction under original"):
        Predictions(tmp_path, pattern=f"{name}{{id}}").find("a", ORIGINAL, (ORIGINAL,))


def test_a_clip_that_is_listed_twice_is_ambiguous(tmp_path):
    (tmp_path / "list.csv").write_text("clip,file\na,1.mkv\na,2.mkv\n")
    with pytest.raises(BenchError, match=r"two predictions under original, .* line 3"):
        Predictions(tmp_path, table=tmp_path / "list.csv").find("a", ORIGINAL, (ORIGINAL,))


def test_a_list_is_taken_by_its_settings_also_in_a_run_with_one(tmp_path):
    for name in ("view.mkv", "same.mkv", "only.mkv"):
        (tmp_path / name).write_bytes(b"x")
    table = tmp_path / "list.csv"
    table.write_text(
        'clip,setting,file\na,"free-view:30,10,0",view.mkv\na,original,same.mkv\nb,"free-view:30,10,0",view.mkv\n'
    )
    listed = Predictions(tmp_path, table=table)
    assert listed.find("a", ORIGINAL, (ORIGINAL,)).name == "same.mkv"
    assert listed.find("a", VIEW, (VIEW,)).name == "view.mkv"
    with pytest.raises(BenchError, match=r"clip 'b': list\.csv names no prediction under original"):
        listed.find("b", ORIGINAL, (ORIGINAL,))
    (tmp_path / "plain.csv").write_text("clip,file\na,only.mkv\n")
    assert Predictions(tmp_path, table=tmp_path / "plain.csv").find("a", VIEW, (VIEW,)).name == "only.mkv"


def test_files_of_no_clip_are_reported(films, in_process, tmp_path):
    folder = tmp_path / "p"
    folder.mkdir()
    for name in ("clip0.mkv", "clip1.mkv"):
        shutil.copy(in_process / "videos" / "original" / name, folder)
    for name in ("holiday.mkv", ".hidden.mkv", "notes.txt"):
        (folder / name).write_bytes(b"x")
    scored(films, tmp_path / "run", ModelPlan("x", predictions=Predictions(folder)), settings=(ORIGINAL,), codec=None)
    assert read_manifest(tmp_path / "run").model.description["files of no clip"] == "1 (holiday.mkv)"
    assert "holiday.mkv" in (tmp_path / "run" / "table.md").read_text()


@pytest.mark.parametrize(
    "command, words",
    [
        (
            f"{sys.executable} -c 'import sys; sys.exit(\"no GPU here\")' {{output}}",
            "exited with 1 under original: no GPU here",
        ),
        (f"{sys.executable} -c 'pass' {{output}}", "left 0 outputs"),
        (
            f"{sys.executable} -c 'import sys; print(\"loading\\nno face found\", file=sys.stderr)' {{output}}",
            "left 0 outputs (no face found): it must write one, to {output}",
        ),
        (
            f"{sys.executable} -c 'import sys; sys.exit(\"\\x1b[31mred\\x1b[0m\\0 a\\tb \\x1b]0;title\\x07\\x08\")' {{output}}",
            "exited with 1 under original: red\N{REPLACEMENT CHARACTER} a b "
            "\N{REPLACEMENT CHARACTER}]0;title\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}",
        ),
        (
            f"{sys.executable} -c 'import sys; open(sys.argv[1], \"w\")' {{output}}",
            "clip 'clip0': its prediction cannot be scored: output.mp4 is empty (0 bytes): make it again",
        ),
        (
            f'{sys.executable} -c \'import sys; open(sys.argv[1], "w").write("done")\' {{output}}',
            "clip 'clip0': its prediction cannot be scored: output.mp4 is not a video file that can be read: make it again",
        ),
        (
            f"{sys.executable} -c 'import sys, time; print(\"loading\", file=sys.stderr, flush=True); time.sleep(60)' {{output}}",
            "took more than 3 s under original and was ended (--model-timeout): loading",
        ),
        (f"{sys.executable} -c 'import os; os.kill(os.getpid(), 11)' {{output}}", "was killed by signal 11"),
        ("no-such-program {output}", "cannot be started"),
    ],
)
def test_a_commands_failure_is_kept_with_the_clip(films, tmp_path, command, words):
    rows = scored(
        films / "clip0.mp4", tmp_path / "run", ModelPlan("command", command=CommandModel(command, timeout=3)),
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


def test_what_a_command_leaves_running_is_ended_with_it(films, tmp_path):
    """A child in the background holds standard error open; neither does the run wait for it, nor does it live on."""
    script, mark = tmp_path / "model.py", tmp_path / "alive"
    script.write_text(
        "import shutil, subprocess, sys\n"
        "child = 'import pathlib, sys, time; time.sleep(4); pathlib.Path(sys.argv[1]).touch()'\n"
        f"subprocess.Popen([sys.executable, '-c', child, {str(mark)!r}])\n"
        "shutil.copy(*sys.argv[1:])\n"
    )
    command = f"{sys.executable} {script} {{driving}} {{output}}"
    began = time.monotonic()
    rows = scored(
        films / "clip0.mp4", tmp_path / "run", ModelPlan("command", command=CommandModel(command)),
        settings=(ORIGINAL,), codec=None,
    )  # fmt: skip
    assert list(of_settings(rows)["reason"]) == ["", "", ""]
    time.sleep(max(0.0, 6 - (time.monotonic() - began)))
    assert not mark.exists()


@pytest.mark.parametrize("command", ["run {sorce} {output}", "run {source}", "run '{output}"])
def test_mistakes_in_the_command_are_found_before_the_run(command):
    with pytest.raises(BenchError, match="--model-command"):
        CommandModel(command)


def test_cross_identity_compares_nothing_with_the_driving_frames(films, tmp_path):
    table = tmp_path / "pairs.csv"
    table.write_text(f"source,driving\n{films / 'clip1.mp4'},{films / 'clip0.mp4'}\n")
    suite = of_pairs(table, size=(64, 64))
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
    suite = of_videos([str(films / "clip0.mp4")]).animating(tmp_path / "still.png")
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
        of_pairs(tmp_path / "pairs.csv")


def test_alignment_is_in_the_protocol(films, tmp_path, in_process):
    chosen = Predictions(in_process / "videos", align="shortest")
    scored(films, tmp_path / "run", ModelPlan("x", predictions=chosen), codec=None, alignment="shortest")
    protocol = read_manifest(tmp_path / "run").protocol
    assert set(read_manifest(in_process).protocol.differences(protocol)) == {"alignment"}
    assert replace(chosen, align="strict").describe() != chosen.describe()


def test_processes_change_neither_numbers_nor_the_models_description(films, in_process, tmp_path):
    plan = Plan(
        out=tmp_path / "run", model=ModelPlan("examples.my_model:Brighten"), settings=SETTINGS, metrics=PIXEL,
        size=(64, 64), codec=None,
    )  # fmt: skip
    run(of_videos([str(films)]), plan, jobs=2, console=Console(quiet=True))
    assert read_clips(tmp_path / "run").equals(read_clips(in_process))
    mine, theirs = read_manifest(tmp_path / "run"), read_manifest(in_process)
    assert mine.model == theirs.model
    assert mine.model.description == {"brightness": "the yaw in degrees"}
    assert mine.protocol_hash == theirs.protocol_hash


def test_a_model_that_does_not_load_is_one_mistake_in_any_number_of_processes(films, tmp_path):
    plan = Plan(out=tmp_path / "run", model=ModelPlan("no.such:Model"), settings=SETTINGS, metrics=PIXEL, codec=None)
    for jobs in (1, 2):
        with pytest.raises(BenchError, match=r"'no\.such' cannot be imported"):
            run(of_videos([str(films)]), plan, jobs=jobs, console=Console(quiet=True))
    assert not (tmp_path / "run").exists()


def test_the_one_video_in_a_folder_of_the_clips_name_is_its_prediction(tmp_path):
    inside = tmp_path / "original" / "a"
    inside.mkdir(parents=True)
    (inside / "result.mp4").touch()
    (inside / "log.txt").touch()
    found = Predictions(tmp_path)
    assert found.find("a", ORIGINAL, SETTINGS) == inside / "result.mp4"
    (inside / "0.png").touch()  # now a folder of frames with a preview
    assert found.find("a", ORIGINAL, SETTINGS) == inside
