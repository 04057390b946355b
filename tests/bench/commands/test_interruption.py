"""Ctrl-C and SIGTERM end a command once, however often they come."""

import os
import signal

import pytest

from bench.commands import interruption
from bench.commands.interruption import Terminated, interrupted_once


@pytest.fixture(autouse=True)
def handlers():
    """Those of this process, whatever a test leaves behind."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number, error", [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
@pytest.mark.parametrize("again", [signal.SIGINT, signal.SIGTERM])
def test_a_second_one_disturbs_nothing(number, error, again):
    with interrupted_once(is_all=False):
        with pytest.raises(error) as raised:
            send(number)
        assert raised.type is error
        send(again)
        send(again)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_code_that_swallowed_one_is_interrupted_again(monkeypatch):
    now = 100.0
    monkeypatch.setattr(interruption.time, "monotonic", lambda: now)
    with interrupted_once(is_all=False):
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)
        now = 106.0
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)


def test_a_process_that_only_runs_the_command_stays_deaf_until_it_is_gone():
    with interrupted_once(is_all=True), pytest.raises(Terminated):
        send(signal.SIGTERM)
    send(signal.SIGTERM)  # would end this process
    send(signal.SIGINT)


def test_without_an_interruption_everything_is_as_before():
    with interrupted_once(is_all=True):
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_handlers_of_somebody_else_stay_theirs():
    told = []
    signal.signal(signal.SIGINT, lambda number, frame: told.append(number))
    with interrupted_once(is_all=True):
        send(signal.SIGINT)
    assert told == [signal.SIGINT]
