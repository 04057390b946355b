"""Every test has a cache of its own: nothing of the user's is read or written."""

import signal
import threading

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure, and a run is like the one before it.
settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# Where tests run several at a time, their processes ignore Ctrl-C, and would hand that on to those that they start.
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("TALKING_HEAD_WEIGHTS", raising=False)
        yield


@pytest.fixture(scope="session")
def stub_checkpoint(tmp_path_factory):
    """A face-vid2vid checkpoint of a small network with known numbers."""
    from model.facevid2vid.architecture import STUB
    from tests.model.recipe import write_checkpoint

    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "00000009-checkpoint.pth.tar", STUB)
