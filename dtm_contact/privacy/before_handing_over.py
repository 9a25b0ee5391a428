"""What somebody reads before a copy is handed over: what may be another's, or tell of one; and settings.

An export holds what lies in a person's cases and what came from their addresses. Whether all of it is theirs no program
knows: others write and call in their cases, agents note what they heard, and everybody writes of neighbours.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.cases.knowledge import configuration_or_none
from dtm_contact.labels.coded_text import text_of, text_of_json
from dtm_contact.model import Channel
from dtm_contact.privacy.export_parts import draft_words
from dtm_contact.privacy.places import PLACES
from dtm_contact.privacy.subject import DataSubject, SubjectScope, rows_of, slices
from dtm_contact.rules.free_words import FreeWords
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.holds import legal_holds
from dtm_contact.store.schema import cases, contacts, events, judgements, register_entries
from dtm_contact.store.system_schema import DIRECTORY_TABLES, appointments
from dtm_contact.store.writing_schema import drafts
from dtm_contact.text import find_phones, phone_key
from dtm_contact.text.names import name_words
from dtm_contact.wording import Translatable, joined, worded

_BY_US: Final = frozenset(channel for channel in Channel if channel.traits.at_desk)
"""What an agent wrote down."""
_LEASES: Final = next(part.table for part in DIRECTORY_TABLES if part.name == "leases")
_OFFICES: Final = next(part.table for part in DIRECTORY_TABLES if part.name == "offices")
_OF_MESSAGE: Final = ("new_text", "signature", "quoted_text", "attached_text")
_WRITTEN: Final = ("text", "words", "reason")
"""What of an event an agent wrote freely."""
_ENGINE: Final = frozenset({"worker", "timers", "outbound", "import", "restore"})
_ADDRESS: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TITLED: Final = re.compile(
    r"\b(?:M\.|Mr\b\.?|Mme\b|Mlle\b|[Mm]onsieur\b|[Mm]adame\b)\s+((?:[A-ZÀ-Ý][\w’'-]+)(?:\s+[A-ZÀ-Ý][\w’'-]+)*)"
)
_LONGEST_NAME: Final = 4
_SENTENCE: Final = re.compile(r"(?<=[.!?…])(?<!\bM\.)(?<!\bMr\.)\s+(?=[^a-zà-ÿ])|\n+")
"""What stands between two sentences; behind a title there is none."""


@dataclass(frozen=True, slots=True)
class PassageToRead:
    """A place of an export that somebody has to read before it is handed over.

    Attributes:
        number: of its case; "" where it has none.
        at: when it came, or was written.
        sender: from where, as it stands there; "" of what an agent wrote.
        why: what to look for.
        anchor: where it stands in the page of the export.
        of_others: the words in which an agent tells of somebody else, which the copy does not give by itself; none
            where the words are somebody's own, or tell of nobody else.
        given: which of its `sentences` somebody has read and gives.
        passed_on: the Message-ID of the mail by which an agent sent these words to somebody else; "" where by none.
    """

    number: str
    at: datetime
    sender: str
    why: Translatable
    anchor: str
    of_others: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()
    passed_on: str = ""

    @property
    def sentences(self) -> dict[str, str]:
        """The sentences of the words that tell of somebody else, by the places by which each is given: `note-148/2`."""
        found = dict.fromkeys(each for part in self.of_others for each in sentences_of(part))
        return {f"{self.anchor}/{number}": each for number, each in enumerate(found, start=1)}


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text that an agent wrote, as they stand."""
    return [each.strip() for each in _SENTENCE.split(text) if each.strip()]


def passages_to_read(settings: Settings, store: Store, person: DataSubject) -> list[PassageToRead]:
    """Return what is to be read before a copy is handed over, the oldest first.

    Args:
        settings: our own mail domains.
        store: read alone.
        person: whose copy.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    in_force = configuration_or_none(store, settings)
    free_words = in_force.rules.free_words if in_force is not None else FreeWords()
    with store.database.reading() as connection:
        scope = rows_of(connection, person, to_read=True).whole
        others = _Others(connection, person, frozenset(settings.domains))
        reader = _Reader(others, free_words)
        told = sa.select(contacts, cases.c.number, judgements.c.judgement)
        told = told.outerjoin(cases, cases.c.id == contacts.c.case_id)
        told = told.outerjoin(judgements, judgements.c.contact_id == contacts.c.id)
        found = []
        for some in slices(scope.contact_ids):
            found += [_message(row, person, reader) for row in connection.execute(told.where(contacts.c.id.in_(some)))]
        happened = sa.select(events, cases.c.number).join(cases, cases.c.id == events.c.case_id)
        for some in slices(scope.case_ids):
            ours = happened.where(events.c.case_id.in_(some), events.c.who.not_in(_ENGINE))
            found += [_event(row, reader) for row in connection.execute(ours)]
        found += _besides(connection, scope, reader)
    return sorted(filter(None, found), key=lambda each: each.at)


class _Others:
    """Finds what a text tells of other people: telephone numbers, addresses, names of tenants, names after a title."""

    def __init__(self, connection: Connection, person: DataSubject, domains: frozenset[str]) -> None:
        self._person = person
        self._domains = domains
        ours = map(phone_key, connection.execute(sa.select(_OFFICES.c.phone)).scalars())
        self._numbers = person.numbers | frozenset(filter(None, ours))
        self._own = {word for name in person.names for word in name_words(name)}
        rows = connection.execute(sa.select(_LEASES.c.tenant_id, _LEASES.c.first_name, _LEASES.c.last_name))
        pairs = [(row.first_name, row.last_name) for row in rows if row.tenant_id not in person.tenants]
        named = (
            name_words(f"{one} {other}") for first, last in pairs if first and last for one, other in
            ((first, last), (last, first))
        )  # fmt: skip
        self._names = {words for words in named if not self._own.issuperset(words)}

    def is_own_name(self, name: str) -> bool:
        """Return whether a name is the person's, or none."""
        return self._own.issuperset(name_words(name))

    def named(self, text: str) -> list[str]:
        """Return what a text holds of others, as far as a program finds it."""
        numbers = [text[start:end] for key, start, end in find_phones(text) if key not in self._numbers]
        addresses = [each for each in _ADDRESS.findall(text) if not self._is_ours(each.lower())]
        titled = [found[0] for found in _TITLED.finditer(text) if not self.is_own_name(found[1])]
        words = name_words(text)
        windows = (words[at : at + size] for size in range(2, _LONGEST_NAME + 1) for at in range(len(words)))
        known = [" ".join(each).title() for each in windows if each in self._names]
        return list(dict.fromkeys((*titled, *known, *numbers, *addresses)))

    def _is_ours(self, address: str) -> bool:
        return address in self._person.addresses or address.rpartition("@")[2] in self._domains


@dataclass(frozen=True, slots=True)
class _Reader:
    """Finds in a text what somebody has to read: what it tells of others, and words that have no place in it."""

    others: _Others
    free_words: FreeWords

    def named(self, text: str) -> list[Translatable]:
        """Return what a text tells of others, as a reason to read it; nothing where it tells of none."""
        named = self.others.named(text)
        return [worded("tells of others: {named}", named=", ".join(named))] if named else []

    def of_agent(self, text: str, *, letter: bool = False) -> list[Translatable]:
        """Return why what an agent wrote is to be read; nothing where it tells of no other and wounds nobody.

        Args:
            text: what they wrote.
            letter: it went out to the person.
        """
        hints = self.free_words.hints(text, letter=letter)
        told = ", ".join(f"« {each.words} » ({each.label.lower()})" for each in hints)
        return [*self.named(text), *([worded("words that wound or judge: {words}", words=told)] if told else [])]


def _message(row: Any, person: DataSubject, reader: _Reader) -> PassageToRead | None:
    others = reader.others
    by_us = Channel(row.channel) in _BY_US
    theirs = (row.sender_address or "").lower() in person.addresses or row.phone_key in person.numbers
    whose = row.tenant_id in person.tenants or not person.tenants
    why: list[Translatable] = []
    if by_us:
        why.append(worded("written down by an agent"))
        if not others.is_own_name(row.sender_name or "") or (row.phone_key and not theirs):
            why.append(worded("said by somebody else"))
    elif not whose:
        why.append(worded("by its address alone"))
    elif not theirs and person.tenants:
        why.append(worded("from an address that is not theirs"))
    said = (row.judgement or {}).get("contact") or {}
    parts = (row.subject if isinstance(row.subject, str) else "", *(str(said.get(each) or "") for each in _OF_MESSAGE))
    text = "\n".join(filter(None, parts))
    why += reader.of_agent(text) if by_us else reader.named(text)
    if not why:
        return None
    sender = row.sender_address or row.sender_name or row.phone_key or ""
    return PassageToRead(row.number or "", row.at or row.judged_at, sender, joined(why, "; "), f"message-{row.id}")


def _event(row: Any, reader: _Reader) -> PassageToRead | None:
    parts = tuple(dict.fromkeys(_free_words(row.data)))
    text = "\n".join(parts)
    if not text:
        return None
    is_letter = row.what == "replied"
    found = reader.of_agent(text, letter=is_letter)
    # What was written to the person they have already, but for whom else it may name, and how.
    if is_letter and not found:
        return None
    passage = _by_agent(row.number, row.at, worded("written by an agent"), found, f"note-{row.id}")
    if is_letter or not reader.named(text):
        return passage
    return replace(passage, of_others=parts, passed_on=str(row.data.get("message_id") or ""))


def _free_words(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of an event an agent wrote freely: a reason that has a code, too, whole and by its own words."""
    _before, done = (data.get("changed") or {}).get("done_reason") or (None, None)
    for value in (*map(data.get, _WRITTEN), done):
        told = text_of_json(value) if value else ""
        yield from filter(None, (told,))
        if isinstance(value, dict):
            args = (value.get("args") or {}).values()
            yield from (each for each in args if isinstance(each, str) and " " in each.strip())


def _by_agent(number: str, at: datetime, what: Translatable, found: list[Translatable], anchor: str) -> PassageToRead:
    return PassageToRead(number, at, "", joined([what, *found], "; "), anchor)


def _noted(
    number: str, at: datetime, what: Translatable, parts: Sequence[str], reader: _Reader, anchor: str
) -> PassageToRead:
    """Return words of an agent that nobody was sent: those of others are not given by themselves."""
    text = "\n".join(parts)
    passage = _by_agent(number, at, what, reader.of_agent(text), anchor)
    return replace(passage, of_others=tuple(parts)) if reader.named(text) else passage


def _besides(connection: Connection, scope: SubjectScope, reader: _Reader) -> Iterator[PassageToRead]:
    """Yield what agents wrote beside the events of cases: drafts, appointments, wishes and protections, holds."""
    numbers: dict[int, str] = {}
    for some in slices(scope.case_ids):
        rows = connection.execute(sa.select(cases.c.id, cases.c.number).where(cases.c.id.in_(some)))
        numbers |= {row.id: row.number for row in rows}
    for row in _rows(connection, scope, drafts.name):
        parts = [words for _label, words in draft_words(row["fields"])]
        number = row["about"] if row["about"] in numbers.values() else ""
        if parts:
            what = worded("a draft, which was not sent")
            yield _noted(number, row["saved_at"], what, parts, reader, f"brouillon-{row['id']}")
    for row in _rows(connection, scope, appointments.name):
        who = row["who"] if isinstance(row["who"], str) else text_of(row["who"])
        if not reader.others.is_own_name(who):
            what, anchor = worded("an appointment under another name"), f"rendez-vous-{row['id']}"
            yield _noted(numbers[row["case_id"]], row["booked_at"], what, [who], reader, anchor)
    for row in _rows(connection, scope, register_entries.name):
        if row["words"]:
            what, anchor = worded("words of a wish or a protection"), f"souhait-{row['id']}"
            yield _noted(row["case_number"] or "", row["entered_at"], what, [row["words"]], reader, anchor)
    for some in slices(scope.case_ids):
        held = sa.select(legal_holds.c.case_id, legal_holds.c.since, legal_holds.c.why)
        for hold in connection.execute(held.where(legal_holds.c.case_id.in_(some))):
            number, what = numbers[hold.case_id], worded("why the case is held")
            yield _noted(number, hold.since, what, [hold.why], reader, f"dossier-{number}")


def _rows(connection: Connection, scope: SubjectScope, table: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as the copy has them, each once."""
    seen = set[int]()
    for place in PLACES:
        for part in scope.parts() if place.name == table else ():
            for row in place.export(connection, part):
                if row["id"] not in seen:
                    seen.add(row["id"])
                    yield row


def unsaid(settings: Settings) -> Iterator[str]:
    """Yield what a copy cannot tell since no setting says it."""
    if not settings.privacy.controller:
        yield worded("DTM_PRIVACY_CONTROLLER is not set: the copy does not say who the landlord is")
    if not settings.privacy.officer:
        yield worded("DTM_PRIVACY_OFFICER is not set: the copy does not say how the data protection officer is reached")
