"""Somebody called back by an agent: what came of it, what was said, and when it goes on."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from dtm_contact.cases.act import Act, standing
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Words
from dtm_contact.cases.verbs.noting import note
from dtm_contact.cases.verbs.working import check_danger_over, done
from dtm_contact.model import CodedText, Priority
from dtm_contact.store import Event


class CallBackOutcome(StrEnum):
    """What came of calling somebody back."""

    SETTLED = "settled"
    UNSETTLED = "unsettled"
    NO_ANSWER = "no_answer"


@verb("call_back")
def call_back(
    act: Act, outcome: CallBackOutcome, text: Words | None = None, again: AwareDatetime | None = None
) -> None:
    """Note un rappel, ce qui s'est dit (`text`, une note que seuls les agents lisent), et ce qui suit.

    `settled` : joint et réglé, le dossier est clos ; jamais un danger, qui ne l'est que si l'on dit pourquoi il est
    écarté (`done`). `unsettled` : joint, mais pas réglé ; le dossier reste ouvert, `text` dit où on en est, et il
    revient à `again`, sinon le matin du prochain jour ouvré ; l'agent le prend si personne ne l'a, sauf si un danger y
    est signalé : il reste alors où il est.
    `no_answer` : pas de réponse ; le dossier revient à `again` ou après le délai réglé, et après le nombre d'essais
    réglé il est clos ; un danger possible ne l'est pas ainsi. Un P1 n'attend pas : il reste en tête.
    """
    act.must_be_open()
    if again is not None and again <= act.now:
        raise WrongArgumentError("le moment est déjà passé")
    if text is not None:
        note(act, text)
    match outcome:
        case CallBackOutcome.SETTLED:
            _settled(act, again)
        case CallBackOutcome.UNSETTLED:
            _unsettled(act, text, again)
        case CallBackOutcome.NO_ANSWER:
            _in_vain(act, again)


def _settled(act: Act, again: datetime | None) -> None:
    check_danger_over(act, None)
    if again is not None:
        raise WrongArgumentError("un dossier réglé ne revient pas : effacez le jour, ou dites qu'il n'est pas réglé")
    done(act, spoke=True)


def _unsettled(act: Act, text: str | None, again: datetime | None) -> None:
    if text is None:
        raise WrongArgumentError("dites en un mot où on en est : qui reprend le dossier doit le savoir")
    if again is not None and act.case.priority is Priority.P1:
        raise WrongStateError("une urgence P1 n'attend pas : elle reste en tête jusqu'à ce que le danger soit écarté")
    if act.case.owner is None and not act.case.in_danger:
        act.change("taken", owner=act.actor)
    if again is None and not act.case.in_danger:
        queue = act.rules.queues.get(act.case.queue) or act.rules.desks.reception
        again = queue.calendar.next_morning(act.now)
    if again is None:
        act.change("reached")
    else:
        act.change("reached", waiting_until=again)


def attempts(events: Iterable[Event]) -> int:
    """Return how many calls back of a case were in vain and are not taken back, with the one that is being made."""
    return 1 + sum(1 for event in standing(events) if event.what == "tried")


def _in_vain(act: Act, again: datetime | None) -> None:
    desk = act.grounds.settings.desk
    tries = attempts(act.work.events(act.held))
    if act.case.priority is Priority.P1:
        act.change("tried", data={"tries": tries})
    elif again is None and tries >= desk.call_attempts and not act.case.in_danger:
        reason = CodedText("called_in_vain", {"tries": tries})
        data = {"tries": tries}
        act.change("tried", data=data, state="closed", closed_at=act.now, done_reason=reason, waiting_until=None)
    elif tries >= desk.call_attempts and not act.case.in_danger:
        raise WrongStateError(f"c'était le {tries}e essai, le dernier ; clôturez-le ou changez-en la priorité")
    else:
        until = again or act.now + timedelta(minutes=desk.call_again_minutes)
        act.change("tried", data={"tries": tries}, waiting_until=until)
