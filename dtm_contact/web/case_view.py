"""What the page of a case shows beside the case itself: the household's card, wishes, proposals, the time line."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from dtm_contact.calls.outcomes import national
from dtm_contact.cases.registered import HouseholdRegister
from dtm_contact.directory import Directory, in_force
from dtm_contact.directory.duty import on_duty, on_duty_in_residence
from dtm_contact.explain import Segment, caller, mark, source_line
from dtm_contact.explain.names import Names
from dtm_contact.labels.cases import VISITS
from dtm_contact.labels.coded_text import text_of
from dtm_contact.labels.events import ENGINE, WRITTEN_BY, EventNaming, actor, event_line, letter_act, mail_line
from dtm_contact.labels.formats import appointment_time, day_of, spaced
from dtm_contact.labels.judging import NUMBER_WITHHELD, OUTCOMES, WISH_HEADINGS
from dtm_contact.model import (
    Attachment,
    Channel,
    Contact,
    Evidence,
    Judgement,
    OnDuty,
    Outcome,
    Part,
    Proposal,
    StoredFile,
    Wish,
    Wished,
)
from dtm_contact.store import Case, CaseContact, CaseFile, Confirmation, Event
from dtm_contact.store.desk import Appointment
from dtm_contact.store.events import CANCELLED
from dtm_contact.store.outbox import ENDED_STATES, NOTICE_QUEUED, SentMail
from dtm_contact.text import canonical_mailbox, phone_key

_SENTENCE_ENDS: Final = re.compile(r"[.!?\n]")
_LONGEST_WISH: Final = 120
_MOST_WISHES: Final = 3
_MOST_PROPOSALS: Final = 4


@dataclass(frozen=True, slots=True)
class ShownWish:
    """How somebody wants to be treated: a label, and their own words ("rappelez-moi après 18 h")."""

    what: str
    words: str


def wishes(contacts: Sequence[CaseContact]) -> list[ShownWish]:
    """Return what the writers wish, as it was understood, each once; of several times to call the latest first.

    What an agent wrote down of a call or a visit is theirs to read as they wrote it: its words are no one's wish.
    """
    shown: dict[ShownWish, None] = {}
    read = (contact.judgement for contact in reversed(contacts) if contact.judgement)
    for judged in (each for each in read if not each.contact.channel.traits.at_desk):
        for wished in judged.understanding.wishes:
            shown.setdefault(ShownWish(WISH_HEADINGS[wished.wish], wish_words(wished, judged.contact.text)))
    return list(shown)[:_MOST_WISHES]


def wish_words(wished: Wished, text_of: Callable[[Part], str]) -> str:
    """Return the wish to the end of its sentence: the words behind those that were understood often say when."""
    span = wished.evidence.span
    if span is None or wished.wish is not Wish.CALL:
        return wished.evidence.seen
    text = text_of(span.part)
    end = _SENTENCE_ENDS.search(text, span.end)
    words = " ".join(text[span.start : end.start() if end else len(text)].split())
    return words if len(words) <= _LONGEST_WISH else f"{words[:_LONGEST_WISH].rpartition(' ')[0]}…"


def proposals(contacts: Sequence[CaseContact], tenant_id: str | None) -> list[Proposal]:
    """Return addresses and numbers that the contacts give for the tenant named, the latest first, each once."""
    judged = (each.judgement for each in reversed(contacts) if each.judgement)
    given = (proposal for each in judged for proposal in each.match.proposals if proposal.tenant_id == tenant_id)
    return list({proposal.value: proposal for proposal in given}.values())[:_MOST_PROPOSALS]


def shown_value(proposal: Proposal | Confirmation) -> str:
    """Return what is proposed or confirmed as people read it: an address, or a number in pairs of digits."""
    return proposal.value if proposal.kind == "address" else spaced(national(proposal.value))


def voice_messages(contacts: Sequence[CaseContact]) -> list[CaseContact]:
    """Return the contacts that left a voice message: notices that bear one, and calls that a mailbox took."""
    return [contact for contact in contacts if contact.judgement and _is_voice(contact.judgement.contact)]


def _is_voice(contact: Contact) -> bool:
    return contact.voice is not None or (contact.call is not None and contact.call.outcome is Outcome.VOICEMAIL)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a household."""

    tenant_id: str
    name: str
    role: str
    phones: tuple[str, ...]
    email: str


@dataclass(frozen=True, slots=True)
class HouseholdCard:
    """The card of a dwelling: who lives there, where it is, who sees to it today."""

    dwelling_id: str
    address: str
    residence: str
    office_id: str | None
    members: tuple[Member, ...]
    caretakers: tuple[tuple[str, str, str], ...]
    guarded: tuple[str, ...] = ()
    """Numbers and addresses of the household that are shown to who asks for them only: anybody may answer there."""


def violence_at_home(contacts: Sequence[CaseContact]) -> bool:
    """Return whether one of a case's contacts tells of violence at home."""
    return any(contact.judgement.understanding.violence_at_home for contact in contacts if contact.judgement)


def guarded(card: HouseholdCard, contacts: Sequence[CaseContact]) -> HouseholdCard:
    """Return the card of a case of violence at home: no number first at which somebody else of the household answers.

    Only what is the writer's alone stays beside their name, and they come first; everything else is kept apart. Who
    wrote is known just where their address proves one member and no other.

    Args:
        card: the household's.
        contacts: the case's.
    """
    proven = {
        contact.judgement.match.proven
        for contact in contacts
        if contact.judgement and contact.judgement.understanding.violence_at_home and contact.proven
    }
    writers = next(iter(proven)) if len(proven) == 1 else ()
    writer = writers[0] if len(writers) == 1 else None
    return _with_first(card, {writer} if writer is not None else set())


def by_register(card: HouseholdCard, registered: HouseholdRegister) -> HouseholdCard:
    """Return a household's card as the register wants it: nothing that must never be used stands on it.

    Where somebody is protected they come first, with what is theirs alone; what reaches the others is kept apart.
    """
    card = _with_first(card, registered.protected) if registered.protected else card
    never = set(map(_reach_key, registered.never))
    return replace(
        card,
        members=tuple(
            replace(
                member,
                phones=tuple(phone for phone in member.phones if _reach_key(phone) not in never),
                email="" if _reach_key(member.email) in never else member.email,
            )
            for member in card.members
        ),
        guarded=tuple(reach for reach in card.guarded if _reach_key(reach) not in never),
    )


def _with_first(card: HouseholdCard, first: Collection[str]) -> HouseholdCard:
    """Return a card with some people first, and with what reaches anybody else kept apart."""
    of_others = {
        _reach_key(reach) for member in card.members if member.tenant_id not in first for reach in _reaches(member)
    }
    kept = [
        replace(
            member,
            phones=tuple(
                phone for phone in member.phones if member.tenant_id in first and _reach_key(phone) not in of_others
            ),
            email=member.email if member.tenant_id in first and _reach_key(member.email) not in of_others else "",
        )
        for member in sorted(card.members, key=lambda member: member.tenant_id not in first)
    ]
    shown = {reach for member in kept for reach in _reaches(member)}
    reaches = dict.fromkeys((*(reach for member in card.members for reach in _reaches(member)), *card.guarded))
    return replace(card, members=tuple(kept), guarded=tuple(reach for reach in reaches if reach not in shown))


def _reaches(member: Member) -> tuple[str, ...]:
    return tuple(filter(None, (*member.phones, member.email)))


def _reach_key(reach: str) -> str:
    return phone_key(reach) or (canonical_mailbox(reach) if "@" in reach else reach.strip().lower())


def household_card(directory: Directory, names: Names, dwelling_id: str, now: datetime) -> HouseholdCard | None:
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
    return HouseholdCard(
        dwelling_id,
        names.dwelling(dwelling_id),
        names.residence(residence.residence_id) if residence else "",
        residence.office_id if residence else None,
        tuple(members.values()),
        caretaker_lines(directory, names, on_duty(directory, dwelling.address_id, today)),
    )


def residence_caretakers(
    directory: Directory, names: Names, residence_id: str, now: datetime
) -> tuple[tuple[str, str, str], ...]:
    """Return who is on duty in a residence, as `caretaker_lines` does."""
    return caretaker_lines(directory, names, on_duty_in_residence(directory, residence_id, now.date()))


def caretaker_lines(directory: Directory, names: Names, on: Sequence[OnDuty]) -> tuple[tuple[str, str, str], ...]:
    """Return of each caretaker on duty the name, the phone, and whom they replace."""
    lines = []
    for duty in on:
        there = directory.caretakers.get(duty.id or "")
        absent = names.caretaker(duty.replaces) if duty.replaces else ""
        lines.append((names.caretaker(duty.id) if duty.id else "personne", there.phone if there else "", absent))
    return tuple(lines)


def coming_appointments(events: Iterable[Event], coming: Iterable[Appointment]) -> list[tuple[Appointment, str]]:
    """Return when somebody is to come because of a case, each with the address that was invited; "" where none was."""
    told = [event.data for event in events if event.what == "appointed"]
    invited = {datetime.fromisoformat(each["at"]): each.get("invited", "") for each in told}
    return [(each, invited.get(each.at, "")) for each in coming]


def appointment_notice(events: Iterable[Event], now: datetime) -> str:
    """Return what is to be known of the appointment made or cancelled last: when it is, and who is written to."""
    when = invited = ""
    for event in events:
        if event.what in {"appointed", CANCELLED}:
            when, invited = appointment_time(datetime.fromisoformat(event.data["at"]), now), ""
        elif event.data.get("invitation"):
            invited = event.data["to"]
    written = f"Un courriel part à {invited}." if invited else "Aucun courriel ne part : prévenez la personne."
    return f"{when}. {written}" if when else ""


PDF: Final = "application/pdf"
_WRITTEN: Final = {"noted": "note", "replied": "reply", "forwarded": "forward"}
_QUIET: Final = frozenset({"judged", "completed"})
_SHOWN_BY_MESSAGE: Final = frozenset({"joined", "returned"})
"""Events that say no more than the message that stands on the time line itself."""


@dataclass(frozen=True, slots=True)
class ShownAttachment:
    """An attachment of a contact; `shown`: it is an image that can be shown small."""

    arrival_id: int
    attachment: Attachment
    shown: bool

    @property
    def framed(self) -> bool:
        """Whether it can be shown beside a text: as an image, or in a frame of its own."""
        return self.shown or self.attachment.media_type == PDF


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that an agent attached."""

    id: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class TimeLineEntry:
    """One thing on the time line.

    Attributes:
        at, who: when and who.
        kind: `message`, `call`, `voice`, `visit`, `unread`, `note`, `reply`, `forward` or `event`.
        text: of an event, or of a note or reply.
        heading: of a note or a letter, what it is, before who wrote it.
        subject, new, signature: of a message, with the words marked that counted.
        quoted, forwarded: of a message, folded.
        attached: the words of files that came along, marked likewise.
        pieces: attachments.
        letter: it came by post: its scan is shown beside its text, which was recognised on it, or noted by an agent.
        arrival_id: the arrival of a message or call.
        notes: what could not be read.
        outgoing: of an event that tells of a message that was sent: its number in the outbox; 0 of any other.
        to, cc: of a reply or a message passed on, whom it went to.
        sent: the files that an agent attached.
        passed_on: the names of files that came in and were passed on.
        source: of a message, from which source it comes and what that asserts; of what an agent noted, how it came.
    """

    at: datetime
    who: str
    kind: str
    text: str = ""
    heading: str = ""
    subject: tuple[Segment, ...] = ()
    new: tuple[Segment, ...] = ()
    signature: str = ""
    quoted: str = ""
    forwarded: tuple[tuple[str, str, str], ...] = ()
    attached: tuple[Segment, ...] = ()
    pieces: tuple[ShownAttachment, ...] = ()
    letter: bool = False
    arrival_id: int = 0
    notes: tuple[str, ...] = ()
    outgoing: int = 0
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    sent: tuple[SentFile, ...] = ()
    passed_on: tuple[str, ...] = ()
    source: str = ""


SHOWN_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff"})


def time_line(
    file: CaseFile, naming: EventNaming, mails: Mapping[str, SentMail], handed_in: Sequence[StoredFile] = ()
) -> list[TimeLineEntry]:
    """Return all that was said and done, the latest first.

    Args:
        file: the case with all that lies in it.
        naming: how identifiers are called.
        mails: the messages that went out because of it, by their message ids.
        handed_in: the files of cases that were opened by hand.
    """
    by_arrival: dict[int | None, list[SentFile]] = {}
    for each in handed_in:
        by_arrival.setdefault(each.arrival_id, []).append(SentFile(each.id, each.name, each.size))
    entries = [
        replace(_contact_entry(contact, file.case), sent=tuple(by_arrival.get(contact.arrival_id, ())))
        for contact in file.contacts
    ]
    acts = {str(event.data.get("message_id", "")): event for event in file.events if event.what in _WRITTEN}
    stated = next((each.judgement.contact.stated for each in file.contacts[:1] if each.judgement), None)
    # Of a notice that went out, or did not, the line says that alone.
    ended = {event.data.get("message_id") for event in file.events if event.what in ENDED_STATES}
    gone = {mail.id for mail in mails.values() if mail.message_id in ended}
    entries += [
        entry
        for event in file.events
        if not (event.what == NOTICE_QUEUED and event.data.get("outgoing") in gone)
        for entry in _event_entries(event, naming, mails, acts, by_hand=stated.by if stated else "")
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _contact_entry(contact: CaseContact, case: Case) -> TimeLineEntry:
    at = contact.at or case.opened_at
    if contact.judgement is None:
        return TimeLineEntry(at, text_of(case.who), "unread", arrival_id=contact.arrival_id)
    read = contact.judgement.contact
    if read.call is not None:
        outcome = OUTCOMES[read.call.outcome]
        return TimeLineEntry(
            at, caller(read.call), "call", text=outcome, arrival_id=contact.arrival_id, notes=read.notes
        )
    marks = list(_marks(contact.judgement))
    pieces = tuple(
        ShownAttachment(contact.arrival_id, each, each.media_type in SHOWN_TYPES)
        for each in read.attachments
        if each.size
    )
    return TimeLineEntry(
        at,
        _writer(read),
        "voice" if read.voice else "visit" if read.channel.traits.at_desk else "message",
        subject=tuple(mark(read, Part.SUBJECT, marks)),
        new=tuple(mark(read, Part.NEW, marks)),
        signature=read.signature,
        quoted=read.quoted_text,
        forwarded=tuple((each.sender.address or each.sender.name, each.subject, each.text) for each in read.forwarded),
        attached=tuple(mark(read, Part.ATTACHED, marks)),
        pieces=pieces,
        letter=read.recognised is not None or _by_post(read),
        arrival_id=contact.arrival_id,
        notes=read.notes,
        source=source_line(read.sourced) if read.sourced else how_it_came(read),
    )


def _by_post(contact: Contact) -> bool:
    return contact.channel is Channel.LETTER or (contact.stated is not None and contact.stated.by_post)


def how_it_came(contact: Contact) -> str:
    """Return how what an agent noted came, and on which day if that was told; "" of what came by itself."""
    stated = contact.stated
    if stated is None:
        return ""
    on = f"reçu le {day_of(stated.received, contact.at)}" if stated.received is not None else ""
    return ", ".join(filter(None, (VISITS.get(stated.visit, ""), on)))


def _writer(contact: Contact) -> str:
    if contact.voice is not None:
        return spaced(national(contact.voice.key)) if contact.voice.key else NUMBER_WITHHELD
    name, address = contact.sender.name, contact.sender.address
    return f"{name} <{address}>" if name and address else name or address


def _event_entries(
    event: Event, naming: EventNaming, mails: Mapping[str, SentMail], acts: Mapping[str, Event], *, by_hand: str = ""
) -> Iterator[TimeLineEntry]:
    """Yield what the time line shows of an event.

    Args:
        event: what happened.
        naming: how identifiers are called.
        mails: the messages that went out, by their message ids.
        acts: the events that wrote letters, likewise.
        by_hand: the agent who noted what the case was opened by; "" where it came in by itself.
    """
    if event.what == "opened" and event.who in ENGINE and by_hand:
        event = replace(event, who=by_hand)
    if event.what in _QUIET or (event.what in _SHOWN_BY_MESSAGE and "way" in event.data and event.who in ENGINE):
        return
    who = actor(event.who, naming.account)
    mail = mails.get(str(event.data.get("message_id", "")))
    if event.what in _WRITTEN:
        yield TimeLineEntry(
            event.at,
            who,
            _WRITTEN[event.what],
            text=str(event.data.get("text", "")),
            heading=WRITTEN_BY.get(letter_act(event.what, event.data), WRITTEN_BY[event.what]),
            outgoing=mail.id if mail else 0,
            to=tuple(filter(None, (event.data.get("to", ""), *event.data.get("also_to", ())))),
            cc=tuple(event.data.get("cc", ())),
            sent=tuple(SentFile(each["id"], each["name"], each["size"]) for each in event.data.get("files", ())),
            passed_on=tuple(event.data.get("forwarded", ())),
        )
        return
    if mail is not None and event.what in ENDED_STATES:
        act = acts.get(mail.message_id)
        told = mail_line(event.what, mail.kind, mail.to, letter_act(act.what, act.data) if act else "")
        yield TimeLineEntry(event.at, "", "event", text=told, outgoing=mail.id)
        return
    yield TimeLineEntry(event.at, who, "event", text=event_line(event.what, event.data, naming, event.who))


def _marks(judgement: Judgement) -> Iterator[tuple[str, Evidence]]:
    understanding, match = judgement.understanding, judgement.match
    yield from (("priority", piece) for piece in understanding.raised_by)
    for finding in understanding.findings:
        yield from (("topic", piece) for piece in finding.evidence if finding.topic in understanding.topics)
    yield from (("who", piece) for piece in match.place_evidence)
    if match.candidates:
        yield from (("who", piece) for piece in match.candidates[0].evidence)
