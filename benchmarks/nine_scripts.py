"""Nine metrics of one clip under two settings: one process a peer package, as people do it, against one run of ours.

python benchmarks/nine_scripts.py [--clip VIDEO] [--frames 125] [--peer-python PYTHON] [--json FILE]

The clip is cut or looped to the asked length at 256x256, 25 fps, with its sound; the predictions are two finished
videos, blurred and noisy copies, the same files for both sides, so no model's time counts. Networks are of full size
with pseudo-random weights. Peers: FID, LPIPS and NIQE read PNG frames, which are written once a video; SyncNet reads
whole frames as JPEG and does no face tracking (ours does); NIQE and LSE of the reference are computed once, as our
ground-truth row has them. Each process' peak memory is its own; the peers' is that of the largest.

PYTHON must have lpips, pytorch-fid, scikit-image, pytorch-msssim, pyiqa, syncnet-python (the `parity` extra).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

# This process stays small and imports nothing large: a child's peak memory counts what it was forked from.
ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {"original": "original", "free-view:30,10,0": "free-view_30,10,0"}
METRICS = ["fid", "psnr", "ssim", "ms_ssim", "l1", "lpips", "niqe", "lse_c", "lse_d"]
NETWORKS = ["inception", "alexnet", "syncnet"]


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took: wall and CPU seconds, peak resident megabytes, and its last line of output."""

    wall: float
    cpu: float
    peak: float
    output: str


def run(command: list[str], environment: dict[str, str]) -> Run:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=errors, env=os.environ | environment, cwd=ROOT)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if child.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{errors.read().decode()[-2000:]}")
        lines = out.read().decode().strip().splitlines()
        return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, lines[-1] if lines else "")


def prepare(clip: Path, frames: int, folder: Path) -> None:
    """Write the clip, the two predictions and the weights."""
    sys.path.insert(0, str(ROOT))
    import numpy as np
    import scipy.io
    import torch
    from torch.nn.functional import avg_pool2d

    from bench.media._soundtrack import AudioSource
    from bench.media.video_reader import VideoReader
    from bench.media.video_writer import VideoWriter
    from tests.metrics import recipe
    from tests.syncnet import recipe as syncnet

    with VideoReader(clip, size=(256, 256)) as reader:
        once = torch.cat([batch.pixels for batch in reader])
    there_and_back = torch.cat([once, once.flip(0)])
    reference = there_and_back[torch.arange(frames) % len(there_and_back)]
    noise = torch.randn(reference.shape, generator=torch.Generator().manual_seed(0)) * 8
    blurred = avg_pool2d(reference.float(), 5, 1, 2, count_include_pad=False)
    videos = {
        folder / "clip.mkv": reference,
        folder / "predictions" / SETTINGS["original"] / "clip.mkv": blurred.round().byte(),
        folder / "predictions" / SETTINGS["free-view:30,10,0"] / "clip.mkv": (
            (reference + noise).round().clamp(0, 255).byte()
        ),
    }
    for path, pixels in videos.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(path, size=(256, 256), fps=25.0, codec="ffv1", audio=AudioSource(clip)) as writer:
            writer.write(pixels)
    (folder / "weights").mkdir()
    states = {"inception": recipe.state("inception"), "alexnet": recipe.state("alexnet"), "syncnet": syncnet.weights()}
    for name, state in states.items():
        torch.save(dict(state), folder / "weights" / f"{name}.pth")
    pristine = np.load(ROOT / "metrics" / "data" / "niqe_live.npz")
    names = {"mu_prisparam": pristine["mean"].reshape(1, -1), "cov_prisparam": pristine["covariance"]}
    scipy.io.savemat(folder / "weights" / "niqe.mat", names)


def peers(folder: Path, python: str, environment: dict[str, str]) -> tuple[list[tuple[str, Run]], dict[str, object]]:
    """Run every peer; returns the runs in order and the values by setting and metric."""
    runs: list[tuple[str, Run]] = []
    values: dict[str, object] = {}
    weights = str(folder / "weights")

    def peer(name: str, *arguments: Path) -> str:
        command = [python, str(ROOT / "benchmarks" / "peers.py"), name, weights, *map(str, arguments)]
        runs.append((name, run(command, environment)))
        print(f"  {name:8} {runs[-1][1].wall:7.1f} s  peak {runs[-1][1].peak:6.0f} MB", flush=True)
        return runs[-1][1].output

    def mean(name: str, *arguments: Path) -> float:
        return fmean(json.loads(peer(name, *arguments)))

    reference = folder / "clip.mkv"
    peer("frames", reference, folder / "png" / "ref")
    peer("crops", reference, folder / "jpg" / "ref")
    values["ground-truth"] = {
        "niqe": mean("niqe", folder / "png" / "ref"),
        "lse": json.loads(peer("lse", folder / "jpg" / "ref")),
    }
    for setting, name in SETTINGS.items():
        video, png, jpg = folder / "predictions" / name / "clip.mkv", folder / "png" / name, folder / "jpg" / name
        peer("frames", video, png)
        peer("crops", video, jpg)
        found: dict[str, object] = {
            metric: mean(metric, reference, video) for metric in ("l1", "psnr", "ssim", "ms_ssim")
        }
        found |= {metric: mean(metric, folder / "png" / "ref", png) for metric in ("lpips", "fid")}
        found |= {"niqe": mean("niqe", png), "lse": json.loads(peer("lse", jpg))}
        values[setting] = found
    return runs, values


def ours(folder: Path, out: Path, environment: dict[str, str]) -> Run:
    """One run of the benchmark over the same files."""
    command = [sys.executable, "benchmark.py", "--videos", str(folder / "clip.mkv"), "--device", "cpu"]
    command += ["--predictions", str(folder / "predictions"), "--settings", *SETTINGS, "--metrics", *METRICS]
    command += ["--weights", *(f"{name}={folder / 'weights' / name}.pth" for name in NETWORKS)]
    command += ["--no-download", "--video-codec", "none", "--size", "256", "--out", str(out)]
    return run(command, environment | {"XDG_CACHE_HOME": str(folder / "cache")})


def outcomes(out: Path) -> dict[str, dict[str, str]]:
    """Setting → metric → value or status of our run."""
    import csv

    found: dict[str, dict[str, str]] = {}
    with (out / "clips.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["setting"], {})[row["metric"]] = row["value"] or f"{row['status']}: {row['reason']}"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, default=ROOT / "bench" / "suites" / "demo" / "ada_01.mp4")
    parser.add_argument("--frames", type=int, default=125)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path)
    parser.add_argument("--skip-peers", action="store_true", help="our side alone")
    parser.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prepare:
        prepare(options.clip, options.frames, options.prepare)
        return
    environment = {"OMP_NUM_THREADS": str(options.threads)}
    with tempfile.TemporaryDirectory(prefix="talking-head-") as name:
        folder = Path(name)
        command = [sys.executable, __file__, "--clip", str(options.clip), "--frames", str(options.frames)]
        subprocess.run([*command, "--prepare", str(folder)], check=True)
        results = []
        for turn in range(options.rounds):
            place = folder / f"round{turn}"
            place.mkdir()
            for shared in ("clip.mkv", "predictions", "weights"):
                (place / shared).symlink_to(folder / shared)
            result = {"cold": ours(place, place / "cold", environment)}
            result["cached"] = ours(place, place / "cached", environment)
            print(f"ours: cold {result['cold'].wall:.1f} s, reference cached {result['cached'].wall:.1f} s", flush=True)
            values = {"ours": outcomes(place / "cold")}
            theirs: list[tuple[str, Run]] = []
            if not options.skip_peers:
                theirs, values["peers"] = peers(place, options.peer_python, environment)
            results.append((result, theirs, values))
        report(results, options.json)


def report(results: list[tuple[dict[str, Run], list[tuple[str, Run]], dict[str, object]]], target: Path | None) -> None:
    for result, theirs, _ in results:
        wall, cpu = sum(run.wall for _, run in theirs), sum(run.cpu for _, run in theirs)
        peak = max((run.peak for _, run in theirs), default=float("nan"))
        by_name: dict[str, float] = {}
        for name, one in theirs:
            by_name[name] = by_name.get(name, 0.0) + one.wall
        print("\npeers: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in by_name.items()))
        print(f"peers {wall:7.1f} s wall, {cpu:7.1f} s CPU, largest peak {peak:6.0f} MB")
        for name, one in result.items():
            print(
                f"ours, {name:6} {one.wall:7.1f} s wall, {one.cpu:7.1f} s CPU, peak {one.peak:6.0f} MB: "
                f"{wall / one.wall:.2f}x wall, {cpu / one.cpu:.2f}x CPU, {one.peak / peak:.2f} of the memory"
            )
    print("\n" + json.dumps(results[-1][2], indent=1))
    if target:
        rounds = [
            {
                "ours": {name: {"wall": r.wall, "cpu": r.cpu, "peak_mb": r.peak} for name, r in result.items()},
                "peers": [{"name": name, "wall": r.wall, "cpu": r.cpu, "peak_mb": r.peak} for name, r in theirs],
            }
            for result, theirs, _ in results
        ]
        target.write_text(json.dumps({"rounds": rounds, "values": results[-1][2]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
