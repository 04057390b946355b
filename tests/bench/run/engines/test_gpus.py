"""GPUs are dealt out; how many there are is made up."""

from concurrent.futures import Future

import pytest
import torch

from bench.run.engines import choice, gpus
from bench.run.engines.processes import Processes, _Process
from bench.run.plan import ModelPlan, Plan


@pytest.fixture
def four(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)


def plan(folder, device):
    return Plan(folder, ModelPlan("static"), (), (), device=device)


def test_workers_have_the_gpus_in_turn(tmp_path, four, monkeypatch):
    described = Future()
    described.set_result({})
    monkeypatch.setattr(_Process, "describe", lambda process: described)
    engine = Processes.begin(plan(tmp_path, "cuda"), jobs=6)
    assert [process.plan.device for process in engine.processes] == [f"cuda:{number}" for number in (0, 1, 2, 3, 0, 1)]
    for device in ("cuda:2", "cpu", "mps"):
        engine = Processes.begin(plan(tmp_path, device), jobs=2)
        assert [process.plan.device for process in engine.processes] == [device] * 2


def test_there_is_a_worker_for_every_gpu_unless_told(tmp_path, four, monkeypatch):
    monkeypatch.setattr(choice, "OneProcess", type("One", (), {"begin": staticmethod(lambda plan: 1)}))
    monkeypatch.setattr(Processes, "begin", lambda plan, *, jobs: jobs)
    assert choice.begin(plan(tmp_path, "cuda"), jobs=None) == 4
    assert choice.begin(plan(tmp_path, "cuda"), jobs=1) == 1
    assert choice.begin(plan(tmp_path, "cuda:3"), jobs=None) == 1
    assert choice.begin(plan(tmp_path, "cpu"), jobs=None) == 1


def test_a_worker_takes_its_gpu_for_all_that_asks_for_any(monkeypatch):
    taken = []
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    for device in ("cpu", "cuda", "cuda:3"):
        gpus.take(device)
    assert taken == ["cuda:3"]
