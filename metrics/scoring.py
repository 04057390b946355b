"""Scoring of arrays, without a runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.audio import Audio
from bench.errors import BenchError
from bench.frames import Frames
from bench.outcome import Outcome
from bench.rows import ORIGINAL
from bench.weights.resources import Resources
from metrics import registry
from metrics.metric import ClipFacts
from metrics.scorer.clip_scorer import ClipScorer

Pixels = Tensor | NDArray[np.uint8]


def score(
    names: Sequence[str],
    pred: Pixels,
    ref: Pixels | None = None,
    *,
    audio: tuple[NDArray[np.int16], int] | None = None,
    fps: float = 25.0,
    source: Pixels | None = None,
    device: str = "cpu",
    batch: int = 16,
    weights: Mapping[str, Path | dict[str, Tensor]] | None = None,
) -> dict[str, Outcome]:
    """Score one video against its reference.

    Args:
        names: metric ids (`metrics.registry.TABLE` lists them).
        pred: (T, 3, H, W) uint8 RGB, the video to score.
        ref: the same shape; without it, metrics that need a reference are skipped.
        audio: int16 mono samples and their rate in Hz, heard from the time of frame 0.
        fps: frame rate of both videos.
        source: (3, H, W) uint8, the frame that the model was given; default: frame 0 of `ref`.
        device: where networks and filters run.
        batch: frames at a time; changes memory and speed, not values.
        weights: files or state dicts for registered weights, by name.

    Returns:
        An `Outcome` for every name: value, skipped(reason) or failed(reason).

    Raises:
        BenchError: a name is unknown, or arrays are not what is described here.

    Example:
        >>> import metrics, numpy
        >>> ref = numpy.full((2, 3, 64, 64), 100, numpy.uint8)  # two grey frames
        >>> scores = metrics.score(["l1", "psnr", "lse_c"], ref + 8, ref)
        >>> round(scores["l1"].value * 255), round(scores["psnr"].value, 2), scores["psnr"].n
        (8, 30.07, 2)
        >>> scores["psnr"].per_frame.shape
        (2,)
        >>> scores["lse_c"].status, scores["lse_c"].reason
        ('skipped', 'the clip has no sound')
    """
    chosen = [registry.get(name) for name in names]
    pred = _checked(pred, "pred")
    ref_given = ref is not None
    ref = _checked(ref, "ref") if ref is not None else pred
    if pred.shape != ref.shape:
        raise BenchError(f"pred is {tuple(pred.shape)} and ref is {tuple(ref.shape)}: they must have one shape")
    if not fps > 0:
        raise BenchError(f"fps is {fps}: give the frame rate of the videos")
    first = torch.as_tensor(source) if source is not None else ref[0]
    target = torch.device(device)
    facts = ClipFacts(
        id="pred", fps=fps, audio=_sound(audio), source=first if ref_given or source is not None else None
    )
    scorer = ClipScorer(
        [metric for metric in chosen if ref_given or not metric.needs & {"reference", "driving"}],
        {ORIGINAL: facts},
        Resources(device=target, weights=dict(weights or {})),
    )
    for start in range(0, len(pred), batch):
        part = slice(start, start + batch)
        reference = Frames.of(ref[part].to(target), fps=fps, start=start)
        prediction = Frames.of(pred[part].to(target), fps=fps, start=start) if ref_given else reference
        scorer.update(reference, {ORIGINAL: prediction})
    results = scorer.results()[ORIGINAL]
    return {name: results.get(name, Outcome.skipped(f"{name} needs a reference")) for name in names}


def _checked(pixels: Pixels, name: str) -> Tensor:
    tensor = torch.as_tensor(pixels)
    if tensor.dtype != torch.uint8:
        raise BenchError(
            f"{name} is {tensor.dtype}, not uint8: metrics score 8-bit frames, "
            "so round yours with bench.pixels.unit_float_to_uint8"
        )
    if tensor.ndim != 4 or tensor.shape[1] != 3 or 0 in tensor.shape:
        raise BenchError(f"{name} has the shape {tuple(tensor.shape)}: it must be (T, 3, H, W) and not empty")
    return tensor


def _sound(audio: tuple[NDArray[np.int16], int] | None) -> Audio | None:
    if audio is None:
        return None
    samples, rate = audio
    samples = np.asarray(samples)
    if samples.dtype != np.int16 or samples.ndim != 1 or rate <= 0:
        raise BenchError(
            f"audio is {samples.ndim}-dimensional {samples.dtype} at {rate} Hz: it must be one-dimensional int16 "
            "samples and their rate (float samples shift the speech features silently)"
        )
    return Audio(samples, rate)
