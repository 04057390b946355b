"""Fetching one file over HTTP that survives drops, stalls and restarts of the program."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

_BLOCK = 1 << 14  # what a dropped connection loses at most
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")

Report = Callable[[int, int | None], None]


class TransferError(Exception):
    """The file did not come; the message is a clause without its URL."""


class Unreachable(TransferError):
    """Nothing answers at that host (no name, no connection, or silence)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a connection and for the next bytes, and how often to try again without progress."""

    connect: float = 5.0
    stall: float = 20.0
    retries: int = 3
    pause: float = 1.0


def download(url: str, part: Path, *, patience: Patience, report: Report) -> None:
    """Fetch `url` into `part`, going on from the bytes that `part` already holds.

    A dropped or stalled connection is taken up again where it broke; tries that bring new bytes do not count.
    `report` is told (bytes so far, bytes in all or None).

    Raises:
        TransferError: it did not work; `part` keeps what came, for the next time.
    """
    failures = 0
    while True:
        before = _size(part)
        try:
            _attempt(url, part, patience, report)
            return
        except _Broken as error:
            failures = failures + 1 if _size(part) <= before else 0
            if failures >= patience.retries:
                raise (Unreachable if error.unreachable else TransferError)(str(error)) from None
            time.sleep(patience.pause * failures)


class _Broken(Exception):
    """An attempt that ended early and may be repeated."""

    def __init__(self, reason: str, *, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.unreachable = unreachable


def _attempt(url: str, part: Path, patience: Patience, report: Report) -> None:
    have = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        answer = requests.get(url, headers=headers, stream=True, timeout=(patience.connect, patience.stall))
    except requests.RequestException as error:
        raise _Broken(f"{_words(error)}{_through(url)}", unreachable=True) from None
    with answer:
        if answer.status_code == 416:  # nothing after the bytes that are here: complete, or not this file
            if _range(answer)[1] == have:
                return
            part.unlink()
            raise _Broken("the server has another file than the part that is here")
        if answer.status_code >= 500 or answer.status_code == 429:
            raise _Broken(f"the server answers {answer.status_code}")
        if answer.status_code not in (200, 206):
            raise TransferError(f"the server answers {answer.status_code}")
        total = _whole(answer, have)
        resumed = answer.status_code == 206 and _range(answer)[0] == have
        if answer.status_code == 206 and not resumed:
            part.unlink(missing_ok=True)
            raise _Broken("the server goes on at another place than asked")
        _write(answer, part, have if resumed else 0, total, report)


def _write(answer: requests.Response, part: Path, have: int, total: int | None, report: Report) -> None:
    with part.open("ab" if have else "wb") as file:
        report(have, total)
        try:
            for block in answer.iter_content(_BLOCK):
                file.write(block)
                have += len(block)
                report(have, total)
        except requests.RequestException as error:
            raise _Broken(_words(error)) from None
    if total is not None and have < total:
        raise _Broken(f"the connection ended after {have} of {total} bytes")


def _whole(answer: requests.Response, have: int) -> int | None:
    if answer.status_code == 206:
        return _range(answer)[1]
    length = answer.headers.get("Content-Length")
    return int(length) if length and length.isdigit() else None


def _range(answer: requests.Response) -> tuple[int | None, int | None]:
    match = _CONTENT_RANGE.match(answer.headers.get("Content-Range", ""))
    if match is None:
        return None, None
    start, total = match.groups()
    return (int(start) if start else None), (int(total) if total != "*" else None)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _through(url: str) -> str:
    """The proxy that the environment sets for `url`, without the password that it may carry."""
    proxies = requests.utils.get_environ_proxies(url)
    proxy = requests.utils.select_proxy(url, proxies)
    if not proxy:
        return ""
    set_by = next(
        (name for name, value in os.environ.items() if value == proxy and name.lower().endswith("_proxy")), ""
    )
    shown = proxy.rpartition("@")[2].rpartition("//")[2].rstrip("/")
    return f" through the proxy {shown}{f', which {set_by} sets' if set_by else ''}"


def _words(error: requests.RequestException) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.Timeout) or "timed out" in str(error).lower():
        return "the server fell silent"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return f"{type(error).__name__}"
