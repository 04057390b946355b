"""Any model in its own environment, run as an outside command, once for every clip and setting."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PIL import Image

from bench.compute.transient import transient
from bench.errors import BenchError, PredictionError, Transient
from bench.frames import Frames
from bench.media.video_writer import VideoWriter
from bench.rows import Row
from bench.settings import Setting, degrees
from model.interface import Driving, SettingReport
from model.origin import PlayedFile
from model.outside.playback import Alignment, FilePredictionStream
from model.outside.predictions import named

if TYPE_CHECKING:
    from io import BufferedReader

PLACEHOLDERS = ("source", "driving", "output", "yaw", "pitch", "roll")
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""Escape sequences that colour text and move the cursor."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What is left that a terminal obeys instead of showing it, and marks that turn the direction of writing."""
_KEPT = 4000
"""Bytes of standard error that a failure quotes from."""
_HEARD = 1.0
"""Seconds after a command's end in which the rest of its standard error is waited for."""
_KILLED = (-9, 128 + 9)
"""Exit codes of a command that was killed, as the kernel does where memory ends; a shell tells it of what it ran."""
_SPACE = 1 << 20
"""Bytes that a disk must have left not to be full."""


@dataclass(frozen=True, slots=True)
class CommandModel:
    """A command line with placeholders, run without a shell.

    `{source}` is the source frame as a PNG file, `{driving}` the prepared driving video as lossless FFV1 with the
    clip's frame rate, `{output}` where the prediction must be written; a file of that stem with another suffix, or a
    folder of PNG frames, will do. `{yaw}`, `{pitch}` and `{roll}` are degrees, or `-` for an angle that stays driven.
    A run of more than `timeout` seconds is ended, with all that it started. `align` and `panel` say what of the output
    is scored (model/outside/playback.py).
    """

    command: str
    timeout: float = 3600.0
    align: Alignment = "strict"
    panel: int = 0

    def __post_init__(self) -> None:
        unknown = set(_PLACEHOLDER.findall(self.command)) - set(PLACEHOLDERS)
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise BenchError(
                f"--model-command: there is no placeholder {{{min(unknown)}}}: the placeholders are {known}"
            )
        if "{output}" not in self.command:
            raise BenchError("--model-command: it needs {output}, the file that the prediction is read from")
        try:
            shlex.split(self.command)
        except ValueError as error:
            raise BenchError(f"--model-command: its quotes do not pair up ({error}): {self.command}") from None

    def describe(self) -> Mapping[str, str | float | bool]:
        """The command."""
        return {"command": self.command}

    def begin(self, driving: Driving, settings: tuple[Setting, ...]) -> CommandPredictionStream:
        """Run the command under every setting and open what it wrote."""
        stream = CommandPredictionStream(driving)
        stream.run(self, settings)
        return stream


@dataclass(slots=True)
class CommandPredictionStream:
    """The outputs of the command for one clip; its folder goes when the clip ends."""

    driving: Driving
    _files: FilePredictionStream | None = None
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def run(self, model: CommandModel, settings: tuple[Setting, ...]) -> None:
        """Write the inputs, run the command for each setting, open the outputs."""
        self._files = FilePredictionStream(self.driving, model.align, panel=model.panel)
        self._folder = tempfile.TemporaryDirectory(prefix="talking-head-")
        folder = Path(self._folder.name)
        Image.fromarray(self.driving.source.permute(1, 2, 0).cpu().numpy()).save(folder / "source.png")
        self._write_driving(folder / "driving.mkv")
        for setting in settings:
            place = folder / setting.folder
            place.mkdir()
            self._files.open(Row.of(setting), partial(self._output, model, folder, place, setting))

    def played(self) -> Mapping[Row, PlayedFile]:
        """The outputs."""
        return self._files.played() if self._files is not None else {}

    def step(self, reference: Frames) -> Mapping[Row, Frames]:
        """Read on, in step with the reference."""
        return self._files.step(reference) if self._files is not None else {}

    def close(self) -> Mapping[Row, SettingReport]:
        """Errors of the settings whose command or output failed."""
        try:
            return self._files.close() if self._files is not None else {}
        finally:
            if self._folder is not None:
                self._folder.cleanup()

    def _write_driving(self, path: Path) -> None:
        assert self.driving.reopen is not None
        height, width = self.driving.source.shape[1:]
        with VideoWriter(path, size=(height, width), fps=self.driving.fps, codec="ffv1") as writer:
            for frames in self.driving.reopen():
                writer.write(frames.cpu())

    def _output(self, model: CommandModel, folder: Path, place: Path, setting: Setting) -> Path:
        values = {
            "source": str(folder / "source.png"),
            "driving": str(folder / "driving.mkv"),
            "output": str(place / "output.mp4"),
            "yaw": degrees(setting.yaw),
            "pitch": degrees(setting.pitch),
            "roll": degrees(setting.roll),
        }
        words = [_PLACEHOLDER.sub(lambda match: values[match[1]], word) for word in shlex.split(model.command)]
        told = self._call(words, model.timeout, setting, place)
        found = named(place, "output")
        if len(found) != 1:
            raise PredictionError(
                f"clip '{self.driving.id}': the model command ended without an error under {setting} "
                f"but left {len(found)} outputs ({told.rpartition(' | ')[2]}): it must write one, to {{output}}",
                transient=_lacking(place),
            )
        return found[0]

    def _call(self, words: list[str], timeout: float, setting: Setting, place: Path) -> str:
        """Run the command, which writes to `place`; the end of what it wrote to standard error."""
        about = f"clip '{self.driving.id}': the model command"
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, "TMPDIR": tempfile.gettempdir()},
                start_new_session=True,  # so that what it starts can be ended with it
            )
        except OSError as error:
            raise PredictionError(
                f"{about} cannot be started ({error.strerror}: {words[0]})", transient=transient(error)
            ) from None
        said = _Said.of(process)
        code = None
        try:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout)
        finally:
            _end(process)
        told = _last_words(said.end())
        if code is None:
            raise PredictionError(
                f"{about} took more than {timeout:g} s under {setting} and was ended (--model-timeout): {told}",
                transient="timed out",
            )
        if code != 0:
            how = f"was killed by signal {-code}" if code < 0 else f"exited with {code}"
            lacking = "killed" if code in _KILLED else _lacking(place)
            full = ": its disk is full: free space, or name another folder with TMPDIR" if lacking == "no space" else ""
            raise PredictionError(f"{about} {how} under {setting}: {told}{full}", transient=lacking)
        return told


@dataclass(frozen=True, slots=True)
class _Said:
    """Listens to what a command writes to standard error, however much, and keeps the end of it."""

    kept: bytearray
    thread: threading.Thread

    @classmethod
    def of(cls, process: subprocess.Popen[bytes]) -> _Said:
        pipe = cast("BufferedReader", process.stderr)
        kept = bytearray()

        def listen() -> None:
            with pipe:
                while piece := pipe.read1(1 << 16):
                    kept.extend(piece)
                    del kept[:-_KEPT]

        thread = threading.Thread(target=listen, name="standard error", daemon=True)
        thread.start()
        return cls(kept, thread)

    def end(self) -> bytes:
        """What is kept, once the command has ended. What outlives it may hold the pipe open, and is not waited for."""
        self.thread.join(_HEARD)
        return bytes(self.kept)


def _lacking(folder: Path) -> Transient | None:
    """Whether the disk of a folder is full."""
    return "no space" if shutil.disk_usage(folder).free < _SPACE else None


def _last_words(said: bytes) -> str:
    """The end of what a command wrote to standard error, as one line that does nothing to a terminal or a table."""
    text = _COLOUR.sub("", said.decode("utf-8", "replace"))
    lines = (
        _CONTROL.sub("\N{REPLACEMENT CHARACTER}", line.replace("\t", " ").strip()) for line in text.splitlines()[-20:]
    )
    return " | ".join(filter(None, lines)) or "it said nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command and everything that it started, whether or not it has ended itself."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()
