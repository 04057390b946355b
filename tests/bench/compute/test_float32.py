"""The switch is torch's own, which is there without a GPU as well."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.compute.float32 import float32
from bench.frames import Frames
from bench.rows import ORIGINAL
from bench.weights.resources import Resources
from metrics import registry
from metrics.metric import ClipFacts
from metrics.scorer.clip_scorer import ClipScorer

CUDA, CPU = torch.device("cuda"), torch.device("cpu")


def switches():
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


@pytest.fixture(autouse=True)
def as_found():
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = True, False
    yield
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = True, False


def test_switches_on_a_gpu_and_back():
    with float32(CUDA):
        assert switches() == (False, False)
        with float32(CUDA, tf32=True):
            assert switches() == (False, False), "who is inside keeps what it has"
        assert switches() == (False, False)
    assert switches() == (True, False)
    with float32(CUDA, tf32=True):
        assert switches() == (True, True)
    with float32(CPU):
        assert switches() == (True, False)
    with pytest.raises(ZeroDivisionError), float32(CUDA):
        1 / 0  # noqa: B018
    assert switches() == (True, False)


def test_threads_never_see_the_others_switch():
    wrong, done = [], []

    def work(tf32):
        for _ in range(300):
            with float32(CUDA, tf32=tf32):
                for _ in range(5):
                    if switches() != (tf32, tf32):
                        wrong.append(tf32)
        done.append(tf32)

    threads = [threading.Thread(target=work, args=(kind,), daemon=True) for kind in (False, True, False, True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == [False, False, True, True]
    assert wrong == []
    assert switches() == (True, False)


class Witness:
    """A metric that notes the switches wherever it is at work."""

    def __init__(self):
        self.seen = []

    def begin(self, facts, resources):
        self.seen.append(("begin", switches()))
        return self

    def update(self, pred, ref):
        self.seen.append(("update", switches()))

    def result(self):
        self.seen.append(("result", switches()))
        return registry.get("l1").begin(ClipFacts("clip"), Resources()).result()

    def pool(self):
        return None


def test_all_work_of_metrics_is_in_float32():
    witness = Witness()
    metric = replace(registry.get("l1"), begin=witness.begin)
    scorer = ClipScorer([metric], {ORIGINAL: ClipFacts("clip")}, Resources(device=CUDA))
    frames = Frames.of(np.zeros((2, 3, 8, 8), np.uint8))
    scorer.update(frames, {ORIGINAL: frames})
    scorer.results()
    assert witness.seen == [(what, (False, False)) for what in ("begin", "update", "result")]
