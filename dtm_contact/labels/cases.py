"""Cases, the register, roles and the audit trail in the words that agents read; `events` has what happened."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dtm_contact.model import Consent, EntryKind, Protection, Reach

STATES: Final[Mapping[str, str]] = {"open": "ouvert", "closed": "clos"}
PRIORITIES: Final[Mapping[str, str]] = {"P1": "Danger", "P2": "Dans la journée", "P3": "Normal", "P4": "Peut attendre"}
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
    Reach.NO_POST: "ne rien envoyer à l'adresse",
}
PROTECTIONS: Final[Mapping[Protection, str]] = {
    Protection.ORDER: "ordonnance de protection",
    Protection.CONFIDENTIAL: "adresse à ne pas révéler",
}
CONSENTS: Final[Mapping[Consent, str]] = {Consent.GIVEN: "accepte les SMS", Consent.REFUSED: "refuse les SMS"}
ROLES: Final[Mapping[str, str]] = {
    "agent": "agent de bureau",
    "agency": "agent de l'agence",
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
    "withdrew": "coordonnée retirée de la fiche",
    "protection": "protection lue",
    "registered": "inscrit au registre",
    "register ended": "inscription terminée",
    "register undone": "inscription reprise",
    "account added": "compte ajouté",
    "account disabled": "compte fermé",
    "password set": "mot de passe changé",
    "link made": "lien d'entrée fait",
    "exported": "enregistré dans un fichier",
    "board added": "tableau ouvert",
    "board revoked": "tableau fermé",
    "signed": "signature changée",
    "answer written": "réponse type écrite",
    "answer taken back": "réponse type reprise du dossier des règles",
}
_VERBS: Final[Mapping[str, str]] = {
    "take": "pris",
    "release": "rendu",
    "move": "transmis",
    "wait": "mis en attente",
    "resume": "remis dans l'ordre",
    "done": "clos",
    "no_answer": "rappel sans réponse",
    "reopen": "rouvert",
    "note": "note",
    "tag": "étiquettes",
    "tenant": "locataire",
    "confirm": "coordonnée ajoutée à la fiche",
    "unconfirm": "coordonnée retirée de la fiche",
    "register": "inscrit au registre",
    "register_end": "inscription terminée",
    "register_undo": "inscription reprise",
    "topic": "motif",
    "danger": "danger réel",
    "no_danger": "pas de danger",
    "priority": "priorité",
    "link": "lié",
    "merge": "fusionné",
    "split": "séparé",
    "divide": "autre dossier pour le même message",
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
    "layout": lambda _: "mise en page d'origine",
    "invitation": lambda _: "invitation",
    "sent": lambda outgoing: f"message envoyé {outgoing}",
}


def audited(what: str) -> str:
    """Return what an entry of the audit trail says was done; its own word where nobody has named it yet."""
    return _AUDITED.get(what, what)


def audit_details(data: Mapping[str, Any], queue: Callable[[str], str] = str) -> str:
    """Return what a line of the trail says beside who, what and on what.

    Args:
        data: the line's details.
        queue: what a queue is called.
    """
    data = {**data, "queues": [queue(each) for each in data.get("queues") or ()]}
    return ", ".join(
        _AUDIT_DETAILS[key](value) if key in _AUDIT_DETAILS else f"{key} {value}"
        for key, value in data.items()
        if value
    )
