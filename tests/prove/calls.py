"""Calls through a daemon that is killed while its logs grow and are rotated: the call-backs of the logs at rest."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.pipeline import Grounds
from dtm_contact.rehearsal import CallsAtRest, JudgedCalls
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings
from tests.prove.audit import waiting
from tests.prove.database import ROOT, Database, Place, on_sqlite
from tests.prove.program import Program
from tests.prove.switchboard import Switchboard, Written, recording

CALLS = ROOT / "fixtures" / "calls"
DIRECTORY = ROOT / "fixtures" / "directory"
FIRST_NIGHT = 1794866400.0
"""The night after the first recorded day: 16 November 2026, 23:00 in Paris."""
SPEED = 2_000.0
_COMPARED = ("outcome", "kind", "joins", "closes", "count", "office", "queue", "number")
_SECONDS_TO_SETTLE = 900.0

Told = dict[str, Any]

# Where each call lies: its case's opener (the first of its calls), and what the case became.
_CALLS = """
    SELECT arrivals.external_id, CAST(judgements.decision AS text), cases.state, cases.office_id,
           (SELECT first.external_id FROM contacts AS call JOIN arrivals AS first ON first.id = call.arrival_id
            WHERE call.case_id = contacts.case_id AND call.kind = 'case' ORDER BY call.at, call.id LIMIT 1)
    FROM contacts JOIN arrivals ON arrivals.id = contacts.arrival_id
    LEFT JOIN cases ON cases.id = contacts.case_id LEFT JOIN judgements ON judgements.contact_id = contacts.id
    WHERE arrivals.channel = 'asterisk_cdr'"""
_CASES = """
    SELECT count(*) FROM cases WHERE id NOT IN
        (SELECT case_id FROM contacts JOIN arrivals ON arrivals.id = contacts.arrival_id
         WHERE arrivals.channel <> 'asterisk_cdr' AND case_id IS NOT NULL)"""
_REVISED = "SELECT count(*) FROM events WHERE what = 'revised'"
_UNTOLD = "SELECT count(*) FROM log_lines WHERE told IS NULL"
_PLACE = "SELECT place FROM positions WHERE channel = 'asterisk_cdr'"


class _Kept(NamedTuple):
    """A call as the store has it: its decision as JSON, its case's state and office, the first call of that case."""

    call: str
    decision: str
    state: str | None
    office: str | None
    opener: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed.

    Attributes:
        speed, kills, rotations: of the trial.
        calls: told at rest.
        call_backs, closed: opened at rest, and of these closed.
        missed, extra, twice: calls that the store does not have, has besides, or has more than once.
        different: calls that the store tells or places otherwise, with what differs.
        cases: in the store, those of messages apart.
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
    place: Place = on_sqlite,
) -> Outcome:
    """Play the recorded days to a daemon that is killed so many times, then compare its store with the logs at rest."""
    lines = recording(CALLS, until)
    logs = folder / "logs"
    logs.mkdir()
    switchboard = Switchboard(logs, lines, speed)
    with place(folder, directory) as database:
        program = Program(database, environment=environment(switchboard, quiet) | {"DTM_JUDGE_PROCESSES": "2"})
        playing = None
        try:
            await program.started()
            await followed(database)
            playing = asyncio.create_task(switchboard.play())
            for _ in range(times):
                await asyncio.sleep(random.uniform(0.5, 1.5) * switchboard.seconds / (times + 1))
                await program.kill()
                await program.started()
            await playing
            await read(database, switchboard)
            if status := await program.stop():
                raise RuntimeError(f"the daemon ended with status {status}:\n" + "\n".join(program.log))
        finally:
            if playing is not None:
                playing.cancel()
            await program.kill()
        return compared(at_rest(folder, lines, directory), database, switchboard, times)


def environment(switchboard: Switchboard, quiet: float) -> dict[str, str]:
    """Return the settings of a daemon that follows a switchboard's logs; `quiet`: as the setting of that name."""
    return {
        "DTM_CHANNELS": '["smtp", "asterisk_cdr"]',
        "DTM_SWITCHBOARD_RECORDS": str(switchboard.records),
        "DTM_SWITCHBOARD_QUEUE_LOG": str(switchboard.queue_log),
        "DTM_SWITCHBOARD_POLL_SECONDS": "0.05",
        "DTM_SWITCHBOARD_QUIET_SECONDS": str(quiet),
    }


async def followed(database: Database) -> None:
    """Return once the store holds from where the logs are followed: what was rotated away before is nobody's to read.

    Raises:
        TimeoutError: nobody follows them.
    """
    async with asyncio.timeout(_SECONDS_TO_SETTLE):
        while not await asyncio.to_thread(database.rows, _PLACE):
            await asyncio.sleep(0.05)


async def read(database: Database, switchboard: Switchboard) -> None:
    """Return once all lines are read, handed over and judged.

    Raises:
        TimeoutError: something waits for ever.
    """
    async with asyncio.timeout(_SECONDS_TO_SETTLE):
        while await asyncio.to_thread(lambda: _unread(database, switchboard) or waiting(database)):
            await asyncio.sleep(0.2)


def _unread(database: Database, switchboard: Switchboard) -> bool:
    place = database.rows(_PLACE)
    if database.rows(_UNTOLD)[0][0] or not place:
        return True
    read_to = json.loads(place[0][0])
    logs = (("records", switchboard.records), ("queue_log", switchboard.queue_log))
    return any(read_to[name][-1]["offset"] != path.stat().st_size for name, path in logs)


def at_rest(folder: Path, lines: list[Written], directory: Path) -> dict[str, Told]:
    """Return what `route --calls` says of the same lines at rest."""
    for name in ("Master.csv", "queue_log"):
        (folder / name).write_bytes(b"".join(written.line for written in lines if written.log == name))
    settings = Settings.defaults()
    found = Directory(read_export(directory)[0])
    grounds = Grounds.build(found, load_rules(ROOT / "rules", zone=settings.zone), settings)
    calls = CallsAtRest([folder / "Master.csv"], folder / "queue_log", settings)
    return {told["source"]: told for told in map(as_json, JudgedCalls(grounds).judge(calls))}


def compared(expected: dict[str, Told], database: Database, switchboard: Switchboard, times: int) -> Outcome:
    """Compare what the database holds with what the same logs tell at rest."""
    rows = [_Kept(*row) for row in database.rows(_CALLS)]
    found = {row.call: row for row in rows}
    return Outcome(
        speed=switchboard.speed,
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
        cases=database.rows(_CASES)[0][0],
        revised=database.rows(_REVISED)[0][0],
    )


def _differing(told: Told, row: _Kept) -> Iterator[str]:
    """Yield what the store says otherwise of a call: in its decision, and in where it lies."""
    decision = json.loads(row.decision)
    for name in _COMPARED:
        if decision[name] != told[name]:
            yield f"{row.call}: {name} {decision[name]} in place of {told[name]}"
    opener = told["source"] if told["kind"] == "case" and told["joins"] is None else told["joins"] or told["closes"]
    if row.opener != opener:
        yield f"{row.call}: lies in the case of {row.opener} in place of {opener}"
    if told["closes"] is not None and row.state != "closed":
        yield f"{row.call}: its call-back is still open"
    if told["office"] is not None and told["joins"] is None and row.office != told["office"]:
        yield f"{row.call}: lies with {row.office} in place of {told['office']}"
