"""How a suite's value is made from its clips' values."""

from __future__ import annotations

OVER_CLIPS = "mean over clips of the mean over frames, float64"


OVER_FRAMES = "mean over the frames of all clips, float64"


CLIP_BY_CLIP = "mean over clips of the mean over frames, FID and KID clip by clip, float64"
