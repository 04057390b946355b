"""The one family of errors that are the user's to mend."""


class BenchError(Exception):
    """A mistake that the user can mend: one sentence that says what, where and what to do.

    The command prints it without a traceback and exits with 2 when it concerns the whole run; inside a run it
    becomes the `failed` outcome of the clip that it names.
    """


class MediaError(BenchError):
    """A video or sound file that cannot be read, or not as a whole."""


class WriteError(MediaError):
    """A file that cannot be written: no fault of the video, so nothing is concluded from it."""


class WeightsError(BenchError):
    """Weights or a checkpoint that are missing, damaged or of another architecture."""


class PredictionError(BenchError):
    """A model's output that cannot be scored: NaN, out of range, of another size or length."""
