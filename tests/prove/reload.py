"""Rules changed again and again while mail flows, a third of the changes broken: what each message was judged by."""

import asyncio
import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from dtm_contact.rules.ruleset import digest
from tests.prove.audit import Audit, audit, waiting
from tests.prove.database import ROOT, Database, Place, on_sqlite
from tests.prove.kills import finished
from tests.prove.program import Program
from tests.prove.senders import Ledger, Senders

SESSIONS = 8
PAUSE = 0.06
_BROKEN_EVERY = 3
_LOOK = 0.05
_SECONDS_FOR_ONE = 120.0
_PIECE = 200
_ENOUGH_WAITING = 100

ROUTING = """\
- id: fuite-g{n}
  when: {{topic: water_leak}}
  waiver: rules of a trial, on call there is nobody
  then: {{queue: g{n}, answer: g{n}, tags: g{n}}}
  tests:
    - {{text: "Il y a une fuite dans la cuisine", holds: {holds}}}
- id: reste-g{n}
  waiver: rules of a trial, on call there is nobody
  then: {{queue: g{n}, answer: g{n}, tags: g{n}}}
"""
BREAKS = ("cut", "dangling", "test")


@dataclass(slots=True)
class Outcome:
    """What the changes came to, and what was judged meanwhile.

    Attributes:
        changes, broken: how many changes were made, and how many of them were broken.
        taken, refused: versions that were taken up, and that were refused; states half written included.
        seconds: how long mail flowed.
        ledger, audit: what senders saw, and what the store holds.
        judged: messages judged, by the rules' version.
        mixed: messages whose rule, queue, answer or tag is of another version than the one on the decision.
        unknown: messages judged by a version that was never sound.
    """

    changes: int = 0
    broken: int = 0
    taken: int = 0
    refused: int = 0
    seconds: float = 0.0
    ledger: Ledger = field(default_factory=Ledger)
    audit: Audit | None = None
    judged: Counter[str] = field(default_factory=Counter)
    mixed: int = 0
    unknown: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, and everything judged by whole rules that were sound."""
        kept = self.audit is not None and self.audit.sound
        return kept and not (self.mixed or self.unknown or self.wrong) and len(self.judged) > 1

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield f"rules changed {self.changes} times under load, {self.broken} of them broken"
        for name, value in (
            ("messages sent", len(self.ledger.sent)),
            ("250 seen", len(self.ledger.answered)),
            ("250 seen a second", round(len(self.ledger.answered) / self.seconds)),
            ("versions taken up", self.taken),
            ("versions refused", self.refused),
            ("versions judged by", len(self.judged)),
            ("judged by half-loaded rules", self.mixed),
            ("judged by unsound rules", self.unknown),
        ):
            yield f"  {name:28}{value:8,}"
        yield from (f"  {wrong}" for wrong in self.wrong)
        if self.audit is not None:
            yield from self.audit.lines()


async def prove_reload(folder: Path, times: int, random: Random, place: Place = on_sqlite) -> Outcome:
    """Change the rules so many times under load, then let the daemon finish its work and audit the store."""
    outcome, rules = Outcome(), folder / "rules"
    shutil.copytree(ROOT / "tests" / "rules" / "good", rules)
    shutil.rmtree(rules / "answers")
    versions = {await _write(rules, 0, None): 0}
    changing = {"DTM_RULES_DIR": str(rules), "DTM_RULES_POLL_SECONDS": str(_LOOK)}
    with place(folder) as database:
        program = Program(database, environment=changing)
        try:
            await program.started()
            async with Senders(program, random, SESSIONS, PAUSE) as senders:
                outcome.ledger, began = senders.ledger, time.monotonic()
                holding_back = asyncio.create_task(_hold_back(database, senders))
                try:
                    for number in range(1, times + 1):
                        await _change(database, rules, number, random, versions, outcome)
                finally:
                    holding_back.cancel()
                outcome.seconds = time.monotonic() - began
                await senders.finish()
            await finished(program)
        finally:
            await program.kill()
        outcome.audit = audit(outcome.ledger, database)
        _hold(database, versions, outcome)
    return outcome


async def _hold_back(database: Database, senders: Senders) -> None:
    """Let enough wait to keep the judges at work and no more: what is judged after the last change shows nothing."""
    while True:
        senders.held_back = await asyncio.to_thread(waiting, database) > _ENOUGH_WAITING
        await asyncio.sleep(_LOOK)


async def _change(
    database: Database, rules: Path, number: int, random: Random, versions: dict[str, int], outcome: Outcome
) -> None:
    fault = random.choice(BREAKS) if number % _BROKEN_EVERY == 0 else None
    version = await _write(rules, number, fault)
    outcome.changes += 1
    outcome.broken += fault is not None
    if fault is None:
        versions[version] = number
    taken = await _outcome(database, version)
    if taken is (fault is not None):
        outcome.wrong.append(f"change {number} ({fault or 'sound'}) was {'taken up' if taken else 'refused'}")


async def _write(rules: Path, number: int, fault: str | None) -> str:
    """Write one generation of rules, file by file and piece by piece, as an editor would; return its version.

    Each file names what another one holds, so that no state in between is sound.
    """
    routing = ROUTING.format(n=number, holds="false" if fault == "test" else "true")
    if fault == "cut":
        routing = routing[: len(routing) // 2] + "\n  then: {queue: ["
    queues = (ROOT / "tests" / "rules" / "good" / "queues.yaml").read_text("utf-8")
    if fault != "dangling":
        queues += f"  g{number}:\n    label: Génération {number}\n"
    answers = rules / "answers"
    answers.mkdir(exist_ok=True)
    for old in answers.iterdir():
        old.unlink()
    (answers / f"g{number}.fr.txt").write_text("Bonjour.\n", "utf-8")
    for name, text in (("queues.yaml", queues), ("routing.yaml", routing)):
        with (rules / name).open("w", encoding="utf-8") as file:
            for start in range(0, len(text), _PIECE):
                file.write(text[start : start + _PIECE])
                file.flush()
                await asyncio.sleep(_LOOK / 10)
    return digest(rules)


async def _outcome(database: Database, version: str) -> bool:
    """Return whether a version was taken up, once that is known.

    Raises:
        TimeoutError: nothing became of it.
    """
    async with asyncio.timeout(_SECONDS_FOR_ONE):
        while (taken := await asyncio.to_thread(_noted, database, version)) is None:
            await asyncio.sleep(_LOOK)
    return taken


def _noted(database: Database, version: str) -> bool | None:
    query = "SELECT taken FROM rule_changes WHERE version = %(version)s ORDER BY id DESC LIMIT 1"
    rows = database.rows(query, version=version)
    return bool(rows[0][0]) if rows else None


def _hold(database: Database, versions: dict[str, int], outcome: Outcome) -> None:
    """Hold each decision against the version that stands on it."""
    for (taken,) in database.rows("SELECT taken FROM rule_changes"):
        outcome.taken += bool(taken)
        outcome.refused += not taken
    for (judgement,) in database.rows("SELECT CAST(judgement AS text) FROM judgements"):
        decision = json.loads(judgement)["decision"]
        outcome.judged[decision["rules_version"]] += 1
        number = versions.get(decision["rules_version"])
        if number is None:
            outcome.unknown += 1
        elif not _is_of(decision, f"g{number}"):
            outcome.mixed += 1


def _is_of(decision: dict[str, object], name: str) -> bool:
    whole = (decision["queue"], decision["answer"], decision["tags"]) == (name, name, [name])
    return whole and str(decision["rule"]).endswith(f"-{name}")
