"""The contact sheet: the suite's people at several poses and on several phonemes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from bench.portraits.acting import visemes
from bench.portraits.acting.expression import SHAPES, Expression
from bench.portraits.acting.speech import Segment
from bench.portraits.cast import PEOPLE
from bench.portraits.drawing.render import HeadPose, Portrait

COLUMNS: tuple[tuple[str, tuple[float, float, float], str], ...] = (
    ("at rest", (0, 0, 0), ""),
    ("m, 0 0 0", (0, 0, 0), "m"),
    ("a, 0 0 0", (0, 0, 0), "'A:"),
    ("i, yaw -25", (-25, 0, 0), "'i:"),
    ("u, pitch -12", (0, -12, 0), "'u:"),
    ("f, roll 12", (0, 0, 12), "f"),
    ("a, view 30,10,0", (30, 10, 0), "'A:"),
    ("blink, yaw 15", (15, 0, 0), ""),
)
"""Caption, pose (yaw, pitch, roll) and espeak-ng phoneme of each column."""
STRIP = 18


def speaking(phoneme: str, *, blink: float = 0.0) -> Expression:
    """The face in the middle of a phoneme held for a fifth of a second."""
    segments = (Segment(0.0, 0.2, phoneme),) if phoneme else ()
    moment = np.array([0.1 - visemes.ANTICIPATION])
    tracks = dict(zip(visemes.TRACKS, visemes.mouth(segments, moment)[0], strict=True))
    sealed = float(visemes.seal(segments, moment)[0]) if segments else 0.0
    return Expression(
        jaw=float(tracks["jaw"]),
        seal=sealed,
        blink=blink,
        tongue=float(tracks["tongue"]),
        shapes=tuple(float(tracks[name]) + (0.15 if name == "smile" else 0.0) for name in SHAPES),
    )


def paint() -> Image.Image:
    """The sheet as a picture: one row a person, one column an entry of `COLUMNS`."""
    rows: list[NDArray[np.uint8]] = []
    for identity in PEOPLE:
        portrait = Portrait(identity)
        row = [
            portrait.frame(HeadPose(*pose), speaking(phoneme, blink=float(caption.startswith("blink")))).pixels
            for caption, pose, phoneme in COLUMNS
        ]
        rows.append(np.concatenate(row, axis=1))
    picture = np.concatenate(rows, axis=0)
    sheet = Image.new("RGB", (picture.shape[1], picture.shape[0] + STRIP), "white")
    sheet.paste(Image.fromarray(picture), (0, STRIP))
    pen = ImageDraw.Draw(sheet)
    for number, (caption, _, _) in enumerate(COLUMNS):
        pen.text((number * 256 + 6, 3), caption, fill="black")
    return sheet
