from dataclasses import fields, replace

import numpy as np
import pytest

from bench.errors import MediaError
from bench.portraits.truth import Truth


def some_truth(count: int = 4) -> Truth:
    rng = np.random.default_rng(0)

    def numbers(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    return Truth(
        fps=25.0,
        audio_shift=-3,
        voiced=True,
        yaw=numbers(count),
        pitch=numbers(count),
        roll=numbers(count),
        translation=numbers(count, 3),
        mouth=numbers(count),
        blink=numbers(count),
        gaze=numbers(count, 2),
        phoneme=np.array(["", "m", "'aI", "b"][:count], dtype="<U8"),
        landmarks=numbers(count, 68, 2),
        visible=rng.uniform(size=(count, 68)) < 0.5,
        pupils=numbers(count, 2, 2),
        box=numbers(count, 4),
        segment_start=numbers(2),
        segment_end=numbers(2),
        segment_phoneme=np.array(["m", "'aI"], dtype="<U8"),
    )


def test_what_is_written_is_read(tmp_path):
    truth = some_truth()
    truth.write(tmp_path / "a.npz")
    again = Truth.read(tmp_path / "a.npz")
    for field in fields(Truth):
        one, two = np.asarray(getattr(truth, field.name)), np.asarray(getattr(again, field.name))
        assert one.dtype == two.dtype, field.name
        assert np.array_equal(one, two), field.name
    assert len(again) == 4


def test_the_same_truth_gives_the_same_bytes(tmp_path):
    some_truth().write(tmp_path / "a.npz")
    some_truth().write(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_missing_file_is_the_users_mistake(tmp_path):
    with pytest.raises(MediaError, match=r"nowhere\.npz"):
        Truth.read(tmp_path / "nowhere.npz")


def test_a_cut_file_is_the_users_mistake(tmp_path):
    path = tmp_path / "a.npz"
    some_truth().write(path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(MediaError, match="cannot be read"):
        Truth.read(path)


def test_another_schema_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    some_truth().write(path)
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, **{**arrays, "schema": np.array(99)})
    with pytest.raises(MediaError, match="schema 99"):
        Truth.read(path)
    np.savez(path, **{name: value for name, value in arrays.items() if name != "box"})
    with pytest.raises(MediaError, match="build the suite again"):
        Truth.read(path)


def test_truth_is_frozen():
    with pytest.raises(AttributeError):
        some_truth().fps = 30.0
    assert replace(some_truth(), fps=30.0).fps == 30.0
