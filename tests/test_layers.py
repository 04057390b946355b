"""The rooms and their layers: what may import what, and which walls hold (docs/architecture.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.rooms import LAYERS, ROOMS, arrows, circles, complaints, modules, room_of

ROOT = Path(__file__).parents[1]
