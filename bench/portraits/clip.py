"""A performance rendered: pictures, sound and truth together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.portraits.acting.performance import Performance, frame_times
from bench.portraits.drawing.render import Frame, HeadPose, Portrait
from bench.portraits.truth import Truth

MILLIMETRES = 100.0
"""Millimetres in a model unit."""


@dataclass(frozen=True, slots=True, eq=False)
class RenderedClip:
    """`pixels` (T, H, W, 3) uint8; `samples` (N,) int16 mono at `rate` Hz, as long as the pictures; `truth`."""

    pixels: NDArray[np.uint8]
    samples: NDArray[np.int16]
    rate: int
    truth: Truth


def frames(
    portrait: Portrait, performance: Performance, view: tuple[float, float, float] | None = None
) -> Iterator[tuple[HeadPose, Frame]]:
    """Render one by one. `view` replaces yaw, pitch and roll; translation and expression stay the performance's."""
    for n in range(len(performance)):
        pose = performance.poses[n]
        if view is not None:
            pose = HeadPose(*view, translation=pose.translation)
        yield pose, portrait.frame(pose, performance.expressions[n], grain=n, body=performance.bodies[n])


def truth_of(
    performance: Performance, rendered: list[tuple[HeadPose, Frame]], *, audio_shift: int = 0, voiced: bool = True
) -> Truth:
    """Collect the truth of rendered frames. Pixel positions are rounded to 1/64 pixel, angles and lengths to 1/1024."""
    poses = [pose for pose, _ in rendered]
    shown = [frame for _, frame in rendered]
    times = frame_times(len(rendered), performance.fps)

    def fixed(values: object, step: int) -> NDArray[np.float32]:
        return np.asarray(np.round(np.asarray(values, dtype=np.float64) * step) / step, dtype=np.float32)

    names = [""] * len(times)
    for segment in performance.segments:
        for n in np.flatnonzero((times >= segment.start) & (times < segment.end)):
            names[n] = segment.name
    return Truth(
        fps=performance.fps,
        audio_shift=audio_shift,
        voiced=voiced,
        yaw=fixed([pose.yaw for pose in poses], 1024),
        pitch=fixed([pose.pitch for pose in poses], 1024),
        roll=fixed([pose.roll for pose in poses], 1024),
        translation=fixed([[MILLIMETRES * v for v in pose.translation] for pose in poses], 1024),
        mouth=fixed([frame.mouth for frame in shown], 1024),
        blink=fixed([expression.blink for expression in performance.expressions], 1024),
        gaze=fixed([[e.gaze_yaw, e.gaze_pitch] for e in performance.expressions], 1024),
        phoneme=np.array(names, dtype="<U8"),
        landmarks=fixed([frame.landmarks for frame in shown], 64),
        visible=np.array([frame.visible for frame in shown]),
        pupils=fixed([frame.pupils for frame in shown], 64),
        box=fixed([frame.box for frame in shown], 64),
        segment_start=fixed([segment.start for segment in performance.segments], 1024),
        segment_end=fixed([segment.end for segment in performance.segments], 1024),
        segment_phoneme=np.array([segment.name for segment in performance.segments], dtype="<U8"),
    )


def shifted(
    samples: NDArray[np.int16], rate: int, count: int, fps: float, *, shift: int = 0, voiced: bool = True
) -> NDArray[np.int16]:
    """Sound exactly as long as `count` frames, `shift` frames later than it was; zeros where there is none."""
    result = np.zeros(round(count * rate / fps), dtype=np.int16)
    if not voiced:
        return result
    begin = round(shift * rate / fps)
    source = samples[max(0, -begin) :]
    target = result[max(0, begin) :]
    length = min(len(source), len(target))
    target[:length] = source[:length]
    return result


def render(
    portrait: Portrait,
    performance: Performance,
    samples: NDArray[np.int16],
    rate: int,
    *,
    view: tuple[float, float, float] | None = None,
    audio_shift: int = 0,
    voiced: bool = True,
) -> RenderedClip:
    """A whole clip in memory; for arguments see `frames` and `shifted`."""
    rendered = list(frames(portrait, performance, view))
    truth = truth_of(performance, rendered, audio_shift=audio_shift, voiced=voiced)
    sound = shifted(samples, rate, len(rendered), performance.fps, shift=audio_shift, voiced=voiced)
    return RenderedClip(np.stack([frame.pixels for _, frame in rendered]), sound, rate, truth)
