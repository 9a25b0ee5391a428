"""The report of a month by mail to heads, once the month is over and counted; each address gets it once.

It belongs to no case, so that it is not in the outbox, whose every message is told in its case: what is sent is kept
beside the figures, and what could not be sent is tried again with the next count, with the same Message-ID.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import date, datetime
from hashlib import sha256
from typing import Final

from dtm_contact.directory import Directory
from dtm_contact.explain.names import Names
from dtm_contact.figures.comparing import Value, drawn
from dtm_contact.figures.definitions import FIGURES, Figure
from dtm_contact.figures.overview import FigureReader, FigureSpan, Grain, Overview, Place
from dtm_contact.figures.telling import (
    describe_nothing,
    describe_outliers,
    format_drawn,
    format_period,
    format_value,
    office_name,
)
from dtm_contact.log import get_log
from dtm_contact.model import Outgoing, OutgoingKind
from dtm_contact.outbound.letters import Letter, write
from dtm_contact.outbound.relay import Fate, Relay
from dtm_contact.rules import RuleSet
from dtm_contact.settings import Settings
from dtm_contact.store import Store

_AGAIN: Final = frozenset({Fate.LATER, Fate.DOWN, Fate.CUT})
_log = get_log("figures")


def report_text(overview: Overview, names: Names, directory: Directory) -> str:
    """Return a month's report as plain text: what stands out, then the weightiest figures by office."""
    return "\n".join(_lines(overview, names, directory))


def _lines(overview: Overview, names: Names, directory: Directory) -> Iterator[str]:
    yield f"Chiffres de {format_period(overview.span)}"
    yield ""
    yield "Ce qui ressort :"
    found = list(describe_outliers(overview, names, directory))
    for each in found:
        yield f"- {each.words}"
        yield from (f"  - {detail.words}" for detail in each.details[1:])
    yield from (f"- {words}" for words in describe_nothing(overview))
    for figure in (each for each in FIGURES if each.reported):
        yield ""
        whole = overview.of_whole(figure)
        note = f" ({figure.note})" if figure.note else ""
        yield f"{figure.title}{note} : ensemble {_described(figure, whole)}"
        for office in overview.offices:
            yield f"- {office_name(directory, office)} : {_described(figure, overview.of_office(figure, office))}"
    yield ""
    yield "‰ : pour 1 000 logements."
    yield "Tous les chiffres, ce que chacun compte et les dossiers derrière : page « Chiffres » du bureau."


def _described(figure: Figure, value: Value) -> str:
    """Return a figure; what is counted with its rate or share: "12, 3,1 ‰", "40, 8 % des dossiers en cours"."""
    told = format_value(figure, value)
    return f"{told}, {format_drawn(figure, value)}" if figure.is_rated and drawn(figure, value) else told


class MonthlyReport:
    """Sends the report of the month that is over, where there is somebody to get it."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        directory: Callable[[], Directory],
        rules: Callable[[], RuleSet],
        relay: Relay | None = None,
    ) -> None:
        """Take who gets it and by which server, the store, and what gives the directory and the rules in force."""
        self._settings = settings
        self._store = store
        self._directory = directory
        self._rules = rules
        self._relay = relay or Relay(settings.outbound)

    async def look(self, now: datetime) -> int:
        """Send what is due; return how many got it.

        Raises:
            StoreUnavailableError: the store cannot be read or written.
        """
        settings = self._settings
        if not settings.figures.report_to or not settings.outbound.host or settings.rules.observe:
            return 0
        month = FigureSpan.of(Grain.MONTH, now.astimezone(settings.zone).date()).before
        due = await asyncio.to_thread(self._due, month.first)
        if not due:
            return 0
        text = await asyncio.to_thread(self._text, month)
        sent = 0
        for address in due:
            result = await self._relay.send(self._outgoing(month, address, text, now))
            if result.fate in _AGAIN:
                # Nothing else would get through either.
                _log.warning("the report of a month is not sent", error=result.reason)
                break
            if result.fate is not Fate.SENT:
                _log.warning("the report of a month is refused", error=result.reason)
            await asyncio.to_thread(self._store.figures.keep_reported, month.first, _digest(address))
            sent += result.fate is Fate.SENT
        return sent

    def _due(self, month: date) -> list[str]:
        if not self._store.figures.periods("month", month, month):
            return []
        done = self._store.figures.reported(month)
        return [address for address in self._settings.figures.report_to if _digest(address) not in done]

    def _text(self, month: FigureSpan) -> str:
        directory, rules = self._directory(), self._rules()
        labels = {code: topic.label for code, topic in rules.reader.topics.items()}
        overview = Overview(FigureReader(self._store.figures), directory, month, Place(), month.last)
        return report_text(overview, Names(directory, labels, self._settings.zone), directory)

    def _outgoing(self, month: FigureSpan, address: str, text: str, now: datetime) -> Outgoing:
        outbound = self._settings.outbound
        domain = outbound.sender.rpartition("@")[2]
        letter = Letter(
            sender_name=outbound.sender_name,
            sender=outbound.sender,
            to=address,
            reply_to="",
            subject=f"Chiffres de {format_period(month)}",
            text=text,
            message_id=f"chiffres-{month.first:%Y-%m}-{_digest(address)[:16]}@{domain}",
            in_reply_to="",
            references=(),
            at=now,
            automatic="auto-generated",
        )
        reason = f"figures {month.first:%Y-%m}"
        return Outgoing(OutgoingKind.NOTICE, reason, address, outbound.sender, letter.message_id, write(letter))


def _digest(address: str) -> str:
    return sha256(address.lower().encode()).hexdigest()
