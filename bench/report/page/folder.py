"""The page: one folder that opens from disk, with everything in it that it shows."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.file_names import file_name
from bench.files.atomic_write import write_text
from bench.files.link import link_or_copy
from bench.report.formats.html import html_table
from bench.report.page.data import clip_numbers, page_data
from bench.report.page.frame_data import write_frame_data
from bench.report.page.words import page_words
from bench.report.tables.columns import MetricColumn
from bench.report.tables.table import Table, shown
from bench.report.tables.words import Words
from bench.results.manifest import MetricRecord
from bench.results.run_results import Run

_FILES = Path(__file__).parent
_SCRIPTS = ("data.js", "format.js", "clips.js", "curves.js", "players.js", "clip.js", "lists.js", "app.js")
_OWN = ("data", "videos", "assets")
"""Folders that the page fills, and empties when it is made anew."""


def write_page(
    out: Path,
    runs: Sequence[Run],
    columns: Sequence[MetricColumn],
    tables: Sequence[Table],
    words: Words,
    *,
    plots: Sequence[Path] = (),
    title: str,
) -> Path:
    """Write the page into `out` and return its index file.

    `tables` are shown on the first tab, `plots` are pictures that lie in `out`. Videos are linked into the folder
    where the file system can, else copied.
    """
    _clear(out)
    (out / "data" / "frames").mkdir(parents=True)
    (out / "assets").mkdir()
    for name in (*_SCRIPTS, "page.css"):
        shutil.copyfile(_FILES / name, out / "assets" / name)
    metrics = _metrics(columns)
    videos = [_videos(run, number, out) for number, run in enumerate(runs)]
    write_text(out / "data" / "index.js", page_data(runs, metrics, videos, words))
    clips = clip_numbers(runs)
    for number, run in enumerate(runs):
        write_frame_data(run, number, clips, out / "data" / "frames")
    index = out / "index.html"
    write_text(index, _index(runs, tables, words, plots=[path.relative_to(out) for path in plots], title=title))
    return index


def check_folder(out: Path) -> None:
    """See that a page may be written into `out`.

    Raises:
        BenchError: it is a run folder, or holds something by the names of a page's folders that is not of a page.
    """
    taken = _earlier(out)
    if (out / "run.json").exists() or (taken and not (out / "assets" / "page.css").is_file()):
        what = "is a run folder" if (out / "run.json").exists() else f"holds '{taken[0]}', which is not of a page"
        raise BenchError(f"'{out}' {what}: name another folder with --out")


def _earlier(out: Path) -> list[str]:
    """The names of an earlier page's folders that are there."""
    return [name for name in _OWN if (out / name).exists()]


def _clear(out: Path) -> None:
    """Remove an earlier page, and nothing else: a folder called `data` or `videos` may be somebody's work."""
    check_folder(out)
    for name in _earlier(out):
        shutil.rmtree(out / name)


def _metrics(columns: Sequence[MetricColumn]) -> list[MetricRecord]:
    return [column.metric.model_copy(update={"digits": column.digits}) for column in columns if column.view == "clips"]


def _videos(run: Run, number: int, out: Path) -> dict[str, str]:
    """`CLIP\\nSETTING` → path relative to the page, of the videos that are there."""
    found = {}
    for clip in run.manifest.clips:
        for name in clip.videos:
            source = run.video(clip, name) if name == "reference" or name in run.rows else None
            if source is None:
                continue
            folder = file_name(run.rows[name].folder if name in run.rows else name)
            target = Path("videos") / str(number) / folder / (file_name(clip.id) + source.suffix)
            _link(source, out / target)
            found[f"{clip.id}\n{name}"] = target.as_posix()
    return found


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    link_or_copy(source, target)


def _index(runs: Sequence[Run], tables: Sequence[Table], words: Words, *, plots: Sequence[Path], title: str) -> str:
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FILES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.get_template("index.html.j2").render(
        language=words.language,
        title=shown(title),
        words=page_words(words.language),
        scripts=_SCRIPTS,
        tables=[Markup(html_table(table)) for table in tables],
        plots=[path.as_posix() for path in plots],
        several=len(runs) > 1,
    )
