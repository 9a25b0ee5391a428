"""Mails of machines that were written before anything was scored: nothing that asks is set aside.

The first four sets are of people who knew nothing of the program. The fifth is of a hand that knew it, written before
what a machine repeats was told apart: it holds pairs of one system, once harmless in words of danger and once a danger.
"""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dtm_contact.model import Arrival, CaseKind, Priority, Understanding
from dtm_contact.reading import read
from dtm_contact.rules import load_rules
from dtm_contact.topics import Reader, understand

ROOT = Path(__file__).parents[2]
SETS = ("machines", "machines_kept", "machines_third", "machines_fourth", "machines_fifth")
REPORTS = frozenset([
    "p01-rapport", "p12-centrale-ssi", "p16-ticket", "p20-bon-termine", "05-ssi-essai", "07-gtb-etat",
])  # fmt: skip
"""Reports of something that happened are cases: of a night, of a fire panel's test, of a ticket, of a job done."""
SHOWN = frozenset(["05-ssi-essai", "p20-bon-termine"])
"""A fire panel's test whose table reads like a fire in the hall, and a flood that is over, told in a person's prose."""
UNSIGNED = frozenset(["04-retour", "02-absence-nue"])
"""Absences without any sign of their own: in doubt somebody reads them."""
AT = datetime(2026, 11, 24, tzinfo=UTC)
TRUTHS = [
    (ROOT / "fixtures" / name / truth["file"], truth)
    for name in SETS
    for truth in map(json.loads, (ROOT / "fixtures" / name / "truth.jsonl").read_text("utf-8").splitlines())
]


@cache
def reader() -> Reader:
    return load_rules(ROOT / "rules").reader


@cache
def understood(file: Path) -> Understanding:
    return understand(read(Arrival("file", file.name, AT, "message/rfc822", None, file.read_bytes())), reader())


def wanted(kind: str) -> list[Any]:
    return [pytest.param(file, truth, id=file.stem) for file, truth in TRUTHS if truth["kind"] == kind]


@pytest.mark.parametrize(("file", "truth"), wanted("case"))
def test_what_asks_or_reports_is_a_case_and_a_danger_is_one(file: Path, truth: dict[str, Any]) -> None:
    found = understood(file)
    assert found.kind is CaseKind.CASE
    if truth["priority"] == "P1":
        assert found.priority is Priority.P1
    if truth.get("unread_letter"):
        assert found.topics == ("other",)
        assert found.priority in {Priority.P2, Priority.P3}


@pytest.mark.parametrize(("file", "truth"), wanted("automatic"))
def test_what_nobody_asks_is_set_aside_or_shown_without_alarm(file: Path, truth: dict[str, Any]) -> None:
    assert truth["kind"] == "automatic"
    found = understood(file)
    assert not found.alarm.certain
    assert not found.alarm.any or file.stem in SHOWN
    assert found.kind in {CaseKind.AUTOMATIC, CaseKind.SPAM} or file.stem in REPORTS | UNSIGNED


def test_every_reply_of_a_machine_is_set_aside() -> None:
    kept = {
        file.stem for file, truth in TRUTHS if truth["kind"] == "automatic" and understood(file).kind is CaseKind.CASE
    }
    assert kept <= REPORTS | UNSIGNED


def test_most_mass_mail_is_set_aside() -> None:
    """A list that people post to and an advertisement in words of danger are cases: in doubt somebody reads them."""
    kinds = {file.stem: understood(file).kind for file, truth in TRUTHS if truth["kind"] == "spam"}
    cases = {name for name, kind in kinds.items() if kind is CaseKind.CASE}
    assert cases <= {"m19-liste-sympa", "m20-aerovigil", "masse-prospection-20", "07-lettre", "10-lettre-federation"}
