"""Whose call it is, which call-back it opens, joins or closes, and what the shipped rules make of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.contract import as_json
from dtm_contact.directory import (
    Address,
    Assignment,
    Caretaker,
    Directory,
    Dwelling,
    Equipment,
    Lease,
    Office,
    Records,
    Residence,
)
from dtm_contact.model import Call, Confirmed, Earlier, Judgement, NoHistory, Outcome, Party, PartyHistory
from dtm_contact.pipeline import Grounds
from dtm_contact.rehearsal import JudgedCalls
from dtm_contact.settings import Settings
from dtm_contact.text import phone_key
from tests.rules.once import load_once

RULES = Path(__file__).parents[2] / "rules"
MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
LIFT = "07009354764261"


def office(office_id: str, kind: str = "proximity_office") -> Office:
    return Office(office_id, office_id, kind, "1 rue Haute", "93100", "Pantin", "", "0139980099")


def lease(tenant: str, dwelling: str, *phones: str, start: str = "2020-01-01", end: str = "") -> Lease:
    return Lease(
        tenant, f"B{tenant}{dwelling}", dwelling, "holder", "Mme", tenant, "", "A", "", phones,
        date.fromisoformat(start), date.fromisoformat(end) if end else None,
    )  # fmt: skip


OFFICES = ("pantin", "malakoff", "bagnolet", "champigny", "kremlin-bicetre")
RECORDS = Records(
    offices=(*map(office, OFFICES), office("agence", "agency")),
    residences=tuple(
        Residence(f"R{number}", f"R{number}", (), "Pantin", "93500", "93055", "93", OFFICES[number // 2])
        for number in range(4)
    ),
    addresses=tuple(
        Address(f"A{number}", f"R{number}", "1", "rue Basse", "93500", "Pantin", "", "") for number in range(4)
    ),
    dwellings=(
        *(
            Dwelling(f"L{number}{door}", f"A{number}", "dwelling", "", "", "", door, "")
            for number in range(4)
            for door in "ab"
        ),
        Dwelling("P0", "A3", "parking", "", "", "", "", ""),
        Dwelling("S0", "A0", "commercial", "", "", "", "", ""),
    ),
    leases=(
        lease("T1", "L0a", "0639980001", "0139980001"),
        lease("T2", "L0a", "0639980002", "0139980001"),
        lease("T1", "P0", "0639980001"),
        lease("T3", "L0b", "0639980003", "0639980034"),
        lease("T4", "L1a", "0639980004", "0639980034"),
        lease("T5", "L2a", "0639980005", "0639980035"),
        lease("T6", "L3a", "0639980035", "0162000006"),
        lease("T7", "L0b", "0639980037"),
        lease("T3", "L0b", "0639980037"),
        lease("T8", "P0", "0639980008"),
        lease("T9", "L1b", "0639980009", end="2025-06-30"),
        lease("T10", "L1b", "0639980010", "0639980009", start="2025-07-01"),
        lease("T11", "S0", "0139980011"),
        lease("T12", "L2b", "0639980012", end="2025-06-30"),
        lease("T13", "L0a", "0639980045"),
        lease("T14", "L2b", "0639980045"),
    ),
    caretakers=(Caretaker("G1", "M.", "Petit", "Luc", "", "0162000001", "", "pantin"),),
    assignments=(Assignment("G1", "A0", None, None),),
    equipment=(Equipment(LIFT, "elevator_alarm", "A1"),),
)  # fmt: skip


class Known(NoHistory):
    """A history in which agents confirmed numbers."""

    def __init__(self, **confirmed: str) -> None:
        self._confirmed = {phone_key(number[1:]): tenant for number, tenant in confirmed.items()}

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        raise AssertionError(f"a call has no thread: {message_ids}")

    def confirmed(self, addresses: Sequence[str], numbers: Sequence[str]) -> Sequence[Confirmed]:
        assert not addresses
        return [Confirmed(number, self._confirmed[number]) for number in numbers if number in self._confirmed]

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        raise AssertionError(f"no rule asks for the dealings of {party} since {since}")


@pytest.fixture(scope="module")
def grounds() -> Grounds:
    directory = Directory(RECORDS)
    return Grounds.build(directory, load_once(RULES, directory.offices), Settings.defaults())


def call(number: str | None, outcome: Outcome = Outcome.ABANDONED, *, at: int = 0, call_id: str = "") -> Call:
    """Return a call that begins `at` minutes after Monday morning and lasts two."""
    begin = MONDAY + timedelta(minutes=at)
    key = phone_key(number) if number else None
    return Call(
        call_id or f"{at}", outcome, begin, begin + timedelta(minutes=2), number, key or number, withheld=number is None
    )


def judged(grounds: Grounds, *calls: Call, history: Known | None = None) -> list[Judgement]:
    return list(JudgedCalls(grounds, history or Known()).judge(calls))


def who(judgement: Judgement) -> tuple[str | None, str | None, str | None, str | None]:
    told = as_json(judgement)
    tenant, dwelling, residence = (told[key] and told[key]["id"] for key in ("tenant", "dwelling", "residence"))
    return tenant, dwelling, residence, told["office"]


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("0639980001", ("T1", "L0a", "R0", "pantin")),
        ("0139980001", (None, "L0a", "R0", "pantin")),
        ("0639980034", (None, None, None, "pantin")),
        ("0639980035", (None, None, None, "malakoff")),
        ("0639980037", (None, "L0b", "R0", "pantin")),
        ("0639980045", (None, None, None, "agence")),
        ("0639980008", ("T8", None, None, "agence")),
        ("0639980009", (None, "L1b", "R1", "pantin")),
        ("0639980012", ("T12", "L2b", "R2", "malakoff")),
        ("0139980011", ("T11", "S0", "R0", "pantin")),
        ("0639980099", (None, None, None, "agence")),
        (LIFT, (None, None, "R1", "pantin")),
        (None, (None, None, None, "agence")),
    ],
    ids=[
        "one person, and a parking space elsewhere",
        "a household",
        "two dwellings, one office",
        "two dwellings, another office",
        "two people of one dwelling",
        "two dwellings, no office in common",
        "a parking space tells no home",
        "given on: the household of today, but no person",
        "a tenant who left",
        "a shop",
        "nobody",
        "a machine",
        "withheld",
    ],
)
def test_who(grounds: Grounds, number: str | None, right: tuple[str | None, ...]) -> None:
    assert who(judged(grounds, call(number))[0]) == right


def test_what_agents_confirmed_counts(grounds: Grounds) -> None:
    history = Known(n0639980099="T4", n0639980001="T2")
    assert who(judged(grounds, call("0639980099"), history=history)[0]) == ("T4", "L1a", "R1", "pantin")
    assert who(judged(grounds, call("0639980001"), history=history)[0]) == (None, "L0a", "R0", "pantin")


def test_the_caretaker_on_duty_is_told(grounds: Grounds) -> None:
    assert as_json(judged(grounds, call("0639980001"))[0])["caretaker"] == {"id": "G1", "replaces": None}


def standings(judgements: list[Judgement]) -> list[tuple[str | None, str | None, int | None]]:
    told = [as_json(judgement) for judgement in judgements]
    return [(call["joins"], call["closes"], call["count"]) for call in told]


MISSED, ANSWERED, CALLED = Outcome.ABANDONED, Outcome.ANSWERED, Outcome.OUTBOUND_ANSWERED


@pytest.mark.parametrize(
    ("calls", "right"),
    [
        (
            [call("0639980001"), call("0639980002", at=9), call("0139980001", ANSWERED, at=20)],
            [(None, None, 1), ("0", None, 2), (None, "0", 2)],
        ),
        (
            [call("0639980001"), call("0639980001", ANSWERED, at=9), call("0639980001", at=20)],
            [(None, None, 1), (None, "0", 1), (None, None, 1)],
        ),
        ([call("0639980001"), call("0639980002", CALLED, at=9)], [(None, None, 1), (None, "0", 1)]),
        (
            [call("0639980001"), call("0639980001", Outcome.OUTBOUND_UNANSWERED, at=9), call("0639980001", at=20)],
            [(None, None, 1), (None, None, None), ("0", None, 2)],
        ),
        ([call("0639980099"), call("0639980099", at=9)], [(None, None, 1), ("0", None, 2)]),
        ([call("0639980034"), call("0639980003", at=9)], [(None, None, 1), (None, None, 1)]),
        ([call("0639980003"), call("0639980034", ANSWERED, at=9)], [(None, None, 1), (None, "0", 1)]),
        ([call(None), call(None, at=9)], [(None, None, 1), (None, None, 1)]),
        ([call(None), call(None, ANSWERED, at=9)], [(None, None, 1), (None, None, None)]),
        (
            [call(LIFT), call(LIFT, at=9), call(LIFT, ANSWERED, at=12)],
            [(None, None, 1), ("0", None, 2), (None, "0", 2)],
        ),
        ([call("0639980001"), call("0639980001", Outcome.OTHER_DID, at=9)], [(None, None, 1), (None, None, None)]),
        ([call("0639980001"), call(None, Outcome.INTERNAL, at=9)], [(None, None, 1), (None, None, None)]),
        ([call("0162000002"), call("0162000002", at=9)], [(None, None, None), (None, None, None)]),
    ],
    ids=[
        "a household, whichever number",
        "closed, then opened anew",
        "closed by calling another number of the household",
        "an attempt closes nothing",
        "a number that nobody knows",
        "a number of two dwellings is a party of its own",
        "a number of the household closes, though of another one too",
        "withheld callers are strangers to each other",
        "an answered withheld call closes nothing",
        "a machine",
        "another number of the house",
        "internal",
        "an automated caller",
    ],
)
def test_call_backs(
    grounds: Grounds, calls: list[Call], right: list[tuple[str | None, str | None, int | None]]
) -> None:
    assert standings(judged(grounds, *calls)) == right


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("0162000002", "none"),
        ("0162000006", "case"),
        ("0162000001", "case"),
        ("0163000001", "none"),
        ("0164000001", "case"),
    ],
    ids=["automated", "but a tenant's", "but a caretaker's", "another range", "next to the ranges"],
)
def test_automated_callers(grounds: Grounds, number: str, kind: str) -> None:
    told = as_json(judged(grounds, call(number))[0])
    assert (told["kind"], told["office"] is None, told["due"] is None) == (kind, kind == "none", kind == "none")


@pytest.mark.parametrize("outcome", Outcome)
def test_what_needs_a_call_back_is_a_case(grounds: Grounds, outcome: Outcome) -> None:
    told = as_json(judged(grounds, call("0639980001", outcome))[0])
    assert told["channel"] == "phone"
    assert told["outcome"] == outcome.value
    assert (told["kind"], told["office"]) == (("case", "pantin") if outcome.needs_call_back else ("none", None))
    assert (told["topic"], told["topics"]) == (None, [])


def rule(judgement: Judgement) -> tuple[str, str]:
    return judgement.decision.rule.partition(":")[2], judgement.decision.priority.value


def test_the_shipped_rules(grounds: Grounds) -> None:
    assert rule(judged(grounds, call("0639980001"))[0]) == ("rappel", "P3")
    assert rule(judged(grounds, call(LIFT))[0]) == ("appel-equipement", "P1")
    assert rule(judged(grounds, call(LIFT, ANSWERED))[0])[0] == "appel-sans-suite"
    often = judged(grounds, *(call("0639980001", at=at) for at in (0, 30, 59)))
    assert list(map(rule, often)) == [("rappel", "P3"), ("rappel", "P3"), ("rappel-insistant", "P2")]
    seldom = judged(grounds, *(call("0639980001", at=at) for at in (0, 30, 91)))
    assert rule(seldom[2]) == ("rappel", "P3")


def test_a_called_machine_tells_whom_to_notify(grounds: Grounds) -> None:
    assert judged(grounds, call(LIFT))[0].decision.notify == ("on_call", "caretaker")


def test_due_counts_from_the_end_of_the_call(grounds: Grounds) -> None:
    long = replace(call(LIFT), ended_at=MONDAY + timedelta(minutes=50))
    due = judged(grounds, long)[0].decision.due
    assert due is not None
    assert due == MONDAY + timedelta(minutes=65)


def test_the_trace_tells_the_evidence_and_the_rules(grounds: Grounds) -> None:
    found = list(JudgedCalls(grounds, Known()).judge([call("0639980001")], trace=True))
    told = as_json(found[0], trace=True)["trace"]
    assert told["candidates"][0]["evidence"][0]["name"] == "phone.caller"
    conditions = {part["name"] for traced in told["rules"] for part in traced["conditions"]}
    assert {"equipment", "calls"} <= conditions


def test_memory_is_bounded_by_the_open_call_backs(grounds: Grounds) -> None:
    calls = [call(None, at=at) for at in range(100)]
    calls += [call("0639980001", at=at) for at in range(100, 200)]
    calls += [call("0639980003", MISSED if at % 2 else ANSWERED, at=at) for at in range(201, 301)]
    judging = JudgedCalls(grounds, Known())
    judgements = list(judging.judge(calls))
    assert len(judging.open) == 1
    assert max(len(found.contact.standing.recent) for found in judgements if found.contact.standing) <= 20
