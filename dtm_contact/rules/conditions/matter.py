"""Conditions on what is asked."""

from dtm_contact.model import AlarmLevel, CaseKind, Priority, Scope, Unread
from dtm_contact.rules.arguments import Identifiers, OneOf, YesNo
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.rules.registry import sees


@sees("channel", OneOf(("email", "phone", "desk")), single=True)
def channel(facts: Facts) -> Values:
    """The way in: a message, a call, or a case that an agent opens.

    Example: `channel: phone`
    """
    return (facts.contact.channel,)


@sees("kind", OneOf(tuple(CaseKind)), single=True)
def kind(facts: Facts) -> Values:
    """What the contact was understood to be.

    A person who needs something (`case`), an automatic message, spam, or a call that needs no one (`none`).

    Example: `kind: [automatic, spam]`
    """
    return (facts.understanding.kind.value,)


@sees("topic", Identifiers("topics"), single=True)
def topic(facts: Facts) -> Values:
    """The topic that decides, as `topics.yaml` names it. A call has none.

    Example: `topic: [gas, fire]`
    """
    return facts.understanding.topics[:1]


@sees("topics", Identifiers("topics"))
def topics(facts: Facts) -> Values:
    """Any topic that was found, the deciding one and those beside it.

    Example: `topics: pests`
    """
    return facts.understanding.topics


@sees("priority", OneOf(tuple(Priority)), single=True)
def priority(facts: Facts) -> Values:
    """The priority as understood, before any rule raises it.

    Example: `priority: [P1, P2]`
    """
    return (facts.understanding.priority.value,)


@sees("alarm", OneOf(tuple(AlarmLevel)), single=True)
def alarm(facts: Facts) -> Values:
    """How sure it is, as understood, that somebody is in danger now, before any rule changes it.

    `certain` is P1, and only that; `possible` is P2 at the least; `none` is neither.

    Example: `alarm: certain`
    """
    return (facts.understanding.alarm.level.value,)


@sees("scope", OneOf(tuple(Scope)), single=True)
def scope(facts: Facts) -> Values:
    """How far the matter reaches, where the text says so.

    Example: `scope: [building, residence]`
    """
    return (facts.understanding.scope.value,) if facts.understanding.scope else ()


@sees("automatic", YesNo(), single=True)
def automatic(facts: Facts) -> Values:
    """The structure of the message says that a program sent it: an absence notice, a newsletter, a form, an alarm.

    Whether anything is asked is for `kind` to say: many a program reports or asks for something.

    Example: `automatic: false`
    """
    return ("true" if facts.contact.automatic_signs else "false",)


@sees("readable", YesNo(), single=True)
def readable(facts: Facts) -> Values:
    """Enough of the words are known to say what is asked; false in a language that was hardly ever learned.

    Example: `readable: false`
    """
    return ("true" if facts.understanding.readable else "false",)


@sees("unread", OneOf(tuple(Unread)), single=True)
def unread(facts: Facts) -> Values:
    """Nobody has read what it says: a scanned letter (`scan`), or a text that could not be decoded (`undecoded`).

    Or nobody has heard it: a voice message left out of hours that nothing has transcribed (`voice`).

    Example: `unread: scan`
    """
    return (facts.understanding.unread.value,) if facts.understanding.unread else ()
