"""What stands around a phrase and changes what it means: negation, the past, repair, fear, another's matter."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from dtm_contact.model import Priority
from dtm_contact.topics.denial import Denial
from dtm_contact.topics.hits import Hit, Hits
from dtm_contact.topics.lexicon import Role, Topic
from dtm_contact.topics.passage import Passage
from dtm_contact.topics.timing import long_ago, some_days_ago

SETTLED = "réparé ou terminé"
"""Why a phrase does not count whose matter is over."""

_TROUBLE_REACH = 8
_FORWARD_REACH = 9
_DANGER_REACH = 5
"""Words behind "si", "en cas de" within which a danger is taken for supposed; other matters have a longer reach."""

_SETTLED_MATTERS = 12
_SHORT_SENTENCE = 9
"""Words of a sentence ("C'est réparé.") that may speak of the one before."""

_FIGURATIVE = "figuré ou plaisanté"

_WHOLE_SEGMENT = (Role.PAST, Role.PRESENT, Role.PLANNED)
_FORWARD = (Role.HYPOTHESIS, Role.DISMISSED, Role.TROUBLE)


@dataclass(frozen=True, slots=True)
class Sense:
    """How a phrase is meant where it stands.

    Attributes:
        counts: it is the writer's matter, now.
        reason: why it does not count, or why it counts in full, told to a person in French; empty where it is plain.
        in_trouble: a thing that is missing or out of order.
    """

    counts: bool
    reason: str = ""
    in_trouble: bool = False


@dataclass(slots=True)
class Context:
    """The markers of a passage, ready to be asked about a phrase in it.

    Attributes:
        passage, hits: what was read and found.
        day: when the contact was written.
        topics: the lexicon's topics.
        small_words: words that may stand between a negation and what it takes back.
    """

    passage: Passage
    hits: Hits
    day: date
    topics: Mapping[str, Topic]
    small_words: frozenset[str]
    segments: list[int] = field(init=False)
    units: list[int] = field(init=False)
    _denial: Denial = field(init=False)
    _segments_with: dict[Role, set[int]] = field(init=False)
    _by_place: dict[Role, dict[int, Hit]] = field(init=False)
    _elsewhere: set[int] = field(init=False)
    _over: set[int] = field(init=False)
    _settled: set[int] = field(init=False)
    _figurative: set[int] = field(init=False)

    def __post_init__(self) -> None:
        """Cut the sentences at their turns and sort the markers."""
        self._cut()
        void = {place for hit in self._found(Role.ONLY) for place in hit.places}
        self._denial = Denial(
            self.passage,
            {hit.first for hit in self._found(Role.NEGATION)} - void,
            {hit.last: hit.first for hit in self._found(Role.BRIDGE)},
            {hit.last: hit.first for hit in self._found(Role.WORRY)},
            {place for hit in self.hits.matters for place in hit.places},
        )
        self._segments_with = {role: self._segments_of(role, void) for role in _WHOLE_SEGMENT}
        self._by_place = {
            role: {hit.first: hit for hit in self._found(role) if void.isdisjoint(hit.places)} for role in _FORWARD
        }
        self._elsewhere = {self.passage.clauses[hit.first] for hit in self._found(Role.ELSEWHERE)}
        self._over = self._segments_of(Role.OVER, void) | some_days_ago(self.passage, self.segments, self.day)
        self._segments_with[Role.PAST] |= long_ago(self.passage, self.segments, self.day)
        self._settled = self._find_settled()
        self._figurative = self._figurative_sentences()

    def sense(self, hit: Hit) -> Sense:
        """Say how a phrase is meant where it stands."""
        for reason, holds in _DEFUSING:
            if hit.entry.role is Role.REQUEST and holds not in _ALSO_REQUESTS:
                continue
            if holds(self, hit):
                return Sense(counts=False, reason=reason)
        if hit.entry.role is Role.THING:
            return self._sense_of_thing(hit)
        return Sense(counts=True)

    def _sense_of_thing(self, hit: Hit) -> Sense:
        trouble = self._trouble(hit)
        return Sense(counts=True, reason=trouble, in_trouble=bool(trouble))

    def _trouble(self, hit: Hit) -> str:
        """Return what says that a thing does not do what it should, in the words of the text, or nothing."""
        negation, worry = self._denial.before(hit.first)
        if negation is not None or worry is not None:
            start = min(place for place in (negation, worry) if place is not None)
            return self._words(start, hit.last)
        for marker in self._near(Role.TROUBLE, hit.first - _TROUBLE_REACH, hit.last + _TROUBLE_REACH + 1):
            same = self.segments[marker.first] == self.segments[hit.first]
            if same and marker.first - 1 not in self._denial.negations:
                return self._words(marker.first, marker.last)
        denied = self._denial.of_thing(hit)
        return self._words(*denied) if denied else ""

    def _near(self, role: Role, first: int, end: int) -> Iterator[Hit]:
        """Yield the markers of a role that stand between two places."""
        by_place = self._by_place[role]
        for place in range(max(0, first), end):
            marker = by_place.get(place)
            if marker is not None:
                yield marker

    def _words(self, first: int, last: int) -> str:
        return " ".join(self.passage.forms[first : last + 1])

    def negated(self, hit: Hit) -> bool:
        """Tell whether a sign is taken back: "pas de fuite", "ça ne fuit plus"; for a thing, whether no trouble is."""
        negation, worry = self._denial.before(hit.first)
        if hit.entry.role is Role.THING:
            return negation is not None and worry is not None
        if negation is not None:
            return True
        return self._denial.behind(hit)

    def past(self, hit: Hit) -> bool:
        """Tell whether the sentence speaks of long ago and nothing in it of now.

        What lasts for hours at the most is not brought back by "depuis" ("un feu l'été dernier, depuis…").
        """
        segment = self.segments[hit.first]
        lasting = not self._momentary(hit)
        return segment in self._segments_with[Role.PAST] and not (
            lasting and segment in self._segments_with[Role.PRESENT]
        )

    def over(self, hit: Hit) -> bool:
        """Tell whether it is of a kind that lasts for hours, and the sentence puts it some days back."""
        return self._momentary(hit) and self.segments[hit.first] in self._over

    def _momentary(self, hit: Hit) -> bool:
        topic = self.topics.get(hit.entry.topic)
        return topic is not None and topic.momentary

    def settled(self, hit: Hit) -> bool:
        """Tell whether the text says that it is repaired or over."""
        return hit.first in self._settled

    def supposed(self, hit: Hit) -> bool:
        """Tell whether it is only feared or supposed."""
        return self._follows(Role.HYPOTHESIS, hit)

    def dismissed(self, hit: Hit) -> bool:
        """Tell whether the writer says that he does not write about it."""
        return self._follows(Role.DISMISSED, hit)

    def figurative(self, hit: Hit) -> bool:
        """Tell whether a word of danger is an image or a joke ("je plaisante").

        A phrase of several words ("le feu dans la cave") is only so where its own sentence says it; a single word also
        where the next one does.
        """
        topic = self.topics.get(hit.entry.topic)
        if topic is None or topic.priority is not Priority.P1:
            return False
        reach = 1 if len(hit.places) == 1 else 0
        sentence = self.passage.sentences[hit.first]
        return any(abs(marked - sentence) <= reach for marked in self._figurative)

    def elsewhere(self, hit: Hit) -> bool:
        """Tell whether it is about another place."""
        return self.passage.clauses[hit.first] in self._elsewhere

    def planned(self, hit: Hit) -> bool:
        """Tell whether it is announced, not suffered."""
        return self.segments[hit.first] in self._segments_with[Role.PLANNED]

    def _follows(self, role: Role, hit: Hit) -> bool:
        topic = self.topics.get(hit.entry.topic)
        reach = _DANGER_REACH if topic is not None and topic.priority is Priority.P1 else _FORWARD_REACH
        return any(
            self.segments[marker.first] == self.segments[hit.first] and not self._between(marker.last, hit.first)
            for marker in self._near(role, hit.first - _FORWARD_REACH, hit.first)
            if 0 < hit.first - marker.last <= reach
        )

    def _between(self, first: int, last: int) -> bool:
        """Tell whether a clause ends between two places."""
        return self.passage.clauses[first] != self.passage.clauses[last]

    def _found(self, role: Role) -> list[Hit]:
        return self.hits.by_role.get(role, [])

    def _segments_of(self, role: Role, void: set[int]) -> set[int]:
        return {self.segments[hit.first] for hit in self._found(role) if void.isdisjoint(hit.places)}

    def _cut(self) -> None:
        """Number segments (sentences cut at turns) and units (clauses cut at turns)."""
        turns = {hit.first for hit in self._found(Role.TURN)}
        self.segments, self.units = [], []
        segment = unit = 0
        for place, (sentence, clause) in enumerate(zip(self.passage.sentences, self.passage.clauses, strict=True)):
            if place and (sentence != self.passage.sentences[place - 1] or place in turns):
                segment += 1
                unit += 1
            elif place and (clause != self.passage.clauses[place - 1] or self.passage.forms[place] == "et"):
                unit += 1
            self.segments.append(segment)
            self.units.append(unit)

    def _find_settled(self) -> set[int]:
        """Return the first places of the matters that a word of repair speaks of."""
        by_unit: defaultdict[int, list[Hit]] = defaultdict(list)
        by_sentence: defaultdict[int, list[Hit]] = defaultdict(list)
        for hit in self.hits.matters:
            by_unit[self.units[hit.first]].append(hit)
            by_sentence[self.passage.sentences[hit.first]].append(hit)
        recurring = max((hit.first for hit in self._found(Role.RECURRING)), default=-1)
        lengths = Counter(self.passage.sentences)
        settled: set[int] = set()
        for marker in self._found(Role.SETTLED):
            if self._taken_back(marker) or recurring > marker.first:
                continue
            sentence = self.passage.sentences[marker.first]
            earlier = [hit for hit in by_sentence[sentence][:_SETTLED_MATTERS] if hit.last < marker.first]
            said = set(marker.places)
            unit = [hit for hit in by_unit[self.units[marker.first]] if not said.issuperset(hit.places)]
            before = by_sentence[sentence - 1] if lengths[sentence] <= _SHORT_SENTENCE else []
            told = unit or earlier or before[:_SETTLED_MATTERS]
            settled.update(hit.first for hit in told)
            settled.update(said)
        return settled

    def _figurative_sentences(self) -> set[int]:
        """Return the sentences that call what they say an image, not those that deny it ("je ne plaisante pas")."""
        return {
            self.passage.sentences[marker.first]
            for marker in self._found(Role.FIGURATIVE)
            if self._denial.negations.isdisjoint(range(marker.first + 1, marker.last + 2))
        }

    def _taken_back(self, marker: Hit) -> bool:
        """Tell whether a word of repair is itself denied ("toujours pas réparé", "n'a pas été réparé")."""
        near = range(max(0, marker.first - 3), marker.last + 1)
        return any(place in self._denial.negations for place in near if place not in marker.places)


_Test = Callable[[Context, Hit], bool]

TAKEN_BACK = frozenset((SETTLED, _FIGURATIVE, "écarté par l'auteur", "nié"))
"""Reasons by which a text takes back what its subject names."""

_DEFUSING: tuple[tuple[str, _Test], ...] = (
    ("écarté par l'auteur", Context.dismissed),
    ("nié", Context.negated),
    (SETTLED, Context.settled),
    (_FIGURATIVE, Context.figurative),
    ("supposé ou craint", Context.supposed),
    ("passé", Context.past),
    ("daté de plusieurs jours", Context.over),
    ("ailleurs", Context.elsewhere),
    ("annoncé", Context.planned),
)

NOT_NOW = frozenset(reason for reason, _ in _DEFUSING)
"""Reasons by which a phrase does not speak of the writer's matter now."""

_ALSO_REQUESTS: frozenset[_Test] = frozenset({Context.dismissed, Context.elsewhere})
