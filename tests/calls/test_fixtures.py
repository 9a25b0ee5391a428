"""The recorded week of calls, held line by line against what is right for each."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.pipeline import Grounds
from dtm_contact.rehearsal import CallsAtRest, JudgedCalls
from dtm_contact.settings import Settings
from tests.rules.once import load_once

ROOT = Path(__file__).parents[2]
CALLS = ROOT / "fixtures/calls"
KEYS = {
    "tenant_id": lambda told: told["tenant"] and told["tenant"]["id"],
    "dwelling_id": lambda told: told["dwelling"] and told["dwelling"]["id"],
    "residence_id": lambda told: told["residence"] and told["residence"]["id"],
}
QUESTIONS = (
    "outcome", "kind", "number", "office", "joins", "closes", "priority", "tenant_id", "dwelling_id", "residence_id",
)  # fmt: skip


@pytest.fixture(scope="module")
def told() -> list[dict[str, Any]]:
    settings = Settings.defaults()
    directory = Directory(read_export(ROOT / "fixtures/directory")[0])
    grounds = Grounds.build(directory, load_once(ROOT / "rules", directory.offices), settings)
    at_rest = CallsAtRest([CALLS / "Master.csv"], CALLS / "queue_log", settings)
    judged = [as_json(judgement) for judgement in JudgedCalls(grounds).judge(at_rest)]
    assert at_rest.problems() == ()
    return judged


@pytest.fixture(scope="module")
def truth() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CALLS / "truth.jsonl").read_text(encoding="utf-8").splitlines()]


def test_calls_are_told_in_the_order_in_which_they_end(told: list[dict[str, Any]], truth: list[dict[str, Any]]) -> None:
    assert [call["source"] for call in told] == [right["call_id"] for right in truth]


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_answer_is_right(question: str, told: list[dict[str, Any]], truth: list[dict[str, Any]]) -> None:
    asked = [(call, right) for call, right in zip(told, truth, strict=True) if question in right]
    wrong = [call["source"] for call, right in asked if _said(call, question) != right[question]]
    assert asked
    assert wrong == []


def test_whatever_opens_no_case_has_no_office(told: list[dict[str, Any]]) -> None:
    assert {(call["kind"] == "case", call["office"] is not None) for call in told} == {(True, True), (False, False)}


def test_calls_of_a_call_back_are_counted(told: list[dict[str, Any]]) -> None:
    for opener, count in _counts(told):
        assert count == sum(1 for call in told if opener in {call["joins"], call["source"]})


def _counts(told: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    yield from ((call["closes"], call["count"]) for call in told if call["closes"])


def _said(call: dict[str, Any], question: str) -> Any:
    return KEYS[question](call) if question in KEYS else call[question]
