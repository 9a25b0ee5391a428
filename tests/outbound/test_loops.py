"""Robots that answer each other fall silent, and a flood of absence notices makes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from tests.outbound.engine import US, Engine
from tests.vouched import found

START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
TICKETS = "sav@tickets.example"
ROUNDS = 20
Robot = Callable[[EmailMessage, int], bytes]


def _written(subject: str, text: str, sender: str = TICKETS, **heads: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, US, subject
    message["Date"] = "Tue, 24 Nov 2026 10:30:00 +0100"
    for name, value in heads.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def polite(answer: EmailMessage, count: int) -> bytes:
    """Write an answer as RFC 3834 wants it."""
    return _written(
        f"Re: {answer['Subject']}", f"Ticket {count} créé.", Auto_Submitted="auto-replied",
        In_Reply_To=answer["Message-ID"],
    )  # fmt: skip


def rude(answer: EmailMessage, count: int) -> bytes:
    """Write an answer that does not say that a machine wrote it."""
    heads = {"In_Reply_To": answer["Message-ID"], "Message_ID": f"<{count}@tickets.example>"}
    return _written(f"Re: {answer['Subject']}", f"Bonjour, votre demande {count} est prise en compte.", **heads)


def forgetful(answer: EmailMessage, count: int) -> bytes:
    """Write an answer that bears nothing of what it answers, and says something else each time."""
    del answer
    matter = ("La fuite", "Le radiateur", "L'ascenseur", "Le badge")[count % 4]
    return _written(f"Ticket {count}", f"{matter} : votre demande {count} est à traiter par vos soins.")


@pytest.mark.parametrize(("robot", "rounds"), [(polite, 1), (rude, 2), (forgetful, 2)])
def test_two_robots_fall_silent_within_two_rounds(running: Engine, robot: Robot, rounds: int) -> None:
    at, told = START, 0
    raw = _written("Ticket 0", "Il y a une fuite dans la cuisine de notre agence.")
    for count in range(1, ROUNDS):
        at += timedelta(seconds=10)
        running.take(raw, TICKETS if robot is not polite or count == 1 else "", at)
        answers = [message for message in running.sent(at) if message["To"] == TICKETS]
        if not answers:
            break
        told += 1
        raw = robot(answers[-1], count)
    assert 1 <= told <= rounds


def test_a_robot_that_never_tires_gets_no_more_than_a_day_s_answers(running: Engine) -> None:
    told = 0
    for count in range(60):
        at = START + timedelta(minutes=20 * count)
        running.take(forgetful(EmailMessage(), count), TICKETS, at)
        told += len([message for message in running.sent(at) if message["To"] == TICKETS])
    assert told == 1, "nothing proves who writes: one a day"
    assert set(running.withheld) == {"limit for one mailbox"}


def test_our_own_answers_that_come_back_end_there(running: Engine) -> None:
    running.take(_written("Fuite", "Il y a une fuite dans la cuisine."), TICKETS, START)
    [answer] = [message for message in running.sent(START) if message["To"] == TICKETS]
    del answer["X-Return-Path"]
    numbers = {running.take(answer.as_bytes(), mail_from, START) for mail_from in (US, TICKETS, "")}
    assert len(numbers) == 1
    assert running.sent(START) == []


def altered(message: EmailMessage, results: str, count: int) -> bytes:
    """Return something that we sent as a forwarding that adds to it hands it back, its signature broken."""
    del message["X-Return-Path"]
    body = message.get_body(("plain",))
    assert body is not None
    text = f"{body.get_content()}\nAttention : message externe ({count}).\n"
    copy = EmailMessage()
    for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"):
        copy[name] = message[name]
    copy.set_content(text)
    return found(results, copy.as_bytes())


@pytest.mark.parametrize("results", ["none", "spf=fail smtp.mailfrom=parishabitat.fr; dmarc=fail"])
def test_what_we_send_and_is_altered_on_its_way_back_opens_no_case_and_falls_silent(
    running: Engine, results: str
) -> None:
    number = running.take(_written("Gaz", "Forte odeur de gaz dans le hall.", "nadia@free.example"), TICKETS, START)
    sent, told = running.sent(START), 0
    assert len(sent) > 1
    for count in range(1, ROUNDS):
        at = START + timedelta(seconds=10 * count)
        assert {running.take(altered(each, results, count), US, at) for each in sent} <= {number}
        sent = running.sent(at)
        told += len(sent)
        if not sent:
            break
    assert told == 0
    assert [case.number for case in running.store.cases.queue()] == [number]


@pytest.mark.parametrize("results", ["none", "spf=fail smtp.mailfrom=parishabitat.fr; dmarc=fail"])
def test_what_we_sent_comes_back_as_ours_whatever_a_check_of_the_sender_says(running: Engine, results: str) -> None:
    number = running.take(_written("Gaz", "Forte odeur de gaz dans le hall.", "nadia@free.example"), TICKETS, START)
    assert number is not None
    sent = running.sent(START)
    for message in sent:
        del message["X-Return-Path"]
        assert running.take(found(results, message.as_bytes()), US, START) == number
    file = running.store.cases.get(number)
    assert [event.what for event in file.events].count("returned") == len(sent) > 1
    assert file.case.version == 1


def absence(number: int) -> tuple[bytes, str]:
    """Return one of the ways in which absence is told, with its return path."""
    sender = f"personne{number}@bureau{number % 7}.example"
    text = "Bonjour, je suis absent du bureau jusqu'au 30 novembre. Je répondrai à mon retour."
    heads: dict[str, str] = {
        0: {"Auto_Submitted": "auto-replied"}, 1: {"X_Autoreply": "yes"}, 2: {"Precedence": "auto_reply"}, 3: {},
    }[number % 4]  # fmt: skip
    return _written("Réponse automatique : absence", text, sender, **heads), ("" if number % 4 == 3 else sender)


def test_more_absence_notices_in_a_minute_than_answers_in_an_hour_make_no_answer_and_no_case(running: Engine) -> None:
    numbers, count = set(), running.settings.outbound.answers_per_hour + 20
    for number in range(count):
        raw, mail_from = absence(number)
        numbers.add(running.take(raw, mail_from, START + timedelta(minutes=number / count)))
    assert numbers == {None}
    assert running.sent(START + timedelta(minutes=2)) == []
    assert running.store.cases.queue() == []
