"""A web server for one folder, on this machine only, that can send parts of files (videos are sought in)."""

from __future__ import annotations

import http.server
import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
_DIGITS = 15  # of a place in a file
_LOCAL = frozenset(("localhost", HOST))
_PORT = re.compile(r":\d{0,5}$")
_CHUNK = 1 << 16


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the folder, with byte ranges.

    A web site that the user visits must not reach them: requests under a foreign host name are refused (DNS rebinding),
    and so is whatever does not lie in the folder, by `..` or through a link.
    """

    _left: int | None = None

    def send_head(self) -> Any:
        """Send the headers, of a part of the file where the request has a range."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or _PORT.sub("", hosts[0].strip().lower()) not in _LOCAL:
            self.send_error(HTTPStatus.FORBIDDEN, "only this machine is served")
            return None
        self._left = None
        if not self._is_inside():
            self.send_error(HTTPStatus.NOT_FOUND, "there is no such file")
            return None
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if match is None or not any(match.groups()) or not path.is_file() or max(map(len, match.groups())) > _DIGITS:
            return super().send_head()
        size = path.stat().st_size
        if match[1]:
            start, end = int(match[1]), min(int(match[2] or size), size - 1)
        else:
            start, end = max(0, size - int(match[2])), size - 1
        if start > end:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{size}")
            self.end_headers()
            return None
        file = path.open("rb")
        file.seek(start)
        self._left = end - start + 1
        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
        self.send_header("Content-Length", str(self._left))
        self.end_headers()
        return file

    def _is_inside(self) -> bool:
        """Whether what is asked for is there, and lies in the folder when its links are followed."""
        try:
            found = Path(self.translate_path(self.path)).resolve(strict=True)
            return found.is_relative_to(Path(self.directory).resolve())
        except (OSError, ValueError, RuntimeError):  # no such name, none that there can be, links in a circle
            return False

    def list_directory(self, path: object) -> None:
        """Folders are not listed."""
        self.send_error(HTTPStatus.NOT_FOUND, "there is no such file")

    def end_headers(self) -> None:
        """Say that ranges are served, and that nothing is to be kept."""
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send the file, or the part of it that was asked for; a reader that has gone is no fault."""
        left = self._left
        try:
            while left is None or left > 0:
                data = source.read(_CHUNK if left is None else min(_CHUNK, left))
                if not data:
                    return
                outputfile.write(data)
                left = None if left is None else left - len(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not news."""


def make_server(folder: Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """A server of `folder` on the loopback address, on `port` or a free one; call `serve_forever` on it.

    Raises:
        OSError: the port is taken.
    """
    return http.server.ThreadingHTTPServer((HOST, port), partial(Handler, directory=str(folder)))


def serve(folder: Path, port: int, say: Callable[[str], object], *, open_browser: bool = True) -> None:
    """Serve the page until Ctrl-C, and open it in the user's browser."""
    from bench.errors import BenchError

    try:
        server = make_server(folder, port)
    except OSError as error:
        raise BenchError(f"--port {port} cannot be used ({error.strerror}): give another") from None
    address = f"http://{HOST}:{server.server_address[1]}/index.html"
    say(f"{address}  (Ctrl-C ends)")
    if open_browser:
        import webbrowser

        webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
