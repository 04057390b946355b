"""Where tests find reference material that is not part of the repository, and how they skip without it."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TALKING_HEAD_SHARED", Path(__file__).resolve().parents[2] / "shared"))
GOLDEN = SHARED / "golden"
DATA = Path(__file__).parent / "data"


def needs(path: Path) -> pytest.MarkDecorator:
    """Skip a test when `path` is not on this machine."""
    return pytest.mark.skipif(not path.exists(), reason=f"reference material {path.name} is not on this machine")
