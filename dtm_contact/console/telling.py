"""A case told to an agent: the time line of what was said and done."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dtm_contact.calls import national
from dtm_contact.explain import Segment, mark, who_calls
from dtm_contact.labels.cases import event_line
from dtm_contact.labels.formats import clock, spaced
from dtm_contact.labels.judging import NUMBER_WITHHELD, OUTCOMES
from dtm_contact.model import Attachment, Contact, Evidence, Judgement, Part
from dtm_contact.store import Case, CaseContact, CaseFile, Event

_QUIET = frozenset({"judged", "completed"})


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
        kind: `message`, `call`, `voice`, `visit`, `unread`, `note`, `reply` or `event`.
        text: of an event, or of a note or reply.
        subject, new, signature: of a message, with the words marked that counted.
        quoted, forwarded: of a message, folded.
        attached: the words of files that came along, marked likewise.
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
    attached: tuple[Segment, ...] = ()
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
        "voice" if read.voice else "visit" if read.channel == "desk" else "message",
        subject=tuple(mark(read, Part.SUBJECT, marks)),
        new=tuple(mark(read, Part.NEW, marks)),
        signature=read.signature,
        quoted=read.quoted_text,
        forwarded=tuple((each.sender.address or each.sender.name, each.subject, each.text) for each in read.forwarded),
        attached=tuple(mark(read, Part.ATTACHED, marks)),
        pieces=pieces,
        arrival_id=contact.arrival_id,
        notes=read.notes,
    )


def _writer(contact: Contact) -> str:
    if contact.voice is not None:
        return spaced(national(contact.voice.key)) if contact.voice.key else NUMBER_WITHHELD
    name, address = contact.sender.name, contact.sender.address
    return f"{name} <{address}>" if name and address else name or address


def _event(event: Event, now: datetime) -> Iterator[Said]:
    if event.what in _QUIET:
        return
    if event.what in {"noted", "replied"}:
        kind = "note" if event.what == "noted" else "reply"
        yield Said(event.at, event.who, kind, text=str(event.data.get("text", "")))
        return
    yield Said(event.at, event.who, "event", text=event_line(event.what, event.data, lambda at: clock(at, now)))


def _marks(judgement: Judgement) -> Iterator[tuple[str, Evidence]]:
    understanding, match = judgement.understanding, judgement.match
    yield from (("priority", piece) for piece in understanding.raised_by)
    for finding in understanding.findings:
        yield from (("topic", piece) for piece in finding.evidence if finding.topic in understanding.topics)
    yield from (("who", piece) for piece in match.place_evidence)
    if match.candidates:
        yield from (("who", piece) for piece in match.candidates[0].evidence)
