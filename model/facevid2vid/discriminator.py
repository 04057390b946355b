"""Multi-scale patch discriminator; the public configurations use one scale."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from model.facevid2vid.architecture import Architecture
from model.facevid2vid.blocks import SpectralConv2d


@dataclass(frozen=True, slots=True, eq=False)
class Discriminated:
    """`features` are the blocks' outputs, `prediction` the (B, 1, h, w) map of scores."""

    features: tuple[Tensor, ...]
    prediction: Tensor


class DiscriminatorBlock(nn.Module):
    """Spectrally normalised 4×4 convolution without padding, instance norm, LeakyReLU 0.2, 2×2 average pooling."""

    def __init__(self, channels: int, out: int, norm: bool, pool: bool) -> None:
        super().__init__()
        self.conv = SpectralConv2d(channels, out, 4)
        self.norm = nn.InstanceNorm2d(out, affine=True) if norm else None
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, out, H - 3, W - 3), halved where the block pools."""
        x = self.conv(x)
        if self.norm is not None:
            x = self.norm(x)
        x = F.leaky_relu(x, 0.2)
        return F.avg_pool2d(x, 2) if self.pool else x


class ScaleDiscriminator(nn.Module):
    """The discriminator at one scale; its first block has no norm, its last no pooling."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        last = len(widths) - 1
        self.down_blocks = nn.ModuleList(
            DiscriminatorBlock(widths[i - 1] if i else 3, widths[i], norm=i > 0, pool=i < last)
            for i in range(len(widths))
        )
        self.conv = SpectralConv2d(widths[-1], 1, 1)

    def forward(self, image: Tensor) -> Discriminated:
        """(B, 3, H, W) in [0, 1] → features and scores."""
        features = []
        x = image
        for block in self.down_blocks:
            x = block(x)
            features.append(x)
        return Discriminated(tuple(features), self.conv(x))


class Discriminator(nn.Module):
    """Network `discriminator` of the checkpoints: `discs` by scale, of which there is one, "1"."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.discs = nn.ModuleDict({"1": ScaleDiscriminator(architecture.discriminator)})

    def forward(self, image: Tensor) -> Discriminated:
        """(B, 3, H, W) in [0, 1] → features and scores."""
        discriminated: Discriminated = self.discs["1"](image)
        return discriminated
