"""LSE as a metric: golden value, one computation for three numbers, and the reasons for having none."""

from dataclasses import replace

import numpy as np
import pytest
import skimage.data
import torch

from bench import weights
from bench.audio import Audio
from bench.errors import WeightsError
from bench.faces.detection import Faces
from bench.frames import Frames
from bench.rows import Row
from bench.weights.resources import Resources
from metrics import lse, registry
from metrics.metric import ClipFacts
from metrics.scorer.clip_scorer import ClipScorer
from metrics.scoring import score
from syncnet import mfcc
from tests.material import GOLDEN, SHARED, needs
from tests.syncnet import recipe
from tests.syncnet.golden import crops, samples

NAMES = [name for name in registry.TABLE if name.startswith(("lse_", "av_offset"))]
official = pytest.mark.skipif(
    weights.locate("syncnet", None) is None, reason="the official SyncNet weights are not on this machine"
)
FACE = torch.from_numpy(skimage.data.astronaut()[:224, 110:334]).permute(2, 0, 1)


@pytest.fixture(scope="module")
def resources():
    return Resources(weights={"syncnet": recipe.weights()})


def head(frames):
    """(T, 3, 224, 224) of a real face whose mouth gets lighter and darker."""
    video = FACE.repeat(frames, 1, 1, 1)
    for t, level in enumerate(np.random.default_rng(0).integers(40, 200, frames).tolist()):
        video[t, :, 150:165, 95:125] = level
    return video


def sound(seconds, rate=16000):
    draw = np.random.default_rng(1).normal(0, 3000, round(seconds * rate))
    return Audio(draw.astype(np.int16), rate)


def rows_of(names, rows, resources, video, audio, batch=16):
    metrics = [registry.get(name) for name in names]
    rows = {Row.parse(name): make for name, make in rows.items()}
    facts = {row: ClipFacts("clip", audio=audio, row=row) for row in rows}
    scorer = ClipScorer(metrics, facts, resources)
    for start in range(0, len(video), batch):
        ref = Frames.of(video[start : start + batch], start=start)
        scorer.update(ref, {row: Frames(make(ref.pixels), ref.times) for row, make in rows.items()})
    return {row.name: found for row, found in scorer.results().items()}


@pytest.mark.shared
@needs(GOLDEN / "metrics" / "lse")
def test_golden_clip():
    frames = crops().flip(1)
    got = score(
        ["lse_c_whole", "lse_d_whole", "av_offset_whole"],
        frames,
        frames,
        audio=(samples(), 16000),
        batch=7,
        weights={"syncnet": recipe.weights()},
    )
    assert got["lse_c_whole"].value == pytest.approx(0.8052163124, abs=1e-4)
    assert got["lse_d_whole"].value == pytest.approx(7.5930247307, abs=1e-4)
    assert got["av_offset_whole"].value == 0
    assert got["lse_d_whole"].n == 59


@pytest.mark.weights
@pytest.mark.shared
@needs(SHARED / "clips" / "raw" / "clip04.avi")
@official
def test_published_anchor():
    """The SyncNet demo clip by its authors: offset 3, distance 5.353, confidence 10.021."""
    from bench.media.audio_reader import read_audio
    from bench.media.video_reader import VideoReader

    path = SHARED / "clips" / "raw" / "clip04.avi"
    with VideoReader(path) as reader:
        frames = torch.cat([batch.pixels for batch in reader])
    audio = read_audio(path, rate=16000)
    assert audio is not None
    got = score(["lse_c_whole", "lse_d_whole", "av_offset_whole"], frames, frames, audio=(audio.samples, audio.rate))
    assert {name: outcome.status for name, outcome in got.items()} == dict.fromkeys(got, "value"), got
    assert got["av_offset_whole"].value == 3
    # Decoders alone move the published values by a tenth.
    assert got["lse_d_whole"].value == pytest.approx(5.353, abs=0.1)
    assert got["lse_c_whole"].value == pytest.approx(10.021, abs=0.1)


@pytest.mark.weights
@pytest.mark.shared
@needs(SHARED / "clips" / "raw" / "clip04.avi")
@official
def test_real_before_shifted_before_swapped():
    from bench.media.audio_reader import read_audio
    from bench.media.video_reader import VideoReader

    path, other = (SHARED / "clips" / "raw" / name for name in ("clip04.avi", "may.mp4"))
    with VideoReader(path) as reader:
        frames = torch.cat([batch.pixels for batch in reader])
    real, swapped = read_audio(path, rate=16000), read_audio(other, rate=16000)
    assert real is not None
    assert swapped is not None
    shifted = np.concatenate([np.zeros(5 * 640, np.int16), real.samples])[: real.samples.shape[0]]
    heard = {"real": real.samples, "shifted": shifted, "swapped": swapped.samples}
    got = {
        name: score(["lse_c", "lse_d", "av_offset"], frames, frames, audio=(samples, 16000))
        for name, samples in heard.items()
    }
    assert got["real"]["av_offset"].value - got["shifted"]["av_offset"].value == 5
    assert got["real"]["lse_c"].value >= got["shifted"]["lse_c"].value - 0.3
    assert got["shifted"]["lse_c"].value > got["swapped"]["lse_c"].value + 3


def test_three_numbers_are_one_computation(resources, monkeypatch):
    calls = []
    plain = lse.FastSyncNet.lip
    monkeypatch.setattr(lse.FastSyncNet, "lip", lambda self, crops: calls.append(len(crops)) or plain(self, crops))
    rows = {"original": lambda pixels: pixels.clone(), "ground-truth": lambda pixels: pixels}
    got = rows_of(["lse_c", "lse_d", "av_offset"], rows, resources, head(18), sound(0.72))
    assert all(outcome.status == "value" for row in got.values() for outcome in row.values()), got
    assert sum(count - 4 for count in calls) == 2 * 14
    for row in got.values():
        assert row["lse_c"].details == row["lse_d"].details
        assert row["lse_d"].value == row["lse_d"].details["track0_lse_d"]
        assert row["av_offset"].value == row["lse_c"].details["track0_offset"]
    assert got["original"]["lse_d"].value == got["ground-truth"]["lse_d"].value


def test_a_row_does_not_depend_on_its_neighbours(resources):
    rows = {"original": lambda pixels: pixels // 2, "static": lambda pixels: head(1).expand_as(pixels)}
    together = rows_of(["lse_d"], rows, resources, head(16), sound(0.64))
    for row, make in rows.items():
        alone = rows_of(["lse_d"], {row: make}, resources, head(16), sound(0.64), batch=7)
        assert alone[row]["lse_d"].value == together[row]["lse_d"].value


def test_sound_of_any_rate_is_taken(resources):
    exact = rows_of(["lse_d"], {"original": lambda p: p}, resources, head(14), sound(1.2))
    high = replace(sound(1.2), samples=sound(1.2).samples.repeat(3), rate=48000)
    other = rows_of(["lse_d"], {"original": lambda p: p}, resources, head(14), high)
    assert other["original"]["lse_d"].value == pytest.approx(exact["original"]["lse_d"].value, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_descriptions(name):
    metric = registry.get(name)
    assert metric.id == name
    assert metric.needs == frozenset({"audio"})
    assert metric.weights[0] == "syncnet"
    assert "25 fps" in metric.definition
    assert not metric.per_frame


def skip_reason(names, video, audio, resources):
    outcomes = rows_of(names, {"original": lambda pixels: pixels}, resources, video, audio)["original"].values()
    assert {outcome.status for outcome in outcomes} == {"skipped"}
    return " ".join(outcome.reason for outcome in outcomes)


class FixedBox:
    """Stands for S3FD, whose weights are not here: a face of 120 px in every frame."""

    name = "fixed"

    def detect(self, pixels):
        return [Faces(np.array([[60.0, 40.0, 180.0, 170.0]]), np.ones(1)) for _ in pixels]


def test_public_route_wants_more_than_100_frames(resources, monkeypatch):
    monkeypatch.setitem(resources.networks, "faces/s3fd", FixedBox())
    monkeypatch.setattr(lse.FastSyncNet, "lip", lambda self, crops: torch.ones(len(crops) - 4, 1024))
    rows = {"original": lambda pixels: pixels}
    for frames, status in ((100, "skipped"), (101, "value")):
        got = rows_of(["lse_d_public"], rows, resources, head(1).expand(frames, -1, -1, -1), sound(4.1))
        assert got["original"]["lse_d_public"].status == status, got
    assert got["original"]["lse_d_public"].n == 96


class EveryFourthMissed(FixedBox):
    """The same face, not found in frames 3, 7, 11, …"""

    def __init__(self):
        self.seen = 0

    def detect(self, pixels):
        found = super().detect(pixels)
        for index in range(len(found)):
            if (self.seen + index) % 4 == 3:
                found[index] = Faces(np.empty((0, 4)), np.empty(0))
        self.seen += len(found)
        return found


@pytest.mark.parametrize(("frames", "status"), [(133, "skipped"), (134, "value")])
def test_public_route_counts_the_frames_that_its_detector_found(resources, monkeypatch, frames, status):
    """The public code asks for more than 100 detections before it interpolates: 133 frames have 100 here."""
    monkeypatch.setitem(resources.networks, "faces/s3fd", EveryFourthMissed())
    monkeypatch.setattr(lse.FastSyncNet, "lip", lambda self, crops: torch.ones(len(crops) - 4, 1024))
    rows = {"original": lambda pixels: pixels}
    got = rows_of(["lse_d_public"], rows, resources, head(1).expand(frames, -1, -1, -1), sound(9))
    outcome = got["original"]["lse_d_public"]
    assert outcome.status == status, outcome
    if status == "skipped":
        assert "is found in 101 frames" in outcome.reason


def test_public_route_scores_a_long_track_with_little_sound(resources, monkeypatch):
    monkeypatch.setitem(resources.networks, "faces/s3fd", FixedBox())
    rows = {"original": lambda pixels: pixels}
    got = rows_of(["lse_d_public"], rows, resources, head(1).expand(104, -1, -1, -1), sound(0.5))
    outcome = got["original"]["lse_d_public"]
    assert outcome.status == "value"
    assert 12 - 5 <= outcome.n <= 15 - 5  # MP3's delay and its last frame make the sound a little longer


@pytest.mark.parametrize("rate", [16000, 44100, 48000, 96000])
def test_public_route_sends_the_sound_through_mp3_at_its_own_rate(resources, rate):
    """1105 samples are 69 ms at 16 kHz and 25 ms at 44.1 kHz; MP3 has no rate above 48 kHz."""
    own = replace(sound(2, rate), samples=np.convolve(sound(2, rate).samples, np.ones(12) / 4, "same").astype(np.int16))
    plain = Audio(mfcc.at_16_khz(own.samples, rate), 16000)
    facts = ClipFacts("clip", audio=plain, own_sound=lambda: own)
    straight = lse._sound(facts, resources, lossy=False).samples
    through = lse._sound(facts, resources, lossy=True).samples
    middle = straight[4000:12000].astype(float)
    lag = int(np.argmax([middle @ through[4000 + lag : 12000 + lag] for lag in range(1500)]))
    assert lag == pytest.approx(1105 * 16000 / min(rate, 48000), abs=1)
    alone = lse._sound(ClipFacts("clip", audio=own), resources, lossy=True).samples
    np.testing.assert_array_equal(alone, through)


def test_quiet_speech_is_scored_and_digital_silence_is_not(resources):
    quiet = replace(sound(1), samples=(sound(1).samples * 1e-3).astype(np.int16))
    assert 3 < np.abs(quiet.samples).max() < 33  # under -60 dB of full scale: nothing counts as voice
    got = rows_of(["lse_d"], {"original": lambda p: p}, resources, head(20), quiet)["original"]["lse_d"]
    assert got.status == "value"
    assert got.details["voiced"] == 0


def test_public_route_needs_its_own_detector(resources, tmp_path):
    absent = replace(resources, weights_dir=tmp_path, download=False, networks={})
    assert "weights fetch s3fd" in skip_reason(["lse_c_public", "lse_d_public"], head(12), sound(0.5), absent)


def test_reasons_for_no_value(resources):
    names = ["lse_c", "lse_d", "av_offset"]
    silence = Audio(np.zeros(16000, np.int16), 16000)
    assert "no sound" in skip_reason(names, head(20), None, resources)
    assert "silent" in skip_reason(names, head(20), silence, resources)
    assert "antiphase" in skip_reason(names, head(20), replace(silence, cancelled=True), resources)
    assert "silent" in skip_reason(names, head(20), replace(silence, samples=silence.samples + 3), resources)
    for video, heard in ((head(10), sound(1)), (head(20), sound(0.3))):
        assert "the clip has less than 6 windows" in skip_reason(names, video, heard, resources)
    assert "no face in the reference" in skip_reason(names, torch.zeros_like(head(20)), sound(1), resources)


def test_missing_weights_are_skipped_with_the_remedy(tmp_path):
    absent = Resources(weights_dir=tmp_path, download=False)
    reason = skip_reason(["lse_c"], head(12), sound(0.5), absent)
    assert "weights fetch syncnet" in reason


def test_weights_of_another_network_fail():
    wrong = Resources(weights={"syncnet": {"features.0.weight": torch.zeros(1)}})
    with pytest.raises(WeightsError, match="syncnet_v2"):
        lse.LSE_C.begin(ClipFacts("clip", audio=sound(1)), wrong)


def test_a_span_of_a_video_is_judged_from_its_own_beginning(resources):
    """Its frames keep the times of the whole video; the first of them was taken for 2 s of still picture."""
    video, audio = head(16), sound(0.64)
    metric = registry.get("lse_d_whole")
    values = []
    for late in (0.0, 2.0):
        scorer = ClipScorer([metric], {Row("a"): ClipFacts("clip", audio=audio)}, resources)
        frames = Frames.of(video)
        scorer.update(Frames(video, frames.times + late), {Row("a"): Frames(video, frames.times + late)})
        outcome = scorer.results()[Row("a")][metric.id]
        values.append((outcome.value, outcome.n))
    assert values[0] == values[1]
