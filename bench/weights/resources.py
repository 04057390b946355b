"""Where networks compute, and where their weights come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Resources:
    """Where metrics compute and where their weights come from.

    `weights` maps a registered weights name to a state dict's file or to the state dict itself (tests inject
    pseudo-random ones); a name that is not in it is looked up in `weights_dir`, the environment and the cache.
    What is found nowhere is fetched, unless `download` is off.
    `cores` is how many of a CPU's a network may use that takes batches side by side.
    `networks` keeps the loaded networks of this process, so that each is loaded once for all metrics and clips.
    """

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    weights: dict[str, Path | dict[str, Tensor]] = field(default_factory=dict)
    weights_dir: Path | None = None
    download: bool = True
    cores: int = field(default_factory=torch.get_num_threads)
    networks: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
