"""From phrases to findings: what each counts where it stands, and which topics come out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dtm_contact.model import Evidence, Finding, Part, Priority
from dtm_contact.topics.context import SETTLED, TAKEN_BACK, Context
from dtm_contact.topics.hits import Hit, Hits
from dtm_contact.topics.lexicon import Role, Topic
from dtm_contact.topics.marks import mark
from dtm_contact.topics.passage import Passage

_IN_SUBJECT = 1.25
_IN_REPLY_SUBJECT = 0.6
_IN_ASKING = 1.35
_IN_ASKING_SENTENCE = 1.15
_BEHIND_PIVOT = 1.6
_BEFORE_POINT = 0.3
_THING_MENTIONED = 0.35
_THING_ASKED_FOR = 0.6
_AGAIN = (1.0, 0.6, 0.4, 0.25, 0.15)
_LEAST = 0.05
_EVIDENCE_KEPT = 20
_REPLY_MARKS = ("re", "tr", "fw", "fwd", "rv", "aw")


@dataclass(frozen=True, slots=True)
class Weighed:
    """One phrase with the points that it gives where it stands, and why."""

    hit: Hit
    points: float
    reason: str
    counts: bool
    asked: bool = False


@dataclass(slots=True)
class Tally:
    """What speaks for one topic.

    Attributes:
        counted: phrases that count, heaviest first once summed.
        defused: phrases that were seen and do not count.
        present: something is wrong now: a sign, or a thing in trouble.
        first: the place of the first phrase that counts.
    """

    counted: list[Weighed] = field(default_factory=list)
    defused: list[Weighed] = field(default_factory=list)

    @property
    def points(self) -> float:
        """The sum of the points, each further phrase counting less, the same phrase again least."""
        seen: set[str] = set()
        total, rank = 0.0, 0
        for weighed in sorted(self.counted, key=lambda item: -item.points):
            if weighed.hit.entry.text in seen:
                total += weighed.points * _LEAST
                continue
            seen.add(weighed.hit.entry.text)
            total += weighed.points * _AGAIN[min(rank, len(_AGAIN) - 1)]
            rank += 1
        return total

    @property
    def heaviest(self) -> float:
        """The points of the phrase that counts most."""
        return max((weighed.points for weighed in self.counted), default=0.0)

    @property
    def outage(self) -> bool:
        """Whether something is wrong now: a sign, or a thing in trouble."""
        return any(
            weighed.hit.entry.role is Role.SIGN or (weighed.hit.entry.role is Role.THING and weighed.reason)
            for weighed in self.counted
        )

    @property
    def wanted(self) -> bool:
        """Whether something is asked to be done about it: said so, or something is wrong now."""
        return self.outage or any(weighed.asked for weighed in self.counted)

    @property
    def settled(self) -> bool:
        """Whether something was seen that is repaired or over."""
        return any(weighed.reason == SETTLED for weighed in self.defused)

    @property
    def first(self) -> int:
        """The place of the first phrase that counts."""
        return min((weighed.hit.first for weighed in self.counted), default=0)


def reply_subject(passage: Passage) -> range:
    """Return the places of the subject where it is that of a reply, whose words are those of an earlier message."""
    if not passage.forms or passage.forms[0] not in _REPLY_MARKS or passage.part_of(0) is not Part.SUBJECT:
        return range(0)
    return range(next((place for place in range(len(passage.forms)) if passage.parts[place]), len(passage.forms)))


def tally(passage: Passage, hits: Hits, context: Context, topics: Mapping[str, Topic]) -> dict[str, Tally]:
    """Weigh each phrase where it stands and sum up by topic.

    Where in the message it stands tells what is asked for; danger is danger wherever it stands.
    """
    boosts = _Boosts.of(passage, hits)
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    for hit, other in hits.covered:
        tallies[hit.entry.topic].defused.append(Weighed(hit, 0.0, f"autre sens : « {other.entry.text} »", counts=False))
    over = {hit.places for hit in hits.matters if context.over(hit)}
    for hit in (*hits.matters, *(inner for inner, longer in hits.inside if longer.places in over)):
        sense = context.sense(hit)
        if not sense.counts:
            tallies[hit.entry.topic].defused.append(Weighed(hit, 0.0, sense.reason, counts=False))
            continue
        factor = boosts.factor(hit)
        if topics[hit.entry.topic].priority is Priority.P1:
            factor = 1.0
        points = _points(hit, hits, boosts, in_trouble=sense.in_trouble) * factor
        if not points:
            continue
        wanted = boosts.wanted(hit)
        tallies[hit.entry.topic].counted.append(Weighed(hit, points, sense.reason, counts=True, asked=wanted))
    for topic_tally in tallies.values():
        _share_denials(topic_tally)
        _follow_the_text(topic_tally, passage)
    return dict(tallies)


def _share_denials(topic_tally: Tally) -> None:
    """Let what takes back one phrase take back those that share a word with it ("pas de fuite d'eau dans le mur")."""
    reasons = {
        place: item.reason for item in topic_tally.defused if item.reason in TAKEN_BACK for place in item.hit.places
    }
    kept = []
    for item in topic_tally.counted:
        reason = next((reasons[place] for place in item.hit.places if place in reasons), None)
        if reason is None:
            kept.append(item)
        else:
            topic_tally.defused.append(Weighed(item.hit, 0.0, reason, counts=False))
    topic_tally.counted = kept


def _follow_the_text(topic_tally: Tally, passage: Passage) -> None:
    """Let a subject that names a matter give way to the text that says it is over, denied or not meant."""
    in_text = [item for item in topic_tally.defused if passage.part_of(item.hit.first) is not Part.SUBJECT]
    if not any(item.reason in TAKEN_BACK for item in in_text):
        return
    if any(passage.part_of(item.hit.first) is not Part.SUBJECT for item in topic_tally.counted):
        return
    reason = "le texte dit le contraire de l'objet"
    topic_tally.defused.extend(Weighed(item.hit, 0.0, reason, counts=False) for item in topic_tally.counted)
    topic_tally.counted.clear()


def _points(hit: Hit, hits: Hits, boosts: "_Boosts", *, in_trouble: bool) -> float:
    entry = hit.entry
    if entry.group and (entry.group, hit.first) not in hits.company:
        return entry.alone * (1.0 if entry.role is not Role.THING or in_trouble else _THING_MENTIONED)
    if entry.role is not Role.THING or in_trouble:
        return entry.points
    return entry.points * (_THING_ASKED_FOR if boosts.asked(hit) else _THING_MENTIONED)


@dataclass(frozen=True, slots=True)
class _Boosts:
    """Where in a message what is asked stands: the subject, clauses that ask, what comes behind a pivot.

    Attributes:
        asking, asking_sentences: numbers of the clauses and of the sentences that ask.
        pivots: for a sentence, the place behind which its matter comes.
        point: the place before which all is only the story.
        reply: the subject is that of an answer.
    """

    passage: Passage
    asking: frozenset[int]
    asking_sentences: frozenset[int]
    pivots: dict[int, int]
    point: int
    reply: bool

    @classmethod
    def of(cls, passage: Passage, hits: Hits) -> "_Boosts":
        sentences = passage.sentences
        asking = [hit.last for hit in hits.by_role.get(Role.ASKING, ())]
        pivots: dict[int, int] = {}
        for hit in hits.by_role.get(Role.PIVOT, ()):
            pivots[sentences[hit.first]] = max(hit.last, pivots.get(sentences[hit.first], -1))
            pivots.setdefault(sentences[hit.first] + 1, hit.last)
        return cls(
            passage,
            frozenset(passage.clauses[place] for place in asking),
            frozenset(sentences[place] for place in asking) | passage.asked,
            pivots,
            max((hit.first for hit in hits.by_role.get(Role.POINT, ())), default=-1),
            bool(reply_subject(passage)),
        )

    def asked(self, hit: Hit) -> bool:
        return self.passage.sentences[hit.first] in self.asking_sentences

    def wanted(self, hit: Hit) -> bool:
        clause = self.passage.clauses[hit.first] in self.asking
        return clause or self._behind_pivot(hit) or self.passage.part_of(hit.first) is Part.SUBJECT

    def factor(self, hit: Hit) -> float:
        factor = 1.0
        if self.passage.part_of(hit.first) is Part.SUBJECT:
            factor *= _IN_REPLY_SUBJECT if self.reply else _IN_SUBJECT
        elif hit.first < self.point:
            factor *= _BEFORE_POINT
        if self.passage.clauses[hit.first] in self.asking:
            factor *= _IN_ASKING
        elif self.asked(hit):
            factor *= _IN_ASKING_SENTENCE
        return factor * _BEHIND_PIVOT if self._behind_pivot(hit) else factor

    def _behind_pivot(self, hit: Hit) -> bool:
        pivot = self.pivots.get(self.passage.sentences[hit.first])
        return pivot is not None and hit.first >= pivot


def finding(topic: str, tally_of: Tally, passage: Passage) -> Finding:
    """Tell what was found for a topic, with the words that made it and those that do not count."""
    counted = sorted(tally_of.counted, key=lambda item: -item.points)
    return Finding(
        topic,
        round(tally_of.points, 2),
        tuple(_evidence(weighed, passage) for weighed in counted[:_EVIDENCE_KEPT]),
        tuple(_evidence(weighed, passage) for weighed in tally_of.defused[:_EVIDENCE_KEPT]),
    )


def _evidence(weighed: Weighed, passage: Passage) -> Evidence:
    hit = weighed.hit
    name = "topic.word" if weighed.counts else "topic.defused"
    detail = f"« {hit.entry.text} »" + (f" : {weighed.reason}" if weighed.reason else "")
    return mark(name, round(weighed.points, 2), hit.places, passage, detail)


def marks(name: str, weight: float, hits: Iterable[Hit], passage: Passage) -> tuple[Evidence, ...]:
    """Return evidence for each phrase, a few at the most."""
    return tuple(
        mark(name, weight, hit.places, passage, f"« {hit.entry.text} »") for hit in list(hits)[:_EVIDENCE_KEPT]
    )
