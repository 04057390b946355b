import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.run.engines.ray_cluster.connection import Machine
from bench.run.engines.ray_cluster.shares import Share, share


def machines(*sizes):
    return [Machine(str(number), "host", 1, cpus, gpus) for number, (cpus, gpus) in enumerate(sizes)]


def test_one_worker_a_gpu_with_its_part_of_the_cores():
    assert share(machines((64, 8), (32, 4), (16, 0)), device="cuda", jobs=None) == Share(8, 1, 12)
    assert share(machines((64, 8), (8, 4)), device="cuda:3", jobs=5) == Share(2, 1, 5)


def test_one_worker_a_machine_where_there_are_no_gpus():
    assert share(machines((0, 0), (4, 0), (4, 0)), device="cpu", jobs=None) == Share(4, 0, 2)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.integers(1, 60))
def test_workers_have_the_largest_share_that_all_can_have(cpus, jobs):
    having = machines(*((count, 0) for count in cpus))
    if jobs > sum(cpus):
        with pytest.raises(BenchError, match=f"has {sum(cpus)} CPU cores and --jobs {jobs} needs as many"):
            share(having, device="cpu", jobs=jobs)
        return
    found = share(having, device="cpu", jobs=jobs)
    assert sum(count // found.cpus for count in cpus) >= jobs
    assert sum(count // (found.cpus + 1) for count in cpus) < jobs


def test_a_cluster_without_gpus_is_told():
    with pytest.raises(BenchError, match="the cluster has 0 GPUs and it needs one: ask for fewer --jobs"):
        share(machines((8, 0)), device="cuda", jobs=None)
