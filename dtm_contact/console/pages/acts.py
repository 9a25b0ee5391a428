"""What agents do to one case: a deed for each verb, which goes through the daemon and comes back to the case."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from dtm_contact.access import Right
from dtm_contact.cases import NeverUsedError, RefusedError
from dtm_contact.cases.addressees import usual
from dtm_contact.cases.taken_back import handed_over
from dtm_contact.console.pages.case import addressees_of, shown
from dtm_contact.console.registering import asked_entry
from dtm_contact.console.registry import deed
from dtm_contact.console.visit import Visit, go
from dtm_contact.errors import NotFoundError

Arguments = Callable[[Visit], Mapping[str, Any]]
_LEAVES = frozenset({"done", "move"})


def _act(word: str, verb: str, *, versioned: bool = True) -> Callable[[Arguments], Arguments]:
    """Register the deed `/dossier/{number}/<word>`; the function reads the verb's arguments from the form."""

    def register(arguments: Arguments) -> Arguments:
        @deed(f"/dossier/{{number}}/{word}", Right.WORK, template="case.html")
        def done(visit: Visit) -> Mapping[str, Any] | Response:
            number = visit.case().number
            given = {name: value for name, value in arguments(visit).items() if value not in (None, "", ())}
            try:
                visit.act(verb, number, given, visit.number("version") if versioned else None)
            except NeverUsedError as error:
                return shown(visit, alert=f"{error}{_other_address(visit)}", refused=word)
            except RefusedError as error:
                return shown(visit, alert=str(error), refused=word)
            return _after(visit, verb, number)

        return arguments

    return register


def _other_address(visit: Visit) -> str:
    """Return the address that may be written to instead, said behind what was refused; "" where none is sure."""
    other = usual(addressees_of(visit, visit.file()))
    return f" Adresse connue : {other.address}." if other else ""


def _after(visit: Visit, verb: str, number: str) -> Mapping[str, Any] | Response:
    if visit.in_place and visit.text("bandeau"):
        return {"template": "announced.html", "said": verb, "about": number}
    if verb in _LEAVES and not (visit.text("reste") and _still_seen(visit, number)):
        return go(f"/file?fait={verb}&de={number}")
    return shown(visit, said=verb) if visit.in_place else go(f"/dossier/{number}?fait={verb}")


def _still_seen(visit: Visit, number: str) -> bool:
    try:
        visit.case(number)
    except NotFoundError:
        return False
    return True


@_act("prendre", "take")
def take(visit: Visit) -> Mapping[str, Any]:
    """Take a case; one that a colleague took only where asked for."""
    return {"from_colleague": visit.text("collegue") == "1" or None}


@_act("rendre", "release")
def release(visit: Visit) -> Mapping[str, Any]:
    """Let a case go."""
    del visit
    return {}


@_act("transmettre", "move")
def move(visit: Visit) -> Mapping[str, Any]:
    """Hand a case over to another queue."""
    return {"queue": visit.text("file"), "reason": visit.text("raison")}


@_act("attendre", "wait")
def wait(visit: Visit) -> Mapping[str, Any]:
    """Set a case waiting."""
    return {"until": _time(visit), "reason": visit.text("raison")}


@_act("reprendre", "resume")
def resume(visit: Visit) -> Mapping[str, Any]:
    """Lay a waiting case back into its order."""
    del visit
    return {}


@_act("clore", "done")
def close(visit: Visit) -> Mapping[str, Any]:
    """Close a case; a P1 by saying why the danger is over."""
    return {
        "reason": visit.text("raison"),
        "danger_over": visit.text("danger_ecarte"),
        "spoke": visit.text("joint") == "1" or None,
    }


@_act("sans-reponse", "no_answer")
def no_answer(visit: Visit) -> Mapping[str, Any]:
    """Note that a call-back was in vain; again later."""
    return {"again": _time(visit)}


@_act("rouvrir", "reopen")
def reopen(visit: Visit) -> Mapping[str, Any]:
    """Open a closed case again."""
    return {"reason": visit.text("raison")}


@_act("noter", "note", versioned=False)
def note(visit: Visit) -> Mapping[str, Any]:
    """Leave words for colleagues."""
    return {"text": visit.text("texte")}


@_act("etiqueter", "tag")
def tag(visit: Visit) -> Mapping[str, Any]:
    """Put labels to a case, or take one off."""
    return {
        "add": tuple(visit.text("ajouter").split(",")) if visit.text("ajouter") else (),
        "remove": visit.several("retirer"),
    }


@_act("locataire", "tenant")
def tenant(visit: Visit) -> Mapping[str, Any]:
    """Say whom a case is about."""
    return {"tenant": visit.text("locataire"), "dwelling": visit.text("logement")}


@_act("retenir", "confirm")
def confirm(visit: Visit) -> Mapping[str, Any]:
    """Keep that an address or number is the tenant's."""
    return {"value": visit.text("valeur")}


@_act("inscrire", "register", versioned=False)
def register(visit: Visit) -> Mapping[str, Any]:
    """Enter something into the register of the case's household."""
    return asked_entry(visit)


@_act("terminer-inscription", "register_end", versioned=False)
def register_end(visit: Visit) -> Mapping[str, Any]:
    """End an entry of the register."""
    return {"entry": visit.number("inscription") or 0, "reason": visit.text("raison")}


@_act("motif", "topic")
def topic(visit: Visit) -> Mapping[str, Any]:
    """Say what a case is about."""
    return {"topic": visit.text("motif")}


@_act("danger-reel", "danger")
def danger(visit: Visit) -> Mapping[str, Any]:
    """Say that somebody is in danger: those on call are told at once."""
    return {"reason": visit.text("raison")}


@_act("pas-de-danger", "no_danger")
def no_danger(visit: Visit) -> Mapping[str, Any]:
    """Say that nobody is in danger."""
    return {"reason": visit.text("raison")}


@_act("priorite", "priority")
def priority(visit: Visit) -> Mapping[str, Any]:
    """Say how urgent a case is."""
    return {"priority": visit.text("priorite"), "reason": visit.text("raison")}


@_act("lier", "link")
def link(visit: Visit) -> Mapping[str, Any]:
    """Link a case to another one."""
    return {"other": visit.text("autre")}


@_act("reunir", "merge")
def merge(visit: Visit) -> Mapping[str, Any]:
    """Make a case one with another one."""
    return {"into": visit.text("autre"), "reason": visit.text("raison")}


@_act("separer", "split")
def split(visit: Visit) -> Mapping[str, Any]:
    """Make a case of its own of some messages."""
    return {"arrivals": tuple(int(each) for each in visit.several("arrivee") if each.isdecimal())}


@_act("repondre", "reply")
def reply(visit: Visit) -> Mapping[str, Any]:
    """Answer the one who wrote; an address that nothing proves only where asked for."""
    return {
        "text": visit.text("texte"),
        "to": visit.text("a"),
        "unproven_ok": visit.text("non_verifiee") == "1" or None,
    }


@deed("/dossier/{number}/annuler", Right.WORK, template="case.html")
def undo(visit: Visit) -> Mapping[str, Any] | Response:
    """Take one's own last change back; a case that one has just handed over to another office included."""
    number = _theirs_or_just_handed_over(visit)
    try:
        visit.act("undo", number, {})
    except RefusedError as error:
        return shown(visit, alert=str(error))
    if visit.in_place:
        return shown(visit, said="undo")
    return go(f"/dossier/{number}?fait=undo")


def _theirs_or_just_handed_over(visit: Visit) -> str:
    try:
        return visit.case().number
    except NotFoundError:
        if not handed_over(visit.desk.store.cases.get(visit.path["number"]).events, visit.account.name):
            raise
        return visit.path["number"]


def _time(visit: Visit) -> str | None:
    """Return the time that a form gives, in ISO 8601: hours from now, a morning in some days, or a time itself."""
    hours, days, at = visit.number("heures"), visit.number("jours"), visit.text("quand")
    if at:
        try:
            found = datetime.fromisoformat(at)
        except ValueError:
            return at
        return (found if found.tzinfo else found.replace(tzinfo=visit.now.tzinfo)).isoformat()
    if hours:
        return (visit.now + timedelta(hours=min(hours, 1000))).isoformat()
    if days:
        morning = visit.now.replace(hour=9, minute=0, second=0, microsecond=0)
        return (morning + timedelta(days=min(days, 365))).isoformat()
    return None
