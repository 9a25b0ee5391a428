"""The words of each coded text, as agents and managers read them."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from dtm_contact.labels.cases import DANGERS_OVER, entry_words
from dtm_contact.labels.formats import spaced
from dtm_contact.labels.judging import ALARM_LEVELS, NUMBER_WITHHELD, OUTCOMES, PERILS
from dtm_contact.model import AlarmLevel, CodedText, EntryKind, Outcome, Peril

NOT_READ: Final = "non lu en entier"
"""The mark on a case that stands in for an arrival that could not be judged."""

_UNVERIFIED: Final = "l'expéditeur n'est pas vérifié"
OBSTACLES: Final[Mapping[str, str]] = {
    "closed_long_ago": "clos depuis plus de {days} jours",
    "silent_for_long": "sans échange depuis plus de {days} jours",
    "other_matter": "c'est une autre demande",
    "other_dwelling": "c'est un autre logement",
    "authentication_failed": "l'authentification de l'expéditeur a échoué, donc rien ne dit qu'il y est partie",
    "not_verified": _UNVERIFIED,
    "no_party": "l'expéditeur n'y est pas partie",
}
"""What keeps a message out of a case."""
_JOINED: Final[Mapping[str, str]] = {
    "own": "porte l'identifiant de l'un de nos messages, mais ne dit pas la même chose : dossier {case}",
    "message_id": "répond à notre message du dossier {case}",
    "address": "répond à l'adresse du dossier {case}",
    "thread": "suit un message du dossier {case}",
    "subject": "porte le numéro du dossier {case}",
    "same_message": "même message, déjà reçu dans le dossier {case}",
    "request": "porte le même numéro que le dossier {case}",
    "our_number": "rappelle le numéro du dossier {case}",
    "same_text": "même texte du même expéditeur, déjà reçu dans le dossier {case}",
}
"""By what a message joins a case, by the values of `JoinedBy`."""
_REPLIES: Final[Mapping[str, str]] = {"yes": "répond oui", "no": "répond non"}


def quoted(words: Iterable[str]) -> str:
    """Return words each in quotation marks; "" where there are none."""
    return ", ".join(f"« {word} »" for word in words)


def _danger(level: str, peril: str | None = None) -> str:
    named = PERILS[Peril(peril)].lower() if peril else ""
    if level == AlarmLevel.CERTAIN:
        return named
    possible = ALARM_LEVELS[AlarmLevel(level)].lower()
    return f"{possible} ({named})" if named else possible


def _outcome(outcome: str, before: str | None = None) -> str:
    now = OUTCOMES[Outcome(outcome)]
    return now if before is None else f"{now}, et non « {OUTCOMES[Outcome(before)]} »"


def _call_back(outcome: str, calls: int, *, voice_message: bool = False) -> str:
    parts = [OUTCOMES[Outcome(outcome)]]
    parts += [f"{calls} appels"] if calls > 1 else []
    parts += ["message vocal laissé"] if voice_message else []
    return " ; ".join(parts)


def _caller(number: str | None = None, name: str | None = None) -> str:
    shown = NUMBER_WITHHELD if number is None else spaced(number)
    return f"{shown} ({name})" if name else shown


def _harmless(phrases: list[str]) -> str:
    words = " ; ".join(f"« {phrase} »" for phrase in phrases)
    return f"la phrase où se trouve {words} n'est pas un danger d'après la liste des tournures"


def _joined(way: str, case: str, *, reopened: bool = False) -> str:
    return _JOINED[way].format(case=case) + (", rouvert" if reopened else "")


def _not_joined(case: str, because: str, rule: str | None = None, days: int = 0) -> str:
    against = f" malgré la règle {rule}" if rule else ""
    return f"dossier {case} non rejoint{against} : {OBSTACLES[because].format(days=days)}"


def _spoke(owner: str | None = None) -> str:
    return "joint par téléphone" + (f", alors que {owner} l'avait pris" if owner else "")


def _danger_over(over: str, *, spoke: bool = False, reason: str | None = None) -> str:
    besides = reason or ("rappelé, joint" if spoke else "")
    return f"{DANGERS_OVER[over]} – {besides}" if besides else DANGERS_OVER[over]


WORDS: Final[Mapping[str, Callable[..., str]]] = MappingProxyType(
    {
        "text": lambda text="": text,
        # Why a case lies where it does.
        "not_read": lambda: NOT_READ,
        "words": quoted,
        "raised_by": lambda priority, words: f"{priority} : {quoted(words)}",
        "danger": _danger,
        "unheard": lambda: "message vocal non transcrit, laissé hors des heures d'ouverture",
        "rule": lambda rule: f"règle {rule}",
        "split_from": lambda case: f"séparé du dossier {case}",
        "other_matter_of": lambda case: f"autre demande du message du dossier {case}",
        "office_changed": lambda: "la résidence relève maintenant de ce bureau",
        "queue_renamed": lambda queue: f"cette file s'appelait {queue}",
        # Calls.
        "outcome": _outcome,
        "calls": lambda count: f"{count} appels",
        "call_back": _call_back,
        "caller": _caller,
        # Why a case was closed.
        "spoke": _spoke,
        "answered_after_all": lambda: "appel finalement répondu",
        "called_back": lambda: "rappelé, joint",
        "called_in_vain": lambda tries: f"rappelé en vain, {tries} fois",
        "danger_over": _danger_over,
        "merged_into": lambda case: f"fusionné avec le dossier {case}",
        "merged_again": lambda case: f"réuni à nouveau au {case}",
        # Why an alarm is no longer certain.
        "harmless_phrase": _harmless,
        "settled": lambda said: f"ce message d'un automate dit que ce n'est pas, ou plus, en cours : « {said} »",
        "advice": lambda said: f"ce message d'un automate le dit à tous, pour le cas où cela arriverait : « {said} »",
        "mass_mail": lambda sign: f"envoyé à un grand nombre ({sign}), se lit comme une lettre d'information",
        "letter_read_badly": lambda: "la lettre numérisée est mal lue par le programme",
        "priority_changed": lambda: "la priorité a été changée",
        "agent_says_no_danger": lambda: "un agent a dit : pas de danger",
        "agent_noted_priority": lambda priority: f"l'agent qui l'a noté a dit {priority}",
        "rule_test_says_so": lambda: "le test le dit",
        # Which case a message joins, and why not.
        "joined": _joined,
        "not_joined": _not_joined,
        "joined_by_rule": lambda rule: f"la règle {rule} le joint au dossier ouvert de la même personne",
        "sender_not_verified": lambda: _UNVERIFIED,
        "danger_reply": lambda reply: f"à notre question « est-ce en cours ? », {_REPLIES[reply]}",
        "machine_reply": lambda case: f"réponse automatique à notre message du dossier {case}",
        "claims_to_be_us": lambda: "l'adresse est l'une des nôtres, mais rien ne prouve que l'un de nous a écrit",
        "our_own_message": lambda case: f"notre propre message, revenu, du dossier {case}",
        "our_message_again": lambda case: f"même message de l'un de nous, déjà vu dans le dossier {case}",
        "written_by_us": lambda case: f"écrit par l'un de nous dans le dossier {case}",
        # The register.
        "register_entry": lambda kind, value: entry_words(EntryKind(kind), value),
        "entry_withdrawn": lambda: "saisie annulée",
        "entry_replaced": lambda: "remplacé",
    }
)
"""What puts each code into words, from its arguments."""


def text_of(coded: CodedText | None) -> str:
    """Return a coded text in words; "" of None, and the code itself where this program has no words for it."""
    if coded is None:
        return ""
    words = WORDS.get(coded.code)
    try:
        return coded.code if words is None else words(**coded.args)
    except (TypeError, KeyError, ValueError):
        # Of a later program, whose code is about something else: the case must be readable all the same.
        return coded.code


def texts_of(coded: Iterable[CodedText]) -> str:
    """Return several coded texts in one line."""
    return " ; ".join(filter(None, map(text_of, coded)))


def text_of_json(value: Any) -> str:
    """Return in words what an event holds of a coded text, of several, or of words as they are."""
    if isinstance(value, list | tuple):
        return texts_of(map(CodedText.from_json, value))
    return text_of(CodedText.from_json(value))
