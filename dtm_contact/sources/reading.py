"""A contact as its source says it: the person whom the fields tell in the place of the program that sent it."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from dtm_contact.labels.judging import SOURCE_FIELDS
from dtm_contact.model import (
    REQUEST_HEADER,
    SOURCE_HEADER,
    AlarmLevel,
    Arrival,
    Authentication,
    Automation,
    Contact,
    FieldValue,
    Mailbox,
    Sourced,
    SourceField,
    VoiceNotice,
    domain_of,
    request_key,
)
from dtm_contact.reading import is_speech, limits, notes, voice_notice
from dtm_contact.reading.headers import PARIS, Headers, split_head
from dtm_contact.sources.definition import IN_FIELDS, Answered, FormLayout, Source, SourceBook
from dtm_contact.sources.entries import MOST_ENTRIES, FormEntry
from dtm_contact.sources.field_reader import FieldReader
from dtm_contact.sources.filled import Filled, fill_in, has_words
from dtm_contact.text import phone_key

_MAIL: Final = "message/rfc822"
_REQUESTS: Final = "http"
"""The receiver under which our intake keeps all that it made a message of, whichever way it came."""
_MOST_NUMBERING: Final = 20
"""Sources among which a number that is quoted is looked for."""
_EMPTINESS: Final = frozenset({notes.NO_TEXT, notes.ONLY_FILES, notes.ONLY_QUOTED, notes.ONLY_LETTER})
"""Notes of a message whose words stand in its fields."""

_NOT_READ: Final = "Les champs de {label} n'ont pas pu être lus : le message a été lu comme un message ordinaire."
_CUT: Final = "Trop de champs : seuls les premiers ont été lus."
_TWICE: Final = "Deux valeurs différentes pour {fields} : aucune n'a été retenue."
_INVALID: Final = "Valeur inattendue pour {fields} : lue comme du texte."
_DROPPED: Final = "Valeur inattendue pour {fields} : non retenue."
_LEASE_ALONE: Final = "Un numéro de bail sans nom : il ne désigne personne."


@dataclass(frozen=True, slots=True)
class Intake:
    """What our own intake says of an arrival.

    Attributes:
        source: who handed it over.
        request: their own number of it; empty where it has none.
        made: it made the message of fields that it was handed; a mail that was dropped in a folder it left as it was.
    """

    source: str
    request: str = ""
    made: bool = False


def intake_of(arrival: Arrival) -> Intake | None:
    """Return what our own intake says of an arrival; None where it made none, whatever its headers say."""
    if not arrival.by_own_intake:
        return None
    headers, _ = split_head(arrival.raw, 0, len(arrival.raw))
    made = arrival.channel == _REQUESTS
    # What was dropped as a mail is numbered by its file, which says nothing of its matter.
    return Intake(_line(headers, SOURCE_HEADER), _line(headers, REQUEST_HEADER) if made else "", made)


def _line(headers: Headers, name: str) -> str:
    return headers.text(name.lower())[: limits.NAME].strip()


def from_source(
    arrival: Arrival, contact: Contact, book: SourceBook, own_numbers: Collection[str], domains: Collection[str]
) -> Contact:
    """Return a contact as its source says it; one that comes from no source that is known stays as it is.

    A machine's reply (an absence notice, a report of delivery) is never a source's, even from its domain.

    Args:
        arrival: what came in.
        contact: as it was read.
        book: the sources.
        own_numbers: keys of the numbers that are ours: they are no caller's.
        domains: our own mail domains, lower case: nobody becomes one of us by writing such an address into a form.
    """
    if not book.sources or arrival.media_type != _MAIL:
        return contact
    intake = intake_of(arrival)
    sources = book.of_intake(intake.source) if intake is not None else book.of_sender(contact)
    if not sources or any(sign.kind is Automation.REPLY for sign in contact.automatic_signs):
        return contact
    letter = FieldReader(arrival)
    numbering = tuple(each.id for each in book.sources.values() if each.joins is SourceField.REQUEST)
    for source in sources:
        read = _read(source, contact, letter, intake, own_numbers, domains)
        if read is not None:
            return _quoting(read, source, numbering)
    return _unread(sources[0], contact, domains)


def _quoting(contact: Contact, source: Source, numbering: Sequence[str]) -> Contact:
    """Return a contact whose source quotes a number that is not its own with the sources that may have given it."""
    if contact.sourced is None or not contact.sourced.value(SourceField.OUR_NUMBER):
        return contact
    others = tuple(each for each in numbering if each != source.id)[:_MOST_NUMBERING]
    return replace(contact, sourced=replace(contact.sourced, numbered_by=others))


def _read(
    source: Source,
    contact: Contact,
    letter: FieldReader,
    intake: Intake | None,
    own_numbers: Collection[str],
    domains: Collection[str],
) -> Contact | None:
    """Return a contact as one source says it; None where it is not written as that source's block says."""
    for layout in layouts_of(source, intake):
        match layout:
            case FormLayout.VOICEMAIL:
                noticed = _as_voice(contact, source, letter, own_numbers)
                if noticed is not None:
                    return noticed
            case FormLayout.SCAN:
                if contact.attachments:
                    silent = replace(contact, subject="", new_text="", signature="", quoted_text="", disclaimer="")
                    return _of_machine(silent, source, _said(source, contact), domains)
            case FormLayout.MESSAGE:
                filled = fill_in(source, (), contact.subject, typed_in=False)
                if source.needs <= filled.values.keys():
                    return _as_written(contact, source, filled, domains)
            case _:
                entries = letter.entries(layout, source)
                filled = fill_in(source, entries, contact.subject, typed_in=layout is FormLayout.LINES)
                if intake is not None and intake.request:
                    filled.values[SourceField.REQUEST] = intake.request
                if is_laid_out(source, layout, contact, entries) and source.needs <= filled.values.keys():
                    return _as_filled(contact, source, filled, domains, cut=len(entries) >= MOST_ENTRIES)
    return None


def is_laid_out(source: Source, layout: FormLayout, contact: Contact, entries: Sequence[FormEntry]) -> bool:
    """Return whether a message has what a layout reads, before anything is asked of its fields.

    What a subject tells may be all that a block needs: of a page without a table, or of a telephone system's letter
    without a recording, nothing else would be read, and what somebody wrote there would be lost.

    Args:
        source: the block.
        layout: how its fields may be written.
        contact: the message.
        entries: what that layout reads of it.
    """
    match layout:
        case FormLayout.VOICEMAIL:
            return voice_notice(contact, (), by_program=source.names(contact.sender.address)) is not None
        case FormLayout.SCAN:
            return bool(contact.attachments)
        case FormLayout.TABLE:
            return bool(entries)
        case _:
            return True


def layouts_of(source: Source, intake: Intake | None) -> tuple[FormLayout, ...]:
    """Return the layouts that a message may have: of an object only what nobody but the source can have put there.

    Whoever fills in a form may send files with it, an object in JSON too. So what a block reads in several ways is read
    as an object only where our intake made the message of one, and then in no other way.
    """
    made = intake is not None and intake.made
    alone = intake is None and sum(layout in IN_FIELDS for layout in source.layouts) == 1
    return tuple(
        layout for layout in source.layouts if layout not in IN_FIELDS or alone or (layout is FormLayout.JSON) is made
    )


def _unread(source: Source, contact: Contact, domains: Collection[str]) -> Contact:
    """Return a contact that is not written as its source's block says: as it was read, and still a case."""
    if not {*IN_FIELDS, FormLayout.MESSAGE}.intersection(source.layouts):
        # What a telephone company writes besides its notices, or a copier without a file, is judged as anybody's.
        return contact
    said = replace(_said(source, contact), read=False)
    if _is_answered_to_sender(source, contact, domains) and not source.partner:
        said = replace(said, answer_at=_where_its_people_are(contact, source))
    noted = replace(contact, notes=(*contact.notes, _NOT_READ.format(label=source.label)), sourced=said)
    # A program of the house is none of us: what one of us writes asks for nothing.
    return _nobody_s(noted, source) if domain_of(contact.sender.address) in domains else noted


def _said(source: Source, contact: Contact, filled: Filled | None = None) -> Sourced:
    values = filled.values if filled is not None else {}
    meaning = source.meaning(values.get(SourceField.TOPIC, ""), values.get(SourceField.STATE, ""))
    key = values.get(source.joins, "") if source.joins is not None else ""
    return Sourced(
        source=source.id,
        label=source.label,
        partner=source.partner,
        fields=tuple(FieldValue(name, value) for name, value in values.items() if name is not SourceField.TEXT),
        proven=source.proven and {SourceField.NAME, SourceField.LEASE} <= values.keys(),
        about_other=filled is not None and source.about_other,
        machine=contact.sender.address.strip().lower(),
        key=request_key(key, source.joins) if key and source.joins is not None else "",
        topic=meaning.topic if meaning is not None else None,
        priority=meaning.priority if meaning is not None else source.priority,
        hint=source.hints,
        alarm=meaning.alarm if meaning is not None else AlarmLevel.NONE,
        office_id=source.office_id,
        follow_up=source.follow_up,
    )


def _as_written(contact: Contact, source: Source, filled: Filled, domains: Collection[str]) -> Contact:
    """Return a message that people or programs write as they please; a partner's newsletter is none of their cases."""
    said = _said(source, contact, filled)
    if source.partner:
        return replace(contact, sourced=replace(said, is_case=not _is_mass(contact)))
    return _of_machine(_without_own_words(contact, source), source, said, domains)


def _without_own_words(contact: Contact, source: Source) -> Contact:
    """Return a contact of no fields without what the source's program writes around the words: that is kept unread."""
    lines = contact.new_text.split("\n")
    end = source.end_of_text(lines)
    own = [line for line in lines[:end] if source.has_own_phrase(line)]
    if not own and end == len(lines):
        return contact
    text = "\n".join(line for line in lines[:end] if not source.has_own_phrase(line)).strip("\n")
    unread = "\n".join(filter(None, (*own, "\n".join(lines[end:]), contact.disclaimer)))
    subject = "" if source.has_own_phrase(contact.subject) else contact.subject
    return replace(contact, subject=subject, new_text=text, disclaimer=unread)


def _as_voice(contact: Contact, source: Source, letter: FieldReader, own_numbers: Collection[str]) -> Contact | None:
    """Return a telephone system's notice as its fields say it, else as such notices look; None where it is none."""
    seen = voice_notice(contact, own_numbers, by_program=source.names(contact.sender.address))
    if seen is None:
        return None
    filled = fill_in(source, letter.entries(FormLayout.VOICEMAIL, source), contact.subject, typed_in=True)
    # Whoever withholds their number leaves that field without a value.
    missing = source.needs - filled.values.keys() - ({SourceField.PHONE} if seen.key is None else set())
    if not filled.values or missing:
        return replace(_without_own_words(contact, source), voice=seen, sourced=_said(source, contact))
    key = phone_key(filled.values.get(SourceField.PHONE, ""))
    voice = VoiceNotice(
        key if key and key not in own_numbers else seen.key,
        transcribed=is_speech(filled.values.get(SourceField.TEXT, ""))
        if SourceField.TEXT in source.fields
        else seen.transcribed,
        left_at=_time_in(filled.values.get(SourceField.TIME, "")),
    )
    return replace(_with_fields(contact, source, filled, Mailbox(filled.name or source.label)), voice=voice)


_TIME: Final = re.compile(
    r"(?:(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)|(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>20\d\d))"
    r"\D{1,5}(?P<hour>\d{1,2}) ?[:hH.] ?(?P<minute>\d\d)(?:[:.](?P<second>\d\d))?"
)


def _time_in(value: str) -> datetime | None:
    """Return the time that a value tells, of the clocks in France; None where it tells none."""
    found = _TIME.search(value)
    if found is None:
        return None
    day, clock = (found["year"], found["month"], found["day"]), (found["hour"], found["minute"], found["second"] or 0)
    if not found["year"]:
        day = (found["y"], found["m"], found["d"])
    (year, month, date), (hour, minute, second) = map(int, day), map(int, clock)
    try:
        return datetime(year, month, date, hour, minute, second, tzinfo=PARIS)
    except ValueError:
        return None


def _is_mass(contact: Contact) -> bool:
    return any(sign.kind is Automation.MASS for sign in contact.automatic_signs)


def _of_machine(contact: Contact, source: Source, said: Sourced, domains: Collection[str]) -> Contact:
    """Return what a program sent, so that nobody is answered by it; people among a source's senders can be."""
    sent = replace(contact, channel=source.channel or contact.channel, sourced=said)
    if not _is_answered_to_sender(source, contact, domains):
        return _nobody_s(sent, source)
    return replace(sent, sourced=replace(said, answer_at=_where_its_people_are(contact, source)))


def _is_answered_to_sender(source: Source, contact: Contact, domains: Collection[str]) -> bool:
    return source.answered is Answered.SENDER and domain_of(contact.sender.address) not in domains


def _where_its_people_are(contact: Contact, source: Source) -> str:
    """Return where the people of a source are answered: where its block says, else where its message asks for that.

    A message counts only where it asks for an address of the same house.
    """
    if source.answers_at:
        return source.answers_at
    sender, asked = contact.sender.address.strip().lower(), contact.reply_to.address.strip().lower()
    return asked if asked and domain_of(asked) == domain_of(sender) else sender


def _nobody_s(contact: Contact, source: Source) -> Contact:
    """Return a contact whose sender is the source by its name alone, without the signs of the program that sent it."""
    return replace(
        contact,
        sender=Mailbox(source.label),
        reply_to=Mailbox(),
        authentication=Authentication.NONE,
        automatic_signs=(),
        answers_suppressed=False,
    )


def _as_filled(contact: Contact, source: Source, filled: Filled, domains: Collection[str], *, cut: bool) -> Contact:
    """Return a contact as the fields say it, from whom they say: the person, or who writes about them."""
    said_by = filled.values
    if _is_answered_to_sender(source, contact, domains):
        answered = _with_fields(contact, source, filled, contact.sender, cut=cut)
        return _answered_at(answered, _where_its_people_are(contact, source))
    name, field = (
        (said_by.get(SourceField.WRITER_NAME, ""), SourceField.WRITER_EMAIL)
        if source.about_other
        else (filled.name, SourceField.EMAIL)
    )
    address = said_by.get(field, "") if source.answered is Answered.PERSON else ""
    if domain_of(address) not in domains:
        return _with_fields(_nobody_s(contact, source), source, filled, Mailbox(name or source.label, address), cut=cut)
    # Nobody becomes one of us by an address that anybody may write into a form, but a caretaker is answered there; not
    # so the mailbox that the form itself wrote to, which would have its own answer.
    of_one = _with_fields(_nobody_s(contact, source), source, filled, Mailbox(name or source.label), cut=cut)
    written_to = {each.address.strip().lower() for each in contact.recipients}
    return of_one if address.strip().lower() in written_to else _answered_at(of_one, address.strip().lower())


def _answered_at(contact: Contact, address: str) -> Contact:
    return contact if contact.sourced is None else replace(contact, sourced=replace(contact.sourced, answer_at=address))


def _with_fields(contact: Contact, source: Source, filled: Filled, sender: Mailbox, *, cut: bool = False) -> Contact:
    """Return a contact with what was written in its fields, and below it what they say of the person."""
    values = filled.values
    said = _said(source, contact, filled)
    lease = values.get(SourceField.LEASE, "")
    told = [*contact.notes]
    if lease and SourceField.NAME not in values:
        told.append(_LEASE_ALONE)
        lease = ""
    told += [_CUT] * cut
    told += [notes.TEXT_CUT] * (len(filled.text) > limits.NEW_TEXT)
    told += _of_fields(_TWICE, filled.contradicted)
    told += _of_fields(_INVALID, filled.invalid)
    told += _of_fields(_DROPPED, filled.dropped)
    # A choice that the block gives no meaning is read as the person's words: it may be all that they say.
    code, state = values.get(SourceField.TOPIC, ""), values.get(SourceField.STATE, "")
    chosen = "" if said.topic is not None and source.is_known(code) else code
    stands = "" if source.is_known_state(state) or not has_words(state) else state
    of_person = (
        filled.name,
        lease and f"Bail : {lease}",
        _labelled("Adresse", values, SourceField.ADDRESS),
        values.get(SourceField.PLACE, ""),
        values.get(SourceField.PHONE, ""),
        _labelled("Appareil", values, SourceField.EQUIPMENT),
    )
    return replace(
        contact,
        sender=sender,
        channel=source.channel or contact.channel,
        subject=values.get(SourceField.SUBJECT) or ("" if source.is_boilerplate(contact.subject) else contact.subject),
        new_text="\n".join(filter(None, (chosen, stands, filled.text)))[: limits.NEW_TEXT],
        signature="\n".join(filter(None, of_person)),
        quoted_text="",
        disclaimer="",
        forwarded=(),
        notes=tuple(note for note in dict.fromkeys(told) if note not in _EMPTINESS),
        sourced=said,
    )


def _labelled(label: str, values: dict[SourceField, str], name: SourceField) -> str:
    return f"{label} : {values[name]}" if name in values else ""


def _of_fields(note: str, fields: Sequence[SourceField]) -> Iterator[str]:
    if fields:
        yield note.format(fields=", ".join(SOURCE_FIELDS[each] for each in dict.fromkeys(fields)))
