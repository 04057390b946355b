"""The server answers this machine with the page's files, and nobody else, and with nothing else."""

import socket
import threading

import pytest

from bench.report.page.server import make_server


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    page = tmp_path_factory.mktemp("served") / "page"
    (page / "videos").mkdir(parents=True)
    (page / "index.html").write_text("the page")
    (page / "videos" / "a.mp4").write_bytes(b"0123456789")
    (page.parent / "secret.txt").write_text("secret")
    (page / "link.txt").symlink_to("../secret.txt")
    (page / "up").symlink_to("..")
    (page / "circle").symlink_to("circle")
    server = make_server(page)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def ask(path, *headers, verb="GET"):
        """(status, body); `headers` are whole lines."""
        told = "".join(f"{line}\r\n" for line in headers)
        with socket.create_connection(server.server_address[:2], timeout=10) as wire:
            wire.sendall(f"{verb} {path} HTTP/1.0\r\n{told}\r\n".encode("latin-1"))
            answer = b"".join(iter(lambda: wire.recv(1 << 16), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    yield ask
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:8000", "127.0.0.1:1", "LocalHost:1"])
def test_this_machine_is_answered(ask, host):
    assert ask("/index.html", f"Host: {host}") == (200, b"the page")


@pytest.mark.parametrize(
    "headers",
    [
        (), ("Host: example.org",), ("Host: 127.0.0.1.example.org",), ("Host: 127.0.0.1@example.org",),
        ("Host: localhost:evil:80",), ("Host: example.org:127.0.0.1",), ("Host: ",), ("Host: 0.0.0.0",),
        ("Host: localhost", "Host: example.org"),
    ],
)  # fmt: skip
def test_a_foreign_name_of_this_machine_is_not(ask, headers):
    assert ask("/index.html", *headers)[0] == 403
    assert ask("/index.html", *headers, "Range: bytes=0-3")[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/videos/../../secret.txt", "//secret.txt",
        "/link.txt", "/up/secret.txt", "/circle", "/%00", f"/{'a' * 5000}", "/videos/", "/up/", "/nothing",
    ],
)  # fmt: skip
@pytest.mark.parametrize("headers", [(), ("Range: bytes=0-3",)], ids=["whole", "a part"])
def test_nothing_else_is_sent(ask, path, headers):
    status, body = ask(path, "Host: localhost", *headers)
    assert status == 404
    assert b"secret" not in body


@pytest.mark.parametrize("span", [f"{'9' * 5000}-", f"-{'9' * 5000}"], ids=["from", "last"])
def test_a_part_beyond_all_numbers_is_no_fault(ask, span):
    assert ask("/videos/a.mp4", "Host: localhost", f"Range: bytes={span}") == (200, b"0123456789")


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE"])
def test_nothing_is_taken(ask, verb):
    assert ask("/index.html", "Host: localhost", verb=verb)[0] == 501
