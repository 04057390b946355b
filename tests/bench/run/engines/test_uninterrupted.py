import os
import signal
import threading

import pytest

from bench.run.engines.uninterrupted import uninterrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_work_goes_on_whatever_comes_and_signals_work_again_behind_it(number):
    before = signal.getsignal(number)
    came = []
    signal.signal(number, lambda *_: came.append(number))
    try:
        with uninterrupted():
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
        assert came == []
        os.kill(os.getpid(), number)
        assert came == [number]
    finally:
        signal.signal(number, before)


def test_a_thread_may_do_such_work():
    done = []

    def work():
        with uninterrupted():
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
