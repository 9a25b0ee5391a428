"""`/metrics` for Prometheus, `/healthz` for whoever watches over the daemon, `/readyz` for what hands mail to it."""

import json
import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], str | None]
"""Returns None while all is well, else what is wrong, in a few words."""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What a look at the daemon has found.

    Attributes:
        checks: what is wrong by what was looked at; None where it is well.
        warnings: what else the admins are told of, by its cause: the daemon does its work all the same.
    """

    checks: Mapping[str, str | None]
    warnings: Mapping[str, str] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.checks.values())

    def of(self, names: Collection[str]) -> "HealthReport":
        """Return what was found by some checks alone."""
        return HealthReport({name: wrong for name, wrong in self.checks.items() if name in names})


_SECONDS = 10
# How often the server looks whether it is to stop.
_LOOK_SECONDS = 0.05


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    # A client that connects and says nothing must not hold its thread for ever.
    timeout = _SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        """Say nothing of each request."""


class Monitor:
    """The pages, served by a thread of its own, so that they answer where the event loop hangs, and say so."""

    def __init__(
        self,
        host: str,
        port: int,
        report: Callable[[], HealthReport],
        ready: Collection[str],
        refresh: Callable[[], None],
    ) -> None:
        """Listen; the pages answer from `__enter__` on.

        Args:
            host: the address.
            port: the port; 0 takes a free one.
            report: looks at the daemon.
            ready: the checks that `/readyz` is about.
            refresh: brings the metrics up to date that are counted on demand.

        Raises:
            OSError: the address is taken or not ours.
        """
        self._report = report
        self._ready = ready
        self._refresh = refresh
        self._server = make_server(host, port, self._page, _Server, _QuietHandler)

    @property
    def address(self) -> str:
        """Where it listens, as `host:port`."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(_LOOK_SECONDS,), name="monitor", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _page(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        pages: dict[str, Callable[[], tuple[HTTPStatus, str, bytes]]] = {
            "/metrics": self._metrics,
            "/healthz": lambda: _response(self._report()),
            "/readyz": lambda: _response(self._report().of(self._ready)),
        }
        page = pages.get(environ.get("PATH_INFO", ""))
        if page is None or environ.get("REQUEST_METHOD") not in {"GET", "HEAD"}:
            status, kind, body = HTTPStatus.NOT_FOUND, "text/plain", b"there are /metrics, /healthz and /readyz\n"
        else:
            status, kind, body = page()
        start_response(f"{status.value} {status.phrase}", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    def _metrics(self) -> tuple[HTTPStatus, str, bytes]:
        self._refresh()
        return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest()


def _response(report: HealthReport) -> tuple[HTTPStatus, str, bytes]:
    checks = {name: wrong or "well" for name, wrong in report.checks.items()}
    told = {"well": report.well, "checks": checks, "told": dict(report.warnings), "process": os.getpid()}
    body = json.dumps(told).encode()
    status = HTTPStatus.OK if report.well else HTTPStatus.SERVICE_UNAVAILABLE
    return status, "application/json", body + b"\n"
