"""Golden SyncNet material: crops, sound and embeddings of one real clip (not part of the repository)."""

import wave
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from syncnet import mfcc
from tests.material import GOLDEN

LSE = GOLDEN / "metrics" / "lse"


class Embeddings(NamedTuple):
    """What the public network makes of the clip with the recipe's weights."""

    lip: torch.Tensor
    audio: torch.Tensor
    distances: np.ndarray
    mean_distances: np.ndarray


def embeddings() -> Embeddings:
    with np.load(LSE / "wda_a.golden.npz") as file:
        lip, audio = (torch.from_numpy(file[name]) for name in "VA")
        return Embeddings(lip, audio, file["dists"], file["mdist"])


def crops(name: str = "wda_a.crops.png") -> torch.Tensor:
    """(T, 3, 224, 224) uint8 in the channel order that the network takes (BGR)."""
    strip = np.asarray(Image.open(LSE / name)).reshape(-1, 224, 224, 3)
    return torch.from_numpy(strip[..., ::-1].copy()).permute(0, 3, 1, 2).contiguous()


def samples() -> np.ndarray:
    with wave.open(str(LSE / "wda_a.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def sound(first: int, last: int) -> torch.Tensor:
    return torch.from_numpy(mfcc.windows(mfcc.mfcc(samples()), first, last))
