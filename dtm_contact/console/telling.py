"""A case told to an agent: the time line, why it is here, and the household beside it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from dtm_contact.callbacks import OUTCOMES
from dtm_contact.cases.words import said
from dtm_contact.console.words import clock
from dtm_contact.directory import Directory, in_force
from dtm_contact.directory.duty import on_duty, on_duty_in_residence
from dtm_contact.explain import Segment, mark, who_calls
from dtm_contact.explain.names import Names
from dtm_contact.model import Attachment, Contact, Evidence, Judgement, OnDuty, Part
from dtm_contact.store import Case, CaseContact, CaseFile, Event

_QUIET = frozenset({"judged", "completed"})
_MARK_WORDS = {"topic": "motif", "priority": "urgence", "who": "qui ou où", "defused": "écarté", "scope": "étendue"}
_WISH = re.compile(
    r"[^.!?\n]*\b(?:rappel|appel|joign|joindre|disponible|contact)\w*\b[^.!?\n]*?"
    r"\b(?:apr[eè]s|[aà] partir de|avant|entre|jusqu'[aà]|le matin|le soir|l'apr[eè]s-midi|le week-?end)\b[^.!?\n]*",
    re.IGNORECASE,
)
_LONGEST_WISH = 160
_WISHES_READ = 4000


@dataclass(frozen=True, slots=True)
class Photo:
    """An attachment of a contact; `shown`: it is an image that can be shown small."""

    arrival_id: int
    attachment: Attachment
    shown: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One thing on the time line.

    Attributes:
        at, who: when and who.
        kind: `message`, `call`, `visit`, `unread`, `note`, `reply` or `event`.
        text: of an event, or of a note or reply.
        subject, new, signature: of a message, with the words marked that counted.
        quoted, forwarded: of a message, folded.
        pieces: attachments.
        arrival_id: the arrival of a message or call.
        notes: what could not be read.
    """

    at: datetime
    who: str
    kind: str
    text: str = ""
    subject: tuple[Segment, ...] = ()
    new: tuple[Segment, ...] = ()
    signature: str = ""
    quoted: str = ""
    forwarded: tuple[tuple[str, str, str], ...] = ()
    pieces: tuple[Photo, ...] = ()
    arrival_id: int = 0
    notes: tuple[str, ...] = ()


SHOWN_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff"})


def time_line(file: CaseFile, now: datetime) -> list[Said]:
    """Return all that was said and done, the latest first."""
    told = [_contact(contact, file.case) for contact in file.contacts]
    told += [each for event in file.events for each in _event(event, now)]
    return sorted(told, key=lambda each: each.at, reverse=True)


def _contact(contact: CaseContact, case: Case) -> Said:
    at = contact.at or case.opened_at
    if contact.judgement is None:
        return Said(at, case.who, "unread", arrival_id=contact.arrival_id)
    read = contact.judgement.contact
    if read.call is not None:
        outcome = OUTCOMES[read.call.outcome]
        return Said(at, who_calls(read.call), "call", text=outcome, arrival_id=contact.arrival_id, notes=read.notes)
    marks = list(_marks(contact.judgement))
    pieces = tuple(
        Photo(contact.arrival_id, each, each.media_type in SHOWN_TYPES) for each in read.attachments if each.size
    )
    return Said(
        at,
        _writer(read),
        "visit" if read.channel == "desk" else "message",
        subject=tuple(mark(read, Part.SUBJECT, marks)),
        new=tuple(mark(read, Part.NEW, marks)),
        signature=read.signature,
        quoted=read.quoted_text,
        forwarded=tuple((each.sender.address or each.sender.name, each.subject, each.text) for each in read.forwarded),
        pieces=pieces,
        arrival_id=contact.arrival_id,
        notes=read.notes,
    )


def _writer(contact: Contact) -> str:
    name, address = contact.sender.name, contact.sender.address
    return f"{name} <{address}>" if name and address else name or address


def _event(event: Event, now: datetime) -> Iterator[Said]:
    if event.what in _QUIET:
        return
    if event.what in {"noted", "replied"}:
        kind = "note" if event.what == "noted" else "reply"
        yield Said(event.at, event.who, kind, text=str(event.data.get("text", "")))
        return
    yield Said(event.at, event.who, "event", text=said(event, lambda at: clock(at, now)))


def _marks(judgement: Judgement) -> Iterator[tuple[str, Evidence]]:
    understanding, match = judgement.understanding, judgement.match
    yield from (("priority", piece) for piece in understanding.raised_by)
    for finding in understanding.findings:
        yield from (("topic", piece) for piece in finding.evidence if finding.topic in understanding.topics)
    yield from (("who", piece) for piece in match.place_evidence)
    if match.candidates:
        yield from (("who", piece) for piece in match.candidates[0].evidence)


def wishes(contacts: Sequence[CaseContact]) -> list[str]:
    """Return what they say of when to reach them ("rappelez après 18 h"), in their own words, the latest first."""
    found: dict[str, None] = {}
    for contact in reversed(contacts):
        text = contact.judgement.contact.new_text[:_WISHES_READ] if contact.judgement else ""
        for wish in _WISH.finditer(text):
            found.setdefault(" ".join(wish.group().split())[:_LONGEST_WISH])
    return list(found)[:3]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a household."""

    tenant_id: str
    name: str
    role: str
    phones: tuple[str, ...]
    email: str


@dataclass(frozen=True, slots=True)
class Household:
    """The card of a dwelling: who lives there, where it is, who sees to it today."""

    dwelling_id: str
    address: str
    residence: str
    office_id: str | None
    members: tuple[Member, ...]
    caretakers: tuple[tuple[str, str, str], ...]


def household(directory: Directory, names: Names, dwelling_id: str, now: datetime) -> Household | None:
    """Return a household's card, None where the directory does not know the dwelling."""
    dwelling = directory.dwellings.get(dwelling_id)
    if dwelling is None:
        return None
    today = now.date()
    residence = directory.residence_of(dwelling_id)
    leases = [lease for lease in directory.leases_in(dwelling_id) if in_force(lease, today)]
    members = {
        lease.tenant_id: Member(lease.tenant_id, names.person(lease.tenant_id), lease.role, lease.phones, lease.email)
        for lease in leases
    }
    return Household(
        dwelling_id,
        names.dwelling(dwelling_id),
        names.residence(residence.residence_id) if residence else "",
        residence.office_id if residence else None,
        tuple(members.values()),
        told_caretakers(directory, names, on_duty(directory, dwelling.address_id, today)),
    )


def residence_caretakers(
    directory: Directory, names: Names, residence_id: str, now: datetime
) -> tuple[tuple[str, str, str], ...]:
    """Return who is on duty in a residence, as `told_caretakers` does."""
    return told_caretakers(directory, names, on_duty_in_residence(directory, residence_id, now.date()))


def told_caretakers(directory: Directory, names: Names, on: Sequence[OnDuty]) -> tuple[tuple[str, str, str], ...]:
    """Return of each caretaker on duty the name, the phone, and whom he replaces."""
    told = []
    for duty in on:
        there = directory.caretakers.get(duty.id or "")
        absent = names.caretaker(duty.replaces) if duty.replaces else ""
        told.append((names.caretaker(duty.id) if duty.id else "personne", there.phone if there else "", absent))
    return tuple(told)
