"""Accidents with colour that leave every number plausible: grey predictions, red and blue exchanged, a wrong range.

Every eighth frame of a prediction is looked at, made small, beside what it should look like: the reference's frame, or
the source where that is somebody else. Nothing but sums is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.compute.thumbnails import thumbnails
from bench.frames import Frames
from bench.rows import Row
from model.interface import SettingReport

EVERY = 8
_GREY, _COLOURED = 2.0, 6.0
"""Levels between the channels of a small picture: at most, in a grey one everywhere; on average, in one with colour."""
_EXCHANGED = -0.8
"""Correlation of the differences of red and blue, prediction against target, up to which the two are exchanged."""
_ALIKE = 0.99
"""Correlation of levels from which a straight line between the two says something of the range."""
_SLOPE, _INTERCEPT = 0.03, 4.0
_RANGES = {
    (219 / 255, 16.0): "paler than it should be, as if limited range (16 to 235) were taken for full",
    (255 / 219, -16 * 255 / 219): "darker than it should be, as if full range were taken for limited (16 to 235)",
}


@dataclass(slots=True)
class ColourWatch:
    """Watches the predictions of one row."""

    count: int = 0
    spread: float = 0.0
    """The largest difference between channels that the prediction showed."""
    colour: float = 0.0
    """The sum over frames of the target's mean difference between channels."""
    red_blue: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    """Sums over red minus blue: squares of the prediction's and of the target's, and products."""
    levels: NDArray[np.float64] = field(default_factory=lambda: np.zeros((3, 3)))
    """Sums of products of (1, target's level, prediction's level), away from black and white."""

    def look(self, prediction: Frames, target: Tensor) -> None:
        """Look at the next frames beside `target`, (T, 3, H, W) of as many frames or (1, 3, H, W)."""
        chosen = list(range(-prediction.first % EVERY, len(prediction), EVERY))
        if not chosen:
            return
        shown = thumbnails(prediction.pixels[chosen]).double()
        wanted = thumbnails(target if len(target) == 1 else target[chosen]).double().expand_as(shown)
        self.count += len(chosen)
        self.spread = max(self.spread, float((shown.amax(1) - shown.amin(1)).max()))
        self.colour += float((wanted.amax(1) - wanted.amin(1)).mean((1, 2)).sum())
        ours, theirs = (side[:, 0] - side[:, 2] for side in (shown, wanted))
        self.red_blue += [float(product.sum()) for product in (ours * ours, theirs * theirs, ours * theirs)]
        x, y = wanted.mean(1), shown.mean(1)
        inside = (x > 32) & (x < 224)
        table = torch.stack([torch.ones_like(x[inside]), x[inside], y[inside]])
        self.levels += (table @ table.T).numpy()

    def told(self) -> Iterator[str]:
        """What is wrong, as the end of a sentence on the predictions."""
        coloured = self.count > 0 and self.colour >= _COLOURED * self.count
        if coloured and self.spread <= _GREY:
            yield "is grey, and should have colour"
        elif coloured and self._red_blue_correlation() <= _EXCHANGED:
            yield "has red and blue exchanged (OpenCV reads and writes BGR)"
        yield from self._range()

    def _red_blue_correlation(self) -> float:
        ours, theirs, products = self.red_blue
        return float(products / np.sqrt(max(ours * theirs, 1e-9)))

    def _range(self) -> Iterator[str]:
        n, sx, sy = self.levels[0]
        if n == 0:
            return
        xx, xy, yy = (
            self.levels[i, j] / n - self.levels[0, i] * self.levels[0, j] / n**2 for i, j in ((1, 1), (1, 2), (2, 2))
        )
        if xx <= 0 or yy <= 0 or xy / np.sqrt(xx * yy) < _ALIKE:
            return
        slope = xy / xx
        intercept = sy / n - slope * sx / n
        for (steep, start), what in _RANGES.items():
            if abs(slope - steep) <= _SLOPE and abs(intercept - start) <= _INTERCEPT:
                yield f"is {what}"


def look(
    watches: Mapping[Row, ColourWatch], predictions: Mapping[Row, Frames], reference: Frames, *, source: Tensor | None
) -> None:
    """Let every row's watch see its predictions of these reference frames, or of a person whose `source` is given."""
    for row, watch in watches.items():
        if row in predictions:
            frames = predictions[row]
            late = frames.first - reference.first
            watch.look(frames, reference.part(late, len(frames)).pixels if source is None else source[None])


def told(watches: Mapping[Row, ColourWatch], reports: Mapping[Row, SettingReport]) -> Iterator[str]:
    """What a user should know of the predictions that were scored, beside what their makers report."""
    for row, watch in watches.items():
        report = reports.get(row, SettingReport())
        yield from report.warnings
        if report.error is None:
            yield from (f"its prediction under {row} {words}" for words in watch.told())
