"""What the messages judged before in the same run say of a party, kept in memory."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dtm_contact.model import (
    MOST_RECALLED,
    Alike,
    CaseKind,
    Earlier,
    Judgement,
    KnownCase,
    NoHistory,
    OpenCase,
    Party,
    PartyHistory,
    PriorContact,
    Priority,
    Understanding,
)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """One contact, as far as later ones may ask for it; `place` is its turn."""

    place: int
    message_id: str
    sender_address: str
    prior: PriorContact
    understanding: Understanding


class MemoryHistory(NoHistory):
    """The history of messages at rest: each sees those that were recorded before it, as live work would.

    No case has a number here: it is called by the source of the message that opened it. Nothing is ever closed, and
    no agent has confirmed anything.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._count = 0
        self._open: dict[str, OpenCase] = {}
        self._in_case: defaultdict[str, list[_Recorded]] = defaultdict(list)
        self._cases_of: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._contacts_of: defaultdict[tuple[str, str], list[_Recorded]] = defaultdict(list)

    def record(self, judgement: Judgement, at: datetime) -> None:
        """Keep what was judged of a message received at this time, aware; the earliest message first."""
        case = self._case_of(judgement, at)
        recorded = self._recorded(judgement, case, at)
        if case is not None:
            self._in_case[case].append(recorded)
        for key in _keys(judgement, recorded):
            self._contacts_of[key].append(recorded)

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        """Return the earlier messages in cases that bear one of these ids, in their order."""
        found = self._contacts(("message_id", each) for each in message_ids)
        return [
            self._earlier(recorded, self._open[recorded.prior.case_number])
            for recorded in found
            if recorded.prior.case_number
        ]

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        """Return a party's cases and its messages since then, each oldest first; the latest of too many."""
        keys = [*_whom(party), *(("address", address) for address in party.addresses)]
        numbers = {number for key in keys for number in self._cases_of[key][-MOST_RECALLED:]}
        contacts = list(self._contacts(keys))
        theirs = (recorded.prior.case_number for recorded in contacts if recorded.sender_address in party.addresses)
        numbers.update(filter(None, theirs))
        cases = sorted((self._open[number] for number in numbers), key=lambda case: case.opened_at)
        prior = tuple(recorded.prior for recorded in contacts if recorded.prior.at >= since)
        return PartyHistory(tuple(cases[-MOST_RECALLED:]), prior[-MOST_RECALLED:])

    def cases(self, numbers: Sequence[str]) -> Sequence[KnownCase]:
        """Return the cases of these names that exist, in the order asked."""
        return [self._known_case(self._open[number]) for number in dict.fromkeys(numbers) if number in self._open]

    def alike(self, fingerprint: str, since: datetime) -> Sequence[Alike]:
        """Return the messages in cases since then that say the same, oldest first; the latest of too many."""
        return [
            Alike(recorded.message_id, recorded.sender_address, recorded.prior.case_number, recorded.prior.at)
            for recorded in self._contacts([("fingerprint", fingerprint)])
            if recorded.prior.case_number and recorded.prior.at >= since
        ]

    @staticmethod
    def _earlier(recorded: _Recorded, case: OpenCase) -> Earlier:
        whom = case.tenant_id, case.dwelling_id, case.residence_id
        return Earlier(recorded.message_id, recorded.sender_address, case.number, *whom)

    def _contacts(self, keys: Iterable[tuple[str, str]]) -> Iterator[_Recorded]:
        found = {
            recorded.place: recorded for key in keys for recorded in self._contacts_of.get(key, ())[-MOST_RECALLED:]
        }
        return (found[place] for place in sorted(found))

    def _case_of(self, judgement: Judgement, at: datetime) -> str | None:
        """Return the case that a message lies in: the one that it joins, else one that it opens, if it needs any."""
        joining, decision = judgement.joining, judgement.decision
        joined = self._open.get(joining.case_number or "")
        if joined is not None:
            if not judgement.asks_nothing:
                self._open[joined.number] = replace(joined, priority=min(joined.priority, decision.priority))
            return joined.number
        if decision.kind is not CaseKind.CASE:
            return None
        return self._opened(judgement, at)

    def _opened(self, judgement: Judgement, at: datetime) -> str:
        number, others = judgement.source, 1
        while number in self._open:
            others += 1
            number = f"{judgement.source} ({others})"
        case = OpenCase(
            number=number,
            channel=judgement.contact.channel,
            topic=judgement.understanding.topic,
            queue=judgement.decision.queue or "",
            priority=judgement.decision.priority,
            opened_at=at,
            **judgement.whom,
        )
        self._open[number] = case
        for key in _whom(case):
            self._cases_of[key].append(number)
        return number

    def _recorded(self, judgement: Judgement, case: str | None, at: datetime) -> _Recorded:
        self._count += 1
        contact = judgement.contact
        topic = judgement.understanding.topic
        whom = judgement.whom
        prior = PriorContact(
            at,
            contact.channel,
            case,
            topic,
            tenant_id=whom["tenant_id"],
            dwelling_id=whom["dwelling_id"],
            residence_id=whom["residence_id"],
        )
        return _Recorded(
            self._count, contact.message_id, judgement.writer.address.lower(), prior, judgement.understanding
        )

    def _known_case(self, case: OpenCase) -> KnownCase:
        contacts = self._in_case[case.number]
        topics = (case.topic, *(recorded.prior.topic for recorded in contacts))
        return KnownCase(
            number=case.number,
            closed_at=None,
            last_contact_at=max((recorded.prior.at for recorded in contacts), default=case.opened_at),
            topics=tuple(dict.fromkeys(filter(None, topics))),
            addresses=frozenset(filter(None, (recorded.sender_address for recorded in contacts))),
            tenant_id=case.tenant_id,
            dwelling_id=case.dwelling_id,
            # A case is P1 just where its alarm is certain.
            in_danger=case.priority is Priority.P1,
            violence_at_home=any(recorded.understanding.violence_at_home for recorded in contacts),
            unwritable=any(recorded.understanding.unwritable for recorded in contacts),
        )


def _whom(about: Party | OpenCase | PriorContact) -> Iterator[tuple[str, str]]:
    whom = {"tenant_id": about.tenant_id, "dwelling_id": about.dwelling_id, "residence_id": about.residence_id}
    return ((name, value) for name, value in whom.items() if value)


def _keys(judgement: Judgement, recorded: _Recorded) -> Iterator[tuple[str, str]]:
    """Return all by which a message may be asked for."""
    yield from _whom(recorded.prior)
    reached = {
        "address": recorded.sender_address,
        "message_id": recorded.message_id,
        "fingerprint": judgement.joining.fingerprint,
    }
    yield from ((name, value) for name, value in reached.items() if value)
