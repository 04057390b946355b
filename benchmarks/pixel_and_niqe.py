"""SSIM + MS-SSIM and NIQE: frames a second of the peers' own loops at their best batch size, and of ours.

python benchmarks/pixel_and_niqe.py [--frames 48] [--rounds 3] [--threads N] [--json FILE]

Moving 256x256 pieces of scikit-image's photograph of an astronaut against a noisy copy. Peers and ours take turns; the
best round of each counts, so that a busy machine spoils neither. A peer that is not installed is left out and named.
"""

import argparse
import importlib.util
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import metrics
from bench.compute.scored_frames import ScoredFrames
from bench.weights.resources import Resources
from metrics import registry
from metrics.metric import ClipFacts

BATCHES = (1, 4, 8, 16)
DEMANDS = {"SSIM + MS-SSIM": 2.5, "NIQE": 4.0}


def clip(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two (T, 3, 256, 256) uint8."""
    from skimage.data import astronaut

    photo = torch.from_numpy(astronaut()).permute(2, 0, 1)
    places = [(int(k * 3) % 200, int(k * 5) % 250) for k in range(count)]
    ref = torch.stack([photo[:, y : y + 256, x : x + 256] for y, x in places])
    noise = torch.randn(ref.shape, generator=torch.Generator().manual_seed(0)) * 8
    return (ref + noise).round().clamp(0, 255).to(torch.uint8), ref


def ours(*names: str, chunk: int = 32) -> Callable[[torch.Tensor, torch.Tensor], None]:
    def run(pred: torch.Tensor, ref: torch.Tensor) -> None:
        accumulators = [registry.get(name).begin(ClipFacts("bench"), Resources()) for name in names]
        for start in range(0, len(ref), chunk):
            sides = ScoredFrames.of(pred[start : start + chunk]), ScoredFrames.of(ref[start : start + chunk])
            for accumulator in accumulators:
                accumulator.update(*sides)
        for accumulator in accumulators:
            accumulator.result()

    return run


def batched(score: Callable[[torch.Tensor, torch.Tensor], object], size: int):
    @torch.no_grad()
    def run(pred: torch.Tensor, ref: torch.Tensor) -> None:
        for start in range(0, len(ref), size):
            score(*(side[start : start + size].float() / 255 for side in (pred, ref)))

    return run


def piq_pair(pred, ref):
    import piq

    piq.ssim(pred, ref, reduction="none")
    piq.multi_scale_ssim(pred, ref, reduction="none")


def pytorch_msssim_pair(pred, ref):
    import pytorch_msssim

    pytorch_msssim.ssim(pred, ref, data_range=1, size_average=False)
    pytorch_msssim.ms_ssim(pred, ref, data_range=1, size_average=False)


def pyiqa_niqe():
    """pyiqa would fetch the pristine model that ships with this package: it is given the same numbers."""
    import pyiqa
    from scipy.io import savemat

    ours = np.load(Path(metrics.__file__).parent / "data" / "niqe_live.npz")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "niqe.mat"
        savemat(path, {"mu_prisparam": ours["mean"][None], "cov_prisparam": ours["covariance"]})
        metric = pyiqa.create_metric("niqe", device="cpu", pretrained_model_path=str(path))
    return lambda pred, ref: metric(pred)


def contestants() -> dict[str, dict[str, Callable[[torch.Tensor, torch.Tensor], None]]]:
    """Task → name → runner; names of ours begin with 'ours'."""
    pairs = {"piq": piq_pair, "pytorch_msssim": pytorch_msssim_pair}
    tasks: dict[str, dict[str, Callable]] = {
        "SSIM + MS-SSIM": {
            f"{name} batch {size}": batched(score, size)
            for name, score in pairs.items()
            if installed(name)
            for size in BATCHES
        },
        "NIQE": {},
    }
    if installed("pyiqa"):
        niqe = pyiqa_niqe()
        tasks["NIQE"] = {f"pyiqa batch {size}": batched(niqe, size) for size in BATCHES}
    tasks["SSIM + MS-SSIM"]["ours"] = ours("ssim", "ms_ssim")
    tasks["NIQE"]["ours"] = ours("niqe")
    return tasks


def installed(name: str) -> bool:
    found = importlib.util.find_spec(name) is not None
    if not found:
        print(f"{name} is not installed: left out")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pred, ref = clip(options.frames)
    report = {"threads": options.threads, "frames": options.frames, "torch": torch.__version__}
    report["machine"] = platform.processor() or platform.machine()
    for task, runners in contestants().items():
        best = dict.fromkeys(runners, float("inf"))
        cpu = dict.fromkeys(runners, float("inf"))
        for _ in range(options.rounds):
            for name, run in runners.items():
                wall, spent = time.perf_counter(), time.process_time()
                run(pred, ref)
                best[name] = min(best[name], (time.perf_counter() - wall) / len(ref) * 1000)
                cpu[name] = min(cpu[name], (time.process_time() - spent) / len(ref) * 1000)
        print(f"\n{task}: milliseconds a frame, best of {options.rounds} rounds")
        for name in runners:
            print(f"  {name:28s} wall {best[name]:8.2f}   CPU {cpu[name]:8.2f}")
        peers = [name for name in runners if not name.startswith("ours")]
        report[task] = {"wall_ms": best, "cpu_ms": cpu}
        if peers:
            fastest = min(peers, key=best.__getitem__)
            ratio = best[fastest] / best["ours"]
            report[task]["ratio"] = ratio
            print(f"  {ratio:.2f}x the fastest peer ({fastest}); demanded {DEMANDS[task]}x")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
