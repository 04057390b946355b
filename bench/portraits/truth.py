"""The truth of a clip: a typed `.npz` beside its video, read with numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import MediaError
from bench.files.arrays import read_arrays
from bench.files.atomic_write import write_atomically

SCHEMA = 1
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What a rendered clip shows at each of its T frames.

    `yaw`, `pitch`, `roll` (T,) degrees in the convention of `Setting` (see docs/demo.md); `translation` (T, 3) of the
    head's pivot in camera axes (x right, y down, z away), millimetres. `mouth` (T,) gap between the lips' middles,
    millimetres, 0 where they touch; `blink` (T,) from 0, open, to 1, shut; `gaze` (T, 2) yaw and pitch of the eyes
    within the head, degrees. `phoneme` (T,) espeak-ng's mnemonic at the middle of the frame, "" for silence.
    `landmarks` (T, 68, 2) in iBUG order, `pupils` (T, 2, 2) image left first: x, y in pixels, the centre of the top
    left pixel being (0.5, 0.5); `visible` (T, 68) whether nothing hides a landmark; `box` (T, 4) the face's x1, y1,
    x2, y2.
    `segment_start`, `segment_end` (P,) seconds and `segment_phoneme` (P,): the phonemes on the time line of the
    pictures. The sound's time line is `audio_shift` frames later (positive: sound after lips). `voiced` is False where
    the sound is digital silence. `fps` is the frame rate.
    """

    fps: float
    audio_shift: int
    voiced: bool
    yaw: FloatArray
    pitch: FloatArray
    roll: FloatArray
    translation: FloatArray
    mouth: FloatArray
    blink: FloatArray
    gaze: FloatArray
    phoneme: NDArray[np.str_]
    landmarks: FloatArray
    visible: NDArray[np.bool_]
    pupils: FloatArray
    box: FloatArray
    segment_start: FloatArray
    segment_end: FloatArray
    segment_phoneme: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.yaw)

    def write(self, path: Path) -> None:
        """Write the file; the same truth gives the same bytes."""
        arrays = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

        def write(temporary: Path) -> None:
            with temporary.open("wb") as file:  # a path would have `.npz` added to it
                np.savez_compressed(file, allow_pickle=False, schema=np.array(SCHEMA), **arrays)

        write_atomically(path, write)

    @classmethod
    def read(cls, path: Path) -> Truth:
        """Read a truth file.

        Raises:
            MediaError: the file is missing, damaged or of another schema.

        Example:
            >>> from bench.suites import suite
            >>> truth = Truth.read(suite.FOLDER / "demo" / "ada_02.truth.npz")
            >>> truth.fps, truth.audio_shift, truth.yaw.shape, truth.landmarks.shape
            (25.0, 5, (80,), (80, 68, 2))
        """
        try:
            arrays = read_arrays(path)
            schema = int(arrays.pop("schema", np.array(0)))
            scalars = _scalars(arrays)
        except (OSError, ValueError, TypeError, OverflowError) as error:
            raise MediaError(
                f"truth file {path} cannot be read ({error}): restore it or build the suite again"
            ) from error
        wanted = {field.name for field in fields(cls)} - scalars.keys()
        if schema != SCHEMA or set(arrays) != wanted:
            raise MediaError(
                f"truth file {path} has schema {schema}, not {SCHEMA}: build the suite again with this version"
            )
        return cls(**scalars, **arrays)  # type: ignore[arg-type]


def _scalars(arrays: dict[str, NDArray[Any]]) -> dict[str, float | int | bool]:
    """The three numbers, taken out; those that are not there are left out."""
    kinds: dict[str, type[float | int | bool]] = {"fps": float, "audio_shift": int, "voiced": bool}
    return {name: kind(arrays.pop(name)) for name, kind in kinds.items() if name in arrays}
