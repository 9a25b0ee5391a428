"""Judging, recording and what is written because of it, in this process, under a clock that is set by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from dtm_contact.backup import StoreJournal
from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.model import Arrival, Envelope
from dtm_contact.outbound import Answering
from dtm_contact.outbound.notices import NoticeWriter
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rules import RuleSet
from dtm_contact.settings import OutboundSettings, Settings, StoreSettings
from dtm_contact.store import Store, open_store
from dtm_contact.timers import Runner, Storms
from dtm_contact.worker.fallback import FallbackQueue
from dtm_contact.worker.outbox import OutboxWriter, tokens_of
from tests.heard import made_alarms
from tests.rules.once import load_once
from tests.store.fresh import fresh_store

ROOT = Path(__file__).parents[2]
US = "metropole@parishabitat.fr"


@dataclass
class Engine:
    """All between an arrival and the outbox.

    Attributes:
        store: where it is kept.
        withheld: why answers did not go out, one after the other.
    """

    store: Store
    settings: Settings
    grounds: Grounds
    withheld: list[str]
    taken: int = 0

    def take(
        self, raw: bytes, mail_from: str, at: datetime, to: str = US, *, backlog: bool = False, channel: str = "smtp"
    ) -> str | None:
        """Take one message in, and return the number of the case that it lies in."""
        self.taken += 1
        envelope = Envelope(mail_from, (to,), backlog=backlog)
        arrival = Arrival(channel, f"{self.taken}", at, "message/rfc822", envelope, raw)
        self.store.arrivals.accept([arrival])
        return self.judge_next(at)

    def judge_next(self, at: datetime) -> str | None:
        """Judge the message that waits longest, and return the number of the case that it lies in."""
        claimed = self.store.arrivals.claim("w", at)
        assert claimed is not None
        with self.store.history(apart_from=claimed.arrival) as history:
            judged = judge(claimed.arrival, claimed.arrival.received_at, self.grounds, history)
        answering = Answering(self.settings, self.grounds.mail_identity.tokens)
        writer = OutboxWriter(answering, lambda: None, numbers_before=self.store.cases.numbers_before)
        mailing = writer.outgoing_for(
            claimed, judged, FallbackQueue(self.grounds.rules, lambda: self.grounds.directory), at
        )
        number = self.store.cases.record(claimed, judged, as_json(judged), at, mail=mailing)
        self.withheld += mailing.withheld
        return number

    def sent(self, at: datetime, journal: StoreJournal | None = None) -> list[EmailMessage]:
        """Empty the outbox, as a server does that takes everything, and return what it took."""
        found = []
        while (claimed := self.store.outbox.claim("w", at)) is not None:
            if journal is not None:
                journal.sent(claimed, at)
            self.store.outbox.settle(claimed, "sent", "250", at)
            message = message_from_bytes(claimed.outgoing.raw, policy=policy.default)
            assert isinstance(message, EmailMessage)
            message.add_header("X-Return-Path", claimed.outgoing.mail_from)
            found.append(message)
        return found


@cache
def _ruled() -> tuple[Directory, RuleSet]:
    directory = Directory(read_export(ROOT / "tests" / "directory" / "good")[0])
    return directory, load_once(ROOT / "rules", directory.offices)


@contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """Make one, with the small sample directory and the shipped rules."""
    settings = Settings(
        store=StoreSettings(url=f"sqlite:///{folder}/store.db"),
        outbound=OutboundSettings(host="relay.example", sender=US),
    )
    fresh_store(settings.store.url)
    with engine_on(settings) as made:
        yield made


@contextmanager
def engine_on(settings: Settings) -> Iterator[Engine]:
    """Make one on a store that is there."""
    with open_store(settings.store.url) as store:
        directory, rules = _ruled()
        grounds = Grounds.build(directory, rules, settings, tokens_of(settings, store))
        yield Engine(store, settings, grounds, [])


def performed(running: Engine, at: datetime) -> int:
    """Let timers run once at a time; return how many steps they did."""
    grounds = running.grounds
    runner = Runner(
        running.settings, running.store, lambda: grounds.directory, made_alarms(),
        rules=lambda: grounds.rules, clock=lambda: at, storms=Storms(),
        post=NoticeWriter(running.settings, grounds.mail_identity.tokens, lambda: None),
    )  # fmt: skip
    return runner.tick()
