import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.run.failure_limit import FailureLimit


@pytest.mark.parametrize(
    "text, clips, allowed", [("0", 9, 0), ("3", 9, 3), ("0%", 9, 0), ("10%", 200, 20), ("10%", 19, 1), ("2.5%", 40, 1)]
)
def test_the_most_that_may_fail(text, clips, allowed):
    limit = FailureLimit.parse(text)
    assert not limit.is_exceeded(allowed, clips=clips)
    assert limit.is_exceeded(allowed + 1, clips=clips)
    assert str(limit) == text


@given(st.integers(0, 1000), st.integers(1, 300), st.data())
def test_a_share_is_exceeded_when_no_success_to_come_can_help(per_mille, clips, data):
    """Exactly: with all others successful, the failed ones are a larger share than allowed."""
    failed = data.draw(st.integers(0, clips))
    limit = FailureLimit.parse(f"{per_mille // 10}.{per_mille % 10}%")
    assert limit.is_exceeded(failed, clips=clips) == (failed * 1000 > per_mille * clips)


@pytest.mark.parametrize("text", ["", "%", "-1", "1.5", "few", "101%", "100.1%", "1e2%", "1..5%", "²"])
def test_what_is_no_limit_is_told(text):
    with pytest.raises(BenchError, match="write"):
        FailureLimit.parse(text)
