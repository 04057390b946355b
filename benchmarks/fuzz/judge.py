"""What became of a case: read, refused in a sentence, or a find."""

import os
import resource
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench.errors import BenchError
from bench.outcome import Skip
from benchmarks.fuzz.reader import Thunk

LONGEST = 2500
"""Characters of a sentence."""
ROOT = Path(__file__).resolve().parents[2]
Verdict = Literal["read", "refused", "find"]
_WRITES = frozenset(
    ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.truncate", "os.chown")
)
_RUNS = frozenset(
    (
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.fork",
        "subprocess.Popen",
        "socket.connect",
        "webbrowser.open",
        "ctypes.dlopen",
    )
)


@dataclass(frozen=True, slots=True)
class Result:
    """`sign` tells finds of one kind from those of others: the exception and the line of this repository nearest to it."""

    verdict: Verdict
    sign: str = ""
    told: str = ""


@dataclass(slots=True)
class Watch:
    """Sees what the process does beside returning: files written outside of `allowed`, programs started, connections."""

    allowed: tuple[str, ...]
    seen: list[str] = field(default_factory=list)
    on: bool = False

    def install(self) -> None:
        """For the life of the process: Python has no way to take an audit hook out again."""
        sys.addaudithook(self._hear)

    def _hear(self, event: str, words: tuple[object, ...]) -> None:
        if not self.on:
            return
        if event in _RUNS:
            self.seen.append(f"{event} {words[:1]}")
        elif event in _WRITES or (event == "open" and _writes(words)):
            for path in words[: 2 if event in ("os.rename", "os.link", "os.symlink") else 1]:
                if isinstance(path, str | bytes | os.PathLike) and not self._inside(os.fspath(path)):
                    self.seen.append(f"{event} {os.fspath(path)!r}")

    def _inside(self, path: str | bytes) -> bool:
        return os.path.abspath(os.fsdecode(path)).startswith(self.allowed)  # noqa: PTH100, links are not followed

    @contextmanager
    def __call__(self) -> Iterator[None]:
        self.seen.clear()
        self.on = True
        try:
            yield
        finally:
            self.on = False


def _writes(words: tuple[object, ...]) -> bool:
    mode, flags = words[1], words[2]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def judge(thunk: Thunk, watch: Watch, *, megabytes: int) -> Result:
    """Read one hostile input, and say what became of it."""
    before = _peak()
    result = Result("read")
    with watch():
        try:
            thunk()
        except (BenchError, Skip) as error:
            result = _sentence(error)
        except BaseException as error:
            result = Result("find", _sign(error), "".join(traceback.format_exception(error)))
    if "benchmarks.fuzz.canary" in sys.modules:  # first: importing it may write its bytecode, which is seen as well
        del sys.modules["benchmarks.fuzz.canary"]
        return Result("find", "code of the input ran", result.told)
    if watch.seen:
        return Result("find", f"did {watch.seen[0]}", "\n".join(watch.seen))
    grown = (_peak() - before) / 1000
    if grown > megabytes:
        return Result("find", f"memory: {result.sign or result.verdict}", f"{grown:.0f} MB\n{result.told}")
    return result


def _sentence(error: Exception) -> Result:
    told = str(error)
    wrong = (
        "empty" if not told.strip()
        else "too long" if len(told) > LONGEST
        else "more than a line" if len(told.splitlines()) > 1
        else "not printable" if any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 or 0xD800 <= ord(sign) < 0xE000 for sign in told)
        else ""
    )  # fmt: skip
    return Result("find", f"sentence {wrong}: {_place(error)}", told) if wrong else Result("refused", told=told)


def _sign(error: BaseException) -> str:
    return f"{type(error).__name__}: {_place(error)}"


def _place(error: BaseException) -> str:
    """The last line of this repository in the way of an error, without the fuzzer's own."""
    steps = [step for step in traceback.extract_tb(error.__traceback__) if Path(step.filename).is_relative_to(ROOT)]
    own = [
        step for step in steps if "benchmarks/fuzz" not in step.filename and "site-packages" not in step.filename
    ] or steps
    return f"{Path(own[-1].filename).relative_to(ROOT)}:{own[-1].lineno}" if own else "?"


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
