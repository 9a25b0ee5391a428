"""Appointments: one person a slot, while the office is open."""

from datetime import datetime, timedelta

import pytest

from dtm_contact.cases import RefusedError
from tests.cases.conftest import Desk
from tests.rules.cast import DIRECTORY
from tests.store.samples import NOW

OFFICE = next(office.office_id for office in DIRECTORY.records.offices if office.kind != "agency")
SLOT = (NOW + timedelta(hours=4)).replace(minute=30).isoformat()


def test_a_slot_is_taken_once_and_free_again_once_cancelled(desk: Desk) -> None:
    one, two = desk.open("one"), desk.open("two")
    desk.do(one, "appoint", slot=SLOT, office=OFFICE)
    with pytest.raises(RefusedError, match="pris"):
        desk.do(two, "appoint", slot=SLOT, office=OFFICE)
    desk.do(one, "cancel_appointment", slot=SLOT)
    desk.do(two, "appoint", slot=SLOT, office=OFFICE)
    assert desk.happened(one)[-2:] == ["appointed", "appointment cancelled"]
    with pytest.raises(RefusedError, match="pas de rendez-vous"):
        desk.do(one, "cancel_appointment", slot=SLOT)
    kept = desk.store.desk.appointments(OFFICE, NOW, NOW + timedelta(days=1))
    assert [(each.number, each.booked_by) for each in kept] == [(two, "paul")]


@pytest.mark.parametrize(
    ("slot", "office", "why"),
    [
        (NOW + timedelta(minutes=45), OFFICE, "à la demie"),
        (NOW - timedelta(minutes=30), OFFICE, "déjà passé"),
        ((NOW + timedelta(hours=9)).replace(minute=0), OFFICE, "fermé"),
        ((NOW + timedelta(hours=4)).replace(minute=0), "nowhere", "n'existe pas"),
    ],
)
def test_what_is_no_slot_is_refused(desk: Desk, slot: datetime, office: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        desk.do(desk.open(), "appoint", slot=slot.isoformat(), office=office)
