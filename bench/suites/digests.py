"""What tells videos of equal ids apart: digests over selections and the contents of files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.clips import Clip
from bench.files.digest import file_digest
from bench.files.presence import is_file


@dataclass(frozen=True, slots=True)
class ClipDigests:
    """What tells clips of equal ids apart: sha256 by clip, and of all of them together in any order."""

    clips: Mapping[str, str]
    """Clip → digest; empty where its video is not there."""
    selections: Mapping[str, str]
    """Clip → what the digest of all of them is made from."""

    @property
    def whole(self) -> str:
        """The digest of all clips together."""
        return clip_set(self.selections)


def clip_digests(clips: Iterable[Clip]) -> ClipDigests:
    """Digests over selections and the contents of videos, sources and true views; reads every clip's files once.

    A file that is not there counts as absent.
    """
    found, selections = {}, {}
    for clip in clips:
        video = _content(clip.path)
        others = [_content(clip.source)] if clip.source is not None else []
        views = [(str(view), path) for view, path in clip.views.items()]
        others += [f"{view} {_content(path)}" for view, path in sorted(views)]
        selection = "\t".join(map(str, (clip.start, clip.end, clip.crop, video, *others)))
        found[clip.id] = "" if video == _ABSENT else _sha256(selection)
        selections[clip.id] = selection
    return ClipDigests(found, selections)


def clip_set(selections: Mapping[str, str]) -> str:
    """The digest of clips by their selections, in any order."""
    return _sha256("\n".join(sorted(f"{clip}\t{selection}" for clip, selection in selections.items())))


_ABSENT = "absent"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _content(path: Path) -> str:
    try:
        return file_digest(path) if is_file(path) else _ABSENT  # a device may have no end
    except OSError:
        return _ABSENT
