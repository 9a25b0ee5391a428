from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dtm_contact.contract import as_json
from dtm_contact.model import (
    Candidate,
    CaseKind,
    Channel,
    ConditionTrace,
    Contact,
    Decision,
    Evidence,
    Finding,
    Judgement,
    Likely,
    Match,
    OnDuty,
    Part,
    Priority,
    RuleTrace,
    Scope,
    Span,
    Understanding,
    WriterHome,
)

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
KEYS = [
    "source", "channel", "kind", "tenant", "candidates", "dwelling", "residence", "home", "caretaker", "caretakers",
    "topic", "topics", "scope", "alarm", "priority", "office", "queue", "rule", "due", "joins",
]  # fmt: skip
PHONE = Evidence("phone.known", 13.1, "06 44 60 23 14", Span(Part.NEW, 10, 24), "one household")


def judgement(caretakers: tuple[OnDuty, ...] = (OnDuty("G029", "G094"),)) -> Judgement:
    candidates = tuple(Candidate(f"T{n}", "L1", "R1", 0.98765 / (n + 1), 20.0 - n, (PHONE,)) for n in range(7))
    return Judgement(
        source="D1-001.eml",
        contact=Contact(channel=Channel.EMAIL, at=AT),
        match=Match(
            candidates,
            tenant=Likely("T0", 0.98765),
            dwelling=Likely("L1", 0.99),
            residence=Likely("R1", 1.0),
            office_id="bagnolet",
            caretakers=caretakers,
        ),
        understanding=Understanding(
            CaseKind.CASE,
            ("water_leak", "caretaker"),
            Priority.P2,
            (Finding("water_leak", 4.0, (PHONE,)),),
            scope=Scope.BUILDING,
        ),
        decision=Decision(
            CaseKind.CASE, Priority.P2, "bagnolet", "bagnolet", AT, "routing.yaml:fuite", "ab12", trace=(
                RuleTrace("routing.yaml:fuite", held=True, conditions=(
                    ConditionTrace("topic", "water_leak", "water_leak", held=True),
                )),
            ),
        ),
    )  # fmt: skip


def test_the_object_has_the_contract_s_keys_in_its_order() -> None:
    assert list(as_json(judgement())) == KEYS


def test_five_candidates_at_the_most_best_first() -> None:
    found = as_json(judgement())["candidates"]
    assert [one["id"] for one in found] == ["T0", "T1", "T2", "T3", "T4"]
    assert found[0]["probability"] == 0.9877


@pytest.mark.parametrize(
    ("on_duty", "caretaker", "ids"),
    [
        ((OnDuty("G001"),), {"id": "G001", "replaces": None}, ["G001"]),
        ((OnDuty("G029", "G094"),), {"id": "G029", "replaces": "G094"}, ["G029"]),
        ((OnDuty(None, "G030"),), {"id": None, "replaces": "G030"}, []),
        ((OnDuty("G001"), OnDuty("G002")), None, ["G001", "G002"]),
        ((), None, []),
    ],
)
def test_the_caretaker_is_said_where_there_is_one(
    on_duty: tuple[OnDuty, ...], caretaker: dict[str, str | None] | None, ids: list[str]
) -> None:
    found = as_json(judgement(on_duty))
    assert (found["caretaker"], found["caretakers"]) == (caretaker, ids)


def test_due_has_its_offset_and_the_unknown_is_null() -> None:
    unknown = Judgement(
        "x.eml",
        Contact(channel=Channel.EMAIL, at=AT),
        Match(),
        Understanding(CaseKind.SPAM, ("spam",), Priority.P4),
        Decision(CaseKind.SPAM, Priority.P4, None, None, None, "routing.yaml:spam", "ab12"),
    )
    found = as_json(unknown)
    assert as_json(judgement())["due"] == "2026-11-24T09:30:00+00:00"
    assert as_json(replace(judgement(), match=replace(judgement().match, home=WriterHome("L9", "R2"))))["home"] == {
        "dwelling": "L9",
        "residence": "R2",
    }
    nulls = ("tenant", "dwelling", "residence", "home", "caretaker", "scope", "office", "queue", "due", "joins")
    assert {key: found[key] for key in nulls} == dict.fromkeys(nulls)


def test_the_trace_tells_evidence_with_weights_and_every_rule() -> None:
    trace = as_json(judgement(), trace=True)["trace"]
    assert trace["candidates"][0]["evidence"] == [
        {
            "name": "phone.known",
            "weight": 13.1,
            "seen": "06 44 60 23 14",
            "span": ["new_text", 10, 24],
            "detail": "one household",
        }
    ]
    assert trace["topics"][0]["topic"] == "water_leak"
    assert trace["rules"] == [
        {
            "rule": "routing.yaml:fuite",
            "held": True,
            "conditions": [{"name": "topic", "wanted": "water_leak", "seen": "water_leak", "held": True}],
        }
    ]
