"""A local HTTP server that serves one body, well or badly."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Conduct:
    """How the server behaves. `ranges` lists the Range header of every request that reached the body."""

    body: bytes
    drop_after: list[int] = field(default_factory=list)  # bytes sent before the connection breaks, per request
    stall_after: list[int] = field(default_factory=list)  # bytes sent before silence, per request
    statuses: list[int] = field(default_factory=list)  # answered instead of the body, per request
    ignores_ranges: bool = False
    redirect: bool = False
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(conduct: Conduct) -> Iterator[str]:
    """Serve `conduct.body` under every path; yields the URL of a file."""
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            if conduct.redirect and not self.path.startswith("/elsewhere"):
                self.send_response(302)
                self.send_header("Location", "/elsewhere" + self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if conduct.statuses:
                self.send_response(conduct.statuses.pop(0))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            asked = self.headers.get("Range")
            conduct.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and not conduct.ignores_ranges else 0
            body = conduct.body
            if start >= len(body) and start:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            if conduct.drop_after:
                self.wfile.write(body[start : start + conduct.drop_after.pop(0)])
                self.close_connection = True
                return
            if conduct.stall_after:
                self.wfile.write(body[start : start + conduct.stall_after.pop(0)])
                self.wfile.flush()
                done.wait(20)
                self.close_connection = True
                return
            self.wfile.write(body[start:])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    conduct.url = f"http://127.0.0.1:{server.server_port}/file.pth"
    try:
        yield conduct.url
    finally:
        done.set()
        server.shutdown()
        server.server_close()
        thread.join()
