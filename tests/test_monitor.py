import json
import os
import socket
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPConnection

import pytest

from dtm_contact.monitor import HealthReport, Monitor


class Watched:
    """A monitor, and what its checks and counts say."""

    def __init__(self) -> None:
        self.wrong: dict[str, str | None] = {"store": None, "relay": None}
        self.told: dict[str, str] = {}
        self.refreshed = 0
        self.monitor = Monitor("127.0.0.1", 0, lambda: HealthReport(self.wrong, self.told), ("store",), self.refresh)

    def refresh(self) -> None:
        self.refreshed += 1

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        connection = HTTPConnection(self.monitor.address, timeout=10)
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body


@pytest.fixture
def watched() -> Iterator[Watched]:
    found = Watched()
    with found.monitor:
        yield found


def test_health_says_what_is_wrong_and_what_else_is_told(watched: Watched) -> None:
    status, body = watched.get("/healthz")
    well = {"well": True, "checks": {"store": "well", "relay": "well"}, "told": {}, "process": os.getpid()}
    assert (status, json.loads(body)) == (HTTPStatus.OK, well)
    watched.told = {"disk": "nearly full"}
    status, body = watched.get("/healthz")
    assert (status, json.loads(body)["told"]) == (HTTPStatus.OK, {"disk": "nearly full"})
    watched.wrong["store"] = "cannot be read"
    status, body = watched.get("/healthz")
    assert (status, json.loads(body)["checks"]["store"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "cannot be read")


def test_mail_is_handed_to_a_daemon_that_can_take_it_whatever_else_is_wrong(watched: Watched) -> None:
    watched.wrong["relay"] = "away"
    assert watched.get("/healthz")[0] == HTTPStatus.SERVICE_UNAVAILABLE
    status, body = watched.get("/readyz")
    assert (status, json.loads(body)["checks"]) == (HTTPStatus.OK, {"store": "well"})
    watched.wrong["store"] = "cannot be read"
    assert watched.get("/readyz")[0] == HTTPStatus.SERVICE_UNAVAILABLE


def test_metrics_are_counted_when_asked_for(watched: Watched) -> None:
    status, body = watched.get("/metrics")
    assert status == HTTPStatus.OK
    assert "# TYPE dtm_arrivals_accepted_total counter" in body
    assert watched.refreshed == 1


@pytest.mark.parametrize(("path", "method"), [("/", "GET"), ("/healthz/../etc", "GET"), ("/metrics", "POST")])
def test_there_is_nothing_else(watched: Watched, path: str, method: str) -> None:
    assert watched.get(path, method)[0] == HTTPStatus.NOT_FOUND


def test_a_client_that_says_nothing_holds_nobody_up(watched: Watched) -> None:
    host, _, port = watched.monitor.address.rpartition(":")
    with socket.create_connection((host, int(port))):
        assert watched.get("/healthz")[0] == HTTPStatus.OK
