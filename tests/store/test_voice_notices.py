"""The notice of a voice message joins the call that it belongs to, whichever comes first, and is never lost."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from dtm_contact.contract import as_json
from dtm_contact.model import AlarmLevel, Arrival, CaseKind, Limits, Outgoing, OutgoingKind
from dtm_contact.pipeline import Grounds
from dtm_contact.store import CaseFile, OutgoingBatch, Store, UnreadableSummary
from dtm_contact.store.schema import contacts
from dtm_contact.worker.handlers import MESSAGE, Handlers
from dtm_contact.worker.ipc import JudgeRequest
from tests.calls.logs import MONDAY_NIGHT
from tests.store.samples import RECEPTION
from tests.store.test_call_backs import ANSWERED, NOW, Desk, desk, grounds  # noqa: F401 - fixtures

AT = datetime.fromtimestamp(MONDAY_NIGHT + 40, UTC)
LEFT = """Dear 6460:

	Just wanted to let you know you were just left a 0:12 long message (number 3)
in mailbox 6460 from "KAROUI" <{number}>, on Monday, November 16, 2026 so you might
want to check it when you get a chance.  Thanks!
"""
ASTERISK = ("Asterisk PBX <voicemail@orange.com>", "[PBX]: New message 3 in mailbox 6460", LEFT)
RINGOVER = (
    "Ringover <no-reply@ringover.com>",
    "Nouveau message vocal de {number}",
    "Bonjour,\n\nVous avez reçu un nouveau message vocal de {number} sur le 01 79 61 64 60.\nDurée : 12 s\n",
)
OVH = ("OVHcloud <support@ovh.net>", "Messagerie vocale : {number}", "Vous avez un message sur votre répondeur.\n")
FREE_PRO = ("Free Pro <voix@freepro.com>", "Message vocal", "L'appelant {number} vous a laissé un message vocal.\n")
THREE_CX = ("3CX <noreply@3cx.net>", "New Voicemail from {number}", "You have a new voicemail from {number}.\n")
OPERATORS = {"asterisk": ASTERISK, "ringover": RINGOVER, "ovh": OVH, "free pro": FREE_PRO, "3cx": THREE_CX}


def notice(
    number: str, operator: tuple[str, str, str] = RINGOVER, *, at: datetime = AT, recording: bool = True
) -> Arrival:
    sender, subject, text = operator
    message = EmailMessage()
    message["From"], message["To"] = sender, "metropole@parishabitat.fr"
    message["Subject"] = subject.format(number=number)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{number.replace(' ', '')}-{at.timestamp()}@operator.example>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.format(number=number))
    if recording:
        message.add_attachment(b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio", "wav", filename="msg0003.wav")
    return Arrival("smtp", message["Message-ID"], at, "message/rfc822", None, message.as_bytes())


class Post:
    def __init__(self, store: Store, grounds: Grounds) -> None:  # noqa: F811 - no fixture
        self._store = store
        self._judges = Handlers(grounds)

    def mail(self, arrival: Arrival) -> CaseFile | None:
        self._store.arrivals.accept([arrival])
        return self.judged()

    def judged(self, mail: OutgoingBatch | None = None) -> CaseFile | None:
        """Judge the arrival that waits; `mail`: what its result calls for."""
        claimed = self._store.arrivals.claim("worker", NOW)
        assert claimed is not None
        arrival = claimed.arrival
        judgement = self._judges.of(MESSAGE)(JudgeRequest(arrival, arrival.received_at), self._store)
        number = self._store.cases.record(claimed, judgement, as_json(judgement), NOW, mail=mail)
        return None if number is None else self._store.cases.get(number)


@pytest.fixture
def post(store: Store, grounds: Grounds) -> Post:  # noqa: F811 - the fixture
    return Post(store, grounds)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("number", ["0639980001", "+33 6 39 98 00 01"])
def test_it_joins_the_call(desk: Desk, post: Post, name: str, number: str) -> None:  # noqa: F811 - the fixture
    called = desk.opened(0)
    told = post.mail(notice(number, OPERATORS[name]))
    assert told is not None
    assert told.case.number == called.case.number
    assert [event.what for event in told.events] == ["opened", "joined"]


@pytest.mark.parametrize(
    ("said", "level", "priority"),
    [
        ("", AlarmLevel.POSSIBLE, "P2"),
        ("Transcription : bonjour, il y a une très forte odeur de gaz dans le hall\n", AlarmLevel.CERTAIN, "P1"),
        ("Transcription : bonjour, je voudrais une copie de mon bail\n", AlarmLevel.NONE, "P3"),
    ],
)
def test_what_was_spoken_makes_the_case_of_the_call_more_urgent(
    desk: Desk,  # noqa: F811 - the fixture
    post: Post,
    said: str,
    level: AlarmLevel,
    priority: str,
) -> None:
    called = desk.opened(0, application="Playback")
    assert called.case.alarm_level is AlarmLevel.NONE
    sender, subject, text = RINGOVER
    told = post.mail(notice("0639980001", (sender, subject, f"{text}{said}")))
    assert told is not None
    assert (told.case.number, told.case.alarm_level, told.case.priority) == (called.case.number, level, priority)


def test_it_is_of_the_number_and_the_party_that_called(store: Store, desk: Desk, post: Post) -> None:  # noqa: F811
    """What is asked of a number later, or of its call-back, has to find the message beside the call."""
    desk.opened(0)
    post.mail(notice("0639980001"))
    with store.database.reading() as connection:
        whose = connection.execute(sa.select(contacts.c.phone_key, contacts.c.party)).all()
    call, message = (tuple(each) for each in whose)
    assert call == message
    assert None not in call


def test_a_notice_that_is_judged_after_all_sends_what_its_danger_calls_for(store: Store, post: Post) -> None:
    sender, subject, text = RINGOVER
    said = "Transcription : il y a une très forte odeur de gaz dans le hall\n"
    store.arrivals.accept([notice("0639980001", (sender, subject, f"{text}{said}"))])
    claimed = store.arrivals.claim("worker", NOW)
    assert claimed is not None
    number = store.cases.park(claimed, "JudgeTimeoutError", UnreadableSummary(), RECEPTION, NOW)
    store.arrivals.retry(claimed.id, "paul", NOW)
    called = Outgoing(OutgoingKind.NOTICE, "on_call", "a@astreinte.example", "us@bailleur.example", "n1@bailleur", b"x")
    told = post.judged(OutgoingBatch(lambda _: (called,), Limits(9, 9)))
    assert told is not None
    assert (told.case.number, told.case.alarm_level) == (number, AlarmLevel.CERTAIN)
    assert [each.to for each in store.outbox.of_case(told.case.number)] == ["a@astreinte.example"]


def test_the_call_joins_it_where_that_is_known_later(desk: Desk, post: Post) -> None:  # noqa: F811 - the fixture
    told = post.mail(notice("0639980001"))
    assert told is not None
    assert told.case.office_id
    called = desk.opened(0)
    assert called.case.number == told.case.number
    assert called.contacts[1].decision is not None
    assert called.contacts[1].decision["joins"] is None
    joined = desk.opened(600, "2")
    assert joined.contacts[2].decision is not None
    assert joined.contacts[2].decision["count"] == 2


LATE = """Nouveau message vocal

Appelant : numéro masqué <anonymous>
Reçu le : AT
Transcription automatique :
je rappelle demain
"""
WITHHELD = {"number": "anonymous", "clid": '"Anonymous" <anonymous>'}


@pytest.mark.parametrize(("minutes", "joins"), [(0, True), (60, False)])
def test_a_late_notice_joins_the_call_of_when_its_message_was_left(
    desk: Desk,  # noqa: F811 - the fixture
    post: Post,
    minutes: int,
    joins: bool,  # noqa: FBT001 - it is what is tried
) -> None:
    called = desk.opened(0, **WITHHELD)
    left = (AT + timedelta(minutes=minutes)).astimezone(ZoneInfo("Europe/Paris"))
    text = LATE.replace("AT", f"{left:%d/%m/%Y à %H:%M:%S}")
    sender = "Standard <messagerie-vocale@standard.example>"
    told = post.mail(notice("0639980001", (sender, "Nouveau message", text), at=AT + timedelta(hours=1)))
    assert told is not None
    assert (told.case.number == called.case.number) is joins


def test_without_a_call_it_is_a_case_of_its_own(post: Post) -> None:
    told = post.mail(notice("0639980009"))
    assert told is not None
    assert told.case.state == "open"
    assert told.contacts[0].judgement is not None
    assert told.contacts[0].judgement.decision.kind is CaseKind.CASE


def test_a_call_that_is_answered_closes_it_too(desk: Desk, post: Post) -> None:  # noqa: F811 - the fixture
    told = post.mail(notice("0639980001"))
    assert told is not None
    desk.opened(0)
    assert desk.opened(600, "2", **ANSWERED).case.state == "closed"


def test_a_withheld_caller_is_found_by_the_time_alone(desk: Desk, post: Post) -> None:  # noqa: F811 - the fixture
    called = desk.opened(0, number="anonymous", clid='"Anonymous" <anonymous>')
    text = "Vous avez reçu un nouveau message vocal d'un numéro masqué.\n"
    told = post.mail(notice("", (RINGOVER[0], "Nouveau message vocal", text)))
    assert told is not None
    assert told.case.number == called.case.number


HIDDEN = "Vous avez reçu un nouveau message vocal d'un numéro masqué.\n"
OF_NOBODY = notice("", (RINGOVER[0], "Nouveau message vocal", HIDDEN))


def test_a_withheld_caller_who_left_no_message_is_somebody_else(desk: Desk, post: Post) -> None:  # noqa: F811
    called = desk.opened(0, application="Playback", **WITHHELD)
    told = post.mail(OF_NOBODY)
    assert told is not None
    assert told.case.number != called.case.number


def test_of_two_withheld_callers_at_one_time_neither_is_chosen(desk: Desk, post: Post) -> None:  # noqa: F811
    called = {desk.opened(0, **WITHHELD).case.number, desk.opened(60, "2", **WITHHELD).case.number}
    told = post.mail(OF_NOBODY)
    assert told is not None
    assert told.case.number not in called


@pytest.mark.parametrize(
    "arrival",
    [
        notice("0639980001", ("Moi <moi@free.example>", *RINGOVER[1:])),
        notice("0639980001", recording=False),
        notice("0639980001", (RINGOVER[0], "Votre facture", "Bonjour, votre facture du {number}.")),
        notice("0639980001", (RINGOVER[0], "Nouveau message vocal", "Sans numéro.")),
    ],
    ids=["another sender", "no recording", "other words", "nobody's number"],
)
def test_what_only_looks_like_one_joins_no_call(desk: Desk, post: Post, arrival: Arrival) -> None:  # noqa: F811
    called = desk.opened(0)
    post.mail(arrival)
    assert len(desk.again(called).contacts) == 1


def test_a_notice_of_another_day_is_of_another_call(desk: Desk, post: Post) -> None:  # noqa: F811 - the fixture
    first = desk.opened(0)
    desk.opened(600, "2", **ANSWERED)
    told = post.mail(notice("0639980001", at=AT + timedelta(days=1)))
    assert told is not None
    assert told.case.number != first.case.number
