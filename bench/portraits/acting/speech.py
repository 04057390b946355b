"""Synthetic speech with the time of every phoneme, from espeak-ng."""

from __future__ import annotations

import ctypes
import ctypes.util
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import BenchError

_SYNCHRONOUS, _PHONEME_EVENTS, _NO_EXIT, _UTF8 = 2, 0x0001, 0x8000, 1
_RATE, _VOLUME, _PITCH = 1, 2, 3
_END_OF_LIST, _END, _PHONEME = 0, 5, 7


@dataclass(frozen=True, slots=True)
class Segment:
    """One phoneme in seconds; `name` is espeak-ng's mnemonic, "" for a pause."""

    start: float
    end: float
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """`samples` (N,) int16 mono at `rate` Hz and its phonemes in order, without gaps."""

    samples: NDArray[np.int16]
    rate: int
    segments: tuple[Segment, ...]


class _Identifier(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
_library: Any = None
_rate = 0


def available() -> bool:
    """Whether espeak-ng can be loaded."""
    try:
        _load()
    except BenchError:
        return False
    return True


def _load() -> Any:
    """The library, initialised once: the one in the package espeakng-loader, else the system's."""
    global _library, _rate
    if _library is not None:
        return _library
    data: bytes | None = None
    try:
        import espeakng_loader  # type: ignore[import-not-found, unused-ignore]

        path, data = espeakng_loader.get_library_path(), str(espeakng_loader.get_data_path()).encode()
    except ImportError:
        path = ctypes.util.find_library("espeak-ng")
    if path is None:
        raise BenchError(
            "espeak-ng is not installed: install the extra 'portraits', or espeak-ng with the system's packages"
        )
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise BenchError(f"espeak-ng at {path} does not load ({error}): reinstall the extra 'portraits'") from error
    _rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEME_EVENTS | _NO_EXIT)
    if _rate <= 0:
        raise BenchError(f"espeak-ng at {path} finds no voice data: reinstall the extra 'portraits'")
    _library = library
    return library


def speak(text: str, *, voice: str = "en-us", pitch: int = 50, speed: int = 160) -> Speech:
    """Say `text`; `pitch` 0–99, `speed` in words a minute.

    It is said in a process of its own: espeak-ng carries state from one utterance to the next, so that only the first
    one of a process is the same on every run.

    Raises:
        BenchError: espeak-ng or the voice is missing.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_speak, text, voice, pitch, speed).result()


def _speak(text: str, voice: str, pitch: int, speed: int) -> Speech:
    library = _load()
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise BenchError(f"espeak-ng has no voice '{voice}': choose one that 'espeak-ng --voices' lists")
    library.espeak_SetParameter(_RATE, speed, 0)
    library.espeak_SetParameter(_PITCH, pitch, 0)
    library.espeak_SetParameter(_VOLUME, 90, 0)
    chunks: list[NDArray[np.int16]] = []
    starts: list[tuple[float, str]] = []

    def hear(samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            chunks.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        index = 0
        while events[index].type != _END_OF_LIST:
            if events[index].type == _PHONEME:
                name = bytes(events[index].id.string).split(b"\0")[0].decode("utf-8", "replace")
                starts.append(
                    (events[index].audio_position / 1000.0, name.strip("_'|,:; ") if name.startswith("_") else name)
                )
            index += 1
        return 0

    keep = _Callback(hear)
    library.espeak_SetSynthCallback(keep)
    encoded = text.encode()
    library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    samples = np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.int16)
    length = len(samples) / _rate
    starts.sort(key=lambda item: item[0])
    ends = [start for start, _ in starts[1:]] + [length]
    segments = tuple(
        Segment(start, min(end, length), name) for (start, name), end in zip(starts, ends, strict=True) if end > start
    )
    return Speech(samples, _rate, segments)
