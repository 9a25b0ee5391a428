"""A case that is done, and one that is not after all; a call-back that was tried."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.taken_back import standing
from dtm_contact.cases.texts import Line
from dtm_contact.model import Priority

SPOKEN = "rappelé, joint"
NO_ANSWER = "rappelé en vain, {tries} fois"


class DangerOver(StrEnum):
    """Why nobody is in danger any more: what is said when a P1 is closed."""

    MADE_SAFE = "made_safe"
    RESCUED = "rescued"
    REPAIRED = "repaired"
    SAFE = "safe"
    CHECKED = "checked"
    FALSE_ALARM = "false_alarm"


DANGER_OVER: Final[Mapping[DangerOver, str]] = {
    DangerOver.MADE_SAFE: "Mise en sécurité faite (gaz ou courant coupé, accès fermé)",
    DangerOver.RESCUED: "Les secours sont intervenus",
    DangerOver.REPAIRED: "Le prestataire est intervenu, le danger a cessé",
    DangerOver.SAFE: "La personne a été jointe et est hors de danger",
    DangerOver.CHECKED: "Vérifié sur place : pas de danger",
    DangerOver.FALSE_ALARM: "Fausse alerte : personne n'était en danger",
}
"""Each in the offices' words."""

_NOBODY_WAS: Final = frozenset({DangerOver.CHECKED, DangerOver.FALSE_ALARM})
"""Those by which nobody ever was in danger."""


@verb("done")
def done(act: Act, reason: Line | None = None, danger_over: DangerOver | None = None, *, spoke: bool = False) -> None:
    """Clôt un dossier, avec la raison ; `spoke` : on a rappelé et joint la personne.

    Un P1 n'est clos que si l'on dit pourquoi le danger est écarté (`danger_over`) ; la raison le précise.
    """
    act.must_be_open()
    check_danger_over(act, danger_over)
    reason = reason or (SPOKEN if spoke else None)
    data = None
    if danger_over is not None:
        data = {"danger_over": danger_over.value}
        reason = f"{DANGER_OVER[danger_over]} – {reason}" if reason else DANGER_OVER[danger_over]
    if reason is None:
        raise WrongArgumentError("indiquez la raison de la clôture, ou que vous avez joint la personne")
    act.change("done", data=data, state="closed", closed_at=act.now, done_reason=reason, waiting_until=None)
    if danger_over is not None:
        act.label(danger=danger_over not in _NOBODY_WAS)


def check_danger_over(act: Act, danger_over: DangerOver | None) -> None:
    """Make sure that a P1 is closed only by saying why the danger is over, and that this is said of nothing else.

    Raises:
        WrongArgumentError: it is not so.
    """
    if act.case.priority is Priority.P1 and danger_over is None:
        raise WrongArgumentError("une urgence P1 n'est close que si vous dites pourquoi le danger est écarté")
    if act.case.priority is not Priority.P1 and danger_over is not None:
        raise WrongArgumentError("ce dossier n'est pas une urgence P1 ; donnez une raison")


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
        raise WrongStateError("ce dossier est déjà ouvert")
    last = next((event.what for event in reversed(standing(act.work.events(act.held)))), "")
    if last == "merged":
        raise WrongStateError("il a été fusionné avec un autre ; annulez plutôt la fusion")
    no_second_call_back(act)
    if act.case.closed_at is not None:
        act.work.resume_escalation(act.held, act.case.closed_at)
    data = {"reason": reason} if reason else None
    act.change("reopened", data=data, state="open", closed_at=None, done_reason=None)


def no_second_call_back(act: Act) -> None:
    """Make sure that no other call-back of the same party is open.

    Raises:
        WrongStateError: one is.
    """
    rival = act.work.other_call_back(act.held)
    if rival is not None:
        raise WrongStateError(f"la même personne attend déjà un rappel au dossier {rival}")
