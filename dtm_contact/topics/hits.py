"""Where the lexicon's phrases stand in a passage, sorted by what they do."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from dtm_contact.model import Priority
from dtm_contact.topics.lexicon import Entry, Lexicon, Role
from dtm_contact.topics.passage import Passage

MATTERS = frozenset({Role.SIGN, Role.THING, Role.REQUEST})
"""The roles that speak of a topic."""

_COMPANION_WORDS = 14
"""Words between an ambiguous entry and its companion, at most."""

_DANGER_WORDS = 22
"""The same for a topic of P1: who tells a danger in passing tells its two halves apart."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found: what it says and the places of its words in the passage."""

    entry: Entry
    places: tuple[int, ...]

    @property
    def first(self) -> int:
        """The place of its first word."""
        return self.places[0]

    @property
    def last(self) -> int:
        """The place of its last word."""
        return self.places[-1]


@dataclass(slots=True)
class Hits:
    """All phrases found in a passage.

    Attributes:
        matters: those that speak of a topic, in their order, without those inside a longer one.
        covered: those that stand in a phrase of another sense, with that phrase.
        inside: those inside a longer one of another topic, with it.
        by_role: every other phrase by its role.
        company: the groups whose companion is near, as (group, place of the ambiguous entry).
    """

    matters: list[Hit] = field(default_factory=list)
    covered: list[tuple[Hit, Hit]] = field(default_factory=list)
    inside: list[tuple[Hit, Hit]] = field(default_factory=list)
    by_role: defaultdict[Role, list[Hit]] = field(default_factory=lambda: defaultdict(list))
    company: set[tuple[int, int]] = field(default_factory=set)


def find_hits(passage: Passage, lexicon: Lexicon) -> Hits:
    """Find every phrase of the lexicon in the passage; of phrases one inside the other the longer counts."""
    hits = Hits()
    candidates: dict[tuple[str, tuple[int, ...], int], Hit] = {}
    for entry, places in lexicon.index.find(passage):
        if entry.role not in MATTERS:
            hits.by_role[entry.role].append(Hit(entry, places))
            continue
        key = (entry.topic, places, entry.group)
        known = candidates.get(key)
        if known is None or known.entry.points < entry.points:
            candidates[key] = Hit(entry, places)
    dangers = {code for code, topic in lexicon.topics.items() if topic.priority is Priority.P1}
    _set_apart(list(candidates.values()), hits, dangers)
    _find_company(passage, hits, dangers)
    return hits


def _set_apart(candidates: Sequence[Hit], hits: Hits, dangers: Container[str]) -> None:
    """Keep the candidates that stand for themselves; tell those that a phrase of another sense covers.

    A word of danger inside a longer phrase of a harmless topic still counts: only `except` takes it out.
    """
    longest: defaultdict[int, int] = defaultdict(int)
    at_place: defaultdict[int, list[Hit]] = defaultdict(list)
    for hit in candidates:
        for place in hit.places:
            longest[place] = max(longest[place], len(hit.places))
        if len(hit.places) > 1:
            at_place[hit.first].append(hit)
            at_place[hit.last].append(hit)
    others = _by_place(hits.by_role.get(Role.EXCEPT, ()))
    for hit in candidates:
        sense = _other_sense(hit, others)
        if sense is not None:
            hits.covered.append((hit, sense))
            continue
        longer = _inside_longer(hit, longest, at_place)
        harmless = longer is not None and longer.entry.topic not in dangers
        if longer is None or (harmless and hit.entry.topic in dangers):
            hits.matters.append(hit)
        elif longer.entry.topic != hit.entry.topic:
            hits.inside.append((hit, longer))


def _by_place(found: Iterable[Hit]) -> dict[int, list[Hit]]:
    by_place: defaultdict[int, list[Hit]] = defaultdict(list)
    for hit in found:
        for place in hit.places:
            by_place[place].append(hit)
    return by_place


def _other_sense(hit: Hit, others: dict[int, list[Hit]]) -> Hit | None:
    for place in hit.places:
        for other in others.get(place, ()):
            if other.entry.topic in {"", hit.entry.topic} and len(other.places) >= len(hit.places):
                return other
    return None


def _inside_longer(hit: Hit, longest: dict[int, int], at_place: dict[int, list[Hit]]) -> Hit | None:
    if all(longest[place] <= len(hit.places) for place in hit.places):
        return None
    own = set(hit.places)
    near = range(max(0, hit.first - 24), hit.last + 25)
    return next((other for place in near for other in at_place.get(place, ()) if own < set(other.places)), None)


def _find_company(passage: Passage, hits: Hits, dangers: Container[str]) -> None:
    by_group: defaultdict[int, list[Hit]] = defaultdict(list)
    for companion in hits.by_role.get(Role.COMPANION, ()):
        by_group[companion.entry.group].append(companion)
    for hit in (*hits.matters, *hits.by_role.get(Role.SEVERE, ())):
        group = hit.entry.group
        words = _DANGER_WORDS if hit.entry.topic in dangers else _COMPANION_WORDS
        if group and any(_near(passage, hit, companion, words) for companion in by_group.get(group, ())):
            hits.company.add((group, hit.first))


def _near(passage: Passage, hit: Hit, companion: Hit, words: int) -> bool:
    if set(hit.places) & set(companion.places):
        return False
    sentences = passage.sentences[companion.first] - passage.sentences[hit.first]
    return abs(sentences) <= 1 and abs(companion.first - hit.first) <= words
