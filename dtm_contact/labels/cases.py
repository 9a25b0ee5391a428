"""Cases, the register and roles in the words that agents read; `events` has what happened, `audit` who looked."""

from collections.abc import Mapping
from typing import Final

from dtm_contact.labels.formats import spaced
from dtm_contact.labels.judging import LANGUAGES
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
DANGERS_OVER: Final[Mapping[str, str]] = {
    "made_safe": "Mise en sécurité faite (gaz ou courant coupé, accès fermé)",
    "rescued": "Les secours sont intervenus",
    "repaired": "Le prestataire est intervenu, le danger a cessé",
    "safe": "La personne a été jointe et est hors de danger",
    "checked": "Vérifié sur place : pas de danger",
    "false_alarm": "Fausse alerte : personne n'était en danger",
}
"""Why nobody is in danger any more, by the values of the verb's `DangerOver`."""
NOTIFIED: Final[Mapping[str, str]] = {"on_call": "l’astreinte", "caretaker": "le gardien de service"}
"""Whom a rule tells, by the words of `notify`; an address stands as it is."""
VISITS: Final[Mapping[str, str]] = {"call": "Appel", "counter": "Visite au guichet", "letter": "Courrier"}
"""How what an agent noted came, by `Stated.visit`."""
ROLES: Final[Mapping[str, str]] = {
    "agent": "agent de bureau",
    "agency": "agent de l'agence",
    "head": "responsable",
    "admin": "administrateur",
    "auditor": "contrôle",
}


def entry_words(kind: EntryKind, value: str) -> str:
    """Return what an entry says, as everybody who sees the household may read it: of a protection that it is one.

    Args:
        kind: the entry's kind.
        value: what it says; a number as it is dialled here.
    """
    match kind:
        case EntryKind.PROTECTION:
            return "protection"
        case EntryKind.NEVER:
            return f"ne jamais écrire à {value}" if "@" in value else f"ne jamais appeler le {spaced(value)}"
        case EntryKind.REACH:
            return REACHES[Reach(value)]
        case EntryKind.LANGUAGE:
            return f"langue : {LANGUAGES.get(value, value)}"
        case EntryKind.SMS_CONSENT:
            return CONSENTS[Consent(value)]


def role_label(role: str) -> str:
    """Return what a role at the desk is called."""
    return ROLES[role]
