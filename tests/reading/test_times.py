from datetime import UTC, datetime, timedelta

import pytest

from dtm_contact.reading import message_time
from dtm_contact.reading.headers import parse_spoken_time
from tests.reading.reads import RECEIVED_AT

RECEIVED = (
    "Received: from a by b; Mon, 23 Nov 2026 09:31:00 +0100\nReceived: from c by a; Mon, 23 Nov 2026 09:30:00 +0100\n"
)
NEWEST = datetime(2026, 11, 23, 8, 31, tzinfo=UTC)


def time_of(headers: str) -> datetime:
    return message_time(f"{headers}\ntexte".encode(), RECEIVED_AT)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("Date: Sun, 22 Nov 2026 10:00:00 +0100\n" + RECEIVED, datetime(2026, 11, 22, 9, tzinfo=UTC)),
        ("Date: Tue, 24 Nov 2026 09:00:00 +0100\n" + RECEIVED, datetime(2026, 11, 24, 8, tzinfo=UTC)),
        (RECEIVED, NEWEST),
        ("Date: n'importe quoi\n" + RECEIVED, NEWEST),
        ("Date: Thu, 01 Jan 1970 00:00:00 +0000\n" + RECEIVED, NEWEST),
        ("Date: Wed, 25 Nov 2026 10:00:00 +0100\n" + RECEIVED, NEWEST),
        ("Date: Mon, 23 Nov 2020 10:00:00 +0100\n" + RECEIVED, NEWEST),
        ("Date: Mon, 23 Nov 2020 10:00:00 +0100\n", datetime(2020, 11, 23, 9, tzinfo=UTC)),
        ("Date: Fri, 23 Nov 2029 10:00:00 +0100\n", RECEIVED_AT),
        ("Date: Mon, 99 Nov 99999 99:99:99 +9999\n", RECEIVED_AT),
        ("Received: from a by b; demain\n", RECEIVED_AT),
        ("", RECEIVED_AT),
    ],
    ids=[
        "its date",
        "a little ahead",
        "no date",
        "no sense",
        "before mail",
        "ahead of its arrival",
        "years before arrival",
        "old without received",
        "ahead of now",
        "impossible",
        "received without sense",
        "nothing",
    ],
)
def test_time_is_the_date_where_it_can_be_true(headers: str, expected: datetime) -> None:
    found = time_of(headers)
    assert found == expected
    assert found.tzinfo is not None


def test_a_time_without_offset_is_of_paris() -> None:
    assert time_of("Date: 23 Jul 2026 09:30:00\n").utcoffset() == timedelta(hours=2)


def test_old_line_breaks_do_not_hide_the_date() -> None:
    raw = b"Subject: a\rDate: Mon, 23 Nov 2026 09:30:00 +0100\r\rtexte"
    assert message_time(raw, RECEIVED_AT) == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lundi 16 novembre 2026 10:12", "2026-11-16T10:12:00+01:00"),
        ("jeu. 5 févr. 2026 à 9h05", "2026-02-05T09:05:00+01:00"),
        ("1er août 2026 à 08:05", "2026-08-01T08:05:00+02:00"),
        ("Mon, Dec 15, 2025 at 3:00 PM", "2025-12-15T15:00:00+01:00"),
        ("23/06/26  10:46  (GMT+01:00)", "2026-06-23T10:46:00+02:00"),
        ("2026-01-27", "2026-01-27T00:00:00+01:00"),
        ("Tue, 24 Nov 2026 04:53:00 +0100", "2026-11-24T04:53:00+01:00"),
        ("32 novembre 2026 10:12", None),
        ("hier", None),
    ],
)
def test_times_written_for_people(text: str, expected: str | None) -> None:
    found = parse_spoken_time(text)
    assert (found.isoformat() if found else None) == expected
