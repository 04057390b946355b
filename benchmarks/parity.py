"""Our numbers beside those of the peer packages, run themselves: a Markdown table of the largest differences.

python benchmarks/parity.py [--clips VIDEO ...] [--frames 2] [--step 5] [--jobs 1] [--peer-python PYTHON]
                            [--write-golden]

Clips (default: the suite `demo`) are read at 256×256, every fifth frame of them (`--step`); both sides get the same
8-bit frames and damaged copies of them, peers as PNG files, each package in a process of its own
(`benchmarks/peers.py`). SyncNet gets the first 40 frames at 224×224 with their sound. Networks are of full size with
pseudo-random weights (the recipe of `tests/metrics/recipe.py`). Exit code 1 where a stated tolerance is exceeded or a
peer does not run.

`--write-golden` writes the peers' values on the suite `demo` to tests/data/parity_demo.json and .npz,
which `tests/parity` holds our numbers to without any of these packages.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import wave
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from metrics.scoring import score  # noqa: E402
from tests.metrics import recipe  # noqa: E402
from tests.parity import clips, comparison, damage, golden, ours  # noqa: E402
from tests.parity.clips import POOL  # noqa: E402
from tests.parity.comparison import TABLE, Comparison, Values  # noqa: E402
from tests.syncnet import recipe as syncnet  # noqa: E402

OFFICIAL_NIQE = {"I03": 15.7536293917814, "I04": 3.6549215235377, "I06": 3.23547743716998, "I08": 3.18403333858339}
OFFICIAL_NIQE |= {"I19": 8.63519663862637}
"""NIQE of pyiqa's five calibration pictures by the release's MATLAB code, as pyiqa's repository records it."""


@dataclass(slots=True)
class Material:
    """What both sides get: frames by clip and set, crops and sound by clip; as files for the peers."""

    folder: Path
    sets: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    sync: dict[str, tuple[Tensor, NDArray[np.int16]]] = field(default_factory=dict)

    def add(self, video: Path, frames: int, step: int) -> None:
        self.sets[video.stem] = clips.sets(video, frames, step)
        samples = clips.sound(video)
        if samples is not None:
            self.sync[video.stem] = clips.crops(video), samples

    def pool(self) -> None:
        self.sets[POOL] = clips.pooled(self.sets.values())

    def frames(self, clip: str, name: str, count: int | None) -> Path:
        """A folder with PNG files of a set's first frames."""
        folder = self.folder / f"{clip}.{name}.{count or 'all'}"
        if not folder.exists():
            _write_pngs(self.sets[clip][name][:count], folder, "png")
        return folder

    def crops(self, clip: str) -> Path:
        """What SyncNet's scoring reads; it asks for JPEG by name and gets PNG, which its reader knows by content."""
        folder = self.folder / f"{clip}.crops"
        if not folder.exists():
            pixels, samples = self.sync[clip]
            _write_pngs(pixels, folder, "jpg")
            with wave.open(str(folder / "audio.wav"), "wb") as file:
                file.setparams((1, 2, 16000, 0, "NONE", ""))
                file.writeframes(samples.tobytes())
        return folder

    def weights(self) -> Path:
        folder = self.folder / "weights"
        folder.mkdir()
        states = {name: recipe.state(name) for name in ("inception", "alexnet", "vgg16")}
        for name, state in {**states, "syncnet": syncnet.weights()}.items():
            torch.save(dict(state), folder / f"{name}.pth")
        pristine = np.load(ROOT / "metrics" / "data" / "niqe_live.npz")
        model = {"mu_prisparam": pristine["mean"].reshape(1, -1), "cov_prisparam": pristine["covariance"]}
        scipy.io.savemat(folder / "niqe.mat", model)
        return folder


def _write_pngs(pixels: Tensor, folder: Path, suffix: str) -> None:
    folder.mkdir()
    for number, frame in enumerate(pixels.permute(0, 2, 3, 1).numpy()):
        Image.fromarray(frame).save(folder / f"{number:04d}.{suffix}", "PNG", compress_level=1)


class PeerFailed(Exception):
    """A peer has no value; the message is its own."""


@dataclass(slots=True)
class Peers:
    """The peers' values, by peer with the frames it got, and `clip.set`."""

    known: dict[tuple[str, int | None], dict[str, Any]] = field(default_factory=dict)

    def values(self, compared: Comparison) -> dict[str, list[float]]:
        """Values by `clip.set` of one comparison.

        Raises:
            PeerFailed: the peer has failed somewhere.
        """
        found: dict[str, list[float]] = {}
        for place, each in self.known[compared.peer, compared.frames].items():
            if isinstance(each, dict) and "error" in each:
                raise PeerFailed(f"{each['error']} ({place})")
            found[place] = each[compared.key] if compared.key else each
        return found

    @classmethod
    def run(cls, python: str, material: Material, jobs: int) -> Peers:
        """Run every package on everything, each in a process of its own."""
        weights = material.weights()
        asked: dict[str, dict[tuple[str, int | None, str], list[str]]] = {}
        packages = {compared.peer: compared.package for compared in reversed(TABLE)}
        for compared in TABLE:
            for clip, name in places(compared, material):
                package = asked.setdefault(packages[compared.peer], {})
                package[compared.peer, compared.frames, f"{clip}.{name}"] = call(compared, clip, name, material)

        def results(package: str) -> list[Any]:
            listed = material.folder / f"{package}.json"
            listed.write_text(json.dumps(list(asked[package].values())))
            command = [python, str(ROOT / "benchmarks" / "peers.py"), "many", str(weights), str(listed)]
            done = subprocess.run(command, capture_output=True, text=True, cwd=material.folder, check=False)
            print(f"{package}: {'done' if done.returncode == 0 else done.stderr[-2000:]}", file=sys.stderr, flush=True)
            if done.returncode:
                return [{"error": f"exit code {done.returncode}"}] * len(asked[package])
            found: list[Any] = json.loads(done.stdout.strip().splitlines()[-1])
            return found

        peers = cls()
        with ThreadPoolExecutor(jobs) as pool:
            for package, found in zip(asked, pool.map(results, asked), strict=True):
                for (peer, frames, place), each in zip(asked[package], found, strict=True):
                    peers.known.setdefault((peer, frames), {})[place] = each
        return peers


def call(compared: Comparison, clip: str, name: str, material: Material) -> list[str]:
    """What `peers.py` is asked for."""
    before = ["library", compared.peer] if ":" in compared.peer else [compared.peer]
    if compared.kind == "sync":
        return [*before, str(material.crops(clip))]
    sides = [name] if compared.kind == "single" else ["ref", name]
    return before + [str(material.frames(clip, side, compared.frames)) for side in sides]


def places(compared: Comparison, material: Material) -> list[tuple[str, str]]:
    """Clip and set of everything that is compared."""
    if compared.kind == "sync":
        return [(clip, name) for clip in material.sync for name in compared.sets]
    chosen = [clip for clip in material.sets if (clip == POOL) == (compared.kind == "set")]
    return [(clip, name) for clip in chosen for name in compared.sets]


@dataclass(slots=True)
class Row:
    """One line of the table: the largest differences of one comparison, or of several under one name."""

    compared: Comparison
    absolute: float = 0.0
    relative: float = 0.0
    excess: float = 0.0
    fault: str = ""
    worst: str = ""

    def take(self, place: str, compared: Comparison, mine: Values, theirs: Values) -> None:
        assert mine.shape == theirs.shape, f"{compared.metric} of {place}: {mine.shape} and {theirs.shape} values"
        off = comparison.apart(mine, theirs)
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.where(off == 0, 0.0, off / np.abs(theirs))
        self.absolute = max(self.absolute, float(off.max()))
        self.relative = max(self.relative, float(relative.max()))
        if compared.stated and (excess := float(compared.excess(mine, theirs).max())) > self.excess:
            self.excess, self.worst = excess, f"{compared.metric} of {place}"

    @property
    def passed(self) -> bool:
        return not self.fault and self.excess <= 1

    def line(self, material: Material) -> str:
        compared = self.compared
        name = compared.peer.partition(":")[2]
        peer = f"{compared.package} {version(compared.package)}"
        bounds = ((compared.absolute, "abs"), (compared.relative, "rel"))
        verdict = "agrees" if compared.stated else "told, not held"
        if not self.passed:
            verdict = f"**peer failed**: {self.fault}" if self.fault else f"**{self.excess:.2f}× over**, {self.worst}"
        return " | ".join(
            [
                compared.row or f"`{compared.metric}`",
                f"{peer}, `{name}`" if name and not compared.row else peer,
                _amount(compared, material),
                *(f"{number:.1e}" if number else "0" for number in (self.absolute, self.relative)),
                " or ".join(f"{bound:g} {word}" for bound, word in bounds if bound is not None) or "–",
                verdict + (f": {compared.note}" if compared.note else ""),
            ]
        )


def _amount(compared: Comparison, material: Material) -> str:
    """How much was compared: clips × sets × frames."""
    if compared.kind == "sync":
        return f"{len(material.sync)} × 1 × {clips.SYNC_FRAMES}"
    among = _clips(compared, material)
    if POOL in among:
        return f"1 × {len(compared.sets)} × {len(material.sets[POOL]['ref'])}, pooled"
    frames = max(len(material.sets[clip]["ref"]) for clip in among)
    return f"{len(among)} × {len(compared.sets)} × {min(frames, compared.frames or frames)}"


def compare(material: Material, peers: Peers) -> list[Row]:
    """Every comparison of the table, clip after clip."""
    rows: dict[str, Row] = {}
    known: dict[Comparison, dict[str, list[float]]] = {}
    for number, compared in enumerate(TABLE):
        row = rows.setdefault(compared.row or str(number), Row(compared))
        try:
            known[compared] = peers.values(compared)
        except PeerFailed as failure:
            row.fault = f"{compared.peer}: {failure}"
    for clip, sets in material.sets.items():
        table = [number for number, compared in enumerate(TABLE) if clip in _clips(compared, material)]
        mine = ours.values([TABLE[number] for number in table if TABLE[number].kind != "sync"], sets)
        if clip in material.sync:
            mine |= ours.sync(*material.sync[clip])
        for number in table:
            compared = TABLE[number]
            for name in compared.sets if compared in known else ():
                place = f"{clip}.{name}"
                row = rows[compared.row or str(number)]
                row.take(place, compared, mine[compared.metric, name], np.array(known[compared][place]))
        print(f"{clip}: compared", file=sys.stderr, flush=True)
    return list(rows.values())


def _clips(compared: Comparison, material: Material) -> set[str]:
    return {clip for clip, _ in places(compared, material)}


def calibration() -> list[str]:
    """Lines of a table: NIQE of the calibration pictures in pyiqa's wheel, by the release's code and by ours."""
    package = distribution("pyiqa")
    lines = ["| picture | release, MATLAB | ours | apart |", "|---|---|---|---|"]
    for name, official in OFFICIAL_NIQE.items():
        path = Path(str(package.locate_file(f"ResultsCalibra/dist_dir/{name}.bmp")))
        if not path.exists():
            return [
                f"pyiqa {package.version} is installed without its calibration pictures ({path.name} is not there)."
            ]
        picture = torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)[None]
        value = score(["niqe"], picture)["niqe"].value
        lines.append(f"| {name} | {official:.4f} | {value:.4f} | {value / official - 1:+.2%} |")
    return lines


def write_golden(material: Material, peers: Peers) -> None:
    """The peers' values, and digests of what they saw."""
    written: dict[str, dict[str, list[float]]] = {}
    arrays: dict[str, NDArray[Any]] = {"sound": material.sync[golden.SOUND][1]}
    for compared in TABLE:
        if not compared.stated or compared.row:
            continue
        for place, values in peers.values(compared).items():
            if compared.kind == "sync" and not place.startswith(golden.SOUND):
                continue
            if len(values) > 32:
                arrays[f"{compared.name} {place}"] = np.array(
                    values, np.float64 if compared.key == "mfcc" else np.float32
                )
            else:
                written.setdefault(compared.name, {})[place] = values
    seen = {
        f"{clip}.{name}": pixels
        for clip, sets in material.sets.items()
        if clip != POOL
        for name, pixels in sets.items()
    }
    seen[f"{golden.SOUND}.sync"] = material.sync[golden.SOUND][0]
    packages = sorted({compared.package for compared in TABLE} | {"torch", "torchvision", "scipy", "opencv-python"})
    record = {
        "made": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "sha256": {place: damage.digest(pixels) for place, pixels in seen.items()},
        "values": written,
    }
    golden.FILE.write_text(json.dumps(record, indent=1) + "\n")
    np.savez_compressed(golden.ARRAYS, **arrays)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", nargs="+", type=Path, default=golden.CLIPS, metavar="VIDEO", help="default: demo's")
    parser.add_argument("--frames", type=int, default=golden.FRAMES, help="frames of a clip, 2 or more (default: 2)")
    parser.add_argument("--step", type=int, default=clips.STEP, help="from frame to frame (default: 5)")
    parser.add_argument("--jobs", type=int, default=1, help="packages that run at a time (default: 1)")
    parser.add_argument("--peer-python", default=sys.executable, metavar="PYTHON", help="has the peers (default: this)")
    parser.add_argument("--write-golden", action="store_true", help="write tests/data/parity_demo.* of the suite demo")
    options = parser.parse_args()
    default = golden.CLIPS, golden.FRAMES, clips.STEP
    if options.write_golden and (options.clips, options.frames, options.step) != default:
        parser.error("--write-golden is for the default clips, frames and step")
    os.environ.setdefault("TALKING_HEAD_OFFLINE", "1")
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        material = Material(Path(folder))
        for video in options.clips:
            material.add(video, options.frames, options.step)
        material.pool()
        peers = Peers.run(options.peer_python, material, options.jobs)
        rows = compare(material, peers)
        if options.write_golden:
            write_golden(material, peers)
        print("| ours | peer | clips × sets × frames | largest absolute | largest relative | tolerance | verdict |")
        print("|---|---|---|---|---|---|---|")
        for row in rows:
            print(f"| {row.line(material)} |")
        print("", *calibration(), sep="\n")
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
