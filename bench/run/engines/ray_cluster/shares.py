"""What one worker takes of its machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.errors import BenchError
from bench.run.engines.ray_cluster.connection import Machine


@dataclass(frozen=True, slots=True)
class Share:
    """CPU cores and GPUs of one worker, and how many such workers there are to be."""

    cpus: int
    gpus: int
    count: int


def share(machines: Sequence[Machine], *, device: str, jobs: int | None) -> Share:
    """One worker a GPU; on CPUs `jobs` workers (by default one a machine) with as many cores as all of them can have.

    Raises:
        BenchError: the cluster has fewer GPUs or cores than there are to be workers.
    """
    if device.startswith("cuda"):
        having = [machine for machine in machines if machine.gpus]
        total, what = sum(machine.gpus for machine in having), "GPUs"
        cpus = min((machine.cpus // machine.gpus for machine in having), default=0)
        found = Share(cpus, 1, jobs or total)
    else:
        having = [machine for machine in machines if machine.cpus]
        total, what = sum(machine.cpus for machine in having), "CPU cores"
        count = jobs or len(having)
        largest = max((machine.cpus for machine in having), default=0)
        fitting = (size for size in range(largest, 0, -1) if sum(m.cpus // size for m in having) >= count)
        found = Share(next(fitting, 1), 0, count)
    if not 0 < found.count <= total:
        wanted = "it needs one" if jobs is None else f"--jobs {jobs} needs as many"
        raise BenchError(
            f"the cluster has {total} {what} and {wanted}: ask for fewer --jobs, another --device, or add machines"
        )
    return found
