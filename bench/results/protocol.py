"""The protocol: every choice that changes a number, as one typed, versioned, hashed object."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Literal

from bench.record import Record
from bench.results.aggregation import OVER_CLIPS

_ADDED = {"fit": "stretch", "hdr": "tone-map", "deinterlace": "off", "panel": 0, "sound": "clip"}
"""Fields that came after the first results and baselines, with what was done before they came. While a field has that
value it is left out of every hash, so that what was stored then still matches; a new field is added here, too."""


class MetricDefinition(Record):
    """What makes two values of a metric the same quantity."""

    id: str
    version: int
    definition: str
    weights: dict[str, str] = {}
    """Registered weights by name → sha256 of the file that was used."""


class Protocol(Record):
    """How numbers were made. Two numbers stand in one table only when their protocols agree, or the table says so."""

    version: Literal[1] = 1
    preset: str = "default"
    suite: str
    suite_version: int
    clip_set: str
    """sha256 over the ids and selections of the clips that were scored, and over the contents of their files."""
    source: Literal["own", "given"] = "own"
    """Whether a clip animates a frame of its own or somebody else's picture (cross-identity)."""
    source_frame: int = 0
    scored_frames: Literal["all"] = "all"
    stride: int = 1
    height: int = 256
    width: int = 256
    resize_kernel: str = "skimage-antialias-linear"
    crop: str = "none"
    """`none`, `listed` boxes of the suite, or the face rule and the detector that the data was prepared with."""
    prepared: str = "as found"
    """What `benchmark.py prepare` made of the raw videos before the run read them."""
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    """How pictures of another shape than height x width became frames (bench/media/picture_rules.py)."""
    hdr: Literal["tone-map", "stored"] = "tone-map"
    """What became of HDR and BT.2020 videos, where there were any."""
    deinterlace: Literal["off", "bwdif"] = "off"
    """What became of interlaced videos."""
    region: Literal["whole"] = "whole"
    frame_rate: str = "native"
    """`native`, or the rate to which the data was resampled by time."""
    keypoint_motion: str = "absolute"
    """How a model that moves keypoints uses the driving ones: as they are, or relative to the first driving frame."""
    adapt_scale: bool = False
    best_frame: str = "first"
    """Which driving frame relative motion starts from."""
    carrier: str = "uint8"
    """What is scored: the model's frames rounded to 8 bit, or the codec of the files that were read."""
    alignment: str = "strict"
    """How finished predictions are matched to the reference's frames."""
    panel: int = 0
    """Which picture of finished predictions was scored, from 1, where several lie beside each other in a frame."""
    sound: Literal["clip", "prediction"] = "clip"
    """Whether finished predictions are judged by the clip's sound (`audio_source`) or by that of their own file."""
    audio_rate: int = 16000
    audio_channels: str = (
        "mono: mean of stereo; of more, front 1, centre √2, back and side 1/√2, LFE 0, scaled to sum 1"
    )
    audio_source: str = "the clip's own track, int16"
    angle_convention: str = "degrees; yaw, pitch, roll; R = Rx(pitch) Ry(yaw) Rz(roll) on column vectors"
    arithmetic: str = "metrics in float32 without autocast, reductions in float64"
    aggregation: str = OVER_CLIPS
    seed: int = 0
    metrics: tuple[MetricDefinition, ...] = ()

    @property
    def hash(self) -> str:
        """sha256 of the whole protocol, as 64 hexadecimal digits."""
        return _digest(_without_defaults(self.model_dump(mode="json")))

    def row_hash(self, metric: str) -> str:
        """First 12 digits of a hash over what decides one row: everything but the clip set and the other metrics.

        Rows of one clip, setting and metric from two runs are comparable exactly when their row hashes are equal,
        and so are the clip's digest and what of it was tone-mapped in `run.json`.
        """
        fields = self.model_dump(mode="json", exclude={"clip_set", "metrics", "preset"})
        fields["metric"] = [m.model_dump(mode="json") for m in self.metrics if m.id == metric]
        return _digest(_without_defaults(fields))[:12]

    def carried_in(self, carrier: str) -> Protocol:
        """The protocol with what predictions travelled in, which only reading them tells; empty for none from files."""
        return self.model_copy(update={"carrier": carrier or "uint8"})

    def differences(self, other: Protocol) -> dict[str, tuple[str, str]]:
        """Field → (this protocol's value, the other's) wherever the two differ.

        Of the metrics, only those are compared that both have; a metric's field is called `metric.ID`.
        """
        mine, theirs = self.model_dump(exclude={"metrics"}), other.model_dump(exclude={"metrics"})
        found = {key: (str(mine[key]), str(theirs[key])) for key in mine if mine[key] != theirs[key]}
        others = {metric.id: metric for metric in other.metrics}
        for metric in self.metrics:
            twin = others.get(metric.id)
            if twin is not None and twin != metric:
                found[f"metric.{metric.id}"] = (_identity(metric), _identity(twin))
        return found


def joined(carriers: Iterable[str]) -> str:
    """What several clips or settings travelled in, as one carrier; empty ones say nothing."""
    return ", ".join(sorted({part for carrier in carriers for part in carrier.split(", ") if part}))


def _identity(metric: MetricDefinition) -> str:
    weights = ", ".join(f"{name} {digest[:8]}" for name, digest in metric.weights.items())
    return f"version {metric.version}: {metric.definition}" + (f" [{weights}]" if weights else "")


def _without_defaults(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in _ADDED or value != _ADDED[name]}


def _digest(fields: object) -> str:
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
