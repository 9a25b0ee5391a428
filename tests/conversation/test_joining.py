"""Which message joins which case, and who is proven: a table of what must join, what must not, how strangers try."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from dtm_contact.conversation import MailIdentity, fingerprint, join, join_by_rule, tells_of_nothing_else
from dtm_contact.conversation.references import references
from dtm_contact.labels.coded_text import texts_of
from dtm_contact.model import (
    Alike,
    Attachment,
    Authentication,
    CaseKind,
    Channel,
    Contact,
    ConversationMatch,
    Earlier,
    Forwarded,
    JoinedBy,
    KnownCase,
    Likely,
    Mailbox,
    Match,
    Priority,
    Sent,
    Sourced,
    Stated,
    Understanding,
)
from dtm_contact.tokens import CaseTokens

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TOKENS = CaseTokens(b"k" * 32, "metropole@bailleur.example")
OUR_IDENTITY = MailIdentity(TOKENS, frozenset({"bailleur.example"}))

NADIA = Mailbox("Nadia Benali", "nadia@free.example")
WORK = Mailbox("N. Benali", "n.benali@travail.example")
SON = Mailbox("Karim", "karim@orange.example")
STRANGER = Mailbox("Jean Dupont", "jean@voisin.example")
US = Mailbox("Votre bailleur", "metropole@bailleur.example")
COLLEAGUE = Mailbox("Secrétariat", "secretariat@bailleur.example")

LEAK = "2026-000101"
CLOSED = "2026-000102"
LONG_CLOSED = "2026-000103"
SILENT = "2026-000104"
NEIGHBOURS = "2026-000105"

THEIRS = Likely("T1", 0.99)
HOME = Likely("L1", 0.99)
VOUCHED, NONE, FAILED = Authentication.VOUCHED, Authentication.NONE, Authentication.FAILED


def _case(number: str, *, closed: int | None = None, last: int = 1, tenant: str = "T1", home: str = "L1") -> KnownCase:
    closed_at = None if closed is None else NOW - timedelta(days=closed)
    wrote = frozenset({NADIA.address if tenant == "T1" else "autre@free.example"})
    sent_to = frozenset({NADIA.address, WORK.address, US.address}) if tenant == "T1" else frozenset()
    last_at = NOW - timedelta(days=last)
    return KnownCase(number, closed_at, last_at, ("water_leak",), wrote | sent_to, tenant, home, sent_to)


OPEN = KnownCase("2026-000106", None, NOW, ("water_leak",), frozenset({STRANGER.address}), None, None)
OF_A_DWELLING = KnownCase("2026-000107", None, NOW, ("water_leak",), frozenset(), None, "L9")


def _by_number(*cases: KnownCase) -> dict[str, KnownCase]:
    """Return cases by their numbers; two of one number are a slip in the table, and none of them may be lost."""
    table = {case.number: case for case in cases}
    if len(table) != len(cases):
        raise ValueError(f"two cases have one number: {sorted(case.number for case in cases)}")
    return table


CASES = _by_number(
    _case(LEAK),
    _case(CLOSED, closed=3, last=4),
    _case(LONG_CLOSED, closed=20, last=25),
    _case(SILENT, last=31),
    _case(NEIGHBOURS, tenant="T9", home="L9"),
    OPEN,
    OF_A_DWELLING,
)
EARLIER = Earlier("first@free.example", NADIA.address, LEAK, "T1", "L1", "R1")


@dataclass
class Known:
    """Seven cases, one earlier message, what was said before, and what we sent."""

    said: Sequence[Alike] = field(default=())
    letters: Sequence[Sent] = field(default=())

    def cases(self, numbers: Sequence[str]) -> Sequence[KnownCase]:
        return [CASES[number] for number in numbers if number in CASES]

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        return [EARLIER] if EARLIER.message_id in message_ids else []

    def alike(self, fingerprint: str, since: datetime) -> Sequence[Alike]:
        return [each for each in self.said if fingerprint and each.at >= since]

    def sent(self, message_ids: Sequence[str]) -> Sequence[Sent]:
        return [each for each in self.letters if each.message_id in message_ids]


@dataclass(frozen=True)
class Line:
    """One line of the table; whose address the sender's is stands in `known` and `home`."""

    what: str
    case: str | None
    way: JoinedBy | None = None
    sender: Mailbox = NADIA
    topic: str = "water_leak"
    reply_to: str = ""
    recipient: str = ""
    subject: str = "Ma fuite"
    message_id: str = "m@free.example"
    tenant: Likely | None = None
    home: Likely | None = None
    known: tuple[str, ...] = ()
    known_home: tuple[str, ...] = ()
    reopens: bool = False
    linked: tuple[str, ...] = ()
    by: Authentication = VOUCHED
    proven: bool = False
    kind: CaseKind = CaseKind.CASE
    forwarded: tuple[Forwarded, ...] = ()


def ours(number: str) -> str:
    return TOKENS.message_id(number, "1")


def plus(number: str) -> str:
    return TOKENS.address(number)


FORGED_ID = ours(LEAK).replace("000101", "000105")
PASSED_ON = (Forwarded(NADIA, "Ma fuite", "Ça coule."),)


def hers(line: Line) -> Line:
    """Return a line whose sender's address we know as the tenant's."""
    return replace(line, known=("T1",), known_home=("L1",), proven=True)


def housemate(line: Line) -> Line:
    """Return a line whose sender's address we know as that of somebody who lives with the tenant."""
    return replace(line, known=("T2",), known_home=("L1",), proven=True)


JOIN = (
    Line("a reply to our message", LEAK, JoinedBy.MESSAGE_ID, reply_to=ours(LEAK), proven=True),
    Line("a reply to the plus address", LEAK, JoinedBy.ADDRESS, recipient=plus(LEAK), proven=True),
    Line("a reply that nobody vouches for", LEAK, JoinedBy.MESSAGE_ID, reply_to=ours(LEAK), by=NONE, proven=True),
    Line("from where we wrote to her", LEAK, JoinedBy.MESSAGE_ID, WORK, reply_to=ours(LEAK), proven=True),
    Line("a reply to her own message", LEAK, JoinedBy.THREAD, reply_to=EARLIER.message_id),
    hers(Line("so, from an address we know", LEAK, JoinedBy.THREAD, reply_to=EARLIER.message_id)),
    Line("the number in the subject", LEAK, JoinedBy.SUBJECT, subject=f"Re: dossier {LEAK} - fuite"),
    housemate(Line("her son's account, when it is known at her home", LEAK, JoinedBy.SUBJECT, SON, subject=LEAK)),
    hers(Line("another account of hers that we know", LEAK, JoinedBy.SUBJECT, SON, subject=LEAK)),
    Line("an answer without a topic", LEAK, JoinedBy.MESSAGE_ID, reply_to=ours(LEAK), topic="other", proven=True),
    Line("an answer about a time", LEAK, JoinedBy.MESSAGE_ID, reply_to=ours(LEAK), topic="appointment", proven=True),
    Line("closed three days ago", CLOSED, JoinedBy.MESSAGE_ID, reply_to=ours(CLOSED), reopens=True, proven=True),
    Line("thanks for a closed case", CLOSED, JoinedBy.MESSAGE_ID, reply_to=ours(CLOSED), topic="thanks", proven=True),
    Line(
        "a colleague passes her reply on", LEAK, JoinedBy.SUBJECT, COLLEAGUE, subject=f"TR: {LEAK}", forwarded=PASSED_ON
    ),
    Line(
        "a colleague answers her message", LEAK, JoinedBy.THREAD, COLLEAGUE, reply_to=EARLIER.message_id, topic="works"
    ),
    Line("a colleague our server vouches for", LEAK, JoinedBy.SUBJECT, COLLEAGUE, subject=LEAK),
    Line("an absence notice", LEAK, JoinedBy.MESSAGE_ID, kind=CaseKind.AUTOMATIC, reply_to=ours(LEAK)),
    Line(
        "a bounce to our plus address", LEAK, JoinedBy.ADDRESS, STRANGER, kind=CaseKind.AUTOMATIC, recipient=plus(LEAK)
    ),
    Line(
        "a bounce of an old case", LONG_CLOSED, JoinedBy.ADDRESS, kind=CaseKind.AUTOMATIC, recipient=plus(LONG_CLOSED)
    ),
    hers(Line(
        "the first that may be joined", LEAK, JoinedBy.SUBJECT, subject=f"{NEIGHBOURS} et {LEAK}", linked=(NEIGHBOURS,),
    )),
    Line("who opened a case that names nobody", OPEN.number, JoinedBy.SUBJECT, STRANGER, subject=OPEN.number),
    hers(Line(
        "somebody known, by our signature, in a case that names nobody", OPEN.number, JoinedBy.MESSAGE_ID,
        reply_to=ours(OPEN.number),
    )),
    hers(Line(
        "of two cases by our signature that of the one at work", LEAK, JoinedBy.ADDRESS, reply_to=ours(LONG_CLOSED),
        recipient=plus(LEAK), linked=(LONG_CLOSED,),
    )),
    # Our signatures are passed on in copies and forwards: they prove the case, and not who brings them.
    Line(
        "so, by a stranger, who ties neither to the other", LEAK, JoinedBy.ADDRESS, STRANGER,
        reply_to=ours(LONG_CLOSED), recipient=plus(LEAK),
    ),
    replace(
        hers(Line("a tenant in the case of another dwelling", OF_A_DWELLING.number, JoinedBy.ADDRESS,
                  recipient=plus(OF_A_DWELLING.number))),
        proven=False,
    ),
    Line("a stranger who was forwarded our reply", LEAK, JoinedBy.MESSAGE_ID, STRANGER, reply_to=ours(LEAK)),
    Line("a stranger who has the plus address", LEAK, JoinedBy.ADDRESS, STRANGER, recipient=plus(LEAK)),
    Line("a stranger who signs with her name", LEAK, JoinedBy.ADDRESS, STRANGER, recipient=plus(LEAK), tenant=THEIRS),
    Line("a neighbour who was forwarded our reply", LEAK, JoinedBy.MESSAGE_ID, SON, reply_to=ours(LEAK), known=("T9",)),
    Line(
        "a colleague's address that nobody vouches for", LEAK, JoinedBy.ADDRESS, COLLEAGUE, recipient=plus(LEAK),
        by=NONE,
    ),
    Line("so, though we once wrote to ourselves", LEAK, JoinedBy.ADDRESS, US, recipient=plus(LEAK), by=NONE),
    Line(
        "a colleague passes on a stranger's", LEAK, JoinedBy.ADDRESS, COLLEAGUE, recipient=plus(LEAK),
        forwarded=PASSED_ON,
    ),
    Line("a stranger ties nothing to it", LEAK, JoinedBy.ADDRESS, STRANGER, recipient=plus(LEAK), subject=NEIGHBOURS),
    Line("our own notice, altered on the way", LEAK, JoinedBy.OWN, US, message_id=ours(LEAK), topic="gas", by=NONE),
    Line(
        "the same, its signature broken by that", LEAK, JoinedBy.OWN, US, message_id=ours(LEAK), topic="gas", by=FAILED
    ),
    Line(
        "the same, of an old case", LONG_CLOSED, JoinedBy.OWN, US, message_id=ours(LONG_CLOSED), by=FAILED, reopens=True
    ),
)  # fmt: skip

DO_NOT_JOIN = (
    Line("a message that points to nothing", None),
    hers(Line("so, from the tenant it names", None, tenant=THEIRS)),
    housemate(Line("so, from the household it names", None, tenant=THEIRS, home=HOME)),
    hers(Line("so, from somebody known, and it names nobody", None)),
    Line("so, from somebody known, about others", None, tenant=THEIRS, home=HOME, known=("T9",), known_home=("L9",)),
    Line("a number that there is not", None, subject="dossier 2026-999999"),
    Line("a number inside a longer one", None, subject=f"FA-{LEAK}-7"),
    Line("a stranger who knows the number", None, sender=STRANGER, subject=LEAK, linked=(LEAK,)),
    Line("so, and signs with her name", None, None, STRANGER, subject=LEAK, tenant=THEIRS, home=HOME, linked=(LEAK,)),
    Line("a stranger who knows her message", None, None, STRANGER, reply_to=EARLIER.message_id, linked=(LEAK,)),
    Line("her address and number, unvouched", None, subject=LEAK, by=NONE, linked=(LEAK,)),
    Line("her address in her thread, unvouched", None, reply_to=EARLIER.message_id, by=NONE, linked=(LEAK,)),
    hers(Line("a tenant in her neighbours' case", None, subject=NEIGHBOURS, linked=(NEIGHBOURS,))),
    Line("a made-up message id", None, reply_to=FORGED_ID),
    Line("a made-up plus address", None, recipient=f"metropole+{LEAK}.aaaaaaaaaaaaaaaa@bailleur.example"),
    Line("her address, forged", None, reply_to=ours(LEAK), by=FAILED, linked=(LEAK,)),
    Line("our address, forged", None, sender=COLLEAGUE, subject=LEAK, by=FAILED, linked=(LEAK,)),
    Line("our address, not vouched for", None, sender=COLLEAGUE, subject=LEAK, by=NONE, linked=(LEAK,)),
    Line("so, in her thread", None, sender=COLLEAGUE, reply_to=EARLIER.message_id, by=NONE, linked=(LEAK,)),
    Line(
        "so, and passes on what looks like hers", None, None, COLLEAGUE, subject=LEAK, by=NONE, forwarded=PASSED_ON,
        linked=(LEAK,),
    ),
    Line("our message id as a stranger's own", None, None, STRANGER, message_id=ours(LEAK)),
    Line("another matter on the same thread", None, reply_to=ours(LEAK), topic="rent_charges", linked=(LEAK,)),
    Line("danger on the thread of a leak", None, reply_to=ours(LEAK), topic="gas", linked=(LEAK,)),
    Line("closed twenty days ago", None, reply_to=ours(LONG_CLOSED), linked=(LONG_CLOSED,)),
    Line("silent for a month", None, reply_to=ours(SILENT), linked=(SILENT,)),
    Line("spam on a thread", None, kind=CaseKind.SPAM, reply_to=ours(LEAK)),
    Line("a machine that only names a number", None, kind=CaseKind.AUTOMATIC, subject=LEAK),
    Line("a machine that answers the tenant", None, kind=CaseKind.AUTOMATIC, reply_to=EARLIER.message_id),
)  # fmt: skip


def _read(line: Line, text: str) -> tuple[Contact, Match]:
    contact = Contact(
        channel=Channel.EMAIL,
        at=NOW,
        sender=line.sender,
        subject=line.subject,
        new_text=text,
        in_reply_to=(line.reply_to,) if line.reply_to else (),
        authentication=line.by,
        forwarded=line.forwarded,
        message_id=line.message_id,
    )
    matched = Match(tenant=line.tenant, dwelling=line.home, proven=line.known, proven_homes=line.known_home)
    return contact, matched


def joined(line: Line, known: Known | None = None, text: str = "Ça coule toujours.") -> ConversationMatch:
    contact, matched = _read(line, text)
    topics = () if line.kind is CaseKind.NONE else (line.topic,)
    understood = Understanding(line.kind, topics, Priority.P3)
    recipients = (line.recipient,) if line.recipient else ()
    return join(contact, matched, understood, OUR_IDENTITY, known or Known(), recipients=recipients, now=NOW)


@pytest.mark.parametrize("line", [*JOIN, *DO_NOT_JOIN], ids=lambda line: line.what)
def test_table(line: Line) -> None:
    joining = joined(line)
    assert (joining.case_number, joining.way, joining.reopens, joining.linked) == (
        line.case,
        line.way,
        line.reopens,
        line.linked,
    )
    assert joining.proven is line.proven
    if line.linked or line.case:
        assert texts_of(joining.why)


def test_a_colleague_s_answer_is_told_from_a_tenant_s() -> None:
    assert joined(Line("", LEAK, sender=COLLEAGUE, reply_to=EARLIER.message_id)).by_staff
    assert not joined(Line("", LEAK, sender=COLLEAGUE, subject=LEAK, forwarded=PASSED_ON)).by_staff
    assert not joined(Line("", LEAK, reply_to=ours(LEAK))).by_staff
    for by in (NONE, FAILED):
        assert not joined(Line("", LEAK, sender=COLLEAGUE, reply_to=ours(LEAK), by=by)).by_staff


@pytest.mark.parametrize(("to", "answers"), [(NADIA, True), (COLLEAGUE, False)])
def test_what_a_colleague_writes_answers_the_case_where_it_goes_to_somebody_outside(
    to: Mailbox, *, answers: bool
) -> None:
    contact, matched = _read(Line("", LEAK, sender=COLLEAGUE, reply_to=EARLIER.message_id), "Nous passons mardi.")
    understood = Understanding(CaseKind.CASE, ("appointment",), Priority.P3)
    sent = replace(contact, recipients=(to,))
    joining = join(sent, matched, understood, OUR_IDENTITY, Known(), recipients=(), now=NOW)
    assert (joining.case_number, joining.answers) == (LEAK, answers)


@pytest.mark.parametrize(("by", "wrote"), [(VOUCHED, NADIA), (NONE, COLLEAGUE), (FAILED, COLLEAGUE)])
def test_whose_a_message_is_only_a_colleague_can_say(by: Authentication, wrote: Mailbox) -> None:
    assert joined(Line("", None, sender=COLLEAGUE, forwarded=PASSED_ON, by=by)).writer == wrote


def test_agents_are_told_of_who_is_only_named() -> None:
    assert "n'est pas vérifié" in texts_of(joined(Line("", LEAK, sender=STRANGER, reply_to=ours(LEAK))).why)
    assert "n'est pas vérifié" not in texts_of(joined(Line("", LEAK, reply_to=ours(LEAK))).why)
    assert "n'est pas vérifié" in texts_of(joined(Line("", None, subject=LEAK, by=NONE)).why)
    assert "rien ne prouve que l'un de nous" in texts_of(joined(Line("", None, sender=COLLEAGUE, by=NONE)).why)
    assert joined(Line("", None, sender=COLLEAGUE)).why == ()
    assert "n'y est pas partie" in texts_of(joined(Line("", None, sender=STRANGER, subject=LEAK)).why)
    assert "l'authentification de l'expéditeur a échoué" in texts_of(
        joined(Line("", None, subject=LEAK, by=FAILED)).why
    )


@pytest.mark.parametrize(
    ("sender", "by", "message_id", "hours", "case", "way", "linked"),
    [
        (NADIA, VOUCHED, "m@free.example", 1, LEAK, JoinedBy.SAME_MESSAGE, ()),
        (NADIA, VOUCHED, "m@free.example", 24 * 20, LEAK, JoinedBy.SAME_MESSAGE, ()),
        (NADIA, VOUCHED, "other@free.example", 48, LEAK, JoinedBy.SAME_TEXT, ()),
        (NADIA, VOUCHED, "other@free.example", 49, None, None, ()),
        (NADIA, NONE, "other@free.example", 47, LEAK, JoinedBy.SAME_TEXT, ()),
        (NADIA, FAILED, "m@free.example", 1, None, None, (LEAK,)),
        (NADIA, FAILED, "other@free.example", 1, None, None, (LEAK,)),
        (STRANGER, VOUCHED, "m@free.example", 1, None, None, (LEAK,)),
        (STRANGER, VOUCHED, "other@free.example", 1, None, None, (LEAK,)),
    ],
)
def test_the_same_words_again(  # noqa: PLR0913, PLR0917 - a table
    sender: Mailbox,
    by: Authentication,
    message_id: str,
    hours: int,
    case: str | None,
    way: JoinedBy | None,
    linked: tuple[str, ...],
) -> None:
    said = Alike(message_id, NADIA.address, LEAK, NOW - timedelta(hours=hours))
    joining = joined(Line("", case, sender=sender, by=by), Known([said]))
    assert (joining.case_number, joining.way, joining.linked, joining.proven) == (case, way, linked, False)


@pytest.mark.parametrize(("days", "case"), [((1, 2), LEAK), ((366, 366), LEAK), ((367, 367), None)])
def test_what_a_source_numbers_as_one_matter_joins_its_latest_case_for_a_year(
    days: tuple[int, int], case: str | None
) -> None:
    contact, matched = _read(Line("", case), "Relance.")
    numbered = replace(contact, sourced=Sourced("extranet", "Extranet", key="request:4711"))
    said = [
        Alike(f"{number}@x.example", "extranet@x.example", number, NOW - timedelta(days=ago))
        for number, ago in zip((LEAK, NEIGHBOURS), days, strict=True)
    ]
    understood = Understanding(CaseKind.CASE, ("water_leak",), Priority.P3)
    joining = join(numbered, matched, understood, OUR_IDENTITY, Known(said), recipients=(), now=NOW)
    assert (joining.case_number, joining.way) == (case, JoinedBy.REQUEST if case else None)


def test_what_a_stranger_repeats_of_others_ties_their_cases_to_none_but_its_own() -> None:
    said = [Alike("a@x.example", "voisin@x.example", NEIGHBOURS, NOW)]
    leaked = Line("", LEAK, sender=STRANGER, recipient=plus(LEAK))
    assert joined(leaked, Known(said)).linked == ()
    assert joined(Line("", None, sender=STRANGER), Known(said)).linked == (NEIGHBOURS,)
    assert joined(Line("", LEAK, reply_to=ours(LEAK)), Known(said)).linked == (NEIGHBOURS,)


BY_RULE = (
    ("an address of the case", Line("", None), True, False),
    ("the tenant, from an address we know", hers(Line("", None, sender=SON)), True, True),
    ("their household", housemate(Line("", None, sender=SON)), True, True),
    ("an address of the case, unvouched", Line("", None, by=NONE), False, False),
    ("who only signs with their name", Line("", None, sender=STRANGER, tenant=THEIRS, home=HOME), False, False),
)


@pytest.mark.parametrize(("line", "joins", "proven"), [each[1:] for each in BY_RULE], ids=[each[0] for each in BY_RULE])
def test_a_rule_lets_only_a_party_join_the_open_case_of_whom_the_text_names(
    line: Line,
    joins: bool,  # noqa: FBT001 - a table
    proven: bool,  # noqa: FBT001 - a table
) -> None:
    contact, matched = _read(line, "Ça coule toujours.")
    joining = join_by_rule(joined(line), LEAK, "suite", contact, matched, Known())
    assert (joining.case_number, joining.way, joining.proven) == (
        (LEAK, JoinedBy.RULE, proven) if joins else (None, None, proven)
    )
    assert joining.linked == (() if joins else (LEAK,))
    assert "la règle suite" in texts_of(joining.why)


@pytest.mark.parametrize(
    ("line", "number", "proven"),
    [
        (hers(Line("somebody known, in a case that names nobody", None, sender=STRANGER)), OPEN.number, True),
        (Line("somebody unknown, in a case that names nobody", None, sender=STRANGER), OPEN.number, False),
        (replace(hers(Line("somebody else who is known", None)), known=("T9",), known_home=("L9",)), LEAK, False),
    ],
    ids=lambda each: each.what if isinstance(each, Line) else "",
)
def test_who_is_let_in_by_a_rule_is_proven_only_where_the_case_names_nobody_else(
    line: Line, number: str, *, proven: bool
) -> None:
    contact, matched = _read(line, "Ça coule toujours.")
    joining = join_by_rule(joined(line), number, "suite", contact, matched, Known())
    assert (joining.case_number, joining.proven) == (number, proven)


def test_the_case_that_a_rule_joins_is_linked_no_more() -> None:
    line = Line("", None)
    contact, matched = _read(line, "Ça coule toujours.")
    linked = replace(joined(line), linked=(LEAK, NEIGHBOURS))
    assert join_by_rule(linked, LEAK, "suite", contact, matched, Known()).linked == (NEIGHBOURS,)


def test_a_message_points_to_so_many_cases_and_no_more() -> None:
    numbers = [f"2026-{number:06}" for number in range(1, 31)]
    pointed = references(Contact(Channel.EMAIL, NOW, subject=" ".join(numbers)), (), (), TOKENS)
    assert [reference.number for reference in pointed] == numbers[:10]


def test_what_an_agent_wrote_down_joins_as_the_agent_says() -> None:
    contact, matched = _read(Line("", None, sender=Mailbox(), by=NONE, tenant=THEIRS), "Ça coule.")
    contact = replace(contact, channel=Channel.DESK, stated=Stated(by="anna", visit="counter"))
    joining = join_by_rule(ConversationMatch(), LEAK, "suite", contact, matched, Known())
    assert (joining.case_number, joining.proven) == (LEAK, False)


def test_a_rule_changes_nothing_of_what_points_elsewhere_or_is_a_colleague_s() -> None:
    contact, matched = _read(hers(Line("", None)), "Ça coule.")
    for joining in (ConversationMatch(CLOSED, JoinedBy.SUBJECT), ConversationMatch(by_staff=True)):
        assert join_by_rule(joining, LEAK, "suite", contact, matched, Known()) == joining
    assert join_by_rule(ConversationMatch(), "2026-999999", "suite", contact, matched, Known()) == ConversationMatch()


def test_a_petition_is_as_many_cases_shown_together() -> None:
    said = [Alike(f"{n}@x.example", f"voisin{n}@x.example", number, NOW) for n, number in enumerate((LEAK, NEIGHBOURS))]
    joining = joined(Line("", None, sender=STRANGER), Known(said))
    assert joining.case_number is None
    assert joining.linked == (LEAK, NEIGHBOURS)


def test_fingerprints_ignore_how_it_travelled() -> None:
    plain = Contact(Channel.EMAIL, NOW, subject="Fuite", new_text="L'eau  coule\nau plafond")
    again = Contact(Channel.EMAIL, NOW, subject="RELANCE Fuite", new_text="L'EAU COULE AU PLAFOND ")
    other = Contact(Channel.EMAIL, NOW, subject="Fuite", new_text="L'eau coule au plafond et au mur")
    photo = Attachment("a.jpg", "image/jpeg", 3, "0" * 64)
    assert fingerprint(plain) == fingerprint(again) != fingerprint(other)
    assert fingerprint(Contact(Channel.EMAIL, NOW)) == ""
    assert fingerprint(Contact(Channel.EMAIL, NOW, attachments=(photo,))) != ""


def test_who_names_hundreds_of_cases_is_not_followed() -> None:
    numbers = " ".join(f"2026-{n:06}" for n in range(1, 101))
    assert joined(Line("", None, subject=numbers)).case_number is None
    assert joined(Line("", None, subject=f"{LEAK} {numbers}")).case_number == LEAK


def test_a_reply_joins_a_case_that_has_no_topic_whatever_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call-back has none: what its caller writes cannot be about another matter."""
    number = "2026-000106"
    called = KnownCase(number, None, NOW - timedelta(days=1), (), frozenset({NADIA.address}), "T1", "L1")
    monkeypatch.setitem(CASES, number, called)
    joining = joined(Line("a reply to what we wrote after a call", number, reply_to=ours(number), topic="heating"))
    assert (joining.case_number, joining.way, joining.linked) == (number, JoinedBy.MESSAGE_ID, ())


@pytest.mark.parametrize(
    ("topic", "key", "matters", "nothing_else"),
    [
        ("thanks", "", (), True),
        ("thanks", "", ("water_leak",), True),
        ("thanks", "", ("gas",), False),
        ("thanks", "equipment:ASC-1", ("gas",), True),
        ("water_leak", "", ("water_leak",), False),
        (None, "", ("water_leak",), False),
    ],
    ids=[
        "all is done",
        "of the case",
        "of another matter",
        "of one machine",
        "a report of no job",
        "no word of the source",
    ],
)
def test_a_report_of_a_job_done_asks_nothing_only_where_the_source_says_that_it_is_one(
    topic: str | None, key: str, matters: tuple[str, ...], *, nothing_else: bool
) -> None:
    contact = Contact(Channel.EMAIL, NOW, sourced=Sourced("ascensoriste", "Ascensoriste", topic=topic, key=key))
    understanding = Understanding(CaseKind.CASE, ("thanks", *matters), Priority.P4)
    assert tells_of_nothing_else(contact, understanding, CASES[LEAK]) is nothing_else
