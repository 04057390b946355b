"""The shipped suite, held against its truth without the renderer or espeak-ng."""

import itertools
import tomllib
from functools import cache

import numpy as np
import pytest

from bench.portraits import media
from bench.portraits.truth import Truth
from tests.bench.portraits.shipped import SUITE, TAKES, TALKING


@cache
def pixels(name: str) -> np.ndarray:
    return media.read_pixels(SUITE / f"{name}.mp4")


@cache
def sound(name: str) -> tuple[np.ndarray, int]:
    return media.read_samples(SUITE / f"{name}.mp4")


@cache
def truth(name: str) -> Truth:
    return Truth.read(SUITE / f"{name}.truth.npz")


VIEW = "free-view_30,10,0"


def test_the_shipped_manifest_is_what_a_build_writes():
    pytest.importorskip("numba")
    from bench.portraits import suite

    assert (SUITE.parent / "demo.toml").read_text("utf-8") == suite.manifest()


def test_manifest_names_every_file():
    manifest = tomllib.loads((SUITE.parent / "demo.toml").read_text("utf-8"))
    assert (manifest["schema"], manifest["id"], manifest["version"]) == (1, "demo", 1)
    assert manifest["frames"] == {"size": [256, 256], "fps": 25}
    named = set()
    for clip in manifest["clips"]:
        named |= {clip["file"], clip["truth"], *clip["views"].values()}
        assert list(clip["views"]) == ["free-view:30,10,0"]
    view_truths = {f"demo/{name}.{VIEW}.truth.npz" for name in TAKES}
    assert named | view_truths == {f"demo/{path.name}" for path in SUITE.iterdir()}
    assert len(manifest["clips"]) == 6
    assert len({clip["person"] for clip in manifest["clips"]}) == 4


def test_everything_fits_into_six_megabytes():
    assert sum(path.stat().st_size for path in SUITE.iterdir()) < 6_000_000


@pytest.mark.parametrize("name", [*TAKES, *(f"{name}.{VIEW}" for name in TAKES)])
def test_format(name):
    import av

    with av.open(str(SUITE / f"{name}.mp4")) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.pix_fmt) == (256, 256, "yuv420p")
        assert video.average_rate == 25
        assert audio.rate >= 16000
    count = len(truth(name))
    assert 50 <= count <= 100
    assert pixels(name).shape == (count, 256, 256, 3)
    samples, rate = sound(name)
    assert len(samples) / rate == pytest.approx(count / 25, abs=0.06)


@pytest.mark.parametrize("name", TAKES)
def test_free_view_is_the_same_performance_at_the_asked_pose(name):
    driven, rotated = truth(name), truth(f"{name}.{VIEW}")
    assert (rotated.yaw == 30).all()
    assert (rotated.pitch == 10).all()
    assert (rotated.roll == 0).all()
    for same in ("translation", "mouth", "blink", "gaze", "phoneme", "audio_shift"):
        assert np.array_equal(getattr(driven, same), getattr(rotated, same)), same
    assert np.array_equal(sound(name)[0], sound(f"{name}.{VIEW}")[0])
    assert driven.yaw.std() > 2  # the driven pose moves, so the two differ


@pytest.mark.parametrize("name", [*TAKES, *(f"{name}.{VIEW}" for name in TAKES)])
def test_pupils_are_where_truth_says(name):
    """The pupil is the darkest spot of an open eye: its centroid near the truth, in most open frames."""
    known, frames = truth(name), pixels(name).astype(np.float64).mean(axis=-1)
    away = []
    for n in np.flatnonzero(known.blink < 0.05):
        for eye, lids in ((0, slice(36, 42)), (1, slice(42, 48))):
            if known.visible[n, lids].sum() < 4 or abs(known.gaze[n]).max() > 15:
                continue
            x, y = known.pupils[n, eye]
            patch = frames[n, round(y) - 6 : round(y) + 6, round(x) - 7 : round(x) + 7]
            rows, columns = np.mgrid[round(y) - 6 : round(y) + 6, round(x) - 7 : round(x) + 7] + 0.5
            near = np.hypot(rows - y, columns - x) < 6
            dark = np.where(near, np.clip(np.percentile(patch[near], 22) - patch, 0, None), 0)
            away.append((np.sum(dark * columns) / dark.sum() - x, np.sum(dark * rows) / dark.sum() - y))
    away = np.array(away)
    assert len(away) >= 8
    assert np.abs(np.median(away[:, 0])) < 1.5
    assert np.median(np.hypot(*away.T)) < 2.5


@pytest.mark.parametrize("name", ["ada_01", "ada_02", "mei_01"])
def test_open_mouths_are_dark_inside(name):
    """Down the middle of the mouth, red falls below the lips' the wider it opens.

    Light lips only: next to a beard or dark lips teeth and tongue are the brighter part.
    """
    known, frames = truth(name), pixels(name).astype(np.float64)[..., 0]
    dark = []
    for n in range(len(known)):
        x, y = known.landmarks[n, [62, 66]].mean(axis=0)
        column = frames[n, round(y) - 14 : round(y) + 15, round(x) - 1 : round(x) + 2].mean(axis=1)
        lips = np.median(np.concatenate([column[:9], column[-9:]]))
        dark.append(np.clip(lips * 0.8 - column, 0, None).sum() / lips)
    dark = np.array(dark)
    wide, shut = known.mouth > np.percentile(known.mouth, 80), known.mouth < 0.3
    assert shut.sum() >= 5
    assert np.median(dark[wide]) > 2 * np.median(dark[shut])
    assert np.corrcoef(dark, known.mouth)[0, 1] > 0.65


def found_at(before: np.ndarray, after: np.ndarray, point: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Where the 13 × 13 patch about `point` in `before` correlates best within ±7 pixels of `guess` in `after`."""
    half, reach = 6, 7
    row, column = (int(np.floor(v)) for v in point[::-1])
    patch = before[row - half : row + half + 1, column - half : column + half + 1]
    patch = (patch - patch.mean()) / (patch.std() + 1e-6)
    best, place = -2.0, (0, 0)
    for y in range(round(guess[1]) - reach, round(guess[1]) + reach + 1):
        for x in range(round(guess[0]) - reach, round(guess[0]) + reach + 1):
            other = after[y - half : y + half + 1, x - half : x + half + 1]
            score = float(np.mean(patch * (other - other.mean()) / (other.std() + 1e-6)))
            if score > best:
                best, place = score, (x, y)
    return point + np.array(place) - [column, row]


@pytest.mark.parametrize("name", TAKES)
def test_landmarks_move_as_the_pixels_do(name):
    """Patches about landmarks are searched three frames on, about where they were; they are found where truth says."""
    known, frames = truth(name), pixels(name).astype(np.float64).mean(axis=-1)
    step, errors, moves = 3, [], []
    for n in range(0, len(known) - step, 2):
        for mark in (30, 33, 36, 39, 42, 45, 48, 54, 51, 57, 19, 24):
            one, two = known.landmarks[n, mark], known.landmarks[n + step, mark]
            move = np.hypot(*(two - one))
            eye = 36 <= mark <= 47 and abs(known.blink[n] - known.blink[n + step]) > 0.05
            if known.visible[[n, n + step], mark].all() and 1.5 < move < 7 and not eye:
                errors.append(np.hypot(*(found_at(frames[n], frames[n + step], one, one) - two)))
                moves.append(move)
    assert len(errors) > 60
    assert np.median(errors) < 0.8
    assert np.median(errors) < 0.35 * np.median(moves)
    assert np.mean(np.array(errors) < 2.0) > 0.8


@pytest.mark.parametrize("name", TALKING)
def test_lips_touch_on_p_b_and_m(name):
    known = truth(name)
    bilabial = np.array([phoneme[:1] in ("p", "b", "m") and phoneme != "" for phoneme in known.phoneme])
    assert bilabial.sum() >= 4
    assert (known.mouth[bilabial] == 0).all()
    for start, end, phoneme in zip(known.segment_start, known.segment_end, known.segment_phoneme, strict=True):
        if phoneme[:1] in ("p", "b", "m") and phoneme:
            nearest = np.abs((np.arange(len(known)) + 0.5) / known.fps - (start + end) / 2).argmin()
            assert known.mouth[nearest] == 0
    vowels = np.array([phoneme.lstrip("'")[:1] in tuple("aAeEiIVoOuU@03") for phoneme in known.phoneme])
    assert np.median(known.mouth[vowels]) > 2


def envelope(name: str) -> np.ndarray:
    samples, rate = sound(name)
    count = len(truth(name))
    edges = (np.arange(count + 1) * rate / 25).astype(int)
    return np.array([np.sqrt(np.mean(samples[a:b] ** 2) + 1e-12) for a, b in itertools.pairwise(edges)])


def best_lag(name: str, *, reach: int = 12) -> int:
    """By how many frames the sound's envelope follows the mouth's opening."""
    mouth, loud = truth(name).mouth, envelope(name)
    scores = {}
    for lag in range(-reach, reach + 1):
        a = mouth[max(0, -lag) : len(mouth) - max(0, lag)]
        b = loud[max(0, lag) : len(loud) - max(0, -lag)]
        scores[lag] = np.corrcoef(a, b)[0, 1]
    return max(scores, key=scores.get)


@pytest.mark.parametrize("name", TALKING)
def test_sound_follows_the_mouth_by_the_known_shift(name):
    assert abs(best_lag(name) - truth(name).audio_shift) <= 1


def test_one_clip_is_shifted_and_the_shift_undone_restores_agreement():
    shifts = {name: truth(name).audio_shift for name in TAKES}
    assert sorted(shifts.values()) == [0, 0, 0, 0, 0, 5]
    name = max(shifts, key=shifts.get)
    mouth, loud = truth(name).mouth, envelope(name)
    undone = np.corrcoef(mouth[:-5], loud[5:])[0, 1]
    assert undone > 0.4
    assert undone > np.corrcoef(mouth, loud)[0, 1] + 0.2


@pytest.mark.parametrize("name", TALKING)
def test_mouth_and_envelope_correlate(name):
    shift = truth(name).audio_shift
    mouth, loud = truth(name).mouth, envelope(name)
    assert np.corrcoef(mouth[: len(mouth) - shift], loud[shift:])[0, 1] > 0.4


def test_one_clip_is_digital_silence():
    silent = [name for name in TAKES if not truth(name).voiced]
    assert len(silent) == 1
    assert set(silent) == set(TAKES) - set(TALKING)
    samples, _ = sound(silent[0])
    assert (samples == 0).all()
    assert (truth(silent[0]).mouth < 0.5).all()
    for name in TALKING:
        assert np.abs(sound(name)[0]).max() > 0.1


@pytest.mark.parametrize("name", TAKES)
def test_turned_heads_show_it_in_the_landmarks(name):
    """Positive yaw brings the nose to the left between the eyes' outer corners, positive roll lowers the right eye."""
    known = truth(name)
    left, right, nose = known.landmarks[:, 36], known.landmarks[:, 45], known.landmarks[:, 30]
    across = right - left
    along = np.sum((nose - left) * across, axis=1) / np.sum(across**2, axis=1)
    assert np.corrcoef(along, known.yaw)[0, 1] < -0.9
    tilt = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    assert np.corrcoef(tilt, known.roll)[0, 1] > 0.8


@pytest.mark.parametrize("name", TAKES)
def test_faces_are_textured_and_in_the_frame(name):
    known, frames = truth(name), pixels(name)
    assert (known.box[:, :2] > 5).all()
    assert (known.box[:, 2:] < 251).all()
    x1, y1, x2, y2 = known.box[0].astype(int)
    face = frames[0, y1:y2, x1:x2].astype(np.float64).mean(axis=-1)
    fine = np.abs(np.diff(face, axis=0)).mean() + np.abs(np.diff(face, axis=1)).mean()
    assert face.std() > 15
    assert fine > 4
    assert len(np.unique(frames[0].reshape(-1, 3), axis=0)) > 5000
