"""What the arguments of each verb may name: an agent of another office is told what somebody who made it up is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, time, timedelta
from itertools import count
from typing import Any

import pytest

from dtm_contact.access import Role
from dtm_contact.cases import Command, RefusedError, all_verbs
from dtm_contact.errors import NotFoundError
from dtm_contact.model import Candidate, DraftKey, DraftKind, Likely
from dtm_contact.store import EVERYTHING
from tests.web.conftest import DeskAlone, Somebody, desk_over, open_in

# Of each verb the arguments that name a case, a person, a place or an address; then those that name nothing of these.
# `move` may name every queue: handing a case over is what it is there for, and nothing of the other office is told.
ARGUMENTS: Mapping[str, tuple[set[str], set[str]]] = {
    "appoint": ({"office", "invite"}, {"slot"}),
    "call_back": (set(), {"outcome", "text", "again"}),
    "cancel_appointment": (set(), {"slot"}),
    "confirm": (set(), {"value"}),
    "danger": (set(), {"reason"}),
    "divide": ({"arrival"}, {"topic", "queue"}),
    "done": (set(), {"reason", "danger_over", "spoke"}),
    "forward": (
        {"arrival", "to", "cc", "attached", "files"},
        {"text", "subject", "unproven_ok", "sign", "without_files_ok"},
    ),
    "link": ({"other"}, set()),
    "merge": ({"into"}, {"reason"}),
    "move": (set(), {"queue", "reason"}),
    "new": (
        {"tenant", "dwelling", "residence", "files"},
        {"visit", "text", "subject", "name", "address", "phone", "place", "topic", "priority", "due", "received", "id"},
    ),
    "no_danger": (set(), {"reason"}),
    "note": ({"files"}, {"text"}),
    "priority": (set(), {"priority", "reason"}),
    "register": (
        {"tenant"},
        {"kind", "value", "words", "reference", "since", "until", "household"},
    ),
    "register_end": ({"entry"}, {"reason"}),
    "register_undo": ({"entry"}, set()),
    "release": (set(), set()),
    "reopen": (set(), {"reason"}),
    "reply": (
        {"to", "also_to", "cc", "files"},
        {"text", "subject", "unproven_ok", "sign", "quote", "without_files_ok", "then", "until", "take"},
    ),
    "resume": (set(), set()),
    "split": ({"arrivals"}, set()),
    "tag": (set(), {"add", "remove"}),
    "take": (set(), {"from_colleague"}),
    "tenant": ({"tenant", "dwelling"}, {"confirm"}),
    "topic": (set(), {"topic"}),
    "unconfirm": ({"value", "tenant"}, set()),
    "undo": (set(), {"reason", "danger_over"}),
    "wait": (set(), {"until", "reason"}),
}
WRITER = "nadia.benali@free.example"
CONFIRMED = "nouvelle-adresse@free.example"
"""What is kept as the address of the other office's tenant."""
BESIDE: Mapping[str, Mapping[str, Any]] = {
    "new": {"visit": "call", "text": "Bonjour, plus de chauffage."},
    "register": {"kind": "language", "value": "pt"},
    "note": {"text": "Bonjour."},
    "reply": {"text": "Bonjour.", "to": WRITER, "unproven_ok": True},
    "forward": {"text": "Pour vous.", "to": WRITER, "unproven_ok": True},
    "unconfirm": {"value": CONFIRMED},
    "divide": {"topic": "neighbours"},
}
Named = Callable[[dict[str, Any]], tuple[Any, Any]]
NAMED: Mapping[tuple[str, str], Named] = {
    ("appoint", "office"): lambda _: ("sud", "ouest"),
    ("appoint", "invite"): lambda _: ("t09@free.example", "personne@free.example"),
    ("divide", "arrival"): lambda other: (other["arrival"], 999_999),
    ("link", "other"): lambda other: (other["number"], "2026-999999"),
    ("merge", "into"): lambda other: (other["number"], "2026-999999"),
    ("new", "tenant"): lambda _: ("T09", "T99"),
    ("new", "dwelling"): lambda _: ("L09", "L99"),
    ("new", "residence"): lambda _: ("R02", "R99"),
    ("register", "tenant"): lambda _: ("T09", "T99"),
    ("register_end", "entry"): lambda other: (other["entry"], 999_999),
    ("register_undo", "entry"): lambda other: (other["entry"], 999_999),
    ("forward", "arrival"): lambda other: (other["arrival"], 999_999),
    ("forward", "to"): lambda _: ("t09@free.example", "personne@free.example"),
    ("forward", "cc"): lambda _: (["t09@free.example"], ["personne@free.example"]),
    ("forward", "attached"): lambda _: (["0" * 64], ["1" * 64]),
    ("forward", "files"): lambda other: ([other["file"]], [999_999]),
    ("new", "files"): lambda other: ([other["file"]], [999_999]),
    ("note", "files"): lambda other: ([other["file"]], [999_999]),
    ("reply", "also_to"): lambda _: (["t09@free.example"], ["personne@free.example"]),
    ("reply", "cc"): lambda _: (["t09@free.example"], ["personne@free.example"]),
    ("reply", "files"): lambda other: ([other["file"]], [999_999]),
    ("reply", "to"): lambda _: ("t09@free.example", "personne@free.example"),
    ("split", "arrivals"): lambda other: ([other["arrival"]], [999_999]),
    ("tenant", "tenant"): lambda _: ("T09", "T99"),
    ("tenant", "dwelling"): lambda _: ("L09", "L99"),
    ("unconfirm", "value"): lambda _: (CONFIRMED, "personne@free.example"),
    ("unconfirm", "tenant"): lambda _: ("T09", "T99"),
}
OF_ANOTHER_CASE = {"into", "arrivals", "value", "to", "invite"}
"""What is refused to everybody where it is of another case or tenant than the one in hand."""
REFUSED_TO_ALL = {
    ("divide", "arrival"), ("forward", "arrival"), ("forward", "attached"), ("merge", "into"), ("reply", "to"),
    ("split", "arrivals"), ("unconfirm", "value"),
}  # fmt: skip
_numbers = count(1)


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskAlone]:
    with desk_over(tmp_path_factory.mktemp("world")) as desk:
        yield desk


def test_every_argument_of_every_verb_has_its_place() -> None:
    told = {verb: naming | other for verb, (naming, other) in ARGUMENTS.items()}
    assert {name: set(verb.arguments) for name, verb in all_verbs().items()} == told
    assert {(verb, each) for verb, (naming, _) in ARGUMENTS.items() for each in naming} == set(NAMED)
    assert all(not naming & other for naming, other in ARGUMENTS.values())


@pytest.mark.parametrize("verb", sorted(set(ARGUMENTS) - {"new"}))
def test_a_case_of_another_office_is_one_that_does_not_exist(offices: DeskAlone, verb: str) -> None:
    other = open_in(offices.store, "sud", f"{verb} {next(_numbers)}")
    agent = Somebody(offices, f"agent-{next(_numbers)}", Role.AGENT, "nord")
    before = offices.store.cases.get(other)
    made_up = refusal(offices, agent, verb, "2026-999999", {})
    assert refusal(offices, agent, verb, other, {}) == made_up.replace("2026-999999", other)
    assert offices.store.cases.get(other) == before


@pytest.mark.parametrize(("verb", "argument"), sorted(NAMED))
def test_what_another_office_has_is_told_as_what_does_not_exist(offices: DeskAlone, verb: str, argument: str) -> None:
    name = f"{verb} {argument} {next(_numbers)}"
    own, other = (open_in(offices.store, office, f"{name} {office}") for office in ("nord", "sud"))
    _confirm_for_the_other(offices, other)
    agent = Somebody(offices, f"agent-{next(_numbers)}", Role.AGENT, "nord")
    arrival = offices.store.cases.get(other).contacts[0].arrival_id
    entry = _register_for_the_other(offices)
    foreign, made_up = NAMED[verb, argument](
        {"number": other, "arrival": arrival, "entry": entry, "file": _file_of_the_other(offices, other)}
    )
    before = offices.store.cases.get(own), offices.store.cases.get(other)
    number = "" if verb == "new" else own
    beside = _beside(offices, verb, own)
    found = refusal(offices, agent, verb, number, {**beside, argument: foreign})
    expected = refusal(offices, agent, verb, number, {**beside, argument: made_up})
    assert found.replace(_name(foreign), "…") == expected.replace(_name(made_up), "…")
    assert (offices.store.cases.get(own), offices.store.cases.get(other)) == before


@pytest.mark.parametrize(("verb", "argument"), sorted(NAMED))
def test_who_sees_all_offices_may_name_it(offices: DeskAlone, verb: str, argument: str) -> None:
    name = f"{verb} {argument} {next(_numbers)}"
    own, other = (open_in(offices.store, office, f"{name} {office}") for office in ("nord", "sud"))
    _confirm_for_the_other(offices, other)
    who = Somebody(offices, f"agency-{next(_numbers)}", Role.AGENCY, "agence")
    arrival = offices.store.cases.get(other).contacts[0].arrival_id
    entry = _register_for_the_other(offices, who)
    foreign, _ = NAMED[verb, argument](
        {"number": other, "arrival": arrival, "entry": entry, "file": _file_of_the_other(offices, other)}
    )
    beside = _beside(offices, verb, own)
    number = "" if verb == "new" else own
    if (verb, argument) in REFUSED_TO_ALL or argument in {"invite", "files"}:
        # Of another tenant or another case: refused for that, whoever asks.
        with pytest.raises(RefusedError):
            offices.send(Command(verb, who.account.name, number, {**beside, argument: foreign}))
    else:
        done = offices.send(Command(verb, who.account.name, number, {**beside, argument: foreign}))
        assert done.events or done.arrival


def test_the_store_says_what_an_account_may_see_whatever_the_command_claims(offices: DeskAlone) -> None:
    other = open_in(offices.store, "sud", f"claims {next(_numbers)}")
    agent = Somebody(offices, f"agent-{next(_numbers)}", Role.AGENT, "nord")
    auditor = Somebody(offices, f"auditor-{next(_numbers)}", Role.AUDITOR, None)
    with pytest.raises(NotFoundError):
        offices.send(Command("take", agent.account.name, other, visibility=EVERYTHING))
    for name in (auditor.account.name, "personne"):
        with pytest.raises(RefusedError, match="ne travaille pas"):
            offices.send(Command("take", name, other, visibility=EVERYTHING))


def test_a_case_handed_over_is_taken_back_but_not_what_was_done_with_another_offices_case(offices: DeskAlone) -> None:
    agent = Somebody(offices, f"agent-{next(_numbers)}", Role.AGENT, "nord")
    first, second = (open_in(offices.store, "nord", f"undo {next(_numbers)}") for _ in range(2))
    offices.send(Command("link", agent.account.name, first, {"other": second}))
    move(offices, agent, second)
    with pytest.raises(NotFoundError):
        offices.send(Command("undo", agent.account.name, first))
    assert offices.send(Command("undo", agent.account.name, second)).number == second
    assert offices.send(Command("undo", agent.account.name, first)).number == first


def test_the_page_of_a_case_shows_no_household_of_another_office(offices: DeskAlone) -> None:
    whom = {"tenant": Likely("T09", 0.99), "dwelling": Likely("L09", 0.99), "residence": Likely("R02", 0.99)}
    candidates = (Candidate("T09", "L09", "R02", 0.99, 9.0), Candidate("T01", "L01", "R01", 0.01, 1.0))
    number = open_in(offices.store, "nord", f"card {next(_numbers)}", match={**whom, "candidates": candidates})
    agent = Somebody(offices, f"agent-{next(_numbers)}", Role.AGENT, "nord")
    agency = Somebody(offices, f"agency-{next(_numbers)}", Role.AGENCY, "agence")
    theirs, whole = agent.get(f"/dossier/{number}").text, agency.get(f"/dossier/{number}").text
    for told in ("06 11 22 33 44", "t09@free.example", "/foyer/L09", 'value="T09"'):
        assert told in whole
        assert told not in theirs
    assert "relève d’un autre bureau" in theirs
    assert 'value="T01"' in theirs


def move(offices: DeskAlone, agent: Somebody, number: str) -> None:
    """Hand a case over to the reception, which another office works."""
    queue = next(each for each in offices.rules.queues if offices.office_of(each) == "agence")
    offices.send(Command("move", agent.account.name, number, {"queue": queue, "reason": "là-bas"}))


def refusal(offices: DeskAlone, agent: Somebody, verb: str, number: str, arguments: Mapping[str, Any]) -> str:
    """Return how a command is refused."""
    with pytest.raises((RefusedError, NotFoundError)) as told:
        offices.send(Command(verb, agent.account.name, number, arguments))
    return f"{type(told.value).__name__}: {told.value}"


def _beside(offices: DeskAlone, verb: str, own: str) -> dict[str, Any]:
    """Return the other arguments that a verb needs."""
    beside = dict(BESIDE.get(verb, {}))
    if verb == "appoint":
        beside["slot"] = _slot(offices)
    if verb == "forward":
        beside["arrival"] = offices.store.cases.get(own).contacts[0].arrival_id
    return beside


def _file_of_the_other(offices: DeskAlone, number: str) -> int:
    """Return the id of a file in a draft of somebody of the other office."""
    who = Somebody(offices, f"agent-{next(_numbers)}", Role.AGENT, "sud")
    key = DraftKey(who.account.id, DraftKind.REPLY, number)
    file_id = offices.store.files.begin(key, "bail.pdf", "application/pdf", offices.now())
    offices.store.files.add_piece(file_id, who.account.id, 0, b"%PDF-")
    offices.store.files.finish(file_id, who.account.id, "0" * 64)
    return file_id


def _name(value: Any) -> str:
    return str(value[0]) if isinstance(value, list) else str(value)


def _confirm_for_the_other(offices: DeskAlone, number: str) -> None:
    """Have an address kept as that of the other office's tenant."""
    who = Somebody(offices, f"agency-{next(_numbers)}", Role.AGENCY, "agence")
    offices.send(Command("tenant", who.account.name, number, {"tenant": "T09", "confirm": False}))
    with suppress(RefusedError):
        offices.send(Command("confirm", who.account.name, number, {"value": CONFIRMED}))


def _register_for_the_other(offices: DeskAlone, who: Somebody | None = None) -> int:
    """Enter something for the other office's tenant in place of what was entered before, and return its number."""
    who = who or Somebody(offices, f"agency-{next(_numbers)}", Role.AGENCY, "agence")
    for entry in offices.store.desk.register(["T09"]):
        if entry.ended_at is None:
            offices.send(Command("register_end", who.account.name, "", {"entry": entry.id, "reason": "remplacé"}))
    asked = {"tenant": "T09", "kind": "never", "value": f"a{next(_numbers)}@free.example"}
    offices.send(Command("register", who.account.name, "", asked))
    return offices.store.desk.register(["T09"])[-1].id


def _slot(offices: DeskAlone) -> str:
    """Return a half hour of a coming weekday at which the offices are open, each time another one."""
    day = offices.now() + timedelta(days=1)
    calendar = offices.rules.desks.of_office("sud").calendar
    slots = (
        datetime.combine((day + timedelta(days=days)).date(), time(10), offices.now().tzinfo) for days in range(60)
    )
    return [each for each in slots if calendar.is_open(each)][next(_slots)].isoformat()


_slots = count()
