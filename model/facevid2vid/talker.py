"""The face-vid2vid model as the benchmark sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.settings import Setting
from model.facevid2vid.animator import Animator
from model.facevid2vid.session import FaceVid2VidSession
from model.interface import Driving
from model.reconstruct import Reconstructs


class FaceVid2Vid(Reconstructs):
    """A `model.interface.Model` around the animator of one checkpoint.

    `described` says what checkpoint that is; it becomes part of the description.
    """

    name = "facevid2vid"

    def __init__(self, animator: Animator, described: Mapping[str, str], *, size: tuple[int, int] = (256, 256)) -> None:
        self.animator, self.size = animator, size
        self._described = dict(described)

    def describe(self) -> Mapping[str, str | float | bool]:
        """Checkpoint, variant and every option that changes a number."""
        options = self.animator.options
        return {
            **self._described,
            "precision": options.precision,
            "motion": options.motion,
            "adapt_scale": options.adapt_scale,
            "best_frame": "first" if options.best_frame is None else str(options.best_frame),
        }

    def open(self, driving: Driving, settings: Sequence[Setting]) -> FaceVid2VidSession:
        """Begin a clip under all settings at once."""
        return FaceVid2VidSession(self.animator, driving, settings)
