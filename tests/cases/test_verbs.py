"""Each verb: what it changes, what it tells, and when it is refused."""

import re
from dataclasses import replace
from typing import Any

import pytest

from dtm_contact.cases import (
    ChangedMeanwhileError,
    Command,
    RefusedError,
    WrongArgumentError,
    WrongStateError,
    all_verbs,
    apply,
)
from dtm_contact.cases.wire import pack_done, unpack_answer
from dtm_contact.errors import NotFoundError
from dtm_contact.labels.coded_text import text_of, texts_of
from dtm_contact.labels.events import event_line
from dtm_contact.model import (
    AlarmLevel,
    Asker,
    AutomaticSign,
    Automation,
    Call,
    Channel,
    CodedText,
    Confirmed,
    Contact,
    Forwarded,
    Likely,
    Mailbox,
    Match,
    Outcome,
    Priority,
    VoiceNotice,
)
from tests.cases.conftest import Desk
from tests.store.samples import NOW, judgement, minutes

LATER = minutes(30).isoformat()
NOBODY = Match()
CALL = Contact(Channel.PHONE, NOW, call=Call("c1", Outcome.ABANDONED, NOW, NOW, "0612345678", "+33612345678"))

DANGER = ("priority", {"priority": "P1"})
OVER = ("done", {"danger_over": "rescued"})
IN_VAIN = ("call_back", {"outcome": "no_answer"})

# Verb, arguments, what is then so of the case.
CHANGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("take", {}, {"owner": "paul"}),
    ("move", {"queue": "pantin", "reason": "Pantin"}, {"queue": "pantin", "owner": None, "due": minutes(60)}),
    ("wait", {"until": LATER}, {"waiting_until": minutes(30), "state": "open"}),
    ("done", {"reason": "réparé"}, {"state": "closed", "closed_at": NOW, "done_reason": CodedText.plain("réparé")}),
    ("done", {"spoke": True}, {"state": "closed", "done_reason": CodedText("called_back")}),
    ("call_back", {"outcome": "no_answer"}, {"state": "open", "waiting_until": minutes(120)}),
    ("call_back", {"outcome": "no_answer", "again": LATER}, {"state": "open", "waiting_until": minutes(30)}),
    ("call_back", {"outcome": "settled"}, {"state": "closed", "done_reason": CodedText("called_back")}),
    ("tag", {"add": ["travaux", "urgent "]}, {"tags": ("travaux", "urgent")}),
    ("topic", {"topic": "heating"}, {"topic": "heating", "by_hand": ("topic",)}),
    ("priority", {"priority": "P2"}, {"priority": Priority.P2, "by_hand": ("due", "priority")}),
    ("danger", {}, {"priority": Priority.P1, "by_hand": ("due", "priority"), "alarm_level": AlarmLevel.CERTAIN}),
    ("tenant", {"tenant": "T01"}, {"tenant_id": "T01", "dwelling_id": "L01", "residence_id": "R01"}),
    ("tenant", {"dwelling": "L01"}, {"tenant_id": None, "dwelling_id": "L01", "residence_id": "R01"}),
    ("tenant", {}, {"tenant_id": None, "dwelling_id": None, "residence_id": None}),
    ("tenant", {"tenant": "T03", "dwelling": "L02"}, {"tenant_id": "T03", "dwelling_id": "L02"}),
]


@pytest.mark.parametrize(("verb", "arguments", "after"), CHANGES, ids=lambda value: str(value)[:30])
def test_what_a_verb_changes_is_told_and_can_be_undone(
    desk: Desk, verb: str, arguments: dict[str, Any], after: dict[str, Any]
) -> None:
    number = desk.open()
    before = desk.case(number)
    done = desk.do(number, verb, **arguments)
    case = desk.case(number)
    assert {name: getattr(case, name) for name in after} == after
    assert (done.number, done.version, case.version) == (number, 2, 2)
    (event,) = done.events
    assert (event.who, event.at) == ("paul", NOW)
    assert set(after) - {"state", "owner", "due"} <= set(event.data["changed"]) | {"tenant_id", "dwelling_id"}
    why: dict[str, Any] = {"reason": "mauvais dossier"} if verb == "danger" else {}
    desk.do(number, "undo", **why)
    assert desk.case(number) == _but_version(before, 3)
    assert desk.happened(number) == ["opened", event.what, "undone"]


def _but_version(case: Any, version: int) -> Any:
    from dataclasses import replace  # noqa: PLC0415

    return replace(case, version=version)


# What was done before, verb, arguments, why it is refused.
REFUSED: list[tuple[list[tuple[str, dict[str, Any]]], str, dict[str, Any], type[RefusedError], str]] = [
    ([("take", {})], "take", {}, WrongStateError, "vous l'avez déjà pris"),
    ([("take", {"actor": "anne"})], "take", {}, WrongStateError, "anne l'a pris"),
    ([], "release", {}, WrongStateError, "personne ne l'a pris"),
    ([("take", {"actor": "anne"})], "release", {}, WrongStateError, "c'est anne"),
    ([("done", {"reason": "fait"})], "take", {}, WrongStateError, "est clos ; rouvrez-le"),
    ([], "move", {"queue": "bagnolet", "reason": "x"}, WrongStateError, "déjà dans cette file"),
    ([], "move", {"queue": "bobigny", "reason": "x"}, WrongArgumentError, "'bobigny' n'existe pas ; il y a .*pantin"),
    ([], "move", {"queue": "pantin"}, WrongArgumentError, "reason"),
    ([], "wait", {"until": minutes(0).isoformat()}, WrongArgumentError, "déjà passé"),
    ([], "wait", {"until": "demain"}, WrongArgumentError, "until"),
    ([], "wait", {"until": "2030-01-01T10:00:00"}, WrongArgumentError, "until"),
    ([DANGER], "wait", {"until": LATER}, WrongStateError, "ne peut pas être mise en attente"),
    ([], "resume", {}, WrongStateError, "pas en attente"),
    ([], "done", {}, WrongArgumentError, "indiquez la raison de la clôture"),
    ([], "done", {"reason": "  "}, WrongArgumentError, "reason"),
    ([], "done", {"danger_over": "checked"}, WrongArgumentError, "aucun danger n'est signalé"),
    ([DANGER], "done", {"reason": "fait"}, WrongArgumentError, "pourquoi le danger est écarté"),
    ([DANGER], "done", {"spoke": True}, WrongArgumentError, "pourquoi le danger est écarté"),
    ([DANGER], "done", {"danger_over": "réglé"}, WrongArgumentError, "danger_over"),
    ([DANGER], "priority", {"priority": "P2"}, WrongArgumentError, "n'en est plus une"),
    ([DANGER], "undo", {}, WrongArgumentError, "n'en est plus une"),
    ([DANGER, OVER, ("reopen", {})], "undo", {"reason": "x"}, WrongArgumentError, "pourquoi le danger est écarté"),
    ([], "call_back", {"outcome": "no_answer", "again": NOW.isoformat()}, WrongArgumentError, "déjà passé"),
    ([IN_VAIN] * 2, "call_back", {"outcome": "no_answer", "again": LATER}, WrongStateError, "3e essai, le dernier"),
    ([], "call_back", {"outcome": "settled", "again": LATER}, WrongArgumentError, "ne revient pas"),
    ([], "call_back", {"outcome": "unsettled", "again": LATER}, WrongArgumentError, "où on en est"),
    ([], "call_back", {"outcome": "unsettled", "text": " "}, WrongArgumentError, "text"),
    ([], "call_back", {"outcome": "answered"}, WrongArgumentError, "outcome"),
    ([("done", {"reason": "fait"})], "call_back", {"outcome": "no_answer"}, WrongStateError, "rouvrez-le"),
    (
        [DANGER],
        "call_back",
        {"outcome": "settled", "text": "sauf"},
        WrongArgumentError,
        "pourquoi le danger est écarté",
    ),
    ([DANGER], "call_back", {"outcome": "unsettled", "text": "x", "again": LATER}, WrongStateError, "n'attend pas"),
    ([], "reopen", {}, WrongStateError, "est déjà ouvert"),
    ([], "undo", {}, WrongStateError, "rien à annuler"),
    ([("take", {}), ("undo", {})], "undo", {}, WrongStateError, "rien à annuler"),
    ([("take", {"actor": "anne"})], "undo", {}, WrongStateError, "le dernier changement est de anne"),
    ([], "note", {"text": ""}, WrongArgumentError, "text"),
    ([], "note", {"text": "x" * 20_001}, WrongArgumentError, "text"),
    ([], "tag", {"remove": ["rien"]}, WrongArgumentError, "aucune étiquette"),
    ([], "tag", {"add": [str(count) for count in range(21)]}, WrongArgumentError, "add"),
    ([], "topic", {"topic": "plumbing"}, WrongStateError, "déjà son sujet"),
    ([], "topic", {"topic": "plumbin"}, WrongArgumentError, "'plumbin' n'existe pas"),
    ([], "priority", {"priority": "P3"}, WrongStateError, "déjà sa priorité"),
    ([], "priority", {"priority": "P5"}, WrongArgumentError, "priority"),
    ([DANGER], "danger", {}, WrongStateError, "déjà une urgence P1"),
    ([], "no_danger", {}, WrongStateError, "aucun danger n'y est signalé"),
    ([DANGER], "no_danger", {}, WrongArgumentError, "n'en est plus une"),
    ([], "tenant", {"tenant": "T99"}, WrongArgumentError, "pas de locataire T99"),
    ([], "tenant", {"dwelling": "L99"}, WrongArgumentError, "pas de logement L99"),
    ([], "tenant", {"tenant": "T01", "dwelling": "L02"}, WrongArgumentError, "T01 n'a pas de bail au logement L02"),
    ([], "unconfirm", {}, WrongStateError, "pas enregistrée"),
    ([], "unconfirm", {"value": "personne"}, WrongArgumentError, "ni une adresse ni un numéro"),
    ([("tenant", {})], "confirm", {"value": "06 12 34 56 78"}, WrongStateError, "ne nomme aucun locataire"),
    ([("tenant", {"tenant": "T01"})], "confirm", {"value": "nadia"}, WrongArgumentError, "ni une adresse ni un numéro"),
    ([("tenant", {"tenant": "T01"})], "confirm", {"value": "a@x.parishabitat.fr"}, WrongArgumentError, "à nous"),
    (
        [("tenant", {"tenant": "T01", "confirm": True})],
        "confirm",
        {"value": "nadia.benali@free.example"},
        WrongStateError,
        "déjà enregistrée",
    ),
    ([], "link", {"other": "2026-000001"}, WrongArgumentError, "le même dossier"),
    ([], "split", {"arrivals": [1]}, WrongArgumentError, "il faut en laisser un"),
    ([], "split", {"arrivals": [7]}, WrongArgumentError, "ne sont pas dans ce dossier : 7"),
    ([], "split", {"arrivals": []}, WrongArgumentError, "arrivals"),
    ([], "take", {"gently": True}, WrongArgumentError, "gently"),
    ([], "dance", {}, WrongArgumentError, "'dance' n'existe pas"),
]


@pytest.mark.parametrize(("before", "verb", "arguments", "error", "why"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_is_refused_changes_nothing(
    desk: Desk,
    before: list[tuple[str, dict[str, Any]]],
    verb: str,
    arguments: dict[str, Any],
    error: type[RefusedError],
    why: str,
) -> None:
    number = desk.open()
    for earlier, of in before:
        desk.do(number, earlier, **of)
    case, happened = desk.case(number), desk.happened(number)
    with pytest.raises(error, match=re.compile(why, re.IGNORECASE)):
        desk.do(number, verb, **arguments)
    assert (desk.case(number), desk.happened(number)) == (case, happened)


def test_there_is_no_such_case(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="2026-000009"):
        desk.do("2026-000009", "take")
    with pytest.raises(NotFoundError, match="2026-000009"):
        desk.do(desk.open(), "merge", into="2026-000009")


def test_the_second_of_two_agents_is_told(desk: Desk) -> None:
    number = desk.open()
    seen = desk.case(number).version
    desk.do(number, "take", "anne", expected_version=seen)
    with pytest.raises(ChangedMeanwhileError, match="entre-temps"):
        desk.do(number, "done", reason="fait", expected_version=seen)
    assert desk.case(number).state == "open"
    desk.do(number, "done", reason="fait", expected_version=seen + 1)


def test_a_colleague_who_is_away_can_be_relieved(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "take", "anne")
    desk.do(number, "take", from_colleague=True)
    assert desk.case(number).owner == "paul"
    desk.do(number, "undo")
    assert desk.case(number).owner == "anne"


def test_what_waits_comes_back_by_itself_or_by_hand(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "wait", until=LATER, reason="pièce commandée")
    assert desk.store.cases.queue(now=minutes(29)) == []
    assert len(desk.store.cases.queue(now=minutes(30))) == 1
    desk.do(number, "resume")
    assert desk.case(number).waiting_until is None


def test_danger_does_not_wait(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "wait", until=LATER)
    desk.do(number, "priority", priority="P1", reason="odeur de gaz")
    assert desk.case(number).waiting_until is None
    desk.do(number, "call_back", outcome="no_answer")
    assert [case.number for case in desk.store.cases.queue(now=NOW)] == [number]


def test_a_danger_is_closed_by_saying_why_it_is_over(desk: Desk) -> None:
    number = desk.open(priority=Priority.P1)
    done = desk.do(number, "done", danger_over="rescued", reason="pompiers à 14 h")
    assert done.events[0].data["danger_over"] == "rescued"
    case = desk.case(number)
    assert (case.state, text_of(case.done_reason)) == ("closed", "Les secours sont intervenus – pompiers à 14 h")
    desk.do(number, "undo")
    assert desk.case(number).state == "open"
    desk.do(number, "priority", priority="P3", reason="le détecteur avait sa pile vide")
    desk.do(number, "done", reason="fait")
    assert text_of(desk.case(number).done_reason) == "fait"


def test_taking_back_what_made_a_danger_says_why_it_is_none(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "priority", priority="P1")
    desk.do(number, "undo", reason="mauvais dossier")
    assert desk.case(number).priority is Priority.P3
    assert desk.store.cases.get(number).events[-1].data["reason"] == "mauvais dossier"


def test_a_danger_that_is_merged_is_to_be_taken_where_it_goes(desk: Desk) -> None:
    danger, other = desk.open(priority=Priority.P1), desk.open("two")
    desk.do(danger, "topic", topic="elevator_trapped")
    desk.do(other, "topic", topic="parking")
    desk.do(other, "take", "anne")
    desk.do(danger, "merge", into=other)
    into = desk.case(other)
    assert (into.state, into.priority, into.owner) == ("open", Priority.P1, None)
    assert into.topic == "elevator_trapped"
    with pytest.raises(WrongArgumentError, match=r"(?i)danger"):
        desk.do(other, "done", reason="fait")
    desk.do(danger, "undo")
    assert (desk.case(danger).state, desk.case(other).owner, desk.case(other).topic) == ("open", "anne", "parking")


def test_a_call_back_is_tried_so_often_and_no_more(desk: Desk) -> None:
    number = desk.open(contact=CALL)
    for _ in range(2):
        desk.do(number, "call_back", outcome="no_answer")
    desk.do(number, "call_back", outcome="no_answer")
    case = desk.case(number)
    assert (case.state, text_of(case.done_reason)) == ("closed", "rappelé en vain, 3 fois")
    desk.do(number, "undo")
    assert desk.case(number).state == "open"
    desk.do(number, "undo")
    desk.do(number, "call_back", outcome="no_answer")
    assert desk.case(number).state == "open"


def test_what_was_said_on_a_call_back_is_a_note_and_stays_when_it_is_taken_back(desk: Desk) -> None:
    number = desk.open(contact=CALL)
    done = desk.do(number, "call_back", outcome="unsettled", text="Le plombier passe mardi.", again=LATER)
    assert [event.what for event in done.events] == ["noted", "taken", "reached"]
    assert done.events[0].data["text"] == "Le plombier passe mardi."
    case = desk.case(number)
    assert (case.state, case.owner, case.waiting_until) == ("open", "paul", minutes(30))
    desk.do(number, "undo")
    case = desk.case(number)
    assert (case.state, case.owner, case.waiting_until) == ("open", "paul", None)
    closed = desk.do(number, "call_back", outcome="settled", text="Réparé, la dame est contente.")
    assert [event.what for event in closed.events] == ["noted", "done"]
    assert desk.case(number).state == "closed"
    desk.do(number, "undo")
    assert desk.case(number).state == "open"
    assert desk.happened(number).count("noted") == 2


@pytest.mark.parametrize("outcome", ["unsettled", "no_answer"])
def test_a_danger_is_neither_closed_nor_put_off_by_a_call_back(desk: Desk, outcome: str) -> None:
    number = desk.open(priority=Priority.P1, contact=CALL)
    for _ in range(4):
        desk.do(number, "call_back", outcome=outcome, text="Elle est sur le palier.")
    case = desk.case(number)
    assert (case.state, case.owner, case.waiting_until) == ("open", None, None)


def test_who_was_reached_is_answered_until_that_is_taken_back(desk: Desk) -> None:
    number = desk.open(contact=CALL)
    desk.do(number, "call_back", outcome="unsettled", text="Rappeler le gardien.", at=minutes(5))
    assert desk.store.desk.answered_at(number) == minutes(5)
    waiting_until = desk.case(number).waiting_until
    assert waiting_until is not None, "what is not settled comes again by itself"
    assert (waiting_until.date() - NOW.date()).days == 1
    desk.do(number, "undo", at=minutes(6))
    assert desk.store.desk.answered_at(number) is None


def confirmed(desk: Desk, *addresses: str, numbers: tuple[str, ...] = ()) -> list[Confirmed]:
    with desk.store.history() as history:
        return list(history.confirmed(addresses, numbers))


def test_to_say_whose_case_it_is_teaches_nothing(desk: Desk) -> None:
    desk.do(desk.open(), "tenant", tenant="T01")
    desk.do(desk.open("call", contact=CALL, match=NOBODY), "tenant", tenant="T01")
    assert confirmed(desk, "nadia.benali@free.example", numbers=("+33612345678",)) == []


def test_a_tenant_is_known_by_address_and_number_where_that_is_asked_for(desk: Desk) -> None:
    mail = desk.open()
    call = desk.open("call", contact=CALL, match=NOBODY)
    desk.do(mail, "tenant", tenant="T01", confirm=True)
    desk.do(call, "tenant", tenant="T01", confirm=True)
    facts = [Confirmed("+33612345678", "T01"), Confirmed("nadia.benali@free.example", "T01")]
    assert confirmed(desk, "nadia.benali@free.example", numbers=("+33612345678",)) == facts
    desk.do(call, "unconfirm", value="06 12 34 56 78")
    assert confirmed(desk, "nadia.benali@free.example", numbers=("+33612345678",)) == facts[1:]
    desk.do(call, "undo")
    assert confirmed(desk, "nadia.benali@free.example", numbers=("+33612345678",)) == facts
    desk.do(mail, "unconfirm")
    assert confirmed(desk, "nadia.benali@free.example") == []
    assert desk.case(mail).tenant_id == "T01"


def test_a_number_given_in_the_text_is_the_tenants_once_confirmed(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "tenant", tenant="T01")
    desk.do(number, "confirm", value="06 98 76 54 32")
    assert confirmed(desk, numbers=("+33698765432",)) == [Confirmed("+33698765432", "T01")]
    assert desk.store.desk.confirmed("T01", ["+33698765432", "+33100000000"]) == {"+33698765432"}
    desk.do(number, "undo")
    assert confirmed(desk, numbers=("+33698765432",)) == []


def test_a_tenant_named_by_mistake_leaves_nothing_behind(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "tenant", tenant="T01", confirm=True)
    desk.do(number, "undo")
    assert confirmed(desk, "nadia.benali@free.example") == []
    with desk.store.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT tenant_id, dwelling_id FROM contacts").all()
    assert [tuple(row) for row in rows] == [("T1", "D1")]


def of(address: str = "nadia.benali@free.example", **contact: Any) -> Contact:
    return Contact(
        Channel.EMAIL, NOW, Mailbox("Nadia", address), subject="Fuite", message_id="m1@free.example", **contact
    )


@pytest.mark.parametrize(
    ("judged", "why"),
    [
        ({"contact": of("gardien@interne.parishabitat.fr"), "match": NOBODY}, "à nous"),
        ({"contact": of("no-reply@standard-vocal.example")}, "une machine"),
        ({"contact": of("messagerie@ringover.com")}, "une machine"),
        (
            {"contact": of(automatic_signs=(AutomaticSign(Automation.GENERATED, "X"),))},
            "une machine",
        ),
        ({"contact": of(voice=VoiceNotice(None))}, "une machine"),
        ({"contact": of(forwarded=(Forwarded(Mailbox("", "sa.mere@free.example"), "Fuite", "Ça coule."),))}, "autre"),
        ({"match": Match(on_behalf=True)}, "quelqu'un d'autre"),
    ],
)
def test_whose_address_is_no_tenants_is_never_kept_as_one(desk: Desk, judged: dict[str, Any], why: str) -> None:
    number = desk.open(**judged)
    with pytest.raises(WrongArgumentError, match=f"(?i){why}"):
        desk.do(number, "tenant", tenant="T01", confirm=True)
    assert desk.case(number).tenant_id != "T01", "all of it or nothing"
    desk.do(number, "tenant", tenant="T01")
    address = desk.store.cases.get(number).contacts[0].sender_address
    with pytest.raises(WrongArgumentError, match=f"(?i){why}"):
        desk.do(number, "confirm", value=address)
    assert confirmed(desk, address) == []


@pytest.mark.parametrize("asker", [Asker.THIRD_PARTY, Asker.SUPPLIER, Asker.TOWN_HALL])
def test_who_asks_for_others_is_no_tenant(desk: Desk, asker: Asker) -> None:
    judged = judgement(queue="bagnolet")
    number = desk.take_in("one", replace(judged, understanding=replace(judged.understanding, asker=asker)))
    with pytest.raises(WrongArgumentError, match=r"(?i)organisme"):
        desk.do(number, "tenant", tenant="T01", confirm=True)


def test_what_is_kept_is_told_with_its_case_and_taken_back_from_it(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "tenant", tenant="T01", confirm=True)
    desk.do(number, "tenant", tenant="T02")
    (told,) = desk.store.desk.confirmations(["T01", "T02"])
    assert (told.value, told.tenant_id, told.by, told.case_number, told.others) == (
        "nadia.benali@free.example", "T01", "paul", number, (),
    )  # fmt: skip
    desk.do(number, "unconfirm", value=told.value, tenant="T01")
    assert desk.store.desk.confirmations(["T01", "T02"]) == []
    desk.do(number, "undo")
    assert [each.case_number for each in desk.store.desk.confirmations(["T01"])] == [number]


def test_an_address_of_two_households_is_said_to_be_one(desk: Desk) -> None:
    one, two, neighbour = desk.open(), desk.open("two"), desk.with_neighbour()
    assert "shared" not in desk.do(one, "tenant", tenant="T01", confirm=True).events[0].data
    assert "shared" not in desk.do(two, "tenant", tenant="T02", confirm=True).events[0].data, "they live together"
    told = desk.do(two, "tenant", tenant=neighbour, confirm=True).events[0]
    assert told.data["shared"] == ["nadia.benali@free.example"]
    assert "à plusieurs foyers" in event_line(told.what, told.data)


def test_linked_cases_stay_two(desk: Desk) -> None:
    one, two = desk.open(), desk.open("two")
    desk.do(one, "link", other=two)
    with pytest.raises(WrongStateError, match=r"(?i)déjà lié"):
        desk.do(one, "link", other=two)
    desk.do(one, "undo")
    desk.do(one, "link", other=two)
    assert desk.happened(two) == ["opened", "linked", "undone", "linked"]


def test_a_merged_case_hands_over_its_contacts_and_its_urgency(desk: Desk) -> None:
    one = desk.open(priority=Priority.P2, due=minutes(5))
    two = desk.open("two")
    desk.do(two, "wait", until=LATER)
    before = desk.case(two)
    desk.do(one, "merge", into=two, reason="même fuite")
    assert [contact.arrival_id for contact in desk.store.cases.get(two).contacts] == [1, 2]
    assert desk.store.cases.get(one).contacts == ()
    merged, into = desk.case(one), desk.case(two)
    assert (merged.state, text_of(merged.done_reason)) == ("closed", f"fusionné avec le dossier {two}")
    assert (into.priority, into.due, into.waiting_until) == (Priority.P2, minutes(5), None)
    with pytest.raises(WrongStateError, match=r"(?i)annulez plutôt la fusion"):
        desk.do(one, "reopen")
    desk.do(one, "undo")
    assert [contact.arrival_id for contact in desk.store.cases.get(one).contacts] == [1]
    assert desk.case(two) == _but_version(before, desk.case(two).version)


@pytest.mark.parametrize(
    ("match", "why"),
    [
        (Match(tenant=Likely("T2", 0.99)), "pas du même locataire"),
        (Match(dwelling=Likely("D2", 0.99)), "pas du même logement"),
    ],
)
def test_two_households_are_never_one_case(desk: Desk, match: Match, why: str) -> None:
    one, two = desk.open(), desk.open("two", match=match)
    with pytest.raises(WrongStateError, match=f"(?i){why}"):
        desk.do(one, "merge", into=two)
    desk.do(two, "done", reason="fait")
    with pytest.raises(WrongStateError, match=r"(?i)est clos"):
        desk.do(one, "merge", into=two)


def test_contacts_split_off_make_a_case_of_their_own(desk: Desk) -> None:
    one, two = desk.open(), desk.open("two", contact=CALL, match=NOBODY)
    desk.do(two, "merge", into=one)
    done = desk.do(one, "split", arrivals=[2])
    new = desk.case(done.opened or "")
    assert (new.queue, new.owner, new.tenant_id, new.channel) == ("bagnolet", None, None, "phone")
    assert (texts_of(new.why), new.state) == (f"séparé du dossier {one}", "open")
    assert [contact.arrival_id for contact in desk.store.cases.get(new.number).contacts] == [2]
    desk.do(one, "undo")
    assert len(desk.store.cases.get(one).contacts) == 2
    assert desk.case(new.number).state == "closed"


def test_two_matters_of_one_message_are_two_cases_that_both_have_it(desk: Desk) -> None:
    one = desk.open()
    desk.do(one, "danger")
    done = desk.do(one, "divide", arrival=1, topic="parking")
    new = desk.case(done.opened or "")
    assert (new.topic, new.queue) == ("parking", "agence-accueil")
    assert (new.tenant_id, new.state, new.owner) == ("T1", "open", None)
    assert (new.priority, new.alarm_level) == (Priority.P3, AlarmLevel.NONE), "the danger stays where it was seen"
    assert desk.case(one).priority is Priority.P1
    for number in (one, new.number):
        assert [contact.arrival_id for contact in desk.store.cases.get(number).contacts] == [1]
    assert desk.happened(new.number) == ["opened"]
    desk.do(new.number, "done", reason="place attribuée")
    assert desk.case(one).state == "open"
    elsewhere = desk.do(one, "divide", arrival=1, topic="neighbours", queue="pantin").opened or ""
    assert desk.case(elsewhere).queue == "pantin"
    desk.do(one, "note", text="vu")
    desk.do(one, "undo")
    assert desk.case(elsewhere).state == "open", "only the note was taken back"
    desk.do(one, "undo")
    assert desk.case(elsewhere).state == "closed"
    with pytest.raises(WrongStateError, match=f"{new.number} a été travaillé"):
        desk.do(one, "undo")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"arrival": 1, "topic": "heating"}, "déjà le motif de ce dossier"),
        ({"arrival": 1, "topic": "nothing"}, "ce motif n'existe pas"),
        ({"arrival": 2, "topic": "neighbours"}, "n'est pas dans ce dossier"),
        ({"arrival": 1, "topic": "neighbours", "queue": "bobigny"}, "'bobigny' n'existe pas"),
    ],
)
def test_a_second_matter_is_one_of_this_message(desk: Desk, arguments: dict[str, Any], why: str) -> None:
    number = desk.open()
    desk.do(number, "topic", topic="heating")
    desk.open("two")
    before = desk.happened(number)
    with pytest.raises(WrongArgumentError, match=f"(?i){why}"):
        desk.do(number, "divide", **arguments)
    assert desk.happened(number) == before


def test_a_case_worked_on_since_is_not_swallowed_again(desk: Desk) -> None:
    one, two = desk.open(), desk.open("two", match=NOBODY)
    desk.do(two, "merge", into=one)
    new = desk.do(one, "split", arrivals=[2]).opened or ""
    desk.do(new, "take", "anne")
    with pytest.raises(WrongStateError, match=f"{new} a été travaillé"):
        desk.do(one, "undo")


def test_what_changed_since_is_not_undone(desk: Desk) -> None:
    number = desk.open()
    desk.do(number, "priority", priority="P2")
    with desk.store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE cases SET priority = 'P4'")
    with pytest.raises(ChangedMeanwhileError):
        desk.do(number, "undo")


REGISTER = {"register", "register_end", "register_undo"}
"""Tried in `test_registering.py`: they change a household's entries and no case."""


def test_every_verb_has_its_words_and_its_test() -> None:
    tried = {verb for verb, *_ in CHANGES} | {verb for _, verb, *_ in REFUSED}
    elsewhere = {"merge", "divide", "new", "reply", "forward", "appoint", "cancel_appointment"}
    assert set(all_verbs()) <= tried | elsewhere | REGISTER
    assert all(verb.manual for verb in all_verbs().values())


@pytest.mark.parametrize(
    "told",
    [
        [],
        {"verb": "take"},
        {"verb": "take", "actor": ""},
        {"verb": 1, "actor": "paul"},
        {"verb": "take", "actor": "paul", "number": None},
        {"verb": "take", "actor": "paul", "arguments": []},
        {"verb": "take", "actor": "paul", "expected_version": True},
        {"verb": "take", "actor": "p" * 201},
    ],
)
def test_what_is_no_command_is_refused(told: object) -> None:
    with pytest.raises(WrongArgumentError):
        Command.from_json(told)


def test_a_command_travels(desk: Desk) -> None:
    command = Command("move", "paul", desk.open(), {"queue": "pantin", "reason": "x"}, 1)
    assert Command.from_json(command.as_json()) == command
    with pytest.raises(RefusedError, match=r"(?i)ni annuaire ni règles"):
        apply(desk.store, command, NOW)


def test_a_note_is_kept_and_its_words_are_gently_spoken_of(desk: Desk) -> None:
    number = desk.open()
    assert desk.do(number, "note", text="Vu sur place").hints == ()
    done = unpack_answer(pack_done(desk.do(number, "note", text="Locataire pénible")))
    assert done.hints[0].startswith("« Locataire pénible » – Jugement. C’est un avis sur la personne")
    assert "À la place : le fait" in done.hints[0]
    assert desk.happened(number)[-2:] == ["noted", "noted"]
    without = apply(desk.store, Command("note", "paul", number, {"text": "Locataire pénible"}), NOW)
    assert (without.hints, desk.happened(number)[-1]) == ((), "noted")
