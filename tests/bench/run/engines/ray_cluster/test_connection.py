"""A cluster that is not there, told within seconds; no Ray is started here."""

import socket
import sys
import threading
from contextlib import contextmanager, suppress

import pytest

from bench.errors import BenchError
from bench.run.engines.ray_cluster import connection
from bench.run.engines.ray_cluster.connection import Connection, Machine
from bench.run.plan import ModelPlan


@contextmanager
def listening(answer):
    """A server on a port of its own that sends `answer` to whoever comes; None says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line, suppress(OSError):
                line.recv(100)
                if answer is not None:
                    line.sendall(answer)
                    line.recv(1)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def refused(address):
    with pytest.raises(BenchError) as caught:
        connection.check_answer(address)
    return str(caught.value)


def test_a_dead_address_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    assert refused(address) == (
        f"there is no Ray cluster at --address '{address}' (Connection refused): start one with 'ray start --head'"
    )


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n", None])
def test_something_else_than_ray_is_told(answer):
    with listening(answer) as address:
        assert "(something else than Ray answers there)" in refused(address)


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(connection, "ANSWER", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert "(nothing answers within 0.05 s)" in refused(f"127.0.0.1:{server.getsockname()[1]}")


def test_what_answers_as_grpc_does_is_let_in():
    with listening(bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))) as address:
        connection.check_answer(address)
    connection.check_answer("auto")


@pytest.mark.parametrize("address", ["ray://head:10001", "head", ":6379", "head:", "head:port"])
def test_what_is_no_address_is_told(address):
    assert "is no address of a cluster: write HOST:PORT" in refused(address)


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        BenchError, match=r"^--engine ray needs Ray.*: pip install 'talking-head-benchmark\[cluster\]'$"
    ):
        Connection.to(None, ModelPlan())


def test_the_code_of_ones_own_model_goes_along(tmp_path, monkeypatch):
    (tmp_path / "single.py").write_text("x = 1")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    assert connection.own_code(ModelPlan("single:Model")) == [str(tmp_path / "single.py")]
    assert connection.own_code(ModelPlan("pack.deep:Model")) == [str(tmp_path / "pack")]
    for other in ("static", "model.copy:load", "numpy:array", "nowhere.to_be:found"):
        assert connection.own_code(ModelPlan(other)) == []


def test_a_machine_is_lost_where_nobody_listens_or_the_cluster_says_so(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        machine = Machine("id", "127.0.0.1", server.getsockname()[1], 1, 0)
        monkeypatch.setattr(connection, "machines", lambda: [machine])
        assert not machine.is_lost()
        monkeypatch.setattr(connection, "machines", lambda: [])
        assert machine.is_lost()
    monkeypatch.setattr(connection, "machines", lambda: [machine])
    assert machine.is_lost()
