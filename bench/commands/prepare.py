"""`benchmark.py prepare`: raw videos in, suite data out."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.commands.parser import Parser
from bench.commands.run_options import add_picture_rules, positive, size_of_frames
from bench.errors import BenchError
from bench.files.presence import is_folder

if TYPE_CHECKING:
    from bench.prepare.task import Task
    from bench.suites.named_files import LeftOut
    from bench.suites.recipe import Recipe

DONE, MISTAKE = 0, 2
LISTED = ("voxceleb", "voxceleb2", "talkinghead-1kh", "hdtf")

_EPILOG = """\
examples:
  python benchmark.py prepare --raw videos/ --data suite/
  python benchmark.py prepare --suite voxceleb --raw youtube/ --data voxceleb/ --jobs 8
  python benchmark.py prepare --suggest video.mp4

The data folder gets clips/, suite.toml (run it with --suite), report.csv (what was rejected and why), and prepared/, by
which an interrupted preparation goes on (exit code 130 after Ctrl-C, 143 after SIGTERM).
"""


def main(argv: Sequence[str]) -> int:
    """Run the sub-command; returns the exit code.

    Raises:
        BenchError: a mistake in what was asked for.
    """
    options = _parser().parse_args(argv)
    if options.suggest is not None:
        return _suggest(options.suggest, options.detector)
    if not options.raw or options.data is None:
        raise BenchError("nothing to prepare: name the raw videos with --raw and the folder to make with --data")
    from rich.text import Text

    from bench.commands.terminal import terminal
    from bench.prepare.batch import prepare_all

    console = terminal()
    tasks, left_out = _tasks(options)
    clips = prepare_all(
        tasks,
        _recipe(options),
        options.data,
        suite=options.suite or options.data.resolve().name,
        title=_title(options),
        licence=_licence(options),
        jobs=options.jobs,
        console=console,
    )
    for clip in clips:
        if clip.status == "rejected":
            console.print(Text(f"rejected: {clip.id}: {clip.reason}"))
    for one in left_out:
        console.print(Text(f"left out: {one.name}: {one.reason}"))
    counts = Counter(clip.status for clip in clips)
    if first := next((clip for clip in clips if clip.status == "missing"), None):
        more = f", and {counts['missing'] - 1} clips more" if counts["missing"] > 1 else ""
        console.print(Text(f"missing: {first.id}: {first.reason}{more}"))
    missing = f", {counts['missing']} missing" if counts["missing"] else ""
    missing += f", {len(left_out)} more left out" if left_out else ""
    console.print(
        Text(
            f"{counts['prepared']} of {len(clips)} clips prepared, {counts['rejected']} rejected{missing}: "
            f"{options.data}  (suite.toml, report.csv, clips/)"
        )
    )
    return DONE if counts["prepared"] else MISTAKE


def _parser() -> Parser:
    parser = Parser(
        prog="benchmark.py prepare",
        description="Cut, crop and resize raw videos into the data of a suite, with their sound.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--raw", nargs="+", metavar="PATH", help="raw videos: files, quoted patterns or folders")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder to make")
    parser.add_argument("--suite", choices=LISTED, help="take the clips that the suite's published list names")
    parser.add_argument("--list", type=Path, metavar="PATH", help="that list (default: in --data, fetched if missing)")
    parser.add_argument(
        "--crop",
        choices=("face", "listed", "tubes", "whole"),
        help="square around the only face, the listed box, the public crop script's tubes, or the whole frame "
        "(default: listed with --suite, else face)",
    )
    parser.add_argument(
        "--size", type=size_of_frames, default=(256, 256), metavar="N|HxW", help="frame size (default: 256)"
    )
    add_picture_rules(parser)
    parser.add_argument("--kernel", default="skimage-antialias-linear", metavar="NAME", help="resize kernel")
    parser.add_argument("--fps", type=_rate, metavar="RATE", help="resample by time (default: keep every frame)")
    parser.add_argument("--codec", choices=("ffv1", "h264"), default="ffv1", help="ffv1 is lossless (default: ffv1)")
    parser.add_argument("--detector", default="yunet", metavar="NAME", help="face detector (default: yunet)")
    parser.add_argument("--jobs", type=positive, default=1, metavar="N", help="videos at a time")
    parser.add_argument(
        "--suggest", type=Path, metavar="VIDEO", help="only print crop commands as the public script does"
    )
    return parser


def _suggest(path: Path, name: str) -> int:
    from bench.faces import detector
    from bench.faces.tubes import CROP_VIDEO, crops
    from bench.media.video_reader import VideoReader
    from bench.weights.resources import Resources

    found = False
    with VideoReader(path, conversion="ffmpeg") as reader:
        for crop in crops((batch.pixels for batch in reader), detector.load(name, Resources())):
            found = True
            print(crop.command(str(path), reader.info.fps))
    if not found:
        raise BenchError(f"{path}: no face stays near its place for more than {CROP_VIDEO.min_frames} frames")
    return DONE


def _tasks(options: argparse.Namespace) -> tuple[list[Task], tuple[LeftOut, ...]]:
    """What is to be prepared, and what of --raw is no video."""
    from bench.prepare.task import Task
    from bench.suites.from_paths import of_videos

    if options.suite is None:
        named = of_videos(options.raw, option="--raw")
        return [Task(clip.id, clip.path) for clip in named.clips], named.left_out
    from bench.suites.lists import catalogue

    raw = _by_name(options.raw)
    tasks = [
        Task(
            clip.id,
            _one(raw.get(clip.video, []), clip.video),
            wanted=f"raw video '{clip.video}'",
            span=clip.span,
            box=clip.box,
            person=clip.person,
        )
        for clip in catalogue.clips(options.suite, folder=options.data, path=options.list)
    ]
    return tasks, ()


def _one(paths: Sequence[Path], name: str) -> Path | None:
    from bench.suites.named_files import same_file

    if len({same_file(path) for path in paths}) > 1:
        raise BenchError(f"two raw videos are called '{name}' ({paths[0]}, {paths[1]}): keep one of them under --raw")
    return paths[0] if paths else None


def _by_name(patterns: Sequence[str]) -> dict[str, list[Path]]:
    from bench.file_names import readable
    from bench.media.formats import videos_among
    from bench.suites.from_paths import of_videos

    paths: list[Path] = []
    for pattern in patterns:
        if is_folder(Path(pattern)):
            paths += videos_among(Path(pattern).rglob("*"))
        else:
            paths += [clip.path for clip in of_videos([pattern], option="--raw").clips]
    named: dict[str, list[Path]] = {}
    for path in sorted(set(paths)):
        named.setdefault(readable(path.stem), []).append(path)
    return named


def _recipe(options: argparse.Namespace) -> Recipe:
    from bench.faces import detector
    from bench.media.resize import KERNELS
    from bench.suites.recipe import Recipe

    if options.kernel not in KERNELS:
        raise BenchError(f"there is no resize kernel '{options.kernel}': choose one of {', '.join(KERNELS)}")
    crop = options.crop or ("listed" if options.suite else "face")
    if crop == "listed" and not options.suite:
        raise BenchError("--crop listed needs a list: name a suite with --suite")
    if options.detector not in detector.TABLE:
        raise BenchError(f"there is no face detector '{options.detector}': they are {', '.join(detector.TABLE)}")
    if options.codec == "h264" and any(side % 2 for side in options.size):
        raise BenchError("--codec h264 keeps even sides only: give an even --size, or keep ffv1")
    return Recipe(
        size=options.size,
        kernel=options.kernel,
        fps=options.fps,
        crop=crop,
        detector=options.detector,
        codec=options.codec,
        fit=options.fit,
        hdr=options.hdr,
        deinterlace=options.deinterlace,
    )


def _title(options: argparse.Namespace) -> str:
    from bench.suites.lists.catalogue import LISTS

    return LISTS[options.suite].title if options.suite else "videos prepared by benchmark.py prepare"


def _licence(options: argparse.Namespace) -> str:
    from bench.suites.lists.catalogue import LISTS

    return LISTS[options.suite].licence if options.suite else "that of the raw videos"


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a frame rate: give frames a second, like 25, below 1000")
    return rate
