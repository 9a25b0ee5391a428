"""The audit trail in the words that agents read: what was read, entered, changed and exported."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dtm_contact.labels.cases import role_label
from dtm_contact.labels.coded_text import text_of_json

AUDITED: Final[Mapping[str, str]] = {
    "read": "lu",
    "changed": "changé",
    "entered": "entré",
    "left": "sorti",
    "refused": "mot de passe refusé",
    "code refused": "code refusé",
    "recovery code used": "code de secours utilisé",
    "second factor set": "second facteur installé",
    "second factor removed": "second facteur retiré",
    "searched": "cherché",
    "released": "repris",
    "withdrew": "coordonnée retirée de la fiche",
    "protection": "protection lue",
    "registered": "inscrit au registre",
    "register ended": "inscription terminée",
    "register undone": "inscription reprise",
    "account added": "compte ajouté",
    "account changed": "compte changé",
    "account disabled": "compte fermé",
    "account enabled": "compte rouvert",
    "entry refused": "entrée refusée",
    "identity linked": "identité du fournisseur liée au compte",
    "invited": "invité par courrier",
    "password lost": "mot de passe dit perdu",
    "password set": "mot de passe changé",
    "link made": "lien d'entrée fait",
    "exported": "enregistré dans un fichier",
    "board added": "tableau ouvert",
    "board revoked": "tableau fermé",
    "answer written": "réponse type écrite",
    "answer taken back": "réponse type reprise du dossier des règles",
    "signed": "signature changée",
    "held": "dossier gelé",
    "hold released": "gel levé",
    "erased": "personne effacée",
}
"""What was done, by the word that the trail has for it."""
_VERBS: Final[Mapping[str, str]] = {
    "take": "pris",
    "release": "rendu",
    "move": "transmis",
    "wait": "mis en attente",
    "resume": "remis dans l'ordre",
    "done": "clos",
    "call_back": "rappel",
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
_HOW: Final[Mapping[str, str]] = {
    "password": "par mot de passe",
    "link": "par lien",
    "mail": "par un lien reçu",
    "provider": "par le fournisseur d’identité",
    "code": "par mot de passe et code",
}
_BECAUSE: Final[Mapping[str, str]] = {
    "no group": "aucun groupe ne donne accès",
    "no office": "aucun groupe ne dit le bureau",
    "closed": "compte fermé",
}
_AUDIT_DETAILS: Final[Mapping[str, Callable[[Any], str]]] = {
    "verb": lambda verb: _VERBS.get(verb, verb),
    "people": lambda people: f"{len(people)} personne{'s' if len(people) > 1 else ''} : {', '.join(people)}",
    "how": lambda how: _HOW.get(how, how),
    "role": role_label,
    "because": lambda why: _BECAUSE.get(why, why),
    "was": lambda role: f"avant : {role_label(role)}",
    "offices": lambda offices: f"bureau{'x' if len(offices) > 1 else ''} : {', '.join(offices)}",
    "office": lambda office: f"bureau : {office}",
    "dwelling": lambda dwelling: f"foyer {dwelling}",
    "tenant": lambda tenant: f"locataire {tenant}",
    "entry": text_of_json,
    "entries": lambda entries: f"inscription{'s' if len(entries) > 1 else ''} {', '.join(entries)}",
    "queues": lambda queues: f"files {', '.join(queues)}",
    "case": lambda case: f"dossier {case}",
    "cases": lambda count: f"{count} dossiers",
    "day": lambda day: f"jour {day}",
    "period": lambda period: f"période {period}",
    "columns": lambda columns: f"colonnes {columns}",
    "figure": lambda figure: f"chiffre : {figure}",
    "table": lambda table: f"tableau {table}",
    "residence": lambda residence: f"résidence : {residence}",
    "topic": lambda topic: f"motif : {topic}",
    "apres": lambda _: "suite",
    "photo": lambda name: f"photo {name}",
    "attached": lambda name: f"pièce jointe {name}",
    "piece": lambda name: f"pièce {name}",
    "lines": lambda count: f"{count} lignes",
    "by_who": lambda names: f"par : {', '.join(names)}",
    "by_action": lambda what: f"quoi : {audited(what)}",
    "by_du": lambda day: f"du {day}",
    "by_au": lambda day: f"au {day}",
    "left": lambda count: f"il en reste {count}",
    "until": lambda _: "compte verrouillé quelques minutes",
    "rules": lambda _: "ce que les règles ont vu",
    "household": lambda _: "le foyer entier",
    "entrance": lambda _: "tous les foyers de l'entrée",
    "layout": lambda _: "mise en page d'origine",
    "invitation": lambda _: "invitation",
    "sent": lambda outgoing: f"message envoyé {outgoing}",
}


def audited(what: str) -> str:
    """Return what an entry of the audit trail says was done; its own word where nobody has named it yet."""
    return AUDITED.get(what, what)


_SUBJECTS: Final[Mapping[str, str]] = {"ecartes": "messages écartés", "dangers": "alertes de danger"}
_INCIDENT: Final = "incident "


def audit_subject(subject: str, called: Mapping[str, Callable[[str], str]]) -> str:
    """Return on what a line of the trail is, in words; a case, a dwelling or an account as the trail is searched by it.

    Args:
        subject: as the trail has it.
        called: the names for identifiers, by what they identify: "topic", "residence", "figure".
    """
    kind, _, rest = subject.partition(" ")
    if subject.startswith(_INCIDENT):
        residence, _, topic = rest.partition(" ")
        return f"incident : {called['topic'](topic)}, {called['residence'](residence)}"
    if kind == "dossiers" and rest:
        return f"dossiers : {called['figure'](rest)}"
    return _SUBJECTS.get(subject, subject)


def audit_details(data: Mapping[str, Any], called: Mapping[str, Callable[[str], str]]) -> str:
    """Return what a line of the trail says beside who, what and on what.

    Args:
        data: the line's details.
        called: the names for identifiers, by what they identify: "queue", "office", "person", "residence", "topic",
            "figure".
    """
    data = {
        **data,
        "queues": [called["queue"](each) for each in data.get("queues") or ()],
        "people": [called["person"](each) for each in data.get("people") or ()],
        "offices": [called["office"](each) for each in data.get("offices") or ()],
    }
    data |= {key: called[key](data[key]) for key in ("office", "residence", "topic", "figure") if data.get(key)}
    return ", ".join(
        _AUDIT_DETAILS[key](value) if key in _AUDIT_DETAILS else f"{key} {value}"
        for key, value in data.items()
        if value
    )
