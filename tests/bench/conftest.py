import pytest

from tests.bench.report.runs import make_run


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Three runs over the same clips: a good model, a worse one, and one whose clip failed."""
    base = tmp_path_factory.mktemp("runs")
    return (
        make_run(base / "good", model="copy", videos=True),
        make_run(base / "worse", model="blur", shift=8, noise_seed=1),
        make_run(base / "broken", model="half", shift=4, noise_seed=2, failed=("carl_1",)),
    )
