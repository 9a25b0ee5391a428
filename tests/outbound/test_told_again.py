"""Whoever writes of danger again, in the case of the first time, is heard again; who writes at once again, is not."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from dtm_contact.store import case_transaction
from tests.outbound.engine import US, Engine, performed
from tests.vouched import vouched

FIRST = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
WRITER = "nadia@free.example"


def message(text: str, at: datetime, answers: datetime | None = None) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Nadia <{WRITER}>", US, "ascenseur"
    made["Date"], made["Message-ID"] = format_datetime(at), f"<{at:%d.%H%M}@free.example>"
    if answers is not None:
        made["In-Reply-To"] = f"<{answers:%d.%H%M}@free.example>"
    made.set_content(text)
    return vouched(made.as_bytes())


def told(running: Engine, at: datetime) -> list[str]:
    """Return to whom something goes by now: the writer, or one of us."""
    return sorted("the writer" if each["To"] == WRITER else "on call" for each in running.sent(at))


def begun(running: Engine) -> str:
    number = running.take(message("Je suis bloquée dans l'ascenseur, venez vite !", FIRST), WRITER, FIRST)
    assert number is not None
    assert told(running, FIRST) == ["on call", "the writer"]
    return number


def again(
    running: Engine, at: datetime, text: str = "Je suis encore bloquée dans l'ascenseur, venez vite"
) -> str | None:
    return running.take(message(f"{text} ({at:%H:%M}).", at, FIRST), WRITER, at)


def test_danger_in_a_case_that_was_closed_is_told_and_answered_again(running: Engine) -> None:
    number = begun(running)
    later = FIRST + timedelta(days=3)
    assert performed(running, FIRST) == 0
    with case_transaction(running.store.database, "anne", FIRST) as work:
        (held,) = work.lock(number)
        work.change(held, owner="anne", state="closed", closed_at=FIRST)
        work.add_event(held, "replied", {})
    assert performed(running, later) == 0
    assert again(running, later) == number
    assert running.store.cases.get(number).case.state == "open"
    assert running.store.cases.get(number).case.owner is None
    assert told(running, later) == ["on call", "the writer"]
    assert performed(running, later + timedelta(minutes=1)) == 0
    assert performed(running, later + timedelta(hours=1)) > 0
    assert told(running, later + timedelta(hours=1))[0] == "on call"


def test_danger_in_an_open_case_is_told_again_after_an_hour_and_not_before(running: Engine) -> None:
    number = begun(running)
    for minutes, who in ((5, []), (59, []), (65, ["on call"]), (70, []), (130, ["on call"])):
        at = FIRST + timedelta(minutes=minutes)
        assert again(running, at) == number
        assert told(running, at) == who, minutes


def test_thanks_call_nobody(running: Engine) -> None:
    number = begun(running)
    at = FIRST + timedelta(days=1)
    assert again(running, at, "Merci beaucoup pour votre aide, bonne journée") == number
    assert told(running, at) == []
