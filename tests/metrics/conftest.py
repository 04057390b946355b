import pytest
import torch

from bench.compute.scored_frames import ScoredFrames


@pytest.fixture(scope="session")
def natural() -> torch.Tensor:
    """(4, 3, 171, 186) uint8: pieces of scikit-image's photograph of an astronaut, odd-sized, all different."""
    from skimage.data import astronaut

    photo = torch.from_numpy(astronaut()).permute(2, 0, 1)
    return torch.stack([photo[:, 7 * k : 7 * k + 171, 90 + 11 * k : 276 + 11 * k] for k in range(4)])


@pytest.fixture(scope="session")
def degraded(natural: torch.Tensor) -> torch.Tensor:
    noise = torch.randn(natural.shape, generator=torch.Generator().manual_seed(7)) * 9
    return (natural + noise).round().clamp(0, 255).to(torch.uint8)


@pytest.fixture
def pair(natural: torch.Tensor, degraded: torch.Tensor) -> tuple[ScoredFrames, ScoredFrames]:
    return ScoredFrames.of(degraded), ScoredFrames.of(natural)
