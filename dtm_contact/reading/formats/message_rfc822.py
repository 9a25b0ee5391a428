"""Internet messages: electronic mail (RFC 5322, RFC 2045 to 2049)."""

import re
from datetime import datetime, tzinfo
from typing import Final

from dtm_contact.model import CHANNEL_HEADER, Arrival, Attachment, Channel, Contact, Forwarded
from dtm_contact.reading import limits, notes
from dtm_contact.reading.attachments import read_pdf_words
from dtm_contact.reading.authentication import authentication, trusted_verdicts
from dtm_contact.reading.automatic import answers_suppressed, signs_of, undelivered
from dtm_contact.reading.content import Content, ContentReader
from dtm_contact.reading.decoding import clean_line, decode
from dtm_contact.reading.formats import FormatContext, reads
from dtm_contact.reading.headers import Headers, first_mailbox, parse_mailboxes, time_of
from dtm_contact.reading.mime import Node, parse_message
from dtm_contact.reading.notes import Notes
from dtm_contact.reading.quotation import SeparatedText, separate

_MESSAGE_ID: Final = re.compile(r"<\s*([^<>\s]{1,900})\s*>")
_REFERENCES: Final = 200


@reads("message/rfc822", Channel.EMAIL)
def read_message(arrival: Arrival, reading: FormatContext) -> Contact:
    """Read one message; see `Contact` for what each part means."""
    noted = Notes()
    root = parse_message(arrival.raw, noted)
    headers = root.headers
    subject = headers.text("subject")[: limits.DISPLAY]
    content = ContentReader(root, noted, reading.zone, reading.file_octets if reading.files else 0).read()
    answers = bool(_ids(headers, "in-reply-to") or _ids(headers, "references"))
    separated = separate(content.lines, subject, noted, answers=answers)
    sender = first_mailbox((*headers.all_raw("from"), *headers.all_raw("sender")))
    forwarded = (*separated.forwarded, *_attached(content, noted, arrival.received_at, reading))
    attached_text, attachments = "", _files(content, noted)
    if reading.files is not None:
        attached_text, attachments = read_pdf_words(attachments, content.letters, reading.files, noted)
    if not separated.new and not forwarded:
        noted.add(_emptiness(separated, content, attached_text))
    return Contact(
        channel=_channel(arrival, headers),
        at=time_of(headers, arrival.received_at, reading.zone),
        sender=sender,
        reply_to=first_mailbox(headers.all_raw("reply-to")),
        recipients=tuple(
            box for name in ("to", "cc") for body in headers.all_raw(name)[:20] for box in parse_mailboxes(body)
        ),
        subject=subject,
        new_text=_bounded(separated.new, limits.NEW_TEXT, noted),
        signature=_bounded(separated.signature, limits.OTHER_TEXT, noted),
        quoted_text=_bounded(separated.quoted, limits.OTHER_TEXT, noted),
        disclaimer=_bounded(separated.disclaimer, limits.OTHER_TEXT, noted),
        forwarded=forwarded[: limits.FORWARDED],
        attachments=attachments,
        attached_text=attached_text,
        message_id=next(iter(_ids(headers, "message-id")), ""),
        in_reply_to=_ids(headers, "in-reply-to"),
        references=_ids(headers, "references"),
        language=headers.text("content-language")[:35],
        automatic_signs=signs_of(root, arrival.envelope, sender, subject, separated.new),
        trusted_verdicts=trusted_verdicts(headers, reading.authserv_ids, reading.own_received),
        authentication=authentication(headers, reading.authserv_ids, reading.own_received),
        undelivered=undelivered(root),
        answers_suppressed=answers_suppressed(headers),
        undecoded=not notes.UNREAD.isdisjoint(noted),
        notes=tuple(noted),
    )


def _channel(arrival: Arrival, headers: Headers) -> Channel:
    """Return the channel that our own intake wrote down; e-mail for all that others wrote, whatever that says."""
    said = headers.text(CHANNEL_HEADER.lower()) if arrival.by_own_intake else ""
    return Channel(said) if said in set(Channel) else Channel.EMAIL


def _emptiness(separated: SeparatedText, content: Content, attached_text: str) -> str:
    if attached_text:
        return notes.ONLY_LETTER
    if separated.quoted:
        return notes.ONLY_QUOTED
    return notes.ONLY_FILES if content.files else notes.NO_TEXT


def _bounded(text: str, limit: int, noted: Notes) -> str:
    if len(text) > limit:
        noted.add(notes.TEXT_CUT)
    return text[:limit]


def _ids(headers: Headers, name: str) -> tuple[str, ...]:
    text = clean_line(decode(headers.raw(name)))
    ids = _MESSAGE_ID.findall(text) or [word for word in text.split() if "@" in word]
    return tuple(dict.fromkeys(ids))[:_REFERENCES]


def _files(content: Content, noted: Notes) -> tuple[Attachment, ...]:
    if len(content.files) > limits.ATTACHMENTS:
        noted.add(notes.ATTACHMENTS_CUT)
    return tuple(content.files[: limits.ATTACHMENTS])


def _attached(content: Content, noted: Notes, received_at: datetime, reading: FormatContext) -> list[Forwarded]:
    """Read the messages that came along, those within them after them."""
    originals: list[Forwarded] = []
    waiting = list(content.messages)
    while waiting and len(originals) < limits.FORWARDED:
        node = waiting.pop(0)
        if not node.children:
            continue
        inner = node.children[0]
        held = ContentReader(inner, noted, reading.zone, reading.file_octets if reading.files else 0).read()
        separated = separate(held.lines, inner.headers.text("subject"), noted)
        originals.append(_original(inner, separated, received_at, reading.zone))
        originals.extend(separated.forwarded)
        content.add_files(held)
        waiting.extend(held.messages)
    if waiting:
        noted.add(notes.FORWARDED_CUT)
    return originals


def _original(node: Node, separated: SeparatedText, received_at: datetime, zone: tzinfo) -> Forwarded:
    return Forwarded(
        sender=first_mailbox(node.headers.all_raw("from")),
        subject=node.headers.text("subject")[: limits.DISPLAY],
        text="\n".join(filter(None, (separated.new, separated.signature)))[: limits.OTHER_TEXT],
        at=time_of(node.headers, received_at, zone) if "date" in node.headers else None,
    )
