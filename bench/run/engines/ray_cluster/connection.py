"""The way to a Ray cluster: one that is running, or one that is started on this machine for a run."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.errors import BenchError
from bench.run.plan import ModelPlan

ANSWER: Final = 5.0
"""Seconds that a cluster has to answer."""
_ROOT: Final = Path(__file__).resolve().parents[4]
_PACKAGES: Final = ("bench", "metrics", "model", "syncnet")
_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""What a client of HTTP/2, and so of gRPC, begins with (RFC 9113, 3.4): the preface and empty settings."""
_SETTINGS: Final = 4
"""The type of frame that the server begins with."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of the cluster: what it lends to actors, and where its Ray listens."""

    id: str
    host: str
    port: int
    cpus: int
    gpus: int

    def is_lost(self) -> bool:
        """Whether its Ray is there no more: the cluster says so, or nobody listens."""
        return self.id not in {machine.id for machine in machines()} or not _listens(self.host, self.port)


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """This process is a driver of the cluster."""

    said: str
    """Where the cluster is, and where to look at it."""
    folder: tempfile.TemporaryDirectory[str] | None = None
    """Of a Ray that was started for this run."""
    borrowed: bool = False
    """Whether somebody else connected this process, and disconnects it."""

    @classmethod
    def to(cls, address: str | None, model: ModelPlan) -> Connection:
        """Connect to the cluster at an address, or start Ray here.

        On a running cluster, the code of this benchmark and of the plan's model goes along: it need not be installed.

        Raises:
            BenchError: Ray is not installed, or nothing answers at the address.
        """
        try:
            import ray
        except ImportError:
            raise BenchError(
                "--engine ray needs Ray, which is not installed: pip install 'talking-head-benchmark[cluster]'"
            ) from None
        if ray.is_initialized():
            return cls(f"Ray at {ray.get_runtime_context().gcs_address}", borrowed=True)
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # What the workers of every machine are started with; a local Ray's have this process' environment besides.
        variables = {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONUTF8": "1"}
        wanted: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        folder = None
        if address is None:
            # The names of sockets are limited to some hundred characters: not below a deep temporary folder.
            folder = tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp" if os.name == "posix" else None)
            wanted |= {"address": "local", "_temp_dir": folder.name, "runtime_env": {"env_vars": variables}}
        else:
            check_answer(address)
            code = [str(_ROOT / package) for package in _PACKAGES]
            wanted |= {
                "address": address,
                "runtime_env": {"env_vars": variables, "py_modules": [*code, *own_code(model)]},
            }
        try:
            with _own_signals():
                context = ray.init(**wanted)
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            if folder is not None:
                folder.cleanup()
            why = next(iter(str(error).splitlines()), type(error).__name__)
            where = "a local Ray could not be started" if address is None else f"--address '{address}' did not take us"
            raise BenchError(f"{where} ({why}): see 'ray status' on a machine of the cluster") from None
        _hush()
        found = context.address_info["gcs_address"]
        look = context.dashboard_url
        look = f"watch it at http://{look}" if look else f"watch it with 'ray status --address {found}'"
        return cls(f"Ray at {found}: {look}", folder)

    def close(self) -> None:
        """Disconnect; a Ray that was started here ends, with its files."""
        import ray

        if self.borrowed:
            return
        ray.shutdown()
        if self.folder is not None:
            with contextlib.suppress(OSError):
                self.folder.cleanup()


def machines() -> list[Machine]:
    """The machines of the cluster that are alive."""
    import ray

    return [
        Machine(
            node["NodeID"],
            node["NodeManagerAddress"],
            int(node["NodeManagerPort"]),
            int(node["Resources"].get("CPU", 0)),
            int(node["Resources"].get("GPU", 0)),
        )
        for node in ray.nodes()
        if node["Alive"]
    ]


def own_code(model: ModelPlan) -> list[str]:
    """Where the module of a model of one's own lies, unless it is installed (then it is on all machines)."""
    from model import registry

    module = registry.known().get(model.name, model.name).partition(":")[0]
    top = module.partition(".")[0]
    if model.predictions is not None or model.command is not None or top in _PACKAGES or ":" not in model.name:
        return []
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return []
    if spec is None or (spec.origin is None and not spec.submodule_search_locations):
        return []
    places = [*(spec.submodule_search_locations or ()), *filter(None, [spec.origin])]
    return [] if "site-packages" in Path(places[0]).parts else [places[0]]


def check_answer(address: str) -> None:
    """Raise `BenchError` unless something like a Ray cluster answers at HOST:PORT, soon; `auto` is Ray's own to find.

    Ray itself would wait for minutes, or for ever where something else listens.
    """
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if "://" in address or not host or not port.isdigit():
        raise BenchError(f"--address '{address}' is no address of a cluster: write HOST:PORT of its head, or auto")
    try:
        with socket.create_connection((host, int(port)), timeout=ANSWER) as line:
            line.settimeout(ANSWER)
            if os.environ.get("RAY_USE_TLS", "0") == "1":
                return
            line.sendall(_PREFACE)
            head = line.recv(9)
            if len(head) == 9 and head[3] == _SETTINGS:
                return
            why = "something else than Ray answers there"
    except TimeoutError:
        why = f"nothing answers within {ANSWER:g} s"
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
    raise BenchError(f"there is no Ray cluster at --address '{address}' ({why}): start one with 'ray start --head'")


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2.0):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the handler of SIGTERM, which Ray replaces."""
    here = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if here:
            signal.signal(signal.SIGTERM, before)


def _hush() -> None:
    """Keep what Ray says of lost workers out of standard output: the run tells what came of each."""
    import ray

    def note(data: Mapping[str, Any], **unused: object) -> None:
        log.info("ray: %s", "\n".join(map(str, data.get("lines", ()))))

    module = getattr(ray, "_private", None)
    if hasattr(getattr(module, "worker", None), "print_to_stdstream"):
        ray._private.worker.print_to_stdstream = note
