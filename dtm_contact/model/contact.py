"""What an arrival says once it has been read: who, when, and which words are new."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from dtm_contact.model.call import Call, CallBackState, Outcome
from dtm_contact.model.channel import Channel
from dtm_contact.model.sourced import Sourced
from dtm_contact.model.stated import Stated


class Part(StrEnum):
    """Where in a contact something stands."""

    SENDER_NAME = "sender_name"
    SENDER_ADDRESS = "sender_address"
    SUBJECT = "subject"
    NEW = "new_text"
    SIGNATURE = "signature"
    FORWARDED = "forwarded"
    QUOTED = "quoted_text"
    DISCLAIMER = "disclaimer"
    ATTACHED = "attached_text"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one part's text: `contact.text(span.part)[span.start:span.end]`."""

    part: Part
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address as a header gives them (RFC 5322 section 3.4); either may be empty."""

    name: str = ""
    address: str = ""


def domain_of(address: str) -> str:
    """Return the domain of an address, lower case; empty where it has none."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


class Authentication(StrEnum):
    """What our own mail server found of the address in From (RFC 8601, RFC 7489)."""

    VOUCHED = "vouched"
    """It comes from where it says."""
    NONE = "none"
    """Nothing speaks for it, and nothing against it."""
    FAILED = "failed"
    """A check failed and none vouches, or there is more than one From."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came along; its bytes stay in the arrival.

    Attributes:
        name: the file's name made safe to show and to save.
        media_type: the real type by content, else the declared one.
        size: octets once decoded.
        sha256: digest of the decoded octets, in hexadecimal.
        read: its words stand in the contact's `attached_text`.
    """

    name: str
    media_type: str
    size: int
    sha256: str
    read: bool = False


class FileOutcome(StrEnum):
    """What became of reading a file's words."""

    READ = "read"
    CUT = "cut"
    """Its beginning was read: it is longer than is read, or its end is broken or costs too much."""
    EMPTY = "empty"
    """It holds no words, as a scan does."""
    LOCKED = "locked"
    """It wants a password, or a cipher that we do not have."""
    BROKEN = "broken"
    COSTLY = "costly"
    """It was given up at a bound of time or memory."""


@dataclass(frozen=True, slots=True)
class FileText:
    """The words of one file as they stand in it, and what became of reading them; no words where none were read."""

    outcome: FileOutcome
    text: str = ""


FileReader = Callable[[Sequence[bytes]], Sequence[FileText]]
"""Reads the files of one message, within bounds for all of them together: one answer a file, in their order."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """How a letter's text was recognised on its image, and what stands on it beside the text.

    Attributes:
        confidence: the mean of all words, from 0 to 100.
        words: how many were recognised.
        sure: whether that is enough to judge by; else a person reads the letter.
        dated: the day that the letter bears.
        registered: it is a registered letter: its number as written, or "sans numéro"; empty for any other.
    """

    confidence: float
    words: int
    sure: bool
    dated: date | None = None
    registered: str = ""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The original that somebody passed on, attached or inline: its first writer is kept apart from who forwarded."""

    sender: Mailbox
    subject: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VoiceNotice:
    """A telephone system says that somebody left a voice message.

    Attributes:
        key: the caller's number, as the key of its subscriber; None where they kept it to themselves.
        transcribed: the notice also says in words what was spoken.
        left_at: when it was left, aware; None where nothing says so besides the notice's own time.
    """

    key: str | None
    transcribed: bool = False
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A recipient whom a report says that a message did not reach.

    Attributes:
        address: in lower case.
        status: how it failed, as in RFC 3463: "5.1.1"; empty where the report has none.
        words: what the recipient's server said (RFC 3464, Diagnostic-Code), as it stands; empty where it is not told.
    """

    address: str
    status: str
    words: str = ""


class Automation(StrEnum):
    """What a sign in a message's structure says of the program that sent it (RFC 3834 section 5)."""

    REPLY = "reply"
    """It answers or reports on a message of ours: an absence notice, a delivery report, a receipt. Nobody asks."""
    MASS = "mass"
    """It went to many alike: a newsletter, an advertisement; also a form whose software marks all that it sends."""
    GENERATED = "generated"
    """A program wrote it because something happened. It must not be answered; it may well report or ask something."""


@dataclass(frozen=True, slots=True)
class AutomaticSign:
    """One such sign: what it says, and where it stands, as "Header: value"."""

    kind: Automation
    seen: str

    @property
    def by_words(self) -> bool:
        """Whether only the wording says so, of the subject or the text, which a person may use as well."""
        return self.seen.startswith(("Subject: ", "Text: "))


@dataclass(frozen=True, slots=True)
class Contact:
    """Who writes or calls, when, and what is new in it.

    Attributes:
        channel: how the person made contact.
        at: the contact's own time, aware: its Date; missing or absurd, its newest Received; else when it arrived.
        sender: who the message says it is from.
        reply_to: where an answer is asked for; empty where the message does not say.
        recipients: To and Cc.
        subject: the decoded subject.
        new_text: what the writer wrote this time.
        signature: the block under it, "Envoyé de mon iPhone" included.
        quoted_text: what they answer to.
        disclaimer: a legal notice at the end.
        forwarded: originals passed on, outermost first.
        attachments: files that came along.
        attached_text: the words of those that were read, in their order, with a line feed between.
        message_id, in_reply_to, references: thread references, without angle brackets.
        language: of the new text as the message declares it (Content-Language); empty where it does not.
        automatic_signs: what in the message's structure says that a program sent it.
        answers_suppressed: its sender wants no answer from a program (X-Auto-Response-Suppress), which says no more.
        undecoded: it holds words that could not be decoded or decrypted, as its notes say.
        trusted_verdicts: what our own mail server found (spam, virus, authentication), as it wrote it.
        authentication: what that says of the sender's address: without it, anybody may have written it.
        notes: what could not be read, or was cut at a limit, told in French for the agent.
        call: what the switchboard's log tells of a call; None where the channel is no phone.
        standing: which call-back the call opens, joins or closes; None likewise.
        voice: the voice message that a telephone system's notice tells of; None for every other message.
        sourced: what a source that we know says in fields; None of every other message. Then sender and text are the
            person's whom the fields tell, and no longer those of the program that sent it.
        undelivered: whom a report of delivery says that a message did not reach, for good.
        recognised: it is a scanned letter whose text was recognised on its image; None for all that came as text.
        stated: what an agent said of it who wrote it down; None where it came in by itself.
    """

    channel: Channel
    at: datetime
    sender: Mailbox = Mailbox()
    reply_to: Mailbox = Mailbox()
    recipients: tuple[Mailbox, ...] = ()
    subject: str = ""
    new_text: str = ""
    signature: str = ""
    quoted_text: str = ""
    disclaimer: str = ""
    forwarded: tuple[Forwarded, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    language: str = ""
    automatic_signs: tuple[AutomaticSign, ...] = ()
    answers_suppressed: bool = False
    undecoded: bool = False
    trusted_verdicts: tuple[str, ...] = field(default=())
    authentication: Authentication = Authentication.NONE
    notes: tuple[str, ...] = ()
    call: Call | None = None
    standing: CallBackState | None = None
    voice: VoiceNotice | None = None
    stated: Stated | None = None
    undelivered: tuple[Undelivered, ...] = ()
    attached_text: str = ""
    sourced: Sourced | None = None
    recognised: Recognised | None = None

    @property
    def unheard(self) -> bool:
        """Whether it is a voice message that nobody, and no program, has heard yet."""
        if self.voice is not None:
            return not self.voice.transcribed
        return self.call is not None and self.call.outcome is Outcome.VOICEMAIL

    @property
    def by_program(self) -> bool:
        """Whether its structure says that a program wrote it; what went to many alike may be a person's, by a list."""
        return any(sign.kind is not Automation.MASS for sign in self.automatic_signs)

    def text(self, part: Part) -> str:
        """Return the text of one part; a span's offsets count in it.

        Forwarded originals stand one after the other, each as subject, line feed, text, with a line feed between.
        """
        match part:
            case Part.SENDER_NAME:
                return self.sender.name
            case Part.SENDER_ADDRESS:
                return self.sender.address
            case Part.SUBJECT:
                return self.subject
            case Part.FORWARDED:
                return "\n".join(f"{original.subject}\n{original.text}" for original in self.forwarded)
            case Part.NEW | Part.SIGNATURE | Part.QUOTED | Part.DISCLAIMER | Part.ATTACHED:
                text: str = getattr(self, part.value)
                return text
