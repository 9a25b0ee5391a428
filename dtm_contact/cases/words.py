"""What happened to a case, said to agents in French."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from dtm_contact.cases.taken_back import UNDONE
from dtm_contact.store import Event
from dtm_contact.store.register import WITHHELD

_SAID: Final[Mapping[str, str]] = {
    "opened": "dossier ouvert",
    "completed": "message relu, dossier complété",
    "judged": "jugé",
    "parked": "message illisible en entier, à lire par une personne",
    "retried": "message à relire",
    "released": "rendu à la file",
    "joined": "message ou appel ajouté",
    "revised": "appel relu, une ligne étant venue plus tard",
    "reopened": "dossier rouvert",
    "taken": "dossier pris",
    "moved": "transmis à une autre file",
    "waiting": "mis en attente",
    "resumed": "remis dans l'ordre de la file",
    "done": "dossier clos",
    "closed": "dossier clos",
    "spoken": "appel répondu, l'urgence reste ouverte",
    "tried": "rappel sans réponse",
    "noted": "note",
    "replied": "réponse écrite",
    "answered": "réponse écrite depuis la messagerie d'un agent",
    "returned": "notre propre message, revenu",
    "sent": "courrier parti",
    "not sent": "courrier retenu",
    "refused": "courrier refusé par le serveur",
    "no_such_address": "courrier refusé : l'adresse n'existe pas",
    "given_up": "courrier abandonné : aucun serveur ne l'a pris",
    "tagged": "étiquettes changées",
    "tenant": "locataire précisé",
    "confirmed": "adresse ou numéro retenu",
    "unconfirmed": "adresse ou numéro oublié",
    "registered": "inscrit au registre du foyer",
    "register ended": "inscription au registre terminée",
    "register undone": "inscription au registre reprise",
    "topic": "sujet changé",
    "danger": "danger réel, dit un agent",
    "no_danger": "pas de danger, dit un agent",
    "priority": "priorité changée",
    "linked": "lié à un autre dossier",
    "merged": "réuni à un autre dossier",
    "absorbed": "un autre dossier y est réuni",
    "split": "contacts séparés",
    "appointed": "rendez-vous pris",
    "appointment cancelled": "rendez-vous annulé",
    "reminded": "rappel : l'échéance est passée",
    "escalated": "attend depuis trop longtemps",
    "called next": "personne ne l'a pris, l'astreinte suivante est prévenue",
    "storm": "beaucoup de dossiers pareils, prévenu une fois pour tous",
    "rerouted": "déplacé par les règles, à la demande d'un administrateur",
    "office changed": "passé à un autre bureau",
    "queue renamed": "la file a changé de nom",
    UNDONE: "changement annulé",
}

_SAYS: Final = ("entry", "reason", "text", "why")
_WITHHELD: Final[Mapping[str, str]] = {WITHHELD: "le registre interdit d'écrire à cette adresse"}
_COLUMNS: Final[Mapping[str, str]] = {
    "queue": "file",
    "priority": "priorité",
    "waiting_until": "jusqu'au",
    "due": "échéance",
    "topic": "sujet",
    "tenant_id": "locataire",
    "dwelling_id": "logement",
    "residence_id": "résidence",
    "tags": "étiquettes",
    "done_reason": "motif",
}


def said(event: Event, time: Callable[[datetime], str] = datetime.isoformat) -> str:
    """Return an event in a line, who and when apart; `time` writes a time on the offices' wall clock.

    A word that nobody has put into French yet is said as it is.
    """
    return " ; ".join([_SAID.get(event.what, event.what), *_details(event.data, time)])


def _details(data: Mapping[str, Any], time: Callable[[datetime], str]) -> list[str]:
    details = [_WITHHELD.get(said := str(data[name]), said) for name in _SAYS if data.get(name)]
    other = data.get("with") or (data.get("other") or {}).get("number")
    if other:
        details.append(f"dossier {other}")
    if "at" in data:
        details.append(time(datetime.fromisoformat(data["at"])))
    for name, (_before, after) in (data.get("changed") or {}).items():
        if name in _COLUMNS and after not in (None, []):
            details.append(f"{_COLUMNS[name]} {_written(name, after, time)}")
    details += [f"retenu : {value} est à {tenant_id}" for _kind, value, tenant_id in data.get("confirmed", ())]
    details += [f"oublié : {value}" for _kind, value, _tenant_id in data.get("withdrawn", ())]
    details += [f"{value} est retenu pour plusieurs foyers : ne dit plus qui écrit" for value in data.get("shared", ())]
    if data.get("told"):
        details.append(f"prévenu : {', '.join(data['told'])}")
    elif "told" in data:
        details.append("personne n'a pu être prévenu par courriel")
    if data.get("unproven"):
        details.append("adresse non vérifiée")
    if "what" in data:
        details.append(_SAID.get(data["what"], data["what"]))
    return details


def _written(name: str, value: Any, time: Callable[[datetime], str]) -> str:
    if name in {"waiting_until", "due"}:
        return time(datetime.fromisoformat(value))
    return ", ".join(value) if isinstance(value, list) else str(value)
