"""Inception and LPIPS: images a second of the peers' own loops at their best batch size, and of ours.

python benchmarks/networks.py [--images 48] [--rounds 3] [--threads N] [--json FILE]

Full-size networks with pseudo-random weights on made-up 256x256 frames. Peers and ours take turns; the best round of
each counts, so that a busy machine spoils neither. GFLOP/s stand beside the matrix product's, measured in the same run.
"""

import argparse
import json
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from bench.compute.batches import batches
from bench.compute.scored_frames import ScoredFrames
from bench.weights.resources import Resources
from metrics.distribution.inception import Inception
from metrics.lpips import lpips
from tests.metrics import recipe
from tests.metrics.pictures import scene

CPU = torch.device("cpu")
BATCHES = (1, 4, 8, 16, 50)


def peer_inception() -> torch.nn.Module:
    """pytorch-fid's network with the recipe's weights."""
    from pytorch_fid import inception

    inception.load_state_dict_from_url = lambda *args, **options: recipe.state("inception")
    return inception.InceptionV3().eval()


def peer_lpips(net: str) -> torch.nn.Module:
    """The lpips package's network: its heads, the recipe's trunk."""
    import lpips as package

    with warnings.catch_warnings(action="ignore"):
        network = package.LPIPS(net=net, pnet_rand=True, verbose=False)
    trunk = recipe.state({"alex": "alexnet", "vgg": "vgg16"}[net])
    state = network.state_dict()
    for name in state:
        if name.startswith("net.slice"):
            index, kind = name.split(".")[2:]
            state[name] = trunk[f"features.{index}.{kind}"]
    network.load_state_dict(state)
    return network.eval()


class Race:
    """Runners that take turns; keeps the best wall and CPU seconds of each."""

    def __init__(self) -> None:
        self.runners: dict[str, Callable[[], object]] = {}
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    def add(self, name: str, run: Callable[[], object]) -> None:
        self.runners[name] = run

    def run(self, rounds: int) -> None:
        for _ in range(rounds):
            for name, run in self.runners.items():
                cpu, wall = _cpu(), time.perf_counter()
                run()
                wall, cpu = time.perf_counter() - wall, _cpu() - cpu
                self.wall[name] = min(wall, self.wall.get(name, wall))
                self.cpu[name] = min(cpu, self.cpu.get(name, cpu))

    def best(self, prefix: str) -> str:
        """The name of the fastest runner whose name starts so."""
        return min((name for name in self.wall if name.startswith(prefix)), key=self.wall.__getitem__)


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def matrix_peak() -> float:
    """GFLOP/s of a large float32 matrix product."""
    side = 2048
    a, best = torch.randn(side, side), 1e9
    for _ in range(6):
        start = time.perf_counter()
        _ = a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best / 1e9


def gflop(run: Callable[[], object]) -> float:
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops() / 1e9


def inception(images: int, rounds: int, folder: Path) -> dict[str, float]:
    from pytorch_fid.fid_score import get_activations

    pixels = scene(images, 256, 256)
    files = []
    for index, frame in enumerate(pixels):
        path = folder / f"{index:04d}.png"
        Image.fromarray(np.ascontiguousarray(frame.permute(1, 2, 0).numpy())).save(path)
        files.append(path)
    peer, ours = peer_inception(), Inception(recipe.state("inception"), CPU)
    race = Race()
    unit = pixels.float() / 255
    for size in BATCHES:
        race.add(
            f"peer, own loop over files, batch {size}",
            lambda size=size: get_activations(files, peer, size, num_workers=torch.get_num_threads()),
        )
        race.add(f"peer, network alone, batch {size}", lambda size=size: [peer(part) for part in unit.split(size)])
    race.add("ours", lambda: [ours(part) for part in batches(pixels, 8)])
    race.run(rounds)
    difference = float((ours(pixels[:4]) - peer(unit[:4])[0].flatten(1)).abs().max())
    return report("Inception, images", race, images, gflop(lambda: peer(unit[:1])), difference)


def perceptual(net: str, pairs: int, rounds: int) -> dict[str, float]:
    peer, ours = peer_lpips(net), lpips(net, Resources(weights=recipe.weights()))
    ref, *preds = (scene(pairs, 256, 256, seed=seed) for seed in range(3))
    scaled = [pixels / 127.5 - 1 for pixels in (ref, *preds)]
    race = Race()
    for size in BATCHES if net == "alex" else (1, 4):
        race.add(
            f"peer, network alone, batch {size}",
            lambda size=size: [peer(*part) for part in zip(scaled[0].split(size), scaled[1].split(size), strict=True)],
        )

    def score(settings: int) -> None:
        for start in range(0, pairs, 16):  # batches of the runner
            part = slice(start, start + 16)
            reference = ScoredFrames.of(ref[part])
            for pred in preds[:settings]:
                ours.terms(ScoredFrames.of(pred[part]), reference)

    race.add("ours", lambda: score(1))
    race.add("two settings, ours", lambda: score(2))
    race.run(rounds)
    terms = ours.terms(ScoredFrames.of(preds[0][:2]), ScoredFrames.of(ref[:2])).sum(0)
    difference = float((terms - peer(scaled[0][:2], scaled[1][:2]).flatten()).abs().max())
    figures = report(
        f"LPIPS ({net}), pairs", race, pairs, gflop(lambda: peer(scaled[0][:1], scaled[1][:1])), difference
    )
    both = 2 * race.wall[race.best("peer")] / race.wall["two settings, ours"]
    print(f"  two settings against one reference: {both:.2f}x")
    return figures | {"two_settings": both}


def report(title: str, race: Race, count: int, flop: float, difference: float) -> dict[str, float]:
    peak = matrix_peak()
    print(f"\n{title} ({flop:.2f} GFLOP each; matrix product {peak:.0f} GFLOP/s)")
    for name, seconds in race.wall.items():
        rate = count / seconds
        share = "" if name.startswith("two") else f"{rate * flop:6.0f} GFLOP/s {rate * flop / peak:4.0%}"
        print(f"  {name:42} {rate:7.2f}/s {race.cpu[name] / count * 1e3:7.1f} CPU ms each {share}")
    figures = {"difference": difference, "peak_gflops": peak, "gflop": flop, "rate": count / race.wall["ours"]}
    figures["of_peak"] = figures["rate"] * flop / peak
    for prefix in sorted({name.rpartition(",")[0] for name in race.wall if name.startswith("peer")}):
        best = race.best(prefix)
        ratio, cpu = race.wall[best] / race.wall["ours"], race.cpu[best] / race.cpu["ours"]
        print(f"  ours against {best}: {ratio:.2f}x (CPU time {cpu:.2f}x)")
        figures[prefix.removeprefix("peer, ")] = ratio
    print(f"  largest difference of values: {difference:.1e}")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=["inception", "alex", "vgg"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    print(f"torch {torch.__version__}, {options.threads} threads, {options.images} images, best of {options.rounds}")
    figures = {}
    if options.only in (None, "inception"):
        with tempfile.TemporaryDirectory(prefix="talking-head-") as folder:
            figures["inception"] = inception(options.images, options.rounds, Path(folder))
    if options.only in (None, "alex"):
        figures["lpips"] = perceptual("alex", options.images, options.rounds)
    if options.only in (None, "vgg"):
        figures["lpips_vgg"] = perceptual("vgg", max(4, options.images // 8), options.rounds)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
