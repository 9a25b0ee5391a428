"""The words of the pages that oversee: the audit trail, accounts, what rules saw."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dtm_contact.access import Role
from dtm_contact.explain.words import ALARM_LEVELS, KINDS, SCOPES


def role_word(role: str) -> str:
    """Return a role in the offices' words."""
    return Role(role).label


_DONE: Final[Mapping[str, str]] = {
    "read": "lu",
    "changed": "changé",
    "entered": "entré",
    "left": "sorti",
    "refused": "mot de passe refusé",
    "searched": "cherché",
    "released": "repris",
    "protection": "protection lue",
    "registered": "inscrit au registre",
    "register ended": "inscription terminée",
    "register undone": "inscription reprise",
    "account added": "compte ajouté",
    "account disabled": "compte fermé",
    "password set": "mot de passe changé",
    "link made": "lien d’entrée fait",
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
    "undo": "annulé",
    "new": "dossier ouvert",
    "appoint": "rendez-vous",
    "cancel_appointment": "rendez-vous annulé",
}
_HOW: Final = {"password": "par mot de passe", "link": "par lien"}
_DETAILS: Final[Mapping[str, Callable[[Any], str]]] = {
    "verb": lambda verb: _VERBS.get(verb, verb),
    "people": lambda people: f"{len(people)} personne{'s' if len(people) > 1 else ''} : {', '.join(people)}",
    "how": lambda how: _HOW.get(how, how),
    "role": role_word,
    "office": lambda office: f"bureau {office}",
    "dwelling": lambda dwelling: f"foyer {dwelling}",
    "tenant": lambda tenant: f"locataire {tenant}",
    "entry": lambda entry: entry,
    "entries": lambda entries: f"inscription{'s' if len(entries) > 1 else ''} {', '.join(entries)}",
    "queues": lambda queues: f"files {', '.join(queues)}",
    "case": lambda case: f"dossier {case}",
    "cases": lambda count: f"{count} dossiers",
    "day": lambda day: f"jour {day}",
    "apres": lambda _: "suite",
    "photo": lambda name: f"photo {name}",
    "piece": lambda name: f"pièce {name}",
    "until": lambda _: "compte verrouillé quelques minutes",
    "rules": lambda _: "ce que les règles ont vu",
    "household": lambda _: "le foyer entier",
    "layout": lambda _: "mise en page d’origine",
    "invitation": lambda _: "invitation",
}
_CONDITIONS: Final[Mapping[str, str]] = {
    "alarm": "alerte",
    "topic": "motif",
    "topics": "motifs",
    "kind": "nature",
    "priority": "priorité",
    "channel": "canal",
    "hours": "horaires",
    "scope": "étendue",
    "count": "nombre",
    "any": "l’un de",
    "all": "tout de",
    "not": "pas",
    "office": "bureau",
    "residence": "résidence",
    "wish": "souhait",
    "asker": "qui demande",
    "register": "registre",
    "register.language": "langue au registre",
}
_VALUES: Final[Mapping[str, str]] = {
    **{kind.value: word for kind, word in KINDS.items()},
    **{scope.value: word for scope, word in SCOPES.items()},
    "email": "courriel",
    "phone": "appel",
    "desk": "au bureau",
    "closed": "fermé",
    "open": "ouvert",
}


_LEVELS: Final[Mapping[str, str]] = {level.value: word.lower() for level, word in ALARM_LEVELS.items()}


def done_word(what: str) -> str:
    """Return what was done, in French; its own word where nobody has named it yet."""
    return _DONE.get(what, what)


def trail_details(data: Mapping[str, Any]) -> str:
    """Return what a line of the trail says beside who, what and on what."""
    return ", ".join(
        _DETAILS[key](value) if key in _DETAILS else f"{key} {value}" for key, value in data.items() if value
    )


def actor(who: str) -> str:
    """Return who did it: an account, or whoever may use the command line."""
    return "ligne de commande" if who == "command line" else who


def condition_word(name: str) -> str:
    """Return the name of a condition of a rule in French, word by word; as the rules have it where it has none."""
    return " ".join(_CONDITIONS.get(word, word) for word in name.split())


def condition_values(values: str, topics: Mapping[str, str], name: str = "") -> str:
    """Return what a condition of that name wants or saw, codes in French."""
    named = {**_VALUES, **topics, **(_LEVELS if name == "alarm" else {})}
    return ", ".join(named.get(value, value) for value in values.split(", "))


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "done_word": done_word,
    "trail_details": trail_details,
    "actor": actor,
    "role_word": role_word,
    "condition_word": condition_word,
    "condition_values": condition_values,
}
