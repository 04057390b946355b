"""Progress of a run: clips, frames a second and time to go; silent when not at a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text


class RunProgress:
    """One line that counts clips and frames."""

    def __init__(self, clips: int, *, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[clip]}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("clips · {task.fields[rate]:.0f} frames/s ·"),
            TimeElapsedColumn(),
            TextColumn("· to go"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("", total=clips, clip="", rate=0.0)
        self._frames = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def frames(self, count: int) -> None:
        """So many frames more are on their way to the scores."""
        self._frames += count
        elapsed = self._progress.tasks[0].elapsed or 0.0
        self._progress.update(self._task, rate=self._frames / elapsed if elapsed > 0 else 0.0)

    def again(self, reason: str) -> None:
        """A clip failed for this reason, and will be tried again."""
        if self._progress.console.is_terminal:
            self._progress.console.print(Text(f"to be tried again: {reason}", style="yellow"))

    def clip(self, name: str, *, failed: str = "") -> None:
        """A clip has ended; a failure is said above the line at once."""
        if failed and self._progress.console.is_terminal:
            self._progress.console.print(Text(f"failed: {failed}", style="red"))
        self._progress.update(self._task, advance=1, clip=name)
