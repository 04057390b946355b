"""`python -m bench.commands.convert CHECKPOINT TARGET.safetensors`: a face-vid2vid checkpoint without its pickle.

The target holds the networks' tensors alone (a third of a public checkpoint, whose rest is optimizer state), and the
variant, so that it need not be told again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from bench.errors import BenchError
from model.facevid2vid.checkpoint import convert
from model.facevid2vid.variant import Variant


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert; 0 when done, 2 with one sentence on standard error for the user's mistake."""
    parser = argparse.ArgumentParser(prog="python -m bench.commands.convert", description="Checkpoint to safetensors.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--variant", choices=get_args(Variant), help="which code the checkpoint belongs to")
    parsed = parser.parse_args(arguments)
    try:
        done = convert(parsed.checkpoint, parsed.target, variant=parsed.variant)
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{parsed.target}: {', '.join(done.networks)}; variant {done.variant}, {done.reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
