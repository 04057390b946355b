import threading
import time

import pytest

from bench.run import overlap
from bench.run.overlap import Ahead, Behind, Clock


def test_ahead_gives_every_item_in_order():
    with Ahead(range(100), depth=3) as items:
        assert list(items) == list(range(100))


def test_ahead_raises_what_its_source_raises_after_the_items_before():
    def source():
        yield 1
        raise ValueError("broken")

    seen = []
    with pytest.raises(ValueError, match="broken"), Ahead(source()) as items:
        for item in items:
            seen.append(item)
    assert seen == [1]


def test_ahead_stops_an_endless_source_when_left():
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield 1

    with Ahead(endless(), depth=2) as items:
        next(iter(items))
    count = len(taken)
    time.sleep(0.05)
    assert len(taken) == count
    assert count <= 8


def test_ahead_runs_no_more_than_depth_ahead():
    taken = []

    def source():
        for number in range(50):
            taken.append(number)
            yield number

    with Ahead(source(), depth=2) as items:
        iterator = iter(items)
        next(iterator)
        time.sleep(0.05)
        assert len(taken) <= 1 + 2 + 1  # given out, queued, in hand
        list(iterator)


def test_behind_works_in_order_in_another_thread():
    done, threads = [], set()

    def work(item):
        threads.add(threading.get_ident())
        done.append(item)

    with Behind(work) as worker:
        for number in range(50):
            worker.put(number)
    assert done == list(range(50))
    assert threading.get_ident() not in threads


def test_behind_raises_what_work_raises_and_never_hangs():
    def work(item):
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item 0"), Behind(work, depth=1) as worker:
        for number in range(1000):
            worker.put(number)


def test_behind_lets_an_error_of_the_body_through():
    def work(item):
        raise ValueError("worker")

    with pytest.raises(KeyError), Behind(work) as worker:
        worker.put(1)
        raise KeyError("body")


def test_a_clock_adds_up_only_busy_time(monkeypatch):
    ticks = iter([1.0, 1.5, 100.0, 102.25])  # begins, ends, begins, ends
    monkeypatch.setattr(overlap.time, "perf_counter", lambda: next(ticks))
    clock = Clock()
    for _ in range(2):
        with clock:
            pass
    assert clock.seconds == 2.75


def test_a_worker_that_cannot_begin_says_so():
    def begin():
        raise ZeroDivisionError("no core")

    done = []
    with pytest.raises(ZeroDivisionError, match="no core"), Behind(done.append, begin=begin) as worker:
        for item in range(5):
            worker.put(item)
    assert done == []
