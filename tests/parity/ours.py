"""Our side of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.audio import Audio
from bench.compute.scored_frames import ScoredFrames
from bench.frames import Frames
from bench.rows import ORIGINAL
from bench.weights.resources import Resources
from metrics import registry
from metrics.distribution.inception import features
from metrics.kid import kernel_distance
from metrics.metric import ClipFacts
from metrics.scorer.clip_scorer import ClipScorer
from syncnet import lse_score, mfcc, network
from syncnet.fast_network import FastSyncNet
from tests.metrics import recipe
from tests.parity.comparison import Comparison, Values
from tests.syncnet import recipe as syncnet_recipe

RESOURCES = Resources(weights={**recipe.weights(), "syncnet": syncnet_recipe.weights()}, download=False)


def values(table: Iterable[Comparison], sets: Mapping[str, Tensor]) -> dict[tuple[str, str], Values]:
    """Our values of one clip's sets (T, 3, H, W) uint8, by metric and set: one a frame, or one."""
    whole = {name: ScoredFrames.of(pixels) for name, pixels in sets.items()}
    found: dict[tuple[str, str], Values] = {}
    for compared in table:
        for name in compared.sets:
            if (compared.metric, name) not in found:
                pred, ref = (whole[side].head(compared.frames or len(whole[side])) for side in (name, "ref"))
                found[compared.metric, name] = _score(compared.metric, pred, ref)
    return found


def _score(metric: str, pred: ScoredFrames, ref: ScoredFrames) -> Values:
    if metric == "features":
        return features(pred, RESOURCES).numpy().astype(np.float64).flatten()
    if metric == "kid in halves":
        sides = (features(side, RESOURCES).numpy() for side in (pred, ref))
        return np.array([kernel_distance(*sides, size=len(ref) // 2)[0]])
    work = registry.get(metric).begin(ClipFacts("parity"), RESOURCES)
    work.update(pred, ref)
    outcome = work.result()
    assert outcome.status == "value", f"{metric}: {outcome.reason}"
    return np.array([outcome.value]) if outcome.per_frame is None else outcome.per_frame


def sync(crops: Tensor, samples: NDArray[np.int16]) -> dict[tuple[str, str], Values]:
    """Our SyncNet numbers of crops (T, 3, 224, 224) uint8 RGB, and what they were made of.

    The embeddings are those of every tenth window, as the peer's are.
    """
    names = ("lse_c_whole", "lse_d_whole", "av_offset_whole")
    facts = ClipFacts("parity", audio=Audio(samples, mfcc.RATE))
    scorer = ClipScorer([registry.get(name) for name in names], {ORIGINAL: facts}, RESOURCES)
    frames = Frames.of(crops)
    scorer.update(frames, {ORIGINAL: frames})
    outcomes = scorer.results()[ORIGINAL]
    count = lse_score.window_count(len(crops), len(samples))
    columns = mfcc.mfcc(samples)
    lip = _syncnet().lip(crops.flip(1))[:count]
    audio = _syncnet().audio(torch.from_numpy(mfcc.windows(columns, 0, count)))
    distances = lse_score.distances(lip, lse_score.padded(audio))
    parts = {"mfcc": columns, "lip": lip[::10], "audio": audio[::10], "distances": distances}
    found = {name: np.array([outcomes[name].value], dtype=np.float64) for name in names}
    found |= {name: np.asarray(part, dtype=np.float64).flatten() for name, part in parts.items()}
    return {(name, "sync"): value for name, value in found.items()}


@cache
def _syncnet() -> FastSyncNet:
    return FastSyncNet(network.load(syncnet_recipe.weights()), torch.device("cpu"))
