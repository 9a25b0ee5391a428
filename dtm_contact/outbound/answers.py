"""What is sent because of one judgement: the answer that its rule names, and a word to those who are told at once."""

import secrets
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dtm_contact.conversation import writer
from dtm_contact.directory import Directory
from dtm_contact.explain.names import Names
from dtm_contact.labels.formats import moment
from dtm_contact.log import get_log
from dtm_contact.model import (
    DANGER_QUESTION,
    NEUTRAL_RECEIPT,
    AlarmLevel,
    Arrival,
    CaseKind,
    Decision,
    EntryKind,
    Judgement,
    Match,
    Outgoing,
    OutgoingKind,
    Priority,
    Unanswered,
    UnwrittenNotice,
    Withheld,
)
from dtm_contact.outbound.autoreply_policy import why_not_answered
from dtm_contact.outbound.letters import Letter, NoAddressError, write
from dtm_contact.outbound.notices import Correction, notices
from dtm_contact.outbound.wording import opening_hours
from dtm_contact.rules import RuleSet, decide
from dtm_contact.rules.answers import AnswerFailedError, fill_in
from dtm_contact.settings import Settings
from dtm_contact.tokens import CaseTokens

AGAIN_AFTER = timedelta(hours=1)
"""Of danger that is written of anew in the same case, the same people are told again after so long."""

_NONCE_OCTETS = 8
_log = get_log("outbound")


def _nonce() -> str:
    return secrets.token_hex(_NONCE_OCTETS)


@dataclass(frozen=True, slots=True)
class Answering:
    """Writes what goes out by itself.

    Attributes:
        settings: our one address, our numbers, our domains, whether answers go out.
        tokens: what signs case numbers.
        nonce: what tells one message id from another.
        report_unnotified: told that somebody was to be written to and could not be, without anything personal.
    """

    settings: Settings
    tokens: CaseTokens
    nonce: Callable[[], str] = _nonce
    report_unnotified: Callable[[str], None] = _log.error

    def written(
        self,
        arrival: Arrival,
        judgement: Judgement,
        number: str,
        ruled: tuple[RuleSet, Directory],
        now: datetime,
        *,
        formerly: Collection[str] = (),
    ) -> tuple[Outgoing | UnwrittenNotice, ...]:
        """Return what goes out because of what was judged, and the notices that cannot be written.

        The notices stand before the answer, and so go out before it: what is equally urgent is sent as it was written.

        Args:
            arrival: what came in.
            judgement: what was judged of it.
            number: the number of the case that it opened or joined.
            ruled: the rules that decided, with their answers, and the directory.
            now: the time of judging, aware.
            formerly: the numbers that the case had before a restore.
        """
        historical = arrival.is_historical(judgement.contact.at)
        return (
            *(() if historical else self._notices(judgement, number, ruled, now, formerly=formerly)),
            *self._answers(arrival, judgement, number, ruled, now),
        )

    def corrected(
        self, judgement: Judgement, number: str, ruled: tuple[RuleSet, Directory], now: datetime, corrects: Correction
    ) -> tuple[Outgoing | UnwrittenNotice, ...]:
        """Return the notices that say where a danger is, to whoever was told a wrong place and to those over there.

        Args:
            judgement: what was judged, at the right place.
            number: the case's number.
            ruled: the rules, which say who is on call, and the directory.
            now: the time, aware.
            corrects: what was told, and to whom.
        """
        return tuple(self._notices(judgement, number, ruled, now, corrects))

    def _answers(
        self, arrival: Arrival, judgement: Judgement, number: str, ruled: tuple[RuleSet, Directory], now: datetime
    ) -> Iterator[Outgoing]:
        rules, directory = ruled
        chosen = chosen_answer(arrival, judgement, ruled, self.settings, now)
        if chosen.name is None or chosen.why_not is not None:
            return
        try:
            values = self._values(judgement, chosen.decision, number, rules, self._phone(directory), now)
            values |= {"known": True} if chosen.protected else {}
            subject, text = fill_in(rules.answers[chosen.name], values)
        except AnswerFailedError:
            self.report_unnotified(
                f"The answer {chosen.name} could not be filled in for case {number}: its writer was not answered."
            )
            return
        contact = judgement.contact
        letter = Letter(
            sender_name=self.settings.outbound.sender_name,
            sender=self.settings.outbound.sender,
            to=chosen.address,
            reply_to=self.tokens.address(number),
            subject=subject or f"Votre demande – dossier {values['case']}",
            text=text,
            message_id=self.tokens.message_id(number, self.nonce()),
            in_reply_to=contact.message_id,
            references=contact.references,
            at=now,
            automatic="auto-replied",
        )
        again_after = AGAIN_AFTER if judgement.joining.reopens else None
        outgoing = self._outgoing(OutgoingKind.ANSWER, chosen.name, letter, again_after)
        if outgoing is not None:
            yield replace(outgoing, proven=judgement.joining.proven, safety=chosen.danger)

    def _phone(self, directory: Directory) -> str:
        return _in_pairs(self.settings.numbers[0] if self.settings.numbers else directory.agency.phone)

    def _values(
        self, judgement: Judgement, decision: Decision, number: str, rules: RuleSet, phone: str, now: datetime
    ) -> dict[str, object]:
        calendar = (rules.queues.get(decision.queue or "") or rules.desks.reception).calendar
        return {
            "case": number_told(number, judgement.joined.formerly if judgement.joined is not None else ()),
            "due": moment(decision.due or now, self.settings.zone),
            "phone": phone,
            "hours": opening_hours(calendar),
            "open": calendar.is_open(now),
            "urgent": decision.priority is Priority.P1,
            "known": decision is judgement.decision and _is_placed(judgement.match),
            "topic": judgement.understanding.topic,
            "again": judgement.joining.case_number is not None,
        }

    def _notices(
        self,
        judgement: Judgement,
        number: str,
        ruled: tuple[RuleSet, Directory],
        now: datetime,
        corrects: Correction | None = None,
        *,
        formerly: Collection[str] = (),
    ) -> Iterator[Outgoing | UnwrittenNotice]:
        if judgement.decision.kind is not CaseKind.CASE:
            return
        rules, directory = ruled
        labels = {code: topic.label for code, topic in rules.reader.topics.items()}
        names = Names(directory, labels, self.settings.zone)
        written = notices(judgement, number, rules, directory, names, now=now, corrects=corrects, formerly=formerly)
        for notice in written:
            letter = Letter(
                sender_name=self.settings.outbound.sender_name,
                sender=self.settings.outbound.sender,
                to=notice.to,
                reply_to="",
                subject=notice.subject,
                text=notice.text,
                message_id=self.tokens.message_id(number, self.nonce()),
                in_reply_to="",
                references=(),
                at=now,
                automatic="auto-generated",
            )
            reason = " ".join(filter(None, (f"{notice.reason}: {notice.to}", notice.once)))
            again_after = _again_after(judgement)
            outgoing = self._outgoing(OutgoingKind.NOTICE, reason, letter, again_after)
            yield outgoing or UnwrittenNotice(reason, Withheld.NO_ADDRESS)

    def _outgoing(
        self, kind: OutgoingKind, reason: str, letter: Letter, again_after: timedelta | None
    ) -> Outgoing | None:
        """Return what is sent; a slip in the directory or the rules costs one letter, and never the case."""
        number = self.tokens.case_of_message_id(letter.message_id) or ""
        try:
            raw = write(letter)
        except NoAddressError:
            whom = reason.partition(":")[0]
            self.report_unnotified(
                f"Of case {number} nobody was told ({whom}): that is no address which mail can be sent to."
            )
            return None
        return Outgoing(kind, reason, letter.to, self.tokens.address(number), letter.message_id, raw, again_after)


@dataclass(frozen=True, slots=True)
class ChosenAnswer:
    """The answer that goes out by itself because of a message, or why none does.

    Attributes:
        name: the answer's; None where no rule names one.
        decision: what it may tell of.
        address: where it goes.
        why_not: why it does not go out; None where it does.
        danger: it tells somebody in danger what to do, or asks whether somebody is.
        protected: it reaches a household of which somebody is protected.
    """

    name: str | None
    decision: Decision
    address: str
    why_not: Unanswered | None
    danger: bool
    protected: bool


def chosen_answer(
    arrival: Arrival, judgement: Judgement, ruled: tuple[RuleSet, Directory], settings: Settings, now: datetime
) -> ChosenAnswer:
    """Return the answer that goes out by itself because of a message, and why it does not where it does not.

    Args:
        arrival: what came in.
        judgement: what was judged of it.
        ruled: the rules that decided, with their answers, and the directory.
        settings: our domains, and whether answers go out.
        now: the time of judging, aware.
    """
    rules, directory = ruled
    decision = answerable_decision(arrival, judgement, rules, directory)
    address = writer(judgement.contact, settings.domains).address
    protected = reaches_protected(judgement, address, directory, now.astimezone(settings.zone).date())
    name = _name(judgement, decision, rules, now, protected=protected)
    name = name if name in rules.answers else None
    danger = name == DANGER_QUESTION or (name != NEUTRAL_RECEIPT and decision.priority is Priority.P1)
    why_not = why_not_answered(arrival, judgement, address, settings.domains, now, danger=danger)
    if name is None and why_not is not Unanswered.NO_CASE:
        why_not = Unanswered.FORBIDDEN if judgement.unwritable else Unanswered.NO_RULE
    elif not settings.outbound.answers:
        why_not = why_not or Unanswered.SWITCHED_OFF
    return ChosenAnswer(name, decision, address, why_not, danger, protected)


def answerable_decision(arrival: Arrival, judgement: Judgement, rules: RuleSet, directory: Directory) -> Decision:
    """Return the decision that an answer may tell of.

    To somebody who is proven and writes about their own home, what was decided. To anybody else, what would have been
    decided if the directory and the history knew nothing of whom they write about: an answer that changed with what the
    directory confirms would tell a stranger who lives where, one guess a message.

    Args:
        arrival: what came in.
        judgement: what was judged of it.
        rules: the rules that decided.
        directory: the estate.
    """
    if _is_their_own(judgement.match):
        return judgement.decision
    return decide(judgement.contact, Match(), judgement.understanding, arrival.received_at, rules, directory)


def reaches_protected(judgement: Judgement, address: str, directory: Directory, today: date) -> bool:
    """Return whether an answer reaches a household of which the register says that somebody is protected.

    That is where somebody of it is proven to have written, or where the address is known as theirs. Whom a message
    only names does not count: an answer that changed with a name would tell a stranger who is protected, one guess a
    message.

    Args:
        judgement: what was judged, with what the register said.
        address: where the answer goes.
        directory: the estate.
        today: the day, on the offices' wall clock.
    """
    written_by = {*judgement.match.proven}
    written_by |= {each for home in judgement.match.proven_homes for each in directory.household(home, today)}
    address = address.strip().lower()
    written_by |= {each.tenant_id for each in judgement.history.confirmed if each.value == address}
    for entry in judgement.history.register:
        if entry.kind is not EntryKind.PROTECTION:
            continue
        household = directory.housemates(entry.tenant_id, today)
        known = (lease.email.lower() for each in household for lease in directory.leases_of(each))
        if not written_by.isdisjoint(household) or address in known:
            return True
    return False


def _name(judgement: Judgement, decision: Decision, rules: RuleSet, now: datetime, *, protected: bool) -> str | None:
    """Return the answer that goes out by itself; None where none does.

    Of violence at home, and of a household that is protected, whoever else reads the mailbox learns nothing: neither
    what it is about nor that we ask. What to do in a danger that is certain, a gas leak for example, is told to the
    protected as well: it tells of no place, and saves lives.
    """
    if judgement.violence_at_home:
        return None if judgement.unwritable else NEUTRAL_RECEIPT
    if protected and decision.priority is not Priority.P1:
        return None if judgement.unwritable or decision.answer is None else NEUTRAL_RECEIPT
    if DANGER_QUESTION in rules.answers and asks_whether_now(judgement, decision, rules, now):
        return DANGER_QUESTION
    return decision.answer


def asks_whether_now(judgement: Judgement, decision: Decision, rules: RuleSet, now: datetime) -> bool:
    """Return whether a message is answered by the question whether its danger is happening now: nobody else can tell.

    While the office works somebody reads a possible danger within minutes; while it is closed only its writer can say
    what it is. A case asks once.

    Args:
        judgement: what was judged of the message.
        decision: what an answer may tell of (`answerable_decision`): its alarm, and the queue whose hours count.
        rules: the rules that decided.
        now: the time of judging, aware.
    """
    if decision.alarm.level is not AlarmLevel.POSSIBLE or judgement.asks_nothing:
        return False
    joined = judgement.joined
    if joined is not None and (joined.in_danger or joined.asked is not None):
        return False
    return not (rules.queues.get(decision.queue or "") or rules.desks.reception).calendar.is_open(now)


def _is_their_own(match: Match) -> bool:
    """Return whether a message is about somebody who is proven, or about the home where they live."""
    if match.tenant is not None and match.tenant.id in match.proven:
        return True
    return match.dwelling is not None and match.dwelling.id in match.proven_homes


def _is_placed(match: Match) -> bool:
    return match.tenant is not None or match.dwelling is not None


def _again_after(judgement: Judgement) -> timedelta | None:
    """Return after how long those who were told of the case are told anew, because somebody wrote again.

    Whoever is trapped once more three days later answers in the thread of the first time.
    """
    anew = judgement.joining.reopens or judgement.decision.priority is Priority.P1
    return AGAIN_AFTER if anew and not judgement.asks_nothing else None


def number_told(number: str, formerly: Collection[str]) -> str:
    """Return a case's number as its writer is told it, with those that they knew it by before a restore."""
    return f"{number} (auparavant {', '.join(sorted(formerly))})" if formerly else number


def _in_pairs(number: str) -> str:
    number = "".join(filter(str.isdigit, number))
    return " ".join(number[place : place + 2] for place in range(0, len(number), 2))
