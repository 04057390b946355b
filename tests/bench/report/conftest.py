import pytest

from bench.report.tables.words import Words
from bench.results.run_results import load


@pytest.fixture(scope="session")
def runs(folders):
    return load(folders)


@pytest.fixture
def words():
    return Words("en")
