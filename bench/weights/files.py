"""Files of weights on this machine: where they lie, and that they are what they should be."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import platformdirs

from bench.errors import WeightsError
from bench.files.atomic_write import write_text
from bench.files.digest import file_digest
from bench.weights.content import complaint
from bench.weights.registry import WeightsFile, get

ENVIRONMENT = "TALKING_HEAD_WEIGHTS"

log = logging.getLogger(__name__)
_known: dict[tuple[Path, int, int], str] = {}
_digesting = threading.Lock()


def cache_folder() -> Path:
    """The benchmark's folder in the user's cache; for a user without a home, one among the temporary files."""
    try:
        return Path(platformdirs.user_cache_dir("talking-head-benchmark"))
    except RuntimeError:  # an unknown user id without HOME, as in many containers
        user = os.getuid() if hasattr(os, "getuid") else "nobody"
        return Path(tempfile.gettempdir()) / f"talking-head-benchmark-{user}"


def folders(weights_dir: Path | None = None) -> list[Path]:
    """Where weights are looked for, in this order: `weights_dir`, the environment's folder, the user's cache.

    Fetched files are put into the first.
    """
    named = [weights_dir, Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None]
    return [folder.expanduser() for folder in named if folder] + [cache_folder() / "weights"]


def locate(name: str, weights_dir: Path | None = None) -> Path | None:
    """The file of the weights `name`, under its own name or a mirror's; None where it is missing."""
    weights = get(name)
    if weights.package is not None:
        spec = importlib.util.find_spec(weights.package)
        places = list(spec.submodule_search_locations or []) if spec else []
        candidates = [Path(place) / weights.file for place in places]
    else:
        candidates = [folder / file for folder in folders(weights_dir) for file in (weights.file, *weights.aliases)]
    return next((path for path in candidates if path.is_file()), None)


def digest(path: Path) -> str:
    """sha256 of a file; remembered in this process as long as the file does not change."""
    facts = path.stat()
    key = (path.resolve(), facts.st_mtime_ns, facts.st_size)
    with _digesting:
        if key not in _known:
            _known[key] = file_digest(path)
        return _known[key]


def digest_ahead(names: Sequence[str], given: Mapping[str, Path], weights_dir: Path | None = None) -> None:
    """Begin to digest weights that are here, in a thread; `digest` then knows them, or waits for the one that is read.

    `given` are files that stand in for the registered ones.
    """

    def work() -> None:
        for name in names:
            with contextlib.suppress(OSError):  # whoever needs the file says what is wrong with it
                path = given.get(name) or locate(name, weights_dir)
                if path is not None:
                    digest(path)

    threading.Thread(target=work, daemon=True).start()


def verified(weights: WeightsFile, path: Path) -> str:
    """Verify `path` against the published digest and against the pin beside it; returns its sha256.

    Where the whole digest is not published, the pin is in `FILE.sha256` (in sha256sum's format), and the file may never
    differ from it again. It is written here where the published first digits tell that it is the file, and by `pin`
    elsewhere: what is not known to be the network is not pinned.

    Raises:
        WeightsError: the file is another, or cannot be weights.
    """
    found = digest(path)
    check_digest(weights, found, path)
    if weights.sha256 is not None:
        return found
    pinned = pin_of(path)
    if pinned.is_file():
        words = pinned.read_text(encoding="utf-8", errors="replace").split()
        if not words or words[0] != found:
            raise WeightsError(
                f"weights '{weights.name}': {path} has changed since it was first seen (sha256 {found[:16]}…, "
                f"pinned in {pinned.name}: {words[0][:16] if words else 'nothing'}…): delete both and run "
                f"'python benchmark.py weights fetch {weights.name}'"
            )
    elif weights.prefix:
        pin(weights, path)
    elif (wrong := complaint(path)) is not None:
        raise WeightsError(
            f"weights '{weights.name}': {path} {wrong.removesuffix(': fetch it again')}: delete it and {weights.remedy}"
        )
    return found


def pin(weights: WeightsFile, path: Path) -> None:
    """Write down the digest of the file that is known to be the network's, once."""
    pinned = pin_of(path)
    if weights.sha256 is not None or pinned.is_file():
        return
    try:
        write_text(pinned, f"{digest(path)}  {path.name}\n")
    except OSError as error:  # a read-only folder that somebody else keeps
        log.warning("the digest of %s could not be pinned: %s", path, error.strerror)


def check_digest(weights: WeightsFile, found: str, path: Path) -> None:
    """Raise `WeightsError` if the sha256 `found` contradicts the published digest."""
    expected = weights.sha256 or weights.prefix
    if not found.startswith(expected):
        raise WeightsError(
            f"weights '{weights.name}': {path} is damaged or another file (sha256 {found[:16]}…, published "
            f"{expected[:16]}…): {'' if weights.package else 'delete it and '}{weights.remedy}"
        )


def pin_of(path: Path) -> Path:
    """Where the digest of `path` is pinned."""
    return path.with_name(f"{path.name}.sha256")
