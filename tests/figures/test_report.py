"""The report of a month goes to each address once, is tried again, and names nobody."""

import asyncio
from datetime import UTC, date, datetime
from email import message_from_bytes, policy

import pytest

from dtm_contact.figures.counting import count_days, periods_of
from dtm_contact.figures.report import MonthlyReport
from dtm_contact.model import Outgoing
from dtm_contact.outbound.relay import Fate, Relay, SendResult
from dtm_contact.settings import FiguresSettings, OutboundSettings, RulesSettings, Settings
from dtm_contact.store import Store
from tests.cases.conftest import RULES
from tests.prove import figures as proof
from tests.prove.figures_store import PEOPLE
from tests.prove.program import chance
from tests.rules.cast import DIRECTORY
from tests.rules.once import load_once

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 31)
NOW = datetime(2026, 4, 1, 0, 5, tzinfo=UTC)


class Server(Relay):
    """Takes what it is given, or answers as it is told."""

    def __init__(self) -> None:
        self.taken = list[Outgoing]()
        self.fate = Fate.SENT

    async def send(self, outgoing: Outgoing, still_ours: object = None) -> SendResult:
        del still_ours
        if self.fate is Fate.SENT:
            self.taken.append(outgoing)
        return SendResult(self.fate, "250")


@pytest.fixture
def counted(store: Store) -> Store:
    now = proof.made_store(store, 250, FIRST, 28, chance(6))
    days = count_days(store, FIRST, LAST, proof.grounds(now))
    store.figures.put(periods_of(store, days, now))
    return store


def report(store: Store, server: Server, *to: str, host: str = "relay.example") -> MonthlyReport:
    settings = Settings(
        outbound=OutboundSettings(host=host), figures=FiguresSettings(report_to=to), rules=RulesSettings(dir=RULES)
    )
    rules = load_once(RULES)
    return MonthlyReport(settings, store, lambda: DIRECTORY, lambda: rules, server)


def test_each_address_gets_it_once_as_text_and_html(counted: Store) -> None:
    server = Server()
    sends = report(counted, server, "tete@bailleur.example", "autre@bailleur.example")
    assert [asyncio.run(sends.look(NOW)) for _ in range(2)] == [2, 0]
    assert [each.to for each in server.taken] == ["tete@bailleur.example", "autre@bailleur.example"]
    message = message_from_bytes(server.taken[0].raw, policy=policy.default)
    assert message["Subject"] == "Chiffres de mars 2026"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = (part.get_content() for part in message.iter_parts())
    assert "Réponses dans le délai : ensemble" in text
    assert "Réponses dans le délai" in html
    assert [who for who in PEOPLE if who in text] == []


def test_while_the_server_is_away_it_waits_and_comes_with_the_same_id(counted: Store) -> None:
    server = Server()
    sends = report(counted, server, "tete@bailleur.example")
    server.fate = Fate.DOWN
    assert asyncio.run(sends.look(NOW)) == 0
    server.fate = Fate.SENT
    assert asyncio.run(sends.look(NOW)) == 1
    assert server.taken[0].message_id.startswith("chiffres-2026-03-")


def test_what_is_refused_for_good_is_not_tried_again(counted: Store) -> None:
    server = Server()
    sends = report(counted, server, "personne@bailleur.example")
    server.fate = Fate.NO_SUCH_ADDRESS
    assert asyncio.run(sends.look(NOW)) == 0
    server.fate = Fate.SENT
    assert asyncio.run(sends.look(NOW)) == 0


def test_nothing_is_sent_without_a_server_or_before_the_month_is_counted(store: Store) -> None:
    server = Server()
    assert asyncio.run(report(store, server, "tete@bailleur.example").look(NOW)) == 0
    assert asyncio.run(report(store, server, "tete@bailleur.example", host="").look(NOW)) == 0
    assert server.taken == []
