"""What is compared with whom, and how closely the two have to agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from metrics.libraries import names as library_names
from tests.parity import damage

Values = NDArray[np.float64]
ALL = tuple(damage.SETS)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One number of ours beside one of a peer's.

    `metric` is our id, or a name that `tests.parity.ours` knows; `peer` a function of `benchmarks/peers.py` or a library's
    `piq:NAME`, `pyiqa:NAME`, `key` which of its values; `package` whose version is told. Values agree within `absolute`
    or, where that is given, within `relative` of the peer's; without either the peer computes something else on
    purpose, and `note` says what. `sets` and `frames` keep slow peers short. `row` joins many into one line.
    """

    metric: str
    peer: str
    package: str
    absolute: float | None = None
    relative: float | None = None
    kind: Literal["pair", "single", "set", "sync"] = "pair"
    key: str = ""
    sets: tuple[str, ...] = ALL
    frames: int | None = None
    row: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """Where the peer's values are found."""
        return f"{self.peer}/{self.key}" if self.key else self.peer

    @property
    def stated(self) -> bool:
        """Whether the two are meant to agree."""
        return self.absolute is not None or self.relative is not None

    def excess(self, ours: Values, theirs: Values) -> Values:
        """How many times the tolerance each pair of values is apart: 1 is the most that agrees."""
        off = apart(ours, theirs)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = [off / (bound * size) for bound, size in self._bounds(theirs)]
        return np.where(off == 0, 0.0, np.min(shares, axis=0))

    def _bounds(self, theirs: Values) -> list[tuple[float, Any]]:
        given = (self.absolute, 1.0), (self.relative, np.abs(theirs))
        return [(bound, size) for bound, size in given if bound is not None]


def apart(ours: Values, theirs: Values) -> Values:
    """Absolute differences; equal infinities do not differ."""
    with np.errstate(invalid="ignore"):
        return np.where(ours == theirs, 0.0, np.nan_to_num(np.abs(ours - theirs), nan=np.inf))


_EPSILON = "adds 1e-8 to the squared error: 80 dB at most"
_SINGLE = "float32 throughout, which leaves about 1e-5 where a window has little variance"
_MIRRORED = "mirrors the frame at its border and averages there too"
# Of what is passed through, `brisque` and everything with a network needs a download.
_PIQ = {
    name: kind for name, (_, form, _, kind) in library_names.PIQ.items() if form == "function" and name != "brisque"
}
_PYIQA = ("psnr", "psnry", "ssim", "ssimc", "ms_ssim", "cw_ssim", "vif", "gmsd", "nlpd", "vsi", "fsim", "mad")


def _through(library: str, names: dict[str, library_names.Kind]) -> tuple[Comparison, ...]:
    """Metrics that we pass through: equal to the library's own."""
    return tuple(
        Comparison(
            *(f"{library}:{name}", f"{library}:{name}", library), relative=1e-6, kind=kind, sets=("noise8",), frames=1,
            row=f"`{library}:NAME`, {len(names)} names",
        )
        for name, kind in names.items()
    )  # fmt: skip


TABLE: tuple[Comparison, ...] = (
    Comparison("l1", "l1", "numpy", relative=1e-6),
    Comparison("l1", "l1_torchmetrics", "torchmetrics", relative=1e-6),
    Comparison("psnr", "psnr", "scikit-image", absolute=1e-5),
    Comparison("psnr", "psnr_torchmetrics", "torchmetrics", absolute=1e-5),
    Comparison("psnr", "piq:psnr", "piq", sets=ALL[:-1], note=_EPSILON),
    Comparison("psnr", "pyiqa:psnr", "pyiqa", sets=ALL[:-1], note=_EPSILON),
    Comparison("psnr_gray", "psnr_gray", "scikit-image", absolute=1e-3),
    Comparison("ssim", "ssim", "scikit-image", absolute=1e-7),
    Comparison("ssim", "piq:ssim", "piq", absolute=2e-5, note=_SINGLE),
    Comparison("ssim", "ssim_pytorch_msssim", "pytorch-msssim", absolute=2e-5, note=_SINGLE),
    Comparison("ssim", "ssim_torchmetrics", "torchmetrics", note=_MIRRORED),
    Comparison("ssim", "pyiqa:ssimc", "pyiqa", note="clips negative structure terms to 0, pixel by pixel"),
    Comparison("ssim_gray", "ssim_gray", "scikit-image", absolute=1e-5),
    Comparison("ms_ssim", "piq:multi_scale_ssim", "piq", absolute=2e-5),
    Comparison("ms_ssim", "ms_ssim", "pytorch-msssim", absolute=2e-5),
    Comparison("ms_ssim", "ms_ssim_torchmetrics", "torchmetrics", note=_MIRRORED),
    Comparison("ms_ssim", "pyiqa:ms_ssim", "pyiqa", note="on luma alone"),
    Comparison("lpips", "lpips", "lpips", absolute=1e-5, relative=1e-4),
    Comparison("lpips", "lpips_torchmetrics", "torchmetrics", absolute=1e-5, relative=1e-4),
    Comparison("lpips_vgg", "lpips_vgg", "lpips", absolute=1e-5, relative=1e-4, sets=("blur", "noise8"), frames=1),
    Comparison("niqe", "niqe", "pyiqa", relative=0.05, kind="single", sets=("ref", *ALL[:-1])),
    Comparison("niqe_skvideo", "niqe_skvideo", "scikit-video", relative=0.01, kind="single", sets=("ref", *ALL[:-1])),
    Comparison("features", "features", "pytorch-fid", absolute=1e-4, kind="single", sets=("jpeg20",), frames=2),
    Comparison("fid", "fid", "pytorch-fid", absolute=1e-4, kind="set", sets=("jpeg20",)),
    Comparison(
        *("fid", "fid_formula_torchmetrics", "torchmetrics"), kind="set", sets=("jpeg20",),
        note="its formula alone: roots of eigenvalues that are zero but for rounding count where frames are few",
    ),
    Comparison(
        *("fid", "fid_torchmetrics", "torchmetrics"), kind="set", sets=("jpeg20",),
        note="enlarges to 299×299 with another kernel and scales by (x - 128) / 128",
    ),
    Comparison(
        *("fid", "torch_fidelity", "torch-fidelity"), kind="set", key="fid", sets=("jpeg20",),
        note="enlarges as TensorFlow 1 did (corner at 0) and scales by (x - 128) / 128",
    ),
    Comparison("kid", "kid", "torch-fidelity", absolute=1e-5, kind="set", key="whole", sets=("jpeg20",)),
    Comparison("kid in halves", "kid", "torch-fidelity", absolute=1e-5, kind="set", key="halves", sets=("jpeg20",)),
    Comparison(
        *("kid", "torch_fidelity", "torch-fidelity"), kind="set", key="kid", sets=("jpeg20",),
        note="the same enlarging and scaling as its FID",
    ),
    Comparison("mfcc", "sync", "python-speech-features", absolute=1e-6, kind="sync", sets=("sync",), key="mfcc"),
    Comparison("lip", "sync", "syncnet-python", absolute=1e-4, kind="sync", sets=("sync",), key="lip"),
    Comparison("audio", "sync", "syncnet-python", absolute=1e-4, kind="sync", sets=("sync",), key="audio"),
    Comparison("distances", "sync", "syncnet-python", absolute=1e-4, kind="sync", sets=("sync",), key="distances"),
    Comparison("lse_c_whole", "sync", "syncnet-python", absolute=1e-4, kind="sync", sets=("sync",), key="lse_c"),
    Comparison("lse_d_whole", "sync", "syncnet-python", absolute=1e-4, kind="sync", sets=("sync",), key="lse_d"),
    Comparison("av_offset_whole", "sync", "syncnet-python", absolute=0.5, kind="sync", sets=("sync",), key="av_offset"),
    *_through("piq", _PIQ),
    *_through("pyiqa", dict.fromkeys(_PYIQA, "pair")),
)  # fmt: skip
