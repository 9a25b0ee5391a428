"""A trial beside a mailbox in use: where each of its messages would lie. Nothing is stored, and nothing sent."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dtm_contact.errors import DtmContactError
from dtm_contact.explain import reason
from dtm_contact.explain.names import Names
from dtm_contact.ingest.mailbox import envelope
from dtm_contact.labels.judging import ALARM_LEVELS, KINDS
from dtm_contact.model import IMPORTED, AlarmLevel, Arrival, CaseKind, Judgement, Priority
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rehearsal.memory_history import MemoryHistory
from dtm_contact.takeover.mail import EMPTY, GONE, TOO_LARGE, MailHead, MailSource, UnreadMail, same_mail

_READ_AT_ONCE: Final = 20
_COLUMNS: Final = ("Date", "Expéditeur", "Objet", "File", "Locataire", "Sujet", "Priorité", "Alerte", "Pourquoi")
_WITHOUT_CASE: Final = "(pas de dossier)"
_UNREAD: Final = {
    GONE: "il n’y est plus",
    EMPTY: "il est vide, ou le serveur ne le donne pas",
    TOO_LARGE: "il est trop gros pour être lu",
}
_UNREADABLE: Final = "il ne peut pas être lu"
_JOINED: Final = "suite d’un message précédent ; "
# What a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class TrialLine:
    """Where one message would lie, in French."""

    date: str
    sender: str
    subject: str
    queue: str
    tenant: str
    topic: str
    priority: str
    alarm: str
    why: str


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """What would lie in a queue: messages, and of these the dangers, the possible ones, and those of the day."""

    queue: str
    messages: int
    danger: int
    possible: int
    urgent: int


@dataclass(frozen=True, slots=True)
class MailboxTrial:
    """What a trial found.

    Attributes:
        source: the mailbox.
        at: when.
        lines: each message, the oldest first.
        queues: what would lie in each queue, the fullest first.
        unread: what could not be read or judged, and why.
    """

    source: str
    at: datetime
    lines: tuple[TrialLine, ...]
    queues: tuple[QueueFigures, ...]
    unread: tuple[UnreadMail, ...]


async def try_out(
    source: MailSource,
    since: datetime | None,
    grounds: Grounds,
    names: Names,
    report: Callable[[int, int], None] = lambda _done, _of: None,
    *,
    masked: bool = True,
) -> MailboxTrial:
    """Judge the messages of a mailbox as an import would, and return where they would lie.

    Args:
        source: the mailbox.
        since: messages that came from then on, aware; None: all.
        grounds: directory and rules.
        names: how people, places and topics are called.
        report: called with how many are judged, and of how many.
        masked: show nobody's name and no whole address.

    Raises:
        SourceError: the mailbox cannot be read.
    """
    try:
        return await _tried(source, since, grounds, names, report, masked=masked)
    finally:
        await source.close()


async def _tried(
    source: MailSource,
    since: datetime | None,
    grounds: Grounds,
    names: Names,
    report: Callable[[int, int], None],
    *,
    masked: bool,
) -> MailboxTrial:
    contents = await source.contents(since)
    heads = sorted(contents.heads, key=lambda head: head.reached_at)
    unread = list(contents.unread)
    history, now = MemoryHistory(), datetime.now(UTC).astimezone(grounds.settings.zone)
    lines: list[TrialLine] = []
    figures: Counter[tuple[str, str]] = Counter()
    labels = {queue.id: queue.label for queue in grounds.rules.queues.values()}
    seen: set[str] = set()
    for start in range(0, len(heads), _READ_AT_ONCE):
        some = heads[start : start + _READ_AT_ONCE]
        found = await source.read(some)
        for head in some:
            raw = found.get(head.place)
            if raw is None:
                unread.append(UnreadMail(head.place, GONE))
                continue
            key = same_mail(raw)
            if key in seen:
                continue
            seen.add(key)
            arrival = Arrival(IMPORTED, key, now, "message/rfc822", envelope(raw), raw)
            try:
                judgement = judge(arrival, now, grounds, history)
            except DtmContactError as error:
                unread.append(UnreadMail(head.place, str(error)))
                continue
            history.record(judgement, head.reached_at)
            line = _line(head, judgement, names, labels, masked=masked)
            lines.append(line)
            figures.update((line.queue, each) for each in _counted(judgement))
        report(min(start + _READ_AT_ONCE, len(heads)), len(heads))
    return MailboxTrial(source.name, now, tuple(lines), _by_queue(figures), tuple(unread))


def _line(head: MailHead, judgement: Judgement, names: Names, labels: dict[str, str], *, masked: bool) -> TrialLine:
    decision, match = judgement.decision, judgement.match
    writer = judgement.writer
    name, address = ("", _masked(writer.address)) if masked else (writer.name, writer.address)
    tenant = ""
    if match.tenant is not None:
        tenant = match.tenant.id if masked else names.person(match.tenant.id)
    queue = labels.get(decision.queue or "", decision.queue or "")
    joined = _JOINED if judgement.joining.case_number is not None else ""
    topic = judgement.understanding.topic or ""
    return TrialLine(
        date=head.reached_at.astimezone(names.zone).strftime("%d/%m/%Y %H:%M"),
        sender=f"{name} <{address}>" if name and address else name or address,
        subject=judgement.contact.subject,
        queue=queue or f"{_WITHOUT_CASE} {KINDS[decision.kind]}",
        tenant=tenant,
        topic=names.topics.get(topic, topic),
        priority=decision.priority.value if decision.kind is CaseKind.CASE else "",
        alarm="" if decision.alarm.level is AlarmLevel.NONE else ALARM_LEVELS[decision.alarm.level],
        why=f"{joined}{reason(judgement)}",
    )


def _masked(address: str) -> str:
    """Return an address of which its first sign and its domain are left."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}" if at else ""


def _counted(judgement: Judgement) -> Iterator[str]:
    yield "messages"
    level = judgement.decision.alarm.level
    if level is AlarmLevel.CERTAIN:
        yield "danger"
    elif level is AlarmLevel.POSSIBLE:
        yield "possible"
    elif judgement.decision.priority is Priority.P2:
        yield "urgent"


def _by_queue(figures: Counter[tuple[str, str]]) -> tuple[QueueFigures, ...]:
    queues = sorted({queue for queue, _ in figures}, key=lambda queue: (-figures[queue, "messages"], queue))
    counted = tuple(field.name for field in fields(QueueFigures))[1:]
    return tuple(QueueFigures(queue, *(figures[queue, name] for name in counted)) for queue in queues)


def as_csv(trial: MailboxTrial) -> bytes:
    """Return a trial as CSV: semicolons and a byte order mark, as spreadsheets in France read it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(_COLUMNS)
    for line in trial.lines:
        writer.writerow([_no_formula(getattr(line, field.name)) for field in fields(line)])
    return out.getvalue().encode("utf-8-sig", "replace")


def _no_formula(cell: str) -> str:
    cell = " ".join(cell.split())
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def as_html(trial: MailboxTrial) -> bytes:
    """Return a trial as a page that needs no other file, runs no script, and prints."""
    page = _templates().get_template("trial.html")
    columns, names = _COLUMNS, [field.name for field in fields(TrialLine)]
    unread = [(each.place, _UNREAD.get(each.reason, _UNREADABLE)) for each in trial.unread]
    return page.render(trial=trial, columns=columns, names=names, unread=unread).encode("utf-8", "replace")


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
