import pytest

from bench.gate import check
from tests.bench.report.runs import make_run


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("gate") / "good", model="copy")


@pytest.fixture
def baseline(good, tmp_path):
    path = tmp_path / "base.json"
    assert check.gate(good, path, update=True) == 0
    return path
