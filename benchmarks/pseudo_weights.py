"""Write the pseudo-random weights of the golden values, to run every network without official weights.

    python benchmarks/pseudo_weights.py DIR

Values made with them say nothing about quality: they exercise the full-size networks, for timing and for wiring.
Prints the options that hand them to a run.
"""

import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.metrics import recipe as features  # noqa: E402
from tests.syncnet import recipe as syncnet  # noqa: E402


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    states = {**{name: features.state(name) for name in ("inception", "alexnet")}, "syncnet": syncnet.weights()}
    for name, state in states.items():
        torch.save(state, folder / f"{name}.pth")
    print("--weights", *(f"{name}={folder / name}.pth" for name in states))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
