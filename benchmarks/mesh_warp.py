"""mesh-warp beside `static`: the tables of docs/mesh_warp.md.

    python benchmarks/mesh_warp.py demo [--pictures DIR]     # the suite `demo`, original and free view
    python benchmarks/mesh_warp.py clips FOLDER              # any folder of clips
    python benchmarks/mesh_warp.py speed                     # milliseconds a frame, by stage

`--frames N` takes N frames spread over each clip (default: 50), the first being the source. Free view is 30,10,0; on
the suite `demo` it is compared with the true rotated view.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from independent_pose import estimate
from PIL import Image

import metrics
import model
from bench.compute.cores import one_core
from bench.errors import BenchError
from bench.faces import head_pose, landmarks
from bench.media.video_reader import VideoReader
from bench.portraits.truth import Truth
from bench.settings import Setting
from bench.suites import suite
from bench.weights.resources import Resources

VIEW = Setting.parse("free-view:30,10,0")
ANGLES = np.array([VIEW.yaw, VIEW.pitch, VIEW.roll], np.float64)
COLUMNS = ("l1", "psnr", "ssim", "ms_ssim")
DIGITS = (4, 2, 3, 3)


def main() -> None:
    options = _options()
    if options.what == "speed":
        speed()
    elif options.what == "demo":
        demo(options.frames, options.pictures)
    else:
        clips(sorted(path for path in options.folder.iterdir() if path.is_file()), options.frames)


def demo(count: int, pictures: Path | None) -> None:
    folder = suite.FOLDER / "demo"
    names = sorted({path.name.split(".")[0] for path in folder.glob("*.mp4")})
    talker = model.load("mesh-warp")
    tables: dict[str, list] = {"original": [], "free view": []}
    poses = []
    for name in names:
        frames, chosen = _frames(folder / f"{name}.mp4", count)
        view, _ = _frames(folder / f"{name}.{VIEW.folder}.mp4", count)
        still = frames[:1].expand_as(frames)
        driven, turned = talker.reconstruct(frames), talker.reconstruct(frames, setting=VIEW)
        tables["original"].append((name, _scores(still, frames), _scores(driven, frames)))
        tables["free view"].append((name, _scores(still, view), _scores(turned, view)))
        truth = Truth.read(folder / f"{name}.truth.npz")
        angles = np.stack([truth.yaw, truth.pitch, truth.roll], 1)[chosen]
        mesh = landmarks.load(Resources())
        asked = (
            estimate(turned) - ANGLES, estimate(view) - ANGLES, _mesh_pose(mesh, turned) - ANGLES,
            estimate(driven) - angles, estimate(frames) - angles,
        )  # fmt: skip
        poses.append((name, asked))
        if pictures is not None:
            _strips(pictures, name, (still, frames, driven, turned, view), len(frames))
    for title, rows in tables.items():
        _table(title, rows)
    print("\nPose: mean absolute difference in yaw, pitch, roll (degrees)\n")
    print("| clip | free view, independent | true view, independent | free view, mesh | original | driving video |")
    print("|---|---|---|---|---|---|")
    for name, found in [
        *poses,
        ("**mean**", [np.concatenate(part) for part in zip(*(p for _, p in poses), strict=True)]),
    ]:
        cells = (" / ".join(f"{value:.1f}" for value in np.nanmean(np.abs(part), 0)) for part in found)
        print(f"| {name} | " + " | ".join(cells) + " |")


def clips(paths: Sequence[Path], count: int) -> None:
    talker, mesh = model.load("mesh-warp"), landmarks.load(Resources())
    rows, poses, failed = [], [], []
    for path in paths:
        try:
            frames, _ = _frames(path, count)
            driven, turned = talker.reconstruct(frames), talker.reconstruct(frames, setting=VIEW)
        except BenchError as error:
            failed.append(str(error))
            continue
        rows.append((path.stem, _scores(frames[:1].expand_as(frames), frames), _scores(driven, frames)))
        off = np.abs(_mesh_pose(mesh, turned) - ANGLES)
        poses.append((path.stem, np.nanmean(off, 0), int(np.isnan(off[:, 0]).sum())))
        print(path.stem, file=sys.stderr)
    _table("original", rows)
    print("\nFree view 30,10,0: mean absolute pose error by the shipped estimator (degrees)\n")
    print("| clip | yaw | pitch | roll | mean | frames without a face |\n|---|---|---|---|---|---|")
    for name, off, lost in poses:
        print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in (*off, off.mean())) + f" | {lost} |")
    inside = sum(bool((off < 8).all()) for _, off, _ in poses)
    print(f"\nyaw, pitch and roll within 8 degrees on {inside} of {len(poses)}; mean within 8 on "
          f"{sum(off.mean() < 8 for _, off, _ in poses)}; failed: {failed or 'none'}")  # fmt: skip


def speed() -> None:
    """Seconds of one core a frame at 256 × 256, by stage, and frames a second on all cores."""
    frames, _ = _frames(suite.FOLDER / "demo" / "ada_01.mp4", 64)
    for setting in (Setting(), VIEW):
        talker = model.load("mesh-warp")
        talker.reconstruct(frames[:16], setting=setting)
        began, cpu = time.perf_counter(), time.process_time()
        talker.reconstruct(frames, setting=setting, batch=32)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        print(f"{setting}: {len(frames) / wall:.1f} frames/s on {torch.get_num_threads()} threads, "
              f"{1000 * cpu / len(frames):.1f} ms of a core a frame")  # fmt: skip
    for line in _stages(frames):
        print(line)


def _stages(frames: torch.Tensor) -> Iterator[str]:
    from model.mesh_warp import head, topology
    from model.mesh_warp.painter import Painter
    from model.mesh_warp.source import prepare

    one_core()
    face = head_pose.canonical()
    joined, find = topology.of(face), landmarks.load(Resources())
    find(frames[:8])

    def timed(name, work, times):
        began = time.process_time()
        found = [work(index) for index in range(times)]
        return found, f"{name}: {1000 * (time.process_time() - began) / times:.1f} ms of a core"

    found, line = timed("mesh, 8 frames", lambda i: find(frames[8 * i : 8 * i + 8]), 8)
    yield line
    points = torch.cat(found).double().numpy()
    heads, line = timed("pose", lambda i: head.measure(points[i], face), 64)
    yield line
    sources, line = timed("source, once a clip", lambda i: prepare(frames[0], points[0], face, joined), 3)
    yield line
    painter = Painter(sources[0], joined)
    moved = [head.moved(sources[0].head, one, heads[0], VIEW) for one in heads]
    yield timed("flow and warp", lambda i: painter.paint(moved[i]), 64)[1]
    sheet = sources[0].sheet
    yield timed("  of which the flow of the sheet", lambda i: painter._drawn(
        sheet.place(sources[0].head, moved[i]), sheet.triangles, sheet.points[:, :2]), 64)[1]  # fmt: skip
    yield timed("  of which the flow of the face", lambda i: painter._face(moved[i].pose.place(moved[i].shape)), 64)[1]
    yield timed("  of which the head's back, flow and warp", lambda i: painter._backdrop(moved[i]), 64)[1]


def _frames(path: Path, count: int) -> tuple[torch.Tensor, np.ndarray]:
    with VideoReader(path, size=(256, 256), batch=32) as reader:
        pixels = torch.cat([part.pixels for part in reader])
    chosen = np.unique(np.linspace(0, len(pixels) - 1, min(count, len(pixels))).round().astype(int))
    return pixels[chosen], chosen


def _scores(pred: torch.Tensor, ref: torch.Tensor) -> list[float]:
    """Without the first frame, which is the source itself."""
    found = metrics.score(COLUMNS, pred[1:].contiguous(), ref[1:])
    return [found[name].value for name in COLUMNS]


def _mesh_pose(mesh: landmarks.FaceLandmarks, frames: torch.Tensor) -> np.ndarray:
    return head_pose.angles(head_pose.rotations(mesh(frames).double().numpy(), head_pose.canonical()))


def _table(title: str, rows: list) -> None:
    print(f"\n{title}: static → mesh-warp\n")
    print("| clip | L1 | PSNR | SSIM | MS-SSIM |\n|---|---|---|---|---|")
    mean = ("**mean**", *(np.mean([row[i] for row in rows], 0) for i in (1, 2)))
    for name, still, ours in [*rows, mean]:
        cells = (f"{a:.{n}f} → {b:.{n}f}" for a, b, n in zip(still, ours, DIGITS, strict=True))
        print(f"| {name} | " + " | ".join(cells) + " |")
    signs = np.array([-1, 1, 1, 1])
    better = [(np.sign(np.subtract(ours, still)) == signs) for _, still, ours in rows]
    print(f"\nbetter than static: {np.sum(better, 0).tolist()} of {len(rows)} clips")


def _strips(folder: Path, name: str, videos: Sequence[torch.Tensor], length: int) -> None:
    """Source, driving, mesh-warp, free view, true view, at two places of the clip."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [torch.cat([video[at] for video in videos], 2) for at in (length // 3, 2 * length // 3)]
    Image.fromarray(torch.cat(rows, 1).permute(1, 2, 0).numpy()).save(folder / f"{name}.png")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("demo", "clips", "speed"))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--pictures", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
