"""The question out of hours through the whole daemon: real SMTP on both sides, a real judge, a clock set by hand."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import format_datetime
from pathlib import Path
from shutil import copytree

import pytest

from dtm_contact import ingest
from dtm_contact.daemon import daemon
from dtm_contact.hours import PARIS
from dtm_contact.model import AlarmLevel, AlarmSource
from dtm_contact.settings import OutboundSettings, RulesSettings
from dtm_contact.store import Case
from dtm_contact.worker import worker
from tests.outbound.relays import RelayServer, relay_server
from tests.outbound.test_through_the_daemon import US, Talk
from tests.test_daemon import ROOT, settings_for, with_directory
from tests.vouched import vouched

pytestmark = pytest.mark.usefixtures("rules_loaded_once")

NIGHT = datetime(2026, 11, 24, 23, 0, tzinfo=PARIS)
ON_CALL = "astreinte.dtm@parishabitat.example"
MAYBE = "J'ai vu des étincelles près de la sonnette, je ne sais pas si c'est grave."
ASKS = "Êtes-vous en danger ?"


class Clock(datetime):
    """What stands for `datetime` where the daemon reads its clock; it stands still until it is set."""

    at: datetime = NIGHT

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Clock":
        return cls.at.astimezone(tz)  # type: ignore[return-value]


class Night:
    """A daemon by night, and people who write to it."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.store = talk.running.store
        self.taken = 0

    async def write(
        self, sender: str, text: str, answers: Message | None = None, after: timedelta = timedelta()
    ) -> None:
        """Hand a message over at some time after nightfall, and wait until it is judged."""
        Clock.at = NIGHT + after
        made = EmailMessage()
        made["From"], made["To"] = f"Nadia <{sender}>", US
        made["Subject"] = "sonnette" if answers is None else f"Re: {_subject(answers)}"
        made["Date"], made["Message-ID"] = format_datetime(Clock.at), f"<{self.taken}@free.example>"
        if answers is not None:
            made["In-Reply-To"] = answers["Message-ID"]
        made.set_content(text)
        self.taken += 1
        await self.talk.hand_over(vouched(made.as_bytes(policy=policy.SMTP)), sender)
        await self.talk.until(lambda: self._judged() == self.taken)

    def _judged(self) -> int:
        return len([each for each in self.store.arrivals.listing() if each.state in ("judged", "set_aside")])

    async def asked(self, sender: str) -> tuple[Message, str]:
        """Have somebody write of what may be a danger; return the question that they get, and their case."""
        await self.write(sender, MAYBE)
        await self.talk.until(lambda: len(self.questions(sender)) == 1)
        [question] = self.questions(sender)
        [number] = [case.number for case in self.store.cases.queue() if case.number in str(question["Reply-To"])]
        return question, number

    def questions(self, sender: str) -> list[Message]:
        return [each for _from, each in self.talk.sent_to(sender) if str(_subject(each)).startswith(ASKS)]

    def case(self, number: str) -> Case:
        return self.store.cases.get(number).case

    def woken(self) -> list[str]:
        """Return the subjects of what those on call were told."""
        return [_subject(each) for _from, each in self.talk.sent_to(ON_CALL)]

    async def settled(self) -> None:
        """Wait until nothing is left to be sent."""
        await self.talk.until(lambda: self.store.outbox.waiting() == 0)


def _subject(message: Message) -> str:
    parsed = message_from_bytes(message.as_bytes(), policy=policy.default)
    return " ".join(str(parsed["Subject"]).split())


@asynccontextmanager
async def by_night(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Night]:
    Clock.at = NIGHT
    monkeypatch.setattr(ingest, "datetime", Clock)
    monkeypatch.setattr(worker, "datetime", Clock)
    async with relay_server(RelayServer()) as relay:
        outbound = OutboundSettings(host="127.0.0.1", port=relay.port, security="none")
        rules = copytree(ROOT / "rules", folder / "rules")
        topics = rules / "topics.yaml"
        # Possible by a phrase, whatever any model makes of it: what is tried is what follows of that.
        text = re.sub("certain: [0-9.]+", "certain: 0.999", topics.read_text(encoding="utf-8"), count=1)
        topics.write_text(text, encoding="utf-8")
        given = settings_for(folder).model_copy(update={"outbound": outbound, "rules": RulesSettings(dir=rules)})
        settings = with_directory(given)
        async with daemon(settings) as running:
            yield Night(Talk(running, relay))


async def test_by_night_one_question_and_only_the_writers_own_yes_wakes_anybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with by_night(tmp_path, monkeypatch) as night:
        await _the_writer_says_yes(night)
        await _what_is_no_yes(night)
        await _a_second_message_within_the_hour(night)


async def _the_writer_says_yes(night: Night) -> None:
    question, number = await night.asked("nadia@free.example")
    body = message_from_bytes(question.as_bytes(), policy=policy.default).get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert all(f"le {numbered}" in text for numbered in ("15", "17", "18", "112"))
    assert night.woken() == []
    assert night.case(number).alarm_level is AlarmLevel.POSSIBLE
    await night.write("nadia@free.example", "oui", question, timedelta(minutes=5))
    case = night.case(number)
    assert (case.priority, case.alarm_level, case.alarm_by) == ("P1", AlarmLevel.CERTAIN, AlarmSource.ANSWER)
    await night.talk.until(lambda: len(night.woken()) == 1)
    assert night.woken()[0].startswith("[P1]")
    assert number in night.woken()[0]


async def _what_is_no_yes(night: Night) -> None:
    """Nobody else is woken, and each case stays as it was."""
    day_and_hour = timedelta(hours=25)
    quoted = "Je verrai demain.\r\n\r\nLe 24 novembre 2026 à 23:00, Votre bailleur a écrit :\r\n> oui\r\n> Répondez OUI"
    for place, (text, other, after) in enumerate(
        (
            ("oui", "voisin@free.example", timedelta(minutes=5)),
            (quoted, None, timedelta(minutes=5)),
            ("non", None, timedelta(minutes=5)),
            ("oui mais non", None, timedelta(minutes=5)),
            ("oui", None, day_and_hour),
        )
    ):
        writer = f"writer{place}@free.example"
        Clock.at = NIGHT
        question, number = await night.asked(writer)
        await night.write(other or writer, text, question, after)
        case = night.case(number)
        assert (case.priority, case.alarm_level) == ("P2", AlarmLevel.POSSIBLE), text
    await night.settled()
    assert len(night.woken()) == 1


async def _a_second_message_within_the_hour(night: Night) -> None:
    writer = "again@free.example"
    question, number = await night.asked(writer)
    await night.write(writer, f"{MAYBE} Ça recommence.", question, timedelta(minutes=40))
    assert len(night.store.cases.get(number).contacts) == 2
    await night.write(writer, "Toujours des étincelles à la sonnette.", None, timedelta(minutes=50))
    await night.settled()
    assert len(night.questions(writer)) == 1


def test_the_clock_stands() -> None:
    Clock.at = NIGHT
    assert Clock.now(UTC) == NIGHT
