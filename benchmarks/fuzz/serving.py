"""The page's server: requests of anybody who reaches its port."""

import contextlib
import io
from pathlib import Path
from random import Random

from benchmarks.fuzz import hostile, mutate
from benchmarks.fuzz.reader import Case, Reader, Thunk

SECRET = b"not of the page"
PATHS = (
    "/index.html", "/", "/videos/a.mp4", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/..%5csecret.txt", "//secret.txt",
    "/videos/../../secret.txt", "/videos/%00", "/link/secret.txt", "/link.txt", "/\\..\\secret.txt", "/./index.html", "/index.html?x=1#y", "http://evil/index.html",
    "/%c0%ae%c0%ae/secret.txt", "/\xff", "*", "", "/videos", "/" + "a" * 5000, "/%", "/%zz",
)  # fmt: skip
HOSTS = (
    "127.0.0.1",
    "127.0.0.1:8000",
    "localhost",
    "localhost:1",
    "evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil",
    "[::1]",
    "",
    "LOCALHOST",
    "0.0.0.0",
    "localhost:evil:80",
)
RANGES = (
    "bytes=0-3",
    "bytes=-2",
    "bytes=2-",
    "bytes=99-",
    "bytes=3-1",
    "bytes=-",
    "bytes=-0",
    "bytes=0-1,3-4",
    "bytes=" + "9" * 5000 + "-",
    "bytes=-" + "9" * 30,
    "x",
    "bytes=٣-",
)


class _Wire:
    """What a handler takes for a connection."""

    def __init__(self, request: bytes) -> None:
        self.request, self.answer = request, bytearray()

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(self.request)

    def sendall(self, data: bytes) -> None:
        self.answer += data

    def settimeout(self, _: object) -> None:
        """Nothing to wait for."""


def server(home: Path) -> Case:
    from bench.report.page.server import Handler

    page = home / "page"
    (page / "videos").mkdir(parents=True)
    (page / "index.html").write_bytes(b"<!doctype html>")
    (page / "videos" / "a.mp4").write_bytes(bytes(range(256)) * 3)
    (home / "secret.txt").write_bytes(SECRET)
    (page / "link").symlink_to("..")
    (page / "link.txt").symlink_to("../secret.txt")

    def case(random: Random, folder: Path) -> Thunk:
        path = random.choice(PATHS) if random.random() < 0.6 else mutate.word(random.choice(PATHS), random)
        host = random.choice(HOSTS)
        verb = random.choice(("GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "get", "G\0T", "CONNECT"))
        lines = [f"{verb} {path} HTTP/1.{random.choice('0119')}", f"Host: {host}"]
        if random.random() < 0.5:
            lines.append(f"Range: {random.choice(RANGES)}")
        if random.random() < 0.2:
            lines.append(f"{random.choice(hostile.TEXTS)}: {random.choice(hostile.TEXTS)}")
        if random.random() < 0.1:
            lines.insert(2, "Host: 127.0.0.1")
        request = "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n"
        if random.random() < 0.3:
            request = mutate.raw(request, random)

        def read() -> None:
            wire = _Wire(request)
            with contextlib.redirect_stderr(io.StringIO()):
                Handler(wire, ("127.0.0.1", 1), None, directory=str(page))  # type: ignore[arg-type]
            assert SECRET not in wire.answer, "a file outside of the page was sent"
            if b"evil" in request and b"Host: evil" in request and request.count(b"Host:") == 1:
                assert b" 200 " not in wire.answer[:20] and b" 206 " not in wire.answer[:20], (
                    "a foreign host was served"
                )

        return read

    return case


READERS = (Reader("requests to the page's server", server, share=2.0),)
