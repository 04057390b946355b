"""Presets: the conventions of a paper or report, as one word on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.errors import BenchError
from bench.near_names import hint
from bench.results.aggregation import CLIP_BY_CLIP, OVER_CLIPS, OVER_FRAMES
from bench.settings import Setting


@dataclass(frozen=True, slots=True)
class Preset:
    """What a preset decides where the command line says nothing.

    `aggregation` is the mean that its tables print, `beside_free_view` what is measured too where a view is asked for.
    """

    name: str
    metrics: tuple[str, ...]
    beside_free_view: tuple[str, ...] = ("pose_error",)
    settings: tuple[Setting, ...] | None = None
    keypoint_motion: str = "absolute"
    adapt_scale: bool = False
    aggregation: str = OVER_CLIPS
    source: str = ""

    def metrics_under(self, settings: Iterable[Setting]) -> tuple[str, ...]:
        """The metrics of a run over these settings."""
        turned = any(not setting.is_original for setting in settings)
        return self.metrics + (self.beside_free_view if turned else ())


# name → what it stands for; `default` is the protocol of this benchmark.
TABLE: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "default",
            ("fid", "kid", "psnr", "ssim", "ms_ssim", "l1", "lpips", "niqe", "lse_c", "lse_d", "av_offset"),
            # Its pixel metrics cannot tell whether a view was applied; these can, and whose face it still is.
            beside_free_view=("pose_error", "csim"),
        ),
        Preset(
            "portraits7",
            (
                "fid",
                "lse_c_public",
                "lse_d_public",
                "psnr_gray",
                "psnr",
                "ssim",
                "l1",
                "ms_ssim",
                "niqe_skvideo",
                "lpips",
            ),
            settings=(Setting(), Setting(30.0, 10.0, 0.0)),
            aggregation=CLIP_BY_CLIP,
            source="the student report on seven portraits that this benchmark grew out of",
        ),
        Preset(
            "fomm",
            ("l1_unit",),
            settings=(Setting(),),
            aggregation=OVER_FRAMES,
            source="Siarohin et al., First Order Motion Model, NeurIPS 2019: reconstruction from frame 0, every frame",
        ),
        Preset(
            "vid2vid",
            ("l1", "psnr", "ssim", "ms_ssim", "fid", "lpips"),
            settings=(Setting(),),
            source="Wang, Mallya, Liu, One-Shot Free-View Neural Talking-Head Synthesis, CVPR 2021, table 1",
        ),
    )
}


def get(name: str) -> Preset:
    """The preset called `name`.

    Raises:
        BenchError: there is none.
    """
    if name not in TABLE:
        meant = hint(name, TABLE, most=1)
        raise BenchError(f"there is no preset '{name}': {meant}the presets are {', '.join(TABLE)}")
    return TABLE[name]
