"""Internet messages: electronic mail (RFC 5322, RFC 2045 to 2049)."""

import re
from datetime import datetime, tzinfo
from typing import Final

from dtm_contact.model import Arrival, Attachment, Channel, Contact, Forwarded
from dtm_contact.reading import limits, notes
from dtm_contact.reading.addresses import first_mailbox, parse_mailboxes
from dtm_contact.reading.attachments import words_of
from dtm_contact.reading.authentication import authentication, trusted_verdicts
from dtm_contact.reading.automatic import answers_suppressed, signs_of
from dtm_contact.reading.charsets import clean_line, decode
from dtm_contact.reading.content import Content, ContentReader
from dtm_contact.reading.formats import FormatContext, reads
from dtm_contact.reading.headers import Headers
from dtm_contact.reading.mime import Node, parse_message
from dtm_contact.reading.notes import Notes
from dtm_contact.reading.separate import SeparatedText, separate
from dtm_contact.reading.times import time_of
from dtm_contact.reading.undelivered import undelivered

_MESSAGE_ID: Final = re.compile(r"<\s*([^<>\s]{1,900})\s*>")
_REFERENCES: Final = 200


@reads("message/rfc822", Channel.EMAIL)
def read_message(arrival: Arrival, reading: FormatContext) -> Contact:
    """Read one message; see `Contact` for what each part means."""
    found = Notes()
    root = parse_message(arrival.raw, found)
    headers = root.headers
    subject = headers.text("subject")[: limits.DISPLAY]
    content = ContentReader(root, found, reading.zone, reading.file_octets if reading.files else 0).read()
    answers = bool(_ids(headers, "in-reply-to") or _ids(headers, "references"))
    told = separate(content.lines, subject, found, answers=answers)
    sender = first_mailbox((*headers.all_raw("from"), *headers.all_raw("sender")))
    forwarded = (*told.forwarded, *_attached(content, found, arrival.received_at, reading))
    attached_text, attachments = "", _files(content, found)
    if reading.files is not None:
        attached_text, attachments = words_of(attachments, content.letters, reading.files, found)
    if not told.new and not forwarded:
        found.add(_emptiness(told, content, attached_text))
    return Contact(
        channel=Channel.EMAIL,
        at=time_of(headers, arrival.received_at, reading.zone),
        sender=sender,
        reply_to=first_mailbox(headers.all_raw("reply-to")),
        recipients=tuple(
            box for name in ("to", "cc") for body in headers.all_raw(name)[:20] for box in parse_mailboxes(body)
        ),
        subject=subject,
        new_text=_bounded(told.new, limits.NEW_TEXT, found),
        signature=_bounded(told.signature, limits.OTHER_TEXT, found),
        quoted_text=_bounded(told.quoted, limits.OTHER_TEXT, found),
        disclaimer=_bounded(told.disclaimer, limits.OTHER_TEXT, found),
        forwarded=forwarded[: limits.FORWARDED],
        attachments=attachments,
        attached_text=attached_text,
        message_id=next(iter(_ids(headers, "message-id")), ""),
        in_reply_to=_ids(headers, "in-reply-to"),
        references=_ids(headers, "references"),
        language=headers.text("content-language")[:35],
        automatic_signs=signs_of(root, arrival.envelope, sender, subject, told.new),
        trusted_verdicts=trusted_verdicts(headers, reading.authserv_ids),
        authentication=authentication(headers, reading.authserv_ids),
        undelivered=undelivered(root),
        answers_suppressed=answers_suppressed(headers),
        undecoded=not notes.UNREAD.isdisjoint(found),
        notes=tuple(found),
    )


def _emptiness(told: SeparatedText, content: Content, attached_text: str) -> str:
    if attached_text:
        return notes.ONLY_LETTER
    if told.quoted:
        return notes.ONLY_QUOTED
    return notes.ONLY_FILES if content.files else notes.NO_TEXT


def _bounded(text: str, limit: int, found: Notes) -> str:
    if len(text) > limit:
        found.add(notes.TEXT_CUT)
    return text[:limit]


def _ids(headers: Headers, name: str) -> tuple[str, ...]:
    text = clean_line(decode(headers.raw(name)))
    ids = _MESSAGE_ID.findall(text) or [word for word in text.split() if "@" in word]
    return tuple(dict.fromkeys(ids))[:_REFERENCES]


def _files(content: Content, found: Notes) -> tuple[Attachment, ...]:
    if len(content.files) > limits.ATTACHMENTS:
        found.add(notes.ATTACHMENTS_CUT)
    return tuple(content.files[: limits.ATTACHMENTS])


def _attached(content: Content, found: Notes, received_at: datetime, reading: FormatContext) -> list[Forwarded]:
    """Read the messages that came along, those within them after them."""
    originals: list[Forwarded] = []
    waiting = list(content.messages)
    while waiting and len(originals) < limits.FORWARDED:
        node = waiting.pop(0)
        if not node.children:
            continue
        inner = node.children[0]
        held = ContentReader(inner, found, reading.zone, reading.file_octets if reading.files else 0).read()
        told = separate(held.lines, inner.headers.text("subject"), found)
        originals.append(_original(inner, told, received_at, reading.zone))
        originals.extend(told.forwarded)
        content.add_files(held)
        waiting.extend(held.messages)
    if waiting:
        found.add(notes.FORWARDED_CUT)
    return originals


def _original(node: Node, told: SeparatedText, received_at: datetime, zone: tzinfo) -> Forwarded:
    return Forwarded(
        sender=first_mailbox(node.headers.all_raw("from")),
        subject=node.headers.text("subject")[: limits.DISPLAY],
        text="\n".join(filter(None, (told.new, told.signature)))[: limits.OTHER_TEXT],
        at=time_of(node.headers, received_at, zone) if "date" in node.headers else None,
    )
