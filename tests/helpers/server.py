"""A file server on this machine that misbehaves on request."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serves ``files``; each request for a file first plays the next of its ``faults``.

    Faults: ("drop", n) closes the connection after n bytes of the body; ("status", code) answers that code;
    ("page",) sends a web page with code 200; ("ignore range",) sends the whole file to a request for a part;
    ("wrong range",) sends another part than the one asked for; ("short range", n) sends n bytes of it and says
    so. ``seen`` collects (file name, Range header).
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[tuple[object, ...]]] = defaultdict(list)
        self.seen: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        name = self.path.lstrip("/").partition("?")[0]
        wanted = self.headers.get("Range")
        self.server.seen.append((name, wanted))
        faults = self.server.faults[name]
        fault = faults.pop(0) if faults else ("none",)
        if fault[0] == "status":
            return self.send_error(int(str(fault[1])))
        if fault[0] == "page":
            return self.send(200, b"<!DOCTYPE html><html><body>Please log in</body></html>", "text/html")
        if name not in self.server.files:
            return self.send_error(404)
        body = self.server.files[name]
        extra, code = {}, 200
        if wanted and fault[0] != "ignore range":
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted).group(1)) - (fault[0] == "wrong range")
            if start >= len(body):
                return self.send(416, b"", "text/plain", {"Content-Range": f"bytes */{len(body)}"})
            end = start + int(str(fault[1])) if fault[0] == "short range" else len(body)
            code, extra = 206, {"Content-Range": f"bytes {start}-{end - 1}/{len(body)}"}
            body = body[start:end]
        self.send(code, body, "application/zip", extra, cut=int(str(fault[1])) if fault[0] == "drop" else None)

    def send(
        self, code: int, body: bytes, kind: str, extra: dict[str, str] | None = None, cut: int | None = None
    ) -> None:
        self.send_response(code)
        for key, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(extra or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body[:cut])

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[FileServer]:
    server = FileServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
