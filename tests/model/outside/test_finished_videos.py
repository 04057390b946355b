"""Finished videos with an accident of their own: other sound, no source frame, no colour, pictures side by side."""

from functools import partial

import numpy as np
import pytest
import torch
from rich.console import Console

from bench.frames import Frames
from bench.media.audio_reader import read_audio
from bench.media.video_reader import VideoReader
from bench.results.run_folder import read_clips, read_frames, read_manifest
from bench.rows import ORIGINAL
from bench.run.plan import ModelPlan, Plan
from bench.run.suite_run import run
from bench.settings import Setting
from bench.suites.from_paths import of_videos
from metrics.scoring import score
from model.interface import Driving
from model.outside.command import CommandModel
from model.outside.playback import FilePredictionStream
from model.outside.predictions import Predictions
from tests.bench.footage import Sound, speech, write
from tests.model.outside.test_frame_shift import motion
from tests.syncnet import recipe

COUNT, SIZE = 28, 64
VIDEO = motion(COUNT)
COLOURED = (VIDEO.float() * torch.tensor([1.0, 0.8, 0.6])[:, None, None]).byte()
LSE = "lse_d_whole"
RGB = {"codec": "libx264rgb", "pix_fmt": "rgb24", "options": {"qp": "0"}}


def film(path, frames, *, sound=None, rate=25, codec="aac"):
    """A lossless video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sounds = [] if sound is None else [Sound(sound, codec=codec)]
    return write(path, list(frames.permute(0, 2, 3, 1).numpy()), rate=rate, sounds=sounds, **RGB)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with three clips, and SyncNet's weights."""
    folder = tmp_path_factory.mktemp("finished")
    torch.save(dict(recipe.weights()), folder / "syncnet.model")
    for number in range(3):
        film(folder / "clips" / f"c{number}.mkv", COLOURED, sound=speech(COUNT / 25, seed=number))
    return folder


def scored(place, predictions, out, *, align="strict", metrics=("l1",), clips="", **fields):
    plan = Plan(
        out=out,
        model=ModelPlan("p", predictions=Predictions(predictions, align=align)),
        settings=(Setting(),),
        metrics=metrics,
        size=(SIZE, SIZE),
        weights={"syncnet": place / "syncnet.model"},
        **{"codec": None, "alignment": align, **fields},
    )
    run(of_videos([str(place / "clips" / clips)]), plan, console=Console(quiet=True))
    rows = read_clips(out).set_index(["clip", "setting", "metric"])
    return rows, {clip.id: clip.warnings for clip in read_manifest(out).clips}


def lse(place, frames, audio):
    weights = {"syncnet": place / "syncnet.model"}
    return score([LSE], frames, frames, audio=(audio.samples, audio.rate), weights=weights)[LSE].value


def test_a_dubbed_prediction_is_judged_by_its_own_sound_where_that_is_asked_for(place, tmp_path):
    """And the other rows by the clip's."""
    files = {"original": film(tmp_path / "p" / "c0.mkv", COLOURED, sound=speech(COUNT / 25, seed=9))}
    files["ground-truth"] = place / "clips" / "c0.mkv"
    out = tmp_path / "run"
    rows, told = scored(place, tmp_path / "p", out, metrics=(LSE,), clips="c0.mkv", sound="prediction")
    values = {row: rows.loc[("c0", row, LSE), "value"] for row in files}
    assert abs(values["original"] - values["ground-truth"]) > 1e-3
    for row, path in files.items():
        assert values[row] == pytest.approx(lse(place, COLOURED, read_audio(path)), rel=1e-5)
    assert told["c0"] == ("its prediction under original has other sound than the clip: LSE is by its own",)
    protocol = read_manifest(out).protocol
    assert protocol.differences(protocol.model_copy(update={"sound": "clip"})) == {"sound": ("prediction", "clip")}


def test_a_row_that_begins_late_is_judged_by_the_clips_sound_from_there_on(place, tmp_path):
    film(tmp_path / "p" / "c0.mkv", COLOURED[2:])
    rows, _ = scored(place, tmp_path / "p", tmp_path / "run", align="offset", metrics=(LSE,), clips="c0.mkv")
    expected = lse(place, COLOURED[2:], read_audio(place / "clips" / "c0.mkv", start=2 / 25))
    assert rows.loc[("c0", "original", LSE), "value"] == pytest.approx(expected, rel=1e-5)


def test_what_begins_early_or_late_is_scored_in_step(place, tmp_path):
    """c0 lacks the source frame, c1 has it thrice, c2 stands still."""
    film(tmp_path / "p" / "c0.mkv", COLOURED[1:])
    film(tmp_path / "p" / "c1.mkv", torch.cat([COLOURED[:1], COLOURED[:1], COLOURED]))
    film(tmp_path / "p" / "c2.mkv", COLOURED[:1].expand_as(COLOURED))
    rows, told = scored(
        place, tmp_path / "p", tmp_path / "run", align="offset", codec="ffv1", side_by_side=True, batch=7
    )
    about = "its prediction under original"
    assert told == {
        "c0": (
            f"{about} is 1 frame early (its frame 0 shows the clip's frame 1): scored in step, the first 1 frame of the "
            "clip left out",
        ),
        "c1": (
            f"{about} is 2 frames late (its frame 2 shows the clip's frame 0): scored in step, the first 2 frames of it "
            "left out",
        ),
        "c2": (f"{about} has no clear offset: its frames are matched from the first on",),
    }
    assert [rows.loc[(clip, "original", "l1"), "n"] for clip in told] == [COUNT - 1, COUNT, COUNT]
    assert [rows.loc[(clip, "original", "l1"), "value"] for clip in ("c0", "c1")] == [0, 0]
    frames = read_frames(tmp_path / "run").query("clip == 'c0' and setting == 'original' and metric == 'l1'")
    assert frames["frame"].tolist() == list(range(1, COUNT))
    np.testing.assert_allclose(frames["time"], np.arange(1, COUNT) / 25, atol=1e-3)
    assert read_manifest(tmp_path / "run").protocol.alignment == "offset"
    videos = {name: tmp_path / "run" / path for name, path in read_manifest(tmp_path / "run").clips[0].videos.items()}
    assert torch.equal(decoded(videos["original"]), COLOURED[1:])
    panel = decoded(videos["side-by-side"])[..., 2 * SIZE :]
    assert torch.equal(panel, torch.cat([torch.zeros_like(COLOURED[:1]), COLOURED[1:]]))


def decoded(path):
    with VideoReader(path) as reader:
        return torch.cat([frames.pixels for frames in reader])


def played(path, reference=COLOURED, **options):
    """What a stream makes of one file beside the reference, and what it says of it."""
    reopen = partial(reference.split, 9)
    align = options.pop("align", "strict")
    stream = FilePredictionStream(Driving("clip", reference[0], 25.0, reopen=reopen), align, **options)
    stream.open(ORIGINAL, lambda: path)
    steps = [stream.step(Frames.of(part, start=9 * at)) for at, part in enumerate(reference.split(9))]
    return [step[ORIGINAL] for step in steps if ORIGINAL in step], stream.close()[ORIGINAL]


EARLY, LATE = (
    "1 frame early (its frame 0 shows the clip's frame 1)",
    "3 frames late (its frame 3 shows the clip's frame 0)",
)


@pytest.mark.parametrize(
    "frames, align, error, warning",
    [
        (COLOURED[1:], "strict", f"has only 27 frames, fewer than its reference, and is {EARLY}: score it in step", ""),
        (torch.cat([COLOURED[:1]] * 3 + [COLOURED]), "strict", f"which has 28, and is {LATE}: score it in step", ""),
        (torch.cat([COLOURED[:1]] * 3 + [COLOURED[:-3]]), "strict", "", LATE),
        (COLOURED[1:], "shortest", "", EARLY),
        (COLOURED[1:], "time", "", EARLY),
        (COLOURED[:-1], "strict", "score the common ones with --align shortest, or match by time", ""),
        (COLOURED, "strict", "", ""),
        (COLOURED[:-1], "shortest", "", ""),
        (COLOURED[1:11], "shortest", "", ""),
        (COLOURED, "offset", "", ""),
    ],
)  # fmt: skip
def test_a_shift_is_told_with_its_remedy(tmp_path, frames, align, error, warning):
    _, report = played(film(tmp_path / "p.mkv", frames), align=align)
    assert (error in report.error) if error else report.error is None
    told = f"its prediction under original is {warning}: --align offset scores it in step"
    assert report.warnings == ((told,) if warning else ())


@pytest.mark.parametrize("shift", [-4, -1, 0, 1, 4])
def test_offset_pairs_the_frames_that_show_the_same(tmp_path, shift):
    """The last frames too: the common ones are scored."""
    frames = COLOURED[shift:] if shift > 0 else torch.cat([COLOURED[:1].expand(-shift, -1, -1, -1), COLOURED])
    found, report = played(film(tmp_path / "p.mkv", frames), align="offset")
    assert report.error is None
    late = max(shift, 0)
    assert found[0].first == late
    assert torch.equal(torch.cat([part.pixels for part in found]), COLOURED[late:])
    np.testing.assert_allclose(np.concatenate([part.times for part in found])[0] * 25, late % 9)


@pytest.mark.parametrize("model", ["files", "class"])
def test_accidents_with_colour_are_told_of_files_and_of_models(place, tmp_path, model):
    grey = COLOURED.float().mean(1, keepdim=True).expand_as(COLOURED).byte()
    film(tmp_path / "p" / "c0.mkv", grey)
    film(tmp_path / "p" / "c1.mkv", COLOURED.flip(1))
    film(tmp_path / "p" / "c2.mkv", COLOURED)
    if model == "files":
        _, told = scored(place, tmp_path / "p", tmp_path / "run")
        assert told == {
            "c0": ("its prediction under original is grey, and should have colour",),
            "c1": ("its prediction under original has red and blue exchanged (OpenCV reads and writes BGR)",),
            "c2": (),
        }
    else:
        plan = Plan(
            out=tmp_path / "run", model=ModelPlan("tests.model.outside.test_finished_videos:Exchanged"),
            settings=(Setting(),), metrics=("l1",), size=(SIZE, SIZE), codec=None,
        )  # fmt: skip
        run(of_videos([str(place / "clips" / "c0.mkv")]), plan, console=Console(quiet=True))
        (told,) = [clip.warnings for clip in read_manifest(tmp_path / "run").clips]
        assert told == ("its prediction under original has red and blue exchanged (OpenCV reads and writes BGR)",)


class Exchanged:
    """A model that works in BGR, as OpenCV does."""

    name, size = "exchanged", None

    def __init__(self, checkpoint=None, *, device="cpu"):
        pass

    def describe(self):
        return {}

    def open(self, driving, settings):
        self.settings = settings
        return self

    def step(self, driving):
        return dict.fromkeys(self.settings, driving.flip(1))

    def close(self):
        return {}


def test_pictures_side_by_side_are_told_and_cut(tmp_path):
    source = COLOURED[:1].expand_as(COLOURED)
    ours = 255 - COLOURED
    path = film(tmp_path / "p.mkv", torch.cat([source, COLOURED, ours], dim=3))
    _, report = played(path)
    assert report.error == (
        "clip 'clip': 'p.mkv' is 192x64 and the reference 64x64: it holds 3 panels side by side, of which number 2 is most "
        "like the clip (is it the driving video itself?): score the last alone with --panel 3, or crop it with "
        "ffmpeg -vf crop=64:64:128:0"
    )
    found, report = played(path, panel=3)
    assert report.error is None
    assert torch.equal(torch.cat([part.pixels for part in found]), ours)
    early, report = played(film(tmp_path / "q.mkv", torch.cat([source, COLOURED], dim=2)[1:]), panel=2, align="offset")
    assert torch.equal(torch.cat([part.pixels for part in early]), COLOURED[1:])


@pytest.mark.parametrize(
    "frames, panel, words",
    [
        (COLOURED, 1, "it holds one picture, and none is number 1: correct --panel or leave it out"),
        (torch.cat([COLOURED] * 2, dim=3), 3, "it holds 2 panels side by side, and none is number 3: correct --panel"),
        (COLOURED.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3), 0, "score at theirs with --size 128x128"),
        (COLOURED[..., :48], 0, "score at theirs with --size 64x48"),
    ],
)
def test_other_sizes_have_their_own_remedy(tmp_path, frames, panel, words):
    _, report = played(film(tmp_path / "p.mkv", frames), panel=panel)
    assert words in report.error


def test_the_output_of_a_command_is_treated_as_a_finished_video(tmp_path):
    source = COLOURED[:1].expand_as(COLOURED)
    path = film(tmp_path / "p.mkv", torch.cat([source, COLOURED], dim=3)[1:], sound=speech(1.0))
    reference = Frames.of(COLOURED)
    driving = Driving("clip", COLOURED[0], 25.0, reopen=partial(COLOURED.split, 9))
    command = CommandModel(f"cp {path} {{output}}", align="offset", panel=2)
    stream = command.begin(driving, (Setting(),))
    file = stream.played()[ORIGINAL]
    assert (file.first, read_audio(file.path).rate) == (1, 16000)
    found = stream.step(reference)[ORIGINAL]
    assert (found.first, torch.equal(found.pixels, COLOURED[1:])) == (1, True)
    report = stream.close()[ORIGINAL]
    assert report.error is None
    assert report.warnings[0].startswith("its prediction under original is 1 frame early")
