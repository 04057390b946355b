"""Every metric by name: one visible table, and nothing imported before it is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from bench.errors import BenchError
from bench.near_names import hint
from metrics.libraries import names
from metrics.scorer.true_view import SUFFIX, true_view

if TYPE_CHECKING:
    from metrics.metric import Metric

# id → "module:name of its Metric". A variant is a metric with an id of its own.
TABLE: dict[str, str] = {
    "l1": "metrics.l1:L1",
    "l1_unit": "metrics.l1:L1_UNIT",
    "psnr": "metrics.psnr:PSNR",
    "psnr_gray": "metrics.psnr:PSNR_GRAY",
    "ssim": "metrics.ssim:SSIM",
    "ssim_gray": "metrics.ssim:SSIM_GRAY",
    "ms_ssim": "metrics.ms_ssim:MS_SSIM",
    "lpips": "metrics.lpips:LPIPS_ALEX",
    "lpips_vgg": "metrics.lpips:LPIPS_VGG",
    "niqe": "metrics.niqe:NIQE",
    "niqe_skvideo": "metrics.niqe_skvideo:NIQE_SKVIDEO",
    "fid": "metrics.fid:FID",
    "kid": "metrics.kid:KID",
    "lse_c": "metrics.lse:LSE_C",
    "lse_d": "metrics.lse:LSE_D",
    "av_offset": "metrics.lse:AV_OFFSET",
    "lse_c_track_own": "metrics.lse:LSE_C_OWN",
    "lse_d_track_own": "metrics.lse:LSE_D_OWN",
    "av_offset_track_own": "metrics.lse:AV_OFFSET_OWN",
    "lse_c_public": "metrics.lse:LSE_C_PUBLIC",
    "lse_d_public": "metrics.lse:LSE_D_PUBLIC",
    "av_offset_public": "metrics.lse:AV_OFFSET_PUBLIC",
    "lse_c_whole": "metrics.lse:LSE_C_WHOLE",
    "lse_d_whole": "metrics.lse:LSE_D_WHOLE",
    "av_offset_whole": "metrics.lse:AV_OFFSET_WHOLE",
    "csim": "metrics.csim:CSIM",
    "pose_error": "metrics.pose_error:POSE_ERROR",
    "akd": "metrics.akd:AKD",
    "jitter": "metrics.jitter:JITTER",
}


def get(name: str) -> Metric:
    """The metric called `name`.

    Raises:
        BenchError: there is none; the message lists near matches and all names.

    Example:
        >>> from metrics import registry
        >>> psnr = registry.get("psnr")
        >>> psnr.label, psnr.version, psnr.direction, psnr.unit
        ('PSNR', 1, 'higher', 'dB')
        >>> [name for name in registry.TABLE if "audio" in registry.get(name).needs][:3]
        ['lse_c', 'lse_d', 'av_offset']
    """
    check(name)
    if name.endswith(SUFFIX):
        return true_view(get(name.removesuffix(SUFFIX)))
    if names.belongs(name):
        return cast("Metric", importlib.import_module("metrics.libraries.metric").metric(name))
    module, attribute = TABLE[name].split(":")
    return cast("Metric", getattr(importlib.import_module(module), attribute))


def check(name: str) -> None:
    """Raise `BenchError` if no metric is called `name`; loads nothing."""
    if name.removesuffix(SUFFIX) in TABLE:
        return
    if names.belongs(name):
        names.check(name.removesuffix(SUFFIX))
        return
    meant = hint(name, TABLE, most=3, cutoff=0.5)
    raise BenchError(f"there is no metric '{name}': {meant}the metrics are {', '.join(TABLE)}, piq:NAME and pyiqa:NAME")
