"""SyncNet: our stream against the public loop, on the same cores in the same run, and both against the floor.

    python benchmarks/lip_sync.py [--frames 125] [--threads 2] [--repeats 5]

The public loop is what people run: float windows of 5 crops stacked one by one, 20 at a time, through the plain
network; its sound windows likewise. Ours is what the metric runs. Both begin with crops and int16 samples in memory
and end with LSE-C, LSE-D and the offset. Weights are random: they change the numbers, not the time. The floor is the
plain network's floating-point operations at the rate of this machine's own matrix product; ours may go below it,
because the first layer's sum over time takes fewer multiplications than its definition.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from syncnet import lse_score, mfcc, network
from syncnet.fast_network import FastSyncNet
from syncnet.sound_embeddings import SoundEmbeddings
from syncnet.track_scorer import TrackScorer

BATCH = 20


def public_loop(net: network.SyncNet, crops: np.ndarray, samples: np.ndarray) -> lse_score.SyncScore:
    frames = torch.from_numpy(crops).transpose(0, 1).unsqueeze(0).float()
    columns = torch.from_numpy(mfcc.mfcc(samples).T.copy()).float()
    count = lse_score.window_count(crops.shape[0], samples.shape[0])
    lip, audio = [], []
    with torch.inference_mode():
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            lip.append(net.lip(torch.cat([frames[:, :, i : i + 5] for i in numbers])))
            audio.append(net.audio(torch.stack([columns[:, 4 * i : 4 * i + 20] for i in numbers])))
        table = lse_score.distances(torch.cat(lip), lse_score.padded(torch.cat(audio)))
    return lse_score.score(table.numpy())


def our_stream(net: FastSyncNet, crops: np.ndarray, samples: np.ndarray) -> lse_score.SyncScore:
    stream = TrackScorer(SoundEmbeddings(samples, net), start=0)
    for crop in crops:
        stream.push(crop)
    verdict = stream.close()
    assert verdict is not None
    return verdict


def matrix_peak(size: int = 2048, repeats: int = 6) -> float:
    """Floating-point operations a second of this machine's matrix product."""
    a, b = torch.randn(2, size, size)
    best = min(_seconds(lambda: a @ b) for _ in range(repeats))
    return 2 * size**3 / best


def operations(net: network.SyncNet) -> tuple[int, int]:
    """Of one lip window and of one sound window, two for a multiplication and addition."""
    counts = []
    for work in (lambda: net.lip(torch.zeros(1, 3, 5, 224, 224)), lambda: net.audio(torch.zeros(1, 13, 20))):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            work()
        counts.append(counter.get_total_flops())
    return counts[0], counts[1]


def _seconds(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=125)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    plain = network.load(network.SyncNet().state_dict())
    fast = FastSyncNet(plain, torch.device("cpu"))
    draw = np.random.default_rng(0)
    crops = draw.integers(0, 256, (options.frames, 3, 224, 224), dtype=np.uint8)
    samples = draw.integers(-8000, 8000, options.frames * mfcc.SAMPLES_PER_FRAME).astype(np.int16)

    theirs, ours = public_loop(plain, crops, samples), our_stream(fast, crops, samples)
    difference = max(abs(theirs.distance - ours.distance), abs(theirs.confidence - ours.confidence))
    times: dict[str, list[float]] = {"public loop": [], "our stream": []}
    peaks = []
    for _ in range(options.repeats):  # in turns: another process slows all of them alike
        peaks.append(matrix_peak(repeats=2))
        times["public loop"].append(_seconds(lambda: public_loop(plain, crops, samples)))
        times["our stream"].append(_seconds(lambda: our_stream(fast, crops, samples)))

    lip, audio = operations(plain)
    peak = max(peaks)
    print(f"{options.frames} frames, {ours.windows} windows, {options.threads} threads, best of {options.repeats}")
    print(f"matrix peak {peak / 1e9:.0f} GFLOP/s; a window: lip {lip / 1e9:.2f} + sound {audio / 1e9:.2f} GFLOP")
    for name, runs in times.items():
        window = min(runs) / ours.windows
        share = (lip + audio) / window / peak
        print(f"{name:12} {window * 1e3:6.1f} ms a window  {1 / window:6.1f} windows/s  {share:5.0%} of the peak")
    ratios = [a / b for a, b in zip(*times.values(), strict=True)]
    best = min(times["public loop"]) / min(times["our stream"])
    print(f"ratio {best:.2f} (turn by turn, median {np.median(ratios):.2f})")
    print(f"largest difference of LSE-D and LSE-C {difference:.1e}")


if __name__ == "__main__":
    main()
