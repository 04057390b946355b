"""The GPUs of this machine: one worker each, unless more workers are asked for."""

from __future__ import annotations

from dataclasses import replace

from bench.run.plan import Plan


def count(device: str) -> int:
    """How many GPUs of this machine a device stands for: all that are visible for `cuda`, else one device."""
    import torch

    return max(1, torch.cuda.device_count()) if device == "cuda" else 1


def dealt_out(plan: Plan, jobs: int) -> list[Plan]:
    """The plan for each of `jobs` workers, in turn on the GPUs that its device stands for."""
    found = count(plan.device)
    if found == 1:
        return [plan] * jobs
    return [replace(plan, device=f"cuda:{number % found}") for number in range(jobs)]


def take(device: str) -> None:
    """Let what asks this process for any GPU, as `tensor.cuda()` of a model does, have its worker's own."""
    import torch

    if device.startswith("cuda:"):
        torch.cuda.set_device(device)
