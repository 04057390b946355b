import numpy as np
import pytest

from bench.weights.download import Patience, TransferError, Unreachable, download
from tests.bench.weights.server import Conduct, serving

BODY = np.random.default_rng(0).bytes(3_000_000)
PATIENCE = Patience(connect=1, stall=0.4, retries=2, pause=0.01)


def fetch(conduct, part, patience=PATIENCE):
    reports = []
    with serving(conduct) as url:
        download(url, part, patience=patience, report=lambda have, total: reports.append((have, total)))
    return reports


def test_whole_file_and_its_progress(tmp_path):
    part = tmp_path / "part"
    reports = fetch(Conduct(BODY), part)
    assert part.read_bytes() == BODY
    assert reports[0] == (0, len(BODY))
    assert reports[-1] == (len(BODY), len(BODY))


def test_dropped_connections_are_taken_up_where_they_broke(tmp_path):
    conduct = Conduct(BODY, drop_after=[1_000_000, 1_000_000])
    fetch(conduct, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == BODY
    starts = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in conduct.ranges[1:]]
    assert conduct.ranges[0] is None
    assert 0 < starts[0] <= 1_000_000 < starts[1] <= 2_000_000


def test_more_drops_than_retries_do_not_matter_while_bytes_come(tmp_path):
    fetch(Conduct(BODY, drop_after=[500_000] * 5), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == BODY


def test_drops_without_progress_end_it_and_keep_the_part(tmp_path):
    part = tmp_path / "part"
    part.write_bytes(BODY[:1000])
    conduct = Conduct(BODY, drop_after=[0] * 9)
    with pytest.raises(TransferError, match="connection"):
        fetch(conduct, part)
    assert len(conduct.ranges) == PATIENCE.retries
    assert part.read_bytes() == BODY[:1000]


def test_a_stall_is_noticed_and_gone_on_from(tmp_path):
    conduct = Conduct(BODY, stall_after=[1_000_000])
    fetch(conduct, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == BODY
    assert conduct.ranges[1] is not None


def test_a_server_that_ignores_ranges_starts_the_file_anew(tmp_path):
    part = tmp_path / "part"
    part.write_bytes(b"x" * 1000)
    fetch(Conduct(BODY, ignores_ranges=True), part)
    assert part.read_bytes() == BODY


def test_redirects_are_followed(tmp_path):
    fetch(Conduct(BODY, redirect=True), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == BODY


def test_a_complete_part_needs_no_bytes(tmp_path):
    part = tmp_path / "part"
    part.write_bytes(BODY)
    fetch(Conduct(BODY), part)
    assert part.read_bytes() == BODY


def test_a_part_longer_than_the_file_is_thrown_away(tmp_path):
    part = tmp_path / "part"
    part.write_bytes(BODY + b"more")
    fetch(Conduct(BODY), part)
    assert part.read_bytes() == BODY


def test_busy_servers_are_asked_again(tmp_path):
    fetch(Conduct(BODY, statuses=[503]), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == BODY


def test_a_missing_file_is_not_asked_for_twice(tmp_path):
    conduct = Conduct(BODY, statuses=[404, 404])
    with pytest.raises(TransferError, match="404"):
        fetch(conduct, tmp_path / "part")
    assert conduct.statuses == [404]


def test_nobody_there(tmp_path):
    with serving(Conduct(BODY)) as url:
        pass  # the port is free again
    with pytest.raises(Unreachable):
        download(url, tmp_path / "part", patience=PATIENCE, report=lambda have, total: None)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_a_dead_proxy_is_named_without_its_password(tmp_path, monkeypatch, name):
    for each in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, "http://me:secret@127.0.0.1:9/")
    with pytest.raises(Unreachable, match=rf"through the proxy 127\.0\.0\.1:9, which {name} sets") as error:
        download("http://weights.example/x", tmp_path / "part", patience=PATIENCE, report=lambda have, total: None)
    assert "secret" not in str(error.value)
