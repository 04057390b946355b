"""The command line of a run: parsed and checked without loading anything heavy."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.commands.gate_options import add_options
from bench.commands.parser import Parser, add_version
from bench.errors import BenchError
from bench.files.presence import is_file
from bench.run.failure_policy import FailureLimit

if TYPE_CHECKING:
    from bench.run.shards.shard import Shard

RESULTS = Path("results")

_EPILOG = """\
examples:
  python benchmark.py --suite demo
  python benchmark.py --videos 'clips/*.mp4' --model static --settings original --metrics l1 psnr ssim ms_ssim
  python benchmark.py --videos clips --settings original free-view:30,10,0 --model facevid2vid --checkpoint FILE

exit codes: 0 done; 1 a fault, a run that was stopped, or more failed and damaged clips than --max-failures allows;
2 a mistake in what was asked for; 3 a regression against --check's baseline; 130 or 143 interrupted (Ctrl-C or
SIGTERM), with what had ended kept
"""


def run_parser(subcommands: Sequence[str]) -> Parser:
    """Parser of a run, the command without a sub-command."""
    parser = Parser(
        prog="benchmark.py",
        usage="benchmark.py [--suite NAME | --videos GLOB … | --pairs CSV] [options]\n       benchmark.py COMMAND …",
        description="Reconstruct test videos with a talking-head model, score them, and print the table.",
        epilog=f"sub-commands (benchmark.py NAME --help): {', '.join(subcommands)}\n\n{_EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.commands = tuple(subcommands)
    add_version(parser)
    what = parser.add_argument_group("what to run")
    source = what.add_mutually_exclusive_group()
    source.add_argument("--suite", type=_text, metavar="NAME", help="a named suite ('benchmark.py list suites')")
    source.add_argument(
        "--videos", nargs="+", type=_text, metavar="GLOB", help="video files, quoted glob patterns or folders"
    )
    source.add_argument("--pairs", type=_path, metavar="CSV", help="cross-identity: columns source, driving (and id)")
    what.add_argument("--source", type=_path, metavar="FILE", help="animate this picture by every clip")
    what.add_argument("--data", type=_path, metavar="DIR", help="folder that holds the suite's clips")
    what.add_argument("--limit", type=positive, metavar="N", help="only the first N clips")
    what.add_argument(
        "--shard", type=_shard, metavar="I/N", help="only part I of N ('benchmark.py merge' puts them together)"
    )
    what.add_argument(
        "--preset",
        type=_text,
        default="default",
        metavar="NAME",
        help="conventions: default, portraits7, fomm or vid2vid",
    )
    what.add_argument(
        "--settings", nargs="+", type=_text, metavar="SETTING", help="original, free-view:YAW,PITCH,ROLL (degrees)"
    )
    what.add_argument("--metrics", nargs="+", type=_text, metavar="ID", help="metrics ('benchmark.py list metrics')")
    what.add_argument(
        "--size", type=size_of_frames, metavar="N|HxW", help="frame size of model and scores (default: 256)"
    )
    add_picture_rules(what)
    model = parser.add_argument_group("the model")
    model.add_argument(
        "--model", type=_text, metavar="NAME", help="a model ('benchmark.py list models'; default: static)"
    )
    model.add_argument("--predictions", type=_path, metavar="DIR", help="score finished videos: DIR/SETTING/CLIP.*")
    model.add_argument(
        "--pattern", type=_text, metavar="PATH", help="where in DIR they are, with {id} and {setting} in it"
    )
    model.add_argument("--predictions-list", type=_path, metavar="CSV", help="or a list: columns clip, setting, file")
    model.add_argument(
        "--align",
        choices=("strict", "shortest", "time", "offset"),
        default="strict",
        help="match their frames: as many, the common ones, by time, or moved into step (default: strict)",
    )
    model.add_argument(
        "--panel", type=positive, default=0, metavar="N", help="of pictures side by side, score this one"
    )
    model.add_argument(
        "--sound",
        choices=("clip", "prediction"),
        default="clip",
        help="whose sound LSE of finished videos is by, the clip's or their own (default: clip)",
    )
    model.add_argument(
        "--model-command",
        type=_text,
        metavar="CMD",
        help="run any model: '… {source} {driving} {output} {yaw} {pitch} {roll}'",
    )
    model.add_argument(
        "--model-timeout",
        type=_seconds,
        default=3600.0,
        metavar="S",
        help="seconds for a clip and setting (default: 3600)",
    )
    model.add_argument("--checkpoint", type=_path, metavar="FILE", help="its weights (alone: of facevid2vid)")
    model.add_argument("--precision", choices=("fp32", "bf16", "fp16"), help="arithmetic of the model (default: fp32)")
    model.add_argument(
        "--variant", type=_text, metavar="NAME", help="which code the checkpoint is for, where tensors cannot tell"
    )
    model.add_argument(
        "--keypoint-motion",
        choices=("absolute", "relative"),
        help="default: absolute",
    )
    model.add_argument("--adapt-scale", action="store_true", help="scale relative motion to the source's face")
    model.add_argument(
        "--best-frame",
        type=_best_frame,
        metavar="N|search",
        help="where relative motion starts: a frame, or the one most like the source",
    )
    how = parser.add_argument_group("how to run it")
    how.add_argument(
        "--device", type=_text, default="auto", metavar="NAME", help="auto, cpu, cuda, cuda:N or mps (default: auto)"
    )
    how.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="clips at a time, each in its own process (default: one a GPU, or 1; on a cluster one a machine)",
    )
    how.add_argument(
        "--in-process",
        action="store_true",
        help="run a model of your own in this process, for debuggers: if it ends the process, it ends the run",
    )
    how.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="where clips run: on this machine, or on a Ray cluster (default: local)",
    )
    how.add_argument(
        "--address",
        type=_text,
        metavar="HOST:PORT",
        help="of a running Ray cluster (default: one of its own)",
    )
    how.add_argument("--batch", type=positive, default=32, metavar="N", help="frames at a time (default: 32)")
    how.add_argument(
        "--weights",
        nargs="+",
        type=_weights,
        default=[],
        metavar="NAME=FILE",
        help="use these, not official ones",
    )
    how.add_argument("--weights-dir", type=_path, metavar="DIR", help="folder that holds the metrics' weights")
    how.add_argument("--no-cache", action="store_true", help="neither use nor keep features of reference frames")
    how.add_argument("--no-download", action="store_true", help="fetch no weights: metrics that lack some are skipped")
    how.add_argument("--dry-run", action="store_true", help="say what would be run, and stop")
    how.add_argument(
        "--timeout", type=_seconds, metavar="S", help="seconds for a clip, which is ended with its process then"
    )
    how.add_argument(
        "--retry",
        type=_count,
        default=0,
        metavar="N",
        help="more tries for clips that were killed, timed out, or lacked memory or disk space (default: 0)",
    )
    how.add_argument(
        "--max-failures",
        type=_failures,
        metavar="N|P%",
        help="failed or damaged clips to allow; stop when there are more (default: run all, and allow none)",
    )
    how.add_argument("--verbose", action="store_true", help="log what goes on, with the tracebacks of faults")
    output = parser.add_argument_group("what to keep")
    output.add_argument("--out", type=_path, metavar="DIR", help="the run folder (default: a new one under results/)")
    output.add_argument(
        "--resume", action="store_true", help="go on with the run that --out holds: do what is not done, no more"
    )
    output.add_argument("--retry-failed", action="store_true", help="the same, and do all that failed there once more")
    output.add_argument("--overwrite", action="store_true", help="replace the run that --out holds")
    output.add_argument(
        "--video-codec",
        choices=("h264", "ffv1", "png", "none"),
        default="h264",
        help="of the videos kept (default: h264, which adds a pixel to odd sides)",
    )
    output.add_argument("--codec-floor", action="store_true", help="add a row: the reference through H.264 and back")
    output.add_argument("--side-by-side", action="store_true", help="also a video of source, reference and settings")
    gate = add_options(parser)
    gate.add_argument(
        "--check", type=_path, metavar="BASELINE", help="compare with this baseline; exit code 3 if worse"
    )
    gate.add_argument("--update-baseline", action="store_true", help="write this run to --check's file instead")
    return parser


def add_picture_rules(parser: argparse._ActionsContainer) -> None:
    """Add the options that say how pictures become frames."""
    parser.add_argument(
        "--fit",
        choices=("stretch", "crop", "pad"),
        default="stretch",
        help="pictures of another shape than --size: stretched, their middle, or with bars (default: stretch)",
    )
    parser.add_argument(
        "--hdr",
        choices=("tone-map", "stored", "refuse"),
        default="tone-map",
        help="HDR and BT.2020 videos: to SDR, as if they were SDR, or an error (default: tone-map)",
    )
    parser.add_argument(
        "--deinterlace",
        choices=("off", "bwdif"),
        default="off",
        help="interlaced videos: as stored, or one whole frame of each (default: off)",
    )


def default_out(suite: str, model: str) -> Path:
    """A new folder under results/, called after suite, model and time."""
    return RESULTS / f"{suite}-{model}-{datetime.now():%Y%m%d-%H%M%S}"


def _text(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("its value is empty: give one, or leave the option out (an unset variable?)")
    return text


def _path(text: str) -> Path:
    return Path(_text(text))


def positive(text: str) -> int:
    """A whole number from 1 on."""
    number = _count(text)
    if number == 0:
        raise argparse.ArgumentTypeError("0 is too few: give 1 or more")
    return number


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number")
    return int(text)


def _failures(text: str) -> FailureLimit:
    try:
        return FailureLimit.parse(text)
    except BenchError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e7:
        raise argparse.ArgumentTypeError(f"'{text}' is not a time in seconds")
    return seconds


def _weights(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not equals or not is_file(Path(file)):
        raise argparse.ArgumentTypeError(f"'{text}' does not name weights and a file that is there: write NAME=FILE")
    from bench.weights.registry import get

    try:
        get(name)
    except BenchError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name, Path(file)


def _shard(text: str) -> Shard:
    from bench.run.shards.shard import Shard

    try:
        return Shard.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no part of a suite: write I/N, such as 3/8") from None


def _best_frame(text: str) -> int | str:
    return text if text == "search" else _count(text)


def size_of_frames(text: str) -> tuple[int, int]:
    """(height, width) of `256` or `480x640`."""
    height, _, width = text.lower().partition("x")
    try:
        size = int(height), int(width or height)
    except ValueError:
        size = 0, 0
    if min(size) < 16:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size: write 256 or 480x640 (height x width), at least 16")
    return size
