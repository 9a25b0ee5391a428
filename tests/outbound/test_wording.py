from datetime import UTC, datetime, time

import pytest

from dtm_contact.hours import END_OF_DAY, PARIS, WEEKDAYS, Calendar
from dtm_contact.labels.formats import moment
from dtm_contact.outbound.wording import opening_hours

DAY = ((time(9), time(17)),)
SPLIT = ((time(9), time(12, 30)), (time(13, 30), time(17)))


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 11, 25, 12, 0, tzinfo=UTC), "mercredi 25 novembre à 13 h"),
        (datetime(2026, 7, 1, 7, 5, tzinfo=UTC), "mercredi 1er juillet à 9 h 05"),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "vendredi 1er janvier à 0 h 30"),
    ],
)
def test_moments(at: datetime, told: str) -> None:
    assert moment(at, PARIS) == told


@pytest.mark.parametrize(
    ("week", "told"),
    [
        ((DAY,) * 5 + ((),) * 2, "du lundi au vendredi de 9 h à 17 h"),
        (
            (SPLIT,) * 4 + (DAY,) + ((),) * 2,
            "du lundi au jeudi de 9 h à 12 h 30 et de 13 h 30 à 17 h ; le vendredi de 9 h à 17 h",
        ),
        ((DAY, (), DAY) + ((),) * 4, "le lundi de 9 h à 17 h ; le mercredi de 9 h à 17 h"),
        ((((time(0), END_OF_DAY),),) * 7, "du lundi au dimanche de 0 h à minuit"),
    ],
)
def test_opening_hours(week: tuple[tuple[tuple[time, time], ...], ...], told: str) -> None:
    assert len(week) == len(WEEKDAYS)
    assert opening_hours(Calendar(week)) == told
