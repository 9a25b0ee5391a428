"""The offices' words for what judging calls by English codes; the codes themselves stand in the JSON only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from dtm_contact.model import AlarmLevel, AlarmSource, Asker, CaseKind, Part, Peril, Scope, Wish

KINDS: Final[Mapping[CaseKind, str]] = {
    CaseKind.CASE: "une demande",
    CaseKind.AUTOMATIC: "un message automatique",
    CaseKind.SPAM: "un message indésirable",
    CaseKind.NONE: "sans suite",
}
SCOPES: Final[Mapping[Scope, str]] = {
    Scope.DWELLING: "le logement",
    Scope.STAIRCASE: "la cage d'escalier",
    Scope.BUILDING: "le bâtiment",
    Scope.RESIDENCE: "la résidence",
}
ASKERS: Final[Mapping[Asker, str]] = {
    Asker.TENANT: "un locataire",
    Asker.THIRD_PARTY: "un tiers, pour un locataire",
    Asker.APPLICANT: "un demandeur de logement",
    Asker.TOWN_HALL: "une mairie, un tribunal ou un service de l'État",
    Asker.SUPPLIER: "un fournisseur",
    Asker.OTHER_LANDLORD: "le locataire d'un autre bailleur, ou un propriétaire",
    Asker.SHOP: "un commerce",
}
ALARM_LEVELS: Final[Mapping[AlarmLevel, str]] = {
    AlarmLevel.CERTAIN: "Danger",
    AlarmLevel.POSSIBLE: "Danger possible",
    AlarmLevel.NONE: "Pas d'alerte",
}
ALARM_SOURCES: Final[Mapping[AlarmSource, str]] = {
    AlarmSource.WORDS: "les mots du message",
    AlarmSource.MODEL: "le modèle",
    AlarmSource.RULE: "une règle",
    AlarmSource.EQUIPMENT: "la ligne d'une machine",
    AlarmSource.FRAILTY: "une panne chez une personne fragile",
    AlarmSource.ANSWER: "la réponse de qui a écrit",
    AlarmSource.AGENT: "un agent",
}
PERILS: Final[Mapping[Peril, str]] = {
    Peril.GAS: "Gaz ou monoxyde de carbone",
    Peril.FIRE: "Incendie ou fumée",
    Peril.TRAPPED: "Personne enfermée",
    Peril.ELECTRICITY: "Danger électrique",
    Peril.WATER: "Eau que rien n'arrête",
    Peril.OUTAGE: "Panne chez une personne fragile",
    Peril.VIOLENCE: "Violences ou menaces",
    Peril.SUICIDE: "Risque de suicide",
    Peril.FALLING: "Chute d'éléments ou vide ouvert",
    Peril.UNRESPONSIVE: "Personne à secourir",
}
"""What a danger is called, wherever people read of it."""
SOME_DANGER: Final = "Danger"
"""What it is called where its kind is not clear."""
WISHES: Final[Mapping[Wish, str]] = {
    Wish.ANONYMOUS: "ne pas être nommé",
    Wish.CALL: "être joint ainsi",
    Wish.NO_PHONE: "ne pas être appelé",
    Wish.NO_POST: "ne rien recevoir à l'adresse",
}
CARE: Final = (
    "Violences au foyer : n'appelez aucun numéro du foyer et n'écrivez à aucune adresse partagée sans être sûr de qui"
    " répond ; joignez la personne par le moyen qu'elle a donné, sans dire l'objet à quelqu'un d'autre."
)
"""What agents, and those on call, are told of a case of violence at home."""
PARTS: Final[Mapping[Part, str]] = {
    Part.SENDER_NAME: "nom de l'expéditeur",
    Part.SENDER_ADDRESS: "adresse de l'expéditeur",
    Part.SUBJECT: "objet",
    Part.NEW: "nouveau texte",
    Part.SIGNATURE: "signature",
    Part.FORWARDED: "message transféré",
    Part.QUOTED: "texte cité",
    Part.DISCLAIMER: "mention de bas de page",
    Part.ATTACHED: "pièce jointe (PDF)",
}
EVIDENCE: Final[Mapping[str, str]] = {
    "topic.word": "mot",
    "topic.phrase": "tournure",
    "danger.word": "mot",
    "danger.phrase": "tournure",
    "urgency.word": "mot",
    "kind.structure": "en-tête",
    "kind.verdict": "avis du serveur",
    "scope.word": "mot",
    "asker.word": "mot",
    "wish.word": "mot",
    "wish.sentence": "phrase",
}
STATES: Final[Mapping[str, str]] = {"open": "ouvert", "closed": "clos"}
DAYS: Final = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


def day_and_time(local: datetime) -> str:
    """Return "mar. 24/11/2026 09:30" for a time on the offices' wall clock."""
    return f"{DAYS[local.weekday()]} {local.strftime('%d/%m/%Y %H:%M')}"


NOT_READ: Final = "non lu en entier"
"""The mark on a case that stands in for an arrival that could not be judged."""
LAY_LONG: Final = "ancien message"
"""The tag of a case whose message lay in the mailbox for long before that was ever looked at: nobody was told of it."""
SPOKE: Final = "joint par téléphone"
"""Why a call-back is closed whose party was spoken to."""
ANSWERED_AFTER_ALL: Final = "appel finalement répondu"
"""Why a call-back is closed whose only call turned out to have been answered."""
PRIORITY_CHANGED: Final = "la priorité a été changée"
"""Why an alarm is no longer certain, where an agent has lowered the priority."""
