"""What a message does to the case that it joins, on both databases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from dtm_contact.contract import as_json
from dtm_contact.errors import ConcurrentUpdateError
from dtm_contact.model import (
    Alike,
    Answers,
    CaseKind,
    Channel,
    CodedText,
    Contact,
    ConversationMatch,
    JoinedBy,
    Judgement,
    Limits,
    Mailbox,
    Outgoing,
    OutgoingKind,
    Priority,
    Undelivered,
)
from dtm_contact.model.arrival import IMPORTED
from dtm_contact.store import OutgoingBatch, Store
from dtm_contact.store.schema import case_links, cases
from tests.store.samples import NOW, arrival, judgement, minutes

LIMITS = Limits(per_mailbox=2, per_hour=3)
NADIA = Mailbox("Nadia Benali", "nadia@free.example")


def letter(
    reason: str = "accuse",
    to: str = "Nadia@free.example",
    kind: OutgoingKind = OutgoingKind.ANSWER,
    *,
    proven: bool = True,
    safety: bool = False,
) -> Outgoing:
    raw = b"Subject: Re\r\n\r\nBonjour"
    letter = Outgoing(kind, reason, to, "metropole+1@bailleur.example", f"{reason}.{to}", raw)
    return replace(letter, proven=proven, safety=safety)


def recorded(
    store: Store, judged: Judgement, name: str = "one", at: datetime = NOW, letters: Sequence[Outgoing] = ()
) -> tuple[str | None, list[str]]:
    store.arrivals.accept([replace(arrival(name), received_at=at)])
    claimed = store.arrivals.claim("w", at)
    assert claimed is not None
    mail = OutgoingBatch(lambda _: letters, LIMITS)
    number = store.cases.record(claimed, judged, as_json(judged), at, mail=mail)
    return number, mail.withheld


def joining(
    number: str | None, *, way: JoinedBy = JoinedBy.MESSAGE_ID, kind: CaseKind = CaseKind.CASE, **more: object
) -> Judgement:
    priority = more.pop("priority", Priority.P3)
    assert isinstance(priority, Priority)
    text = str(more.pop("text", "Ça coule."))
    contact = Contact(Channel.EMAIL, NOW, NADIA, subject="Fuite", new_text=text, message_id="m2@free.example")
    judged = judgement(kind, priority=priority, contact=contact)
    if kind is not CaseKind.CASE:
        nowhere = replace(judged.decision, queue=None, office_id=None, due=None)
        judged = replace(judged, decision=nowhere)
    return replace(judged, joining=ConversationMatch(number, way, writer=NADIA, **more))  # type: ignore[arg-type]


@pytest.fixture
def number(store: Store) -> str:
    opened, _ = recorded(store, replace(judgement(), joining=ConversationMatch(writer=NADIA, fingerprint="f")))
    assert opened is not None
    return opened


def test_a_reply_lies_in_its_case(store: Store, number: str) -> None:
    assert recorded(store, joining(number), "two")[0] == number
    file = store.cases.get(number)
    assert len(file.contacts) == 2
    assert [event.what for event in file.events] == ["opened", "joined"]
    assert file.events[-1].data["way"] == "message_id"


def test_a_number_that_is_gone_opens_a_case_of_its_own(store: Store, number: str) -> None:
    other, _ = recorded(store, joining("2020-000001"), "two")
    assert other not in (None, number)


def _close(store: Store, number: str) -> None:
    with store.database.writing() as connection:
        values = {"state": "closed", "closed_at": NOW, "done_reason": "fait"}
        connection.execute(sa.update(cases).where(cases.c.number == number).values(values))


def test_a_reply_opens_a_closed_case_again(store: Store, number: str) -> None:
    _close(store, number)
    recorded(store, joining(number, reopens=True), "two")
    case = store.cases.get(number).case
    assert (case.state, case.closed_at, case.done_reason) == ("open", None, None)


@pytest.mark.parametrize("changes", [{"by_staff": True}, {"kind": CaseKind.AUTOMATIC}])
def test_a_colleague_or_a_machine_opens_nothing_again(store: Store, number: str, changes: dict[str, object]) -> None:
    _close(store, number)
    assert recorded(store, joining(number, **changes), "two")[0] == number  # type: ignore[arg-type]
    assert store.cases.get(number).case.state == "closed"


@pytest.mark.parametrize(("priority", "owner"), [(Priority.P1, None), (Priority.P2, "paul")])
def test_danger_in_a_closed_case_belongs_to_nobody(
    store: Store, number: str, priority: Priority, owner: str | None
) -> None:
    """Who had taken it saw to another matter, and may have gone home."""
    with store.database.writing() as connection:
        connection.execute(sa.update(cases).where(cases.c.number == number).values(owner="paul"))
    _close(store, number)
    recorded(store, joining(number, reopens=True, priority=priority), "two")
    case = store.cases.get(number).case
    assert (case.state, case.owner, case.priority) == ("open", owner, priority)


def test_a_reply_lies_in_the_last_case_of_a_chain_of_merges(store: Store, number: str) -> None:
    chain = [number, *(recorded(store, judgement(), name)[0] for name in ("m1", "m2", "m3"))]
    with store.database.writing() as connection:
        ids = {row.number: row.id for row in connection.execute(sa.select(cases.c.number, cases.c.id))}
        for one, into in pairwise(chain):
            merged = {"case_id": ids[one], "other_id": ids[into], "kind": "merged"}
            connection.execute(case_links.insert().values(merged))
    assert recorded(store, joining(number), "two")[0] == chain[-1]


def test_danger_in_a_reply_makes_the_case_urgent(store: Store, number: str) -> None:
    recorded(store, joining(number, priority=Priority.P1), "two")
    case = store.cases.get(number).case
    assert case.priority is Priority.P1


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_case_that_a_reply_makes_urgent_is_due_by_the_earlier_of_both(store: Store, number: str, hours: int) -> None:
    before = store.cases.get(number).case.due
    judged = joining(number, priority=Priority.P1)
    due = before + timedelta(hours=hours)
    recorded(store, replace(judged, decision=replace(judged.decision, due=due)), "two")
    assert store.cases.get(number).case.due == min(before, due)


@pytest.mark.parametrize("priority", [Priority.P1, Priority.P3])
def test_what_opens_a_closed_case_again_gives_it_a_due_time_of_its_own(
    store: Store, number: str, priority: Priority
) -> None:
    _close(store, number)
    judged = joining(number, reopens=True, priority=priority)
    due = store.cases.get(number).case.due + timedelta(days=9)
    recorded(store, replace(judged, decision=replace(judged.decision, due=due)), "two")
    assert store.cases.get(number).case.due == due


def taken_over(store: Store, judged: Judgement, name: str) -> str | None:
    """Record what was taken over from a mailbox in use before."""
    store.arrivals.accept([replace(arrival(name), channel=IMPORTED)])
    claimed = store.arrivals.claim("w", NOW)
    assert claimed is not None
    return store.cases.record(claimed, judged, as_json(judged), NOW)


def test_what_was_taken_over_joins_a_case_at_work_only_where_it_makes_it_no_more_urgent(
    store: Store, number: str
) -> None:
    assert taken_over(store, joining(number), "calm") == number
    assert taken_over(store, joining(number, priority=Priority.P1), "urgent") != number
    assert store.cases.get(number).case.priority is Priority.P3


def test_a_case_of_nothing_but_what_was_taken_over_is_made_more_urgent_as_any(store: Store) -> None:
    number = taken_over(store, replace(judgement(), joining=ConversationMatch(writer=NADIA)), "one")
    assert taken_over(store, joining(number, priority=Priority.P1), "two") == number
    assert store.cases.get(str(number)).case.priority is Priority.P1


def test_a_calm_reply_makes_nothing_less_urgent(store: Store, number: str) -> None:
    recorded(store, joining(number, priority=Priority.P1), "two")
    recorded(store, joining(number, priority=Priority.P4), "three")
    assert store.cases.get(number).case.priority is Priority.P1


def test_an_agent_s_word_stands_but_for_danger(store: Store, number: str) -> None:
    with store.database.writing() as connection:
        values = {"priority": "P4", "by_hand": ["priority"]}
        connection.execute(sa.update(cases).where(cases.c.number == number).values(values))
    recorded(store, joining(number, priority=Priority.P2), "two")
    assert store.cases.get(number).case.priority is Priority.P4
    recorded(store, joining(number, priority=Priority.P1), "three")
    assert store.cases.get(number).case.priority is Priority.P1


def test_a_reply_wakes_a_case_that_waits(store: Store, number: str) -> None:
    with store.database.writing() as connection:
        connection.execute(sa.update(cases).values(waiting_until=NOW + timedelta(days=9)))
    recorded(store, joining(number, by_staff=True), "two")
    assert store.cases.get(number).case.waiting_until is not None
    recorded(store, joining(number), "three")
    assert store.cases.get(number).case.waiting_until is None


def test_what_says_the_same_is_found_and_its_own_arrival_is_not(store: Store, number: str) -> None:
    with store.history() as history:
        [found] = history.alike("f", NOW - timedelta(days=1))
        assert (found.case_number, found.sender_address) == (number, NADIA.address)
        [known] = history.cases([number, "2020-000001"])
        assert known.addresses == {NADIA.address}
    with store.history(apart_from=arrival("one")) as history:
        assert history.alike("f", NOW - timedelta(days=1)) == []


def test_an_answer_is_written_once_a_case_and_reason(store: Store, number: str) -> None:
    for name in ("two", "three"):
        assert recorded(store, joining(number), name, letters=[letter()])[1] == []
    assert store.outbox.waiting() == 1


def test_answers_stop_at_their_limits(store: Store) -> None:
    told = []
    for count in range(6):
        to = f"voisin{count // 3}@free.example"
        judged = judgement()
        told += recorded(store, judged, f"n{count}", minutes(count), [letter(f"a{count}", to)])[1]
    assert told == ["limit for one mailbox", "limit in all", "limit in all"]
    assert store.outbox.waiting() == 3
    later = recorded(store, judgement(), "later", minutes(25 * 60), [letter("b", "voisin0@free.example")])
    assert later[1] == []


def test_a_mailbox_whose_owner_is_not_proven_to_have_written_gets_one_answer_a_day(store: Store) -> None:
    variants = ("n.benali@gmail.com", "nbenali+un@gmail.com", "N.Benali@googlemail.com", "nbena.li+deux@googlemail.com")
    told = [
        recorded(store, judgement(), f"n{at}", minutes(at), [letter(f"a{at}", to, proven=False)])[1]
        for at, to in enumerate(variants)
    ]
    assert told == [[], *[["limit for one mailbox"]] * 3]
    another = [letter("b", "nbenali@free.example", proven=False)]
    assert recorded(store, judgement(), "another", minutes(5), another)[1] == []
    tomorrow = [letter("c", variants[1], proven=False)]
    assert recorded(store, judgement(), "tomorrow", minutes(24 * 60 + 1), tomorrow)[1] == []


def test_what_tells_somebody_in_danger_what_to_do_goes_whatever_else_went_out(store: Store) -> None:
    for at in range(4):
        to = f"voisin{at}@free.example"
        recorded(store, judgement(), f"n{at}", minutes(at), [letter(f"a{at}", to)])
    danger = [letter("d", "voisin0@free.example", proven=False, safety=True)]
    assert recorded(store, judgement(), "danger", minutes(5), danger)[1] == []
    again = [letter("e", "Voisin0+x@free.example", proven=False, safety=True)]
    assert recorded(store, judgement(), "again", minutes(6), again)[1] == ["limit for one mailbox"]
    assert recorded(store, judgement(), "later", minutes(66), again)[1] == []


def test_what_tells_of_danger_leaves_the_others_their_share(store: Store) -> None:
    for at in range(10):
        recorded(store, judgement(), f"d{at}", minutes(at), [letter("d", f"voisin{at}@free.example", safety=True)])
    calm = [letter("c", "nadia@free.example", proven=False)]
    assert recorded(store, judgement(), "calm", minutes(11), calm)[1] == []


def test_an_agent_s_reply_has_no_limit(store: Store) -> None:
    reply = [letter(f"r{count}", kind=OutgoingKind.REPLY) for count in range(5)]
    assert recorded(store, judgement(), letters=reply)[1] == []
    assert store.outbox.waiting() == 5


def test_a_bounce_comes_back_to_its_case_and_marks_the_address(store: Store, number: str) -> None:
    recorded(store, joining(number), "two", letters=[letter()])
    claimed = store.outbox.claim("s", NOW)
    assert claimed is not None
    store.outbox.settle(claimed, "sent", "250", NOW)
    report = joining(number, kind=CaseKind.AUTOMATIC, text="Final-Recipient: nadia@free.example\nStatus: 5.1.1")
    assert recorded(store, report, "bounce")[0] == number
    assert [(event.what, event.data.get("reason")) for event in store.cases.get(number).events[-2:]] == [
        ("bounced", "5.1.1"),
        ("joined", None),
    ]
    withheld = recorded(store, judgement(), "again", letters=[letter("again")])[1]
    assert withheld == ["no such address"]


@pytest.mark.parametrize(
    "text", ["Final-Recipient: autre@free.example\nStatus: 5.1.1", "nadia@free.example is delayed, Status: 4.4.1"]
)
def test_a_made_up_report_or_a_delay_marks_nobody(store: Store, number: str, text: str) -> None:
    recorded(store, joining(number), "two", letters=[letter()])
    claimed = store.outbox.claim("s", NOW)
    assert claimed is not None
    store.outbox.settle(claimed, "sent", "250", NOW)
    recorded(store, joining(number, kind=CaseKind.AUTOMATIC, text=text), "bounce")
    assert recorded(store, judgement(), "again", letters=[letter("again")])[1] == []


@pytest.mark.parametrize(
    ("text", "undelivered", "withheld"),
    [
        ("nadia@free.example: host said: 550 5.1.1 no such user", (), ["no such address"]),
        ("nadia@free.example: host said: 550 5.7.1 looks like spam", (), []),
        ("nadia@free.example: host said: 550 no", (), []),
        ("see below", (Undelivered("nadia@free.example", "5.2.2"),), []),
        ("host said: 550 5.1.1 no", (Undelivered("nadia@free.example", ""),), ["no such address"]),
        (
            "see below",
            (Undelivered("autre@free.example", "5.1.1"), Undelivered("nadia@free.example", "5.7.1")),
            [],
        ),
    ],
)
def test_a_bounce_keeps_answers_back_only_where_it_says_that_there_is_no_such_address(
    store: Store, number: str, text: str, undelivered: tuple[Undelivered, ...], withheld: list[str]
) -> None:
    recorded(store, joining(number), "two", letters=[letter()])
    claimed = store.outbox.claim("s", NOW)
    assert claimed is not None
    store.outbox.settle(claimed, "sent", "250", NOW)
    report = joining(number, kind=CaseKind.AUTOMATIC, text=text)
    report = replace(report, contact=replace(report.contact, undelivered=undelivered))
    recorded(store, report, "bounce")
    assert [each.state for each in store.outbox.entries()] == ["bounced"]
    assert recorded(store, judgement(), "again", letters=[letter("again")])[1] == withheld


def test_the_outbox_claims_retries_and_settles(store: Store, number: str) -> None:
    recorded(store, joining(number), "two", letters=[letter()])
    first = store.outbox.claim("s", NOW)
    assert first is not None
    assert store.outbox.claim("s", NOW) is None
    store.outbox.retry(first, "451", minutes(5))
    assert store.outbox.claim("s", minutes(4)) is None
    second = store.outbox.claim("s", minutes(5))
    assert second is not None
    assert (second.id, second.attempt, second.outgoing) == (first.id, 2, first.outgoing)
    store.leases.take_over()
    third = store.outbox.claim("s", minutes(5))
    assert third is not None
    store.outbox.settle(third, "no_such_address", "550 5.1.1", minutes(6), "550 5.1.1 unknown")
    store.outbox.settle(third, "sent", "250", minutes(7))
    assert store.outbox.waiting() == 0
    assert [event.what for event in store.cases.get(number).events] == ["opened", "joined", "no_such_address"]
    assert [each.reply for each in store.outbox.entries()] == ["550 5.1.1 unknown"]
    assert recorded(store, judgement(), "again", letters=[letter("again")])[1] == ["no such address"]


@pytest.mark.parametrize(
    ("fate", "reason", "withheld"),
    [
        ("no_such_address", "550 5.1.1", ["no such address"]),
        ("no_such_address", "556 5.1.10", ["no such address"]),
        ("no_such_address", "550", []),
        ("refused", "550 5.7.1", []),
    ],
)
def test_only_an_enhanced_code_keeps_later_answers_from_an_address(
    store: Store, number: str, fate: str, reason: str, withheld: list[str]
) -> None:
    recorded(store, joining(number), "two", letters=[letter()])
    claimed = store.outbox.claim("s", NOW)
    assert claimed is not None
    store.outbox.settle(claimed, fate, reason, NOW)
    assert recorded(store, judgement(), "again", letters=[letter("again")])[1] == withheld


def test_of_several_only_those_are_marked_that_were_still_to_have_it(store: Store, number: str) -> None:
    several = replace(letter(), also_to=("anne@free.example",))
    recorded(store, joining(number), "two", letters=[several])
    first = store.outbox.claim("s", NOW)
    assert first is not None
    store.outbox.retry(first, "450", NOW, ["anne@free.example"])
    second = store.outbox.claim("s", NOW)
    assert second is not None
    store.outbox.settle(second, "no_such_address", "550 5.1.1", NOW)
    assert recorded(store, judgement(), "again", letters=[letter("again")])[1] == []


def test_the_signing_key_is_made_once(store: Store) -> None:
    key = store.outbox.signing_key()
    assert len(key) == 32
    assert store.outbox.signing_key() == key


def test_linked_cases_are_shown_together(store: Store, number: str) -> None:
    other = replace(judgement(), joining=ConversationMatch(linked=(number, "2020-000001")))
    opened, _ = recorded(store, other, "two")
    assert opened != number
    with store.database.reading() as connection:
        assert connection.execute(sa.text("SELECT kind FROM case_links")).scalars().all() == ["linked"]


@pytest.mark.parametrize(
    ("way", "answers", "what"),
    [(JoinedBy.THREAD, True, "answered"), (JoinedBy.OWN, False, "returned"), (JoinedBy.SAME_MESSAGE, False, "joined")],
)
def test_what_we_wrote_ourselves_is_told_apart(
    store: Store,
    number: str,
    way: JoinedBy,
    answers: bool,  # noqa: FBT001 - a table
    what: str,
) -> None:
    ours = joining(number, way=way, kind=CaseKind.NONE, ours=True, by_staff=True, answers=answers)
    assert recorded(store, ours, "two")[0] == number
    file = store.cases.get(number)
    assert (file.case.state, file.events[-1].what) == ("open", what)


def test_what_we_wrote_ourselves_opens_no_case(store: Store) -> None:
    assert recorded(store, joining(None, kind=CaseKind.NONE, ours=True))[0] is None


NOT_JOINED = CodedText("not_joined", {"case": "2026-000001", "because": "other_matter"})


def test_why_a_case_was_not_joined_is_told_in_the_new_one(store: Store, number: str) -> None:
    opened, _ = recorded(store, joining(None, linked=(number,), why=(NOT_JOINED,)), "two")
    assert opened is not None
    assert store.cases.get(opened).events[0].data["why"] == [NOT_JOINED.as_json()]


def test_the_same_words_judged_at_the_same_time_make_one_case(store: Store) -> None:
    said = replace(judgement(), joining=ConversationMatch(writer=NADIA, fingerprint="f"))
    store.arrivals.accept([arrival("one"), arrival("two"), arrival("three")])
    one, two, three = [claimed for _ in range(3) if (claimed := store.arrivals.claim("w", NOW)) is not None]
    number = store.cases.record(one, said, as_json(said), NOW)
    assert number is not None
    with pytest.raises(ConcurrentUpdateError):
        store.cases.record(two, said, as_json(said), NOW)
    # Judged again it has seen the case, and may have its reason not to join it.
    seen = replace(said, history=Answers(alike=(Alike("", NADIA.address, number, NOW),)))
    assert store.cases.record(two, seen, as_json(seen), NOW) not in (None, number)
    other = replace(said, joining=ConversationMatch(writer=Mailbox("Karim", "karim@orange.example"), fingerprint="f"))
    assert store.cases.record(three, other, as_json(other), NOW) not in (None, number)
