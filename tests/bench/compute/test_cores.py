import threading

import pytest
import torch

from bench.compute.cores import SideBySide, one_core


@pytest.fixture
def four_cores():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def cores_of_a_new_thread(first=lambda: None):
    found = []
    thread = threading.Thread(target=lambda: (first(), found.append(torch.get_num_threads())))
    thread.start()
    thread.join()
    return found[0]


def test_one_core_holds_in_its_thread_only(four_cores):
    assert cores_of_a_new_thread(one_core) == 1
    assert cores_of_a_new_thread() == 4
    assert torch.get_num_threads() == 4


def test_parts_keep_their_order_and_each_thread_keeps_to_one_core(four_cores):
    threads = set()

    def work(part):
        threads.add((threading.get_ident(), torch.get_num_threads()))
        return part * 2

    parts = list(torch.arange(40.0).split(3))
    made = SideBySide().map(work, parts)
    assert torch.equal(torch.cat(made), torch.arange(40.0) * 2)
    assert {cores for _, cores in threads} == {1}
    assert threading.get_ident() not in {thread for thread, _ in threads}


def test_one_core_needs_no_thread():
    assert SideBySide(1).map(lambda part: threading.get_ident(), [torch.ones(1)] * 3) == [threading.get_ident()] * 3


def test_what_a_part_raises_is_raised(four_cores):
    with pytest.raises(ZeroDivisionError):
        SideBySide().map(lambda part: 1 // 0, [torch.ones(1)] * 3)
