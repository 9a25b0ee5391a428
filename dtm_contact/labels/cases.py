"""What happened to cases and who did it, in the words that agents read: events, register, roles, audit trail."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from dtm_contact.model import Consent, EntryKind, Protection, Reach

STATES: Final[Mapping[str, str]] = {"open": "ouvert", "closed": "clos"}
PRIORITIES: Final[Mapping[str, str]] = {"P1": "Danger", "P2": "Dans la journée", "P3": "Normal", "P4": "Peut attendre"}
EVENTS: Final[Mapping[str, str]] = {
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
    "forwarded": "message transmis à quelqu’un",
    "answered": "réponse écrite depuis la messagerie d'un agent",
    "returned": "notre propre message, revenu",
    "sent": "courrier parti",
    "not sent": "courrier retenu",
    "refused": "courrier refusé par le serveur",
    "no_such_address": "courrier refusé : l'adresse n'existe pas",
    "given_up": "courrier abandonné : aucun serveur ne l'a pris",
    "outgoing released": "courrier retenu depuis la restauration, à envoyer",
    "outgoing dropped": "courrier retenu depuis la restauration, abandonné",
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
    "undone": "changement annulé",
}
HAPPENED: Final[Mapping[str, str]] = {
    "closed": "a clos le dossier",
    "done": "a clos le dossier",
    "moved": "a transmis le dossier",
    "forwarded": "a fait suivre un message",
    "noted": "a ajouté une note",
    "released": "a rendu le dossier",
    "reopened": "a rouvert le dossier",
    "replied": "a répondu",
    "taken": "a pris le dossier",
    "tenant": "a précisé le locataire",
    "topic": "a changé le motif",
    "waiting": "a mis le dossier en attente",
}
"""What somebody did meanwhile, told behind their name."""
_SHOWN_TEXTS: Final = ("entry", "reason", "text", "why")
"""What an event holds that is shown as it stands."""
_REASONS: Final[Mapping[str, str]] = {"register: never write there": "le registre interdit d'écrire à cette adresse"}
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
ENTRY_KINDS: Final[Mapping[EntryKind, str]] = {
    EntryKind.PROTECTION: "Protection",
    EntryKind.NEVER: "À ne jamais utiliser",
    EntryKind.REACH: "Comment joindre",
    EntryKind.LANGUAGE: "Langue",
    EntryKind.SMS_CONSENT: "SMS",
}
REACHES: Final[Mapping[Reach, str]] = {
    Reach.PHONE: "par téléphone",
    Reach.MAIL: "par courriel",
    Reach.POST: "par la poste",
    Reach.NO_PHONE: "ne pas appeler",
    Reach.NO_POST: "ne rien envoyer à l’adresse",
}
PROTECTIONS: Final[Mapping[Protection, str]] = {
    Protection.ORDER: "ordonnance de protection",
    Protection.CONFIDENTIAL: "adresse à ne pas révéler",
}
CONSENTS: Final[Mapping[Consent, str]] = {Consent.GIVEN: "accepte les SMS", Consent.REFUSED: "refuse les SMS"}
ROLES: Final[Mapping[str, str]] = {
    "agent": "agent de bureau",
    "agency": "agent de l’agence",
    "head": "responsable",
    "admin": "administrateur",
    "auditor": "contrôle",
}
_AUDITED: Final[Mapping[str, str]] = {
    "read": "lu",
    "changed": "changé",
    "entered": "entré",
    "left": "sorti",
    "refused": "mot de passe refusé",
    "searched": "cherché",
    "released": "repris",
    "withdrew": "adresse ou numéro oublié",
    "protection": "protection lue",
    "registered": "inscrit au registre",
    "register ended": "inscription terminée",
    "register undone": "inscription reprise",
    "account added": "compte ajouté",
    "account disabled": "compte fermé",
    "password set": "mot de passe changé",
    "link made": "lien d’entrée fait",
    "exported": "enregistré dans un fichier",
    "board added": "tableau ouvert",
    "board revoked": "tableau fermé",
    "signed": "signature changée",
}
_VERBS: Final[Mapping[str, str]] = {
    "take": "pris",
    "release": "rendu",
    "move": "transmis",
    "wait": "mis en attente",
    "resume": "remis dans l’ordre",
    "done": "clos",
    "no_answer": "rappel sans réponse",
    "reopen": "rouvert",
    "note": "note",
    "tag": "étiquettes",
    "tenant": "locataire",
    "confirm": "adresse ou numéro retenu",
    "unconfirm": "adresse ou numéro oublié",
    "register": "inscrit au registre",
    "register_end": "inscription terminée",
    "register_undo": "inscription reprise",
    "topic": "motif",
    "danger": "danger réel",
    "no_danger": "pas de danger",
    "priority": "priorité",
    "link": "lié",
    "merge": "réuni",
    "split": "séparé",
    "reply": "réponse",
    "forward": "message transmis",
    "undo": "annulé",
    "new": "dossier ouvert",
    "appoint": "rendez-vous",
    "cancel_appointment": "rendez-vous annulé",
}
_HOW: Final[Mapping[str, str]] = {"password": "par mot de passe", "link": "par lien"}


def role_label(role: str) -> str:
    """Return what a role at the desk is called."""
    return ROLES[role]


_AUDIT_DETAILS: Final[Mapping[str, Callable[[Any], str]]] = {
    "verb": lambda verb: _VERBS.get(verb, verb),
    "people": lambda people: f"{len(people)} personne{'s' if len(people) > 1 else ''} : {', '.join(people)}",
    "how": lambda how: _HOW.get(how, how),
    "role": role_label,
    "office": lambda office: f"bureau {office}",
    "dwelling": lambda dwelling: f"foyer {dwelling}",
    "tenant": lambda tenant: f"locataire {tenant}",
    "entry": lambda entry: entry,
    "entries": lambda entries: f"inscription{'s' if len(entries) > 1 else ''} {', '.join(entries)}",
    "queues": lambda queues: f"files {', '.join(queues)}",
    "case": lambda case: f"dossier {case}",
    "cases": lambda count: f"{count} dossiers",
    "day": lambda day: f"jour {day}",
    "period": lambda period: f"période {period}",
    "columns": lambda columns: f"colonnes {columns}",
    "figure": lambda figure: f"chiffre {figure}",
    "table": lambda table: f"tableau {table}",
    "residence": lambda residence: f"résidence {residence}",
    "topic": lambda topic: f"motif {topic}",
    "apres": lambda _: "suite",
    "photo": lambda name: f"photo {name}",
    "attached": lambda name: f"pièce jointe {name}",
    "piece": lambda name: f"pièce {name}",
    "until": lambda _: "compte verrouillé quelques minutes",
    "rules": lambda _: "ce que les règles ont vu",
    "household": lambda _: "le foyer entier",
    "layout": lambda _: "mise en page d’origine",
    "invitation": lambda _: "invitation",
}


def event_line(what: str, data: Mapping[str, Any], time: Callable[[datetime], str] = datetime.isoformat) -> str:
    """Return what an event of a case did, in a line; a word that nobody has put into French yet stands as it is.

    Args:
        what: its name in the store.
        data: its details.
        time: writes a time on the offices' wall clock.
    """
    return " ; ".join([EVENTS.get(what, what), *_event_details(data, time)])


def _event_details(data: Mapping[str, Any], time: Callable[[datetime], str]) -> list[str]:
    details = [_REASONS.get(text := str(data[name]), text) for name in _SHOWN_TEXTS if data.get(name)]
    other = data.get("with") or (data.get("other") or {}).get("number")
    if other:
        details.append(f"dossier {other}")
    if "at" in data:
        details.append(time(datetime.fromisoformat(data["at"])))
    for name, (_before, after) in (data.get("changed") or {}).items():
        if name in _COLUMNS and after not in (None, []):
            details.append(f"{_COLUMNS[name]} {_column_value(name, after, time)}")
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
        details.append(EVENTS.get(data["what"], data["what"]))
    return details


def _column_value(name: str, value: Any, time: Callable[[datetime], str]) -> str:
    if name in {"waiting_until", "due"}:
        return time(datetime.fromisoformat(value))
    return ", ".join(value) if isinstance(value, list) else str(value)


def audited(what: str) -> str:
    """Return what an entry of the audit trail says was done; its own word where nobody has named it yet."""
    return _AUDITED.get(what, what)


def audit_details(data: Mapping[str, Any]) -> str:
    """Return what a line of the trail says beside who, what and on what."""
    return ", ".join(
        _AUDIT_DETAILS[key](value) if key in _AUDIT_DETAILS else f"{key} {value}"
        for key, value in data.items()
        if value
    )


def actor(who: str) -> str:
    """Return who did it: an account, or whoever may use the command line."""
    return {"command line": "ligne de commande", "worker": "le moteur", "outbound": "le courrier"}.get(who, who)
