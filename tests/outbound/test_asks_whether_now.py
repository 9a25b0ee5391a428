"""Out of hours the writer of a possible danger is asked whether it is now; only their own yes wakes anybody."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import pytest

from dtm_contact import pipeline
from dtm_contact.conversation.danger_reply import danger_reply
from dtm_contact.hours import PARIS
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    Authentication,
    AutomaticSign,
    Automation,
    Channel,
    Contact,
    DangerReply,
    Mailbox,
    Understanding,
)
from dtm_contact.model.conversation import Asked
from dtm_contact.store import Case, case_transaction
from dtm_contact.topics import understand
from tests.outbound.engine import US, Engine
from tests.vouched import found, vouched

SATURDAY = datetime(2026, 11, 28, 22, 0, tzinfo=PARIS)
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=PARIS)
WRITER = "nadia@free.example"
ANOTHER = "voisin@free.example"
MAYBE = "Ça sent un peu bizarre dans le hall, je ne sais pas si c'est grave."
ASKS = "Êtes-vous en danger ?"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _hears_what_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the sentence of these tests be a possible danger, whatever the reader in force makes of it."""

    def heard(contact: Contact, *rest: object) -> Understanding:
        understood = understand(contact, *rest)  # type: ignore[arg-type]
        if "bizarre" not in contact.new_text:
            return understood
        return replace(understood, topics=("gas",), alarm=Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, 0.4, 0.7))

    monkeypatch.setattr(pipeline, "understand", heard)


def message(
    text: str,
    at: datetime,
    sender: str = WRITER,
    answers: EmailMessage | None = None,
    head: dict[str, str] | None = None,
) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Nadia <{sender}>", US, "odeur"
    made["Date"], made["Message-ID"] = format_datetime(at), f"<{at:%d.%H%M%S}.{len(text)}@free.example>"
    if answers is not None:
        made["In-Reply-To"] = answers["Message-ID"]
    for name, value in (head or {}).items():
        made[name] = value
    made.set_content(text)
    return made.as_bytes()


def asked(running: Engine, at: datetime = SATURDAY) -> tuple[str, EmailMessage]:
    """Return the case of a possible danger, and the question that its writer gets."""
    number = running.take(vouched(message(MAYBE, at)), WRITER, at)
    assert number is not None
    [question] = running.sent(at)
    assert question["To"] == WRITER
    assert str(question["Subject"]).startswith(ASKS)
    return number, question


def case_of(running: Engine, number: str) -> Case:
    return running.store.cases.get(number).case


def subjects(running: Engine, at: datetime) -> list[str]:
    return [str(each["Subject"]) for each in running.sent(at)]


def test_out_of_hours_it_is_asked_once_with_the_emergency_numbers_and_wakes_nobody(running: Engine) -> None:
    number, question = asked(running)
    text = question.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert all(f"le {numbered}" in text for numbered in ("15", "17", "18", "112"))
    french = text[: text.index("Votre bailleur")]
    assert french.count("?") == 1
    assert case_of(running, number).alarm_level is AlarmLevel.POSSIBLE
    again = message(MAYBE + " Encore.", SATURDAY + HOUR, answers=question)
    assert running.take(vouched(again), WRITER, SATURDAY + HOUR) == number
    assert not [subject for subject in subjects(running, SATURDAY + HOUR) if subject.startswith(ASKS)]


def test_while_the_office_works_nobody_is_asked(running: Engine) -> None:
    running.take(vouched(message(MAYBE, TUESDAY)), WRITER, TUESDAY)
    assert not [subject for subject in subjects(running, TUESDAY) if subject.startswith(ASKS)]


def test_the_question_goes_before_all_else_and_whatever_else_went_out(running: Engine) -> None:
    for minute in range(2):
        at = SATURDAY - timedelta(minutes=10 - minute)
        running.take(message(f"Mon badge numéro {minute} ne marche plus", at), WRITER, at)
    running.take(message(MAYBE, SATURDAY), WRITER, SATURDAY)
    first, *_rest = subjects(running, SATURDAY)
    assert first.startswith(ASKS)
    assert running.withheld == ["limit for one mailbox"]


@pytest.mark.parametrize(
    ("sender", "mail_from", "head"),
    [
        (WRITER, "", {}),
        (WRITER, WRITER, {"Auto-Submitted": "auto-generated"}),
        (WRITER, WRITER, {"X-Auto-Response-Suppress": "All"}),
        (WRITER, WRITER, {"List-Unsubscribe": "<mailto:x@free.example>", "Precedence": "bulk"}),
        (WRITER, "voisins-bounces@lists.example", {}),
        ("no-reply@free.example", "no-reply@free.example", {}),
        ("paul@parishabitat.fr", "paul@parishabitat.fr", {}),
    ],
    ids=["null sender", "program", "wants none", "mass", "list", "no-reply", "one of us"],
)
def test_who_is_no_person_outside_is_not_asked(
    running: Engine, sender: str, mail_from: str, head: dict[str, str]
) -> None:
    running.take(vouched(message(MAYBE, SATURDAY, sender, head=head)), mail_from, SATURDAY)
    assert subjects(running, SATURDAY) == []


@pytest.mark.parametrize(
    ("text", "by_address"),
    [
        ("OUI", True),
        ("oui.", False),
        ("Oui ça continue\n\nNadia", True),
        ("Yes!", False),
        ("« Oui »", True),
        ("evet", False),
        ("نعم", True),
        ("sim", False),
        ("si", True),
    ],
)
def test_a_yes_makes_it_certain_and_wakes_those_on_call(running: Engine, text: str, *, by_address: bool) -> None:
    number, question = asked(running)
    at = SATURDAY + 23 * HOUR
    raw = message(text, at, answers=None if by_address else question)
    to = question["X-Return-Path"] if by_address else US
    assert running.take(vouched(raw), WRITER, at, to=to) == number
    case = case_of(running, number)
    assert (case.alarm_level, case.alarm_by, case.priority) == (AlarmLevel.CERTAIN, AlarmSource.ANSWER, "P1")
    sent = running.sent(at)
    [told] = [each for each in sent if each["To"] != WRITER]
    assert str(told["Subject"]).startswith("[P1]")
    assert "répond oui" in told.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    [event] = [each for each in running.store.cases.get(number).events if each.what == "joined"]
    assert event.data["danger_reply"] == "yes"


def test_a_yes_minutes_later_is_answered_by_what_to_do(running: Engine) -> None:
    _number, question = asked(running)
    at = SATURDAY + timedelta(minutes=4)
    running.take(vouched(message("oui", at, answers=question)), WRITER, at)
    [safety] = [each for each in running.sent(at) if each["To"] == WRITER]
    assert "gaz" in str(safety["Subject"]).lower()
    assert running.withheld == []


def test_a_yes_to_thanks_opens_a_closed_case_again(running: Engine) -> None:
    number, question = asked(running)
    with case_transaction(running.store.database, "anne", SATURDAY) as work:
        (held,) = work.lock(number)
        work.change(held, owner="anne", state="closed", closed_at=SATURDAY)
    at = SATURDAY + HOUR
    running.take(vouched(message("Oui merci", at, answers=question)), WRITER, at)
    assert (case_of(running, number).state, case_of(running, number).priority) == ("open", "P1")


def test_the_same_yes_belongs_to_the_case_that_asked(running: Engine) -> None:
    first, one = asked(running)
    later = SATURDAY + 2 * HOUR
    second = running.take(vouched(message("Un bruit bizarre au grenier.", later)), WRITER, later)
    assert second not in (None, first)
    [other] = running.sent(later)
    for number, question, minutes in ((first, one, 1), (second, other, 2)):
        at = later + timedelta(minutes=minutes)
        assert running.take(vouched(message("oui", at, answers=question)), WRITER, at) == number
        assert case_of(running, str(number)).priority == "P1"


def test_a_no_leaves_it_possible_and_is_noted(running: Engine) -> None:
    number, question = asked(running)
    at = SATURDAY + HOUR
    assert running.take(vouched(message("Non, c'est passé.", at, answers=question)), WRITER, at) == number
    assert case_of(running, number).alarm_level is AlarmLevel.POSSIBLE
    event = next(each for each in reversed(running.store.cases.get(number).events) if each.what == "joined")
    assert {"code": "danger_reply", "args": {"reply": "no"}} in event.data["why"]
    assert not [each for each in running.sent(at) if each["To"] != WRITER]


def _forged(question: EmailMessage, at: datetime) -> bytes:
    return found("dmarc=fail header.from=free.example", message("oui", at, answers=question))


def _in_their_own_thread(_question: EmailMessage, at: datetime) -> bytes:
    first = EmailMessage()
    first["Message-ID"] = message(MAYBE, SATURDAY).decode().partition("Message-ID: ")[2].split("\n")[0]
    return vouched(message("oui", at, answers=first))


def _quoted(question: EmailMessage, at: datetime) -> bytes:
    text = "Je vous appelle demain.\n\nLe 28 novembre 2026, Votre bailleur a écrit :\n> oui\n> Répondez OUI\n"
    return vouched(message(text, at, answers=question))


@pytest.mark.parametrize(
    ("make", "after"),
    [
        (_forged, HOUR),
        (lambda question, at: vouched(message("oui", at, ANOTHER, question)), HOUR),
        (lambda _question, at: vouched(message("oui", at)), HOUR),
        (_in_their_own_thread, HOUR),
        (lambda question, at: vouched(message("oui", at, answers=question)), timedelta(hours=24, minutes=1)),
        (_quoted, HOUR),
        (lambda question, at: vouched(message("Ouistiti", at, answers=question)), HOUR),
        (lambda question, at: vouched(message("Si vous pouvez passer demain", at, answers=question)), HOUR),
        (lambda question, at: vouched(message("Oui mais non, c'est passé", at, answers=question)), HOUR),
        (lambda question, at: vouched(message("Ah oui je vois", at, answers=question)), HOUR),
        (
            lambda question, at: vouched(message("oui", at, answers=question, head={"Auto-Submitted": "auto-replied"})),
            HOUR,
        ),
    ],
    ids=[
        "forged",
        "other address",
        "unsigned",
        "own thread",
        "late",
        "quoted",
        "another word",
        "if",
        "taken back",
        "not at the head",
        "robot",
    ],
)
def test_what_is_no_answer_to_the_question_changes_nothing(
    running: Engine, make: Callable[[EmailMessage, datetime], bytes], after: timedelta
) -> None:
    number, question = asked(running)
    at = SATURDAY + after
    running.take(make(question, at), WRITER, at)
    assert case_of(running, number).alarm_level is AlarmLevel.POSSIBLE
    assert not [each for each in running.sent(at) if "P1" in str(each["Subject"])]
    assert running.store.cases.queue()[0].priority == "P2"


def test_a_yes_in_a_case_where_nothing_was_asked_is_an_ordinary_reply(running: Engine) -> None:
    number = running.take(vouched(message("Mon badge ne marche plus", TUESDAY)), WRITER, TUESDAY)
    [answer] = running.sent(TUESDAY)
    running.take(vouched(message("oui", TUESDAY + HOUR, answers=answer)), WRITER, TUESDAY + HOUR)
    assert case_of(running, str(number)).alarm_level is AlarmLevel.NONE


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("OUIII", DangerReply.YES),
        ("- Oui, toujours", DangerReply.YES),
        ("Sí, sigue", DangerReply.YES),
        ("Si, sigue", DangerReply.YES),
        ("Não", DangerReply.NO),
        ("No", DangerReply.NO),
        ("Oui. Non, personne n'est venu", DangerReply.YES),
        ("oui oui, enfin non", None),
        ("Sí, no para", DangerReply.YES),
        ("Nous attendons", None),
        ("Sinon demain", None),
        ("", None),
    ],
)
def test_the_first_word_is_the_answer(text: str, reply: DangerReply | None) -> None:
    contact = Contact(Channel.EMAIL, SATURDAY, Mailbox("", WRITER), new_text=text)
    assert danger_reply(contact, Asked(WRITER, SATURDAY), SATURDAY + HOUR) is reply


@pytest.mark.parametrize(
    "changes",
    [
        {"authentication": Authentication.FAILED},
        {"automatic_signs": (AutomaticSign(Automation.REPLY, "Auto-Submitted: auto-replied"),)},
        {"sender": Mailbox("", ANOTHER)},
    ],
)
def test_the_word_of_nobody_who_was_asked_is_no_answer(changes: dict[str, object]) -> None:
    contact = Contact(Channel.EMAIL, SATURDAY, Mailbox("", WRITER), new_text="oui")
    assert danger_reply(contact, Asked(WRITER, SATURDAY), SATURDAY + HOUR) is DangerReply.YES
    changed = replace(contact, **changes)  # type: ignore[arg-type]
    assert danger_reply(changed, Asked(WRITER, SATURDAY), SATURDAY + HOUR) is None
