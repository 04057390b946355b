"""Which sound a row of a clip is judged by, and what is told of a prediction's own."""

import numpy as np
import pytest
import torch

from bench.clips import Clip
from bench.rows import GROUND_TRUTH, ORIGINAL
from bench.run.clip_facts import FactsOfRows
from bench.run.plan import ModelPlan, Plan
from bench.settings import Setting
from model.origin import PlayedFile
from tests.bench.footage import Sound, lag, pictures, speech, write

SECONDS = 3.0
SOURCE = torch.zeros(3, 8, 8, dtype=torch.uint8)
SPOKEN = speech(SECONDS)


def film(path, *sounds):
    return write(path, pictures(round(25 * SECONDS), height=16, width=32), sounds=sounds, options={"crf": "40"})


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return Clip("c", film(tmp_path_factory.mktemp("clip") / "c.mkv", Sound(SPOKEN, codec="pcm_s16le")))


def facts(clip, played, sound="clip", start=None):
    plan = Plan(out=clip.path, model=ModelPlan("copy"), settings=(Setting(),), metrics=(), sound=sound)
    known = FactsOfRows(Clip("c", clip.path, start=start), plan, SOURCE, 25.0)
    rows = known.rows(plan.rows, {ORIGINAL: played} if played is not None else {})
    return rows, known.told


def heard(rows, row=ORIGINAL):
    return rows[row].audio.samples


@pytest.mark.parametrize("sound", ["clip", "prediction"])
def test_without_a_file_every_row_has_the_clips_sound(clip, sound):
    rows, told = facts(clip, None, sound)
    assert told == []
    for row in (ORIGINAL, GROUND_TRUTH):
        assert np.array_equal(heard(rows, row), SPOKEN)
        assert (rows[row].sound_of, rows[row].first, rows[row].row) == (None, 0, row)


def test_sound_that_nobody_hears_is_not_read(tmp_path):
    """A long clip's would be in memory as a whole."""
    plan = Plan(out=tmp_path, model=ModelPlan("copy"), settings=(Setting(),), metrics=())
    rows = FactsOfRows(Clip("c", tmp_path / "nowhere.mkv"), plan, SOURCE, 25.0, heard=False).rows(plan.rows, {})
    assert [(rows[row].audio, rows[row].row, rows[row].fps) for row in plan.rows] == [
        (None, row, 25.0) for row in plan.rows
    ]


ITS_OWN, THE_CLIPS = "LSE is by its own", "LSE is by the clip's (--sound prediction takes its own)"
SILENCE = np.zeros(len(SPOKEN), np.int16)


@pytest.mark.parametrize(
    "sound, difference",
    [
        (Sound(speech(SECONDS, seed=5)), "other sound than the clip"),
        (Sound(SPOKEN, start=0.4), "the clip's sound, 0.40 s late"),
        (Sound(SPOKEN[8000:]), "the clip's sound, 0.50 s early"),
        (Sound(SILENCE), "other sound than the clip"),
        (Sound(SPOKEN), ""),
        (Sound(SPOKEN, codec="libmp3lame"), ""),
        (Sound(SPOKEN // 4, start=0.05), ""),
    ],
)
def test_a_predictions_own_sound_is_told_where_it_differs(clip, tmp_path, sound, difference):
    file = PlayedFile(film(tmp_path / "p.mkv", sound))
    for asked, judged in (("clip", THE_CLIPS), ("prediction", ITS_OWN)):
        rows, told = facts(clip, file, asked)
        assert told == ([f"its prediction under original has {difference}: {judged}"] if difference else [])
        assert np.array_equal(heard(rows, GROUND_TRUTH), SPOKEN)
        assert np.array_equal(heard(rows), SPOKEN) == (asked == "clip")
        assert rows[ORIGINAL].sound_of == (ORIGINAL if asked == "prediction" else None)


def test_a_prediction_without_sound_is_judged_by_the_clips_or_not_at_all(clip, tmp_path):
    for path in (film(tmp_path / "p.mkv"), tmp_path):  # pictures in a folder have none
        rows, told = facts(clip, PlayedFile(path))
        assert (told, len(heard(rows))) == ([], len(SPOKEN))
        rows, told = facts(clip, PlayedFile(path), "prediction")
        assert (told, rows[ORIGINAL].audio) == ([], None)
        assert rows[ORIGINAL].without_sound == (
            "the prediction has no sound of its own: leave --sound prediction out to judge it by the clip's"
        )
        assert rows[GROUND_TRUTH].audio is not None


def test_sound_of_frames_at_other_times_judges_nothing(clip, tmp_path):
    file = PlayedFile(film(tmp_path / "p.mkv", Sound(SPOKEN)), retimed=True)
    rows, _ = facts(clip, file, "prediction")
    assert rows[ORIGINAL].audio is None
    assert rows[ORIGINAL].without_sound.endswith("match them with --align time")
    assert facts(clip, file)[0][ORIGINAL].audio is not None


def test_a_clip_without_sound_is_judged_by_the_predictions(tmp_path):
    silent = Clip("c", film(tmp_path / "c.mkv"))
    file = PlayedFile(film(tmp_path / "p.mkv", Sound(SPOKEN, codec="pcm_s16le")))
    rows, told = facts(silent, file, "prediction")
    assert np.array_equal(heard(rows), SPOKEN)
    assert told == [f"its prediction under original has sound, and the clip has none: {ITS_OWN}"]
    rows, told = facts(silent, file)
    assert (rows[ORIGINAL].audio, rows[ORIGINAL].without_sound) == (None, "the clip has no sound")
    assert told == [
        "its prediction under original has sound, and the clip has none: --sound prediction uses it for LSE"
    ]


@pytest.mark.parametrize("start", [None, 1.0])
def test_a_row_that_begins_late_hears_the_clip_from_there_on(clip, tmp_path, start):
    rows, _ = facts(clip, PlayedFile(film(tmp_path / "p.mkv"), first=5), start=start)
    rest = heard(rows, GROUND_TRUTH)[5 * 640 :]
    assert rows[ORIGINAL].first == 5
    assert abs(len(heard(rows)) - len(rest)) <= 1
    assert lag(heard(rows)[:16000], rest[:16000]) == 0


def test_a_file_is_heard_from_its_first_scored_frame_on(clip, tmp_path):
    own = speech(SECONDS, seed=3)
    file = PlayedFile(film(tmp_path / "p.mkv", Sound(own, codec="pcm_s16le")), start=0.2)
    assert np.array_equal(heard(facts(clip, file, "prediction")[0]), own[3200:])


def test_a_file_that_cannot_be_read_is_told_of_by_its_frames(clip, tmp_path):
    (tmp_path / "p.mkv").write_bytes(b"nothing")
    rows, told = facts(clip, PlayedFile(tmp_path / "p.mkv"))
    assert (told, len(heard(rows))) == ([], len(SPOKEN))
