"""Conditions on the message: what is asked, by whom, in which words, and what rules above have put to it."""

from dtm_contact.model import AlarmLevel, Asker, CaseKind, Channel, Priority, Scope, Unread, Wish
from dtm_contact.rules.arguments import Identifiers, OneOf, Search, TextList, Wanted, YesNo
from dtm_contact.rules.conditions import ConditionOutcome, predicate_condition, value_condition
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.wording import worded


@value_condition("channel", OneOf(tuple(Channel)), is_single=True)
def channel(facts: Facts) -> Values:
    """How the person made contact: by e-mail, by phone, at the desk, by an online form, a letter or an SMS.

    Example: `channel: phone`
    """
    return (facts.contact.channel.value,)


@value_condition("kind", OneOf(tuple(CaseKind)), is_single=True)
def kind(facts: Facts) -> Values:
    """What the contact was understood to be.

    A person who needs something (`case`), an automatic message, spam, or a call that needs no one (`none`).

    Example: `kind: [automatic, spam]`
    """
    return (facts.understanding.kind.value,)


@value_condition("topic", Identifiers("topics"), is_single=True)
def topic(facts: Facts) -> Values:
    """The topic that decides, as `topics.yaml` names it. A call has none.

    Example: `topic: [gas, fire]`
    """
    return facts.understanding.topics[:1]


@value_condition("topics", Identifiers("topics"))
def topics(facts: Facts) -> Values:
    """Any topic that was found, the deciding one and those beside it.

    Example: `topics: pests`
    """
    return facts.understanding.topics


@value_condition("priority", OneOf(tuple(Priority)), is_single=True)
def priority(facts: Facts) -> Values:
    """The priority as understood, before any rule raises it.

    Example: `priority: [P1, P2]`
    """
    return (facts.understanding.priority.value,)


@value_condition("alarm", OneOf(tuple(AlarmLevel)), is_single=True)
def alarm(facts: Facts) -> Values:
    """How sure it is, as understood, that somebody is in danger now, before any rule changes it.

    `certain` is P1, and only that; `possible` is P2 at the least; `none` is neither.

    Example: `alarm: certain`
    """
    return (facts.understanding.alarm.level.value,)


@value_condition("scope", OneOf(tuple(Scope)), is_single=True)
def scope(facts: Facts) -> Values:
    """How far the matter reaches, where the text says so.

    Example: `scope: [building, residence]`
    """
    return (facts.understanding.scope.value,) if facts.understanding.scope else ()


@value_condition("automatic", YesNo(), is_single=True)
def automatic(facts: Facts) -> Values:
    """The structure of the message says that a program sent it: an absence notice, a newsletter, a form, an alarm.

    Whether anything is asked is for `kind` to say: many a program reports or asks for something.

    Example: `automatic: false`
    """
    return ("true" if facts.contact.automatic_signs else "false",)


@value_condition("source", Identifiers("sources"), is_single=True)
def source(facts: Facts) -> Values:
    """Which source or partner of `sources.yaml` sent it, as our mail server vouches; most messages come from none.

    Example: `source: agence-numerique`
    """
    return (facts.contact.sourced.source,) if facts.contact.sourced else ()


@value_condition("readable", YesNo(), is_single=True)
def readable(facts: Facts) -> Values:
    """Enough of the words are known to say what is asked; false in a language that was hardly ever learned.

    Example: `readable: false`
    """
    return ("true" if facts.understanding.readable else "false",)


@value_condition("unread", OneOf(tuple(Unread)), is_single=True)
def unread(facts: Facts) -> Values:
    """Nobody has read what it says: a scanned letter (`scan`), or a text that could not be decoded (`undecoded`).

    Or nobody has heard it: a voice message left out of hours that nothing has transcribed (`voice`).

    Example: `unread: scan`
    """
    return (facts.understanding.unread.value,) if facts.understanding.unread else ()


@value_condition("asker", OneOf(tuple(Asker)), is_single=True)
def asker(facts: Facts) -> Values:
    """Who asks, where the text says so: a tenant, somebody for a tenant, an applicant, a town hall, a supplier.

    Example: `asker: other_landlord`
    """
    return (facts.understanding.asker.value,) if facts.understanding.asker else ()


@value_condition("wish", OneOf(tuple(Wish)))
def wish(facts: Facts) -> Values:
    """How the writer wants to be treated: not to be named, or to be called at a time that they give.

    Example: `wish: anonymous`
    """
    return tuple(wished.wish.value for wished in facts.understanding.wishes)


@predicate_condition("subject", Search())
def subject(facts: Facts, wanted: Wanted) -> ConditionOutcome:
    """Words of the subject, without regard to case and accents; a phrase is found as whole words.

    `about` finds them in any form: `{about: ascenseur bloqué}` also finds "ascenseurs bloqués".

    Example: `subject: {contains: [résiliation, "préavis"]}`
    """
    found = wanted.find(facts.subject)
    return ConditionOutcome(found is not None, found or "")


@predicate_condition("text", Search())
def text(facts: Facts, wanted: Wanted) -> ConditionOutcome:
    """Words of the new text or of an original passed on; what is only quoted, and the signature, do not count.

    Compared without regard to case and accents, line ends count as spaces. Patterns are RE2: no look-around.

    Example: `text: {matches: 'badges? (perdu|vole)s?'}`
    """
    found = wanted.find(facts.text)
    return ConditionOutcome(found is not None, found or "")


@value_condition("attachments", TextList(worded("of `any`, `none`, a type (`image/*`) or an ending (`.pdf`)")))
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


@value_condition("language", TextList(worded("language codes (`fr`, `en`)")))
def language(facts: Facts) -> Values:
    """The language that the message declares; most declare none, then it never holds.

    Example: `language: [en, es]`
    """
    declared = facts.contact.language.strip().lower()
    return tuple(dict.fromkeys((declared, declared.partition("-")[0]))) if declared else ()


@predicate_condition("tags", TextList(worded("tags"), key=str), is_lasting=False)
def tags(facts: Facts, wanted: frozenset[str]) -> ConditionOutcome:
    """What rules above, with `decides: false`, have put to the contact.

    Example: `tags: [sous-garantie, chantier]`
    """
    return ConditionOutcome(not wanted.isdisjoint(facts.tags), ", ".join(facts.tags))
