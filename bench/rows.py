"""Rows of a table: settings, and what stands beside them without a model."""

from __future__ import annotations

GROUND_TRUTH = "ground-truth"


STATIC = "static"


CODEC_FLOOR = "codec-floor"


WITHOUT_MODEL = (GROUND_TRUTH, STATIC, CODEC_FLOOR)
"""Rows that no model has a part in, in the order of the tables."""


def is_free_view(setting: str) -> bool:
    """Whether the head is turned away from where the driving video has it."""
    return setting.startswith("free-view:")
