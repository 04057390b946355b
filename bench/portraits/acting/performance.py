"""What a person does during a clip: turning, blinking, looking, speaking, all drawn from one seed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.portraits.acting import visemes
from bench.portraits.acting.expression import SHAPES, Expression
from bench.portraits.acting.speech import Segment
from bench.portraits.drawing.render import HeadPose

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Direction:
    """How lively a performance is. Angles in degrees; `lean` is the pose it sways about (yaw, pitch, roll)."""

    lean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw: float = 9.0
    pitch: float = 5.0
    roll: float = 3.5
    smile: float = 0.15
    listens: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """`poses`, `expressions` and `bodies` of T frames; `segments` the phonemes on the pictures' time line."""

    fps: float
    poses: tuple[HeadPose, ...]
    expressions: tuple[Expression, ...]
    bodies: tuple[tuple[float, float], ...]
    segments: tuple[Segment, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.poses)


def frame_times(count: int, fps: float) -> Array:
    """The middle of each frame's time on screen, seconds: the moment that its picture shows."""
    return np.asarray((np.arange(count) + 0.5) / fps, dtype=np.float64)


def perform(
    seed: int, count: int, segments: tuple[Segment, ...] = (), *, direction: Direction | None = None, fps: float = 25.0
) -> Performance:
    """A performance of `count` frames."""
    direction = direction or Direction()
    rng = np.random.default_rng([seed, 71])
    times = frame_times(count, fps)
    sway = [_wander(rng, times, rate) for rate in (0.45, 0.55, 0.40, 0.35, 0.40, 0.30)]
    mouth = visemes.mouth(segments, times)
    sealed = visemes.seal(segments, times)
    stress = _stress(segments, times)
    yaw = direction.lean[0] + direction.yaw * sway[0]
    pitch = direction.lean[1] + direction.pitch * sway[1] + 2.2 * stress
    roll = direction.lean[2] + direction.roll * sway[2]
    shift = np.stack([0.05 * sway[3] - 0.0035 * (yaw - direction.lean[0]), 0.03 * sway[4] + 0.03, 0.12 * sway[5]], 1)
    blink = _blinks(rng, times)
    look_yaw, look_pitch = _gaze(rng, times, yaw, pitch)
    brows = np.clip(0.15 + 0.30 * _wander(rng, times, 0.5) + 0.55 * stress, 0, 1)
    smile = np.clip(direction.smile * (1 + 0.7 * _wander(rng, times, 0.4)), 0, 1)
    if direction.listens:
        smile = np.clip(smile + 0.55 * np.exp(-(((times - times[-1] * 0.6) / 0.5) ** 2)), 0, 1)
    tracks = {name: mouth[:, column] for column, name in enumerate(visemes.TRACKS)}
    tracks["smile"], tracks["brow_up"] = smile, brows
    tracks["squint"] = np.clip(0.2 + smile * 0.6, 0, 1)
    tracks["furrow"] = np.clip(0.35 * _wander(rng, times, 0.3), 0, 0.5)
    expressions = tuple(
        Expression(
            jaw=float(tracks["jaw"][n]),
            seal=float(sealed[n]),
            blink=float(blink[n]),
            gaze_yaw=float(look_yaw[n]),
            gaze_pitch=float(look_pitch[n]),
            tongue=float(tracks["tongue"][n]),
            shapes=tuple(float(tracks[name][n]) for name in SHAPES),
        )
        for n in range(count)
    )
    poses = tuple(
        HeadPose(
            float(yaw[n]), float(pitch[n]), float(roll[n]), (float(shift[n, 0]), float(shift[n, 1]), float(shift[n, 2]))
        )
        for n in range(count)
    )
    bodies = tuple((float(0.55 * shift[n, 0]), float(0.45 * shift[n, 1])) for n in range(count))
    return Performance(fps, poses, expressions, bodies, segments)


def _wander(rng: np.random.Generator, times: Array, rate: float) -> Array:
    """A smooth aimless track of deviation about 0.7; `rate` in hertz is that of its slowest part."""
    total = np.zeros(len(times))
    for octave, weight in enumerate((0.75, 0.45, 0.22)):
        total += weight * np.sin(2 * np.pi * (rate * 1.9**octave * times + rng.uniform()))
    return total


def _stress(segments: tuple[Segment, ...], times: Array) -> Array:
    """Small nods on stressed vowels, which espeak-ng marks with an apostrophe."""
    total = np.zeros(len(times))
    for segment in segments:
        if segment.name.startswith("'"):
            middle = 0.5 * (segment.start + segment.end)
            total += 0.8 * np.exp(-(((times - middle) / 0.11) ** 2))
    return np.clip(total, 0, 1)


def _blinks(rng: np.random.Generator, times: Array) -> Array:
    """Lids fall in 0.09 s, stay shut for 0.05 s and rise in 0.18 s, every second or two."""
    blink = np.zeros(len(times))
    at = rng.uniform(0.35, 1.1)
    while at < times[-1]:
        since = times - at
        shape = np.where(since < 0.09, since / 0.09, np.where(since < 0.14, 1.0, 1 - (since - 0.14) / 0.18))
        blink = np.maximum(blink, np.clip(shape, 0, 1) * (since > 0))
        at += rng.uniform(0.9, 2.2)
    return blink


def _gaze(rng: np.random.Generator, times: Array, yaw: Array, pitch: Array) -> tuple[Array, Array]:
    """Eyes that stay on the camera while the head turns, and leave it now and then."""
    side, height = np.zeros(len(times)), np.zeros(len(times))
    at = rng.uniform(0.5, 1.2)
    while at < times[-1]:
        hold = rng.uniform(0.3, 0.8)
        during = (times >= at) & (times < at + hold)
        side[during], height[during] = rng.uniform(-9, 9), rng.uniform(-4, 5)
        at += hold + rng.uniform(0.5, 1.4)
    return np.clip(side - 0.9 * yaw, -26, 26), np.clip(height - 0.9 * pitch, -14, 16)
