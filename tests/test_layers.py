"""The arrows of the architecture: a module imports only from the lines above its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dtm_contact

ROOT = Path(dtm_contact.__file__).parent

# From the bottom up. What stands on one line does not import each other, but for the first, whose order is the arrow.
LINES = (
    ("wording",),
    ("model",),
    ("errors", "registry"),
    ("settings",),
    ("log", "metrics"),
    ("alarms",),
    ("text", "hours", "tokens", "model_archive", "labels"),
    ("directory", "reading"),
    ("sources",),
    ("matching", "topics", "conversation"),
    ("rules",),
    ("pipeline",),
    ("calls",),
    ("contract", "reasons"),
    ("explain",),
    ("background", "durable_file", "journal", "serving"),
    ("store", "ingest", "outbound", "pdf", "recognition", "webcall"),
    ("rehearsal", "cases", "access", "backup"),
    ("timers", "figures", "takeover"),
    ("privacy",),
    ("worker", "monitor", "alerting", "web"),
    ("danger_page",),
    ("beginning", "health"),
    ("dead_man_switch", "service_manager"),
    ("daemon",),
    ("doctor",),
    ("cli",),
    ("__main__",),
)
RANK = {name: rank for rank, line in enumerate(LINES) for name in line}
RECEIVERS_SEE = {
    "model", "errors", "settings", "log", "metrics", "text", "hours",
    "background", "durable_file", "registry", "serving",
}  # fmt: skip
# Which lines of a log are one call has to be told before there is an arrival.
LOG_RECEIVERS_SEE = RECEIVERS_SEE | {"calls"}
LOG_RECEIVERS = {"asterisk_cdr", "followed_file", "log_follower"}
# Up to here nothing knows of a clock, a network or a database.
PURE_UP_TO = RANK["explain"]
IMPURE = {"asyncio", "http", "multiprocessing", "smtplib", "socket", "sqlalchemy", "sqlite3", "subprocess", "time"}
CLOCK_READS = {"now", "today", "utcnow"}
OPENS_FILES = {"settings", "directory", "rules", "log", "wording"}  # the log writes into its own


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if "migrations" not in path.parts)


def part_of(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            if node.module == "dtm_contact":
                yield from ((f"dtm_contact.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module, node.lineno


def own_imports(path: Path) -> Iterator[tuple[str, int]]:
    for name, line in imports(path):
        parts = name.split(".")
        if parts[0] == "dtm_contact" and len(parts) > 1 and not parts[1].startswith("__"):
            yield parts[1], line


def test_every_part_has_its_line() -> None:
    parts = {part_of(path) for path in modules()} - {"__init__"}
    assert parts == set(RANK)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_from_above(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        return
    for imported, line in own_imports(path):
        allowed = imported == part or RANK[imported] < RANK[part]
        assert allowed, f"{path.name}:{line}: {part} must not import {imported}"


@pytest.mark.parametrize("path", sorted((ROOT / "ingest").rglob("*.py")), ids=lambda path: path.name)
def test_receivers_see_only_the_first_two_lines(path: Path) -> None:
    seen = {imported for imported, _line in own_imports(path)} - {"ingest"}
    follows_a_log = path.stem in LOG_RECEIVERS
    assert seen <= (LOG_RECEIVERS_SEE if follows_a_log else RECEIVERS_SEE)


@pytest.mark.parametrize("path", sorted((ROOT / "ingest").rglob("*.py")), ids=lambda path: path.name)
def test_receivers_know_no_judging(path: Path) -> None:
    assert "dtm_contact.calls.call_backs" not in {name for name, _line in imports(path)}


def pure_modules() -> list[Path]:
    return [path for path in modules() if part_of(path) != "__init__" and RANK[part_of(path)] <= PURE_UP_TO]


@pytest.mark.parametrize("path", pure_modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_judging_knows_no_clock_network_or_database(path: Path) -> None:
    for name, line in imports(path):
        assert name.split(".")[0] not in IMPURE, f"{path.name}:{line}: imports {name}"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_READS:
            whose = ast.unparse(node.func.value)
            assert whose not in {"datetime", "date", "datetime.datetime"}, f"{path.name}:{node.lineno}: reads the clock"


@pytest.mark.parametrize("path", pure_modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_who_is_meant_to_opens_files(path: Path) -> None:
    if part_of(path) in OPENS_FILES:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert called not in {"open", "read_text", "read_bytes"}, f"{path.name}:{node.lineno}: opens a file"
