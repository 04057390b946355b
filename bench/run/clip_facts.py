"""What metrics may know of a clip's rows before the first frame, above all the sound that each is judged by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from torch import Tensor

from bench.audio import CANCELLED, Audio
from bench.clips import Clip
from bench.errors import MediaError
from bench.media.audio_reader import read_audio
from bench.rows import Row
from bench.run.plan import Plan
from metrics.metric import ClipFacts
from model.origin import PlayedFile
from model.outside.same_sound import LAG, moved, same_sound

RATE = 16000


@dataclass(slots=True)
class FactsOfRows:
    """The facts of every row of a clip: its own sound, or a prediction's where the plan asks for that."""

    clip: Clip
    plan: Plan
    source: Tensor
    fps: float
    heard: bool = True
    """Whether a metric listens: if none does, and no row has a file of its own, no sound is read."""
    told: list[str] = field(default_factory=list)
    """What a user should know of the sound, once `rows` has read it."""

    def rows(self, rows: Iterable[Row], played: Mapping[Row, PlayedFile]) -> dict[Row, ClipFacts]:
        """The facts of some rows; `played` are the files of those that have one.

        Raises:
            MediaError: the clip's sound cannot be read.
        """
        whole = self._from(0) if self.heard or played else ClipFacts(self.clip.id, self.fps, source=self.source)
        if whole.audio is not None and whole.audio.cancelled:
            self.told.append(CANCELLED)
        found = {row: replace(whole, row=row) for row in rows}
        for row, file in played.items():
            clips = self._from(file.first) if file.first else whole
            found[row] = self._of_file(replace(clips, row=row), file)
        return found

    def _from(self, first: int) -> ClipFacts:
        """The facts of a row that begins with a frame of the clip, judged by the clip's sound."""
        start = (self.clip.start or 0.0) + first / self.fps if first else self.clip.start
        read = partial(read_audio, self.clip.path, start=start, end=self.clip.end)
        return ClipFacts(
            self.clip.id,
            self.fps,
            audio=read(rate=RATE),
            own_sound=partial(read, rate=None),
            source=self.source,
            first=first,
        )

    def _of_file(self, facts: ClipFacts, file: PlayedFile) -> ClipFacts:
        """The same row judged as the plan says, now that its file is known."""
        read = partial(_sound_of_file, file.path, start=file.start or None)
        own = read(rate=RATE)
        asked = self.plan.sound == "prediction"
        difference = _difference(own, facts.audio)
        if difference:
            judged = "LSE is by the clip's (--sound prediction takes its own)"
            if asked or facts.audio is None:
                judged = "LSE is by its own" if asked else "--sound prediction uses it for LSE"
            self.told.append(f"its prediction under {facts.row} has {difference}: {judged}")
        if not asked:
            return facts
        if own is None:
            why = "the prediction has no sound of its own: leave --sound prediction out to judge it by the clip's"
            return replace(facts, audio=None, without_sound=why)
        if file.retimed:
            why = "the prediction's frames are scored at other times than its sound: match them with --align time"
            return replace(facts, audio=None, without_sound=why)
        return replace(facts, audio=own, own_sound=partial(read, rate=None), sound_of=facts.row)


def _difference(own: Audio | None, clips: Audio | None) -> str:
    """How a prediction's sound differs from the clip's; nothing where it does not."""
    if own is None:
        return ""
    if clips is None:
        return "sound, and the clip has none"
    if same_sound(clips, own):
        return ""
    late = moved(clips, own)
    if late is None or abs(late) <= LAG:
        return "other sound than the clip"
    return f"the clip's sound, {abs(late):.2f} s {'late' if late > 0 else 'early'}"


def _sound_of_file(path: Path, *, rate: int | None, start: float | None) -> Audio | None:
    """A prediction's sound; None without any, or where it cannot be read (its frames tell why)."""
    try:
        return None if path.is_dir() else read_audio(path, rate=rate, start=start)
    except MediaError:
        return None
