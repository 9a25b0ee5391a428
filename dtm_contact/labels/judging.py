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
    Channel,
    Evidence,
    Outcome,
    Part,
    Peril,
    Scope,
    SourceField,
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
    AlarmSource.WORDS: "relevée par une formule",
    AlarmSource.MODEL: "relevée par l'ensemble des mots du message",
    AlarmSource.FRAILTY: "parce qu'une personne fragile dépend de ce qui est en panne",
    AlarmSource.RULE: "donnée par une règle",
    AlarmSource.EQUIPMENT: "donnée par la ligne d'une machine",
    AlarmSource.ANSWER: "confirmée par la personne qui a écrit",
    AlarmSource.SOURCE: "donnée par le code d'une source connue",
    AlarmSource.AGENT: "donnée par un agent",
    None: "donnée avant que le programme note pourquoi",
}
"""How an alarm came about, behind "Alarme certaine, "."""
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
    Wish.NO_PHONE: "ne pas être appelé",
    Wish.NO_POST: "ne rien recevoir à l'adresse",
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
    "place.floor": "étage",
    "place.door": "porte",
    "place.caretaker": "gardien cité",
    "place.fits_another": "l'adresse citée est celle d'une autre personne nommée",
    "place.elsewhere": "dit habiter hors de notre parc",
}
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
    "topic": "motif",
    "priority": "urgence",
    "who": "qui ou où",
    "scope": "étendue",
    "defused": "écarté",
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
CONDITIONS: Final[Mapping[str, str]] = {
    "alarm": "alerte",
    "asker": "qui demande",
    "attachments": "pièces jointes",
    "automatic": "écrit par un programme",
    "calls": "appels récents",
    "certainty": "certitude sur la personne",
    "channel": "moyen",
    "commune": "commune",
    "count": "nombre de dossiers semblables",
    "department": "département",
    "dwelling.kind": "nature du local",
    "equipment": "ligne d'une machine",
    "hours": "horaires",
    "kind": "nature du message",
    "language": "langue",
    "office": "bureau",
    "open_case": "dossier déjà ouvert",
    "outcome": "issue de l'appel",
    "priority": "priorité",
    "readable": "texte compris",
    "register": "registre du foyer",
    "register.language": "langue au registre",
    "residence": "résidence",
    "residence.known": "résidence reconnue",
    "scope": "étendue",
    "sender.address": "adresse de l'expéditeur",
    "sender.domain": "domaine de l'expéditeur",
    "source": "source",
    "subject": "objet",
    "tags": "étiquettes",
    "tenant.known": "locataire reconnu",
    "tenant.role": "place dans le bail",
    "text": "texte",
    "topic": "motif",
    "topics": "motifs",
    "unread": "non lu",
    "wish": "souhait",
    "withheld": "numéro masqué",
}
"""What the conditions of rules are called."""
_AROUND: Final[Mapping[str, str]] = {"any": "l'un de", "all": "tout de", "not": "pas"}
_YES_NO: Final = {"true": "oui", "false": "non"}
CONDITION_VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "alarm": {level.value: word.lower() for level, word in ALARM_LEVELS.items()},
    "asker": {asker.value: word for asker, word in ASKERS.items()},
    "channel": {channel.value: channel.label for channel in Channel},
    "dwelling.kind": {"dwelling": "logement", "parking": "parking", "commercial": "local commercial"},
    "hours": {"open": "ouvert", "closed": "fermé"},
    "kind": {kind.value: word for kind, word in KINDS.items()},
    "language": LANGUAGES,
    "open_case": {"same_topic": "du même motif", "any": "de tout motif", "none": "aucun"},
    "outcome": {outcome.value: word.lower() for outcome, word in OUTCOMES.items()},
    "register": {
        "protection": "protection",
        "never": "à ne jamais utiliser",
        "reach": "comment joindre",
        "no_phone": "ne pas appeler",
        "no_post": "ne rien envoyer",
        "language": "langue",
        "sms_consent": "accepte les SMS",
        "sms_refused": "refuse les SMS",
    },
    "register.language": LANGUAGES,
    "scope": {scope.value: word for scope, word in SCOPES.items()},
    "tenant.role": {
        "holder": "titulaire",
        "co_holder": "cotitulaire",
        "occupant": "occupant",
        "commercial": "commerçant",
    },
    "unread": {"scan": "lettre numérisée", "undecoded": "texte indéchiffrable", "voice": "message vocal"},
    "wish": {wish.value: word for wish, word in WISHES.items()},
}
"""What the values of conditions are called, by the condition; of topics and offices others say it."""


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


def condition_word(name: str) -> str:
    """Return the name of a condition of a rule in French, with what stands around it; as the rules have it else."""
    *around, condition = name.split()
    return " ".join([*(_AROUND.get(word, word) for word in around), CONDITIONS.get(condition, condition)])


def condition_values(values: str, called: Mapping[str, str], name: str = "") -> str:
    """Return what a condition of that name wants or saw, codes in French.

    Args:
        values: as the rules have them, one or several; of very many the last may be cut.
        called: what topics and offices are called.
        name: the condition's, with what stands around it.
    """
    condition = name.rsplit(maxsplit=1)[-1] if name else ""
    named = {**_YES_NO, **called, **CONDITION_VALUES.get(condition, {})}
    return ", ".join(named.get(value) or _uncut(value, named) for value in values.split(", "))


def _uncut(value: str, named: Mapping[str, str]) -> str:
    """Return a value as it is, or a mere "…" where it is the beginning of a code."""
    cut = value.endswith("…") and any(code.startswith(value[:-1]) for code in named)
    return "…" if cut else value
