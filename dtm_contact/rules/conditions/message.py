"""Conditions on the message: what is asked, by whom, in which words, and what rules above have put to it."""

from typing import Final

from dtm_contact.labels.cases import PRIORITIES
from dtm_contact.labels.judging import ALARM_SOURCES, ASKERS, KINDS, LANGUAGES, PERILS, SCOPES, WISHES
from dtm_contact.model import (
    ALWAYS_DANGER,
    AlarmLevel,
    AlarmSource,
    Asker,
    CaseKind,
    Channel,
    Peril,
    Priority,
    Scope,
    Unread,
    Wish,
)
from dtm_contact.rules.arguments import Identifiers, OneOf, Search, Share, TextList, Wanted, YesNo
from dtm_contact.rules.conditions import ConditionOutcome, Says, percent, predicate_condition, value_condition
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.wording import worded

CHANNELS: Final = {channel.value: channel.label for channel in Channel}
_PRIORITIES: Final = {code: f"« {word} »" for code, word in PRIORITIES.items()}
_ALARMS: Final = {
    AlarmLevel.NONE: "aucun danger n'est reconnu",
    AlarmLevel.POSSIBLE: "un danger est possible, sans être certain",
    AlarmLevel.CERTAIN: "un danger est certain",
}
_CLEARLY: Final = 1.0
"""The score from which a sentence says clearly that nothing is the matter: "essai interrompu" says it at half that."""
_ALWAYS: Final = "always"
_ALARM_BY: Final = {
    _ALWAYS: "le message dit ce qui est toujours un danger",
    **{source.value: f"le danger a été reconnu par {label}" for source, label in ALARM_SOURCES.items()},
    AlarmSource.WORDS.value: "le danger n'a été reconnu qu'à des mots",
}
_UNREAD: Final = {
    Unread.SCAN: "c'est une lettre numérisée que personne n'a encore lue",
    Unread.UNDECODED: "le texte n'a pas pu être déchiffré",
    Unread.VOICE: "c'est un message vocal que personne n'a encore écouté",
}
_ATTACHMENTS: Final = {"none": "absentes", "any": "présentes", "image/*": "des images", ".pdf": "des PDF"}


@value_condition(
    "channel",
    OneOf(tuple(Channel)),
    Says("le moyen de contact est {}", "le moyen de contact n'est pas {}", CHANNELS),
    is_single=True,
)
def channel(facts: Facts) -> Values:
    """How the person made contact: by e-mail, by phone, at the desk, by an online form, a letter or an SMS.

    A letter is one whoever brings it in: a scanner, or an agent who enters it at the desk.

    Example: `channel: phone`
    """
    stated = facts.contact.stated
    by_post = stated is not None and stated.by_post
    return ((Channel.LETTER if by_post else facts.contact.channel).value,)


@value_condition(
    "kind",
    OneOf(tuple(CaseKind)),
    Says("c'est {}", "ce n'est pas {}", KINDS, unsaid=frozenset({CaseKind.CASE.value})),
    is_single=True,
)
def kind(facts: Facts) -> Values:
    """What the contact was understood to be.

    A person who needs something (`case`), an automatic message, spam, or a call that needs no one (`none`).

    Example: `kind: [automatic, spam]`
    """
    return (facts.understanding.kind.value,)


@value_condition(
    "topic",
    Identifiers("topics"),
    Says("le sujet est {}", "le sujet n'est pas {}", of_none="aucun sujet n'est reconnu"),
    is_single=True,
)
def topic(facts: Facts) -> Values:
    """The topic that decides, as `topics.yaml` names it. A call has none.

    Example: `topic: [gas, fire]`
    """
    return facts.understanding.topics[:1]


@value_condition(
    "topics",
    Identifiers("topics"),
    Says("l'un des sujets est {}", "aucun des sujets n'est {}", of_none="aucun sujet n'est reconnu"),
)
def topics(facts: Facts) -> Values:
    """Any topic that was found, the deciding one and those beside it.

    Example: `topics: pests`
    """
    return facts.understanding.topics


@value_condition(
    "priority",
    OneOf(tuple(Priority)),
    Says("le degré d'urgence est {}", "le degré d'urgence n'est pas {}", _PRIORITIES),
    is_single=True,
)
def priority(facts: Facts) -> Values:
    """The priority as understood, before any rule raises it.

    Example: `priority: [P1, P2]`
    """
    return (facts.understanding.priority.value,)


@value_condition(
    "alarm", OneOf(tuple(AlarmLevel)), Says("{}", "le message n'a pas ce degré de danger", _ALARMS), is_single=True
)
def alarm(facts: Facts) -> Values:
    """How sure it is, as understood, that somebody is in danger now, before any rule changes it.

    `certain` is P1, and only that; `possible` is P2 at the least; `none` is neither.

    Example: `alarm: certain`
    """
    return (facts.understanding.alarm.level.value,)


@value_condition(
    "peril",
    OneOf(tuple(Peril)),
    Says(
        "le danger est : {}",
        "le danger n'est pas : {}",
        {peril.value: f"{label[0].lower()}{label[1:]}" for peril, label in PERILS.items()},
        of_none="on ne sait pas de quel danger il s'agit",
    ),
    is_single=True,
)
def peril(facts: Facts) -> Values:
    """What kind of danger the alarm is about; it never holds without an alarm, nor where no kind is clear.

    Example: `peril: [gas, fire]`
    """
    return (facts.understanding.peril.value,) if facts.understanding.peril is not None else ()


@value_condition(
    "violence_at_home",
    YesNo(),
    Says("la violence est peut-être dans le foyer", "rien ne parle de violence dans le foyer"),
    is_single=True,
)
def violence_at_home(facts: Facts) -> Values:
    """Whether whoever shares the home is the danger, or may be, as with all violence.

    Example: `violence_at_home: true`
    """
    return ("true" if facts.understanding.violence_at_home else "false",)


@value_condition(
    "alarm_by",
    OneOf((_ALWAYS, *AlarmSource)),
    Says("{}", "ce n'est pas ce qui a fait reconnaître un danger", _ALARM_BY, of_none="aucun danger n'est reconnu"),
    is_single=True,
)
def alarm_by(facts: Facts) -> Values:
    """What raised the alarm: phrases of `danger` or `possible` (`words`), the model, a frail person in an outage, ….

    `always` is a phrase of `always_danger`, which nothing takes back; to a rule that lowers what `words` raise it is
    another matter.

    Example: `alarm_by: words`
    """
    alarm = facts.understanding.alarm
    if alarm.raised_by is AlarmSource.WORDS and any(
        evidence.name == ALWAYS_DANGER for evidence in facts.understanding.raised_by
    ):
        return (_ALWAYS,)
    return (alarm.raised_by.value,) if alarm.raised_by else ()


@predicate_condition(
    "danger_under",
    Share(),
    Says(
        "le modèle ne voit un danger qu'à moins de {}", "le modèle n'exclut pas un danger à moins de {} près", percent
    ),
)
def danger_under(facts: Facts, wanted: float) -> ConditionOutcome:
    """How probable the model holds a danger, less than this, whatever phrases say; never where no model judged.

    Example: `danger_under: 0.03`
    """
    score = facts.understanding.alarm.score
    return ConditionOutcome(score is not None and score < wanted, "" if score is None else f"{score:.3f}")


@value_condition(
    "scope",
    OneOf(tuple(Scope)),
    Says("cela touche {}", "cela ne touche pas {}", SCOPES, of_none="le message ne dit pas jusqu'où cela va"),
    is_single=True,
)
def scope(facts: Facts) -> Values:
    """How far the matter reaches, where the text says so.

    Example: `scope: [building, residence]`
    """
    return (facts.understanding.scope.value,) if facts.understanding.scope else ()


@value_condition(
    "automatic", YesNo(), Says("un programme a écrit le message", "une personne a écrit le message"), is_single=True
)
def automatic(facts: Facts) -> Values:
    """The structure of the message says that a program sent it: an absence notice, a newsletter, a form, an alarm.

    Whether anything is asked is for `kind` to say: many a program reports or asks for something.

    Example: `automatic: false`
    """
    return ("true" if facts.contact.automatic_signs else "false",)


@value_condition(
    "program",
    YesNo(),
    Says("un programme a écrit tout le message", "une personne a écrit le message, ou parle dedans"),
    is_single=True,
)
def program(facts: Facts) -> Values:
    """A program wrote all of the message: by its headers or a robot's address, and no person speaks in it.

    Narrower than `automatic`: what a form or a voicemail service hands on is a person's, and so is whatever speaks of
    suicide or of violence; an answer (an absence notice, a receipt) is none of these.

    Example: `program: true`
    """
    return ("true" if facts.understanding.settled is not None else "false",)


@value_condition(
    "settled",
    YesNo(),
    Says("un programme y dit que c'est fini, prévu ou un essai", "aucun programme n'y dit que c'est fini"),
    is_single=True,
)
def settled(facts: Facts) -> Values:
    """A sentence of a program's mail says clearly that nothing is the matter, or not any more: over, planned, a test.

    Never of what a person wrote, in a form neither.

    Example: `settled: true`
    """
    return ("true" if (facts.understanding.settled or 0.0) >= _CLEARLY else "false",)


@value_condition(
    "source",
    Identifiers("sources"),
    Says(
        "le message vient de {}", "le message ne vient pas de {}", of_none="le message ne vient d'aucune source connue"
    ),
    is_single=True,
)
def source(facts: Facts) -> Values:
    """Which source or partner of `sources.yaml` sent it, as our mail server vouches; most messages come from none.

    Example: `source: agence-numerique`
    """
    return (facts.contact.sourced.source,) if facts.contact.sourced else ()


@value_condition(
    "readable",
    YesNo(),
    Says("le programme comprend la langue du message", "le programme ne comprend pas la langue du message"),
    is_single=True,
)
def readable(facts: Facts) -> Values:
    """Enough of the words are known to say what is asked; false in a language that was hardly ever learned.

    Example: `readable: false`
    """
    return ("true" if facts.understanding.readable else "false",)


@value_condition(
    "unread", OneOf(tuple(Unread)), Says("{}", "le texte du message a pu être lu", _UNREAD), is_single=True
)
def unread(facts: Facts) -> Values:
    """Nobody has read what it says: a scanned letter (`scan`), or a text that could not be decoded (`undecoded`).

    Or nobody has heard it: a voice message left out of hours that nothing has transcribed (`voice`).

    Example: `unread: scan`
    """
    return (facts.understanding.unread.value,) if facts.understanding.unread else ()


@value_condition(
    "asker",
    OneOf(tuple(Asker)),
    Says("c'est {} qui demande", "ce n'est pas {} qui demande", ASKERS, of_none="le message ne dit pas qui demande"),
    is_single=True,
)
def asker(facts: Facts) -> Values:
    """Who asks, where the text says so: a tenant, somebody for a tenant, an applicant, a town hall, a supplier.

    Example: `asker: other_landlord`
    """
    return (facts.understanding.asker.value,) if facts.understanding.asker else ()


@value_condition(
    "wish", OneOf(tuple(Wish)), Says("la personne demande de {}", "la personne ne demande pas de {}", WISHES)
)
def wish(facts: Facts) -> Values:
    """How the writer wants to be treated: not to be named, or to be called at a time that they give.

    Example: `wish: anonymous`
    """
    return tuple(wished.wish.value for wished in facts.understanding.wishes)


@predicate_condition(
    "subject", Search(), Says("l'objet contient « {} »", "l'objet ne contient pas les mots que la règle cherche")
)
def subject(facts: Facts, wanted: Wanted) -> ConditionOutcome:
    """Words of the subject, without regard to case and accents; a phrase is found as whole words.

    `about` finds them in any form: `{about: ascenseur bloqué}` also finds "ascenseurs bloqués".

    Example: `subject: {contains: [résiliation, "préavis"]}`
    """
    found = wanted.find(facts.subject)
    return ConditionOutcome(found is not None, found or "")


@predicate_condition(
    "text", Search(), Says("le texte contient « {} »", "le texte ne contient pas les mots que la règle cherche")
)
def text(facts: Facts, wanted: Wanted) -> ConditionOutcome:
    """Words of the new text or of an original passed on; what is only quoted, and the signature, do not count.

    Compared without regard to case and accents, line ends count as spaces. Patterns are RE2: no look-around.

    Example: `text: {matches: 'badges? (perdu|vole)s?'}`
    """
    found = wanted.find(facts.text)
    return ConditionOutcome(found is not None, found or "")


@value_condition(
    "attachments",
    TextList(worded("of `any`, `none`, a type (`image/*`) or an ending (`.pdf`)")),
    Says("les pièces jointes sont {}", "les pièces jointes ne sont pas {}", _ATTACHMENTS),
)
def attachments(facts: Facts) -> Values:
    """The files that came along: `any`, `none`, a media type, a family of them (`image/*`) or an ending of the name.

    Example: `attachments: [image/*, .pdf]`
    """
    found: dict[str, None] = {}
    for file in facts.contact.attachments:
        media_type = file.media_type.lower()
        found[media_type] = found[media_type.partition("/")[0] + "/*"] = None
        found["." + file.name.lower().rpartition(".")[2]] = None
    return ("any", *found) if found else ("none",)


@value_condition(
    "language",
    TextList(worded("language codes (`fr`, `en`)")),
    Says("le message se dit écrit en {}", "le message ne se dit pas écrit en {}", LANGUAGES),
)
def language(facts: Facts) -> Values:
    """The language that the message declares; most declare none, then it never holds.

    Example: `language: [en, es]`
    """
    declared = facts.contact.language.strip().lower()
    return tuple(dict.fromkeys((declared, declared.partition("-")[0]))) if declared else ()


@predicate_condition(
    "tags",
    TextList(worded("tags"), key=str),
    Says("une règle précédente a mis l'étiquette {}", "aucune règle précédente n'a mis l'étiquette {}"),
    is_lasting=False,
)
def tags(facts: Facts, wanted: frozenset[str]) -> ConditionOutcome:
    """What rules above, with `decides: false`, have put to the contact.

    Example: `tags: [sous-garantie, chantier]`
    """
    return ConditionOutcome(not wanted.isdisjoint(facts.tags), ", ".join(facts.tags))
