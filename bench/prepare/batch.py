"""Many raw videos prepared: in parallel, resumable, with a suite file and a report at the end."""

from __future__ import annotations

import csv
import io
import multiprocessing
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from bench.errors import BenchError
from bench.faces import detector as detectors
from bench.faces.detection import FaceDetector
from bench.file_names import file_name, folded
from bench.files.atomic_write import write_text
from bench.files.json import read_json
from bench.files.toml import to_toml
from bench.outcome import Skip
from bench.prepare.cut import SUFFIXES, prepare
from bench.prepare.task import Done, Prepared, Task
from bench.run.engines.orphans import end_now, end_with_parent
from bench.run.progress import RunProgress
from bench.suites.recipe import Recipe
from bench.weights.resources import Resources

RECORDS = "prepared"
"""Folder of one JSON file a task, from which an interrupted preparation goes on."""
LOCK = ".prepare.lock"
COLUMNS = (
    "id", "status", "reason", "file", "source", "person", "left", "top", "right", "bottom",
    "start", "end", "frames", "fps", "audio", "sha256", "warnings",
)  # fmt: skip


def prepare_all(
    tasks: Sequence[Task],
    recipe: Recipe,
    folder: Path,
    *,
    suite: str,
    title: str,
    licence: str,
    jobs: int = 1,
    console: Console,
) -> list[Prepared]:
    """Prepare every task below `folder`; what is there of the same recipe and raw file is kept.

    Writes the clips to `folder`/clips, `suite.toml` (all tasks, so that coverage counts what is missing) and
    `report.csv`. Results come in the order of the tasks.

    Raises:
        BenchError: two tasks would write one file, the detector lacks its weights, the folder cannot be written,
            another preparation is at work in it, or a process was killed.
    """
    _refuse_repeats(tasks)
    detector = _detector(recipe)
    with _alone(folder):
        with _writable(folder):
            _sweep(folder / "clips")
        results = {task.id: done for task in tasks if (done := _kept(task, recipe, folder)) is not None}
        waiting = [task for task in tasks if task.id not in results]
        made = _run(waiting, recipe, folder, detector, jobs)
        with closing(made), RunProgress(len(tasks), console=console) as progress:
            for name in results:
                progress.clip(name)
            for task, clips in made:
                _forget(clips, folder / "clips")
                done = Done(recipe=recipe.digest, task=task.digest, clips=tuple(clips))
                with _writable(folder):
                    write_text(_record(task, folder), done.model_dump_json(indent=2) + "\n")
                results[task.id] = done
                progress.clip(task.id, failed=next((f"{clip.id}: {clip.reason}" for clip in clips if clip.reason), ""))
                progress.frames(sum(clip.frames for clip in clips))
        clips = [clip for task in tasks for clip in results[task.id].clips]
        with _writable(folder):
            write_text(folder / "report.csv", report(clips))
            write_text(folder / "suite.toml", suite_file(clips, recipe, suite=suite, title=title, licence=licence))
        return clips


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder: what another preparation is writing would be swept away. A killed one lets go of it."""
    lock = FileLock(folder / LOCK, timeout=0)
    with _writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout:
            raise BenchError(
                f"another 'prepare' is at work in '{folder}': wait for its end, or name another folder with --data"
            ) from None
    try:
        yield
    finally:
        with suppress(OSError):
            _sweep(folder / "clips")  # what was being written when this one was interrupted
        lock.release()


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BenchError(
            f"the data folder '{folder}' cannot be written ({error.strerror or error}): free space there or name "
            "another with --data; what is prepared is kept"
        ) from None


def _forget(made: Sequence[Prepared], clips: Path) -> None:
    """Remove what another recipe had made of the same clips, or it would be taken for theirs."""
    for clip in made:
        if clip.status != "missing":
            for suffix in SUFFIXES.values():
                path = clips / f"{file_name(clip.id)}{suffix}"
                if path.name != clip.file:
                    path.unlink(missing_ok=True)


def _sweep(clips: Path) -> None:
    """Make the folder, and clear away what killed processes were writing."""
    clips.mkdir(parents=True, exist_ok=True)
    for half in clips.glob(".writing-*"):
        half.unlink(missing_ok=True)


def _refuse_repeats(tasks: Sequence[Task]) -> None:
    seen: dict[str, str] = {}
    for task in tasks:
        name = folded(file_name(task.id))  # some file systems do not tell Clip from clip
        if name in seen:
            raise BenchError(f"two clips are called '{task.id}' ({seen[name]}, {task.path}): rename one of the files")
        seen[name] = str(task.path)


def _record(task: Task, folder: Path) -> Path:
    return folder / RECORDS / f"{file_name(task.id)}.json"


def _kept(task: Task, recipe: Recipe, folder: Path) -> Done | None:
    """What an earlier preparation left of the task, if it would come out the same."""
    path = _record(task, folder)
    if not path.is_file():
        return None
    try:
        done = Done.read(read_json(path), where=str(path))
    except (BenchError, ValueError, OSError):
        return None  # of another version, or damaged: the task is done again
    there = all((folder / "clips" / clip.file).exists() for clip in done.clips if clip.status == "prepared")
    # Raw videos may be deleted once they are prepared.
    same = done.recipe == recipe.digest and (done.task == task.digest or task.path is None)
    return done if same and there else None


def _run(
    tasks: list[Task], recipe: Recipe, folder: Path, detector: FaceDetector | None, jobs: int
) -> Generator[tuple[Task, list[Prepared]]]:
    clips = folder / "clips"
    if min(jobs, len(tasks)) <= 1:
        for task in tasks:
            yield task, prepare(task, recipe, clips, detector)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(recipe, clips, jobs)) as pool:
        try:
            futures = {pool.submit(_work, task): task for task in tasks}
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool:
            raise BenchError(
                "a process was killed, most likely for lack of memory: run the same command again with fewer --jobs; "
                "what is prepared is kept"
            ) from None
        except BaseException:
            for process in end_now(pool):
                process.join()  # what they were writing is swept away
            raise


def _detector(recipe: Recipe) -> FaceDetector | None:
    if recipe.crop not in ("face", "tubes"):
        return None
    try:
        return detectors.load(recipe.detector, Resources())
    except Skip as reason:
        raise BenchError(f"--detector {recipe.detector}: {reason}") from None


_at_work: tuple[Recipe, Path, FaceDetector | None] | None = None


def _start(recipe: Recipe, clips: Path, jobs: int) -> None:
    global _at_work
    import torch

    end_with_parent()
    torch.set_num_threads(max(1, torch.get_num_threads() // jobs))
    _at_work = recipe, clips, _detector(recipe)


def _work(task: Task) -> list[Prepared]:
    assert _at_work is not None
    return prepare(task, *_at_work)


def report(clips: Sequence[Prepared]) -> str:
    """Every clip as a CSV row of `COLUMNS`; warnings are joined by semicolons."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for clip in clips:
        row = clip.model_dump() | {"warnings": "; ".join(clip.warnings)}
        if clip.box is not None:
            row |= dict(zip(("left", "top", "right", "bottom"), clip.box, strict=True))
        writer.writerow(row)
    return text.getvalue()


def suite_file(clips: Sequence[Prepared], recipe: Recipe, *, suite: str, title: str, licence: str) -> str:
    """The suite of all clips, made or not: what is not there is counted as missing when it is read."""
    rates = {clip.fps for clip in clips if clip.fps is not None}
    written = []
    for clip in clips:
        file = clip.file or f"{file_name(clip.id)}{SUFFIXES[recipe.codec]}"
        person = {} if clip.person is None else {"person": clip.person}
        written.append({"id": clip.id, "file": f"clips/{file}", **person})
    return to_toml(
        {
            "schema": 1,
            "id": suite,
            "version": 1,
            "title": title,
            "licence": licence,
            "frames": {"size": recipe.size, **({"fps": rates.pop()} if len(rates) == 1 else {})},
            "prepared": {name: value for name, value in recipe.written.items() if value is not None},
            "clips": written,
        },
        comment="Written by `benchmark.py prepare`; report.csv says what became of every clip.",
    )
