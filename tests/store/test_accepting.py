"""What is written by hand of an arrival is what its columns' own types would write."""

from collections.abc import Iterator
from datetime import timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from dtm_contact.model import Arrival, Envelope
from dtm_contact.store.accepting import _TAKEN, _bound
from dtm_contact.store.columns import encode_json
from dtm_contact.store.schema import arrivals

TEXTS = st.text(st.characters(), max_size=300)
ZONES = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
MOMENTS = st.datetimes(timezones=ZONES, allow_imaginary=False).filter(lambda moment: 1 < moment.year < 9999)
ENVELOPES = st.builds(
    Envelope, mail_from=TEXTS, recipients=st.lists(TEXTS, max_size=3).map(tuple), client=TEXTS, backlog=st.booleans()
)
ARRIVALS = st.builds(
    Arrival,
    channel=st.sampled_from(["smtp", "imap"]),
    external_id=TEXTS,
    received_at=MOMENTS,
    media_type=TEXTS,
    envelope=st.none() | ENVELOPES,
    raw=st.binary(max_size=100),
    in_turn=st.booleans(),
)


def as_the_types_write(arrival: Arrival) -> Iterator[Any]:
    dialect = sqlite.dialect(json_serializer=encode_json)
    for name, take in _TAKEN.items():
        write = arrivals.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        yield take(arrival) if write is None else write(take(arrival))
    yield arrival.raw


@given(ARRIVALS)
def test_values_are_written_as_the_types_write_them(arrival: Arrival) -> None:
    assert _bound(arrival) == tuple(as_the_types_write(arrival))
