"""The alert rules and the board: what they ask for is there, and each alert is raised by what it is for."""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Message, Receive, Scope, Send

from dtm_contact import metrics
from dtm_contact.web.app import PAGE
from dtm_contact.web.process import ReportingApp
from dtm_contact.web.supervisor import _count_requests

DEPLOY = Path(__file__).parents[1] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
OF_THE_SCRAPE = {"instance", "job"}
SELECTOR = re.compile(r"\b(?P<name>(?:dtm_\w+|up))\b(?:\{(?P<labels>[^}]*)\})?")
BY = re.compile(r"\bby \(([^)]*)\)")


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which(program)
    if found is None:
        reason = f"there is no {program}: apt prometheus, prometheus-alertmanager"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return subprocess.run([str(found), *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def told() -> dict[str, set[str]]:
    """Return what /metrics tells: the labels of each sample by its name, all kinds of them having been seen once."""
    wrappers = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    labelled = [each for each in wrappers if each._labelnames]
    for each in labelled:
        each.labels(*("x" for _ in each._labelnames))
    names: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(generate_latest().decode()):
        for sample in family.samples:
            names.setdefault(sample.name, set()).update(sample.labels)
    for each in labelled:
        each.remove(*("x" for _ in each._labelnames))
    return names


def alert_queries() -> Iterator[str]:
    rules = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))
    yield from (rule["expr"] for group in rules["groups"] for rule in group["rules"])


def board_queries() -> Iterator[str]:
    board = json.loads((DEPLOY / "grafana" / "dtm-contact.json").read_text("utf-8"))
    yield from (target["expr"] for panel in board["panels"] for target in panel["targets"])
    yield from (each["query"] for each in board["templating"]["list"] if "label_values" in each["query"])


def unknown(query: str, told: dict[str, set[str]]) -> Iterator[str]:
    """Yield what a query asks for that nobody tells: names of samples, labels of selectors and of groups."""
    labels: set[str] = set()
    for found in SELECTOR.finditer(query):
        name = found["name"]
        if name not in told and name != "up":
            yield name
            continue
        known = told.get(name, set()) | OF_THE_SCRAPE
        labels |= known
        asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", found["labels"] or ""))
        yield from (f"{name}{{{label}}}" for label in sorted(asked - known))
    for group in BY.findall(query):
        yield from (f"by ({label})" for label in map(str.strip, group.split(",")) if label not in labels)


def test_every_metric_and_label_of_the_alerts_and_of_the_board_is_told(told: dict[str, set[str]]) -> None:
    queries = [*alert_queries(), *board_queries()]
    assert len(queries) > 40
    assert [(query, each) for query in queries for each in unknown(query, told)] == []
    assert list(unknown('sum by (colour) (dtm_well{shape="x"}) + dtm_no_such', told)) == [
        "dtm_well{shape}", "dtm_no_such", "by (colour)",
    ]  # fmt: skip


def test_every_alert_says_what_to_do_and_how_urgent_it_is_and_is_tried() -> None:
    rules = [rule for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"]
             for rule in group["rules"]]  # fmt: skip
    assert {rule["labels"]["severity"] for rule in rules} == {"critical", "warning"}
    assert all(rule["annotations"].keys() == {"summary", "what_to_do"} for rule in rules)
    tried = set(re.findall(r'alertname="(\w+)"', (PROMETHEUS / "alerts_test.yml").read_text("utf-8")))
    assert tried == {rule["alert"] for rule in rules}


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("promtool", ("check", "rules", "alerts.yml")),
        ("promtool", ("test", "rules", "alerts_test.yml")),
        ("promtool", ("check", "config", "--syntax-only", "scrape.yml")),
        ("amtool", ("check-config", "alertmanager.yml")),
    ],
    ids=["rules", "tests of the rules", "scrape", "alertmanager"],
)
def test_the_tools_of_prometheus_find_no_fault(program: str, arguments: tuple[str, ...]) -> None:
    done = run(program, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_metrics_are_as_prometheus_wants_them() -> None:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("there is no promtool")
    done = subprocess.run([found, "check", "metrics"], input=generate_latest(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


async def test_what_the_desk_answers_is_counted_by_page_and_status_and_no_case_is_named() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    async def desk(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/dossier"):
            scope[PAGE] = "/dossier/{number}"
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def receive() -> dict[str, str]:
        return {}

    async def send(_message: Message) -> None:
        return None

    app = ReportingApp(desk, writing)
    for path in ("/dossier/2026-000042", "/nowhere/06 44 60 23 14"):
        await app({"type": "http", "path": path}, receive, send)
    os.set_blocking(reading, False)
    seen = os.read(reading, 65_536)
    assert b"2026" not in seen
    assert b"06 44" not in seen
    reports = asyncio.StreamReader()
    reports.feed_data(seen + b"a stray print\n")
    reports.feed_eof()
    before = REGISTRY.get_sample_value("dtm_desk_seconds_count") or 0
    await _count_requests(reports)
    for page in ("/dossier/{number}", "other"):
        assert REGISTRY.get_sample_value("dtm_desk_requests_total", {"page": page, "status": "404"}) == 1
    assert REGISTRY.get_sample_value("dtm_desk_seconds_count") == before + 2
    with suppress(BlockingIOError):
        while os.write(writing, bytes(4096)):
            pass
    # Neither a pipe that is full nor one whose reader is gone costs the request its answer.
    await app({"type": "http", "path": "/"}, receive, send)
    os.close(reading)
    await app({"type": "http", "path": "/"}, receive, send)
    os.close(writing)
    metrics.DESK_REQUESTS.clear()
