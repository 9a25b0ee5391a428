"""Which message joins which case: a table of what must join, what must not, and how strangers try."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from dtm_contact.conversation import House, fingerprint, join
from dtm_contact.model import (
    Alike,
    Attachment,
    CaseKind,
    Contact,
    Earlier,
    Forwarded,
    Joining,
    KnownCase,
    Likely,
    Mailbox,
    Match,
    Priority,
    Understanding,
    Way,
)
from dtm_contact.tokens import Tokens

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TOKENS = Tokens(b"k" * 32, "metropole@bailleur.example")
HOUSE = House(TOKENS, frozenset({"bailleur.example"}))

NADIA = Mailbox("Nadia Benali", "nadia@free.example")
SON = Mailbox("Karim", "karim@orange.example")
STRANGER = Mailbox("Jean Dupont", "jean@voisin.example")
COLLEAGUE = Mailbox("Secrétariat", "secretariat@bailleur.example")

LEAK = "2026-000101"
CLOSED = "2026-000102"
LONG_CLOSED = "2026-000103"
SILENT = "2026-000104"
NEIGHBOURS = "2026-000105"

THEIRS = Likely("T1", 0.99)
HOME = Likely("L1", 0.99)
NO_VERDICT = ()


def _case(number: str, *, closed: int | None = None, last: int = 1, tenant: str = "T1", home: str = "L1") -> KnownCase:
    closed_at = None if closed is None else NOW - timedelta(days=closed)
    address = NADIA.address if tenant == "T1" else "autre@free.example"
    return KnownCase(number, closed_at, NOW - timedelta(days=last), ("water_leak",), frozenset({address}), tenant, home)


CASES = {
    case.number: case
    for case in (
        _case(LEAK),
        _case(CLOSED, closed=3, last=4),
        _case(LONG_CLOSED, closed=20, last=25),
        _case(SILENT, last=31),
        _case(NEIGHBOURS, tenant="T9", home="L9"),
    )
}
EARLIER = Earlier("first@free.example", NADIA.address, LEAK, "T1", "L1", "R1")


@dataclass
class Known:
    """Five cases, one earlier message, and what was said before."""

    said: Sequence[Alike] = field(default=())

    def cases(self, numbers: Sequence[str]) -> Sequence[KnownCase]:
        return [CASES[number] for number in numbers if number in CASES]

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        return [EARLIER] if EARLIER.message_id in message_ids else []

    def alike(self, fingerprint: str, since: datetime) -> Sequence[Alike]:
        return [each for each in self.said if fingerprint and each.at >= since]


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    case: str | None
    way: Way | None = None
    sender: Mailbox = NADIA
    topic: str = "water_leak"
    reply_to: str = ""
    recipient: str = ""
    subject: str = "Ma fuite"
    tenant: Likely | None = None
    home: Likely | None = None
    reopens: bool = False
    linked: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = NO_VERDICT
    kind: CaseKind = CaseKind.CASE
    forwarded: tuple[Forwarded, ...] = ()


def ours(number: str) -> str:
    return TOKENS.message_id(number, "1")


def plus(number: str) -> str:
    return TOKENS.address(number)


FORGED_ID = ours(LEAK).replace("000101", "000105")
PASSED_ON = (Forwarded(NADIA, "Ma fuite", "Ça coule."),)
FAILED = ("Authentication-Results: mail.bailleur.example; dmarc=fail header.from=free.example",)
PASSED = ("Authentication-Results: mail.bailleur.example; dmarc=pass header.from=bailleur.example",)

JOIN = (
    Line("a reply to our message", LEAK, Way.MESSAGE_ID, reply_to=ours(LEAK)),
    Line("a reply to the plus address", LEAK, Way.ADDRESS, recipient=plus(LEAK)),
    Line("a reply to her own message", LEAK, Way.THREAD, reply_to=EARLIER.message_id),
    Line("the number in the subject", LEAK, Way.SUBJECT, subject=f"Re: dossier {LEAK} - fuite"),
    Line("her son's account, when the household is sure", LEAK, Way.SUBJECT, SON, subject=LEAK, home=HOME),
    Line("she herself from another account", LEAK, Way.SUBJECT, SON, subject=LEAK, tenant=THEIRS),
    Line("an answer without a topic", LEAK, Way.MESSAGE_ID, reply_to=ours(LEAK), topic="other"),
    Line("an answer about a time", LEAK, Way.MESSAGE_ID, reply_to=ours(LEAK), topic="appointment"),
    Line("closed three days ago", CLOSED, Way.MESSAGE_ID, reply_to=ours(CLOSED), reopens=True),
    Line("thanks for a closed case", CLOSED, Way.MESSAGE_ID, reply_to=ours(CLOSED), topic="thanks"),
    Line("a colleague passes her reply on", LEAK, Way.SUBJECT, COLLEAGUE, subject=f"TR: {LEAK}", forwarded=PASSED_ON),
    Line("a colleague answers her message", LEAK, Way.THREAD, COLLEAGUE, reply_to=EARLIER.message_id, topic="works"),
    Line("a colleague our server vouches for", LEAK, Way.SUBJECT, COLLEAGUE, subject=LEAK, verdicts=PASSED),
    Line("an absence notice", LEAK, Way.MESSAGE_ID, kind=CaseKind.AUTOMATIC, reply_to=ours(LEAK)),
    Line("a bounce to our plus address", LEAK, Way.ADDRESS, STRANGER, kind=CaseKind.AUTOMATIC, recipient=plus(LEAK)),
    Line("a bounce of an old case", LONG_CLOSED, Way.ADDRESS, kind=CaseKind.AUTOMATIC, recipient=plus(LONG_CLOSED)),
    Line("the first that may be joined", LEAK, Way.SUBJECT, subject=f"{NEIGHBOURS} et {LEAK}", linked=(NEIGHBOURS,)),
)

DO_NOT_JOIN = (
    Line("a message that points to nothing", None),
    Line("a number that there is not", None, subject="dossier 2026-999999"),
    Line("a number inside a longer one", None, subject=f"FA-{LEAK}-7"),
    Line("a stranger who knows the number", None, sender=STRANGER, subject=LEAK, linked=(LEAK,)),
    Line("a stranger who was forwarded our reply", None, sender=STRANGER, reply_to=ours(LEAK), linked=(LEAK,)),
    Line("a stranger who has the plus address", None, sender=STRANGER, recipient=plus(LEAK), linked=(LEAK,)),
    Line("a tenant in her neighbours' case", None, subject=NEIGHBOURS, linked=(NEIGHBOURS,)),
    Line("a made-up message id", None, reply_to=FORGED_ID),
    Line("a made-up plus address", None, recipient=f"metropole+{LEAK}.aaaaaaaaaaaaaaaa@bailleur.example"),
    Line("her address, forged", None, reply_to=ours(LEAK), verdicts=FAILED, linked=(LEAK,)),
    Line("our address, forged", None, sender=COLLEAGUE, subject=LEAK, verdicts=FAILED, linked=(LEAK,)),
    Line("our address, not vouched for", None, sender=COLLEAGUE, subject=LEAK, linked=(LEAK,)),
    Line("another matter on the same thread", None, reply_to=ours(LEAK), topic="rent_charges", linked=(LEAK,)),
    Line("danger on the thread of a leak", None, reply_to=ours(LEAK), topic="gas", linked=(LEAK,)),
    Line("closed twenty days ago", None, reply_to=ours(LONG_CLOSED), linked=(LONG_CLOSED,)),
    Line("silent for a month", None, reply_to=ours(SILENT), linked=(SILENT,)),
    Line("spam on a thread", None, kind=CaseKind.SPAM, reply_to=ours(LEAK)),
    Line("a machine that only names a number", None, kind=CaseKind.AUTOMATIC, subject=LEAK),
    Line("a machine that answers the tenant", None, kind=CaseKind.AUTOMATIC, reply_to=EARLIER.message_id),
)


def _joined(line: Line, known: Known | None = None, text: str = "Ça coule toujours.") -> Joining:
    contact = Contact(
        channel="email",
        at=NOW,
        sender=line.sender,
        subject=line.subject,
        new_text=text,
        in_reply_to=(line.reply_to,) if line.reply_to else (),
        trusted_verdicts=line.verdicts,
        forwarded=line.forwarded,
        message_id="m@free.example",
    )
    matched = Match(tenant=line.tenant, dwelling=line.home)
    topics = () if line.kind is CaseKind.NONE else (line.topic,)
    understood = Understanding(line.kind, topics, Priority.P3)
    recipients = (line.recipient,) if line.recipient else ()
    return join(contact, matched, understood, HOUSE, known or Known(), recipients=recipients, now=NOW)


@pytest.mark.parametrize("line", [*JOIN, *DO_NOT_JOIN], ids=lambda line: line.what)
def test_table(line: Line) -> None:
    joining = _joined(line)
    assert (joining.case_number, joining.way, joining.reopens, joining.linked) == (
        line.case,
        line.way,
        line.reopens,
        line.linked,
    )
    if line.linked or line.case:
        assert joining.why


def test_a_colleague_s_answer_is_told_from_a_tenant_s() -> None:
    assert _joined(Line("", LEAK, sender=COLLEAGUE, reply_to=EARLIER.message_id)).by_staff
    assert not _joined(Line("", LEAK, sender=COLLEAGUE, subject=LEAK, forwarded=PASSED_ON)).by_staff
    assert not _joined(Line("", LEAK, reply_to=ours(LEAK))).by_staff


@pytest.mark.parametrize(
    ("sender", "message_id", "hours", "case", "way", "linked"),
    [
        (NADIA, "m@free.example", 1, LEAK, Way.SAME_MESSAGE, ()),
        (NADIA, "m@free.example", 24 * 20, LEAK, Way.SAME_MESSAGE, ()),
        (NADIA, "other@free.example", 47, LEAK, Way.SAME_TEXT, ()),
        (NADIA, "other@free.example", 49, None, None, ()),
        (STRANGER, "m@free.example", 1, None, None, (LEAK,)),
        (STRANGER, "other@free.example", 1, None, None, (LEAK,)),
    ],
)
def test_the_same_words_again(
    sender: Mailbox, message_id: str, hours: int, case: str | None, way: Way | None, linked: tuple[str, ...]
) -> None:
    said = Alike(message_id, NADIA.address, LEAK, NOW - timedelta(hours=hours))
    joining = _joined(Line("", case, sender=sender), Known([said]))
    assert (joining.case_number, joining.way, joining.linked) == (case, way, linked)


def test_a_petition_is_as_many_cases_shown_together() -> None:
    said = [Alike(f"{n}@x.example", f"voisin{n}@x.example", number, NOW) for n, number in enumerate((LEAK, NEIGHBOURS))]
    joining = _joined(Line("", None, sender=STRANGER), Known(said))
    assert joining.case_number is None
    assert joining.linked == (LEAK, NEIGHBOURS)


def test_fingerprints_ignore_how_it_travelled() -> None:
    plain = Contact("email", NOW, subject="Fuite", new_text="L'eau  coule\nau plafond")
    again = Contact("email", NOW, subject="RELANCE Fuite", new_text="L'EAU COULE AU PLAFOND ")
    other = Contact("email", NOW, subject="Fuite", new_text="L'eau coule au plafond et au mur")
    photo = Attachment("a.jpg", "image/jpeg", 3, "0" * 64)
    assert fingerprint(plain) == fingerprint(again) != fingerprint(other)
    assert fingerprint(Contact("email", NOW)) == ""
    assert fingerprint(Contact("email", NOW, attachments=(photo,))) != ""


def test_who_names_hundreds_of_cases_is_not_followed() -> None:
    numbers = " ".join(f"2026-{n:06}" for n in range(1, 101))
    assert _joined(Line("", None, subject=numbers)).case_number is None
    assert _joined(Line("", None, subject=f"{LEAK} {numbers}")).case_number == LEAK
