"""A virus scanner that speaks clamd's protocol: the command INSTREAM, pieces with their lengths, one verdict."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIGN = b"DTM-TEST-SIGNATURE"
"""What it recognises as a virus."""


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        octets = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            octets += self.rfile.read(length)
        self.wfile.write(b"stream: Dtm.Test FOUND\0" if SIGN in octets else b"stream: OK\0")


@contextmanager
def clamd(path: Path) -> Iterator[None]:
    """Listen at a socket as clamd does."""
    with socketserver.ThreadingUnixStreamServer(str(path), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            path.unlink()
