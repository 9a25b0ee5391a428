"""A word to those who must know at once: what, where, how urgent; the rest stands in the case."""

import re
import secrets
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from dtm_contact.directory import Directory
from dtm_contact.explain.acts import ANY_DANGER
from dtm_contact.explain.names import Names, without_code
from dtm_contact.labels.judging import CARE, PERILS
from dtm_contact.model import (
    ON_CALL,
    AlarmSource,
    EntryKind,
    Judgement,
    Outgoing,
    OutgoingKind,
    Peril,
    Wish,
    address_as_written,
)
from dtm_contact.outbound.letters import Letter, write
from dtm_contact.rules import RuleSet
from dtm_contact.settings import Settings
from dtm_contact.text import fold
from dtm_contact.tokens import CaseTokens

_FIRST_WORDS: Final = 200
_SHORTEST_NAME: Final = 3
_WORD: Final = re.compile(r"[a-z0-9]+")
_NONCE_OCTETS: Final = 8
_NEVER_A_TOPIC: Final = frozenset([Peril.VIOLENCE, Peril.SUICIDE])
"""Dangers that must not reach anybody as the debt or the noise that they are told beside."""
_TOLD_BEFORE: Final = "told before"
_CORRECTED: Final = "Adresse corrigée"
_CONFIRMED: Final = "Danger confirmé : à notre question « est-ce en cours ? », qui a écrit répond oui.\n"
_PROTECTED: Final = "Foyer protégé : ne dites à personne où il habite, et n'appelez que la personne protégée.\n\n"
_RENUMBERED: Final = ", le même que le {} d'avant la restauration du logiciel"
_UNNAMED: Final = "L'auteur ne veut pas être nommé : ne dites à personne de qui cela vient.\n\n"


@dataclass(frozen=True, slots=True)
class Notice:
    """One word to one of us.

    Attributes:
        to: the address.
        reason: as what they are told: `on_call`, `caretaker`, …
        subject, text: what they read.
        once: what tells it from an earlier one to the same address for the same reason; "" for the first.
    """

    to: str
    reason: str
    subject: str
    text: str
    once: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """That a place was told wrongly.

    Attributes:
        before: the place that they were told.
        recipients: the addresses that were told it.
        once: what tells this correction of the case from any other.
    """

    before: str
    recipients: tuple[str, ...]
    once: str


def notices(  # noqa: PLR0913 - what a notice is of, and what puts it right
    judgement: Judgement,
    number: str,
    rules: RuleSet,
    directory: Directory,
    names: Names,
    *,
    now: datetime,
    corrects: Correction | None = None,
    formerly: Collection[str] = (),
) -> Iterator[Notice]:
    """Yield a notice for each of those whom the decision tells.

    Args:
        judgement: what was judged.
        number: the case's number.
        rules: the rules that decided; their queues say who is on call.
        directory: the caretakers' addresses.
        names: how places and topics are called.
        now: the time that says who is on call, aware.
        corrects: what was told before, where the place was wrong: whoever was told it hears where it truly is.
        formerly: the numbers that the case had before a restore: whoever was told of one must not take it for two.

    Of a writer who does not want to be named only those on call are told the words, without a name, and the dwelling:
    they may have to go there. Others are told the entrance.
    """
    what = _what(judgement, names)
    protected = _is_protected(judgement, directory, now.astimezone(names.zone).date())
    unnamed = any(wished.wish is Wish.ANONYMOUS for wished in judgement.understanding.wishes)
    whom = [*_addresses(judgement, rules, directory, now, names.zone)]
    if corrects is not None:
        theirs = {address: reason for reason, address in whom}
        concerned = dict.fromkeys((*theirs, *corrects.recipients))
        whom = [(theirs.get(address, _TOLD_BEFORE), address) for address in concerned]
    once = f"corrected {corrects.once}" if corrects is not None else ""
    for reason, address in whom:
        # Whoever was told a wrong place of somebody protected, or hurt at home, learns no more than that.
        astray = reason == _TOLD_BEFORE and (protected or judgement.violence_at_home)
        hidden = astray or (unnamed and reason != ON_CALL)
        guarded = protected or judgement.violence_at_home
        where = "ailleurs" if astray else _where(judgement, names, hidden=hidden, entrance_told=hidden and not guarded)
        right = f"{_CORRECTED} : " if corrects is not None else ""
        before_that = f" (avant : {', '.join(formerly)})" if formerly else ""
        subject = f"[{judgement.decision.priority}] {right}{what} – {where} – dossier {number}{before_that}"
        words = "" if hidden else _words(judgement, _own_names(judgement, directory) if unnamed else ())
        care = f"{CARE}\n\n" if judgement.violence_at_home else _PROTECTED if protected else ""
        if corrects is not None:
            before = "" if hidden and not astray else f"Ce n'est pas : {corrects.before}\n"
            care = f"{_CORRECTED} : {where}\n{before}\n{care}"
        told = f"{number}{_RENUMBERED.format(', '.join(formerly)) if formerly else ''}"
        text = f"{care}{_UNNAMED if unnamed else ''}{_text(judgement, told, what, where, words)}"
        yield Notice(address, reason, subject, text, once)


def _is_protected(judgement: Judgement, directory: Directory, today: date) -> bool:
    """Return whether somebody of the household that it is about is protected, by the register."""
    match = judgement.match
    about = {*(directory.household(match.dwelling.id, today) if match.dwelling else ())}
    about |= {*(directory.housemates(match.tenant.id, today) if match.tenant else ())}
    protected = (entry for entry in judgement.history.register if entry.kind is EntryKind.PROTECTION)
    return any(entry.tenant_id in about for entry in protected)


def _addresses(
    judgement: Judgement, rules: RuleSet, directory: Directory, now: datetime, zone: ZoneInfo
) -> Iterator[tuple[str, str]]:
    queue = rules.queues.get(judgement.decision.queue or "")
    for whom in judgement.decision.notify:
        if whom == ON_CALL:
            # The next in the row is for timers to tell, where the first does not answer.
            yield whom, (queue or rules.desks.reception).on_call.at(now, zone)[0]
        elif whom == "caretaker":
            yield from _caretakers(judgement, directory, (queue or rules.desks.reception).caretaker_away)
        elif "@" in whom:
            yield "address", whom


def _caretakers(judgement: Judgement, directory: Directory, stands_in: str | None) -> Iterator[tuple[str, str]]:
    """Yield those on duty; where one is away and nobody replaces them, who is told in their place."""
    on_duty = judgement.match.caretakers
    for caretaker in filter(None, (directory.caretakers.get(each.id) for each in on_duty if each.id)):
        if caretaker.email:
            yield "caretaker", caretaker.email
    if stands_in is not None and any(each.id is None for each in on_duty):
        yield "caretaker away", stands_in


def _what(judgement: Judgement, names: Names) -> str:
    """Return the topic; of a danger that no topic names, what kind it is."""
    peril, topic = judgement.understanding.peril, judgement.understanding.topic
    if judgement.decision.alarm.any and peril is not None and (topic == ANY_DANGER or peril in _NEVER_A_TOPIC):
        return PERILS[peril]
    return names.topics.get(topic or "", judgement.contact.subject)


def _where(judgement: Judgement, names: Names, *, hidden: bool, entrance_told: bool) -> str:
    """Return where it is: the dwelling, else the address as it was written with its residence, else the residence.

    Where the dwelling is hidden the entrance alone, which many share, as far as that is told; what somebody wrote may
    tell their floor.
    """
    match = judgement.match
    dwelling = match.dwelling.id if match.dwelling is not None and not hidden else None
    residence = match.residence.id if match.residence else None
    written = address_as_written(match.place_evidence) if match.dwelling is None and not hidden else ""
    place = names.written_place(written, residence) if written else place_words(names, dwelling, residence)
    entrance = names.directory.address_of(match.dwelling.id) if match.dwelling is not None and entrance_told else None
    return f"{without_code(names.entrance(entrance.address_id))} ({place})" if entrance is not None else place


def place_words(names: Names, dwelling_id: str | None, residence_id: str | None) -> str:
    """Return where something is, as our own people read it."""
    known = (names.dwelling(dwelling_id) if dwelling_id else "", names.residence(residence_id) if residence_id else "")
    return ", ".join(without_code(each) for each in known if each) or "lieu inconnu"


def _text(judgement: Judgement, number: str, what: str, where: str, words: str) -> str:
    confirmed = judgement.decision.alarm.raised_by is AlarmSource.ANSWER
    return (
        f"{judgement.decision.priority} : {what}\nOù : {where}\nDossier : {number}\n{_CONFIRMED if confirmed else ''}"
        f"{words}\nPrenez le dossier pour dire que vous vous en occupez.\n"
    )


def _own_names(judgement: Judgement, directory: Directory) -> frozenset[str]:
    """Return, folded, the words by which a writer is called: by themselves, and by the directory."""
    tenant = judgement.match.tenant
    leases = directory.leases_of(tenant.id) if tenant is not None else ()
    called = (judgement.contact.sender.name, *(f"{lease.first_name} {lease.last_name}" for lease in leases))
    return frozenset(word for name in called for word in _WORD.findall(fold(name)) if len(word) >= _SHORTEST_NAME)


def _words(judgement: Judgement, hidden: Collection[str] = ()) -> str:
    """Return the number to call back, and how the message begins, without the words that are hidden."""
    written = (judgement.contact.new_text or judgement.contact.subject).split()
    words = " ".join("[…]" if hidden and set(_WORD.findall(fold(word))) & set(hidden) else word for word in written)
    cut = words[:_FIRST_WORDS] + ("…" if len(words) > _FIRST_WORDS else "")
    call = judgement.contact.call
    number = f"Numéro à rappeler : {call.number}\n" if call is not None and call.number else ""
    return f"{number}\nPremiers mots : « {cut} »\n"


@dataclass(frozen=True, slots=True)
class NoticeWriter:
    """Writes notices; each goes into the outbox in the transaction of what it is about.

    Attributes:
        settings: have the address that notices come from.
        tokens: what signs case numbers.
        wake: says that something waits to be sent.
    """

    settings: Settings
    tokens: CaseTokens
    wake: Callable[[], None]

    def notice(self, number: str, reason: str, to: str, content: tuple[str, str], now: datetime) -> Outgoing:
        """Return a notice about a case.

        Args:
            number: the case.
            reason: what makes it the same notice sent twice.
            to: the address.
            content: its subject and its text, without what the tenant wrote.
            now: its Date, aware.
        """
        message_id = self.tokens.message_id(number, secrets.token_hex(_NONCE_OCTETS))
        letter = Letter(
            sender_name=self.settings.outbound.sender_name,
            sender=self.settings.outbound.sender,
            to=to,
            reply_to="",
            subject=content[0],
            text=content[1],
            message_id=message_id,
            in_reply_to="",
            references=(),
            at=now,
            automatic="auto-generated",
        )
        return Outgoing(OutgoingKind.NOTICE, reason, to, self.tokens.address(number), message_id, write(letter))
