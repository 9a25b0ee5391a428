"""The labels name what the layers above them call by the same codes."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from dtm_contact.access import Role
from dtm_contact.cases import all_verbs
from dtm_contact.cases.taken_back import UNDONE
from dtm_contact.labels import cases, judging
from dtm_contact.labels.cases import audit_details
from dtm_contact.labels.events import event_line
from dtm_contact.labels.formats import due_in, lasting, percent, plural, size, spaced
from dtm_contact.model import (
    AlarmLevel,
    AlarmSource,
    Consent,
    EntryKind,
    Outcome,
    Peril,
    Priority,
    Protection,
    Reach,
    Unread,
    Wish,
)
from dtm_contact.store.register import WITHHELD

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("codes", "labels"),
    [
        (AlarmLevel, judging.ALARM_LEVELS),
        (AlarmSource, judging.ALARM_SOURCES),
        ((*AlarmSource, None), judging.ALARM_RAISED),
        (Outcome, judging.OUTCOMES),
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


def test_every_verb_is_named_in_the_audit_trail() -> None:
    assert [verb for verb in all_verbs() if audit_details({"verb": verb}) == verb and verb != "note"] == []


@pytest.mark.parametrize(
    ("what", "data", "line"),
    [
        (UNDONE, {}, "Changement annulé"),
        ("not sent", {"reason": WITHHELD}, "Message non envoyé : le registre interdit d'écrire à cette adresse"),
        (
            "moved",
            {"changed": {"queue": ["nord", "sud"]}},
            "Transmis : sud",
        ),
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
