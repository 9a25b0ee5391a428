"""What goes out: written in the transaction that calls for it, sent afterwards."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final

DANGER_QUESTION: Final = "danger-possible"
"""The answer that asks whether a possible danger is happening now; what it is sent for, as `Outgoing.reason`."""
NEUTRAL_RECEIPT: Final = "recu-neutre"
"""The only answer that goes out by itself where somebody is hurt at home: it says that a message came, and no more."""
NO_MAILBOX: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
"""The enhanced codes of mail servers (RFC 3463, RFC 7505) that say that there is no such address.

No such mailbox, no such domain, no address at all, a mailbox that has moved away, a domain that takes no mail. All
others say something else, also of an address (5.1.8 is the sender's, 5.2.2 a full mailbox, 5.7.1 a policy).
"""


class Withheld(StrEnum):
    """Why something does not go out that was to be sent; the values stand in stores, in the outbox and in events."""

    NO_SUCH_ADDRESS = "no such address"
    MAILBOX_LIMIT = "limit for one mailbox"
    TOTAL_LIMIT = "limit in all"
    REGISTER = "register: never write there"
    NO_ADDRESS = "no usable address"
    STORM = "storm"
    NO_SERVER = "no server that sends"


class Unanswered(StrEnum):
    """Why no answer goes out by itself."""

    NO_RULE = "no rule answers"
    FORBIDDEN = "nothing may be written"
    SWITCHED_OFF = "switched off"
    NO_CASE = "no case"
    NO_EMAIL = "no e-mail"
    AUTOMATIC = "automatic"
    NULL_SENDER = "null sender"
    IMPORTED = "it was taken over from another mailbox"
    BACKLOG = "it lay in the mailbox before the first look"
    NO_ADDRESS = "no address that could be answered"
    ROBOT = "no-reply address"
    ONE_OF_US = "one of us"
    FORGED = "the sender's domain does not vouch for it"
    TOO_OLD = "too old"


class OutgoingKind(StrEnum):
    """Why something is sent: an answer by itself, an agent's words, a word to one of us."""

    ANSWER = "answer"
    REPLY = "reply"
    NOTICE = "notice"


class Urgency(IntEnum):
    """In which order things are sent: about danger (P1), to our own people, agents' words, the rest."""

    DANGER = 0
    NOTICE = 1
    REPLY = 2
    ANSWER = 3


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """What is attached to an e-mail: a file of ours, or one that came in with a message.

    Attributes:
        name, media_type: what it is called, and what it is.
        file_id: of ours; None for one that came in.
        arrival_id, sha256: the message that it came in with, and its digest there.
    """

    name: str
    media_type: str
    file_id: int | None = None
    arrival_id: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One e-mail to be sent, once.

    Attributes:
        kind: why it is sent.
        reason: what makes it the same thing sent twice within one case, so that it is not: the answer's name, …
        to: the one address that it goes to.
        mail_from: the return path: bounces come back there.
        message_id: its Message-ID without angle brackets, the same at every attempt.
        raw: the whole message, as it is sent.
        again_after: where the same was sent in the case already, it is sent once more if that was so long ago; None:
            never.
        proven: an answer goes to somebody who is proven (`ConversationMatch.proven`).
        safety: an answer tells somebody who is in danger (P1), or may be, what to do.
        also_to: further addresses that it goes to, those of copies included.
        files: what joins it when it is handed over.
    """

    kind: OutgoingKind
    reason: str
    to: str
    mail_from: str
    message_id: str
    raw: bytes
    again_after: timedelta | None = None
    proven: bool = False
    safety: bool = False
    also_to: tuple[str, ...] = ()
    files: tuple[OutgoingFile, ...] = ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """All addresses that it goes to."""
        return (self.to, *self.also_to)


@dataclass(frozen=True, slots=True)
class UnwrittenNotice:
    """A notice that is not written, though somebody should have one: an event of the case in its place.

    Attributes:
        reason: what the notice would have been for, as `Outgoing.reason` has it: `on_call: …`.
        why: what keeps it from being written.
    """

    reason: str
    why: Withheld


@dataclass(frozen=True, slots=True)
class ClaimedOutgoing:
    """An e-mail that is being sent.

    Attributes:
        id: its number in the outbox.
        outgoing: the e-mail.
        attempt: 1 for the first; with `id`, what tells this claim from any other.
        created_at: when it was written; after some days it is given up.
        urgency: before which others it is sent.
        left_to: whom it is still to be handed over for; empty while that is everybody.
    """

    id: int
    outgoing: Outgoing
    attempt: int
    created_at: datetime
    urgency: Urgency = Urgency.ANSWER
    left_to: tuple[str, ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Whom it is handed over for at this attempt."""
        return self.left_to or self.outgoing.everybody


@dataclass(frozen=True, slots=True)
class Limits:
    """How many answers go out by themselves.

    Attributes:
        per_mailbox: at most so many in 24 hours to one mailbox of somebody proven; to anybody else one.
        per_hour: at most so many in an hour in all, those that tell somebody in danger what to do left out.
    """

    per_mailbox: int
    per_hour: int
