"""What stands around a phrase and changes what it means: negation, the past, repair, fear, another's matter."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from dtm_contact.model import Priority
from dtm_contact.topics.hits import Hit, Hits
from dtm_contact.topics.lexicon import Role, Topic
from dtm_contact.topics.passage import Passage

SETTLED = "réparé ou terminé"
"""Why a phrase does not count whose matter is over."""

_NEGATION_REACH = 6
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
_NE = frozenset({"ne", "n"})
_BEING = frozenset({"est", "etait", "sont", "ce", "c"})
_DEFINITE = frozenset(
    [
        "le",
        "la",
        "les",
        "l",
        "mon",
        "ma",
        "mes",
        "ton",
        "ta",
        "notre",
        "nos",
        "votre",
        "vos",
        "son",
        "sa",
        "ses",
        "leur",
        "ce",
        "cet",
        "cette",
        "ces",
        "au",
        "aux",
    ]
)
_INDEFINITE = frozenset(
    ["de", "d", "du", "des", "un", "une", "a", "en", "avec", "dans", "sur", "pour", "cote", "niveau"]
)
_JOINS = frozenset({"et", "ou", "ni"})
_OLDEST_YEAR = 1930
_YEAR_DIGITS = 4
_DAY_DIGITS = 2
_OVER_DAYS = 3
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre",
         "decembre"), start=1,
    )
}  # fmt: skip
_DATING = frozenset(("en", "annee", "hiver", "ete", *_MONTHS))


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
    _negations: set[int] = field(init=False)
    _bridges: dict[int, int] = field(init=False)
    _worries: dict[int, int] = field(init=False)
    _segments_with: dict[Role, set[int]] = field(init=False)
    _by_place: dict[Role, dict[int, Hit]] = field(init=False)
    _elsewhere: set[int] = field(init=False)
    _over: set[int] = field(init=False)
    _settled: set[int] = field(init=False)
    _figurative: set[int] = field(init=False)
    _taken: set[int] = field(init=False)

    def __post_init__(self) -> None:
        """Cut the sentences at their turns and sort the markers."""
        self._cut()
        void = {place for hit in self._found(Role.ONLY) for place in hit.places}
        self._negations = {hit.first for hit in self._found(Role.NEGATION)} - void
        self._bridges = {hit.last: hit.first for hit in self._found(Role.BRIDGE)}
        self._worries = {hit.last: hit.first for hit in self._found(Role.WORRY)}
        self._segments_with = {role: self._segments_of(role, void) for role in _WHOLE_SEGMENT}
        self._by_place = {
            role: {hit.first: hit for hit in self._found(role) if void.isdisjoint(hit.places)} for role in _FORWARD
        }
        self._elsewhere = {self.passage.clauses[hit.first] for hit in self._found(Role.ELSEWHERE)}
        self._over = self._segments_of(Role.OVER, void) | self._dated_segments()
        self._add_years()
        self._taken = {place for hit in self.hits.matters for place in hit.places}
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
        negation, worry = self._before(hit.first)
        if negation is not None or worry is not None:
            start = min(place for place in (negation, worry) if place is not None)
            return self._words(start, hit.last)
        for marker in self._near(Role.TROUBLE, hit.first - _TROUBLE_REACH, hit.last + _TROUBLE_REACH + 1):
            same = self.segments[marker.first] == self.segments[hit.first]
            if same and marker.first - 1 not in self._negations:
                return self._words(marker.first, marker.last)
        return self._does_not(hit)

    def _near(self, role: Role, first: int, end: int) -> Iterator[Hit]:
        """Yield the markers of a role that stand between two places."""
        by_place = self._by_place[role]
        for place in range(max(0, first), end):
            marker = by_place.get(place)
            if marker is not None:
                yield marker

    def _does_not(self, hit: Hit) -> str:
        """Find "ne … pas", "ne … plus" right behind a thing ("l'ascenseur ne monte plus", "ascenseur pas marcher")."""
        forms, clause = self.passage.forms, self.passage.clauses[hit.last]
        for place in range(hit.last + 1, min(hit.last + 5, len(forms))):
            if self.passage.clauses[place] != clause:
                break
            if place == hit.last + 1 and place in self._negations:
                return self._words(hit.first, place)
            if forms[place] in _NE:
                for end in range(place + 1, min(place + 6, len(forms))):
                    if end in self._negations and self.passage.sentences[end] == self.passage.sentences[place]:
                        return self._words(place, end)
                break
        return ""

    def _words(self, first: int, last: int) -> str:
        return " ".join(self.passage.forms[first : last + 1])

    def _before(self, place: int) -> tuple[int | None, int | None]:
        """Return the places of a negation and of a word of worry that stand right before a place, articles aside.

        "ça marche pas la fuite continue" denies no leak: before "la" a negation must belong to "c'est pas la".
        """
        worry: int | None = None
        definite = False
        forms, clause = self.passage.forms, self.passage.clauses[place]
        place -= 1
        for _ in range(_NEGATION_REACH):
            if place < 0 or self.passage.clauses[place] != clause:
                break
            if place in self._negations:
                belongs = not definite or worry is not None or (place > 0 and forms[place - 1] in _BEING)
                return (place if belongs else None), worry
            if place in self._worries:
                worry = place = self._worries[place]
            elif place in self._bridges:
                place = self._bridges[place]
            elif forms[place] in _DEFINITE:
                definite = True
            elif forms[place] not in _INDEFINITE and not self._joined(place):
                break
            place -= 1
        return None, worry

    def _joined(self, place: int) -> bool:
        """Tell whether a word belongs to a list of matters ("pas de fuite ni d'humidité")."""
        return self.passage.forms[place] in _JOINS or (place in self._taken and self.passage.forms[place + 1] in _JOINS)

    def negated(self, hit: Hit) -> bool:
        """Tell whether a sign is taken back: "pas de fuite", "ça ne fuit plus"; for a thing, whether no trouble is."""
        negation, worry = self._before(hit.first)
        if hit.entry.role is Role.THING:
            return negation is not None and worry is not None
        if negation is not None:
            return True
        forms = self.passage.forms
        behind = hit.last + 1
        said = behind in self._negations and self.passage.clauses[behind] == self.passage.clauses[hit.last]
        return said and not _NE.isdisjoint(forms[max(0, hit.first - 3) : hit.first])

    def past(self, hit: Hit) -> bool:
        """Tell whether the sentence speaks of long ago and nothing in it of now."""
        segment = self.segments[hit.first]
        return segment in self._segments_with[Role.PAST] and segment not in self._segments_with[Role.PRESENT]

    def over(self, hit: Hit) -> bool:
        """Tell whether it is of a kind that lasts for hours, and the sentence puts it some days back."""
        topic = self.topics.get(hit.entry.topic)
        return topic is not None and topic.momentary and self.segments[hit.first] in self._over

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

    def _add_years(self) -> None:
        """Take "en 2012", "mars 2019" for the past, when the contact was written later."""
        forms = self.passage.forms
        for place in range(1, len(forms)):
            form = forms[place]
            is_year = len(form) == _YEAR_DIGITS and form.isdecimal() and _OLDEST_YEAR <= int(form) < self.day.year
            if is_year and forms[place - 1] in _DATING:
                self._segments_with[Role.PAST].add(self.segments[place])

    def _dated_segments(self) -> set[int]:
        """Return the segments that name a day some days back ("le 2 novembre"), not as a beginning ("depuis")."""
        forms = self.passage.forms
        found: set[int] = set()
        for place in range(1, len(forms)):
            month, before = _MONTHS.get(forms[place]), forms[place - 1].removesuffix("er")
            if month is None or not before.isdecimal() or len(before) > _DAY_DIGITS:
                continue
            if self._days_back(int(before), month) >= _OVER_DAYS and "depuis" not in forms[max(0, place - 4) : place]:
                found.add(self.segments[place])
        return found

    def _days_back(self, day: int, month: int) -> int:
        """Return how many days ago a day of the year was last; 0 where there is no such day."""
        for year in (self.day.year, self.day.year - 1):
            try:
                named = date(year, month, day)
            except ValueError:
                continue
            if named <= self.day:
                return (self.day - named).days
        return 0

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
            if self._negations.isdisjoint(range(marker.first + 1, marker.last + 2))
        }

    def _taken_back(self, marker: Hit) -> bool:
        """Tell whether a word of repair is itself denied ("toujours pas réparé", "n'a pas été réparé")."""
        near = range(max(0, marker.first - 3), marker.last + 1)
        return any(place in self._negations for place in near if place not in marker.places)


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

_ALSO_REQUESTS: frozenset[_Test] = frozenset({Context.dismissed, Context.elsewhere})
