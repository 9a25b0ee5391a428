"""A case that is done, and one that is not after all; a call-back that was tried."""

from datetime import timedelta

from pydantic import AwareDatetime

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.taken_back import standing
from dtm_contact.cases.texts import Line
from dtm_contact.model import Priority

SPOKEN = "rappelé, joint"
NO_ANSWER = "rappelé en vain, {tries} fois"


@verb("done")
def done(act: Act, reason: Line | None = None, *, spoke: bool = False) -> None:
    """Clôt un dossier, avec la raison ; `spoke` : on a rappelé et joint la personne."""
    act.must_be_open()
    reason = reason or (SPOKEN if spoke else None)
    if reason is None:
        raise WrongArgumentError("dites pourquoi, ou que vous avez joint la personne")
    act.change("done", state="closed", closed_at=act.now, done_reason=reason, waiting_until=None)


@verb("no_answer")
def no_answer(act: Act, again: AwareDatetime | None = None) -> None:
    """Note un rappel resté sans réponse : le dossier revient plus tard, à `again` ou après le délai réglé.

    Après le nombre d'essais réglé il est clos. Un P1 n'attend pas et n'est pas clos ainsi : il reste en tête.
    """
    act.must_be_open()
    desk = act.grounds.settings.desk
    tries = 1 + sum(1 for event in standing(act.work.events(act.held)) if event.what == "tried")
    if act.case.priority is Priority.P1:
        act.change("tried", data={"tries": tries})
    elif again is None and tries >= desk.call_attempts:
        reason = NO_ANSWER.format(tries=tries)
        data = {"tries": tries}
        act.change("tried", data=data, state="closed", closed_at=act.now, done_reason=reason, waiting_until=None)
    elif tries >= desk.call_attempts:
        raise WrongStateError(f"c'était le {tries}e essai, le dernier ; clôturez-le ou changez-en la priorité")
    else:
        until = again or act.now + timedelta(minutes=desk.call_again_minutes)
        if until <= act.now:
            raise WrongArgumentError("le moment est déjà passé")
        act.change("tried", data={"tries": tries}, waiting_until=until)


@verb("reopen")
def reopen(act: Act, reason: Line | None = None) -> None:
    """Rouvre un dossier clos."""
    if act.case.state == "open":
        raise WrongStateError("il est ouvert")
    last = next((event.what for event in reversed(standing(act.work.events(act.held)))), "")
    if last == "merged":
        raise WrongStateError("il a été réuni à un autre ; annulez plutôt la réunion")
    no_second_call_back(act)
    data = {"reason": reason} if reason else None
    act.change("reopened", data=data, state="open", closed_at=None, done_reason=None)


def no_second_call_back(act: Act) -> None:
    """Make sure that no other call-back of the same party is open.

    Raises:
        WrongStateError: one is.
    """
    rival = act.work.rival(act.held)
    if rival is not None:
        raise WrongStateError(f"la même personne attend déjà un rappel au dossier {rival}")
