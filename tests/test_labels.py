"""The labels name what the layers above them call by the same codes."""

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import dtm_contact
from dtm_contact.access import Role
from dtm_contact.cases import all_verbs
from dtm_contact.cases.act import UNDONE
from dtm_contact.conversation import joining
from dtm_contact.labels import cases, coded_text, judging
from dtm_contact.labels.audit import audit_details, audit_subject
from dtm_contact.labels.events import event_line
from dtm_contact.labels.formats import due_in, lasting, percent, plural, size, spaced
from dtm_contact.model import (
    AlarmLevel,
    AlarmSource,
    CodedText,
    Consent,
    EntryKind,
    JoinedBy,
    Outcome,
    Peril,
    Priority,
    Protection,
    Reach,
    Unanswered,
    Unread,
    Wish,
    Withheld,
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("codes", "labels"),
    [
        (AlarmLevel, judging.ALARM_LEVELS),
        (AlarmSource, judging.ALARM_SOURCES),
        ((*AlarmSource, None), judging.ALARM_RAISED),
        ((*AlarmSource, None), judging.ALARM_DOUBTED),
        (Outcome, judging.OUTCOMES),
        (Unanswered, judging.UNANSWERED),
        (Peril, judging.PERILS),
        (Unread, judging.UNREAD),
        (Wish, judging.WISH_HEADINGS),
        (EntryKind, cases.ENTRY_KINDS),
        (Reach, cases.REACHES),
        (Protection, cases.PROTECTIONS),
        (Consent, cases.CONSENTS),
        (Priority, cases.PRIORITIES),
        (Role, cases.ROLES),
    ],
)
def test_every_code_has_a_label(codes: Iterable[object], labels: Mapping[object, str]) -> None:
    assert set(labels) == set(codes)


def test_every_kind_of_evidence_is_named_in_a_sentence() -> None:
    assert set(judging.EVIDENCE_GROUPS.values()) == set(judging.EVIDENCE_OF)


def test_every_verb_is_named_in_the_audit_trail() -> None:
    assert [verb for verb in all_verbs() if audit_details({"verb": verb}, {}) == verb and verb != "note"] == []


def test_the_trail_names_what_it_holds_by_identifiers() -> None:
    called = {kind: f"<{kind} {{}}>".format for kind in ("queue", "office", "person", "residence", "topic", "figure")}
    details = {"people": ["T01"], "queues": ["nord"], "office": "nord", "topic": "pests", "figure": "opened"}
    assert audit_details(details, called) == (
        "1 personne : <person T01>, files <queue nord>, bureau : <office nord>, motif : <topic pests>, "
        "chiffre : <figure opened>"
    )
    assert audit_subject("incident R01 elevator", called) == "incident : <topic elevator>, <residence R01>"
    assert audit_subject("dossiers opened", called) == "dossiers : <figure opened>"
    assert audit_subject("ecartes", called) == "messages écartés"
    assert audit_subject("2026-000042", called) == "2026-000042"


@pytest.mark.parametrize(
    ("what", "data", "line"),
    [
        (UNDONE, {}, "Changement annulé"),
        (
            "not sent",
            {"reason": Withheld.REGISTER},
            "Message non envoyé : le registre interdit d'écrire à cette adresse",
        ),
        (
            "moved",
            {"changed": {"queue": ["nord", "sud"]}},
            "Transmis : sud",
        ),
        (
            "restored",
            {"backed_up_at": "2026-11-24T02:40:00+00:00"},
            "Rétabli d'une sauvegarde : ce qui a été fait depuis le 2026-11-24T02:40:00+00:00 est perdu",
        ),
        ("renumbered", {"number": "2026-000042"}, "Numéro avant la restauration : 2026-000042"),
        ("unheard of", {}, "unheard of"),
    ],
)
def test_an_event_is_a_line(what: str, data: Mapping[str, object], line: str) -> None:
    assert event_line(what, data) == line


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (lasting(timedelta(minutes=12)), "12 min"),
        (lasting(timedelta(hours=2, minutes=5)), "2 h 05"),
        (lasting(timedelta(days=3)), "3 j"),
        (due_in(NOON - timedelta(minutes=5), NOON), "en retard de 5 min"),
        (due_in(NOON + timedelta(hours=1), NOON), "dans 1 h"),
        (due_in(NOON + timedelta(hours=11), NOON.replace(hour=22)), "dans 1 h"),
        (due_in(NOON + timedelta(hours=45), NOON), "avant jeu. 26/11 09:00"),
        (due_in(NOON, NOON, NOON + timedelta(hours=2)), "revient 14:00"),
        (plural(1, "foyer"), "1 foyer"),
        (plural(2, "foyer"), "2 foyers"),
        (percent(1.0), "99\u00a0%"),
        (percent(0.001), "< 1\u00a0%"),
        (size(12_300), "12 Ko"),
        (size(1_500_000), "1,5 Mo"),
        (spaced("0612345678"), "06 12 34 56 78"),
        (spaced("+442079460000"), "+442079460000"),
    ],
)
def test_times_and_numbers_are_written_as_people_do(written: str, expected: str) -> None:
    assert written == expected


def coded_texts() -> Iterator[tuple[str, frozenset[str] | None]]:
    """Yield each code that the program makes, with the names of its arguments; None where they stand elsewhere."""
    for path in sorted(Path(dtm_contact.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            made = ast.unparse(node.func)
            if made == "CodedText":
                args = node.args[1] if len(node.args) > 1 else ast.Dict([], [])
                keys = args.keys if isinstance(args, ast.Dict) else None
                names = None if keys is None else frozenset(ast.literal_eval(key) for key in keys if key is not None)
                yield str(node.args[0].value), names
            elif made == "CodedText.about":
                yield str(node.args[0].value), frozenset(keyword.arg or "" for keyword in node.keywords)


def test_every_code_has_words_that_take_its_arguments() -> None:
    made = list(coded_texts())
    assert len(made) > 30
    for code, names in made:
        signature = inspect.signature(coded_text.WORDS[code])
        if names is not None:
            signature.bind(**dict.fromkeys(names))
    obstacles = ast.parse(inspect.getsource(joining))
    asked = [
        node for node in ast.walk(obstacles) if isinstance(node, ast.Call) and ast.unparse(node.func) == "_Obstacle"
    ]
    assert {ast.literal_eval(node.args[0]) for node in asked} == set(coded_text.OBSTACLES)
    of_own_messages = {"our_own_message", "our_message_again", "written_by_us"}
    assert set(coded_text.WORDS) == {code for code, _names in made} | of_own_messages | {"text"}


@pytest.mark.parametrize("way", [way for way in JoinedBy if way is not JoinedBy.RULE])
def test_every_way_to_join_has_words(way: JoinedBy) -> None:
    coded = CodedText("joined", {"way": way.value, "case": "2026-000001", "reopened": True})
    assert coded_text.text_of(coded).endswith("2026-000001, rouvert")


@pytest.mark.parametrize(
    ("coded", "words"),
    [
        (
            CodedText("not_joined", {"case": "2026-000001", "because": "closed_long_ago", "days": 14, "rule": "suite"}),
            "dossier 2026-000001 non rejoint malgré la règle suite : clos depuis plus de 14 jours",
        ),
        (
            CodedText("outcome", {"outcome": "voicemail", "before": "timeout"}),
            "Message vocal à écouter, et non « Appel sans réponse après attente »",
        ),
        (CodedText("spoke", {"owner": "paul"}), "joint par téléphone, alors que paul l'avait pris"),
        (
            CodedText("danger_over", {"over": "checked", "spoke": True}),
            "Vérifié sur place : pas de danger – rappelé, joint",
        ),
        (CodedText("register_entry", {"kind": "never", "value": "0612345678"}), "ne jamais appeler le 06 12 34 56 78"),
        (CodedText("caller", {"number": "0612345678", "name": "NADIA"}), "06 12 34 56 78 (NADIA)"),
        (CodedText("of_a_later_program", {"x": 1}), "of_a_later_program"),
        (CodedText("rule", {"other": 1}), "rule"),
        (CodedText("danger", {"level": "unheard of"}), "danger"),
    ],
)
def test_a_code_is_read_in_words(coded: CodedText, words: str) -> None:
    assert coded_text.text_of(coded) == words
    assert coded_text.text_of_json([coded.as_json(), "et après"]) == f"{words} ; et après"
