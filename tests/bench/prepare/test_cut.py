import numpy as np
import pytest
import torch

from bench.clips import Box
from bench.frames import Frames
from bench.media.audio_reader import read_audio
from bench.media.picture_rules import PictureRules
from bench.media.probe import probe
from bench.media.video_reader import VideoReader
from bench.prepare.cut import at_rate, prepare
from bench.prepare.task import Task
from bench.suites.lists.listed import ListedBox, Span
from bench.suites.recipe import Recipe
from tests.bench.footage import Sound, lag, numbers, pictures, speech, write
from tests.bench.media.test_picture_rules import hdr_film, interlaced_film
from tests.bench.prepare.test_only_face import Told


def load(path, **how):
    with VideoReader(path, **how) as reader:
        return torch.cat([batch.pixels for batch in reader])


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Eight seconds at 25 fps with speech."""
    folder = tmp_path_factory.mktemp("raw")
    return write(folder / "raw.mp4", pictures(200), sounds=[Sound(speech(8))])


LISTED = Recipe(crop="listed", size=(32, 32))
BOX = ListedBox(20, 10, 180, 120, 192, 128)  # listed at twice the size of the video


def test_a_listed_clip_is_cut_cropped_and_resized_to_the_bit(raw, tmp_path):
    task = Task("a#b#1", raw, span=Span(60, 90, 30), box=BOX, person="a")
    (clip,) = prepare(task, LISTED, tmp_path, None)
    assert (clip.status, clip.file, clip.frames, clip.fps, clip.person) == ("prepared", "a#b#1.mkv", 25, 25.0, "a")
    assert clip.box == (10, 5, 90, 60)
    expected = load(raw, start=2.0, end=3.0, crop=Box(10, 5, 90, 60), size=(32, 32))
    assert torch.equal(load(tmp_path / clip.file), expected)


def test_its_sound_is_cut_to_the_frame(raw, tmp_path):
    (clip,) = prepare(Task("a", raw, span=Span(50, 100, 25), box=BOX), LISTED, tmp_path, None)
    heard = read_audio(tmp_path / clip.file).samples
    said = read_audio(raw, start=2.0, end=4.0).samples
    assert lag(heard, said) == 0
    assert len(heard) == len(said) == 32000


def test_the_whole_video_without_a_crop(raw, tmp_path):
    (clip,) = prepare(Task("a", raw), Recipe(crop="whole", size=(64, 96)), tmp_path, None)
    assert torch.equal(load(tmp_path / clip.file), load(raw))
    assert (clip.box, clip.start, clip.end) == (None, None, None)


def test_the_only_face_is_cropped(raw, tmp_path):
    (clip,) = prepare(Task("a", raw), Recipe(size=(32, 32)), tmp_path, Told([[(30, 10, 60, 50)]] * 200))
    assert clip.box == (21, 6, 69, 54)
    assert clip.frames == 200


def test_tubes_are_clips_of_their_own_without_their_last_frame(raw, tmp_path):
    frames = [[(10, 10, 40, 40)]] * 160 + [[]] * 40
    (clip,) = prepare(Task("a", raw), Recipe(crop="tubes", size=(64, 96)), tmp_path, Told(frames))
    assert clip.id == "a#000000#000159"
    assert clip.frames == 159
    box = Box(*clip.box)
    assert torch.equal(load(tmp_path / clip.file), load(raw, end=159 / 25, crop=box, size=(64, 96)))


def test_h264_on_request(raw, tmp_path):
    task = Task("a", raw, span=Span(0, 1, 1), box=BOX)
    (lossy,) = prepare(task, LISTED.model_copy(update={"codec": "h264"}), tmp_path, None)
    assert probe(tmp_path / lossy.file).codec == "h264"
    assert lossy.file == "a.mp4"


def test_another_rate_takes_the_nearest_frames(tmp_path):
    raw = write(tmp_path / "raw.mp4", pictures(90), rate=30, sounds=[Sound(speech(3))])
    (clip,) = prepare(Task("a", raw), Recipe(crop="whole", size=(64, 96), fps=25.0), tmp_path, None)
    assert clip.frames == 75
    info = probe(tmp_path / clip.file)
    assert (info.fps, info.variable_rate) == (25.0, False)
    found = numbers(load(tmp_path / clip.file).numpy())
    assert np.abs(np.array(found) / 30 - np.arange(75) / 25).max() <= 0.5 / 30 + 1e-6


def test_at_rate_keeps_frames_of_that_rate_and_holds_slow_ones():
    frames = Frames(
        torch.arange(10, dtype=torch.uint8).reshape(10, 1, 1, 1).expand(10, 3, 2, 2).clone(), 3 + np.arange(10) / 25
    )
    same = list(at_rate([frames], 25, 25))
    assert torch.equal(torch.cat([part.pixels for part in same]), frames.pixels)
    np.testing.assert_allclose(np.concatenate([part.times for part in same]), frames.times)
    slow = Frames(frames.pixels, 3 + np.arange(10) / 12.5)
    twice = torch.cat([part.pixels for part in at_rate([slow], 12.5, 25)])[:, 0, 0, 0].tolist()
    assert len(twice) == 20
    assert twice[0] == 0
    assert sorted(twice) == twice


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ({"span": Span(0, 25, 25)}, "no box is listed"),
        ({"span": Span(150, 260, 25), "box": BOX}, "its span has 50 of 110 frames"),
        ({"span": Span(500, 600, 25), "box": BOX}, "no frames between 20 s and 24 s"),
        ({"span": Span(0, 25, 25), "box": ListedBox(0, 0, 8, 40)}, "narrower than 16 pixels"),
    ],
)
def test_what_cannot_be_cut_is_rejected_with_its_reason(raw, tmp_path, task, reason):
    (clip,) = prepare(Task("a", raw, **task), LISTED, tmp_path, None)
    assert clip.status == "rejected"
    assert reason in clip.reason
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_video_is_rejected(tmp_path):
    whole = write(tmp_path / "whole.mp4", pictures(60), container={"movflags": "+faststart"})
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.7)])
    (clip,) = prepare(Task("a", cut), Recipe(crop="whole", size=(32, 32)), tmp_path / "out", None)
    assert clip.status == "rejected"
    assert "of 60 promised frames" in clip.reason
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unreadable_video_is_rejected_and_a_missing_one_is_missing(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (clip,) = prepare(Task("a", tmp_path / "empty.mp4"), Recipe(crop="whole"), tmp_path, None)
    assert (clip.status, "is empty" in clip.reason) == ("rejected", True)
    (clip,) = prepare(Task("a", None, wanted="raw video 'xyz'"), Recipe(crop="whole"), tmp_path, None)
    assert (clip.status, clip.reason) == ("missing", "raw video 'xyz' is not there")


def test_rules_for_pictures_hold_and_stand_in_the_recipe(tmp_path):
    path, frames = hdr_film(tmp_path / "phone.mov", "PQ")
    wanted = torch.from_numpy(np.stack(frames).transpose(0, 3, 1, 2).copy()).double()
    plain = Recipe(crop="whole", size=(128, 128))
    off = {}
    for rule in ("tone-map", "stored", "refuse"):
        recipe = plain.model_copy(update={"hdr": rule})
        (clip,) = prepare(Task("a", path), recipe, tmp_path, None)
        if rule == "refuse":
            assert (clip.status, "PQ video (HDR): convert it to SDR" in clip.reason) == ("rejected", True)
        else:
            assert any("PQ video (HDR)" in told for told in clip.warnings)
            off[rule] = float((load(tmp_path / clip.file).double() - wanted).abs().mean())
    assert off["tone-map"] < 5 < off["stored"]
    made = interlaced_film(tmp_path / "old.mp4")
    for rule in ("off", "bwdif"):
        (clip,) = prepare(Task(rule, made), Recipe(crop="whole", size=(64, 256), deinterlace=rule), tmp_path, None)
        read = load(made, rules=PictureRules(deinterlace=rule))
        assert torch.equal(load(tmp_path / clip.file), read)
    (clip,) = prepare(Task("wide", made), Recipe(crop="whole", size=(64, 64)), tmp_path, None)
    assert any("squeezed by 4.00 (--fit crop or pad keeps it)" in told for told in clip.warnings)
    (clip,) = prepare(Task("fitted", made), Recipe(crop="whole", size=(64, 64), fit="pad"), tmp_path, None)
    assert torch.equal(load(tmp_path / clip.file), load(made, size=(64, 64), rules=PictureRules(fit="pad")))


def test_recipes_of_before_keep_their_digests():
    """Prepared data is not made anew, and no protocol changes, where nothing else was asked for."""
    assert Recipe().digest == "a48a755e5e42ce994184a28a49b609960c6dbaa00770249cf3df0dc8227f6793"
    assert Recipe().summary == "version 1: 256x256 by skimage-antialias-linear, kept as ffv1"
    assert not {"fit", "hdr", "deinterlace"} & Recipe().written.keys()
    others = [Recipe(fit="pad"), Recipe(hdr="stored"), Recipe(deinterlace="bwdif")]
    assert len({recipe.digest for recipe in (Recipe(), *others)}) == 4
    assert [recipe.summary.removeprefix(Recipe().summary) for recipe in others] == [
        ", fit pad",
        ", hdr stored",
        ", deinterlace bwdif",
    ]
