"""Fetching weights into the folder of weights: mirrors, digests, one process at a time, a progress bar."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pooch
from filelock import FileLock

from bench.errors import WeightsError
from bench.weights import files
from bench.weights.content import complaint
from bench.weights.download import Patience, Report, TransferError, Unreachable, download
from bench.weights.registry import WeightsFile, get

OFFLINE = "TALKING_HEAD_OFFLINE"

log = logging.getLogger(__name__)
_silent_hosts: set[str] = set()


def offline() -> bool:
    """Whether the environment forbids fetching."""
    return os.environ.get(OFFLINE, "") not in ("", "0")


def fetch(
    name: str,
    weights_dir: Path | None = None,
    *,
    patience: Patience | None = None,
    give_up_on_silent_hosts: bool = False,
) -> Path:
    """The verified file of the weights `name`, fetched from the first mirror that has it unless it is here already.

    Files appear under their name only when they are whole and verified. What a broken transfer brought is kept as
    `FILE.HOST.part` and gone on from. With `give_up_on_silent_hosts` a host that did not answer once in this process is
    not asked again, and after two such hosts none is: a run without network must not wait for every metric anew.

    Raises:
        WeightsError: it could not be fetched, or the file that is here is damaged; the sentence names the remedy.
    """
    weights = get(name)
    present = files.locate(name, weights_dir)
    if present is not None:
        files.verified(weights, present)
        return present
    if weights.package is not None:
        raise WeightsError(
            f"weights '{name}' ship in the package {weights.package} and are not there: {weights.remedy}"
        )
    folder = files.folders(weights_dir)[0]
    target = folder / weights.file
    if offline():
        raise _missing(weights, folder, [f"{OFFLINE} is set"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{weights.file}.lock"):
            if not target.is_file():  # another process may have fetched it while this one waited
                _from_mirrors(weights, target, patience or Patience(), give_up_on_silent_hosts)
            files.verified(weights, target)
    except OSError as error:
        raise WeightsError(
            f"weights '{name}' cannot be stored in {folder} ({error.strerror or error}): make room or rights there, or "
            f"name another folder with --weights-dir or {files.ENVIRONMENT}"
        ) from None
    return target


def _from_mirrors(weights: WeightsFile, target: Path, patience: Patience, give_up: bool) -> None:
    problems = []
    for url in weights.urls:
        host = urlsplit(url).netloc
        if give_up and (host in _silent_hosts or len(_silent_hosts) >= 2):
            problems.append(f"{host}: did not answer before")
            continue
        try:
            _from_mirror(weights, url, target, patience)
            return
        except Unreachable as error:
            _silent_hosts.add(host)
            problems.append(f"{host}: {error}")
        except TransferError as error:
            problems.append(f"{host}: {error}")
    raise _missing(weights, target.parent, problems)


def _from_mirror(weights: WeightsFile, url: str, target: Path, patience: Patience) -> None:
    part = target.with_name(f"{target.name}.{urlsplit(url).netloc.replace(':', '_')}.part")

    def resume(url: str, output_file: str, pooch: object) -> None:
        """Pooch's downloader: it hands in a temporary file and moves it into place when this returns."""
        resumed = part.exists()
        for again in (resumed, False):
            with _progress(weights) as report:
                download(url, part, patience=patience, report=report)
            try:
                _examine(weights, part)
                break
            except TransferError:
                part.unlink()
                if not again:  # a part left by another version of the file gets one fresh start
                    raise
        part.replace(output_file)

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        pooch.retrieve(url, known_hash=weights.sha256, fname=target.name, path=target.parent, downloader=resume)
    finally:
        logger.setLevel(level)
    log.info("fetched %s from %s", target, url)


def _examine(weights: WeightsFile, part: Path) -> None:
    """Refuse what came if it cannot be the file: a wrong digest, or a web page where tensors were asked for."""
    expected = weights.sha256 or weights.prefix
    found = files.digest(part)
    if not found.startswith(expected):
        raise TransferError(f"sent a file with sha256 {found[:16]}…, published is {expected[:16]}…")
    with part.open("rb") as file:
        start = file.read(2)
    if start[:1] != b"\x80" and start != b"PK":  # pickle (old torch.save) and zip (new)
        wrong = complaint(part)
        raise TransferError(f"sent something that is no file of weights{f': it {wrong}' if wrong else ''}")


def _missing(weights: WeightsFile, folder: Path, problems: list[str]) -> WeightsError:
    return WeightsError(
        f"weights '{weights.name}' could not be fetched ({'; '.join(problems)}): put {weights.file} into {folder} "
        f"by hand, or name the folder that has it with --weights-dir or {files.ENVIRONMENT}"
    )


@contextmanager
def _progress(weights: WeightsFile) -> Iterator[Report]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda have, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(weights.file, total=None)
        yield lambda have, total: progress.update(task, completed=have, total=total)
