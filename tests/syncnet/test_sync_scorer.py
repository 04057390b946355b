"""Streaming, sharing and memory of a scorer, with networks small enough to see through."""

import gc
import weakref

import numpy as np
import pytest
import torch

from bench.compute.scored_frames import ScoredFrames
from bench.faces.detection import Faces
from metrics.scorer.feature_cache import FeatureCache
from syncnet import lse_score
from syncnet.crop_plan import TrackPlan, WholePlan
from syncnet.mouth_crop import whole
from syncnet.sound_embeddings import SoundEmbeddings
from syncnet.sync_scorer import SyncScorer
from syncnet.track_scorer import BLOCK

WIDTH = 8


class StubNetwork:
    """Stands for the network: a lip embedding is a fixed mix of the brightness of its five frames."""

    device = torch.device("cpu")
    name = "stub"

    def __init__(self):
        draw = torch.Generator().manual_seed(6)
        self.lip_mix = torch.randn(5, WIDTH, generator=draw)
        self.audio_mix = torch.randn(13 * 20, WIDTH, generator=draw)
        self.largest = self.lips = self.sounds = 0

    def lip(self, crops):
        self.lips += 1
        self.largest = max(self.largest, crops.shape[0])
        return torch.from_numpy(crops.numpy().mean((1, 2, 3))).unfold(0, 5, 1).float() / 50 @ self.lip_mix

    def audio(self, windows):
        self.sounds += 1
        return windows.flatten(1) / 50 @ self.audio_mix


class StubDetector:
    """Finds the bright square that the test painted; counts the frames it was shown."""

    name = "stub"

    def __init__(self):
        self.shown = 0

    def detect(self, pixels):
        self.shown += len(pixels)
        found = []
        for frame in pixels:
            boxes = []
            for x in (0, 64):
                rows, columns = np.nonzero(frame[0, :, x : x + 64].numpy() > 150)
                if rows.size:
                    corners = [columns.min() + x, rows.min(), columns.max() + x + 1, rows.max() + 1]
                    boxes.append([float(c) for c in corners])
            found.append(Faces(np.array(boxes).reshape(-1, 4), np.ones(len(boxes))))
        return found


def video(frames, seed=0, *, faces=((0, 0, 10**9),)):
    """(T, 3, 64, 128) with a face of random brightness at column 0 or 64, from one frame to another."""
    draw = torch.Generator().manual_seed(seed)
    pixels = torch.zeros(frames, 3, 64, 128, dtype=torch.uint8)
    for column, first, last in faces:
        for t in range(first, min(last, frames)):
            shift = int(torch.randint(0, 3, (), generator=draw))
            value = int(torch.randint(151, 256, (), generator=draw))
            pixels[t, :, 20 + shift : 50 + shift, column + 10 : column + 40] = value
    return pixels


def noise(seconds, seed=1):
    return np.random.default_rng(seed).integers(-8000, 8000, round(seconds * 16000)).astype(np.int16)


def run(pixels, *, sound, batch=16, fps=25.0, plan=None, network=None, **options):
    scorer = SyncScorer(
        plan or TrackPlan(StubDetector(), fps), SoundEmbeddings(sound, network or StubNetwork()), **options
    )
    for start in range(0, len(pixels), batch):
        frames = ScoredFrames.of(pixels[start : start + batch], fps=fps, start=start)
        scorer.update(start, frames, frames)
    return scorer.close()


def assert_close(one, other, *, rtol):
    """Mean distances that are `rtol` apart at most leave LSE-D and LSE-C so near."""
    largest = other.distance + other.confidence
    assert (one.offset, one.windows) == (other.offset, other.windows)
    assert one.distance == pytest.approx(other.distance, rel=rtol)
    assert one.confidence == pytest.approx(other.confidence, abs=2 * rtol * largest)


def test_batch_size_changes_nothing():
    pixels, sound = video(67), noise(3)
    verdicts = [run(pixels, sound=sound, batch=batch) for batch in (1, 5, 16, 200)]
    for other in verdicts[1:]:
        assert len(other) == len(verdicts[0]) == 1
        assert other == verdicts[0]


@pytest.mark.parametrize("frames", [11, 12, 13, 20, 21, 37, 64])
@pytest.mark.parametrize("seconds", [0.6, 1.1, 9.0])
def test_streamed_equals_all_at_once(frames, seconds):
    """The whole rule, with the definition written out over the whole clip."""
    pixels, sound = video(frames), noise(seconds)
    network = StubNetwork()
    found = run(pixels, sound=sound, plan=WholePlan(25.0), network=network, min_windows=1)
    n = lse_score.window_count(frames, len(sound))
    heard = SoundEmbeddings(sound, network)
    crops = np.stack([whole(frame) for frame in pixels.numpy()])
    lip = network.lip(torch.from_numpy(crops))[:n]
    table = lse_score.distances(lip, lse_score.padded(heard.embeddings(0, n))).numpy()
    expected = lse_score.score(table)
    assert found[0].score.windows == n
    assert_close(found[0].score, expected, rtol=1e-5)


def test_less_than_six_windows_is_no_score():
    assert run(video(10), sound=noise(9)) == []
    assert run(video(11), sound=noise(9))[0].score.windows == 6
    assert run(video(60), sound=noise(0.3)) == []


def test_every_track_is_scored_the_longest_first():
    pixels = video(100, faces=((64, 0, 70), (0, 10, 100)))
    verdicts = run(pixels, sound=noise(4))
    assert [(v.start, v.frames) for v in verdicts] == [(10, 90), (0, 70)]
    assert [v.score.windows for v in verdicts] == [85, 65]


@pytest.mark.parametrize("seconds", [3.2, 2.4, 1.28])
def test_track_that_starts_late_hears_its_own_sound(seconds):
    """A track is scored as the same video and sound would be that begin with it; also where the sound ends earlier."""
    pixels, sound = video(80, faces=((0, 30, 80),)), noise(seconds)
    late = run(pixels, sound=sound)
    alone = run(pixels[30:], sound=sound[30 * 640 :])
    windows = round(seconds * 25) - 30 - 5
    assert [v.score.windows for v in late] == ([windows] if windows > 0 else [])
    assert len(alone) == len(late)
    for one, other in zip(late, alone, strict=True):
        # The first sample's pre-emphasis and the other network batches are all that differs.
        assert_close(one.score, other.score, rtol=1e-3)


def test_boxes_of_the_reference_are_applied_to_every_prediction():
    reference, sound = video(40), noise(2)
    detector = StubDetector()
    plan = TrackPlan(detector, 25.0)
    heard = SoundEmbeddings(sound, StubNetwork())
    rows = {name: SyncScorer(plan, heard) for name in ("original", "free view", "ground truth")}
    dark = torch.zeros_like(reference)
    for start in range(0, 40, 8):
        ref = ScoredFrames.of(reference[start : start + 8], start=start)
        preds = {"original": ScoredFrames.of(dark[start : start + 8], start=start), "ground truth": ref}
        preds["free view"] = preds["original"]
        for name, scorer in rows.items():
            scorer.update(start, preds[name], ref)
    verdicts = {name: scorer.close() for name, scorer in rows.items()}
    assert detector.shown == 40, "the reference's faces are looked for once"
    assert [len(v) for v in verdicts.values()] == [1, 1, 1], "a prediction without a face is scored where the face was"
    dark_score, true_score = verdicts["original"][0].score, verdicts["ground truth"][0].score
    assert dark_score.distance != pytest.approx(true_score.distance, rel=1e-5)
    assert verdicts["free view"] == verdicts["original"]


def test_own_track_needs_a_face_in_the_prediction():
    reference = ScoredFrames.of(video(40))
    scorer = SyncScorer(TrackPlan(StubDetector(), 25.0), SoundEmbeddings(noise(2), StubNetwork()), own=True)
    scorer.update(0, ScoredFrames.of(torch.zeros_like(reference.pixels)), reference)
    assert scorer.close() == []


def test_a_second_metric_with_the_same_frames_costs_nothing():
    network = StubNetwork()
    detector = StubDetector()
    scorer = SyncScorer(TrackPlan(detector, 25.0), SoundEmbeddings(noise(2), network))
    frames = ScoredFrames.of(video(40))
    for _ in range(3):
        scorer.update(0, frames, frames)
    assert scorer.count == 40
    assert detector.shown == 40
    assert scorer.close() is scorer.close()


def test_a_second_run_finds_the_reference_embedded(tmp_path):
    """With a feature cache, faces, lips and sound of the reference are computed once, and nothing changes."""
    pixels, sound = video(50), noise(2)
    cache = FeatureCache(tmp_path)
    verdicts, calls = [], []
    for _ in range(2):
        detector, network = StubDetector(), StubNetwork()
        scorer = SyncScorer(TrackPlan(detector, 25.0), SoundEmbeddings(sound, network))
        stored = cache.clip("clip")
        for start in range(0, 50, 16):
            batch = pixels[start : start + 16]
            ref = ScoredFrames.of(batch, start=start, stored=stored)
            scorer.update(start, ref, ref)
        verdicts.append(scorer.close())
        stored.close()
        calls.append((detector.shown, network.lips, network.sounds))
    assert calls[0] == (50, 6, 2)
    assert calls[1] == (0, 0, 0)
    assert verdicts[0] == verdicts[1] == run(pixels, sound=sound)


@pytest.mark.parametrize(("known_sound", "second"), [(True, 0), (False, 2)])
def test_only_the_clips_own_sound_is_kept_between_runs(tmp_path, known_sound, second):
    """Another would take its place, and the clip's be embedded again next time."""
    pixels, sound, cache, calls = video(50), noise(2), FeatureCache(tmp_path), []
    for _ in range(2):
        network, stored = StubNetwork(), cache.clip("clip")
        scorer = SyncScorer(WholePlan(25.0), SoundEmbeddings(sound, network), known_sound=known_sound)
        scorer.update(0, ScoredFrames.of(pixels), ScoredFrames.of(pixels, stored=stored))
        scorer.close()
        stored.close()
        calls.append(network.sounds)
    assert calls == [2, second]


def test_shorter_prediction_is_scored_as_far_as_it_goes():
    reference, sound = video(60), noise(3)
    plan = TrackPlan(StubDetector(), 25.0)
    heard = SoundEmbeddings(sound, StubNetwork())
    short, full = SyncScorer(plan, heard), SyncScorer(plan, heard)
    for start in range(0, 60, 16):
        ref = ScoredFrames.of(reference[start : start + 16], start=start)
        if start < 36:
            part = ref.head(36 - start)
            short.update(start, part, part)
        full.update(start, ref, ref)
    assert short.close()[0].score.windows == 31
    assert full.close()[0].score.windows == 55


@pytest.mark.parametrize("fps", [30.0, 15.0, 24000 / 1001])
def test_other_frame_rates_are_scored_at_25(fps):
    seconds = 2
    verdicts = run(video(round(fps * seconds)), sound=noise(seconds), fps=fps)
    assert verdicts[0].frames == pytest.approx(25 * seconds, abs=1)


def test_memory_does_not_grow_with_the_clip():
    network = StubNetwork()
    scorer = SyncScorer(TrackPlan(StubDetector(), 25.0), SoundEmbeddings(noise(11), network))
    alive = []
    held = []
    for start in range(0, 256, 16):
        frames = ScoredFrames.of(video(16, seed=start), start=start)
        alive.append(weakref.ref(frames.pixels))
        scorer.update(start, frames, frames)
        del frames
        gc.collect()
        held.append(sum(ref() is not None for ref in alive))
    assert max(held) <= 4, "batches of 16 frames that may wait for a gap of 25 and a median of 6"
    assert network.largest == BLOCK + 4
    assert scorer.close()[0].frames == 256
