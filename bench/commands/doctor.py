"""`benchmark.py doctor`: what works on this machine, and the command that mends what does not."""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from bench.commands.parser import Parser
from bench.errors import BenchError
from bench.media.formats import VideoCodec
from bench.weights.registry import WeightsFile

State = Literal["works", "missing", "broken"]

_MARKS: dict[State, str] = {"works": "[green]works[/]", "missing": "[yellow]missing[/]", "broken": "[red]broken[/]"}

_INCOMPARABLE = "do not compare numbers of this machine with others: open an issue with these lines"

PACKAGES = ("torch", "torchvision", "av", "lpips", "pytorch_fid", "piq", "skimage", "python_speech_features")


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that was looked at; `remedy` is what to do where it does not work."""

    name: str
    state: State
    what: str
    remedy: str = ""


def main(argv: Sequence[str]) -> int:
    """Examine the machine; returns 0, or 1 where something is broken.

    What is missing (an extra, weights, worker processes) is no fault: a run goes on without it.

    Raises:
        BenchError: an option that there is not.
    """
    Parser(prog="benchmark.py doctor", description="Say what works on this machine.", allow_abbrev=False).parse_args(
        argv
    )
    from rich.table import Table
    from rich.text import Text

    from bench.commands.terminal import UNCUT, terminal

    findings = list(examine())
    grid = Table(box=None, header_style="bold")
    for name in ("", "", "what was found", "what to do"):
        grid.add_column(name, overflow="fold")
    for finding in findings:
        grid.add_row(Text(finding.name), _MARKS[finding.state], Text(finding.what), Text(finding.remedy))
    terminal(UNCUT).print(grid)
    return 1 if any(finding.state == "broken" for finding in findings) else 0


def examine() -> Iterator[Condition]:
    """Every check in turn."""
    for name in PACKAGES:
        yield _package(name)
    yield _extra("pyiqa", "pip install '.[pyiqa]' (non-commercial licence)")
    yield _device()
    yield _engine()
    yield from _codecs()
    yield from _weights()
    yield from _detectors()
    yield from _agreements()


def _package(name: str) -> Condition:
    try:
        module = importlib.import_module(name)
    except Exception as error:  # a torchvision that does not fit its torch raises RuntimeError
        reason = str(error).splitlines()[0]
        return Condition(
            name, "broken", reason, "pip install --upgrade torch torchvision, in one command, then pip install -e ."
        )
    return Condition(name, "works", str(getattr(module, "__version__", "installed")))


def _extra(name: str, remedy: str) -> Condition:
    if importlib.util.find_spec(name) is None:
        return Condition(name, "missing", "optional", remedy)
    return Condition(name, "works", "optional, installed")


def _device() -> Condition:
    import torch

    if torch.cuda.is_available():
        return Condition("device", "works", f"cuda: {torch.cuda.get_device_name()}")
    if torch.backends.mps.is_available():
        return Condition("device", "works", "mps")
    return Condition("device", "works", f"cpu with {torch.get_num_threads()} threads, no GPU seen by torch")


def _engine() -> Condition:
    """Whether this system lets worker processes start (some containers do not)."""
    count = os.cpu_count() or 1
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            pool.submit(os.getpid).result(timeout=60)
    except Exception as error:
        return Condition(
            "engine", "missing", f"no worker processes: {type(error).__name__} {error}", "leave --jobs at 1"
        )
    return Condition("engine", "works", f"clips in processes on this machine: --jobs up to {count}")


def _detectors() -> Iterator[Condition]:
    from bench.errors import WeightsError
    from bench.faces import detector
    from bench.outcome import Skip
    from bench.weights.resources import Resources

    for name in detector.TABLE:
        try:
            detector.load(name, Resources(download=False))
        except Skip:
            yield Condition(
                f"detector {name}", "missing", "its weights are not here", f"python benchmark.py weights fetch {name}"
            )
        except WeightsError as error:
            yield Condition(f"detector {name}", "broken", str(error), "see its weights above")
        except Exception as error:
            yield Condition(f"detector {name}", "broken", str(error), "pip install -e .")
        else:
            yield Condition(f"detector {name}", "works", "the default" if name == detector.DEFAULT else "")


def _agreements() -> Iterator[Condition]:
    """Whether the kernels that run on this processor give what the published implementations give."""
    from metrics.libraries.agreement import AGREEMENTS

    for name, compare in AGREEMENTS.items():
        try:
            found = compare()
        except ImportError as error:  # its own line says how to mend the package
            yield Condition(f"agreement {name}", "missing", f"not compared: {error}")
        except Exception as error:
            yield Condition(f"agreement {name}", "broken", str(error), _INCOMPARABLE)
        else:
            apart = f"with {found.peer}: {found.difference:.1g} apart, {found.tolerance:.1g} allowed"
            if found.holds:
                yield Condition(f"agreement {name}", "works", apart)
            else:
                yield Condition(f"agreement {name}", "broken", apart, _INCOMPARABLE)


def _codecs() -> Iterator[Condition]:
    purposes: dict[VideoCodec, str] = {"h264": "videos with sound for browsers", "ffv1": "lossless videos"}
    for codec, purpose in purposes.items():
        yield _attempt(f"codec {codec}", purpose, partial(_round_trip, codec))


def _round_trip(codec: VideoCodec) -> None:
    import torch

    from bench.media.formats import SUFFIXES
    from bench.media.video_reader import VideoReader
    from bench.media.video_writer import VideoWriter

    with tempfile.TemporaryDirectory(prefix="talking-head-") as folder:
        path = Path(folder) / f"probe{SUFFIXES[codec]}"
        with VideoWriter(path, size=(64, 64), fps=25.0, codec=codec) as writer:
            writer.write(torch.zeros(3, 3, 64, 64, dtype=torch.uint8))
        with VideoReader(path) as reader:
            count = sum(len(frames) for frames in reader)
        if count != 3:
            raise BenchError(f"{count} of 3 frames came back")


def _attempt(name: str, purpose: str, work: Callable[[], None]) -> Condition:
    try:
        work()
    except Exception as error:
        return Condition(name, "broken", f"{purpose}: {error}", "pip install --upgrade av")
    return Condition(name, "works", purpose)


def _weights() -> Iterator[Condition]:
    from bench.weights import files
    from bench.weights.registry import REGISTRY

    for name, file in REGISTRY.items():
        needed = ", ".join(file.used_by)
        path = files.locate(name)
        if path is None:
            yield Condition(f"weights {name}", "missing", f"for {needed}", f"python benchmark.py weights fetch {name}")
        else:
            fault = _fault(file, path)
            if fault:
                yield Condition(f"weights {name}", "broken", fault, f"delete it and {file.remedy}")
            else:
                yield Condition(f"weights {name}", "works", f"for {needed}: {path}")


def _fault(file: WeightsFile, path: Path) -> str:
    """Why the file is not what it is called: by its digest, or by its tensors' names where none is published."""
    from bench.weights import files
    from bench.weights.known_networks import nearest
    from bench.weights.state_dicts import load_tensors

    try:
        files.verified(file, path)
        if file.sha256 or file.prefix:
            return ""
        like = nearest(load_tensors(path))
    except (BenchError, OSError) as error:
        return str(error)
    if like is not None and f"'{file.name}'" in like:
        return ""
    return f"{path} does not hold the tensors of {file.name}{f', but those of {like}' if like else ''}"
