"""Which of the topics found decides: what the words say, weighed with what labelled messages have taught."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dtm_contact.model import Evidence, Priority
from dtm_contact.topics.learned import Impression, Opinion
from dtm_contact.topics.lexicon import Lexicon
from dtm_contact.topics.urgency import VULNERABLE, Urgency
from dtm_contact.topics.weigh import Tally

OTHER = "other"
THANKS = "thanks"
SET_ASIDE = frozenset({"automatic", "spam"})
"""Topics of what opens no case; the kind decides of them, not the points."""

_CONTENDER = 0.6
"""A topic contends for the decision from this share of the strongest one's points."""

_FEW_WORDS, _HARDLY_ANY = 22, 6
_SURER_BRIEFLY = 2.0
"""By how much surer the model must be to take an alarm back in few words, or to raise one in hardly any: there all that
it says hangs on two or three."""

_SURER_OF_FRAIL = 3.0
"""By how much surer it must be to take one back that words raise for an outage and a frail person whom it hits: words
are rarely wrong in that, and a letter that tells of it calmly sounds like no danger."""

_SURER_ABROAD = 1.0
"""By how much surer it must be to take one back in a language that it knows little."""

_CLOSE = 0.9
"""The same where the learned model has spoken too, which knows better which is meant."""

_MEANT = 0.3
"""What the odds that a topic of danger is meant add to the score for an alarm."""

_BEHIND, _BEHIND_EACH = 4.0, 2.0
"""Points by which a topic that cannot be a danger falls behind in an alarm, and for each step of the alarm's score."""

_RELIEF = 2.0
"""Points that a matter which is over, or a message of a few words, adds to thanks."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A topic that may decide.

    Attributes:
        topic: its code.
        points: what speaks for it.
        priority: how urgent it is here.
        reasons: the words that raised the priority.
        first: the place of its first word.
        wanted: something is asked to be done about it.
        heaviest: the points of the phrase that counts most.
        by_words: the points that the words alone give it.
        by_opinion: only the learned model raised the alarm.
    """

    topic: str
    points: float
    priority: Priority
    reasons: tuple[Evidence, ...] = ()
    first: int = 0
    wanted: bool = False
    heaviest: float = 0.0
    by_words: float = 0.0
    by_opinion: bool = False


def contenders(tallies: Mapping[str, Tally], urgency: Urgency, lexicon: Lexicon) -> list[Contender]:
    """Return the topics that the words speak of."""
    return [
        Contender(topic, points, *urgency.of(lexicon.topics[topic], found), found.first, found.wanted, found.heaviest,
                  points)
        for topic, found in tallies.items()
        for points in (found.points,)
    ]  # fmt: skip


def in_order(found: list[Contender], lexicon: Lexicon, *, relieved: bool) -> list[Contender]:
    """Return the topics that the words alone find, the deciding one first; `other` where they find none.

    The contract's rule: what the writer asks to be done; of two the higher priority; then the first asked.
    """
    clear = [item for item in found if item.points >= lexicon.limits.topic and item.topic != THANKS]
    if not clear:
        return [_faintest(found, lexicon, _RELIEF if relieved else 0.0)]
    best = max(clear, key=lambda item: item.points)
    danger = [item for item in clear if lexicon.topics[item.topic].priority is Priority.P1]
    near = [item for item in clear if item.points >= best.points * _CONTENDER]
    close = [item for item in near if item is best or item.wanted or item.priority <= Priority.P2]
    order = list(lexicon.topics)
    if danger:
        first = min(danger, key=lambda item: (-item.heaviest, order.index(item.topic)))
    else:
        first = min(close, key=lambda item: (item.priority, -item.points, item.first))
    return [first, *_rest(clear, first)]


def _rest(found: Iterable[Contender], first: Contender) -> Iterator[Contender]:
    """Yield the other topics, the strongest first."""
    others = (item for item in found if item.topic != first.topic)
    yield from sorted(others, key=lambda item: (-item.points, item.first))


def _faintest(found: list[Contender], lexicon: Lexicon, relief: float) -> Contender:
    """Return the topic of a message that names none clearly: thanks, the nearest one, or `other`."""
    thanks = [item for item in found if item.topic == THANKS and item.points + relief >= lexicon.limits.topic]
    faint = [item for item in found if item.topic != THANKS and item.points >= lexicon.limits.faint]
    harmless = [item for item in faint if lexicon.topics[item.topic].priority is not Priority.P1]
    pool = thanks or harmless or faint
    if pool:
        return max(pool, key=lambda item: (item.points, -item.first))
    return Contender(OTHER, 0.0, lexicon.topics[OTHER].priority)


def with_opinion(
    by_words: list[Contender], found: list[Contender], opinion: Opinion, lexicon: Lexicon, *, reported: bool = False
) -> list[Contender]:
    """Return the topics found, the deciding one first, words and learned model together.

    An alarm is raised where the model is sure of danger, and kept where words raise it, unless the model is sure of
    none. Without alarm no topic of danger decides; with it one that cannot be a danger only where it is far the
    stronger, the more so the surer the alarm: a false one then at least lies in the right queue. What words say in
    another script stands, and so does an alarm that they raise in a language that the model knows little, unless it is
    surer still; and one that a program reports, since the model has learned how people tell of danger.

    Args:
        by_words: what the words alone find, the deciding one first.
        found: all that the words speak of, however faintly.
        opinion: the learned model's.
        lexicon: the topics and how much the model may say.
        reported: a program wrote it on an occasion.
    """
    stands = reported and by_words[0].priority is Priority.P1
    if stands or not opinion.can_read or _stands_unjudged(by_words[0], opinion, lexicon):
        raised = alarm_score(opinion, lexicon) >= opinion.model.trust.danger_from
        return [_as_urgent(by_words[0], alarm=True), *by_words[1:]] if raised else by_words
    together = list(_together(found, opinion, lexicon))
    alarm = _is_alarm(by_words[0], together, opinion, lexicon)
    ahead = alarm_score(opinion, lexicon)
    pool = list(_dangers_ahead(together, ahead, lexicon) if alarm else _harmless(together, lexicon))
    other = Contender(OTHER, 0.0, lexicon.topics[OTHER].priority)
    best = max(pool, key=lambda item: (item.points, -item.first), default=other)
    if best.points < lexicon.limits.faint:
        best = other
    close = [item for item in pool if item.points >= best.points * _CLOSE and item.by_words >= lexicon.limits.topic]
    first = min((best, *close), key=lambda item: (item.priority, -item.points)) if not alarm else best
    clear = [item for item in by_words if alarm or lexicon.topics[item.topic].priority is not Priority.P1]
    return [_as_urgent(first, alarm=alarm), *_rest((item for item in clear if item.topic != OTHER), first)]


def _stands_unjudged(first: Contender, opinion: Opinion, lexicon: Lexicon) -> bool:
    """Tell whether an alarm of the words stands because the model knows their language too little to take it back."""
    if first.priority is not Priority.P1 or opinion.is_fluent:
        return False
    if opinion.length < _FEW_WORDS:
        return True
    return decisive_score(first, opinion, lexicon) >= opinion.model.trust.doubt_under - _SURER_ABROAD


def _is_alarm(first: Contender, together: Sequence[Contender], opinion: Opinion, lexicon: Lexicon) -> bool:
    """Tell whether somebody is in danger.

    Words that name a matter too faintly for themselves may still say whom it hits (an outage, and oxygen): that is an
    alarm by words too, where the model knows that this is the matter.
    """
    if decisive_score(first, opinion, lexicon) >= _least(first, opinion):
        return True
    matters = [item for item in _harmless(together, lexicon) if opinion.points(item.topic)]
    near = max((item.points for item in matters), default=0.0) * _CONTENDER
    raised = any(item.priority is Priority.P1 and item.points >= near for item in matters)
    return raised and opinion.halfway_to_sharpest(_danger_alone) >= opinion.model.trust.doubt_under


def _least(first: Contender, opinion: Opinion) -> float:
    """Return the score from which there is an alarm: one of the model's own, or one of the words that it leaves."""
    trust, length = opinion.model.trust, opinion.length
    if first.priority is not Priority.P1:
        return trust.danger_from + (_SURER_BRIEFLY if length < _HARDLY_ANY else 0.0)
    surer = _SURER_BRIEFLY if length < _FEW_WORDS else 0.0
    hits_frail = any(reason.name == VULNERABLE for reason in first.reasons)
    return trust.doubt_under - surer - (_SURER_OF_FRAIL if hits_frail else 0.0)


def _is_raised(first: Contender, lexicon: Lexicon) -> bool:
    """Tell whether words raised a topic to an alarm that is none by itself: whom an outage hits, or a severe form."""
    return first.priority is Priority.P1 and lexicon.topics[first.topic].priority is not Priority.P1


def _together(found: list[Contender], opinion: Opinion, lexicon: Lexicon) -> Iterator[Contender]:
    known = {item.topic: item for item in found}
    for code, topic in lexicon.topics.items():
        if code not in SET_ASIDE:
            item, points = known.get(code), opinion.points(code)
            if item is not None:
                yield replace(item, points=item.points + points)
            elif points:
                yield Contender(code, points, topic.priority)


def decisive_score(first: Contender, opinion: Opinion, lexicon: Lexicon) -> float:
    """Return the score that an alarm is held against.

    Where words raise it for an outage that hits a frail person, or for a severe form, it is that for danger alone: that
    no topic of danger is meant says nothing against it there.

    Args:
        first: the topic that the words alone would have decide.
        opinion: the learned model's.
        lexicon: the topics.
    """
    raised = _is_raised(first, lexicon)
    return opinion.halfway_to_sharpest(_danger_alone) if raised else alarm_score(opinion, lexicon)


def alarm_score(opinion: Opinion, lexicon: Lexicon) -> float:
    """Return how much speaks for an alarm: the score for danger, more where a topic of danger is likely meant.

    Args:
        opinion: the learned model's; of a long message also what it makes of each excerpt.
        lexicon: the topics.
    """
    dangers = [code for code, topic in lexicon.topics.items() if topic.priority is Priority.P1]
    return opinion.halfway_to_sharpest(lambda each: each.danger + _MEANT * each.odds(dangers))


def _danger_alone(impression: Impression) -> float:
    return impression.danger


def _dangers_ahead(found: Iterable[Contender], score: float, lexicon: Lexicon) -> Iterator[Contender]:
    """Yield the topics, with fewer points those that are no danger and cannot become one."""
    behind = _BEHIND + _BEHIND_EACH * max(0.0, score)
    for item in found:
        may = item.topic in lexicon.dangers or item.priority is Priority.P1
        yield item if may else replace(item, points=item.points - behind)


def _harmless(found: Iterable[Contender], lexicon: Lexicon) -> Iterator[Contender]:
    """Yield the topics that are no danger of themselves."""
    return (item for item in found if lexicon.topics[item.topic].priority is not Priority.P1)


def _as_urgent(item: Contender, *, alarm: bool) -> Contender:
    """Return the deciding topic as urgent as the alarm, or its absence, makes it."""
    if alarm:
        return replace(item, priority=Priority.P1, by_opinion=item.priority is not Priority.P1)
    return replace(item, priority=max(item.priority, Priority.P2)) if item.priority is Priority.P1 else item
