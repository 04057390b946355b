"""LSE-C, LSE-D and the offset: is the mouth in sync with the sound, by SyncNet's judgement?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from bench import weights
from bench.audio import CANCELLED, is_silent
from bench.compute.scored_frames import ScoredFrames
from bench.faces import detector
from bench.media.frame_rate import FPS
from bench.outcome import Outcome, Skip
from bench.weights.resources import Resources
from metrics.metric import ClipFacts, Metric
from syncnet import mfcc, network
from syncnet.crop_plan import CropPlan, TrackPlan, WholePlan
from syncnet.fast_network import FastSyncNet
from syncnet.lossy_files import through_mp3
from syncnet.lse_score import window_count
from syncnet.sound_embeddings import SoundEmbeddings, voiced_share
from syncnet.sync_scorer import MIN_WINDOWS, SyncScorer, TrackScore


@dataclass(frozen=True, slots=True)
class Rule:
    """How mouths are cut: where the tracks come from, and which tracks count.

    `tracked` is the video whose faces are followed, `whole` the frame as it is. Tracks need six windows, a face that is
    found (not interpolated) in `min_detections` frames and larger than `min_face` pixels. `lossy` sends sound and
    pictures through the public pipeline's MP3, MPEG-4 and JPEG files (in memory).
    """

    name: str
    tracked: Literal["reference", "prediction", "whole"] = "reference"
    detector: str = detector.DEFAULT
    min_detections: int = 0
    min_face: float = 0.0
    lossy: bool = False


TRACK = Rule("track")
TRACK_OWN = Rule("track own", tracked="prediction")
WHOLE = Rule("whole", tracked="whole")
PUBLIC = Rule("public", tracked="prediction", detector="s3fd", min_detections=101, min_face=100.0, lossy=True)
"""The whole public pipeline: faces found in more than 100 frames, of more than 100 px, each video tracked by itself."""


@dataclass(slots=True)
class SyncAccumulator:
    """One of SyncNet's numbers for one row of a clip; the work is its scorer's, shared with the other numbers."""

    scorer: SyncScorer
    rule: Rule
    fps: float
    voiced: float
    read: Callable[[TrackScore], float]
    count: int = 0

    def update(self, pred: ScoredFrames, ref: ScoredFrames) -> None:
        """Take in the next frames."""
        self.scorer.update(self.count, pred, ref)
        self.count += len(pred)

    def result(self) -> Outcome:
        """The longest track's value; every track's are in the details."""
        tracks = self.scorer.close()
        if not tracks:
            raise Skip(self._nothing())
        details = {"voiced": self.voiced, "tracks": float(len(tracks))}
        for number, track in enumerate(tracks):
            verdict = track.score
            values = {
                "start": track.start,
                "frames": track.frames,
                "face": track.face,
                "lse_d": verdict.distance,
                "lse_c": verdict.confidence,
                "offset": verdict.offset,
            }
            details |= {f"track{number}_{name}": float(value) for name, value in values.items()}
        return Outcome("value", value=self.read(tracks[0]), n=tracks[0].score.windows, details=details)

    def pool(self) -> None:
        """The suite's value is the mean over clips."""
        return

    def _nothing(self) -> str:
        needed = f"{MIN_WINDOWS} windows of 5 frames with sound"
        samples = self.scorer.sound.samples.shape[0]
        if window_count(round(self.count * FPS / self.fps), samples) < MIN_WINDOWS or self.rule.tracked == "whole":
            return f"the clip has less than {needed}"
        video = "reference" if self.rule.tracked == "reference" else "prediction"
        if self.rule.min_detections:
            needed += f", is found in {self.rule.min_detections} frames and is larger than {self.rule.min_face:g} px"
        return f"no face in the {video} can be followed through {needed}"


def _begin(rule: Rule, read: Callable[[TrackScore], float]) -> Callable[[ClipFacts, Resources], SyncAccumulator]:
    def begin(facts: ClipFacts, resources: Resources) -> SyncAccumulator:
        if facts.audio is None:
            raise Skip(facts.without_sound)
        key = f"sync {rule.name} of {facts.row}"
        scorer: SyncScorer | None = facts.shared.get(key)
        if scorer is None or scorer.used:
            sound = _sound(facts, resources, lossy=rule.lossy)
            scorer = SyncScorer(
                _crop_plan(rule, facts, resources),
                sound,
                own=rule.tracked == "prediction",
                min_face=rule.min_face,
                min_detections=rule.min_detections,
                known_sound=facts.sound_of is None,
                lossy=rule.lossy,
            )
            facts.shared[key] = scorer
        return SyncAccumulator(scorer, rule, facts.fps, facts.shared[_key("voiced", facts)], read)

    return begin


def _crop_plan(rule: Rule, facts: ClipFacts, resources: Resources) -> CropPlan:
    """The plan of crops: the clip's, for all rows, unless each row is tracked by itself."""
    if rule.tracked == "prediction":
        return TrackPlan(detector.load(rule.detector, resources), facts.fps)
    key = f"crops {rule.tracked} {rule.detector}"
    plan: CropPlan | None = facts.shared.get(key)
    if plan is None or plan.count:
        whole = rule.tracked == "whole"
        plan = WholePlan(facts.fps) if whole else TrackPlan(detector.load(rule.detector, resources), facts.fps)
        facts.shared[key] = plan
    return plan


def _sound(facts: ClipFacts, resources: Resources, *, lossy: bool) -> SoundEmbeddings:
    """The sound, heard once for all rows that are judged by it."""
    key, voiced = _key("sound through MP3" if lossy else "sound", facts), _key("voiced", facts)
    if key not in facts.shared:
        assert facts.audio is not None
        if facts.audio.cancelled:
            raise Skip(CANCELLED)
        if is_silent(facts.audio):
            raise Skip("the sound is silent")
        network = _network(resources)
        if voiced not in facts.shared:
            facts.shared[voiced] = voiced_share(mfcc.at_16_khz(facts.audio.samples, facts.audio.rate))
        heard = through_mp3(facts.own_sound() or facts.audio) if lossy else facts.audio
        facts.shared[key] = SoundEmbeddings(mfcc.at_16_khz(heard.samples, heard.rate), network)
    return cast(SoundEmbeddings, facts.shared[key])


def _key(what: str, facts: ClipFacts) -> str:
    return what if facts.sound_of is None else f"{what} of {facts.sound_of}"


def _network(resources: Resources) -> FastSyncNet:
    if "syncnet" not in resources.networks:
        state = weights.resolve("syncnet", resources)
        digest = weights.weights_digest("syncnet", resources)
        loaded = network.load(state)
        weights.pin("syncnet", resources)
        resources.networks["syncnet"] = FastSyncNet(loaded, resources.device, weights_digest=digest)
    return cast(FastSyncNet, resources.networks["syncnet"])


_SOURCE = "Chung and Zisserman, ACCV-W 2016 (SyncNet); LSE: Prajwal et al., ACM MM 2020 (Wav2Lip)"
_INPUT = "SyncNet v2 at 25 fps by time, 16 kHz int16 sound, shifts of -15 to 15 frames, zeros beyond the ends"
_CROPS = {
    TRACK: "mouths cut along the reference's longest face track",
    TRACK_OWN: "mouths cut along the prediction's own longest face track",
    WHOLE: "whole frames at 224 x 224",
    PUBLIC: (
        "the public pipeline's files in memory (MP3 at the sound's own rate, late by 1105 samples; MPEG-4 and JPEG "
        "frames and crops), mouths cut along the prediction's own longest track of a face that is found in more than "
        "100 frames and larger than 100 px, no scene cuts"
    ),
}


def _metrics(rule: Rule, suffix: str, note: str) -> tuple[Metric, Metric, Metric]:
    """LSE-C, LSE-D and the offset under one rule."""
    faces = f" (faces by {rule.detector}, IoU 0.5, gaps to 25, median 13)" if rule.tracked != "whole" else ""
    input_ = f"{_INPUT}; {_CROPS[rule]}{faces}, at least {MIN_WINDOWS} windows"

    def metric(
        id_: str,
        label: str,
        what: str,
        read: Callable[[TrackScore], float],
        *,
        direction: Literal["higher", "lower", "none"],
        unit: str,
        bounds: tuple[float, float],
        digits: int,
    ) -> Metric:
        return Metric(
            id=id_ + suffix,
            label=label + note,
            version=2 if rule.lossy else 1,
            direction=direction,
            unit=unit,
            definition=f"{what}; {input_}",
            source=_SOURCE,
            begin=_begin(rule, read),
            bounds=bounds,
            ideal=0.0 if id_ == "lse_d" else None,
            needs=frozenset({"audio"}),
            weights=("syncnet",) if rule.tracked == "whole" else ("syncnet", rule.detector),
            per_frame=False,
            digits=digits,
        )

    infinity = float("inf")
    return (
        metric(
            "lse_c",
            "LSE-C",
            "median minus minimum over shifts of the mean distance",
            lambda track: track.score.confidence,
            direction="higher",
            unit="",
            bounds=(0.0, infinity),
            digits=3,
        ),
        metric(
            "lse_d",
            "LSE-D",
            "minimum over shifts of the mean distance",
            lambda track: track.score.distance,
            direction="lower",
            unit="",
            bounds=(0.0, infinity),
            digits=3,
        ),
        metric(
            "av_offset",
            "AV offset",
            "shift of the smallest mean distance, positive where the sound leads",
            lambda track: float(track.score.offset),
            direction="none",
            unit="frames",
            bounds=(-15.0, 15.0),
            digits=1,
        ),
    )


LSE_C, LSE_D, AV_OFFSET = _metrics(TRACK, "", "")
LSE_C_OWN, LSE_D_OWN, AV_OFFSET_OWN = _metrics(TRACK_OWN, "_track_own", " (own track)")
LSE_C_PUBLIC, LSE_D_PUBLIC, AV_OFFSET_PUBLIC = _metrics(PUBLIC, "_public", " (public pipeline)")
LSE_C_WHOLE, LSE_D_WHOLE, AV_OFFSET_WHOLE = _metrics(WHOLE, "_whole", " (whole frame)")
