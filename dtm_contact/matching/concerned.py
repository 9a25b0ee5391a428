"""Whom a contact concerns of those whom it names, by who writes it: whom a service visited, whom somebody thanks."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dtm_contact.matching.index import MatchIndex
from dtm_contact.matching.mentions import Mention, Role
from dtm_contact.matching.passages import Passage
from dtm_contact.matching.places import Group
from dtm_contact.matching.words import CARETAKERS
from dtm_contact.model import Part, Span

_BEFORE_A_PLACE = 60


def visited(mentions: list[Mention], groups: Iterable[Group]) -> list[Mention]:
    """Take for the one concerned whom alone a service names, with the address or in the subject: "chez Mme Roy"."""
    named = [each for each in mentions if each.role in {Role.NAMED, Role.FOR} and each.title]
    if not _are_one(named):
        return mentions
    places = [group for group in groups if group.anchored]
    spans = [each.span for each in named if each.span is not None]
    headed = any(span.part is Part.SUBJECT for span in spans)
    only = _are_one([each for each in mentions if each.title])
    alone = only and len(places) == 1 and (headed or any(atom.house for atom in places[0].of("street")))
    placed = alone or any(_stands_before_a_place(span, places) for span in spans)
    return [replace(each, role=Role.FOR) if placed and each in named else each for each in mentions]


def thanked(mention: Mention, passages: Iterable[Passage], index: MatchIndex) -> Mention:
    """Take for the caretaker whom a subject names with his surname, where the text speaks of its caretaker."""
    named = mention.span is not None and mention.span.part is Part.SUBJECT and mention.role is Role.FOR
    called = named and bool(mention.title) and "".join(mention.words) in index.caretakers
    told = called and any(not CARETAKERS.isdisjoint(word.text for word in text.words) for text in passages)
    return replace(mention, role=Role.CARETAKER) if told else mention


def _are_one(mentions: Sequence[Mention]) -> bool:
    """Tell whether mentions, one or more, name one person: "M. Roy Alain … M. Roy"."""
    longest = max((set(each.words) for each in mentions), key=len, default=set())
    return bool(longest) and all(longest.issuperset(each.words) for each in mentions)


def _stands_before_a_place(name: Span, groups: Iterable[Group]) -> bool:
    spans = (group.passage.span(group.start, group.end) for group in groups)
    return any(span and span.part is name.part and 0 <= span.start - name.end <= _BEFORE_A_PLACE for span in spans)
