"""Calls through a daemon that is killed while its logs grow and are rotated: the call-backs of the logs at rest."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.pipeline import Grounds
from dtm_contact.rehearsal import CallsAtRest, JudgedCalls
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings
from dtm_contact.store import migrate, open_store
from tests.prove.audit import waiting
from tests.prove.program import ROOT, Program
from tests.prove.switchboard import Switchboard, Written, recording

CALLS = ROOT / "fixtures" / "calls"
DIRECTORY = ROOT / "fixtures" / "directory"
SPEED = 2_000.0
_COMPARED = ("outcome", "kind", "joins", "closes", "count", "office", "queue", "number")
_SECONDS_TO_SETTLE = 300.0

Told = dict[str, Any]

# Where each call lies: its case's opener (the first of its calls), and what the case became.
_CALLS = """
    SELECT arrivals.external_id AS id, contacts.outcome, contacts.kind, judgements.decision, cases.state,
           cases.office_id,
           (SELECT first.external_id FROM contacts AS call JOIN arrivals AS first ON first.id = call.arrival_id
            WHERE call.case_id = contacts.case_id AND call.kind = 'case' ORDER BY call.at, call.id LIMIT 1) AS opener
    FROM contacts JOIN arrivals ON arrivals.id = contacts.arrival_id
    LEFT JOIN cases ON cases.id = contacts.case_id LEFT JOIN judgements ON judgements.contact_id = contacts.id
    WHERE arrivals.channel = 'asterisk_cdr'"""

_PLACE = "SELECT place FROM positions WHERE channel = 'asterisk_cdr'"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed.

    Attributes:
        speed, kills, rotations: of the trial.
        calls: told at rest.
        call_backs, closed: opened at rest, and of these closed.
        missed, extra, twice: calls that the store does not have, has besides, or has more than once.
        different: calls that the store tells or places otherwise, with what differs.
        cases: in the store.
        revised: calls that were told anew.
    """

    speed: float
    kills: int
    rotations: int
    calls: int
    call_backs: int
    closed: int
    missed: int
    extra: int
    twice: int
    different: tuple[str, ...]
    cases: int
    revised: int

    @property
    def sound(self) -> bool:
        """Whether the store holds the same as the logs at rest tell."""
        return not (self.missed or self.extra or self.twice or self.different) and self.cases == self.call_backs

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield f"calls at {self.speed:,.0f} times real speed, {self.kills} kills, {self.rotations} rotations"
        for name in ("calls", "call_backs", "closed", "cases", "revised", "missed", "extra", "twice"):
            yield f"  {name.replace('_', ' '):28}{getattr(self, name):8,}"
        yield f"  {'told or placed otherwise':28}{len(self.different):8,}"
        yield from (f"    {each}" for each in self.different[:10])


async def prove_calls(  # noqa: PLR0913 - what is played, how fast, to whom, how often interrupted
    folder: Path,
    times: int,
    random: Random,
    *,
    speed: float = SPEED,
    directory: Path = DIRECTORY,
    until: float = float("inf"),
    quiet: float = 10.0,
) -> Outcome:
    """Play the recorded days to a daemon that is killed so many times, then compare its store with the logs at rest."""
    lines = recording(CALLS, until)
    logs = folder / "logs"
    logs.mkdir()
    switchboard = Switchboard(logs, lines, speed)
    program = Program(_prepared_store(folder, directory), environment=_environment(switchboard, quiet))
    playing = None
    try:
        await program.started()
        playing = asyncio.create_task(switchboard.play())
        for _ in range(times):
            await asyncio.sleep(random.uniform(0.5, 1.5) * switchboard.seconds / (times + 1))
            await program.kill()
            await program.started()
        await playing
        await _settled(program.store, switchboard)
        if status := await program.stop():
            raise RuntimeError(f"the daemon ended with status {status}:\n" + "\n".join(program.log))
    finally:
        if playing is not None:
            playing.cancel()
        await program.kill()
    return _compared(_expected(folder, lines, directory), program.store, switchboard, times, speed)


def _environment(switchboard: Switchboard, quiet: float) -> dict[str, str]:
    return {
        "DTM_CHANNELS": '["smtp", "asterisk_cdr"]',
        "DTM_SWITCHBOARD_RECORDS": str(switchboard.records),
        "DTM_SWITCHBOARD_QUEUE_LOG": str(switchboard.queue_log),
        "DTM_SWITCHBOARD_POLL_SECONDS": "0.05",
        "DTM_SWITCHBOARD_QUIET_SECONDS": str(quiet),
        "DTM_JUDGE_PROCESSES": "2",
    }


def _prepared_store(folder: Path, directory: Path) -> Path:
    path = folder / "store.db"
    url = f"sqlite:///{path}"
    migrate(url)
    with open_store(url) as store:
        store.directory.save(read_export(directory)[0], "import", datetime.now(UTC))
    return path


async def _settled(store: Path, switchboard: Switchboard) -> None:
    """Return once all lines are read, handed over and judged.

    Raises:
        TimeoutError: something waits for ever.
    """
    async with asyncio.timeout(_SECONDS_TO_SETTLE):
        while await asyncio.to_thread(lambda: _unread(store, switchboard) or waiting(store)):
            await asyncio.sleep(0.2)


def _unread(store: Path, switchboard: Switchboard) -> bool:
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        if connection.execute("SELECT count(*) FROM log_lines WHERE told IS NULL").fetchone()[0]:
            return True
        place = json.loads(
            connection.execute("SELECT place FROM positions WHERE channel = 'asterisk_cdr'").fetchone()[0]
        )
    logs = (("records", switchboard.records), ("queue_log", switchboard.queue_log))
    return any(place[name][-1]["offset"] != path.stat().st_size for name, path in logs)


def _expected(folder: Path, lines: list[Written], directory: Path) -> dict[str, Told]:
    """Return what `route --calls` says of the same lines at rest."""
    for name in ("Master.csv", "queue_log"):
        (folder / name).write_bytes(b"".join(written.line for written in lines if written.log == name))
    settings = Settings.defaults()
    found = Directory(read_export(directory)[0])
    grounds = Grounds.build(found, load_rules(ROOT / "rules", zone=settings.zone), settings)
    at_rest = CallsAtRest([folder / "Master.csv"], folder / "queue_log", settings)
    return {told["source"]: told for told in map(as_json, JudgedCalls(grounds).judge(at_rest))}


def _compared(expected: dict[str, Told], store: Path, switchboard: Switchboard, times: int, speed: float) -> Outcome:
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(_CALLS).fetchall()
        cases = int(connection.execute("SELECT count(*) FROM cases").fetchone()[0])
        revised = int(connection.execute("SELECT count(*) FROM events WHERE what = 'revised'").fetchone()[0])
    found = {row["id"]: row for row in rows}
    return Outcome(
        speed=speed,
        kills=times,
        rotations=switchboard.rotations,
        calls=len(expected),
        call_backs=sum(told["kind"] == "case" and told["joins"] is None for told in expected.values()),
        closed=sum(told["closes"] is not None for told in expected.values()),
        missed=len(expected.keys() - found.keys()),
        extra=len(found.keys() - expected.keys()),
        twice=len(rows) - len(found),
        different=tuple(
            each for call_id, told in expected.items() if call_id in found for each in _differing(told, found[call_id])
        ),
        cases=cases,
        revised=revised,
    )


def _differing(told: Told, row: sqlite3.Row) -> Iterator[str]:
    """Yield what the store says otherwise of a call: in its decision, and in where it lies."""
    decision = json.loads(row["decision"])
    for name in _COMPARED:
        if decision[name] != told[name]:
            yield f"{row['id']}: {name} {decision[name]} in place of {told[name]}"
    opener = told["source"] if told["kind"] == "case" and told["joins"] is None else told["joins"] or told["closes"]
    if row["opener"] != opener:
        yield f"{row['id']}: lies in the case of {row['opener']} in place of {opener}"
    if told["closes"] is not None and row["state"] != "closed":
        yield f"{row['id']}: its call-back is still open"
    if told["office"] is not None and told["joins"] is None and row["office_id"] != told["office"]:
        yield f"{row['id']}: lies with {row['office_id']} in place of {told['office']}"
