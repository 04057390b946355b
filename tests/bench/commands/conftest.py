from pathlib import Path

import pytest

from model.facevid2vid.architecture import STUB
from tests.model.recipe import write_checkpoint


@pytest.fixture(scope="session")
def stub_checkpoint(tmp_path_factory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "00000009-checkpoint.pth.tar", STUB)
