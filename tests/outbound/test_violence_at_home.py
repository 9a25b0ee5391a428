"""Of violence at home nothing goes out by itself but a receipt that says nothing; where the text forbids it, none."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import pytest

from dtm_contact import pipeline
from dtm_contact.hours import PARIS
from dtm_contact.labels.judging import CARE
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    Contact,
    Evidence,
    Understanding,
    Wish,
    Wished,
)
from dtm_contact.topics import understand
from tests.outbound.engine import US, Engine
from tests.vouched import found, vouched

NIGHT = datetime(2026, 11, 28, 22, 0, tzinfo=PARIS)
LATER = NIGHT + timedelta(hours=3)
WRITER = "nadia@free.example"
NO_POST = (Wished(Wish.NO_POST, Evidence("wish.word", 1.0, "n'écrivez pas")),)


@pytest.fixture(autouse=True)
def _hears_violence(monkeypatch: pytest.MonkeyPatch) -> None:
    def heard(contact: Contact, *rest: object) -> Understanding:
        understood = understand(contact, *rest)  # type: ignore[arg-type]
        if "il me frappe" not in contact.new_text:
            return understood
        level = AlarmLevel.POSSIBLE if "peut-être" in contact.new_text else AlarmLevel.CERTAIN
        wishes = NO_POST if "n'écrivez pas" in contact.new_text else ()
        return replace(
            understood,
            topics=("danger",),
            alarm=Alarm(level, AlarmSource.WORDS),
            violence_at_home=True,
            wishes=wishes,
        )

    monkeypatch.setattr(pipeline, "understand", heard)


def message(text: str, at: datetime, answers: str = "") -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Nadia <{WRITER}>", US, "mon mari est violent"
    made["Date"], made["Message-ID"] = format_datetime(at), f"<{at:%d.%H%M}@free.example>"
    if answers:
        made["In-Reply-To"] = answers
    made.set_content(text)
    return made.as_bytes()


def answers(running: Engine, at: datetime) -> tuple[list[EmailMessage], list[EmailMessage]]:
    """Return what goes to the writer, and what goes to our own people."""
    sent = running.sent(at)
    return [each for each in sent if each["To"] == WRITER], [each for each in sent if each["To"] != WRITER]


@pytest.mark.parametrize("level", ["toujours", "peut-être"])
def test_only_a_receipt_goes_out_that_says_nothing(running: Engine, level: str) -> None:
    number = running.take(vouched(message(f"Il crie et il me frappe {level}.", NIGHT)), WRITER, NIGHT)
    [receipt], told = answers(running, NIGHT)
    text = receipt.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.split() == ["Bonjour,", "Nous", "avons", "bien", "reçu", "votre", "message.", "Votre", "bailleur"]
    assert receipt["Subject"] == "Votre message"
    assert str(number) not in f"{receipt['Subject']}{text}"
    assert all(CARE[:60] in each.get_body(("plain",)).get_content() for each in told)  # type: ignore[union-attr]
    assert bool(told) is (level == "toujours")


def test_nothing_goes_out_where_the_text_forbids_to_write(running: Engine) -> None:
    running.take(vouched(message("il me frappe, n'écrivez pas, il lit tout", NIGHT)), WRITER, NIGHT)
    to_writer, told = answers(running, NIGHT)
    assert to_writer == []
    assert told


def test_a_sender_of_whom_a_check_failed_gets_nothing(running: Engine) -> None:
    forged = found("dmarc=fail header.from=free.example", message("il me frappe", NIGHT))
    running.take(forged, WRITER, NIGHT)
    assert answers(running, NIGHT)[0] == []


@pytest.mark.parametrize("forbids", ["", ", n'écrivez pas"])
def test_what_follows_in_the_case_is_treated_with_the_same_care(running: Engine, forbids: str) -> None:
    said = f"Au secours, mon mari me frappe en ce moment, il me frappe et il va me tuer, venez vite{forbids}"
    number = running.take(vouched(message(said, NIGHT)), WRITER, NIGHT)
    answers(running, NIGHT)
    signed = running.grounds.mail_identity.tokens.message_id(str(number), "abc")
    again = message("Au secours, il me menace encore avec un couteau, venez vite", LATER, signed)
    assert running.take(vouched(again), WRITER, LATER) == number
    assert running.store.cases.get(str(number)).case.priority == "P1"
    assert [each["Subject"] for each in answers(running, LATER)[0]] == []
