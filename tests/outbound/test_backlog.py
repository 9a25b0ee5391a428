"""What lay in a mailbox before it was ever looked at: a danger of long ago calls nobody, one of today does."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import pytest

from dtm_contact.model import Priority
from tests.outbound.engine import US, Engine, performed
from tests.vouched import vouched

LOOKED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
WRITER = "nadia@free.example"


def trapped(written: datetime | None, **heads: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Nadia <{WRITER}>", US, "ascenseur"
    message["Message-ID"] = f"<{written:%d.%H%M}@free.example>" if written else "<none@free.example>"
    if written is not None:
        message["Date"] = format_datetime(written)
    for name, value in heads.items():
        message[name.replace("_", "-")] = value
    message.set_content("Je suis bloquée dans l'ascenseur, venez vite !")
    return message.as_bytes()


def test_a_danger_of_long_ago_lies_in_the_queue_marked_and_calls_nobody(running: Engine) -> None:
    number = running.take(trapped(LOOKED - timedelta(days=6)), WRITER, LOOKED, backlog=True)
    assert number is not None
    case = running.store.cases.get(number).case
    assert (case.priority, case.state, case.tags) == (Priority.P1, "open", ("lay_long",))
    assert performed(running, LOOKED + timedelta(days=60)) == 0
    assert running.sent(LOOKED) == []


@pytest.mark.parametrize(
    ("written", "backlog"),
    [(LOOKED - timedelta(hours=20), True), (None, True), (LOOKED - timedelta(days=6), False)],
    ids=["of today", "without a date", "held back by an outage"],
)
def test_any_other_danger_is_told(running: Engine, written: datetime | None, backlog: bool) -> None:  # noqa: FBT001
    number = running.take(trapped(written), WRITER, LOOKED, backlog=backlog)
    assert number is not None
    assert running.store.cases.get(number).case.tags == ()
    assert [each["Subject"][:4] for each in running.sent(LOOKED) if each["To"] != WRITER] != []
    assert performed(running, LOOKED + timedelta(hours=1)) > 0


def test_what_is_written_anew_sets_everything_going(running: Engine) -> None:
    before = LOOKED - timedelta(days=6)
    number = running.take(trapped(before), WRITER, LOOKED, backlog=True)
    reply = {"In_Reply_To": f"<{before:%d.%H%M}@free.example>"}
    again = LOOKED + timedelta(hours=1)
    assert running.take(vouched(trapped(again, **reply)), WRITER, again) == number
    assert [each["Subject"][:4] for each in running.sent(again) if each["To"] != WRITER] != []
    assert performed(running, again + timedelta(hours=1)) > 0
