from dataclasses import replace

import pytest
import torch

from model.facevid2vid.animator import Animator, Options
from model.facevid2vid.architecture import STUB, VOX_256, Architecture
from model.facevid2vid.networks import Networks, build
from model.facevid2vid.talker import FaceVid2Vid
from tests.model.recipe import recipe_networks

SIZE = (64, 64)

torch.set_num_threads(1)  # Threads cost more than they bring at this size.

_PLAIN = replace(STUB, decoder="plain", shrink=1, spade=VOX_256.spade, spade_hidden=VOX_256.spade_hidden)

ARCHITECTURES = {
    "vox-256": STUB,
    "vox-256-beta": _PLAIN,
    "vox-256-beta-legacy": replace(_PLAIN, semantics="legacy"),
    "vox-256-jacobian": replace(STUB, jacobian=True),
}


@pytest.fixture(params=ARCHITECTURES)
def architecture(request) -> Architecture:
    return ARCHITECTURES[request.param]


@pytest.fixture
def networks(architecture) -> Networks:
    return build(architecture, recipe_networks(architecture))


@pytest.fixture(scope="session")
def stub_networks() -> Networks:
    return build(STUB, recipe_networks(STUB))


@pytest.fixture
def talker(stub_networks):
    """Make a small model with the options that a test needs."""

    def make(networks: Networks = stub_networks, **options) -> FaceVid2Vid:
        return FaceVid2Vid(Animator(networks, Options(**options), device=torch.device("cpu")), {}, size=SIZE)

    return make


@pytest.fixture
def frames() -> torch.Tensor:
    """Four frames of a bright blob that moves over a coloured ramp, (4, 3, 64, 64) uint8."""
    rows, columns = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    clip = []
    for index in range(4):
        blob = torch.exp(-((rows - 28 - 2 * index) ** 2 + (columns - 24 - 6 * index) ** 2) / 90)
        clip.append(torch.stack([rows / 64 + blob, columns / 64, blob]).clamp(0, 1) * 255)
    return torch.stack(clip).to(torch.uint8)
