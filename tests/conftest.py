"""Every test has a cache of its own: nothing of the user's is read or written."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("TALKING_HEAD_WEIGHTS", raising=False)
        yield
