"""A voice message that nobody has heard counts as a possible danger while nobody is there to listen to it."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest

from dtm_contact.calls.call_backs import CallGrounds, OpenCallBacks, judge_call
from dtm_contact.explain import reason
from dtm_contact.hours import PARIS
from dtm_contact.model import (
    AlarmLevel,
    AlarmSource,
    Arrival,
    Call,
    CaseKind,
    Judgement,
    NoHistory,
    Outcome,
    Unread,
)  # fmt: skip
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings
from tests.rules.cast import DIRECTORY

NIGHT = datetime(2026, 11, 24, 23, 0, tzinfo=PARIS)
DAY = datetime(2026, 11, 24, 10, 0, tzinfo=PARIS)
LEFT = "Vous avez reçu un nouveau message vocal de 06 99 88 77 66.\nDurée : 12 s\n"
SAID = "message vocal non transcrit, laissé hors des heures d'ouverture"


@pytest.fixture(scope="module")
def grounds() -> Grounds:
    return Grounds.build(DIRECTORY, load_rules(Path(__file__).parents[1] / "rules"), Settings.defaults())


def notice(grounds: Grounds, at: datetime, text: str = LEFT) -> Judgement:
    message = EmailMessage()
    message["From"], message["To"] = "no-reply@ringover.com", "metropole@parishabitat.fr"
    message["Subject"], message["Date"] = "Nouveau message vocal de 06 99 88 77 66", format_datetime(at)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_attachment(b"RIFF....WAVE", maintype="audio", subtype="wav", filename="message.wav")
    arrival = Arrival("smtp", "one", at, "message/rfc822", None, message.as_bytes())
    return judge(arrival, at, grounds, NoHistory())


def call(grounds: Grounds, at: datetime, outcome: Outcome) -> Judgement:
    made = Call("1.1", outcome, at, at + timedelta(minutes=1), "0699887766", "+33699887766")
    return judge_call(made, CallGrounds.build(grounds), NoHistory(), OpenCallBacks())


def told(judgement: Judgement) -> tuple[AlarmLevel, str, bool]:
    return judgement.decision.alarm.level, judgement.decision.priority.value, SAID in reason(judgement)


def test_a_notice_out_of_hours_is_possible_and_says_why(grounds: Grounds) -> None:
    judgement = notice(grounds, NIGHT)
    assert told(judgement) == (AlarmLevel.POSSIBLE, "P2", True)
    assert judgement.decision.alarm.raised_by is AlarmSource.RULE
    assert judgement.understanding.unread is Unread.VOICE
    assert judgement.decision.notify == ()


def test_while_the_office_works_somebody_listens(grounds: Grounds) -> None:
    assert told(notice(grounds, DAY)) == (AlarmLevel.NONE, "P3", False)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Transcription : bonjour je voudrais une copie de mon bail merci", AlarmLevel.NONE),
        ("Transcription automatique du message :\nbonjour je voudrais une copie de mon bail", AlarmLevel.NONE),
        ("Transcription : il y a une très forte odeur de gaz dans le hall", AlarmLevel.CERTAIN),
        ("Transcription : indisponible pour ce message", AlarmLevel.POSSIBLE),
        ("Transcription : (aucune parole reconnue)", AlarmLevel.POSSIBLE),
        ("Transcript: not available for this message", AlarmLevel.POSSIBLE),
        ("Transcription :", AlarmLevel.POSSIBLE),
        ("La transcription n'a pas pu être faite. Durée : douze secondes environ", AlarmLevel.POSSIBLE),
    ],
)
def test_a_transcription_says_what_it_says(grounds: Grounds, text: str, level: AlarmLevel) -> None:
    assert notice(grounds, NIGHT, f"{LEFT}\n{text}\n").decision.alarm.level is level


@pytest.mark.parametrize(
    ("outcome", "at", "level"),
    [
        (Outcome.VOICEMAIL, NIGHT, AlarmLevel.POSSIBLE),
        (Outcome.VOICEMAIL, DAY, AlarmLevel.NONE),
        (Outcome.ABANDONED, NIGHT, AlarmLevel.NONE),
        (Outcome.ANSWERED, NIGHT, AlarmLevel.NONE),
    ],
)
def test_so_is_a_call_that_ended_in_a_voice_message(
    grounds: Grounds, outcome: Outcome, at: datetime, level: AlarmLevel
) -> None:
    assert told(call(grounds, at, outcome))[::2] == (level, level is AlarmLevel.POSSIBLE)


def test_of_a_call_that_nobody_has_to_return_nothing_is_asked(grounds: Grounds) -> None:
    prefixes = grounds.settings.switchboard.model_copy(update={"automated_prefixes": ("0699",)})
    automated = replace(grounds, settings=grounds.settings.model_copy(update={"switchboard": prefixes}))
    judgement = call(automated, NIGHT, Outcome.VOICEMAIL)
    assert judgement.decision.kind is CaseKind.NONE
    assert judgement.decision.alarm.level is AlarmLevel.NONE
