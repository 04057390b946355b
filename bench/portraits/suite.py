"""Builds the suite `demo` into a folder, and checks a shipped one against a fresh build."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from bench.errors import BenchError
from bench.files.atomic_write import write_text
from bench.files.toml import to_toml
from bench.portraits import cast, clip, media
from bench.portraits.acting import speech
from bench.portraits.acting.performance import perform
from bench.portraits.cast import TAKES, Take
from bench.portraits.drawing.render import Portrait
from bench.portraits.truth import Truth

SUITES = Path(__file__).resolve().parent.parent / "suites"
WORKERS = 2
LEAD = 0.20
"""Seconds of silence before the first phoneme and after the last."""
PIXEL_TOLERANCE = 1.0
"""How far decoded frames of two builds may differ on average, in 8-bit levels: encoders differ between releases."""
TRUTH_TOLERANCE = 0.02


def voice(take: Take) -> speech.Speech:
    """The take's sound with its silences; a silent take has zeros and no phonemes."""
    if not take.voiced:
        count = take.frames
        return speech.Speech(np.zeros(round(count * 22050 / cast.FPS), dtype=np.int16), 22050, ())
    person = take.person
    said = speech.speak(take.text, voice=person.voice, pitch=person.voice_pitch, speed=person.voice_speed)
    pad = np.zeros(round(LEAD * said.rate), dtype=np.int16)
    segments = tuple(speech.Segment(s.start + LEAD, s.end + LEAD, s.name) for s in said.segments)
    return speech.Speech(np.concatenate([pad, said.samples, pad]), said.rate, segments)


def frame_count(take: Take, said: speech.Speech) -> int:
    """Frames that hold all of the sound, shifted as the take wants it."""
    return take.frames or int(np.ceil(len(said.samples) / said.rate * cast.FPS)) + max(0, take.shift)


def build(out: Path, report: Callable[[str], None] = lambda line: None) -> None:
    """Write `demo.toml` and the folder `demo` with media and truth into `out`."""
    folder = out / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        for line in pool.map(_build_take, [folder] * len(TAKES), TAKES):
            report(line)
    write_text(out / "demo.toml", manifest())


def _build_take(folder: Path, take: Take) -> str:
    """Write one clip, its free view and their truth; a line to report."""
    portrait, said = Portrait(take.person), voice(take)
    count = frame_count(take, said)
    performance = perform(take.seed, count, said.segments, direction=take.direction, fps=float(cast.FPS))
    for view, stem in ((None, take.id), (cast.VIEW, f"{take.id}.free-view_{cast.VIEW_NAME}")):
        made = clip.render(
            portrait, performance, said.samples, said.rate, view=view, audio_shift=take.shift, voiced=take.voiced
        )
        media.write_clip(folder / f"{stem}.mp4", made.pixels, cast.FPS, made.samples, made.rate)
        made.truth.write(folder / f"{stem}.truth.npz")
    return f"{take.id}: {count} frames, driven and free view"


def manifest() -> str:
    """The text of `demo.toml`."""
    return to_toml(
        {
            "schema": 1,
            "id": "demo",
            "version": 1,
            "title": "Rendered talking portraits with known pose, lips, sound and free view",
            "licence": "MIT, as this repository: every picture and sound in it is synthetic",
            "settings": ["original", f"free-view:{cast.VIEW_NAME}"],
            "frames": {"size": [256, 256], "fps": cast.FPS},
            "clips": [
                {
                    "id": take.id,
                    "file": f"demo/{take.id}.mp4",
                    "person": take.person.name,
                    "truth": f"demo/{take.id}.truth.npz",
                    "views": {f"free-view:{cast.VIEW_NAME}": f"demo/{take.id}.free-view_{cast.VIEW_NAME}.mp4"},
                }
                for take in TAKES
            ],
        },
        comment="Written by `python -m bench.portraits build`; see docs/demo.md.",
    )


def check(shipped: Path, report: Callable[[str], None] = lambda line: None) -> None:
    """Build afresh and compare with `shipped`.

    Raises:
        BenchError: a file is missing or differs by more than other encoder and mathematics libraries explain.
    """
    with tempfile.TemporaryDirectory() as temporary:
        fresh = Path(temporary)
        build(fresh, report)
        names = sorted(path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file())
        for name in names:
            if not (shipped / name).exists():
                raise BenchError(f"{shipped / name} is missing: run 'python -m bench.portraits build'")
            difference = _difference(fresh / name, shipped / name)
            if difference is not None:
                raise BenchError(
                    f"{shipped / name} differs from a fresh build ({difference}): run 'python -m bench.portraits build'"
                )
        report(f"{len(names)} files agree with {shipped}")


def _difference(fresh: Path, shipped: Path) -> str | None:
    """What is different, or None."""
    if fresh.suffix == ".toml":
        return None if fresh.read_text("utf-8") == shipped.read_text("utf-8") else "text"
    if fresh.suffix == ".npz":
        return _truth_difference(Truth.read(fresh), Truth.read(shipped))
    one, two = media.read_pixels(fresh), media.read_pixels(shipped)
    if one.shape != two.shape:
        return f"{two.shape[0]} frames instead of {one.shape[0]}"
    away = float(np.abs(one.astype(np.float32) - two.astype(np.float32)).mean())
    if away > PIXEL_TOLERANCE:
        return f"frames by {away:.2f} levels"
    (sound, rate), (other, other_rate) = media.read_samples(fresh), media.read_samples(shipped)
    length = min(len(sound), len(other))
    if rate != other_rate or float(np.abs(sound[:length] - other[:length]).mean()) > 0.01:
        return "sound"
    return None


def _truth_difference(one: Truth, two: Truth) -> str | None:
    for field in fields(Truth):
        a, b = np.asarray(getattr(one, field.name)), np.asarray(getattr(two, field.name))
        if a.shape != b.shape:
            return f"{field.name} has another shape"
        if a.dtype.kind == "f":
            if not np.allclose(a, b, atol=TRUTH_TOLERANCE):
                return f"{field.name} by {float(np.abs(a - b).max()):.3f}"
        elif a.dtype == np.bool_:
            if float((a != b).mean()) > 0.01:
                return field.name
        elif not np.array_equal(a, b):
            return field.name
    return None
