from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from dtm_contact.directory import Directory, read_export
from dtm_contact.explain import Segment, mark, reason
from dtm_contact.explain.names import Names
from dtm_contact.explain.terminal import render_judgement
from dtm_contact.hours import PARIS
from dtm_contact.labels.judging import ASKERS, KINDS, PARTS, SCOPES, WISHES
from dtm_contact.model import (
    Asker,
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
    Mailbox,
    Match,
    OnDuty,
    Part,
    Priority,
    RuleTrace,
    Scope,
    Span,
    Understanding,
    Wish,
    WriterHome,
)
from dtm_contact.rules import RuleSet, load_rules
from tests.rules.folders import SHIPPED

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
TEXT = "Plus de chauffage depuis lundi, bébé de trois semaines."
HEATING = Evidence("topic.word", 6.0, "Plus de chauffage", Span(Part.NEW, 0, 17))
BABY = Evidence("priority.vulnerable", 1.0, "bébé de trois semaines", Span(Part.NEW, 32, 54))


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory(read_export(Path(__file__).parents[1] / "directory" / "good")[0])


def contact(text: str = TEXT) -> Contact:
    return Contact(channel=Channel.EMAIL, at=AT, sender=Mailbox("A", "a@free.example"), subject="Froid", new_text=text)


@cache
def rules() -> RuleSet:
    return load_rules(SHIPPED)


def told(judgement: Judgement, directory: Directory) -> str:
    console = Console(width=160, record=True, file=StringIO())
    names = Names(directory, {"heating": "Chauffage, eau chaude"}, PARIS)
    console.print(render_judgement(judgement, names, rules(), details=True))
    return console.export_text()


def judgement(directory: Directory, found: Contact | None = None) -> Judgement:
    lease = directory.records.leases[0]
    residence = directory.residence_of(lease.dwelling_id)
    assert residence is not None
    known = Evidence("email.known", 24.0, "a@free.example")
    return Judgement(
        "x.eml",
        found or contact(),
        Match(
            (Candidate(lease.tenant_id, lease.dwelling_id, residence.residence_id, 0.98, 24.0, (known,)),),
            tenant=Likely(lease.tenant_id, 0.98),
            dwelling=Likely(lease.dwelling_id, 0.99),
            residence=Likely(residence.residence_id, 1.0),
            office_id=residence.office_id,
            caretakers=(OnDuty(None, directory.records.caretakers[0].caretaker_id),),
        ),
        Understanding(CaseKind.CASE, ("heating",), Priority.P1, (Finding("heating", 6.0, (HEATING,)),), (BABY,)),
        Decision(
            CaseKind.CASE,
            Priority.P1,
            residence.office_id,
            residence.office_id,
            AT,
            "routing.yaml:urgence",
            "ab",
            trace=(
                RuleTrace("routing.yaml:gaz", False, (ConditionTrace("topic", "gas", "heating", False),)),
                RuleTrace("routing.yaml:urgence", True, (ConditionTrace("priority", "P1", "P1", True),)),
                RuleTrace("routing.yaml:odd", None, (ConditionTrace("text", "x", "", None),)),
                RuleTrace("routing.yaml:par-defaut", True, ()),
            ),
        ),
    )


def test_the_details_have_codes_weights_and_refused_rules(directory: Directory) -> None:
    text = told(judgement(directory), directory)
    lease = directory.records.leases[0]
    for expected in (
        f"{lease.first_name} {lease.last_name} ({lease.tenant_id}), 98,0 %",
        "retenu : 98,0 %",
        "[Plus de chauffage] depuis lundi, {bébé de trois semaines}.",
        "Chauffage, eau chaude (heating) : 6,0 points",
        "plus urgent à cause de",
        "P1, première réponse au plus tard mar. 24/11/2026 10:30",
        "personne, pour remplacer ",
        "+24,0",
        "adresse connue",
        "décisif pour",
        "non routing.yaml:gaz : topic : attendu gas, vu heating",
        "oui routing.yaml:urgence   <- la première qui convient décide",
        "?   routing.yaml:odd",
        "oui routing.yaml:par-defaut   (conviendrait aussi, mais vient après)",
    ):
        assert expected in text


def test_who_lives_elsewhere_is_told_beside_the_place_of_the_matter(directory: Directory) -> None:
    found = judgement(directory)
    home = found.match.dwelling
    assert home is not None
    assert "habite ailleurs" not in told(found, directory)
    lives_in = WriterHome(home.id, directory.records.residences[0].residence_id)
    place = Evidence("place.street", 9.0, "12 rue Hoche")
    elsewhere = replace(found.match, dwelling=None, residence=None, home=lives_in, place_evidence=(place,))
    text = told(replace(found, match=elsewhere), directory)
    assert f"habite ailleurs  {Names(directory, {}, PARIS).home(lives_in)}" in text
    assert "L'auteur habite ailleurs : " in text
    assert "le lieu : pas assez sûr" in text
    assert "« 12 rue Hoche »" in text


def test_control_characters_and_markup_are_shown_not_obeyed(directory: Directory) -> None:
    text = told(judgement(directory, contact("\x1b[31m[bold]Plus[/bold] \u202echauffage")), directory)
    assert "\x1b" not in text
    assert "[bold]" in text
    assert "\u202e" not in text


def test_a_long_text_is_cut_and_says_so(directory: Directory) -> None:
    text = told(judgement(directory, contact("chauffage " * 10_000)), directory)
    assert "… (coupé ici)" in " ".join(text.split())
    assert len(text) < 30_000


@pytest.mark.parametrize(
    ("spans", "segments"),
    [
        ([], [Segment("abcdef")]),
        ([(0, 3)], [Segment("abc", "m"), Segment("def")]),
        ([(4, 6), (1, 2)], [Segment("a"), Segment("b", "m"), Segment("cd"), Segment("ef", "m")]),
        ([(1, 3), (1, 5), (2, 6)], [Segment("a"), Segment("bcde", "m"), Segment("f")]),
        ([(5, 99)], [Segment("abcde"), Segment("f", "m")]),
        ([(3, 3)], [Segment("abcdef")]),
    ],
)
def test_marks_never_overlap_and_lose_nothing(spans: list[tuple[int, int]], segments: list[Segment]) -> None:
    marks = [("m", Evidence("e", 1.0, "", Span(Part.NEW, start, end))) for start, end in spans]
    assert mark(contact("abcdef"), Part.NEW, marks) == segments


def test_the_reason_is_one_french_line(directory: Directory) -> None:
    assert reason(judgement(directory)) == "« Plus de chauffage » ; P1 : « bébé de trois semaines » ; règle urgence"


def test_the_reason_says_nothing_twice(directory: Directory) -> None:
    again = [
        Evidence("topic.word", weight, seen)
        for weight, seen in ((4.0, "Fuite sous\n évier"), (6.0, "fuite"), (1.0, "eau"))
    ]
    found = judgement(directory)
    understanding = replace(found.understanding, findings=(Finding("heating", 6.0, tuple(again)),), raised_by=())
    assert reason(replace(found, understanding=understanding)) == "« fuite », « eau » ; règle urgence"


@pytest.mark.parametrize(
    ("codes", "words"),
    [(CaseKind, KINDS), (Scope, SCOPES), (Asker, ASKERS), (Wish, WISHES), (Part, PARTS)],
)
def test_every_code_has_a_word_of_the_offices(codes: type[StrEnum], words: Mapping[StrEnum, str]) -> None:
    assert set(words) == set(codes)
