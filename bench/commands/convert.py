"""`benchmark.py convert CHECKPOINT TARGET.safetensors`: a face-vid2vid checkpoint without its pickle.

The target holds the networks' tensors alone (a third of a public checkpoint, whose rest is optimizer state), and the
variant, so that it need not be told again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.commands.parser import Parser

VARIANTS: Final = ("vox-256", "vox-256-beta", "vox-256-beta-legacy")
"""`model.facevid2vid.variant.Variant`, which comes with torch."""


def main(argv: Sequence[str]) -> int:
    """Convert; returns the exit code.

    Raises:
        BenchError: a mistake on the command line, a checkpoint that is none, or a target that cannot be written.
    """
    parser = Parser(prog="benchmark.py convert", description="Checkpoint to safetensors.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--variant", choices=VARIANTS, help="which code the checkpoint belongs to")
    options = parser.parse_args(argv)
    from model.facevid2vid.checkpoint import convert

    done = convert(options.checkpoint, options.target, variant=options.variant)
    print(f"{options.target}: {', '.join(done.networks)}; variant {done.variant}, {done.reason}")
    return 0
