"""The published lists by suite: where they are, with which digest, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import BenchError
from bench.files.digest import file_digest
from bench.files.presence import is_file, is_there
from bench.suites.lists import hdtf, talkinghead_1kh, voxceleb, voxceleb2
from bench.suites.lists.listed import Listed


@dataclass(frozen=True, slots=True)
class PublishedList:
    """A suite's list.

    `name` is the file or folder that `read` takes, `files` its files as name → (address, sha256), empty where they
    cannot be fetched without asking somebody; `what` says what to put there by hand.
    """

    title: str
    licence: str
    name: str
    what: str
    read: Callable[[Path], list[Listed]]
    files: dict[str, tuple[str, str]] = field(default_factory=dict)


LISTS: dict[str, PublishedList] = {
    "voxceleb": PublishedList(
        title="VoxCeleb1 test clips, cut and cropped by the published list",
        licence="metadata CC BY 4.0; videos belong to their uploaders",
        name="vox-metadata.csv",
        what=voxceleb.WHAT,
        read=voxceleb.read,
        files={"vox-metadata.csv": (voxceleb.URL, voxceleb.SHA256)},
    ),
    "voxceleb2": PublishedList(
        title="VoxCeleb2 test utterances, cropped around their published tracks",
        licence="metadata CC BY 4.0; videos belong to their uploaders",
        name="voxceleb2",
        what=voxceleb2.WHAT,
        read=voxceleb2.read,
    ),
    "talkinghead-1kh": PublishedList(
        title="TalkingHead-1KH tubes",
        licence="videos CC BY 3.0",
        name="talkinghead-1kh.txt",
        what=talkinghead_1kh.WHAT,
        read=talkinghead_1kh.read,
    ),
    "hdtf": PublishedList(
        title="HDTF clips, cut and cropped by the published lists",
        licence="lists CC BY 4.0; videos belong to their uploaders",
        name="hdtf",
        what=hdtf.WHAT,
        read=hdtf.read,
        files={
            f"hdtf/{group}_{kind}.txt": (
                hdtf.URL.format(group=group, kind=kind),
                hdtf.SHA256[f"{group}_{kind}.txt"],
            )
            for group in hdtf.GROUPS
            for kind in hdtf.KINDS
        },
    ),
}


def clips(suite: str, *, folder: Path, path: Path | None = None) -> list[Listed]:
    """The clips of a suite's list: `path`, or the list in `folder`, fetched there if it is missing.

    Raises:
        BenchError: no such suite, or the list is not there, cannot be fetched, or is not the published one.
    """
    if suite not in LISTS:
        raise BenchError(f"suite '{suite}' has no published list: the lists are {', '.join(LISTS)}")
    published = LISTS[suite]
    if path is None:
        path = folder / published.name
        for name, (address, sha256) in published.files.items():
            _ensure(folder / name, address, sha256, published.what)
    if not is_there(path):
        raise BenchError(f"{path} is missing: put {published.what} there, or name it with --list")
    return published.read(path)


def _ensure(path: Path, address: str, sha256: str, what: str) -> None:
    """Fetch `path` if it is missing, and see that it is the published file."""
    if not is_file(path):
        import pooch

        try:
            pooch.retrieve(address, known_hash=f"sha256:{sha256}", fname=path.name, path=path.parent)
        except Exception as error:  # pooch passes on whatever its downloader raises
            raise BenchError(f"{path} is missing and {address} cannot be fetched: put {what} there") from error
    found = file_digest(path)
    if found != sha256:
        raise BenchError(
            f"{path} is not the published list (sha256 {found[:16]}…, published {sha256[:16]}…): delete it, or name "
            "a list of your own with --list"
        )
