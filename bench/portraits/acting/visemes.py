"""From phonemes to the mouth: targets that blend into each other, and lips that shut on p, b and m.

The blending follows the dominance functions of Cohen and Massaro ("Modeling coarticulation in synthetic visual speech",
1993): every phoneme pulls towards its own shape with a strength that falls off exponentially with the time from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.portraits.acting.expression import SHAPES
from bench.portraits.acting.speech import Segment

Array = NDArray[np.float64]
TRACKS = ("jaw", "tongue", *SHAPES)
"""Columns of a mouth track; the jaw in degrees, the rest in [0, 1]."""
ANTICIPATION = 0.02
"""Seconds by which shapes run ahead of the sound, as speakers' do; closures do not."""
BILABIALS = frozenset("pbm")

_Target = tuple[float, float, dict[str, float]]  # dominance, reach in seconds, shape


def _vowel(jaw: float, **shapes: float) -> _Target:
    return 1.0, 0.085, {"jaw": jaw, "lower_down": 0.25, "upper_up": 0.18, **shapes}


_REST: _Target = (0.9, 0.10, {})
_TARGETS: dict[str, _Target] = {
    "A": _vowel(9.5, wide=0.1),
    "a": _vowel(8.5, wide=0.35),
    "E": _vowel(6.0, wide=0.45),
    "e": _vowel(5.0, wide=0.6),
    "I": _vowel(4.0, wide=0.45),
    "i": _vowel(3.0, wide=0.85),
    "V": _vowel(6.5),
    "@": _vowel(4.2),
    "3": _vowel(4.5, round=0.4),
    "0": _vowel(8.0, round=0.30),
    "O": _vowel(7.0, round=0.60),
    "o": _vowel(5.0, round=0.80),
    "U": _vowel(3.5, round=0.70),
    "u": _vowel(2.8, round=1.0),
    "p": (1.6, 0.045, {"jaw": 1.2, "press": 0.7}),
    "b": (1.6, 0.045, {"jaw": 1.2, "press": 0.6}),
    "m": (1.6, 0.055, {"jaw": 1.2, "press": 0.5}),
    "f": (1.5, 0.055, {"jaw": 1.4, "tuck": 1.0, "upper_up": 0.30}),
    "v": (1.5, 0.055, {"jaw": 1.6, "tuck": 0.9, "upper_up": 0.30}),
    "T": (0.9, 0.055, {"jaw": 3.0, "tongue": 0.8, "lower_down": 0.2}),
    "D": (0.8, 0.05, {"jaw": 3.0, "tongue": 0.8, "lower_down": 0.2}),
    "t": (0.7, 0.045, {"jaw": 2.2, "tongue": 0.9, "lower_down": 0.3}),
    "d": (0.7, 0.045, {"jaw": 2.4, "tongue": 0.9, "lower_down": 0.3}),
    "n": (0.7, 0.05, {"jaw": 2.4, "tongue": 0.9, "lower_down": 0.25}),
    "l": (0.7, 0.055, {"jaw": 3.6, "tongue": 1.0, "lower_down": 0.2}),
    "s": (1.2, 0.055, {"jaw": 1.2, "wide": 0.55, "upper_up": 0.35, "lower_down": 0.50}),
    "z": (1.2, 0.055, {"jaw": 1.3, "wide": 0.5, "upper_up": 0.35, "lower_down": 0.50}),
    "S": (1.3, 0.06, {"jaw": 1.8, "round": 0.75, "upper_up": 0.4, "lower_down": 0.4}),
    "Z": (1.3, 0.06, {"jaw": 1.8, "round": 0.75, "upper_up": 0.4, "lower_down": 0.4}),
    "k": (0.5, 0.05, {"jaw": 3.6, "lower_down": 0.2}),
    "g": (0.5, 0.05, {"jaw": 3.6, "lower_down": 0.2}),
    "N": (0.6, 0.055, {"jaw": 3.4, "lower_down": 0.2}),
    "h": (0.3, 0.05, {"jaw": 4.5}),
    "r": (0.9, 0.06, {"jaw": 2.6, "round": 0.55}),
    "w": (1.4, 0.06, {"jaw": 1.8, "round": 1.0}),
    "j": (0.8, 0.05, {"jaw": 2.4, "wide": 0.5}),
}
_DIPHTHONGS = {
    "aI": "aI",
    "eI": "eI",
    "OI": "OI",
    "aU": "aU",
    "oU": "oU",
    "A@": "Ar",
    "O@": "Or",
    "e@": "Er",
    "i@": "Ir",
    "tS": "tS",
    "dZ": "dZ",
}


def plain(name: str) -> str:
    """An espeak-ng mnemonic without stress and length marks: `'O:` becomes `O`, `a#` becomes `a`."""
    return re.sub(r"[^A-Za-z@03]", "", name)


def parts(segment: Segment) -> list[tuple[float, float, str]]:
    """A phoneme as (start, end, symbol of the target table); diphthongs and affricates have two parts."""
    name = plain(segment.name)
    if not name:
        return [(segment.start, segment.end, "")]
    for long, two in _DIPHTHONGS.items():
        if name.startswith(long):
            middle = 0.5 * (segment.start + segment.end)
            return [(segment.start, middle, two[0]), (middle, segment.end, two[1])]
    for size in (2, 1):
        if name[:size] in _TARGETS:
            return [(segment.start, segment.end, name[:size])]
    return [(segment.start, segment.end, "@")]


def mouth(segments: Sequence[Segment], times: Array) -> Array:
    """(T, 13) mouth tracks in the order of `TRACKS` at `times` (T,) seconds."""
    pieces = [piece for segment in segments for piece in parts(segment)]
    pieces = (
        [(-9.0, pieces[0][0], ""), *pieces, (pieces[-1][1], pieces[-1][1] + 9.0, "")] if pieces else [(-9.0, 99.0, "")]
    )
    times = times + ANTICIPATION
    weights = np.zeros(len(times))
    total = np.zeros((len(times), len(TRACKS)))
    for start, end, symbol in pieces:
        strength, reach, shape = _TARGETS.get(symbol, _REST)
        outside = np.maximum(0, np.maximum(start - times, times - end))
        within = np.minimum(np.abs(times - 0.5 * (start + end)), 0.5 * (end - start)) / (0.5 * (end - start) + 1e-6)
        dominance = strength * np.exp(-outside / (0.45 * reach)) * (1 - 0.35 * within)
        weights += dominance
        total += dominance[:, None] * np.array([shape.get(name, 0.0) for name in TRACKS])
    return np.asarray(total / weights[:, None])


def seal(segments: Sequence[Segment], times: Array) -> Array:
    """(T,) how far the lips are held together: 1 through p, b and m, at one frame at least, however short they are."""
    held = np.zeros(len(times))
    if not len(times):
        return held
    for segment in segments:
        if plain(segment.name)[:1] not in BILABIALS:
            continue
        away = np.maximum(0, np.maximum(segment.start - times, times - segment.end))
        held = np.maximum(held, np.clip(1 - away / 0.045, 0, 1) ** 1.5)
        held[np.abs(times - 0.5 * (segment.start + segment.end)).argmin()] = 1.0
    return held
