"""What in a message says that a program sent it (RFC 3834, 3464, 8098, 5546, 2369, 7489).

Three facts are kept apart, see `Automation`: that it is a machine's reply, that it went to many alike, and that a
program wrote it on an occasion. Only the first says that nobody asks for anything. A discussion list, which hands on
what a person wrote, is none of them. A voice message that an exchange sends on as mail is a person's request, so
nothing but a report's structure makes it a reply.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from dtm_contact.model import (
    AutomaticSign,
    Automation,
    Contact,
    Envelope,
    Mailbox,
    Undelivered,
    VoiceNotice,
)
from dtm_contact.reading import limits
from dtm_contact.reading.content import is_acceptance
from dtm_contact.reading.headers import Headers, parse_parameters
from dtm_contact.reading.languages import any_of
from dtm_contact.reading.mime import Node
from dtm_contact.text import find_phones, fold

_SHOWN: Final = 120
_BODY: Final = 6_000
_REPORT_PARTS: Final = frozenset({
    "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
    "message/global-disposition-notification", "message/feedback-report",
})  # fmt: skip
_REPLY_FLAGS: Final = (
    "X-Autoreply", "X-Autorespond", "X-Mail-Autoreply", "X-Auto-Reply-From", "X-Failed-Recipients",
    "X-MS-Exchange-Message-Is-Ndr",
)  # fmt: skip
_GENERATED_FLAGS: Final = ("X-Cron-Env",)
_MASS_FLAGS: Final = ("List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "X-Campaign-ID", "X-CSA-Complaints")
_MASS_PRECEDENCES: Final = frozenset({"bulk", "junk"})
_REPLIED: Final = "auto-replied"
_SUPPRESS: Final = "X-Auto-Response-Suppress"
_SUPPRESSED: Final = frozenset({"all", "autoreply"})
"""Values of X-Auto-Response-Suppress by which a sender wants no answer from a program ([MS-OXCMAIL] 2.2.3.2.14)."""

_DMARC_REPORT: Final = re.compile(
    r"[\w.-]+![\w.-]+!\d{9,11}!\d{9,11}(?:![\w.-]+)?\.(?:xml(?:\.gz)?|zip)", re.IGNORECASE
)
"""The name of the file of an aggregate report (RFC 7489 section 7.2.1.1)."""

_DAEMONS: Final = re.compile(
    any_of(
        r"mailer[-_. ]?daemon",
        r"post[-_]?master",
        r"mail-?daemon",
        r"mail-?delivery",
        r"mail-?system",
        r"bounced?",
        r"bounces",
        r"auto-?reply",
        r"autorepond\w*",
        r"microsoftexchange[0-9a-f]{20,40}",
    )
    + r"(?:[+=-].*)?",
)
_DAEMON_NAMES: Final = re.compile(
    r"(?:mail delivery (?:sub)?system|mail(?:er)?[-_ ]daemon|internet mail delivery|courrier de remise|postmaster)\b"
)
_ROBOTS: Final = re.compile(
    any_of(
        r"no[-_.]?reply",
        r"do[-_.]?not[-_.]?reply",
        r"ne[-_.]?pas[-_.]?repondre",
        r"root",
        r"admin(?:istrator)?",
        r"daemon",
        r"system",
        r"support",
        r"service",
        r"info",
        r"mail",
        r"notifications?",
        r".*-(?:admin|request|owner)",
        r"owner-.*",
        r"",
    )
    + r"\d*",
)
_REPORT_SUBJECTS: Final = re.compile(
    any_of(
        r"(?:undeliverable|nondeliverable|unzustellbar|non remis|non distribuable|remise differee|echec de remise) ?:",
        r"undeliver(?:ed|able) (?:mail|message|e-?mail)",
        r"undeliverable\b",
        r"mail undeliver",
        r"delivery status notification",
        r"delivery (?:notification|failure|failed|report|error|has failed)",
        r"(?:un)?successful mail delivery",
        r"failure notice",
        r"failed mail",
        r"(?:your )?mail delivery (?:failed|failure|system|error|problem|status)",
        r"mail (?:system error|failure|could not be delivered)",
        r"returned mail",
        r"(?:your )?message (?:undeliverable|delivery failure|could not be delivered)",
        r"returned to sender",
        r"warning: (?:could not send|message .{0,40}delayed)",
        r"message not delivered",
        r"echec de (?:la )?(?:remise|distribution) (?:du|de votre) message",
        r"(?:avis|rapport) de non[- ]remise ?(?::|$)",
        r"mail non (?:delivre|remis|distribue) ?:",
        r"message non (?:delivre|remis|distribue) ?:",
        r"notification d'etat de (?:la )?(?:distribution|remise)",
    ),
)
_ANSWER_SUBJECTS: Final = re.compile(
    any_of(
        r"reponse automatique",
        r"reponse d'absence",
        r"message d'absence",
        r"notification d'absence",
        r"absence du bureau",
        r"absent du bureau",
        r"accuse de reception automatique",
        r"automatic reply",
        r"auto(?:matic)?[- ]?(?:reply|response)",
        r"automatische antwort",
        r"out of (?:the )?office(?: autoreply| reply)?",
        r"abwesenheitsnotiz",
        r"respuesta automatica",
        r"risposta automatica",
        r"resposta automatica",
        r"fuori (?:sede|ufficio)",
        r"vacation (?:reply|message)",
    )
    + r"\s*(?:[:(]|$|re\s*:)",
)
_ANSWERS: Final = re.compile(r"(?:re|rep|aw|r|sv|antw)(?:\[\d+\])?\s*:")
"""How programs and people begin the subject of an answer."""
_GENERATED_SUBJECTS: Final = re.compile(r"message automatique\s*(?:[:(]|$)")
_RECEIPT_SUBJECTS: Final = re.compile(
    any_of(
        r"(?:non )?lu",
        r"(?:not )?read",
        r"gelesen",
        r"leido",
        r"letto",
        r"accuse de lecture",
        r"confirmation de lecture",
        r"(?:read|return) receipt",
    )
    + r"\s*(?:\([^)]{0,30}\)\s*)?:",
)
_REPORT_TEXTS: Final = re.compile(
    any_of(
        r"this (?:message|report) was (?:created|generated) automatically by (?:the )?mail",
        r"this is the mail system at host",
        r"this is (?:the|an automatically generated) (?:qmail-send program|delivery status)",
        r"i'm afraid i wasn't able to deliver",
        r"a message that you sent could not be delivered",
        r"the following addresses had (?:permanent|transient)",
        r"your message (?:was not delivered|could not be delivered|did not reach)",
        r"delivery to the following recipients? (?:has )?failed",
        r"final-recipient ?: ?rfc822",
        r"reporting-mta ?: ?dns",
        r"diagnostic-code ?: ?smtp",
        r"notificationtype\W{1,6}bounce",
        r"<{0,3} ?5\d\d 5\.\d\.\d",
        r"votre message n'a pas pu etre (?:remis|delivre|distribue)",
        r"n'a pas pu etre remis (?:a|aux) destinataires?",
        r"ceci est un rapport automatique",
        r"\b550 (?:unknown|invalid|no such) ",
    ),
)
_VOICE: Final = re.compile(
    r"(?:vous avez (?:recu )?)?(?:un |1 )?(?:nouveau |new )?"
    r"(?:message vocal|messagerie vocale|message audio|voice ?mail|voice message)"
)


def signs_of(
    root: Node, envelope: Envelope | None, sender: Mailbox, subject: str, text: str
) -> tuple[AutomaticSign, ...]:
    """Return the signs that a program sent a message, those of a reply first; empty for a person's message.

    Args:
        root: the message.
        envelope: how it was handed over; None for a message at rest, whose Return-Path counts instead.
        sender: who it says it is from.
        subject: decoded.
        text: its new text.
    """
    headers = root.headers
    reply = [*_structure(root), *_daemon(sender), *_answers(headers)]
    if not _VOICE.match(fold(subject)):
        reply += [*_flagged(headers, _REPLY_FLAGS), *_reply_words(sender, subject, text)]
    null_sender = list(_null_sender(headers, envelope))
    if null_sender and _ANSWERS.match(fold(subject)):
        # Whoever answers a message wants to hear of their answer; only a program answers without a return path.
        reply += null_sender
    generated = [*_generated(headers, subject), *null_sender]
    suppressed = headers.text(_SUPPRESS.lower())
    if suppressed and (reply or generated):
        generated.append(f"{_SUPPRESS}: {suppressed}")
    found = {Automation.REPLY: reply, Automation.GENERATED: generated, Automation.MASS: list(_mass(headers))}
    return tuple(
        AutomaticSign(kind, sign)
        for kind, seen in found.items()
        for sign in dict.fromkeys(each[:_SHOWN] for each in seen)
    )


def answers_suppressed(headers: Headers) -> bool:
    """Return whether the sender wants no answer from a program; some programs write so into everybody's mail."""
    return not _SUPPRESSED.isdisjoint(re.split(r"[\s,;]+", headers.text(_SUPPRESS.lower()).lower()))


def kind_of_sign(seen: str) -> Automation:
    """Return what a sign says that was kept as "Header: value" alone."""
    name, _, value = seen.partition(": ")
    if name in {*_MASS_FLAGS, "List-Id"} or (name == "Precedence" and value in _MASS_PRECEDENCES):
        return Automation.MASS
    generated = name in {*_GENERATED_FLAGS, "MAIL FROM", "Return-Path", _SUPPRESS}
    if generated or (name == "Auto-Submitted" and value != _REPLIED):
        return Automation.GENERATED
    return Automation.REPLY


def _null_sender(headers: Headers, envelope: Envelope | None) -> Iterator[str]:
    """Yield the null return path: every report has it, and so have many programs that want no reports back."""
    if envelope is not None:
        if envelope.mail_from.strip() in {"", "<>"}:
            yield "MAIL FROM: <>"
    elif headers.raw("return-path").translate(None, b" \t\r\n") == b"<>":
        yield "Return-Path: <>"


def _structure(root: Node) -> Iterator[str]:
    if root.media_type == "multipart/report":
        kind = root.parameters.get("report-type", "")
        yield f"Content-Type: multipart/report{'; report-type=' if kind else ''}{kind}"
    for node in (root, *root.children):
        if node.media_type in _REPORT_PARTS:
            yield f"Content-Type: {node.media_type}"
    for node in _own_parts(root):
        if node.media_type == "text/calendar" and is_acceptance(node):
            yield "Content-Type: text/calendar; method=REPLY"
        if _DMARC_REPORT.fullmatch(node.filename):
            yield f"Content-Disposition: {node.filename}"


def _own_parts(node: Node) -> Iterator[Node]:
    """Yield a message's parts, those of attached messages left out."""
    yield node
    if not node.media_type.startswith("message/"):
        for child in node.children:
            yield from _own_parts(child)


def _daemon(sender: Mailbox) -> Iterator[str]:
    if _DAEMONS.fullmatch(_local_part(sender)) or _DAEMON_NAMES.match(fold(sender.name)):
        yield f"From: {sender.address or sender.name}"


def _local_part(sender: Mailbox) -> str:
    return fold(sender.address.rpartition("@")[0] or sender.address or sender.name)


def _answers(headers: Headers) -> Iterator[str]:
    if parse_parameters(headers.raw("auto-submitted"))[0] == _REPLIED:
        yield f"Auto-Submitted: {_REPLIED}"
    precedence = headers.text("precedence").lower()
    if precedence in {"auto_reply", "auto-reply"}:
        yield f"Precedence: {precedence}"


def _generated(headers: Headers, subject: str) -> Iterator[str]:
    submitted = parse_parameters(headers.raw("auto-submitted"))[0]
    if submitted not in {"", "no", _REPLIED}:
        yield f"Auto-Submitted: {submitted}"
    yield from _flagged(headers, _GENERATED_FLAGS)
    if _GENERATED_SUBJECTS.match(fold(subject)):
        yield f"Subject: {subject}"


def _mass(headers: Headers) -> Iterator[str]:
    """Yield the signs of mass mail; a list that can be posted to (RFC 2369 section 3.4) hands on a person's words."""
    precedence = headers.text("precedence").lower()
    if "mailto:" in headers.text("list-post").lower() or precedence == "list":
        return
    if precedence in _MASS_PRECEDENCES:
        yield f"Precedence: {precedence}"
    yield from _flagged(headers, _MASS_FLAGS)


def _flagged(headers: Headers, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        value = headers.text(name.lower()) if name.lower() in headers else "no"
        if value.lower() not in {"no", "false"}:
            yield f"{name}: {value}"


def _reply_words(sender: Mailbox, subject: str, text: str) -> Iterator[str]:
    """Recognise what older systems send without any structure: by the words of machines at the subject's beginning.

    A person who answers or passes on such a message has "RE:" or "TR:" before them, and speaks with their own address.
    """
    folded = fold(subject)
    if any(known.match(folded) for known in (_ANSWER_SUBJECTS, _RECEIPT_SUBJECTS, _REPORT_SUBJECTS)):
        yield f"Subject: {subject}"
    elif _ROBOTS.fullmatch(_local_part(sender)):
        report = _REPORT_TEXTS.search(fold(text[:_BODY]))
        if report:
            yield f"Text: {report[0]}"


_STATUS_PARTS: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FAILED_RECIPIENT: Final = re.compile(
    r"^(?:final|original)-recipient:[ \t]*[\w-]{1,20}[ \t]*;[ \t]*<?([^\s<>]{1,320})", re.IGNORECASE | re.MULTILINE
)
_ACTION: Final = re.compile(r"^action:[ \t]*([a-z]{1,20})", re.IGNORECASE | re.MULTILINE)
_STATUS: Final = re.compile(r"^status:[ \t]*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
# A value goes on in the lines that begin with a blank (RFC 3464 section 2.1.1).
_DIAGNOSTIC: Final = re.compile(
    r"^diagnostic-code:[ \t]*[\w.-]{1,20}[ \t]*;[ \t]*([^\n]{0,998}(?:\n[ \t][^\n]{0,998}){0,20})",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_DIAGNOSTIC: Final = 500
_MOST_UNDELIVERED: Final = 20
_FAILED: Final = "failed"


def undelivered(root: Node) -> tuple[Undelivered, ...]:
    """Return whom a message's reports name as not reached for good: delays, relays and deliveries are none.

    Args:
        root: the whole message.
    """
    found = dict.fromkeys((*_undelivered_of_reports(root), *_undelivered_of_headers(root.headers)))
    return tuple(found)[:_MOST_UNDELIVERED]


def _undelivered_of_reports(root: Node) -> Iterator[Undelivered]:
    for node in root.walk():
        if node.media_type in _STATUS_PARTS and not node.unread:
            text = node.octets()[: limits.OTHER_TEXT].decode("utf-8", "replace").replace("\r\n", "\n")
            for group in text.split("\n\n"):
                yield from _undelivered_of_group(group)


def _undelivered_of_group(group: str) -> Iterator[Undelivered]:
    """Yield the recipients of one group of fields (RFC 3464 section 2.3)."""
    action, status, said = _ACTION.search(group), _STATUS.search(group), _DIAGNOSTIC.search(group)
    if action is None or action.group(1).lower() != _FAILED:
        return
    for recipient in _FAILED_RECIPIENT.findall(group):
        words = " ".join(said.group(1).split())[:_LONGEST_DIAGNOSTIC] if said else ""
        yield Undelivered(recipient.lower(), status.group(1) if status else "", words)


def _undelivered_of_headers(headers: Headers) -> Iterator[Undelivered]:
    """Yield what Exim and its kin write, whose reports are plain text."""
    for word in headers.text("x-failed-recipients").replace(",", " ").split():
        if "@" in word:
            yield Undelivered(word.strip("<>").lower()[:320], "")


_RECORDING_ENDINGS: Final = (".wav", ".mp3", ".ogg", ".oga", ".gsm", ".m4a", ".amr", ".opus")
_VOICE_WORDS: Final = re.compile(
    r"message(?:rie)? vocal|voice ?mail|voice ?message|boite vocale|sur (?:votre|le) repondeur"
    r"|left a \d\S* long message|message \d* ?in mailbox"
)
_WITHHELD: Final = re.compile(
    r"(?:numero|appelant|appel|caller|number) (?:inconnu|masque|anonyme|prive|unknown|withheld|anonymous)"
    r"|anonymous|unknown caller|private number"
)
_TRANSCRIPT: Final = re.compile(r"transcri(?:ption|pt)\b[^:\n]{0,40}:\s*(?P<said>[^\n]+)")
_NO_TRANSCRIPT: Final = re.compile(
    r"\b(?:indisponible|unavailable|not available|non disponible|pas disponible|impossible|failed|echec|echoue)\b"
    r"|\b(?:n'a pas|aucune?|no) "
)
_FEWEST_TRANSCRIBED: Final = 2
_LONGEST_FAILURE: Final = 8
"""Words of a notice that a message could not be transcribed, at the most: nobody's message is so short."""
_LONGEST_NOTICE: Final = 4_000
"""Characters of the text that are looked at: a notice is short."""


def voice_notice(contact: Contact, own_numbers: Collection[str], *, by_program: bool) -> VoiceNotice | None:
    """Return whose voice message a contact announces; None where it is no such notice.

    Telephone systems send these as mail: Asterisk's, and those of operators. A notice looks like one: a recording is
    attached, its words speak of a voice message, and a caller's number stands in it or is said to be withheld. Since
    anybody can write one, who sends them is a source that the admins name. From an address that writes nothing else the
    recording is enough: each system has its own words.

    Args:
        contact: a message that was read, from such a source.
        own_numbers: keys of the numbers that are ours: they are no caller's.
        by_program: its sender's address is a telephone system's alone, and no person's of the company's domain.
    """
    if not _has_recording(contact):
        return None
    text = f"{contact.subject}\n{contact.new_text}\n{contact.signature}"[:_LONGEST_NOTICE]
    folded = fold(text)
    if not by_program and not _VOICE_WORDS.search(folded):
        return None
    keys = [key for key, _start, _end in find_phones(text) if key not in own_numbers]
    if not by_program and not keys and not _WITHHELD.search(folded):
        return None
    return VoiceNotice(keys[0] if keys else None, transcribed=_is_transcribed(folded))


def _is_transcribed(folded: str) -> bool:
    """Return whether a notice says what was spoken, and not only that this failed."""
    found = _TRANSCRIPT.search(folded)
    return found is not None and not _NO_TRANSCRIPT.search(found.group()) and _has_spoken_words(found["said"])


def is_speech(text: str) -> bool:
    """Return whether a transcription is what was spoken, and not only that this failed."""
    folded = fold(text)
    failed = len(folded.split()) <= _LONGEST_FAILURE and _NO_TRANSCRIPT.search(folded)
    return not failed and _has_spoken_words(folded)


def _has_spoken_words(folded: str) -> bool:
    return len(re.findall(r"[^\W\d]{2,}", folded)) >= _FEWEST_TRANSCRIBED


def _has_recording(contact: Contact) -> bool:
    return any(
        attached.media_type.startswith("audio/") or attached.name.lower().endswith(_RECORDING_ENDINGS)
        for attached in contact.attachments
    )
