"""How fast face-vid2vid runs beside a plain loop in the public code's order, and where the time goes.

    python benchmarks/facevid2vid.py --variant vox-256 vox-256-beta
    python benchmarks/facevid2vid.py --variant vox-256 --device cuda --precision fp32 tf32 bf16 --batch 1 8 16

The two loops alternate, so that other work on the machine falls on both; the ratio is the median over rounds. Weights
are random: they change neither the work nor its order.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from bench.compute.float32 import float32
from bench.settings import Setting
from model.facevid2vid.animator import Animator, Options
from model.facevid2vid.architecture import VOX_256, VOX_256_BETA, VOX_256_BETA_LEGACY, Architecture
from model.facevid2vid.networks import Networks
from model.facevid2vid.talker import FaceVid2Vid
from model.interface import Driving

ARCHITECTURES = {"vox-256": VOX_256, "vox-256-beta": VOX_256_BETA, "vox-256-beta-legacy": VOX_256_BETA_LEGACY}
TYPES = {"fp32": torch.float32, "tf32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variant", nargs="+", choices=ARCHITECTURES, default=["vox-256", "vox-256-beta"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", nargs="+", choices=TYPES, default=["fp32"])
    parser.add_argument("--batch", nargs="+", type=int, default=[1])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=2, help="driving frames of a round, at least the batch")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    print(f"{device}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    for variant in arguments.variant:
        networks = random_networks(ARCHITECTURES[variant]).to(device)
        frames = moving_frames(max(arguments.frames, *arguments.batch))
        plain = PlainLoop(networks, frames[0], device)
        flops = counted(functools.partial(plain, frames[:1]))
        print(f"\n{variant}: plain loop {flops / 1e9:.0f} GFLOP a frame")
        for precision in arguments.precision:
            for batch in arguments.batch:
                options = Options(precision=precision, batch_size=batch)
                report(networks, options, frames, plain, arguments.rounds, device)


def report(
    networks: Networks, options: Options, frames: Tensor, plain: PlainLoop, rounds: int, device: torch.device
) -> None:
    talker = FaceVid2Vid(Animator(networks, options, device=device), {})
    setting = Setting()
    session = talker.open(Driving("benchmark", frames[0], 25.0), [setting])
    batch = frames[: options.batch_size]

    def ours(frames: Tensor) -> Tensor:
        return session.step(frames)[setting]

    executed = counted(lambda: ours(batch)) / len(batch)
    definition = FaceVid2Vid(Animator(networks, options, device=device, minimal=False), {})
    direct = definition.open(Driving("benchmark", frames[0], 25.0), [setting])
    flops = counted(lambda: direct.step(batch)) / len(batch)
    once = counted(lambda: definition.open(Driving("benchmark", frames[0], 25.0), [setting]))
    error = (ours(frames).int() - plain(frames).int()).abs()
    speeds: list[tuple[float, float]] = []
    peaks = []
    for _ in range(rounds):
        peaks.append(matrix_peak(TYPES[options.precision], device, options.precision != "fp32"))
        speeds.append((len(frames) / timed(plain, frames, device), len(frames) / timed(ours, frames, device)))
    slow, fast = (max(column) for column in zip(*speeds, strict=True))
    ratio = statistics.median(ours / theirs for theirs, ours in speeds)
    peak = max(peaks)
    print(
        f"  {options.precision}, batch {options.batch_size}: {fast:.3f} frames/s, plain loop {slow:.3f}, "
        f"ratio {ratio:.2f} (rounds: {', '.join(f'{ours / theirs:.2f}' for theirs, ours in speeds)})\n"
        f"    {flops / 1e9:.0f} GFLOP a frame by direct convolutions ({executed / 1e9:.0f} executed), "
        f"{once / 1e9:.0f} once a clip\n"
        f"    matrix peak {peak / 1e12:.3f} TFLOP/s; share: {fast * executed / peak:.0%} executed, "
        f"{fast * flops / peak:.0%} by direct convolutions\n"
        f"    against the plain loop: at most {error.max()} of 255 apart, {(error > 0).float().mean():.2%} differ"
    )


class PlainLoop:
    """The public loop's order, eager float32: one frame at a time, the source encoded anew for each."""

    def __init__(self, networks: Networks, source: Tensor, device: torch.device) -> None:
        self.networks, self.device = networks, device
        with torch.inference_mode(), float32(device):
            self.image = self.floats(source[None])
            self.canonical = networks.kp_detector(self.image)
            self.source = networks.keypoints(self.canonical, networks.he_estimator(self.image))

    def floats(self, frames: Tensor) -> Tensor:
        return frames.to(self.device).float() / 255

    def __call__(self, frames: Tensor) -> Tensor:
        with torch.inference_mode(), float32(self.device):
            predicted = []
            for frame in frames.split(1):
                pose = self.networks.he_estimator(self.floats(frame))
                driving = self.networks.keypoints(self.canonical, pose)
                generated = self.networks.generator(self.image, self.source, driving)
                predicted.append((generated.image * 255).round().to(torch.uint8).cpu())
            return torch.cat(predicted)


def random_networks(architecture: Architecture) -> Networks:
    torch.manual_seed(0)
    return Networks(architecture).eval().requires_grad_(False)


def moving_frames(count: int) -> Tensor:
    """(count, 3, 256, 256) uint8: a bright blob that wanders over a ramp."""
    rows, columns = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    frames = []
    for index in range(count):
        blob = torch.exp(-((rows - 128 + 5 * index) ** 2 + (columns - 100 - 9 * index) ** 2) / 2000)
        frames.append(torch.stack([rows / 256 + blob, columns / 256, blob]).clamp(0, 1) * 255)
    return torch.stack(frames).to(torch.uint8)


def counted(work: Callable[[], object]) -> int:
    """FLOPs of convolutions and matrix products, two a multiply-add."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def timed(work: Callable[[Tensor], Tensor], frames: Tensor, device: torch.device) -> float:
    """Seconds."""
    start = time.perf_counter()
    work(frames)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def matrix_peak(dtype: torch.dtype, device: torch.device, tf32: bool) -> float:
    """FLOP/s of the best of five large square products."""
    size = 8192 if device.type == "cuda" else 2048
    left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    with float32(device, tf32=tf32):
        best = min(timed(lambda matrix: matrix @ right, left, device) for _ in range(5))
    return 2 * size**3 / best


if __name__ == "__main__":
    main()
