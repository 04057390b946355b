"""The one family of errors that are the user's to mend."""

from __future__ import annotations

from typing import Final, Literal

from bench.file_names import one_line

_LONGEST: Final = 2000  # characters of a sentence; names and values that come from files have no bound of their own
_END: Final = 500

Transient = Literal["killed", "out of memory", "timed out", "no space", "lost node"]
"""What may be otherwise the next time, and is no clip's own fault: where a process was killed, memory or space on the
disk did not suffice, a time-out passed, or a machine of a cluster was lost."""


class BenchError(Exception):
    """A mistake that the user can mend: one sentence that says what, where and what to do.

    The command prints it without a traceback and exits with 2 when it concerns the whole run; inside a run it
    becomes the `failed` outcome of the clip that it names. `transient` says whether the same may succeed when it is
    tried again.

    It is one line, whatever stands in the files that it tells of: control characters are written out, and of a sentence
    of more than 2000 characters the middle is left out.
    """

    def __init__(self, sentence: str, *, transient: Transient | None = None) -> None:
        said = one_line(sentence)
        super().__init__(said if len(said) <= _LONGEST else f"{said[: _LONGEST - _END]} … {said[-_END:]}")
        self.transient = transient


class MediaError(BenchError):
    """A video or sound file that cannot be read, or not as a whole."""


class WriteError(MediaError):
    """A file that cannot be written: no fault of the video, so nothing is concluded from it."""


class WeightsError(BenchError):
    """Weights or a checkpoint that are missing, damaged or of another architecture."""


class PredictionError(BenchError):
    """A model's output that cannot be scored: NaN, out of range, of another size or length."""
