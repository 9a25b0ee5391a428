"""What judging found, in the words that agents read: kinds, scopes, dangers, evidence, calls, languages.

The codes themselves stand in the JSON only.
"""

from collections.abc import Mapping
from typing import Final

from dtm_contact.model import (
    AlarmLevel,
    AlarmSource,
    Asker,
    CaseKind,
    Evidence,
    Outcome,
    Part,
    Peril,
    Scope,
    SourceField,
    Unanswered,
    Unread,
    Wish,
)

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
    AlarmSource.SOURCE: "le code d'une source connue",
    AlarmSource.AGENT: "un agent",
}
SOURCE_FIELDS: Final[Mapping[SourceField, str]] = {
    SourceField.TITLE: "civilité",
    SourceField.NAME: "nom",
    SourceField.FIRST_NAME: "prénom",
    SourceField.LEASE: "numéro de bail",
    SourceField.ADDRESS: "adresse",
    SourceField.PLACE: "emplacement",
    SourceField.PHONE: "téléphone",
    SourceField.EMAIL: "courriel",
    SourceField.WRITER_NAME: "nom de qui écrit",
    SourceField.WRITER_EMAIL: "courriel de qui écrit",
    SourceField.WRITER_PHONE: "téléphone de qui écrit",
    SourceField.REQUEST: "numéro de demande",
    SourceField.OUR_NUMBER: "numéro donné par nous",
    SourceField.EQUIPMENT: "numéro d'appareil",
    SourceField.TOPIC: "motif",
    SourceField.STATE: "état",
    SourceField.TIME: "heure du message",
    SourceField.SUBJECT: "objet",
    SourceField.TEXT: "texte",
    SourceField.IGNORED: "champ sans objet",
}
ALARM_RAISED: Final[Mapping[AlarmSource | None, str]] = {
    AlarmSource.WORDS: "la liste des dangers contient ces mots",
    AlarmSource.MODEL: "l'ensemble du message annonce un danger",
    AlarmSource.FRAILTY: "une personne fragile dépend de ce qui est en panne",
    AlarmSource.RULE: "une règle le dit",
    AlarmSource.EQUIPMENT: "la ligne d'une machine appelle",
    AlarmSource.ANSWER: "la personne qui a écrit l'a confirmé",
    AlarmSource.SOURCE: "le code d'une source connue le dit",
    AlarmSource.AGENT: "un agent le dit",
    None: "le programme le disait déjà, avant de noter pourquoi",
}
"""Why there is an alarm that is certain, or was before it was lowered, as a clause behind "parce que"."""
ALARM_DOUBTED: Final[Mapping[AlarmSource | None, str]] = {
    **ALARM_RAISED,
    AlarmSource.WORDS: "la liste des dangers possibles contient ces mots",
    AlarmSource.MODEL: "des mots du message peuvent annoncer un danger, ou dire autre chose",
}
"""The same of one that is possible and was never more: no reason stands for both."""
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
CARE: Final = (
    "Violences au foyer : n'appelez aucun numéro du foyer et n'écrivez à aucune adresse partagée sans être sûr de qui"
    " répond ; joignez la personne par le moyen qu'elle a donné, sans dire l'objet à quelqu'un d'autre."
)
"""What agents, and those on call, are told of a case of violence at home."""
OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.OTHER_DID: "Appel à un autre de nos numéros",
    Outcome.OUTBOUND_ANSWERED: "Appel sortant abouti",
    Outcome.OUTBOUND_UNANSWERED: "Appel sortant sans réponse",
    Outcome.INTERNAL: "Appel interne",
    Outcome.TRANSFER_UNANSWERED: "Appel transféré, personne n'a décroché",
    Outcome.ANSWERED: "Appel répondu",
    Outcome.VOICEMAIL: "Message vocal à écouter",
    Outcome.ABANDONED: "Appel abandonné dans la file d'attente",
    Outcome.TIMEOUT: "Appel sans réponse après attente",
    Outcome.OUT_OF_HOURS: "Appel reçu bureaux fermés",
    Outcome.BEFORE_ANSWER: "Appel abandonné avant réponse",
}
NUMBER_WITHHELD: Final = "numéro masqué"
UNVERIFIED_CALLER: Final = "appel, non vérifié"
"""What a caller's identity is worth: anybody can send any number."""
WISHES: Final[Mapping[Wish, str]] = {
    Wish.ANONYMOUS: "ne pas être nommé",
    Wish.CALL: "être joint ainsi",
    Wish.NO_PHONE: "ne pas être appelé, ou seulement à certains numéros",
    Wish.NO_POST: "ne rien recevoir à son domicile",
}
WISH_HEADINGS: Final[Mapping[Wish, str]] = {
    Wish.ANONYMOUS: "À ne pas nommer",
    Wish.CALL: "Comment le joindre",
    Wish.NO_PHONE: "Ne pas appeler",
    Wish.NO_POST: "Ne rien envoyer à l'adresse",
}
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
UNREAD: Final[Mapping[Unread, str]] = {
    Unread.SCAN: "C'est une lettre numérisée : personne ne l'a encore lue.",
    Unread.UNDECODED: "Le texte n'a pas pu être déchiffré : personne ne l'a encore lu.",
    Unread.VOICE: "C'est un message vocal que rien n'a transcrit : il faut l'écouter.",
}
TOPIC_EVIDENCE: Final[Mapping[str, str]] = {
    "topic.word": "mot",
    "topic.phrase": "tournure",
    "danger.passage": "passage",
    "danger.word": "mot",
    "danger.phrase": "tournure",
    "danger.always": "tournure",
    "urgency.word": "mot",
    "kind.structure": "en-tête",
    "kind.verdict": "avis du serveur",
    "scope.word": "mot",
    "asker.word": "mot",
    "wish.word": "mot",
    "wish.sentence": "phrase",
}
DOUBTS: Final[Mapping[str, str]] = {
    "doubt.account": "l'adresse est la sienne, mais le lieu dit ne l'est pas, et le message parle de quelqu'un d'autre",
    "doubt.of_home": "le message nomme une autre personne de son foyer",
    "doubt.cited": "il n'est que nommé dans le message",
    "doubt.name_alone": "rien que le nom et le prénom : d'autres peuvent les porter",
    "doubt.caretaker": "le gardien de l'entrée porte ce nom aussi",
    "doubt.either": "l'auteur donne son nom et nomme un autre locataire : l'un ou l'autre peut être concerné",
    "doubt.spouse": "l'auteur se dit son conjoint sans se nommer : l'un ou l'autre peut être concerné",
    "doubt.died": "un décès est annoncé : un proche du même logement peut être concerné",
    "doubt.nameless": "le lieu est le sien, mais le nom donné est un autre",
}
"""What bounds how surely somebody is the one concerned, whatever speaks for them."""
MATCH_EVIDENCE: Final[Mapping[str, str]] = {
    **DOUBTS,
    "source.account": "compte vérifié par la source",
    "agent.said": "dit par un agent",
    "email.known": "adresse connue",
    "email.household": "adresse de quelqu'un du foyer",
    "email.confirmed": "adresse confirmée par un agent",
    "email.unproven": "adresse connue, mais non authentifiée",
    "phone.known": "téléphone connu",
    "phone.household": "téléphone de quelqu'un du foyer",
    "phone.confirmed": "téléphone confirmé par un agent",
    "phone.caller": "numéro de l'appelant",
    "lease.number": "numéro de bail ou de locataire",
    "unit.reference": "référence du logement",
    "thread.same_sender": "suite d'un échange déjà rattaché",
    "thread.household": "suite d'un échange du foyer",
    "thread.greeted": "répond à un message où nous l'appelions ainsi",
    "trade.name": "nom du commerce",
    "trade.cited": "commerce dont on parle",
    "name.self": "se présente ainsi",
    "name.signed": "signature",
    "name.for": "écrit pour cette personne",
    "name.display": "nom affiché de l'expéditeur",
    "name.address": "nom dans l'adresse d'expédition",
    "name.pair": "nom cité dans le texte",
    "name.named": "personne dont on parle",
    "name.kin": "proche cité",
    "home.other": "« mon mari », « ma femme » : l'autre du couple écrit",
    "home.named": "quelqu'un de son foyer est cité",
    "name.fits_another": "ce nom va bien mieux à quelqu'un d'autre",
    "writes.for_another": "l'expéditeur écrit pour quelqu'un d'autre",
    "account.signed": "nommé avec celui dont c'est l'adresse",
    "account.unsigned": "écrirait de l'adresse d'un autre du foyer sans signer",
    "writes.from_home": "écrit depuis l'adresse du foyer, qui compte alors moins",
    "place.street": "adresse citée",
    "place.residence": "résidence citée",
    "place.commune": "commune citée",
    "place.number": "numéro de rue cité",
    "place.building": "bâtiment cité",
    "place.floor": "étage cité",
    "place.door": "porte citée",
    "place.caretaker": "gardien cité",
    "place.fits_another": "l'adresse citée est celle d'une autre personne nommée",
    "place.elsewhere": "dit habiter hors de notre parc",
}
EVIDENCE_OF: Final[Mapping[str, str]] = {
    "adresse d'expédition": "l'adresse électronique",
    "téléphone": "le téléphone",
    "nom": "le nom",
    "foyer": "le foyer",
    "lieu": "l'adresse",
    "bail ou référence": "le numéro",
    "échange en cours": "l'échange en cours",
    "agent": "l'agent",
}
"""What a group of `EVIDENCE_GROUPS` is called in a sentence."""
UNANSWERED: Final[Mapping[Unanswered, str]] = {
    Unanswered.NO_RULE: "la règle n'en prévoit pas",
    Unanswered.FORBIDDEN: "la personne demande que rien ne soit écrit chez elle",
    Unanswered.SWITCHED_OFF: "les réponses automatiques sont coupées",
    Unanswered.NO_CASE: "aucun dossier n'est ouvert",
    Unanswered.NO_EMAIL: "il n'est pas venu par courriel",
    Unanswered.AUTOMATIC: "un programme a écrit ce message, et l'on ne répond pas à un programme",
    Unanswered.NULL_SENDER: "le message n'a pas d'expéditeur à qui répondre",
    Unanswered.IMPORTED: "le message vient d'une boîte reprise",
    Unanswered.BACKLOG: "le message attendait déjà dans la boîte avant la mise en service",
    Unanswered.NO_ADDRESS: "l'expéditeur n'a pas d'adresse à laquelle répondre",
    Unanswered.ROBOT: "personne ne lit à cette adresse",
    Unanswered.ONE_OF_US: "l'expéditeur est l'un de nous",
    Unanswered.FORGED: "rien ne prouve que le message vient bien de cette adresse",
    Unanswered.TOO_OLD: "le message est trop ancien",
}
"""Why no answer goes out by itself."""
EVIDENCE_GROUPS: Final[Mapping[str, str]] = {
    "email": "adresse d'expédition",
    "account": "adresse d'expédition",
    "writes": "adresse d'expédition",
    "source": "adresse d'expédition",
    "phone": "téléphone",
    "name": "nom",
    "trade": "nom",
    "home": "foyer",
    "place": "lieu",
    "lease": "bail ou référence",
    "unit": "bail ou référence",
    "thread": "échange en cours",
    "agent": "agent",
}
"""What a family of evidence is about, by the first part of its name."""
MARKS: Final[Mapping[str, str]] = {
    "topic": "sujet",
    "priority": "danger ou urgence",
    "who": "qui ou où",
}
"""What a word marked in a text counted for."""
LANGUAGES: Final[Mapping[str, str]] = {
    "fr": "français",
    "sq": "albanais",
    "de": "allemand",
    "en": "anglais",
    "ar": "arabe",
    "hy": "arménien",
    "bm": "bambara",
    "bn": "bengali",
    "zh": "chinois",
    "es": "espagnol",
    "ka": "géorgien",
    "hi": "hindi",
    "it": "italien",
    "ku": "kurde",
    "ur": "ourdou",
    "fa": "persan",
    "ff": "peul",
    "pl": "polonais",
    "pt": "portugais",
    "ro": "roumain",
    "ru": "russe",
    "sr": "serbe",
    "so": "somali",
    "snk": "soninké",
    "ta": "tamoul",
    "tr": "turc",
    "uk": "ukrainien",
    "vi": "vietnamien",
    "wo": "wolof",
}
SCRIPTS: Final[Mapping[str, str]] = {
    "ARABIC": "en écriture arabe",
    "BENGALI": "en bengali",
    "CJK": "en chinois",
    "CYRILLIC": "en écriture cyrillique (russe, ukrainien)",
    "TAMIL": "en tamoul",
}
"""In which language a text is, by the Unicode name of its letters' script."""


def match_evidence(name: str) -> str:
    """Return what a piece of evidence for who it is is called; its own name where nobody has named it yet."""
    return MATCH_EVIDENCE.get(name, name)


def evidence_strength(evidence: Evidence) -> str:
    """Return how much a piece of evidence weighs, in words; a doubt weighs nothing and bounds the rest."""
    if not evidence.weight:
        return "à vérifier"
    weight = abs(evidence.weight)
    much = "très fort" if weight >= 8 else "fort" if weight >= 4 else "moyen" if weight >= 1.5 else "faible"  # noqa: PLR2004
    return much if evidence.weight >= 0 else f"contre, {much}"
