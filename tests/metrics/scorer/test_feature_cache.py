import hashlib
import itertools
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from bench.compute.scored_frames import ScoredFrames
from bench.weights.resources import Resources
from metrics.distribution.inception import features
from metrics.scorer import feature_cache
from metrics.scorer.feature_cache import FeatureCache
from tests.metrics.pictures import scene
from tests.metrics.stub import resources

PIXELS = scene(20, 8, 8)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(feature_cache, "BLOCK", 6)


def means(pixels):
    return pixels.double().mean((2, 3)).float() / 3


def through(stored, pixels=PIXELS, sizes=(7,), key="means", compute=means):
    """Features of all frames, asked for in batches of these sizes."""
    parts, start, turn = [], 0, 0
    while start < len(pixels):
        part = pixels[start : start + sizes[turn % len(sizes)]]
        frames = ScoredFrames.of(part, start=start, stored=stored)
        parts.append(frames.per_frame(key, compute, keep=True))
        start, turn = start + len(part), turn + 1
    stored.close()
    return torch.cat(parts)


@given(first=st.lists(st.integers(1, 20), min_size=1, max_size=4), then=st.lists(st.integers(1, 20), min_size=1))
@settings(max_examples=30, deadline=None)
def test_a_second_run_computes_nothing_and_gives_the_same_bits(tmp_path_factory, first, then):
    cache = FeatureCache(tmp_path_factory.mktemp("cache"))
    once = cache.clip("clip")
    assert torch.equal(through(once, sizes=first), means(PIXELS))
    assert (once.computed, once.reused) == (20, 0)
    again = cache.clip("clip")
    assert torch.equal(through(again, sizes=then), means(PIXELS))
    assert (again.computed, again.reused) == (0, 20)


def test_other_pixels_are_never_taken_for_these(tmp_path):
    cache = FeatureCache(tmp_path)
    through(cache.clip("clip"))
    changed = PIXELS.clone()
    changed[3, 0, 0, 0] ^= 1
    changed[11] = 0
    stored = cache.clip("clip")
    assert torch.equal(through(stored, changed), means(changed))
    assert stored.computed == 2
    stored = cache.clip("clip")
    assert torch.equal(through(stored, changed), means(changed))
    assert stored.computed == 0


def test_shape_is_part_of_the_content(tmp_path):
    cache = FeatureCache(tmp_path)
    through(cache.clip("clip"))
    stored = cache.clip("clip")
    through(stored, PIXELS.reshape(20, 3, 4, 16))
    assert stored.computed == 20


def test_clips_and_kinds_of_features_are_kept_apart(tmp_path):
    cache = FeatureCache(tmp_path)
    through(cache.clip("a"))
    for stored, key in ((cache.clip("b"), "means"), (cache.clip("a"), "means-2")):
        through(stored, key=key)
        assert stored.computed == 20


def test_a_longer_clip_computes_only_what_is_new(tmp_path):
    cache = FeatureCache(tmp_path)
    through(cache.clip("clip"), PIXELS[:9])
    stored = cache.clip("clip")
    assert torch.equal(through(stored), means(PIXELS))
    assert (stored.computed, stored.reused) == (11, 9)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "another format", "unreadable"])
def test_damaged_files_are_computed_again_with_a_word(tmp_path, damage, caplog):
    cache = FeatureCache(tmp_path)
    through(cache.clip("clip"))
    path = sorted(tmp_path.rglob("*.features"))[1]
    content = path.read_bytes()
    if damage == "unreadable":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(
            {
                "truncated": content[:-10],
                "flipped": content[:-10] + bytes([content[-10] ^ 1]) + content[-9:],
                "empty": b"",
                "another format": feature_cache.hashlib.sha256(b"what").digest() + b"what",
            }[damage]
        )
    stored = cache.clip("clip")
    with caplog.at_level(logging.WARNING):
        assert torch.equal(through(stored), means(PIXELS))
    assert stored.computed == 6
    assert path.name in caplog.text
    if damage != "unreadable":
        assert cache.clip("clip")
        stored = cache.clip("clip")
        through(stored)
        assert stored.computed == 0


def test_a_full_disk_costs_the_cache_not_the_run(tmp_path, monkeypatch, caplog):
    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert torch.equal(through(FeatureCache(tmp_path).clip("clip")), means(PIXELS))
    assert "No space left" in caplog.text
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_no_half_files_and_size(tmp_path):
    cache = FeatureCache(tmp_path)
    assert cache.size() == 0
    through(cache.clip("clip"))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4
    assert cache.size() == sum(path.stat().st_size for path in files)


def test_memory_holds_one_block_a_kind(tmp_path):
    stored = FeatureCache(tmp_path).clip("clip")
    for start in range(0, 20, 5):
        stored.per_frame("means", start, PIXELS[start : start + 5], means)
        assert len(stored._open) == 1


def test_inception_runs_on_the_predictions_only_the_second_time(tmp_path):
    cache = FeatureCache(tmp_path)
    given = []
    for _ in range(2):
        using, stored = resources(), cache.clip("clip")
        frames = ScoredFrames.of(PIXELS, stored=stored)
        given.append((features(frames, using), features(ScoredFrames.of(PIXELS[:5]), using)))
        stored.close()
        given.append(using.networks["inception"].seen)
    assert torch.equal(given[0][0], given[2][0])
    assert given[1] == 25
    assert given[3] == 5


def test_other_weights_do_not_share_features(tmp_path):
    cache = FeatureCache(tmp_path)
    for value in (0.0, 1.0):
        using = Resources(weights={"inception": {"stub": torch.full((1,), value)}}, networks=dict(resources().networks))
        stored = cache.clip("clip")
        features(ScoredFrames.of(PIXELS, stored=stored), using)
        stored.close()
        assert stored.computed == 20


def difference(pred, ref):
    return (pred.pixels.double() - ref.pixels.double()).abs().mean((1, 2, 3)) / 3


def values(cache, ref, pred=PIXELS, key="difference", batch=7):
    """Values of all frames, and how many were worked on."""
    worked = []

    def compute(one, other):
        worked.append(len(one))
        return difference(one, other)

    stored, beside = cache.clip("static"), cache.clip("truth")
    found = []
    for start in range(0, len(ref), batch):
        part = slice(start, start + batch)
        sides = ((pred[part], stored), (ref[part], beside))
        one, other = (ScoredFrames.of(pixels, start=start, stored=place) for pixels, place in sides)
        found.append(one.value(other, key, compute))
    stored.close()
    return torch.cat(found), sum(worked)


def test_values_of_pairs_are_kept_in_full_precision(tmp_path):
    ref, cache = PIXELS.flip(0), FeatureCache(tmp_path)
    expected = difference(ScoredFrames.of(PIXELS), ScoredFrames.of(ref))
    for batch, worked in ((7, 20), (20, 0), (3, 0)):
        found, count = values(cache, ref, batch=batch)
        assert found.dtype == torch.float64
        assert torch.equal(found, expected)
        assert count == worked


@pytest.mark.parametrize("side", ["pred", "ref", "key"])
def test_values_of_another_pair_or_metric_are_not_taken(tmp_path, side):
    cache = FeatureCache(tmp_path)
    changed = {"pred": PIXELS, "ref": PIXELS.flip(0), "key": "difference"}
    values(cache, changed["ref"])
    if side == "key":
        changed["key"] = "difference-2"
    else:
        changed[side] = changed[side].clone()
        changed[side][2, 0, 0, 0] ^= 1
    found, worked = values(cache, changed["ref"], changed["pred"], changed["key"], batch=1)
    assert torch.equal(found, difference(ScoredFrames.of(changed["pred"]), ScoredFrames.of(changed["ref"])))
    assert worked == (20 if side == "key" else 1)


def test_values_are_kept_only_where_both_sides_have_a_place(tmp_path):
    stored = FeatureCache(tmp_path).clip("clip")
    reference = ScoredFrames.of(PIXELS, stored=stored)
    ScoredFrames.of(PIXELS).value(reference, "difference", difference)
    reference.value(ScoredFrames.of(PIXELS), "difference", difference)
    reference.value(reference, "", difference)
    stored.close()
    assert list(tmp_path.rglob("*.features")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"known": np.ones((6, 2), np.uint8)},
        {"known": np.ones(5, np.uint8)},
        {"digests": np.zeros((6, 31), np.uint8)},
        {"digests": np.zeros((6, 32), np.int64)},
        {"values": np.zeros((3, 3), np.float32)},
        {"values": np.zeros((6, 3), np.int32)},
        {"values": np.zeros((6, 4), np.float32), "known": np.zeros(6, np.uint8)},
        {"values": np.zeros((6, 3), np.float64), "known": np.zeros(6, np.uint8)},
        {"values": np.zeros((6, 3, 2), np.float32), "known": np.array([1, 1, 1, 0, 1, 1], np.uint8)},
    ],
)  # fmt: skip
def test_a_file_of_other_shapes_with_a_good_digest_is_computed_again(tmp_path, change):
    cache = FeatureCache(tmp_path)
    wanted = through(cache.clip("c"))
    path = next(iter(sorted(tmp_path.rglob("*.features"))))
    arrays = {**load(path.read_bytes()[32:]), **change}
    content = save(arrays)
    path.write_bytes(hashlib.sha256(content).digest() + content)
    torch.testing.assert_close(through(cache.clip("c")), wanted, rtol=0, atol=0)
    again = cache.clip("c")
    torch.testing.assert_close(through(again), wanted, rtol=0, atol=0)
    assert again.computed == 0


def test_two_runs_on_one_cache_take_nothing_wrong_from_each_other(tmp_path):
    """Each reads, computes and writes the same blocks while the other does."""
    cache = FeatureCache(tmp_path)

    def run(start):
        found = []
        for _ in range(10):
            stored = cache.clip("clip")
            rows = [stored.per_frame("means", at, PIXELS[at : at + 3], means) for at in range(start, len(PIXELS), 3)]
            stored.close()
            found.append(torch.equal(torch.cat(rows), means(PIXELS)[start:]))
        return found

    with ThreadPoolExecutor(4) as pool:
        assert all(itertools.chain(*pool.map(run, (0, 0, 3, 6))))
    stored = cache.clip("clip")
    assert torch.equal(through(stored), means(PIXELS))
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".features"] == []
