"""How urgent a topic is: its own priority, raised where the text gives the reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from dtm_contact.model import Evidence, Priority
from dtm_contact.normalize import number_in_words
from dtm_contact.topics.context import Context
from dtm_contact.topics.hits import Hit, Hits
from dtm_contact.topics.lexicon import Entry, Frailty, Limits, Role, Topic
from dtm_contact.topics.marks import mark
from dtm_contact.topics.passage import Passage
from dtm_contact.topics.timing import born_before
from dtm_contact.topics.weigh import Tally

VULNERABLE = "priority.vulnerable"
"""Names the evidence of a frail person whom a defect hits."""

_OLDEST = 115
_INFANT_REACH = 5
_YEAR_DIGITS = 4
_WORDS_OF_A_NUMBER = 4  # "quatre vingt dix huit"


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NOT_AN_AGE = _listed("depuis pendant y apres dans durant since for desde hace ha")
_YEARS = _listed("ans years year yrs anos yasinda ani lat anni 3am")
_MONTHS = _listed("mois months month meses aylik luni miesiecy miesiace mesi chhour")
_WEEKS = _listed("semaine semaines jours weeks week semanas haftalik saptamani tygodni tygodnie settimane")
_AGED = _listed("a de age agee is")
_CHILDREN = _listed(
    """
    bebe bb enfant fils fille garcon petit petite nourrisson jumeaux gamin gamine
    baby son daughter child kid twins hijo hija nino nina filho filha menino menina bebek oglum kizim cocuk
    bebelus copil copilul fiul fiica fetita dziecko syn synek corka coreczka figlio figlia bimbo bimba bambino bambina
    wlidi weldi benti rdi3 pitit tibebe
    """
)


@dataclass(frozen=True, slots=True)
class Urgency:
    """What in a passage raises priorities, found once for all topics.

    Attributes:
        passage: what was read.
        severe: severe forms of topics that count here.
        grave: people whom an outage puts in danger.
        fragile: people for whom a defect is worse than for others.
    """

    passage: Passage
    severe: Sequence[Hit]
    grave: Sequence[Hit]
    fragile: Sequence[Hit]

    def of(self, topic: Topic, tally: Tally) -> tuple[Priority, tuple[Evidence, ...]]:
        """Return a topic's priority here and the words that raised it."""
        found = [pair for pair in (*self._severe(topic), *self._frail(topic, tally)) if pair[0] < topic.priority]
        priority = min((reached for reached, _ in found), default=topic.priority)
        return priority, tuple(evidence for _, evidence in found)

    def _severe(self, topic: Topic) -> Iterator[tuple[Priority, Evidence]]:
        for hit in self.severe:
            if hit.entry.topic == topic.code:
                reached = Priority.P1 if hit.entry.value == Priority.P1 else topic.priority.raised()
                yield reached, self._reason("priority.severe", hit)

    def _frail(self, topic: Topic, tally: Tally) -> Iterator[tuple[Priority, Evidence]]:
        if topic.frailty is Frailty.NONE or not tally.outage:
            return
        step = topic.priority.raised()
        for hit in self.grave:
            reached = Priority.P1 if topic.frailty is Frailty.OUTAGE else step
            yield reached, self._reason(VULNERABLE, hit)
        for hit in self.fragile:
            yield step, self._reason(VULNERABLE, hit)

    def _reason(self, name: str, hit: Hit) -> Evidence:
        return mark(name, 1.0, hit.places, self.passage, f"« {hit.entry.text} »")


def weigh_urgency(passage: Passage, hits: Hits, context: Context, limits: Limits) -> Urgency:
    """Find what raises priorities: severe forms, and people whom a defect hits harder."""
    grave = [*hits.by_role.get(Role.GRAVE, ()), *_ages(passage, limits), *_births(passage, limits, context.day)]
    return Urgency(
        passage,
        severe=[
            hit
            for hit in hits.by_role.get(Role.SEVERE, ())
            if context.sense(hit).counts and (not hit.entry.group or (hit.entry.group, hit.first) in hits.company)
        ],
        grave=[hit for hit in grave if context.sense(hit).counts],
        fragile=[hit for hit in hits.by_role.get(Role.FRAGILE, ()) if context.sense(hit).counts],
    )


def _ages(passage: Passage, limits: Limits) -> Iterator[Hit]:
    """Yield great ages ("84 ans") and infants' ages ("mon fils de 4 mois", "il a 3 semaines")."""
    forms = passage.forms
    for place in range(len(forms) - 1):
        number, taken = _number(forms, place)
        if not taken or place + taken >= len(forms):
            continue
        unit = _unit(forms, place + taken)
        great = unit in _YEARS and limits.great_age <= number <= _OLDEST and not _since(forms, place)
        weeks = unit in _WEEKS and forms[place - 1] in _AGED
        infant = (weeks or (unit in _MONTHS and number <= limits.infant_months)) and _of_a_child(forms, place)
        if great or infant:
            yield Hit(Entry(Role.GRAVE, f"{number} {unit}"), tuple(range(place, place + taken + 1)))


def _births(passage: Passage, limits: Limits, day: date) -> Iterator[Hit]:
    """Yield years of birth of great age ("née en 1938", "née le 3 mai 1938")."""
    for place, form in enumerate(passage.forms):
        if len(form) != _YEAR_DIGITS or not form.isdecimal():
            continue
        born = born_before(passage, place)
        if born is not None and limits.great_age <= day.year - int(form) <= _OLDEST:
            yield Hit(Entry(Role.GRAVE, f"{passage.original(born, born)} en {form}"), (born, place))


def _number(forms: list[str], place: int) -> tuple[int, int]:
    """Return the number that begins at a place, in figures or words, and how many words say it; 0 where none does."""
    form = forms[place]
    if form.isdecimal():
        return (int(form), 1) if len(form) <= len(str(_OLDEST)) else (0, 0)
    return number_in_words(forms[place : place + _WORDS_OF_A_NUMBER])


def _unit(forms: list[str], place: int) -> str:
    """Return the word of a number's unit: "ans", and "ani" in "90 de ani"."""
    return forms[place + 1] if forms[place] == "de" and place + 1 < len(forms) else forms[place]


def _since(forms: list[str], place: int) -> bool:
    """Tell whether a number of years is no age ("depuis 80 ans", "il y a 80 ans")."""
    return not _NOT_AN_AGE.isdisjoint(forms[max(0, place - 2) : place])


def _of_a_child(forms: list[str], place: int) -> bool:
    return not _CHILDREN.isdisjoint(forms[max(0, place - _INFANT_REACH) : place])
