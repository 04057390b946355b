"""The fast form against the plain one."""

import pytest
import torch

from syncnet import network
from syncnet.fast_network import FastSyncNet
from tests.syncnet import recipe


@pytest.fixture(scope="module")
def nets():
    plain = network.load(recipe.weights())
    return plain, FastSyncNet(plain, torch.device("cpu"))


@pytest.fixture(scope="module")
def crops():
    return torch.randint(0, 256, (13, 3, 224, 224), dtype=torch.uint8, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize("frames", [5, 8, 10])
def test_lip_agrees_with_the_definition(nets, crops, frames):
    plain, fast = nets
    stacked = torch.stack([crops[i : i + 5] for i in range(frames - 4)]).transpose(1, 2).float()
    with torch.inference_mode():
        expected = plain.lip(stacked)
    torch.testing.assert_close(fast.lip(crops[:frames]), expected, rtol=0, atol=1e-5)


def test_audio_agrees_with_the_definition(nets):
    plain, fast = nets
    windows = torch.randn(7, 13, 20) * 10
    with torch.inference_mode():
        expected = plain.audio(windows)
    torch.testing.assert_close(fast.audio(windows), expected, rtol=0, atol=1e-5)


def test_blocks_of_a_tile_give_the_same_embeddings(nets, crops):
    _, fast = nets
    whole = fast.lip(crops[:12])
    halves = torch.cat([fast.lip(crops[:8]), fast.lip(crops[4:12])])
    torch.testing.assert_close(halves, whole, rtol=0, atol=1e-6)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_gpu_agrees_with_the_definition(nets, crops):
    plain, _ = nets
    on_gpu = FastSyncNet(plain, torch.device("cuda"))
    stacked = torch.stack([crops[i : i + 5] for i in range(9)]).transpose(1, 2).float()
    with torch.inference_mode():
        expected = plain.lip(stacked)
    torch.testing.assert_close(on_gpu.lip(crops).cpu(), expected, rtol=0, atol=1e-4)
