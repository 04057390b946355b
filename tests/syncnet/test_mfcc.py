"""MFCC against python_speech_features' own values, in pieces as well as whole."""

import numpy as np
import pytest

from syncnet import mfcc
from tests.material import DATA, GOLDEN, needs
from tests.syncnet.golden import samples

CASES = np.load(DATA / "lse" / "mfcc_cases.npz")


@pytest.mark.parametrize("case", ["sine440", "silence", "short", "odd"])
def test_golden_cases(case):
    np.testing.assert_allclose(mfcc.mfcc(CASES[f"{case}.in"]), CASES[f"{case}.mfcc"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [1, 399, 400, 401, 559, 560, 561, 16000, 16001, 23456])
@pytest.mark.parametrize("chunk", [1, 2, 7, 99])
def test_pieces_equal_the_whole(monkeypatch, size, chunk):
    noise = np.random.default_rng(size).integers(-3000, 3000, size).astype(np.int16)
    whole = mfcc.mfcc(noise)
    assert whole.shape == (mfcc.column_count(size), 13)
    monkeypatch.setattr(mfcc, "_CHUNK", chunk)
    np.testing.assert_allclose(mfcc.mfcc(noise), whole, rtol=0, atol=1e-9)


def test_floats_are_refused():
    with pytest.raises(TypeError, match="int16"):
        mfcc.mfcc(np.zeros(16000, np.float32))
    with pytest.raises(TypeError, match="mono"):
        mfcc.mfcc(np.zeros((2, 16000), np.int16))


def test_window_i_holds_columns_4i_to_4i_plus_19():
    columns = np.arange(60)[:, None] + np.zeros(13)
    cut = mfcc.windows(columns, 3, 6)
    assert cut.shape == (3, 13, 20)
    assert cut.dtype == np.float32
    np.testing.assert_array_equal(cut[:, 0, 0], [12, 16, 20])
    np.testing.assert_array_equal(cut[1, 5], np.arange(16, 36))


@pytest.mark.parametrize("rate", [8000, 32000, 44100, 48000])
def test_resampling_keeps_a_tone_and_its_time(rate):
    time = np.arange(rate) / rate
    tone = np.round(12000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)
    resampled = mfcc.at_16_khz(tone, rate)
    assert resampled.dtype == np.int16
    assert abs(resampled.shape[0] - 16000) <= 1
    expected = 12000 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    middle = slice(400, 15600)
    assert np.abs(resampled[middle] - expected[middle]).max() < 60


def test_resampling_saturates():
    square = np.where(np.arange(48000) // 200 % 2, 32767, -32768).astype(np.int16)
    resampled = mfcc.at_16_khz(square, 48000).astype(np.int32)
    plateau = resampled.reshape(-1)[20:60]
    assert plateau.max() <= -30000, "an overshoot below -32768 must not come out positive"


@pytest.mark.shared
@needs(GOLDEN / "metrics" / "lse")
def test_golden_clip():
    with np.load(GOLDEN / "metrics" / "lse" / "wda_a.golden.npz") as file:
        np.testing.assert_allclose(mfcc.mfcc(samples()).T, file["mfcc"], rtol=0, atol=1e-6)
