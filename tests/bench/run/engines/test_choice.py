from dataclasses import replace

from bench.run.engines import choice
from bench.run.engines.one_process import OneProcess
from bench.run.engines.processes import Processes
from bench.run.plan import ModelPlan, Plan


def test_one_job_is_done_here_and_several_in_processes(tmp_path, monkeypatch):
    plan = Plan(tmp_path, ModelPlan("static"), (), ())
    monkeypatch.setattr(Processes, "begin", lambda plan, *, jobs: f"{jobs} processes")
    assert isinstance(choice.begin(plan, jobs=1), OneProcess)
    assert choice.begin(plan, jobs=3) == "3 processes"
    assert choice.begin(replace(plan, timeout=60.0), jobs=1) == "1 processes"
